"""Parameters of a whole network into one that may tell other classes apart."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from zoo.errors import ZooError


def load_fitting(model: nn.Module, state: Mapping[str, Tensor], class_layers: Sequence[str]) -> None:
    """Load what fits; parameters whose names begin as one of `class_layers` stay as they are where their shapes differ.

    Normalisation and counters of norms may be missing. Raises ZooError when anything else is.
    """
    mine = model.state_dict()
    fitting = {name: value for name, value in state.items() if name in mine and value.shape == mine[name].shape}
    absent = sorted(
        name
        for name in set(mine) - set(fitting)
        if not name.startswith(tuple(class_layers))
        and "normalise." not in name
        and not name.endswith("num_batches_tracked")
    )
    if absent:
        raise ZooError(
            f"the weights lack {len(absent)} parameters of {type(model).__name__}, the first is {absent[0]!r}"
        )
    model.load_state_dict(fitting, strict=False)
