"""A run from the command's words to its folder, on images made here; what is tested is what a user meets."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from configuration.composition import compose, to_dict
from configuration.training import train
from tests.recipes.folder.tiny import make
from tools import cli
from tools.predict.evaluate import evaluate
from zoo.errors import ZooError
from zoo.runs.configuration import refuse_changes
from zoo.runs.run import Run

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning and torch warn of their own deprecations in every run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    make(root, "voc", images=8, size=64)
    return root


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def words(data: Path, run: Path, *more: str) -> list[str]:
    return [
        "task=detection",
        "data=folder",
        f"data.root={data}",
        "data.crop=64",
        "data.tile=64",
        "data.overlap=16",
        "data.batch_size=4",
        "data.samples=8",
        "model.pretrained=false",
        "model.channels=16",
        "trainer.max_epochs=3",
        "trainer.workers=0",
        "trainer.threads=1",
        f"run={run}",
        *more,
    ]


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(compose(words(data, folder)))
    return Run(folder)


def test_the_folder_holds_what_the_design_says(finished: Run) -> None:
    names = {path.name for path in finished.folder.iterdir()}
    expected = {
        "config.yaml",
        "weights.safetensors",
        "README.md",
        "metrics.json",
        "profile.json",
        "plots",
        "logs",
        "checkpoints",
    }
    assert expected <= names
    metrics = json.loads((finished.folder / "metrics.json").read_text())
    assert {"test/map_50", "val/map_50", "seconds", "samples_per_second", "hardware", "versions", "seed", "git"} <= set(
        metrics
    )
    assert finished.head()["classes"] == ["blue truck", "red car"] or finished.head()["classes"] == [
        "red car",
        "blue truck",
    ]
    for plot in ("precision_recall.png", "training.png"):
        assert (finished.folder / "plots" / plot).stat().st_size > 1000
    assert not list(finished.folder.rglob("*.part"))


def test_evaluate_gives_the_numbers_of_the_run(finished: Run) -> None:
    again = evaluate(finished, [])
    assert {name: finished.metrics[name] for name in again} == again


def test_evaluate_refuses_data_of_other_classes(finished: Run, tmp_path: Path) -> None:
    make(tmp_path, "voc", images=8, size=64, classes=("cat", "dog"))
    with pytest.raises(ZooError, match="lacks cat, dog of the data.s classes; it knows blue truck, red car"):
        evaluate(finished, ["data=folder", f"data.root={tmp_path}"])


def zoo(*words: object) -> int:
    """Call the command line; returns its exit code."""
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    return int(left.value.code or 0)


def test_predict_writes_boxes_for_images_of_any_size(finished: Run, data: Path, tmp_path: Path) -> None:
    images = sorted(data.rglob("*.png"))
    assert zoo("predict", finished.folder, images[0].parent, "--out", tmp_path / "all", "--score", 0) == 0
    rows = {row["image"]: row for row in json.loads((tmp_path / "all" / "boxes.json").read_text())["images"]}
    assert rows.keys() == {str(path) for path in images}
    boxes = sum(len(row["boxes"]) for row in rows.values())
    assert len((tmp_path / "all" / "boxes.csv").read_text().splitlines()) == 1 + boxes
    assert (tmp_path / "all" / f"{images[0].stem}_found.png").exists()
    # one of them as a scene: the same boxes
    assert zoo("predict", finished.folder, images[0], "--out", tmp_path / "one.csv", "--score", 0) == 0
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + len(rows[str(images[0])]["boxes"])


def test_predict_refuses_other_bands(finished: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, "voc", images=1, size=64, bands=2)
    image = next(tmp_path.rglob("*.*"))
    assert zoo("predict", finished.folder, image, "--out", tmp_path / "found") == 1
    assert "has 2 bands; the run knows 3" in capsys.readouterr().err
    assert zoo("predict", finished.folder, image, "--out", tmp_path / "found.csv") == 2


def test_a_finished_run_is_not_touched(finished: Run, data: Path) -> None:
    before = {path: path.read_bytes() for path in finished.folder.rglob("*") if path.is_file()}
    for more in ([], ["resume_changed=true", "trainer.max_epochs=9"]):
        cfg = compose(words(data, finished.folder, f"resume={finished.folder}", *more))
        with pytest.raises(ZooError, match="this run is finished, and stays as it is; to train longer, .*max_epochs"):
            train(cfg)
    with pytest.raises(ZooError, match="holds a run already; choose another folder"):
        train(compose(words(data, finished.folder, "seed=5")))
    assert {path: path.read_bytes() for path in finished.folder.rglob("*") if path.is_file()} == before


def test_a_run_is_the_same_wherever_it_lies(
    finished: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "config.yaml").write_bytes((finished.folder / "config.yaml").read_bytes())
    monkeypatch.chdir(data)
    spelled = [f"data.root=../{data.name}", f"resume=../{moved.relative_to(tmp_path.parent)}"]
    refuse_changes(Run(moved), to_dict(compose([*words(data, moved), *spelled])))
    with pytest.raises(ZooError, match=r"optimizer.lr: 0.002 → 0.1\); say resume_changed=true"):
        refuse_changes(Run(moved), to_dict(compose([*words(data, moved), *spelled, "optimizer.lr=0.1"])))


def test_what_a_run_took_by_itself_is_no_other_configuration(finished: Run, data: Path, tmp_path: Path) -> None:
    config = to_dict(compose(words(data, finished.folder)))
    loading = config["data"]
    taken = {**config, "data": {**loading, "overlap": 17}, "adapted": {"data": {"overlap": loading["overlap"]}}}
    run = Run(tmp_path)
    run.open(taken)
    refuse_changes(run, config)
    with pytest.raises(ZooError, match=r"data.overlap: \d+ → 3\)"):
        refuse_changes(run, {**config, "data": {**loading, "overlap": 3}})


def test_what_a_run_writes_has_the_mode_of_any_file(finished: Run) -> None:
    (finished.folder.parent / "any").touch()
    expected = (finished.folder.parent / "any").stat().st_mode
    assert {path.stat().st_mode for path in finished.folder.rglob("*") if path.is_file()} == {expected}


def test_the_card_tells_the_whole_command(finished: Run, data: Path) -> None:
    command = "    python train.py " + " ".join(words(data, finished.folder))
    assert command in (finished.folder / "README.md").read_text()


def test_a_loss_that_is_not_finite_names_step_samples_and_part(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"the loss '\w+' is (nan|inf) at step \d+, on .*@\d+,\d+"):
        train(compose(words(data, tmp_path / "run", "optimizer.lr=1e30", "trainer.gradient_clip_val=null")))


def test_fit_strict_refuses_what_the_model_was_not_made_for(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"does not fit data 'folder'.*fit=warn"):
        train(compose(words(data, tmp_path / "run", "fit=strict", "model.strides=[32,64]")))


@pytest.mark.parametrize(
    ("said", "begin", "handed"), [("noisy", "", "noisy"), ("true", "", True), ("noisy", "RUN", False)]
)
def test_a_run_begins_with_the_weights_that_are_named(
    said: str,
    begin: str,
    handed: bool | str,
    data: Path,
    finished: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def create(*args: object, pretrained: bool | str, **options: object) -> None:
        raise ZooError(f"asked for {pretrained!r}")

    monkeypatch.setattr("tasks.session.zoo.create", create)
    more = [f"begin={finished.folder}"] if begin else []
    with pytest.raises(ZooError, match=f"^asked for {handed!r}$"):
        train(compose(words(data, tmp_path / "run", *more, f"model.pretrained={said}")))


def test_a_run_folder_that_cannot_be_made_is_said(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ZooError, match="choose another with run="):
        train(compose(words(data, tmp_path / "file" / "run")))


def test_more_workers_than_images(tmp_path: Path) -> None:
    make(tmp_path / "data", "voc", images=3, size=64)
    more = ("trainer.workers=2", "trainer.max_epochs=1", "data.samples=1")
    metrics = train(compose(words(tmp_path / "data", tmp_path / "run", *more)))
    assert "test/map_50" in metrics
