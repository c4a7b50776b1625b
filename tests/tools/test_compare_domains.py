"""One model on many domains: the same words for each, kept as they are done, and drawn."""

import re
from pathlib import Path

import pytest
from PIL import Image

from configuration.composition import compose
from configuration.training import train
from tools.experiments import compare_domains as compare_domains
from tools.experiments.contest import Contest, Entry
from zoo.errors import ZooError

SMALL = ["data.train=1", "data.val=1", "data.test=1", "data.height=128", "data.width=128", "data.samples=2"]
SMALL += ["data.crop=32", "data.tile=128", "data.overlap=0", "data.batch_size=2", "trainer.precision=32-true"]
SMALL += ["model=espnet", "model.pretrained=false", "trainer.threads=1", "trainer.workers=0"]


def entered(contest: Contest, name: str, words: list[str]) -> Entry:
    """Train here for two steps what the contest would train in a process of its own; its costs are not measured."""
    run = contest.folder / name
    metrics = train(compose([*words, "trainer.max_epochs=1", f"run={run}"]))
    contest.metric = "test/iou"
    contest.entries.append(Entry(name, (metrics["test/iou"],), parameters=7, runs=(str(run),)))
    contest.save()
    return contest.entries[-1]


@pytest.mark.slow
def test_the_same_line_on_two_domains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Contest, "enter", entered)
    out = tmp_path / "slide"
    asked = {"domains": "seismic,weather", "budget": "1s", "seeds": 1, "out": out}
    compare_domains.command([*SMALL], **asked)
    said = capsys.readouterr().out
    assert re.search(r"weather +16 ", said)
    assert re.search(r"seismic +1 ", said)
    with Image.open(out / "domains.png") as picture:
        assert min(picture.size) > 300
    # gone on with: nothing is trained again
    monkeypatch.setattr(Contest, "enter", lambda *_: pytest.fail("trained again"))
    compare_domains.command([*SMALL], **asked)


def test_words_that_are_not_understood() -> None:
    with pytest.raises(ZooError, match="--domains sesimic is no data for segmentation; did you mean seismic"):
        compare_domains.known(["sesimic"])
    assert compare_domains.known(["scenes", "seismic", "scenes"]) == ["scenes", "seismic"]
    with pytest.raises(ZooError, match=r"model=… is missing"):
        compare_domains.refuse_words(["seed=1"])
    with pytest.raises(ZooError, match="data=scenes is settled by --domains"):
        compare_domains.refuse_words(["model=segnet", "data=scenes"])
