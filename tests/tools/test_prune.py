"""A run loses channels and stays a run: smaller, told of in its report, loaded by a table alone, and trained on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

import zoo
from configuration.training import train
from tests.tools.test_compress import compressed_fast, series_run
from tools.cli import main
from tools.compress.report import load
from tools.compress.verdict import Limits
from zoo.compression.widths import widths_of
from zoo.errors import ZooError
from zoo.inference.coded import of_coded
from zoo.runs.run import Run

pytest.importorskip("torch_pruning", reason="pip install 'task-zoo[compress]' brings structured pruning")
pytest.importorskip("nncf", reason="pip install 'task-zoo[compress]' brings it")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over series."""
    return series_run(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def pruned(table: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run that lies beside a fast form of it."""
    out = tmp_path_factory.mktemp("pruned") / "fast.xml"
    assert not compressed_fast(table, out, "--max-drop", "1", "--prune", "0.4", "--epochs", "1")
    return Run(out.with_name("fast_pruned"))


@pytest.mark.slow
def test_a_pruned_run_is_smaller_and_is_told_of(table: Run, pruned: Run) -> None:
    out = pruned.folder.with_name("fast.xml")
    said = load(out.with_suffix(".json"))
    names = [one.name for one in said.candidates]
    assert "pruned, OpenVINO, float32" in names
    assert any(name.startswith("pruned, int8") for name in names)
    assert said.pruned is not None
    assert 0.4 <= said.pruned.gone < 0.7
    assert {*said.pruned.channels} <= {*widths_of(table.load_model())}
    assert all(0 < left < was for left, was in said.pruned.channels.values())
    assert len(said.pruned.sensitivity) > 1
    for text in (said.text(), said.markdown()):
        assert f"{said.pruned.gone:.0%} of {said.pruned.of:,} multiply-adds are gone" in text
    sizes = [sum(value.numel() for value in run.load_model().state_dict().values()) for run in (table, pruned)]
    assert sizes[1] < sizes[0]
    assert out.with_suffix(".png").exists()


@pytest.mark.slow
def test_a_pruned_run_is_used_as_any_other(pruned: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = np.random.default_rng(0).standard_normal((9, 2)).astype(np.float32)
    assert len(zoo.load(pruned.folder, backend="torch")(inputs).tags) == 9  # type: ignore[attr-defined]
    out = tmp_path / "pruned.xml"
    for words in (
        ["evaluate", str(pruned.folder), "--json"],
        ["export", str(pruned.folder), "--out", str(out)],
        [
            "compress",
            str(pruned.folder),
            "--out",
            str(tmp_path / "x.coded"),
            "--epochs",
            "2",
            "--max-drop",
            "1",
            "--rounds",
            "20",
        ],
        ["compress", str(pruned.folder), "--out", str(tmp_path / "x.coded"), "--prune", "0.4", "--force"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        told = capsys.readouterr()
        if words[-1] == "--force":
            assert "--prune 0.4 is of --goal fast" in told.err
            break
        assert not ended.value.code, told.err
        if words[0] == "evaluate":
            headline = pruned.metrics["headline"]
            assert json.loads(told.out)[headline] == pytest.approx(pruned.metrics[headline], abs=1e-6)
    coded = of_coded(tmp_path / "x.coded").build()
    assert widths_of(coded) == widths_of(pruned.load_model())
    assert "pruned, " in (pruned.folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_training_begins_with_a_pruned_run(table: Run, pruned: Run, tmp_path: Path) -> None:
    own = {**table.config, "run": str(tmp_path / "on"), "begin": str(pruned.folder)}
    own["trainer"] = {**own["trainer"], "max_epochs": 1}
    train(OmegaConf.create(own))
    on = Run(tmp_path / "on")
    assert widths_of(on.load_model()) == widths_of(pruned.load_model())
    assert on.metrics["weights"][0]["source"] == str(pruned.folder)


@pytest.mark.slow
def test_a_table_of_widths_that_lies_is_refused_by_name(pruned: Run, tmp_path: Path) -> None:
    shutil.copytree(pruned.folder, tmp_path / "run")
    model, head, run = pruned.load_model(), pruned.head(), Run(tmp_path / "run")
    name = next(name for name, pair in head["widths"].items() if pair[1])
    for widths, why in [
        ({**head["widths"], name: [None, -3]}, f"{name}.*not -3"),
        ({**head["widths"], name: [None, 10**6]}, f"{name}.*not 1000000"),
        ({**head["widths"], "nowhere": [1, 1]}, "no layer 'nowhere'"),
        ({name: head["widths"][name]}, "do not fit tcn"),
        ({}, "do not fit tcn"),
        ("wide", "two whole numbers or null by the name of a layer, not wide"),
    ]:
        run.save_model(model, {**head, "widths": widths})
        with pytest.raises(ZooError, match=why):
            run.load_model()
    run.save_model(model, {**head, "classes": [*head["classes"], "one more"]})
    with pytest.raises(ZooError, match="do not fit tcn"):
        run.load_model()


@pytest.mark.slow
def test_where_8_bits_lose_too_much_the_network_is_trained_to_bear_them(
    table: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Limits, "refusal", lambda limits, change: "on purpose")
        patch.setattr("tools.compress.network.STEPS", (1,))
        assert compressed_fast(table, tmp_path / "fast.xml", "--epochs", "1") == 1
    names = [one["name"] for one in json.loads(capsys.readouterr().out)["candidates"]]
    assert names[-1].startswith("trained to round, int8")
