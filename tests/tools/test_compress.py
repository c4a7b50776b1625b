"""A run in fewer bytes: kept only on evidence, opened like a run, and never trusted."""

import json
from pathlib import Path

import pytest
import torch

import zoo
from configuration.composition import compose
from configuration.training import train
from tests.recipes.texts import topics, write_table
from tools.cli import main
from tools.compress.verdict import Candidate, Limits, lay_out
from zoo.compression import coded_file
from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError
from zoo.inference.coded import of_coded
from zoo.runs.run import WEIGHTS, Run

pytest.importorskip("constriction", reason="pip install 'task-zoo[compress]' brings the entropy coder")


def candidate(change: tuple[float, float, float], limits: Limits = Limits()) -> Candidate:  # noqa: B008
    return Candidate("50% pruned, 5 bits", "val/map_50", 0.5 + change[0], 0.5, change, 1000, 20_000, 40, limits)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ((0.0, 0.0, 0.0), "accepted"),
        ((-0.005, -0.01, 0.02), "accepted"),
        ((-0.006, -0.007, -0.005), "refused: -0.0060"),
        ((0.001, -0.02, 0.02), "refused: the interval reaches -0.0200"),
        ((float("nan"), 0.0, 0.0), "refused: +nan"),
        ((0.0, float("nan"), 0.0), "refused: the interval reaches +nan"),
    ],
)
def test_the_rule(change: tuple[float, float, float], verdict: str) -> None:
    one = candidate(change)
    assert (one.verdict, one.accepted) == (verdict, verdict == "accepted")
    assert verdict in lay_out([one])
    assert "20.0×" in lay_out([one])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("compress")
    path = write_table(folder / "t.csv", [("text", "label"), *topics(120)])
    model = ["model=textcnn", "model.vocabulary=200", "model.embedded=16", "model.buckets=500", "model.filters=8"]
    words = ["task=sequence", "data=topics", f"data.root={path}", *model, "data.batch_size=8", "model.pretrained=false"]
    settings = ["trainer.max_epochs=4", "trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true"]
    train(compose([*words, *settings, "trainer.log_every_n_steps=1", f"run={folder / 'run'}"]))
    return Run(folder / "run")


def test_a_run_becomes_small_and_answers_alike(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "small.coded"
    words = [
        "compress",
        str(run.folder),
        "--out",
        str(out),
        "--max-drop",
        "1",
        "--epochs",
        "5",
        "--rounds",
        "20",
        "--json",
    ]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    (first,) = report["candidates"]
    assert first["accepted"]
    assert first["bytes"] == out.stat().st_size < first["bytes_before"] / 3
    assert first["bytes_before"] == (run.folder / WEIGHTS).stat().st_size
    tensors, _ = coded_file.read(out)
    state = of_coded(out).build().state_dict()
    for name, tensor in tensors.items():
        exact = tensor.values() if isinstance(tensor, SharedTensor) else tensor
        assert torch.equal(state[name], exact), name
        assert not isinstance(tensor, SharedTensor) or exact.unique().numel() <= 32
    text = "the striker scored a late goal"
    small, whole = zoo.load(out), zoo.load(run.folder)
    assert small.metadata.classes == whole.metadata.classes
    assert small(text).label in small.metadata.classes


def test_what_loses_too_much_is_not_kept(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "small.coded"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(Candidate, "accepted", property(lambda one: False))
        patch.setattr("tools.compress.deep.STRENGTHS", ((0.9, 1),))
        main(["compress", str(run.folder), "--out", str(out), "--epochs", "1", "--rounds", "20"])
    assert ended.value.code == 1
    assert not list(tmp_path.iterdir())
    assert "refused" in capsys.readouterr().out


def test_a_coded_file_is_data(run: Run, tmp_path: Path) -> None:
    from zoo.inference.coded import parts_of

    parts, state = parts_of(run), run.load_model().state_dict()
    path = tmp_path / "x.coded"
    coded_file.write(path, state, parts)
    assert of_coded(path).model == "textcnn"
    config = json.loads(parts["config"])
    for changed, why in [
        ({"config": json.dumps({**config, "data": {"_target_": "os.system", "command": "x"}})}, "os.system"),
        ({"config": "["}, "does not say"),
        ({"zoo": json.dumps({**json.loads(parts["zoo"]), "model": "evil"})}, "evil"),
    ]:
        coded_file.write(path, state, {**parts, **changed})
        with pytest.raises(ZooError, match=why):
            of_coded(path)
    coded_file.write(path, dict(list(state.items())[1:]), parts)
    with pytest.raises(ZooError, match="do not fit"):
        of_coded(path)
    with pytest.raises(ZooError, match="there is no file"):
        of_coded(tmp_path / "none.coded")
    with pytest.raises(SystemExit):
        main(["compress", str(run.folder), "--out", str(tmp_path / "x.bin")])
    assert json.loads(parts["config"]) == json.loads(json.dumps(run.config))
