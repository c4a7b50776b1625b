"""The table of compression: each network by each approach, from what is stored, and none of other data."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from configuration.composition import compose
from configuration.training import train
from tests.recipes.texts import topics, write_table
from tools.cli import main
from tools.compress.comparison import AS_TRAINED, Row, as_markdown, lay_out, refuse_others
from zoo.errors import ZooError
from zoo.runs.run import WEIGHTS, Run

pytest.importorskip("constriction", reason="pip install 'task-zoo[compress]' brings the entropy coder")


def rows() -> list[Row]:
    return [
        Row("alexnet", AS_TRAINED, 32, 1000, {"test/accuracy": 0.8}),
        Row("alexnet", "SVD", 32, 500, {"test/accuracy": 0.7}),
        Row("squeezenet", AS_TRAINED, 32, 100, {"test/accuracy": 0.75}),
        Row("squeezenet", "Deep Compression", 5, 10, {"test/accuracy": 0.76}),
    ]


def test_each_is_held_against_its_own_network_and_the_first() -> None:
    head, *lines = lay_out(rows(), "test/accuracy")
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert [line["smaller"] for line in found] == ["1.0×", "2.0×", "1.0×", "10.0×"]
    assert [line["than the first"] for line in found] == ["1.0×", "2.0×", "10.0×", "100.0×"]
    assert [line["change"] for line in found] == ["", "-0.1000", "", "+0.0100"]
    assert as_markdown([head, *lines]).count("\n") == 6


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("compression")
    path = write_table(folder / "t.csv", [("text", "label"), *topics(120)])
    model = ["model=textcnn", "model.vocabulary=200", "model.embedded=16", "model.buckets=500", "model.filters=8"]
    words = ["task=sequence", "data=topics", f"data.root={path}", *model, "data.batch_size=8", "model.pretrained=false"]
    settings = ["trainer.max_epochs=4", "trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true"]
    train(compose([*words, *settings, "trainer.log_every_n_steps=1", f"run={folder / 'run'}"]))
    return Run(folder / "run")


def test_fewer_bits_are_fewer_bytes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.compress.comparison.BITS", (8, 4))
    out = tmp_path / "table.md"
    with pytest.raises(SystemExit) as ended:
        main(["bench", "compression", str(run.folder), "--epochs", "5", "--out", str(out), "--json"])
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)
    first, *others = found
    assert first["bytes"] == (run.folder / WEIGHTS).stat().st_size
    assert first["metrics"]["test/accuracy"] == run.metrics["test/accuracy"]
    coded = [one for one in others if one["approach"].startswith("Deep")]
    assert [one["bits"] for one in coded] == [8, 4]
    assert coded[1]["bytes"] < coded[0]["bytes"] < first["bytes"] / 3
    assert all(0 <= one["metrics"]["test/accuracy"] <= 1 for one in others)
    assert out.read_text(encoding="utf-8").count("\n") == 2 + len(found)


def test_runs_of_other_data_stand_in_no_one_table() -> None:
    runs: list[Any] = [
        SimpleNamespace(config={"data": {"name": name}}, metrics={"headline": "test/accuracy"})
        for name in ("cells", "leaves")
    ]
    refuse_others(runs[:1])
    with pytest.raises(ZooError, match=r"data=cells, test/accuracy; data=leaves"):
        refuse_others(runs)
