"""An export in other forms: it is opened in the precision that it was chosen for, and says where that was."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.exports.opened import segmenter
from zoo import hardware
from zoo.compression.layers import layer_names
from zoo.compression.quantization import Scheme
from zoo.errors import ZooError
from zoo.exports.facts import Form, parse
from zoo.exports.formats import OpenVino
from zoo.exports.runners import Runner
from zoo.inference.compressed import OpenVinoForms
from zoo.inference.exported import export, of_export
from zoo.inference.recorder import Record

pytest.importorskip("nncf", reason="pip install 'task-zoo[compress]' brings it")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> OpenVinoForms:
    path = tmp_path_factory.mktemp("forms") / "network.xml"
    list(export(segmenter(), path))
    return OpenVinoForms(path)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_form_is_opened_in_its_precision_on_whatever_processor(
    forms: OpenVinoForms, tmp_path: Path, precision: str
) -> None:
    out = tmp_path / "form.xml"
    for processor, notes in ((hardware.processor(), 0), ("Another", 1)):
        forms.write(Form(name="as chosen", precision=precision, processor=processor), out)
        opened = of_export(out)
        assert opened.fixed == {"precision": precision}
        assert opened.trainer["precision"] == precision
        assert len(opened.notes) == notes
        assert opened.classes == forms.facts.classes
    assert "Another" in opened.notes[0]
    said, text = OpenVino().read(out)
    assert said["form"] == "as chosen"
    assert parse(text, out).form == Form(name="as chosen", precision=precision, processor="Another")


def test_calibration_sees_what_the_graph_is_asked(forms: OpenVinoForms) -> None:
    images = torch.rand(1, 3, 61, 64)
    (asked,) = forms.samples([{"images": images}])
    assert asked[0].shape == (1, 3, 62, 64), "padded to the network's stride"
    assert np.array_equal(asked[0][:, :, :61], images.numpy())


def test_a_form_in_8_bits_answers_nearly_as_the_model_and_is_smaller(forms: OpenVinoForms, tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    batches = [{"images": torch.rand(1, 3, 64, 64, generator=draw)} for _ in range(4)]
    samples = forms.samples(batches)
    model = forms.quantized(samples, Scheme(asymmetric=True))
    out = tmp_path / "int8.xml"
    forms.write(Form(name="int8", precision="32-true", quantized=tuple(layer_names(model))), out, model)
    trained, made = segmenter().build(), of_export(out).build()
    with torch.inference_mode():
        answers = [(trained(one["images"]), made(one["images"])) for one in batches]
    same = [float((a.argmax(1) == b.argmax(1)).float().mean()) for a, b in answers]
    assert np.mean(same) > 0.9
    assert out.with_suffix(".bin").stat().st_size < 0.6 * forms.path.with_suffix(".bin").stat().st_size
    content = out.with_suffix(".bin").read_bytes()
    out.with_suffix(".bin").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ZooError, match="cut or edited"):
        of_export(out)


class Louder(Runner):
    """Answers one and a half times what it should, as a file does whose scale was lost."""

    def __init__(self, run: Runner) -> None:
        self.run, self.inputs = run, run.inputs

    @property
    def runtime(self) -> str:
        """See the class."""
        return "a broken one"

    def __call__(self, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """See the class."""
        return {name: 1.5 * value for name, value in self.run(*arrays).items()}


def test_a_form_that_answers_otherwise_where_shapes_are_free_is_told(
    forms: OpenVinoForms, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, whole = Form(name="as chosen", precision="32-true"), forms.kind.runner
    assert forms.disagreement(form, forms.path) == ""
    monkeypatch.setattr(type(forms.exporter), "fixed", False)
    assert forms.disagreement(form, forms.path) == ""
    monkeypatch.setattr(
        forms.kind, "runner", lambda path, fixed: whole(path, fixed) if fixed else Louder(whole(path, fixed))
    )
    assert "compiled for any shape it answers inputs of (1, 3," in forms.disagreement(form, forms.path)


def test_of_a_model_that_is_run_by_parts_the_first_and_the_last_step_are_kept() -> None:
    record = Record(("heard", "token", "state"))
    for utterance in range(2):
        record.note(("heard",), [np.array(utterance)])
        for step in range(4):
            record.note(("token", "state"), [np.array(step), np.array(10 * step)])
    asked = [tuple(int(value) for value in one) for one in record.asked]
    assert asked == [(0, 0, 0), (0, 3, 30), (1, 0, 0), (1, 3, 30)]
