"""The fastest form of a run within the limit: in float32, in bfloat16, and in 8 bits as far as the metric allows.

Where a share of the multiply-adds shall go, the same forms of the pruned network follow.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tools.compress.evidence import EAGER, ORIGINAL, Evidence
from tools.compress.narrow import Narrow
from tools.compress.network import COMPARED, Contender, Network, left_in_float
from tools.compress.retraining import trained_to_round
from tools.compress.speed import PROCESSOR, memory_of, race
from tools.compress.verdict import Candidate, Pruned
from zoo import hardware
from zoo.compression.quantization import Scheme
from zoo.errors import ZooError
from zoo.exports.facts import Form
from zoo.inference.exported import of_export
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run
from zoo.runs.run import Run

SHORT = {"32-true": "float32", "bf16-mixed": "bfloat16"}


class Pruning(NamedTuple):
    """The share of the multiply-adds that goes, and where the pruned run is put if it is kept."""

    share: float
    home: Path


class Fast:
    """The forms of one run, made in a folder; of it pruned too, where that is asked for."""

    def __init__(
        self,
        evidence: Evidence,
        samples: int,
        folder: Path,
        ending: str,
        epochs: int | None = None,
        pruning: Pruning | None = None,
    ) -> None:
        if samples < 1:
            raise ZooError(f"--samples {samples}: a quantization is calibrated on one training sample at least")
        self.evidence, self.folder, self.count, self.epochs = evidence, folder, samples, epochs
        self.narrow = None if pruning is None else Narrow(evidence, epochs, folder / "pruned", *pruning)
        self.network = Network(evidence.opened, evidence, samples, folder / f"run{ending}")
        self.notes = [*self.network.notes, *processor_notes()]
        self.contenders: dict[str, Contender] = {}
        self.found: list[Candidate] = []
        self.pruned: Pruned | None = None

    def candidates(self) -> Iterator[Candidate]:
        """Yield the original and each form as it is judged."""
        for forms in (self.plain, self.weights, self.eight, self.narrower):
            for one in forms():
                self.found.append(one)
                yield one

    @property
    def rival(self) -> Candidate:
        """The fastest form that is not in 8 bits and holds the limit; the original, where none is faster.

        Those of the pruned network were faster in turns than the others: seconds of different times are not compared.
        """
        known = [one for one in self.found if one.accepted and not self.in_eight(one)]
        pruned = [one for one in known if one.multiply_adds is not None]
        return min(pruned or known, key=lambda one: one.speed.p50 if one.speed else math.inf)

    @property
    def best(self) -> Candidate:
        """The fastest form up to now that holds the limit: each in 8 bits was faster than what was accepted before it."""
        eight = [one for one in self.found if one.accepted and self.in_eight(one)]
        return eight[-1] if eight else self.rival

    def in_eight(self, one: Candidate) -> bool:
        """Tell whether a form is in 8 bits."""
        return one.name in self.contenders and bool(self.contenders[one.name].form.quantized)

    def plain(self) -> Iterator[Candidate]:
        """Yield the original and the forms in float."""
        names = self.write_plain()
        speeds = race(self.predictors([ORIGINAL, *names]), self.evidence.batches[0], ORIGINAL)
        if speeds[ORIGINAL].clock == PROCESSOR:
            self.notes.append(
                "the machine was busy with other work, so seconds are those of the processor, and energy is not told"
            )
        elif speeds[ORIGINAL].joules is None:
            self.notes.append("this processor does not tell what energy it takes (RAPL in /sys/class/powercap)")
        yield self.evidence.untouched(speed=speeds[ORIGINAL], memory=self.memory(ORIGINAL))
        yield from self.floats(names, speeds)

    def write_plain(self) -> list[str]:
        """Write the forms in float of the network; return their names."""
        forms, precisions = self.network.forms, ["32-true", *(["bf16-mixed"] if self.network.forms.facts.low else [])]
        return [self.write(f"{forms.runtime}, {SHORT[precision]}", precision) for precision in precisions]

    def write(self, name: str, precision: Any, model: Any = None, **layers: tuple[str, ...]) -> str:
        """Write a form of the network into its folder; return its name."""
        full = self.network.named(name)
        form = Form(name=full, precision=precision, processor=hardware.processor(), **layers)
        self.contenders[full] = self.network.write(form, model)
        return full

    def narrower(self) -> Iterator[Candidate]:
        """Yield the forms of the pruned network, if it is asked for: in float, then in 8 bits on top."""
        if self.narrow is None:
            return
        run = self.narrow.made()
        self.pruned = self.narrow.facts()
        opened = replace(of_run(run), source=f"run {self.narrow.home}")
        self.network = Network(
            opened, self.evidence, self.count, self.folder / f"pruned_forms{self.network.folder.suffix}", "pruned"
        )
        rival = self.rival.name
        names = self.write_plain()
        speeds = race(self.predictors([rival, *names]), self.evidence.batches[0], rival)
        losing = True
        for one in self.floats(names, speeds, multiply_adds=self.multiply_adds):
            losing &= bool(self.evidence.limits.refusal(one.change))
            yield one
        if losing:
            self.notes.append(
                "the pruned network loses more than the limit in float already: --epochs N trains it longer"
            )
            return
        yield from self.weights()
        yield from self.eight()

    def floats(self, names: Sequence[str], speeds: Mapping[str, Any], **facts: Any) -> Iterator[Candidate]:
        """Yield forms in float, and note whether bfloat16 loses too much by itself."""
        for name in names:
            one = self.judged(name, speeds[name], **facts)
            if self.contenders[name].form.precision == "bf16-mixed":
                self.network.low_loses = bool(self.evidence.limits.refusal(one.change))
            yield one

    def weights(self) -> Iterator[Candidate]:
        """Yield forms of a network that attends whose weights alone are in 8 and 4 bits, as long as they are accepted."""
        for scheme in self.network.forms.weights:
            one = self.tried(scheme)
            yield one
            if not one.accepted:
                return

    def eight(self) -> Iterator[Candidate]:
        """Yield forms in 8 bits until one is accepted: all layers, otherwise rounded, and then with parts left in float."""
        calibrated = len(self.network.samples)
        if self.network.name == "":
            self.notes.append(f"calibrated on {calibrated} samples of the training split")
        if calibrated < COMPARED:
            self.notes.append("so few samples may not show what the layers give on others: judge by the intervals")
        tried: list[tuple[Scheme, Candidate]] = []
        for scheme in self.network.forms.schemes:
            one = self.tried(scheme)
            yield one
            if one.accepted:
                return
            tried.append((scheme, one))
        losing = [pair for pair in tried if self.evidence.limits.refusal(pair[1].change)]
        if losing:
            least = max(losing, key=lambda pair: pair[1].change[0])[0]
            for one in self.controlled(least):
                yield one
                if one.accepted:
                    return
            yield from self.trained(least)

    def trained(self, scheme: Scheme) -> Iterator[Candidate]:
        """Yield the network in 8 bits after it was trained to bear them, where epochs for it were given."""
        if self.epochs is None:
            self.notes.append("8 bits lose more than the limit; with --epochs N the network is trained to bear them")
            return
        bearing = trained_to_round(self.evidence, self.network.opened, self.epochs)
        name = f"{self.network.name}, trained to round".removeprefix(", ")
        self.network = Network(
            bearing,
            self.evidence,
            self.count,
            self.folder / f"round{len(self.contenders)}{self.network.folder.suffix}",
            name,
        )
        yield self.tried(scheme)

    def controlled(self, scheme: Scheme) -> Iterator[Candidate]:
        """Yield forms of which more and more parts are left in float, those first that the error comes from.

        It ends with the first that is accepted, or that is no faster than the best in float: further ones are slower. Where
        bfloat16 loses too much by itself they are in float32.
        """
        self.network.low &= not self.network.low_loses
        gains = self.network.forms.gains(self.network.samples[:COMPARED], scheme)
        self.notes.append(
            "of the error of 8 bits goes, when it alone is left in float: "
            + ", ".join(f"{gain:.0%} by {name}" for name, (gain, _) in list(gains.items())[:5])
        )
        for layers in left_in_float(gains.values()):
            one = self.tried(scheme, layers)
            yield one
            if one.accepted or (one.speed and one.speed.refusal()):
                return

    def tried(self, scheme: Scheme, floats: Sequence[str] = ()) -> Candidate:
        """Quantize, time against the best form in float, and judge."""
        network = self.network
        kept = f", {len(floats)} layers in {SHORT[network.precision]}" if floats else ""
        model = network.forms.quantized(network.samples, scheme, floats)
        names, few = network.forms.layers(model, scheme)
        quantized = tuple(name for name in few if name not in floats)
        left = tuple(name for name in names if name not in quantized)
        name = self.write(
            f"int{scheme.weights or 8} {scheme}{kept}", network.precision, model, quantized=quantized, floats=left
        )
        rival = self.best.name
        speeds = race(self.predictors([rival, name]), self.evidence.batches[0], rival)
        return self.judged(name, speeds[name], floats=left, multiply_adds=self.multiply_adds)

    @property
    def multiply_adds(self) -> int | None:
        """Those of the pruned network, where forms of it are made."""
        return self.pruned.multiply_adds if self.pruned else None

    def predictors(self, names: Sequence[str]) -> dict[str, Any]:
        """Open forms, or the original."""
        original = self.evidence.original
        opened = {name: original if name == ORIGINAL else of_export(self.contenders[name].path) for name in names}
        return {name: predictor_of(one) for name, one in opened.items()}

    def judged(self, name: str, speed: Any, **facts: Any) -> Candidate:
        """Judge a form of the folder, by the metric and by its speed."""
        made = self.contenders[name]
        forms = self.network.forms
        layers = forms.computed(made.path, self.network.samples[0], made.form)
        known = {"speed": speed, "memory": self.memory(name), "layers": layers, **facts}
        one = self.evidence.judge(name, of_export(made.path), made.bytes, **known)
        against = one.refusal, speed.refusal(), forms.disagreement(made.form, made.path)
        return one.model_copy(update={"refusal": "; ".join(filter(None, against))})

    def memory(self, name: str) -> int | None:
        """Return what a process needs that answers by a form, or by the original; None, and a note, where it cannot be told."""
        settings = [f"trainer.{key}={str(value).lower()}" for key, value in EAGER.items()]
        eager = str(self.evidence.run.folder), "torch", *settings
        try:
            return memory_of(*(eager if name == ORIGINAL else (str(self.contenders[name].path), "auto")))
        except ZooError as error:  # no reason to lose what is known of its answers and its speed
            self.notes.append(f"the memory of {name} could not be measured: {error}")
            return None

    def kept(self) -> tuple[Candidate, Path] | None:
        """Return the form that is kept, and its file: the one in 8 bits that is accepted, else the fastest other one."""
        best = self.fastest()
        return None if best.name == ORIGINAL else (best, self.contenders[best.name].path)

    def fastest(self) -> Candidate:
        """Return the best form; where the best in float came after it and was never timed against it, the faster of both."""
        best, rival = self.best, self.rival
        if best is rival or best.multiply_adds is not None or rival.multiply_adds is None:
            return best
        speeds = race(self.predictors([best.name, rival.name]), self.evidence.batches[0], best.name)
        return rival if not speeds[rival.name].refusal() else best

    def beside(self) -> Run | None:
        """Return the run that lies beside the file: the pruned one, where a form of it was accepted."""
        of_pruned = [one for one in self.found if one.accepted and one.multiply_adds is not None]
        return Run(self.narrow.folder) if self.narrow is not None and of_pruned else None


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
