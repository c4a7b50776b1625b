"""What a reproduction is judged by, and which finished runs count for it."""

import json
from pathlib import Path

import pytest
import yaml

from configuration.composition import compose, to_dict
from tools.docs.results_page import result
from tools.experiments.reproduce import (
    RECIPES,
    Result,
    by_seed,
    folds,
    judged_by,
    measured,
    plain_baseline,
    taken,
    write_header,
)
from zoo.errors import ZooError
from zoo.runs.run import Run


def finished(folder: Path, *changes: str) -> Run:
    folder.mkdir()
    cfg = compose(["recipes=vehicles", "seed=4", f"run={folder}", *changes])
    (folder / "config.yaml").write_text(yaml.safe_dump(to_dict(cfg)))
    hardware = {"processor": "x", "threads": 1, "precision": "32-true"}
    metrics = {
        "seed": 4,
        "hardware": hardware,
        "seconds": 12.5,
        "headline": "test/map_50",
        "test/map_50": 0.4,
        "test/map_50/car": 0.9,
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return Run(folder)


def test_a_recipe_says_what_it_is_judged_by(tmp_path: Path) -> None:
    run = finished(tmp_path / "run")
    assert judged_by(RECIPES / "vehicles.yaml", run) == ["test/map_50/car"]
    assert judged_by(RECIPES / "satellite_trees.yaml", run) == ["test/map_50"]


def test_a_recipe_may_be_judged_by_several(tmp_path: Path) -> None:
    recipe = tmp_path / "both.yaml"
    recipe.write_text("# Both.\n# metric: test/map_50/car test/map_50\n# command: python train.py\n")
    run = finished(tmp_path / "run")
    metrics = judged_by(recipe, run)
    assert metrics == ["test/map_50/car", "test/map_50"]
    results = [Result(4, run, 30.0)]
    write_header(recipe, [measured("both", results, metric) for metric in metrics], results)
    assert "# expected: test/map_50/car 0.900 (0.900 to 0.900), test/map_50 0.400" in recipe.read_text()


def test_naive_answers_stand_beside_the_headline(tmp_path: Path) -> None:
    run = finished(tmp_path / "run")
    metrics = {**json.loads((tmp_path / "run/metrics.json").read_text()), "test/naive": 0.25}
    (tmp_path / "run/metrics.json").write_text(json.dumps({**metrics, "baselines": ["test/naive"]}))
    recipe = tmp_path / "one.yaml"
    recipe.write_text("# One.\n# command: python train.py\n")
    block = measured("one", [Result(4, run, 30.0)], "test/map_50")
    assert block.baselines == {"test/naive": 0.25}
    assert measured("one", [Result(4, run, 30.0)], "test/map_50/car").baselines is None
    write_header(recipe, [block], [Result(4, run, 30.0)])
    assert "# expected: test/map_50 0.400 (0.400 to 0.400) beside test/naive 0.250, one seed" in recipe.read_text()
    assert result(block) == "map_50 0.400 (1 run), naive 0.250"
    assert block.sealed("a") != block.model_copy(update={"baselines": {"test/naive": 0.3}}).sealed("a")


def test_a_recipe_that_loses_to_its_baseline_says_so(tmp_path: Path) -> None:
    block = measured("one", [Result(4, finished(tmp_path / "run"), 30.0)], "test/map_50")
    told = block.model_copy(update={"baselines": {"test/naive": 0.25, "plain": 0.5}})
    assert told.beside == ("below plain 0.500", "beside test/naive 0.250")
    assert result(told) == "map_50 0.400 (1 run), below plain 0.500, naive 0.250"
    error = told.model_copy(update={"metric": "test/wer"})
    assert error.beside == ("below test/naive 0.250", "beside plain 0.500"), "an error is better where it is smaller"


def test_a_recipe_names_another_as_its_baseline() -> None:
    (value,) = plain_baseline("entities", "test/entity_f1").values()
    assert 0 < value < 0.3
    assert plain_baseline("entities", "test/accuracy") == {}
    assert plain_baseline("no_recipe_but_a_comparison", "test/entity_f1") == {}


def test_a_metric_that_no_run_has_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "odd.yaml"
    recipe.write_text("# Odd.\n# metric: test/map_50/cat\n# command: python train.py\n")
    with pytest.raises(ZooError, match=r"test/map_50/cat'; did you mean test/map_50/car"):
        judged_by(recipe, finished(tmp_path / "run"))


def test_a_finished_run_counts_as_its_seed(tmp_path: Path) -> None:
    result = taken("vehicles", finished(tmp_path / "run"))
    assert (result.seed, result.seconds) == (4, 12.5)


def test_a_run_of_other_settings_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="data.samples was 9 and is 448"):
        taken("vehicles", finished(tmp_path / "run", "data.samples=9"))


def test_folds_are_named_by_the_header_and_their_mean_counts(tmp_path: Path) -> None:
    assert folds(RECIPES / "vehicles.yaml") == [[]]
    assert folds(RECIPES / "genomics_splice.yaml") == [[f"data.fold={fold}"] for fold in range(10)]
    run = finished(tmp_path / "run")
    runs = []
    for number, value in enumerate((0.2, 0.4, 0.9, 0.5)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "config.yaml").write_text((run.folder / "config.yaml").read_text())
        (folder / "metrics.json").write_text(json.dumps({**run.metrics, "test/x": value}))
        runs.append(Run(folder))
    results = [Result(seed, one, 1.0) for seed, one in zip((0, 0, 1, 1), runs, strict=True)]
    assert by_seed(results, "test/x") == pytest.approx([0.3, 0.7])
    block = measured("vehicles", results, "test/x")
    assert (block.value, block.spread, block.seeds) == (0.5, (0.2, 0.9), (0, 1))


def test_one_fold_is_not_taken_for_all(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="'genomics_splice' has folds"):
        taken("genomics_splice", finished(tmp_path / "run"))
