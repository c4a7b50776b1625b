"""One network of a compression: the run's own or a pruned one, exported, and the forms that are made of its export."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.compress.evidence import Evidence
from zoo.compression.quantization import Samples
from zoo.exports.facts import Form
from zoo.exports.formats import FORMATS
from zoo.inference.compressed import forms_of
from zoo.inference.exported import export
from zoo.inference.opened import Opened

#: Training samples by which the parts of a network are compared.
COMPARED = 4
#: How many parts go back to a higher precision, the first that holds the limit.
STEPS = (1, 2, 3, 5, 8)
#: A share of the error that is none.
NOTHING = 0.005


@dataclass(frozen=True)
class Contender:
    """A form that was made, and its file."""

    form: Form
    path: Path

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(path.stat().st_size for path in FORMATS[self.path.suffix].files(self.path))


class Network:
    """What was opened, exported into a folder whose name ends as its files do.

    `name` stands before those of its forms, "" for the run as it was trained.
    """

    def __init__(self, opened: Opened, evidence: Evidence, count: int, folder: Path, name: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.opened, self.evidence, self.count, self.folder, self.name = opened, evidence, count, folder, name
        path = folder / f"export{folder.suffix}"
        self.notes = list(export(opened, path))[:-1]  # the last says where it is
        self.forms = forms_of(path)
        #: Whether what is not in 8 bits may be in bfloat16.
        self.low = self.forms.facts.low
        self.low_loses = False
        self.made = 0

    @cached_property
    def samples(self) -> Samples:
        """What the graph is asked on training samples."""
        return self.forms.samples(self.evidence.training_batches(self.count))

    @property
    def precision(self) -> Any:
        """That of what is not in 8 bits."""
        return "bf16-mixed" if self.low else "32-true"

    def named(self, form: str) -> str:
        """Return what a form of this network is called."""
        return f"{self.name}, {form}" if self.name else form

    def write(self, form: Form, model: Any = None) -> Contender:
        """Write a form into the folder."""
        self.made += 1
        contender = Contender(form, self.folder / f"form{self.made}{self.folder.suffix}")
        self.forms.write(form, contender.path, model)
        return contender


def left_in_float(parts: Iterable[tuple[float, Sequence[str]]]) -> Iterator[list[str]]:
    """Yield layers to be left in float, more each time: of `parts`, each with its share of the error, those of the most first.

    Half of all layers stay in 8 bits, else the form would be one in float by another name; parts that have no share stay too.
    """
    parts = list(parts)
    room, chosen = sum(len(layers) for _, layers in parts) // 2, []
    for gain, layers in parts:
        if len(layers) <= room and gain > NOTHING:
            room -= len(layers)
            chosen.append(layers)
    for count in dict.fromkeys(min(step, len(chosen)) for step in STEPS if chosen):
        yield [layer for layers in chosen[:count] for layer in layers]
