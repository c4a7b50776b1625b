"""Rows of tokens to rows of tokens: cross-entropy with the target known, beam search without; BLEU and chrF.

Papineni et al. 2002, https://aclanthology.org/P02-1040; Popović 2015, https://aclanthology.org/W15-3049; both by sacreBLEU
(Post 2018, https://arxiv.org/abs/1804.08771) with its own tokenisation, from 0 to 100. BLEU is 0 where no four words
in a row are right, so also where no text has four; chrF then says more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from tasks.base import Batch, Metric
from tasks.objectives.objective import Objective
from tasks.results.translation import TranslationResult
from zoo.errors import ZooError
from zoo.inference.answers import Text
from zoo.sequence.beam import Beam, Written
from zoo.sequence.kinds import EncoderDecoder
from zoo.sequence.masking import valid
from zoo.sequence.vocabulary import BEGIN, END, MARKS, NONE, join


class Translate(Objective):
    """Texts to texts; the classes are the tokens of the target, the first four `zoo.sequence.vocabulary.MARKS`.

    `smoothing` is that of the labels; the search holds `beam` rows of at most `longest` tokens against one another, their
    scores over their length to the power of `penalty`.
    """

    monitor: ClassVar[Metric] = Metric("bleu", "max", whole=100.0)
    gives = Text
    required_keys: ClassVar[tuple[str, ...]] = ("tokens", "token_lengths", "texts")

    def __init__(
        self,
        classes: Sequence[str],
        smoothing: float = 0.1,
        beam: int = 4,
        longest: int = 100,
        penalty: float = 1.0,
    ) -> None:
        super().__init__(classes)
        if tuple(classes[: len(MARKS)]) != MARKS:
            raise ZooError(
                f"the objective 'translate' needs a vocabulary as classes, which begins with {', '.join(MARKS)}; "
                f"the data has {', '.join(classes[:4]) or 'none'}; take data=translation"
            )
        if beam < 1 or longest < 1 or beam > len(classes):
            raise ZooError(
                f"task.objective_options: beam={beam} and longest={longest} must be 1 or more,"
                f" and the beam no wider than the vocabulary of {len(classes)}"
            )
        self.smoothing, self.beam = smoothing, Beam(beam, longest, penalty)
        self.results: tuple[TranslationResult, ...] = ()
        self.pending: list[TranslationResult] = []

    def respond(self, model: nn.Module, batch: Batch) -> Tensor | list[Written]:
        """Return logits (B, L + 1, K) behind the true tokens when the model is trained, what it writes when it is in use."""
        if not isinstance(model, EncoderDecoder):
            raise ZooError(
                f"the objective 'translate' needs a model that reads and writes, and {type(model).__name__} does not;"
                " `zoo list --task sequence` says what each can be asked: take seq2seq or transformer"
            )
        if not model.training:
            return self.beam.search(model, batch["inputs"], batch["lengths"])
        tokens = batch["tokens"]
        return model(batch["inputs"], batch["lengths"], F.pad(tokens, (1, 0), value=BEGIN))

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the mean cross-entropy of the target's tokens (B, L) and the end behind them."""
        tokens, lengths = batch["tokens"], batch["token_lengths"]
        following = F.pad(tokens, (0, 1)).masked_fill(~valid(lengths, tokens.shape[1] + 1), NONE)
        following = following.scatter(1, lengths[:, None], END)
        logits = outputs.float().flatten(0, 1)
        return {
            "cross_entropy": F.cross_entropy(
                logits, following.flatten(), ignore_index=NONE, label_smoothing=self.smoothing
            )
        }

    def update(self, outputs: list[Written], batch: Batch) -> None:
        """Keep what was written of a batch."""
        for row, written in enumerate(outputs):
            tokens = tuple(self.classes[token] for token in written.tokens)
            said, read = join(tokens, self.classes), tuple(batch["words"][row])
            looked = written.attention[:, : len(read)].cpu()
            self.pending.append(TranslationResult(batch["names"][row], read, tokens, said, batch["texts"][row], looked))

    def answers(self, outputs: list[Written], batch: Batch) -> list[Text]:
        """Return the text that was written."""
        return [Text(join((self.classes[token] for token in row.tokens), self.classes)) for row in outputs]

    def compute(self) -> dict[str, float]:
        """Return BLEU and chrF, the share that is right to the last sign (`exact`), and lengths over the true ones.

        Texts whose translation nobody has said have no part in them.
        """
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF

        self.results, self.pending = tuple(self.pending), []
        judged = [one for one in self.results if one.true]
        said, true = [one.said for one in judged], [one.true for one in judged]
        bleu = BLEU().corpus_score(said, [true])
        return {
            "bleu": float(bleu.score),
            "chrf": float(CHRF().corpus_score(said, [true]).score),
            "exact": sum(one.right for one in judged) / max(1, len(judged)),
            "length_ratio": bleu.sys_len / max(1, bleu.ref_len),
        }

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw where the words of some translations looked, and examples, wrong ones among them."""
        from tasks.plots import translation

        if not self.results:
            raise RuntimeError("draw comes after compute")
        return [
            translation.draw_attention(folder / "attention.png", self.results),
            translation.draw_examples(folder / "examples.png", self.results),
        ]
