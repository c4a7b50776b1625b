"""Measurements: what tools of this project measured of a model, in a data file beside its card.

`<card>.measured.json` is a list, an object a line; it is written by tools alone and sealed. A measurement names the recipe
or the comparison that gave it: recipes are files, and the command of a comparison stands once in `comparisons.json` beside
the cards.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from zoo.errors import ZooError, counted
from zoo.errors.validation_messages import explain
from zoo.files import atomic_write
from zoo.registry import front_matter
from zoo.registry.cards import Card, Count, Frozen, Range, Text

COMPARISONS = "comparisons.json"
#: Words of a metric's name that say that less is better; every other metric is better when it is more.
LESS = frozenset(
    {"wer", "cer", "per", "error", "loss", "perplexity", "fid", "eer", "latency", "seconds", "distance"}
    | {"mae", "mse", "rmse", "mape", "smape", "mase", "crps", "pinball"}
)


class Measurement(Frozen):
    """A result that a tool of this project measured and wrote with `write`; never typed by hand.

    `experiment` is the name of a recipe or of a comparison. `baselines` are metrics of naive answers to the same samples, and
    the figures of recipes that are plain baselines of this one. `checksum` is over the name of the card and all other fields,
    so a hand edit and a copied line are found.
    """

    experiment: Annotated[str, Field(pattern=r"^\w[\w.-]*$", description="the name of a recipe or of a comparison")]
    data: Text
    metric: Text
    value: float
    spread: Range | None = None
    baselines: Mapping[str, float] | None = None
    seeds: tuple[int, ...]
    hardware: Text
    threads: Count
    precision: Text
    seconds: float
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    checksum: str = ""

    def sealed(self, card: str) -> "Measurement":
        """Return the same result with the checksum that it has beside the card of that name."""
        bare = {"checksum", *(["baselines"] if self.baselines is None else [])}
        content = json.dumps([card, self.model_dump(mode="json", exclude=bare)], sort_keys=True)
        return self.model_copy(update={"checksum": hashlib.sha256(content.encode()).hexdigest()[:16]})

    @property
    def merit(self) -> float:
        """The value, turned so that more is better."""
        return -self.value if less_is_better(self.metric) else self.value

    @property
    def beside(self) -> tuple[str, ...]:
        """The baselines in words, by name, those first that are better than what was measured."""
        sign = -1 if less_is_better(self.metric) else 1
        known = sorted((self.baselines or {}).items(), key=lambda one: sign * one[1] <= self.merit)
        return tuple(
            f"{'beside' if sign * value <= self.merit else 'below'} {name} {value:.3f}" for name, value in known
        )

    @property
    def machine(self) -> str:
        """On what it was measured; times of different machines cannot be compared."""
        return f"{self.hardware}, {counted(self.threads, 'thread')}, {self.precision}"


ROWS = TypeAdapter(tuple[Measurement, ...])


def less_is_better(metric: str) -> bool:
    """Tell whether a smaller value of `metric` is the better one, by the words of its name."""
    return bool(LESS & set(metric.lower().replace("/", "_").split("_")))


def measurements(card: Card) -> tuple[Measurement, ...]:
    """Return what was measured of the model on `card`; nothing where no such file lies beside it."""
    path = file_of(card)
    if card.path.suffix != ".md" or not path.is_file():  # a card that is made from timm is no file
        return ()
    try:
        rows = ROWS.validate_python(_json(path))
    except ValidationError as error:
        raise ZooError(f"measurements {path}: {explain(error, Measurement)}") from error
    for number, row in enumerate(rows, 1):
        if row != row.sealed(card.name):
            raise ZooError(
                f"measurements {path}, result {number}: its checksum {row.checksum!r} does not fit: it was changed by hand;"
                f" take it out and measure again, as {row.experiment} says: `zoo recipes` lists recipes, {COMPARISONS} the rest"
            )
    return rows


def comparisons(folder: Path) -> Mapping[str, str]:
    """Return the commands of the comparisons of the models whose cards lie in `folder`, by name."""
    path = folder / COMPARISONS
    content = _json(path) if path.is_file() else {}
    if not isinstance(content, dict) or not all(isinstance(command, str) for command in content.values()):
        raise ZooError(f"{path} must hold an object: of each comparison its name and its command")
    return content


def write(card: Card, result: Measurement, command: str = "") -> Measurement:
    """Write a result beside a card, with the command of its comparison; return it sealed.

    It replaces an earlier one of the same experiment, data and metric. A name that stands for another command is refused.
    """
    folder = card.path.parent
    known = comparisons(folder)
    if command and known.get(result.experiment, command) != command:
        raise ZooError(
            f"the comparison {result.experiment!r} is `{known[result.experiment]}` in {folder / COMPARISONS};"
            " write this one under another name"
        )
    sealed = result.sealed(card.name)
    same = _key(result)
    rows = [*(row for row in measurements(card) if _key(row) != same), sealed]
    if command and result.experiment not in known:
        named = {**known, result.experiment: command}
        _write(folder / COMPARISONS, json.dumps(named, indent=2, ensure_ascii=False, sort_keys=True))
    lines = [json.dumps(row.model_dump(mode="json", exclude_none=True), ensure_ascii=False) for row in rows]
    _write(file_of(card), "[\n" + ",\n".join(lines) + "\n]")
    return sealed


def file_of(card: Card) -> Path:
    """Return where the measurements of a card lie."""
    return card.path.with_name(f"{card.path.stem}.measured.json")


def _key(row: Measurement) -> tuple[str, str, str]:
    return row.experiment, row.data, row.metric


def _json(path: Path) -> Any:
    try:
        return json.loads(front_matter.load(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ZooError):
            raise
        raise ZooError(f"{path} is not JSON: {error}; take it from the repository again") from error


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as part:
        part.write_text(text + "\n", encoding="utf-8")
