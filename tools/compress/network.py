"""One network of a compression: the run's own or a pruned one, exported, and the forms that are made of its export."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tools.compress.evidence import Evidence
from zoo.compression.quantization import Samples, Scheme, compiled_for, computed_in
from zoo.exports.facts import Form
from zoo.exports.formats import OpenVino
from zoo.exports.runners import core
from zoo.inference.compressed import Forms
from zoo.inference.exported import export
from zoo.inference.opened import Opened

#: Training samples by which the parts of a network are compared.
COMPARED = 4
#: How activations are rounded where a network does not attend: from the fastest to the most careful.
PLAIN = (Scheme(), Scheme(asymmetric=True), Scheme(layers_alone=True))


@dataclass(frozen=True)
class Contender:
    """A form that was made, and its file."""

    form: Form
    path: Path

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(path.stat().st_size for path in OpenVino().files(self.path))

    def layers(self, arrays: Sequence[np.ndarray]) -> dict[str, int]:
        """Count the layers by the type that they are computed in here, on inputs of these shapes."""
        hint = "bf16" if self.form.precision == "bf16-mixed" else "f32"
        return computed_in(compiled_for(core().read_model(self.path), arrays, hint))


class Network:
    """What was opened, exported into a folder; `name` stands before those of its forms, "" for the run as it was trained."""

    def __init__(self, opened: Opened, evidence: Evidence, count: int, folder: Path, name: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.opened, self.evidence, self.count, self.folder, self.name = opened, evidence, count, folder, name
        self.notes = list(export(opened, folder / "export.xml"))[:-1]  # the last says where it is
        self.forms = Forms(folder / "export.xml")
        self.made = 0

    @cached_property
    def samples(self) -> Samples:
        """What the graph is asked on training samples."""
        return self.forms.samples(self.evidence.training_batches(self.count))

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """How activations may be rounded: as transformers need it where the network attends, else from the plainest on."""
        kinds = {one.get_type_name() for one in self.forms.simplified().get_ops()}
        attends = kinds & {"Softmax", "ScaledDotProductAttention"} and "MatMul" in kinds
        return (Scheme(transformers=True),) if attends else PLAIN

    @property
    def precision(self) -> Any:
        """That of what is not in 8 bits."""
        return "bf16-mixed" if self.forms.facts.low else "32-true"

    def named(self, form: str) -> str:
        """Return what a form of this network is called."""
        return f"{self.name}, {form}" if self.name else form

    def write(self, form: Form, model: Any = None) -> Contender:
        """Write a form into the folder."""
        self.made += 1
        contender = Contender(form, self.folder / f"form{self.made}.xml")
        self.forms.write(form, contender.path, model)
        return contender
