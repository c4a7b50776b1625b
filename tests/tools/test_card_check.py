"""`zoo card check --recompute`: true cards hold, and each kind of lie is found."""

import json
import sys
from pathlib import Path

import pytest

from tests.zoo.conftest import CARD
from tools import cli
from zoo.registry.cards import read

CODE = """
from torch import nn

def build(classes, bands, **options):
    return nn.Conv2d(bands, classes, 1)
"""
HALVING = "nn.Sequential(nn.Conv2d(bands, classes, 2, 2), nn.Upsample(scale_factor=2))"
#: 3 bands × 20 classes and 20 biases.
PARAMETERS = 80


@pytest.fixture
def card_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOO_PATH", str(tmp_path / "card_root"))
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "tiny_code", raising=False)
    (tmp_path / "card_root").mkdir()
    return tmp_path / "card_root"


def found(
    card_root: Path,
    capsys: pytest.CaptureFixture[str],
    code: str = CODE,
    parameters: int = PARAMETERS,
    adapts: str = "any",
) -> tuple[int, dict[str, tuple[str, str]]]:
    text = CARD.format(name="tiny").replace("task: detection", "task: segmentation")
    text = text.replace("parameters: 1234", f"parameters: {parameters}")
    text = text.replace(
        "adapts: {classes: any number}", f"adapts: {{classes: {adapts}, bands: any, input size: any, mood: any}}"
    )
    (card_root / "tiny.md").write_text(text, encoding="utf-8")
    (card_root / "tiny_code.py").write_text(code, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["card", "check", "tiny", "--recompute", "--json"])
    findings = json.loads(capsys.readouterr().out)
    return int(ended.value.code or 0), {f["field"]: (f["level"], f["said"]) for f in findings}


def test_a_true_card_holds(card_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, findings = found(card_root, capsys)
    assert code == 0
    assert findings["parameters"] == ("holds", "80")
    assert findings["multiply_adds"] == ("holds", "5,400,000")
    assert findings["output"] == ("holds", "(1, 3, 128, 128) → logits (1, 20, 128, 128)")
    assert {findings[f"adapts.{word}"][0] for word in ("classes", "bands", "input size")} == {"holds"}
    assert findings["adapts.mood"][0] == "unchecked"
    assert findings["licences.data"][0] == findings["weights.first.sources"][0] == findings["measured"][0] == "unknown"


def test_a_wrong_number_of_parameters_is_found_and_can_be_written(
    card_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, findings = found(card_root, capsys, parameters=81)
    assert (code, findings["parameters"]) == (1, ("wrong", "80, the card says 81"))
    before = (card_root / "tiny.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["card", "check", "tiny", "--recompute", "--write"])
    assert ended.value.code == 0
    # 3 × 20 multiplications for each of 300 × 300 pixels
    after = before.replace("parameters: 81", "parameters: 80").replace("\n---\n", "\nmultiply_adds: 5400000\n---\n")
    assert (card_root / "tiny.md").read_text(encoding="utf-8") == after
    assert read(card_root / "tiny.md").parameters == PARAMETERS


@pytest.mark.parametrize(
    ("code", "field", "said"),
    [
        (CODE.replace("classes, 1)", "20, 1)"), "adapts.classes", "logits (1, 20, 128, 128)"),
        (CODE.replace("Conv2d(bands", "Conv2d(3"), "adapts.bands", "5"),
        (CODE.replace("classes, 1)", "classes, 1, stride=2)"), "output", "logits (1, 20, 64, 64)"),
        (CODE.replace("nn.Conv2d(bands, classes, 1)", HALVING), "adapts.input size", "logits (1, 20, 96, 130)"),
    ],
)  # fmt: skip
def test_a_promise_that_does_not_hold_is_found(
    card_root: Path, capsys: pytest.CaptureFixture[str], code: str, field: str, said: str
) -> None:
    exit_code, findings = found(card_root, capsys, code)
    assert exit_code == 1
    assert findings[field][0] == "wrong"
    assert said in findings[field][1]


def test_an_objective_that_its_task_has_not_is_found(card_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CARD.format(name="tiny").replace("task: detection", "task: sequence\nobjectives: [tag, forecats]")
    (card_root / "tiny.md").write_text(text, encoding="utf-8")
    (card_root / "tiny_code.py").write_text(CODE, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["card", "check", "tiny", "--json"])
    wrong = [finding["said"] for finding in json.loads(capsys.readouterr().out) if finding["level"] == "wrong"]
    assert (ended.value.code, len(wrong)) == (1, 1)
    assert wrong[0].startswith("'forecats'; did you mean forecast")
