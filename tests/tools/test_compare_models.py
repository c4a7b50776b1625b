"""Comparing models: the budget is kept, what was measured is kept, and the choice keeps the limits."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import zoo
from configuration.composition import compose
from tasks.base import Metric
from tasks.budget import time_steps
from tests.recipes.folder.tiny import make
from tools.experiments.ablate import choices_of, draw
from tools.experiments.ablate import command as ablate
from tools.experiments.ablate import tell as tell_ablation
from tools.experiments.budget import SHARE, fitting, plan
from tools.experiments.compare_models import begun, chosen, compare, plain_baselines, select, settings_of
from tools.experiments.contest import Contest, Entry, accepted
from tools.train import PROGRAM
from zoo.errors import ZooError
from zoo.registry.measurements import less_is_better
from zoo.sequence.task import TASK

OBJECTIVES = [TASK.resolve(one.module) for one in TASK.objectives.values() if one.module]
ENTRIES = [
    Entry("quick", (0.3, 0.4, 0.5), latency=0.01, memory=10, size=1_000_000, parameters=1, runs=("a",)),
    Entry("middling", (0.39,), latency=0.02, memory=20, size=500_000, parameters=1, runs=("b",)),
    Entry("slow", (0.7,), latency=0.2, memory=30, size=9_000_000, parameters=1, runs=("c",)),
    Entry("broken", failure="bands do not fit"),
]


@pytest.fixture
def contest(tmp_path: Path) -> Contest:
    hardware = {"threads": 1, "processor": "test"}
    made = Contest(tmp_path, ["task=detection", "data=x"], 60.0, 1, "test/map_50", hardware, list(ENTRIES))
    made.save()
    return made


@given(st.floats(0.01, 100), st.integers(1, 500), st.floats(0.1, 5000))
def test_the_plan_keeps_the_budget_and_fills_it(step: float, epoch: int, budget: float) -> None:
    if budget < step:
        with pytest.raises(ZooError, match="less than one training step"):
            fitting(step, epoch, budget)
        return
    plan = fitting(step, epoch, budget)
    assert plan.epochs * plan.steps * step <= budget * (1 + 1e-9)
    assert plan.steps <= epoch
    assert plan.epochs * (plan.steps + 1) * step > budget * (1 - 1e-9), "another step an epoch would have fitted"


def test_a_contest_there_and_back(contest: Contest) -> None:
    again = Contest.load(contest.folder)
    assert again == contest
    assert [entry.model for entry in again.finished()] == ["slow", "quick", "middling"]


def test_the_frontier_has_no_entry_that_another_beats(contest: Contest) -> None:
    assert [entry.model for entry in contest.best_by_cost("latency")] == ["quick", "slow"]
    assert [entry.model for entry in contest.best_by_cost("size")] == ["middling", "quick", "slow"]


def test_less_is_better_where_the_metric_is_an_error(contest: Contest) -> None:
    contest.metric = "test/wer"
    assert contest.finished()[0].model == "middling"
    assert chosen(contest, {}, 0.5).model == "quick"  # the fastest that is no worse than 0.5


@pytest.mark.parametrize("better", [kind.monitor for kind in OBJECTIVES if hasattr(kind, "monitor")])
def test_the_words_of_a_headline_say_what_its_objective_says(better: Metric) -> None:
    assert less_is_better(f"test/{better.name}") is (better.mode == "min")


def test_the_choice_keeps_the_limits(contest: Contest) -> None:
    assert chosen(contest, {}, None).model == "slow"
    assert chosen(contest, {"latency": 0.05}, None).model == "quick"
    assert chosen(contest, {"latency": 0.05, "size": 600_000}, None).model == "middling"
    assert chosen(contest, {}, 0.35).model == "quick"


def test_limits_that_nothing_keeps_say_what_there_is(contest: Contest) -> None:
    with pytest.raises(ZooError, match=r"latency 1 ms: the least is 10 ms"):
        select(contest.folder, max_latency="1ms")
    with pytest.raises(ZooError, match="the best is 0.7"):
        select(contest.folder, min_value=0.9)


def test_a_damaged_comparison_is_named(contest: Contest) -> None:
    path = contest.folder / "comparison.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(ZooError, match="damaged"):
        select(contest.folder)


def test_options_go_to_the_models_that_have_them() -> None:
    words = ["task=detection", "model.views=1", "model.no_such=3"]
    assert accepted(words, "kestrel_nano") == ["task=detection", "model.views=1"]


def test_words_without_data_are_refused() -> None:
    with pytest.raises(ZooError, match="data=… is missing"):
        settings_of(["task=detection"])


def test_a_folder_of_another_comparison_is_not_mixed(contest: Contest) -> None:
    with pytest.raises(ZooError, match="other words, budget or seeds"):
        begun(contest.words, 61.0, 1, contest.folder)
    assert begun(contest.words, 60.0, 1, contest.folder) == contest


@pytest.mark.slow
def test_a_model_is_trained_within_its_budget_and_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "data", "voc", images=8, size=64)
    words = ["task=detection", "data=folder", f"data.root={tmp_path / 'data'}", "data.crop=64", "data.tile=64"]
    words += ["data.overlap=16", "data.batch_size=4", "data.samples=8", "model.pretrained=false", "model.channels=16"]
    words += ["trainer.workers=0", "trainer.threads=1"]
    compare(words, "kestrel_nano", "2s", 1, tmp_path / "out")
    (entry,) = Contest.load(tmp_path / "out").finished()
    assert entry.latency > 0
    assert entry.memory > 0
    assert entry.size > 4 * entry.parameters  # float32, and a head
    assert (tmp_path / "out" / "speed_accuracy.png").stat().st_size > 5000
    assert "* kestrel_nano" in capsys.readouterr().out
    compare(words, "kestrel_nano", "2s", 1, tmp_path / "out")  # finished: nothing is trained again
    assert Contest.load(tmp_path / "out").finished() == [entry]


def test_a_model_that_is_solved_for_has_no_steps_to_plan(tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    path.write_text("load\n" + "\n".join(str(i % 7) for i in range(200)) + "\n", encoding="utf-8")
    words = ["task=sequence", "data=series", f"data.root={path}", "data.columns.values=[load]", "data.horizon=7"]
    assert plan([*words, "task.objective=forecast", "data.window=28", "model=seasonal_naive"], 5.0) is None


def test_the_plain_baseline_takes_part_where_it_reads_such_data(tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    path.write_text("load\n" + "\n".join(str(i % 7) for i in range(200)) + "\n", encoding="utf-8")
    series = ["task=sequence", "data=series", f"data.root={path}", "data.columns.values=[load]", "data.horizon=7"]
    assert plain_baselines([*series, "task.objective=forecast", "data.window=28", "model.season=7"]) == [
        "seasonal_naive"
    ]
    for part in ("train", "dev", "test"):
        (tmp_path / f"{part}.conll").write_text(
            "Anna\tB-person\nsings\tO\n\nIn\tO\nRome\tB-place\n\n" * 4, encoding="utf-8"
        )
    assert plain_baselines(["task=sequence", "data=entities", f"data.root={tmp_path}"]) == ["linear_crf"]


def test_a_plain_baseline_is_a_model_that_can_be_asked_so() -> None:
    named = {name: one.baseline for name, one in TASK.objectives.items() if one.baseline}
    assert named
    assert all(name in zoo.card(model).objectives for name, model in named.items())


def test_the_plan_knows_that_some_batches_are_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch of ten takes as long as all others together; over the first of them it would not be seen."""
    now = [0.0]
    monkeypatch.setattr("tasks.budget.time.perf_counter", lambda: now[0])
    loader = [1.0] * 15 + [10.0] + [1.0] * 4

    class Slow:
        weight = torch.nn.Parameter(torch.ones(()))

        def train(self) -> None:
            """Nothing is told apart."""

        def losses(self, batch: float) -> dict[str, torch.Tensor]:
            now[0] += batch
            return {"loss": self.weight * batch}

    optimizer = torch.optim.SGD([Slow.weight], 0.1)
    assert time_steps(Slow(), optimizer, loader, "32-true", SHARE * 300) == pytest.approx(sum(loader) / len(loader))  # type: ignore[arg-type]
    assert time_steps(Slow(), optimizer, loader, "32-true", 3.0) == 1.0  # type: ignore[arg-type]


def test_commas_inside_brackets_belong_to_a_value() -> None:
    assert choices_of("augment=none,light") == ["augment=none", "augment=light"]
    assert choices_of("model.sizes=[[1],[1,2]],[[3]]") == ["model.sizes=[[1],[1,2]]", "model.sizes=[[3]]"]


@pytest.mark.parametrize("text", ["augment", "=none", "augment=", "augment=a,,b", "augment=[a,b"])
def test_what_is_no_key_with_values_is_refused(text: str) -> None:
    with pytest.raises(ZooError, match="--over"):
        choices_of(text)


def test_a_wrong_choice_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="augment=lihgt is not known; did you mean light"):
        ablate(["task=detection", "data=satellite"], ["augment=none,lihgt"], 1, "1m", tmp_path / "out")
    with pytest.raises(ZooError, match="data.corp"):
        compare(["task=detection", "data=satellite", "data.corp=96"], "kestrel_nano", "1m", 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_ablation_is_told_and_drawn(contest: Contest, capsys: pytest.CaptureFixture[str]) -> None:
    contest.entries = [Entry("augment=none", (0.3, 0.4, 0.5)), Entry("augment=light", (0.5, 0.6, 0.55)), ENTRIES[3]]
    choices = ["augment=light", "augment=none"]
    tell_ablation(contest, choices, Console(width=120))
    lines = capsys.readouterr().out.splitlines()
    assert "augment=light" in lines[1]
    assert "-0.150" in lines[2]
    assert draw(contest, choices, contest.folder / "a.png").stat().st_size > 3000


def test_judged_by_another_metric_of_the_same_runs(tmp_path: Path) -> None:
    """A metric that the runs do not have is named, and nothing changes."""
    entries = []
    for name, values in (("quick", (0.1, 0.9)), ("slow", (0.4, 0.2))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text("{}", encoding="utf-8")
        (folder / "metrics.json").write_text(
            f'{{"test/map_50": {values[0]}, "test/map_50/car": {values[1]}, "seed": 0}}', encoding="utf-8"
        )
        entries.append(Entry(name, values[:1], runs=(str(folder),)))
    contest = Contest(tmp_path, ["task=detection", "data=x"], 60.0, 1, "test/map_50", {}, entries)
    with pytest.raises(ZooError, match="test/map_50/car"):
        contest.judge("test/map_50/cars")
    assert [entry.model for entry in contest.finished()] == ["slow", "quick"]
    contest.judge("test/map_50/car")
    assert [entry.model for entry in Contest.load(tmp_path).finished()] == ["quick", "slow"]
    assert Contest.load(tmp_path).metric == "test/map_50/car"


def test_a_model_that_breaks_does_not_end_the_comparison(
    contest: Contest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*given: object) -> None:
        raise RuntimeError("input should have the same type as rois")

    monkeypatch.setattr("tools.experiments.contest.plan", breaks)
    entry = contest.enter("r_fcn", ["task=detection"])
    assert entry.failure == "RuntimeError: input should have the same type as rois"
    assert "Traceback" in capsys.readouterr().err
    assert Contest.load(contest.folder).entries[-1] == entry


@pytest.mark.parametrize("name", ["augment=none", "model.aspect_ratios=[2,3]", "optimizer.lr=1e-3"])
def test_the_folder_of_a_choice_can_be_said_on_the_command_line(
    contest: Contest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr("tools.experiments.contest.said_by", lambda words, heard: said.extend(words))
    run = contest.train(name, ["task=detection", "data=satellite", "seed=0"], 0)
    assert compose(said[len(PROGRAM) :]).run == str(run.folder)


def test_what_an_interrupted_contest_has_finished_is_kept(contest: Contest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed that was finished is not trained again; of one that was not, nothing remains."""
    called: list[Sequence[str]] = []
    monkeypatch.setattr("tools.experiments.contest.said_by", lambda words, heard: called.append(words))
    for seed, name in enumerate(("metrics.json", "config.yaml")):
        folder = contest.folder / f"quick-seed{seed}"
        folder.mkdir()
        (folder / name).write_text("{}", encoding="utf-8")
    assert contest.train("quick", [], 0).metrics == {}
    assert not called
    run = contest.train("quick", [], 1)
    assert len(called) == 1
    assert not run.folder.exists()
