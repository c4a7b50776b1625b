"""Exported files in other forms: of another precision, in 8 bits; with the same facts, and sealed anew."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.compression import quantization
from zoo.compression.quantization import Samples, Scheme
from zoo.errors import ZooError
from zoo.exports.facts import Form, parse, words
from zoo.exports.formats import OpenVino
from zoo.exports.runners import OpenVinoRunner, Runner, core
from zoo.files import atomic_write_all
from zoo.inference.exported import exporter_of
from zoo.inference.opened import Opened

KIND = OpenVino()


class Recorder(Runner):
    """Runs a file, and remembers what it was asked."""

    def __init__(self, run: Runner) -> None:
        self.run, self.asked = run, list[tuple[np.ndarray, ...]]()

    @property
    def runtime(self) -> str:
        """That of what it stands before."""
        return self.run.runtime

    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """Answer, and keep a copy of the inputs."""
        self.asked.append(tuple(array.copy() for array in arrays))
        return self.run(*arrays)


class Forms:
    """An OpenVINO export of float32, of which other forms are made."""

    def __init__(self, path: Path) -> None:
        self.path, self.facts = path, parse(KIND.read(path)[1], path)
        self.exporter = exporter_of(self.facts)

    def samples(self, batches: Iterable[Mapping[str, Any]]) -> Samples:
        """Return what the graph is asked where its model is asked batches of the task's data: padded, by the right shapes."""
        import torch

        recorder = Recorder(OpenVinoRunner(self.path, self.exporter.fixed))
        model = self.exporter.restore(recorder, self.facts)
        recorder.asked.clear()
        with torch.inference_mode():
            for batch in batches:
                model(*self.exporter.arguments(batch))
        return recorder.asked

    def simplified(self) -> Any:
        """Return the graph, simplified."""
        model = core().read_model(self.path)
        quantization.simplify(model)
        return model

    def quantized(self, samples: Samples, scheme: Scheme, floats: Iterable[str] = ()) -> Any:
        """Return the graph in 8 bits, but for the layers in `floats`."""
        return quantization.quantize(self.simplified(), samples, scheme, floats)

    def gains(self, samples: Samples, scheme: Scheme) -> dict[str, tuple[float, list[str]]]:
        """Return by part of the network what it gains to leave it in float, as a share of the error, and its layers."""
        exact = self.simplified()
        model = quantization.quantize(exact, samples, scheme, packed=False)
        parts = quantization.groups(quantization.layer_names(exact))
        found = quantization.gains(exact, model, samples, parts, self.exporter.smooth(self.facts))
        return {name: (gain, parts[name]) for name, gain in sorted(found.items(), key=lambda pair: -pair[1])}

    def write(self, form: Form, out: Path, model: Any = None) -> None:
        """Write a model, or the export itself, in a form."""
        facts = self.facts.model_copy(update={"form": form, "low": form.precision == "bf16-mixed"})
        with atomic_write_all(KIND.files(out)) as parts:
            said = words(facts, self.exporter.words(facts))
            KIND.save(model or core().read_model(self.path), said, facts.to_json(), parts[0])


def form_of(opened: Opened) -> Form | None:
    """Return the form of an exported file; None of all else."""
    if opened.weights is None or opened.weights.suffix.lower() != ".xml":
        return None
    return parse(KIND.read(opened.weights)[1], opened.weights).form


def refuse_compressed(opened: Opened) -> None:
    """Refuse what is no trained run any more: compression begins with its weights."""
    if opened.runtime != "PyTorch":
        form = form_of(opened)
        what = f"is compressed already ({form.name})" if form else "is an export"
        raise ZooError(f"{opened.source} {what}; name the run that it was made of")
