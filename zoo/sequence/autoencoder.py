"""An autoencoder over the window that ends with a step: what cannot be said again through a narrow middle is unusual.

Sakurada and Yairi 2014, https://doi.org/10.1145/2689746.2689747, on windows of a stream; the statistics by which a series
is standardised are those of its past, and scores are held against the usual ones of the series.
"""

from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.masking import valid
from zoo.sequence.streaming import history, running, unusual

#: Values beyond this many deviations are cut: one step must not decide for the whole window.
LIMIT = 8.0


class Autoencoder(nn.Module):
    """Series (B, T, F) to scores (B, T): in training squared errors, in evaluation deviations above the usual ones.

    `size` is the window and the widths of the wide and of the narrow layer.
    """

    def __init__(self, features: int, size: tuple[int, int, int], span: int, rest: int) -> None:
        super().__init__()
        self.window, wide, narrow = size
        self.features, self.span, self.rest = features, span, rest
        ends = self.window * features
        self.encoder = nn.Sequential(nn.Linear(ends, wide), nn.GELU(), nn.Linear(wide, narrow))
        self.decoder = nn.Sequential(nn.GELU(), nn.Linear(narrow, wide), nn.GELU(), nn.Linear(wide, ends))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return scores (B, T) of inputs (B, T, F); each sees only steps up to its own."""
        errors = self.errors(inputs, lengths)  # (B, T, W): of the window that ends with each step
        if self.training:
            return errors.mean(dim=2)
        return unusual(errors[:, :, -1].sqrt(), lengths, self.span, self.rest)

    def errors(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean squared error over the features, of each step of each window, (B, T, W)."""
        B, T, C = inputs.shape
        if self.features != C:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {C} features; this model takes {self.features}")
        values = inputs.float().masked_fill(~valid(lengths, T)[..., None], 0.0)
        mean, deviation = running(values, self.span)
        level = ((values - mean) / deviation.clamp(min=1e-6)).clamp(-LIMIT, LIMIT) * (deviation > 1e-6)
        past = history(level.transpose(1, 2).reshape(B * C, T), self.window).view(B, C, T, self.window)
        flat = past.permute(0, 2, 1, 3).reshape(B, T, C * self.window)
        return (self.decoder(self.encoder(flat)) - flat).square().view(B, T, C, self.window).mean(dim=2)


def build(
    classes: int,
    bands: int,
    *,
    size: tuple[int, int, int] = (48, 64, 8),
    span: int = 6000,
    rest: int = 0,
) -> Autoencoder:
    """Build an autoencoder of windows; `size` is their steps, its wide and its narrow layer.

    `span` are the steps of the past that values and scores are held against, `rest` those after an alarm that only a
    higher one ends.
    """
    return Autoencoder(bands, size, span, rest)
