"""Exported files in other forms: of another precision, in 8 bits; with the same facts, and sealed anew."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from zoo.compression import onnx_quantization, quantization
from zoo.compression.layers import groups, kept_short, layer_names, rounded
from zoo.compression.quantization import Samples, Scheme
from zoo.errors import ZooError
from zoo.exports.facts import Form, parse, words
from zoo.exports.formats import FORMATS, Format, Onnx, OpenVino
from zoo.exports.runners import core
from zoo.files import atomic_write_all
from zoo.inference.exported import exporter_of
from zoo.inference.opened import Opened
from zoo.inference.recorder import Recorder

#: How activations are rounded where a network does not attend, from the fastest to the most careful, and where it does.
PLAIN = (Scheme(), Scheme(asymmetric=True), Scheme(layers_alone=True))
ONNX_PLAIN = (Scheme(asymmetric=True), Scheme(asymmetric=True, layers_alone=True))
ATTENDING = (Scheme(transformers=True),)
#: Weights alone in fewer bits, of networks that attend: they multiply few rows by large matrices, which are to be read.
WEIGHTS = (Scheme(weights=8), Scheme(weights=4))
#: What the answers of a form may differ by when it is compiled for any shape, and for those that it is asked.
FREE = 0.02


class Forms(ABC):
    """An export of float32, of which other forms are made; `schemes` are those in 8 bits, `weights` of weights alone."""

    kind: ClassVar[Format]
    runtime: ClassVar[str]
    schemes: Sequence[Scheme]
    weights: Sequence[Scheme] = ()

    def __init__(self, path: Path) -> None:
        self.path, self.facts = path, parse(self.kind.read(path)[1], path)
        self.exporter = exporter_of(self.facts)

    def samples(self, batches: Iterable[Mapping[str, Any]]) -> Samples:
        """Return what the graph is asked where its model is asked batches of the task's data: padded, by the right shapes."""
        import torch

        recorder = Recorder(self.kind.runner(self.path, self.exporter.fixed))
        model = self.exporter.restore(recorder, self.facts)
        recorder.record.clear()
        with torch.inference_mode():
            for batch in batches:
                self.exporter.use(model, self.exporter.arguments(batch), self.facts)
        return recorder.record.asked

    def write(self, form: Form, out: Path, model: Any = None) -> None:
        """Write a model, or the export itself, in a form."""
        facts = self.facts.model_copy(update={"form": form, "low": form.precision == "bf16-mixed"})
        with atomic_write_all(self.kind.files(out)) as parts:
            said = words(facts, self.exporter.words(facts))
            self.save(model, said, facts.to_json(), parts[0])

    def disagreement(self, form: Form, path: Path) -> str:
        """Return where a written form says something else than when it is compiled for the very shapes that it is asked.

        "" if nowhere. With free shapes OpenVINO 2026.4.1 loses the scale of an 8-bit convolution that a constant multiplies.
        """
        import torch

        if self.exporter.fixed:
            return ""  # it is compiled for each shape anyway
        free, fixed = (self.exporter.restore(self.kind.runner(path, kept), self.facts) for kept in (False, True))
        low = torch.autocast("cpu", torch.bfloat16, enabled=form.precision == "bf16-mixed")
        with torch.inference_mode(), low:
            for probe in self.exporter.probes(self.facts):
                said = [self.exporter.ask(model, probe, self.facts) for model in (fixed, free)]
                if not (found := self.exporter.apart(*said)) <= FREE:
                    shape = tuple(probe[0].shape)
                    return (
                        f"compiled for any shape it answers inputs of {shape} otherwise, by {found:.2g} of the largest"
                    )
        return ""

    @abstractmethod
    def save(self, model: Any, said: Mapping[str, str], facts: str, out: Path) -> None:
        """Write a model, or the export itself, with its words and facts."""

    @abstractmethod
    def quantized(self, samples: Samples, scheme: Scheme, floats: Iterable[str] = ()) -> Any:
        """Return the graph in few bits, but for the layers in `floats`; of weights alone no sample is looked at."""

    @abstractmethod
    def gains(self, samples: Samples, scheme: Scheme) -> dict[str, tuple[float, list[str]]]:
        """Return by part of the network what it gains to leave it in float, as a share of the error, and its layers."""

    @abstractmethod
    def layers(self, model: Any, scheme: Scheme) -> tuple[list[str], list[str]]:
        """Return the names of the layers with weights of a quantized model, and of those that are in few bits."""

    @abstractmethod
    def computed(self, path: Path, arrays: Sequence[Any], form: Form) -> dict[str, int]:
        """Count the layers of a form by the type that they are computed in here, on inputs of these shapes."""


class OpenVinoForms(Forms):
    """Forms for OpenVINO, by nncf."""

    kind: ClassVar[OpenVino] = OpenVino()
    runtime = "OpenVINO"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        kinds = {one.get_type_name() for one in core().read_model(path).get_ops()}
        attends = kinds & {"Softmax", "ScaledDotProductAttention"} and "MatMul" in kinds
        self.schemes, self.weights = (ATTENDING, WEIGHTS) if attends else (PLAIN, ())

    def save(self, model: Any, said: Mapping[str, str], facts: str, out: Path) -> None:
        """See `Forms`."""
        self.kind.save(model or core().read_model(self.path), said, facts, out)

    def simplified(self) -> Any:
        """Return the graph, simplified."""
        model = core().read_model(self.path)
        quantization.simplify(model)
        return model

    def quantized(self, samples: Samples, scheme: Scheme, floats: Iterable[str] = ()) -> Any:
        """See `Forms`."""
        if scheme.weights:
            return quantization.compress_weights(self.simplified(), scheme.weights, floats)
        return quantization.quantize(self.simplified(), samples, scheme, floats)

    def gains(self, samples: Samples, scheme: Scheme) -> dict[str, tuple[float, list[str]]]:
        """See `Forms`."""
        exact = self.simplified()
        model = quantization.quantize(exact, samples, scheme, packed=False)
        parts = groups(layer_names(exact))
        found = quantization.gains(exact, model, samples, parts, self.exporter.smooth(self.facts))
        return by_gain(found, parts)

    def layers(self, model: Any, scheme: Scheme) -> tuple[list[str], list[str]]:
        """See `Forms`."""
        return layer_names(model), kept_short(model) if scheme.weights else rounded(model)

    def computed(self, path: Path, arrays: Sequence[Any], form: Form) -> dict[str, int]:
        """See `Forms`."""
        hint = "bf16" if form.precision == "bf16-mixed" else "f32"
        return quantization.computed_in(quantization.compiled_for(core().read_model(path), arrays, hint))


class OnnxForms(Forms):
    """Forms for ONNX Runtime, by its own tools; it computes in float32 and in 8 bits."""

    kind: ClassVar[Onnx] = Onnx()
    runtime = "ONNX Runtime"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        kinds = {node.op_type for node in self.kind.load(path).graph.node}
        self.schemes = ATTENDING if {"Softmax", "MatMul"} <= kinds else ONNX_PLAIN

    def save(self, model: Any, said: Mapping[str, str], facts: str, out: Path) -> None:
        """See `Forms`."""
        self.kind.save(model or self.kind.load(self.path), said, facts, out)

    def quantized(self, samples: Samples, scheme: Scheme, floats: Iterable[str] = ()) -> Any:
        """See `Forms`."""
        return onnx_quantization.quantize(onnx_quantization.simplified(self.path), samples, scheme, floats)

    def gains(self, samples: Samples, scheme: Scheme) -> dict[str, tuple[float, list[str]]]:
        """See `Forms`."""
        exact = onnx_quantization.simplified(self.path)
        parts = groups(list(onnx_quantization.layers(exact).values()))
        outputs = self.exporter.smooth(self.facts)
        return by_gain(onnx_quantization.gains(exact, samples, scheme, parts, outputs), parts)

    def layers(self, model: Any, scheme: Scheme) -> tuple[list[str], list[str]]:
        """See `Forms`."""
        return onnx_quantization.layer_names(model)

    def computed(self, path: Path, arrays: Sequence[Any], form: Form) -> dict[str, int]:
        """See `Forms`; the shapes have no say."""
        return onnx_quantization.computed_in(path)


#: By the ending of the file.
KINDS: Mapping[str, type[Forms]] = {".xml": OpenVinoForms, ".onnx": OnnxForms}


def by_gain(gains: Mapping[str, float], parts: Mapping[str, list[str]]) -> dict[str, tuple[float, list[str]]]:
    """Return parts with what each gains, the most first."""
    return {name: (gain, parts[name]) for name, gain in sorted(gains.items(), key=lambda pair: -pair[1])}


def forms_of(path: Path) -> Forms:
    """Return what makes other forms of an export, by its ending."""
    return KINDS[path.suffix.lower()](path)


def form_of(opened: Opened) -> Form | None:
    """Return the form of an exported file; None of all else."""
    kind = FORMATS.get(opened.weights.suffix.lower()) if opened.weights is not None else None
    if opened.weights is None or kind is None or not kind.opens:
        return None
    return parse(kind.read(opened.weights)[1], opened.weights).form


def refuse_compressed(opened: Opened) -> None:
    """Refuse what is no trained run any more: compression begins with its weights."""
    if opened.runtime != "PyTorch":
        form = form_of(opened)
        what = f"is compressed already ({form.name})" if form else "is an export"
        raise ZooError(f"{opened.source} {what}; name the run that it was made of")
