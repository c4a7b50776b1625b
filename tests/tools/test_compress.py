"""A run in fewer bytes, or faster: kept only on evidence, opened like a run, and never trusted."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from configuration.composition import compose
from configuration.training import train
from tests.recipes.test_user_series import file
from tests.recipes.texts import topics, write_table
from tools.cli import main
from tools.compress.command import found_run
from tools.compress.deep import Strength
from tools.compress.network import left_in_float
from tools.compress.report import Report, load
from tools.compress.speed import ratio_of
from tools.compress.verdict import Candidate, Limits, Speed
from zoo.compression import coded_file
from zoo.compression.quantization import Scheme
from zoo.compression.shared import SharedTensor
from zoo.errors import ZooError
from zoo.inference.coded import of_coded
from zoo.inference.exported import of_export
from zoo.runs.run import WEIGHTS, Run

pytest.importorskip("constriction", reason="pip install 'task-zoo[compress]' brings the entropy coder")


@pytest.mark.parametrize(
    ("whole", "change", "refusal"),
    [
        (20.0, (-0.09, -0.15, 0.0), ""),
        (20.0, (-0.11, -0.15, 0.0), "-0.1100"),
        (100.0, (-0.4, -1.1, 0.2), "the interval reaches -1.1000"),
    ],
)
def test_of_a_metric_with_a_unit_a_share_may_be_lost(
    whole: float, change: tuple[float, float, float], refusal: str
) -> None:
    limits = Limits(whole=whole)
    assert limits.refusal(change) == refusal
    assert f"at most {0.005 * whole:g} of the metric (0.50% of {whole:g}) is lost" in limits.rule


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ((0.0, 0.0, 0.0), ""),
        ((-0.005, -0.01, 0.02), ""),
        ((-0.006, -0.007, -0.005), "-0.0060"),
        ((0.001, -0.02, 0.02), "the interval reaches -0.0200"),
        ((float("nan"), 0.0, 0.0), "+nan"),
        ((0.0, float("nan"), 0.0), "the interval reaches +nan"),
    ],
)
def test_the_rule_of_the_metric(change: tuple[float, float, float], refusal: str) -> None:
    assert Limits().refusal(change) == refusal
    one = candidate(change=change, refusal=Limits().refusal(change))
    assert (one.verdict, one.accepted) == (f"refused: {refusal}" if refusal else "accepted", not refusal)


@pytest.mark.parametrize(
    ("ratio", "accepted"),
    [(None, True), ((1.4, 1.3, 1.5), True), ((1.02, 0.98, 1.05), False), ((0.8, 0.7, 0.9), False)],
)
def test_the_rule_of_speed(ratio: tuple[float, float, float] | None, accepted: bool) -> None:
    said = Speed(p50=1, p95=2, a_second={"1": 1}, rival="OpenVINO, bfloat16", ratio=ratio).refusal()
    assert (said == "") == accepted
    assert accepted or f"{ratio[0]:.2f}× as fast as OpenVINO, bfloat16" in said  # type: ignore[index]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0.5, 2), min_size=5, max_size=20), st.floats(0.2, 5))
def test_a_ratio_of_pairs_is_in_its_interval_and_scales(seconds: list[float], factor: float) -> None:
    value, low, high = ratio_of([factor * one for one in seconds], seconds)
    assert (value, low, high) == pytest.approx((factor,) * 3)
    value, low, high = ratio_of(seconds, seconds[::-1])
    assert low <= value <= high


def test_what_is_left_in_float_stays_the_smaller_part() -> None:
    embedding, blocks, neck, last = (1.0, ["table"]), (0.3, ["a", "b", "c", "d"]), (0.1, ["neck"]), (0.0, ["last"])
    assert list(left_in_float([embedding, blocks, neck, last])) == [["table"], ["table", "neck"]]
    assert list(left_in_float([embedding, (0.0, ["x", "y"])])) == [["table"]]  # nothing else gains anything
    assert list(left_in_float([embedding])) == []  # all of it would be in float


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), max_size=30))
def test_forms_with_more_in_float_hold_those_with_less(parts: list[tuple[float, int]]) -> None:
    named = [(gain, [f"{i}.{j}" for j in range(count)]) for i, (gain, count) in enumerate(parts)]
    found = list(left_in_float(named))
    whole = sum(count for _, count in parts)
    assert all(0 < len(layers) <= whole / 2 for layers in found)
    assert all(set(one) < set(other) for one, other in itertools.pairwise(found))


def candidate(**facts: object) -> Candidate:
    known = {
        "name": "int8",
        "value": 0.5,
        "interval": (0.5, 0.4, 0.6),
        "change": (0.0, 0.0, 0.0),
        "metrics": {"map_50": 0.5},
    }
    return Candidate.model_validate({**known, "bytes": 1000, **facts})


def report(*found: Candidate, kept: str = "") -> Report:
    original = candidate(name="PyTorch, float32", bytes=20_000, metrics={"map_50": 0.5, "map_50/car": 0.4})
    facts = {"run": "runs/x", "weights": "0", "goal": "small", "metric": "val/map_50", "samples": 9, "seed": 0}
    rule = {"max_drop": 0.005, "rounds": 200, "rule": Limits().rule, "machine": {"processor": "P", "threads": 2}}
    return Report.model_validate({**facts, **rule, "kept": kept, "candidates": (original, *found)})


def test_a_report_says_what_decided_and_is_read_again(tmp_path: Path) -> None:
    fine = candidate(
        metrics={"map_50": 0.5, "map_50/car": 0.38}, worst=(("tile 3", 0.9),), calibration_error=float("nan")
    )
    wrong = candidate(name="int4", refusal="-0.1000", change=(-0.1, -0.2, 0.0))
    one = report(wrong, fine, kept="int8")
    for text in (one.text(), one.markdown()):
        assert all(word in text for word in ("refused: -0.1000", "20.0×", "map_50/car", "-0.0200", "tile 3 0.900"))
    paths = one.write(tmp_path / "x.coded")
    again = load(paths[0])
    assert again.model_dump(exclude={"candidates"}) == one.model_dump(exclude={"candidates"})
    assert [c.verdict for c in again.candidates] == [c.verdict for c in one.candidates]
    paths[0].write_text(paths[0].read_text().replace('"int4"', '"int4", "evil": 1'))
    with pytest.raises(ZooError, match="evil"):
        load(paths[0])
    with pytest.raises(ZooError, match="is not there"):
        load(tmp_path / "none.json")
    assert "Nothing is kept" in report(wrong).text()


def test_a_report_tells_places_apart_and_joules_where_they_were_measured() -> None:
    one = report(candidate(places={"east": 0.5, "west": 0.3}), kept="int8")
    whole = one.original.model_copy(update={"places": {"east": 0.5, "west": 0.4}})
    told = one.model_copy(update={"candidates": (whole, *one.candidates[1:])})
    assert ["map_50, west", "0.4000", "0.3000", "-0.1000"] in told.details()
    assert "energy" not in told.markdown()
    speed = Speed(p50=1, p95=2, a_second={"1": 1}, joules=0.25)
    measured = told.model_copy(update={"candidates": (whole.model_copy(update={"speed": speed}),)})
    assert "| 0.25 J |" in measured.markdown()


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
    original, first = report["candidates"]
    assert report["kept"] == first["name"]
    assert first["bytes"] == out.stat().st_size < original["bytes"] / 3
    assert original["bytes"] == (run.folder / WEIGHTS).stat().st_size
    assert out.with_suffix(".md").exists()
    assert out.with_suffix(".png").exists()
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
        patch.setattr(Limits, "refusal", lambda limits, change: "on purpose")
        patch.setattr("tools.compress.deep.STRENGTHS", (Strength(0.9, 1),))
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
    for ranks, why in [("[1]", "does not say"), ('{"nowhere": 2}', "nowhere"), ('{"x": 1.5}', "does not say")]:
        coded_file.write(path, state, {**parts, "ranks": ranks})
        with pytest.raises(ZooError, match=why):
            of_coded(path)
    assert json.loads(parts["config"]) == json.loads(json.dumps(run.config))


def test_low_ranks_are_loaded_back_exactly(run: Run, tmp_path: Path) -> None:
    from zoo.compression.low_rank import factorise
    from zoo.inference.coded import parts_of

    model = run.load_model()
    ranks = {name: 1 for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)}
    assert ranks
    factorise(model, ranks)
    path = tmp_path / "thin.coded"
    coded_file.write(path, model.state_dict(), parts_of(run, ranks))
    again = of_coded(path).build()
    batch = torch.randint(1, 40, (2, 9, 21)).float(), torch.tensor([9, 5])
    with torch.inference_mode():
        assert torch.equal(again(*batch), model.eval()(*batch))
    assert zoo.load(path)("a late goal").label


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return series_run(tmp_path_factory.mktemp("fast"))


def series_run(folder: Path) -> Run:
    """Train a run over series, of a network that OpenVINO runs."""
    own = ["data=series", f"data.root={file(folder)}", "data.columns.values=[x,y]", "data.columns.series=machine"]
    words = ["task=sequence", "task.objective=tag", "model=tcn", "data.columns.time=hour", "data.columns.label=state"]
    settings = ["trainer.max_epochs=2", "trainer.workers=0", "trainer.threads=1", "trainer.check_val_every_n_epoch=1"]
    train(compose([*words, *own, *settings, f"run={folder / 'run'}"]))
    return Run(folder / "run")


def compressed_fast(run: Run, out: Path, *more: str) -> int:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("tools.compress.speed.SECONDS", 0.1)
        patch.setattr("tools.compress.fast.memory_of", lambda *name: 10**9)
        patch.setattr("zoo.inference.compressed.PLAIN", (Scheme(),))
        patch.setattr(Speed, "refusal", lambda speed: "")  # a test times nothing
        main(["compress", str(run.folder), "--out", str(out), "--rounds", "20", "--samples", "8", "--json", *more])
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_a_run_becomes_fast_for_onnx_runtime(table: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fast.onnx"
    assert not compressed_fast(table, out, "--max-drop", "1")
    said = json.loads(capsys.readouterr().out)
    names = [one["name"] for one in said["candidates"]]
    assert names[:2] == ["PyTorch, float32", "ONNX Runtime, float32"]
    assert any(name.startswith("int8") for name in names)
    assert said["kept"] in names[1:]
    assert of_export(out).runtime.startswith("ONNX Runtime")
    answers = [one(np.zeros((9, 2), np.float32)) for one in (zoo.load(out), zoo.load(table.folder, backend="torch"))]
    assert len(answers[0].tags) == len(answers[1].tags) == 9  # type: ignore[attr-defined]
    with pytest.raises(ZooError, match="may be compressed already"):
        found_run(str(out))


@pytest.mark.slow
def test_a_run_becomes_fast_and_is_verified(table: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("nncf", reason="pip install 'task-zoo[compress]' brings it")
    out = tmp_path / "fast.xml"
    assert not compressed_fast(table, out, "--max-drop", "1")
    said = json.loads(capsys.readouterr().out)
    names = [one["name"] for one in said["candidates"]]
    assert names[:2] == ["PyTorch, float32", "OpenVINO, float32"]
    assert said["kept"] in names[1:]
    assert any(name.startswith("int8") for name in names)
    opened = of_export(out)
    assert opened.runtime.startswith("OpenVINO")
    assert opened.fixed["precision"] in ("32-true", "bf16-mixed")
    answers = [one(np.zeros((9, 2), np.float32)) for one in (zoo.load(out), zoo.load(table.folder, backend="torch"))]
    assert len(answers[0].tags) == len(answers[1].tags) == 9  # type: ignore[attr-defined]
    content = out.read_bytes()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("tools.compress.speed.SECONDS", 0.1)
        patch.setattr("tools.compress.verify.faster", lambda times: True)  # a test times nothing
        main(["compress", "--verify", str(out)])
    assert not ended.value.code, capsys.readouterr().out
    capsys.readouterr()
    out.write_bytes(content.replace(b"OpenVINO", b"OpenVIN0", 1))
    with pytest.raises(SystemExit) as ended:
        main(["compress", "--verify", str(out)])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["compress", str(out), "--out", str(tmp_path / "again.xml")])
    assert ended.value.code == 2
    assert "name the run itself" in capsys.readouterr().err


@pytest.mark.slow
def test_where_no_form_holds_the_limit_none_is_kept(
    table: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Limits, "refusal", lambda limits, change: "on purpose")
        assert compressed_fast(table, tmp_path / "fast.xml") == 1
    assert not list(tmp_path.iterdir())
    said = json.loads(capsys.readouterr().out)
    assert said["kept"] == ""
    assert any("layers in " in one["name"] for one in said["candidates"]), "parts went back to float, and it was said"


@pytest.mark.slow
def test_what_the_plugin_cannot_run_is_named(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compressed_fast(run, tmp_path / "fast.xml") == 2
    assert "has no export as openvino: its hashes are whole numbers of 64 bits" in capsys.readouterr().err
