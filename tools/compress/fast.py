"""The fastest form of a run within the limit: in float32, in bfloat16, and in 8 bits as far as the metric allows."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.compress.evidence import EAGER, ORIGINAL, Evidence
from tools.compress.speed import PROCESSOR, memory_of, race
from tools.compress.verdict import Candidate
from zoo import hardware
from zoo.compression.quantization import Samples, Scheme
from zoo.errors import ZooError
from zoo.exports.facts import Form
from zoo.exports.formats import FORMATS
from zoo.inference.compressed import forms_of
from zoo.inference.exported import export, of_export
from zoo.inference.load import predictor_of

#: Training samples by which the parts of a network are compared.
COMPARED = 4
#: How many parts go back to a higher precision, the first that holds the limit.
STEPS = (1, 2, 3, 5, 8)
SHORT = {"32-true": "float32", "bf16-mixed": "bfloat16"}


@dataclass(frozen=True)
class Contender:
    """A form that was made, and its file."""

    form: Form
    path: Path

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(path.stat().st_size for path in FORMATS[self.path.suffix].files(self.path))


class Fast:
    """The forms of one run, made in a folder."""

    def __init__(self, evidence: Evidence, samples: int, folder: Path, ending: str) -> None:
        if samples < 1:
            raise ZooError(f"--samples {samples}: a quantization is calibrated on one training sample at least")
        self.evidence, self.folder, self.count, self.ending = evidence, folder, samples, ending
        path = folder / f"export{ending}"
        self.notes = list(export(evidence.opened, path))[:-1]  # the last says where it is
        self.forms = forms_of(path)
        self.float, self.low = (f"{self.forms.runtime}, {name}" for name in SHORT.values())
        self.contenders: dict[str, Contender] = {}
        self.found: list[Candidate] = []
        self.short: list[Candidate] = []
        self.notes += processor_notes()

    @cached_property
    def samples(self) -> Samples:
        """What the graph is asked on training samples."""
        found = self.forms.samples(self.evidence.training_batches(self.count))
        self.notes.append(f"calibrated on {len(found)} samples of the training split")
        if len(found) < COMPARED:
            self.notes.append("so few samples may not show what the layers give on others: judge by the intervals")
        return found

    @property
    def precision(self) -> Any:
        """That of what is not in 8 bits."""
        return "bf16-mixed" if self.forms.facts.low else "32-true"

    def candidates(self) -> Iterator[Candidate]:
        """Yield the original and each form as it is judged."""
        for forms in (self.plain, self.weights, self.eight):
            for one in forms():
                self.found.append(one)
                yield one

    @property
    def rival(self) -> Candidate:
        """The fastest form that computes in float and holds the limit; the original, where none is faster.

        Of few weights a form is accepted only where it is faster than those before it.
        """
        if self.short and self.short[-1].accepted:
            return self.short[-1]
        known = [one for one in self.found if one.name in (ORIGINAL, self.float, self.low) and one.accepted]
        return min(known, key=lambda one: one.speed.p50 if one.speed else math.inf)

    def plain(self) -> Iterator[Candidate]:
        """Yield the original and the forms in float."""
        self.write(Form(name=self.float, precision="32-true", processor=hardware.processor()))
        if self.forms.facts.low:
            self.write(Form(name=self.low, precision="bf16-mixed", processor=hardware.processor()))
        names = list(self.contenders)
        speeds = race(self.predictors([ORIGINAL, *names]), self.evidence.batches[0], ORIGINAL)
        if speeds[ORIGINAL].clock == PROCESSOR:
            self.notes.append("the machine was busy with other work, so seconds are those of the processor")
        yield self.evidence.untouched(speed=speeds[ORIGINAL], memory=self.memory(ORIGINAL))
        for name in names:
            yield self.judged(name, speeds[name])

    def weights(self) -> Iterator[Candidate]:
        """Yield forms of a network that attends whose weights alone are in 8 and 4 bits, as long as they are accepted."""
        for scheme in self.forms.weights:
            one = self.tried(scheme)
            yield one
            if not one.accepted:
                return
            self.short.append(one)

    def eight(self) -> Iterator[Candidate]:
        """Yield forms in 8 bits until one is accepted: all layers, otherwise rounded, and then with parts left in float."""
        tried: list[tuple[Scheme, Candidate]] = []
        for scheme in self.forms.schemes:
            one = self.tried(scheme)
            yield one
            if one.accepted:
                return
            tried.append((scheme, one))
        losing = [pair for pair in tried if self.evidence.limits.refusal(pair[1].change)]
        if losing:
            yield from self.controlled(max(losing, key=lambda pair: pair[1].change[0])[0])

    def controlled(self, scheme: Scheme) -> Iterator[Candidate]:
        """Yield forms of which more and more parts are left in float, those first that the error comes from.

        It ends with the first that is accepted, or that is no faster than the best in float: further ones are slower.
        """
        gains = self.forms.gains(self.samples[:COMPARED], scheme)
        self.notes.append(
            "of the error of 8 bits goes, when it alone is left in float: "
            + ", ".join(f"{gain:.0%} by {name}" for name, (gain, _) in list(gains.items())[:5])
        )
        parts = list(gains.items())
        for count in (step for step in STEPS if step < len(parts)):
            one = self.tried(scheme, [layer for _, (_, layers) in parts[:count] for layer in layers])
            yield one
            if one.accepted or (one.speed and one.speed.refusal()):
                return

    def tried(self, scheme: Scheme, floats: Sequence[str] = ()) -> Candidate:
        """Quantize, time against the best form in float, and judge."""
        kept = f", {len(floats)} layers in {SHORT[self.precision]}" if floats else ""
        model = self.forms.quantized(self.samples, scheme, floats)
        names, found = self.forms.layers(model, scheme)
        quantized = [name for name in found if name not in floats]
        form = Form(
            name=f"int{scheme.weights or 8} {scheme}{kept}",
            precision=self.precision,
            quantized=tuple(quantized),
            floats=tuple(name for name in names if name not in quantized),
            processor=hardware.processor(),
        )
        self.write(form, model)
        rival = self.rival.name
        speeds = race(self.predictors([rival, form.name]), self.evidence.batches[0], rival)
        return self.judged(form.name, speeds[form.name], floats=form.floats)

    def write(self, form: Form, model: Any = None) -> None:
        """Write a form into the folder."""
        contender = Contender(form, self.folder / f"form{len(self.contenders)}{self.ending}")
        self.forms.write(form, contender.path, model)
        self.contenders[form.name] = contender

    def predictors(self, names: Sequence[str]) -> dict[str, Any]:
        """Open forms, or the original."""
        original = self.evidence.original
        opened = {name: original if name == ORIGINAL else of_export(self.contenders[name].path) for name in names}
        return {name: predictor_of(one) for name, one in opened.items()}

    def judged(self, name: str, speed: Any, **facts: Any) -> Candidate:
        """Judge a form of the folder, by the metric and by its speed."""
        made = self.contenders[name]
        layers = self.forms.computed(made.path, self.samples[0], made.form)
        known = {"speed": speed, "memory": self.memory(name), "layers": layers, **facts}
        one = self.evidence.judge(name, of_export(made.path), made.bytes, **known)
        against = one.refusal, speed.refusal(), self.forms.disagreement(made.form, made.path)
        return one.model_copy(update={"refusal": "; ".join(filter(None, against))})

    def memory(self, name: str) -> int:
        """Return what a process needs that answers by a form, or by the original."""
        if name != ORIGINAL:
            return memory_of(str(self.contenders[name].path), "auto")
        settings = [f"trainer.{key}={str(value).lower()}" for key, value in EAGER.items()]
        return memory_of(str(self.evidence.run.folder), "torch", *settings)

    def kept(self) -> tuple[Candidate, Path] | None:
        """Return the form that is kept, and its file: the one in 8 bits that is accepted, else the fastest other one."""
        eight = [one for one in self.found if one.accepted and one.name not in (ORIGINAL, self.float, self.low)]
        best = eight[-1] if eight else self.rival  # each was faster than what was best before
        return None if best.name == ORIGINAL else (best, self.contenders[best.name].path)


def processor_notes() -> list[str]:
    """Say what this processor lacks for low precisions to be fast."""
    flags, notes = hardware.flags(), []
    if not flags & {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"}:
        notes.append(
            "this processor has no instructions for 8-bit dot products (VNNI, AMX): int8 is measured all the same"
        )
    if not hardware.bfloat16():
        notes.append("this processor has no bfloat16: what is not in 8 bits is in float32")
    return notes
