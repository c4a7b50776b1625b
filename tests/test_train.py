"""train.py from the outside: what is said about words that do not fit, and what is not imported to say it."""

import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from configuration.composition import claim_run, compose, to_dict

ROOT = Path(__file__).parent.parent


def call(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *words], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ["task=… is missing", "detection"]),
        (("task=detecton", "data=satellite"), ["task=detecton is not known", "did you mean detection"]),
        (("task=detection",), ["data=… is missing", "satellite"]),
        (("task=detection", "data=satelite"), ["data=satelite is not known", "did you mean satellite"]),
        (("task=detection", "data=satellite", "model=ssd30"), ["model=ssd30 is not known", "ssd300"]),
        (("recipes=satellite_tree",), ["recipes=satellite_tree is not known", "satellite_trees"]),
        (("task=detection", "data=satellite", "data.crops=3"), ["no key 'data.crops'", "data.crop"]),
        (("task=detection", "data=satellite", "sede=3"), ["no key 'sede'", "seed"]),
        (
            ("task=detection", "data=speech"),
            ["data=speech has nothing for task=detection", "task=sequence", "data=folder"],
        ),
        (("task=detection", "data=satellite", "seed"), ["seed"]),
        (("task=detection", "data=satellite", "resume=nothing"), ["no run 'nothing'"]),
        (("task=detection", "data=satellite", "model=unet"), ["unet", "segmentation"]),
        (("task=sequence", "data=folder", "data.root=größe"), ["is read only in quotes: 'data.root=\"größe\"'"]),
        (("task=detection", "data=folder", "data.root=a,b"), ["in quotes it is part of one: 'data.root=\"a,b\"'"]),
        (("task=sequence", "data=folder"), ["error: data.root=… is missing"]),
    ],
)
def test_a_wrong_word_is_answered_in_a_sentence(words: tuple[str, ...], said: list[str]) -> None:
    done = call(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in done.stderr, done.stderr


def test_help_and_composition_import_no_torch() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv[0] = 'train.py'\n"
        "try: runpy.run_path('train.py', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules"
    )
    for words in (["--help"], ["task=detection", "data=satellite", "--cfg", "job"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "detection" in done.stdout


def test_a_recipe_is_a_delta_that_the_command_line_overrides() -> None:
    done = call("recipes=satellite_trees", "seed=7", "data.batch_size=3", "--cfg", "job")
    assert done.returncode == 0, done.stderr
    assert "name: kestrel_nano" in done.stdout
    assert "batch_size: 3" in done.stdout
    assert "seed: 7" in done.stdout


def test_works_from_any_directory(tmp_path: Path) -> None:
    done = call("recipes=satellite_trees", "--cfg", "job", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "tile"),
    [
        (["model=kestrel_nano"], 640),
        (["model=ssd300"], 320),
        (["model=ssd300", "model.resize=false"], 640),
        (["model=ssdlite320", "data.crop=256"], 256),
        (["model=ssd512", "data.tile=512"], 512),
        (["model=dfine", "data.crop=224"], 224),
    ],
)
def test_models_that_scale_what_they_see_are_tested_on_tiles_of_the_size_of_crops(words: list[str], tile: int) -> None:
    """Objects would be of another size in the test than in training; a model that sees by shares is told the side."""
    cfg = to_dict(compose(["task=detection", "data=vehicles", *words]))
    assert cfg["data"]["tile"] == tile
    assert cfg["model"].get("side", cfg["data"]["crop"]) == cfg["data"]["crop"]


def test_the_learning_rate_is_that_of_the_card_unless_it_is_said() -> None:
    asked = {card.name: card.learning_rate for card in zoo.cards().values() if card.learning_rate is not None}
    assert asked
    data = {
        "sequence": "speech",
        "classification": "cells",
        "segmentation": "satellite",
        "detection": "vehicles",
        "pose": "mouse",
    }
    for name, rate in asked.items():
        words = [f"task={zoo.card(name).task}", f"data={data[zoo.card(name).task]}"]
        assert to_dict(compose([*words, f"model={name}"]))["optimizer"]["lr"] == rate
        changed = compose([*words, f"model={name}", "optimizer.lr=0.1"])
        assert to_dict(changed)["optimizer"]["lr"] == 0.1
    unasked = compose(["task=detection", "data=vehicles", "model=kestrel_nano"])
    assert to_dict(unasked)["optimizer"]["lr"] == 0.002


def test_runs_that_begin_in_the_same_second_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (compose(["task=detection", "data=satellite"]) for _ in range(2))
    first.run = second.run = None
    with claim_run(first, ()), claim_run(second, ()):
        assert first.run != second.run
        assert Path(first.run).is_dir()
        (Path(second.run) / "config.yaml").touch()
    assert list(tmp_path.rglob("*.yaml")) == [tmp_path / second.run / "config.yaml"]
    assert not Path(first.run).exists(), "the folder of a run that was refused is left"
