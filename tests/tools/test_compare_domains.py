"""One model on many domains: the same words for each, kept as they are done, and drawn."""

import re
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from tools import compare_domains
from tools.compare_models.contest import Contest
from zoo.errors import ZooError

SMALL = ["data.train=1", "data.val=1", "data.test=1", "data.height=128", "data.width=128", "data.samples=2"]
SMALL += ["data.crop=32", "data.tile=64", "data.overlap=8", "data.batch_size=2", "trainer.precision=32-true"]
SMALL += ["model=segnet_basic", "trainer.threads=1", "trainer.workers=0"]


@pytest.mark.slow
def test_the_same_line_on_two_domains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "slide"
    asked = {"domains": "seismic,weather", "budget": "1s", "out": out}
    compare_domains.command([*SMALL], seeds=1, **asked)
    contest = Contest.load(out)
    assert {entry.model for entry in contest.entries} == {"seismic", "weather"}
    assert not any(entry.failure for entry in contest.entries)
    with Image.open(out / "domains.png") as picture:
        assert min(picture.size) > 300
    # gone on with: nothing is trained again
    monkeypatch.setattr(Contest, "enter", lambda *_: pytest.fail("trained again"))
    compare_domains.command([*SMALL], seeds=1, **asked)
    with Console(file=(tmp_path / "out.txt").open("w"), width=160) as console:
        compare_domains.tell(contest.finished(), console)
    said = (tmp_path / "out.txt").read_text()
    assert re.search(r"weather +16 ", said)
    assert re.search(r"seismic +1 ", said)


def test_words_that_are_not_understood() -> None:
    with pytest.raises(ZooError, match="--domains sesimic is no data for segmentation; did you mean seismic"):
        compare_domains.known(["sesimic"])
    assert compare_domains.known(["scenes", "seismic", "scenes"]) == ["scenes", "seismic"]
    with pytest.raises(ZooError, match=r"model=… is missing"):
        compare_domains.refuse_words(["seed=1"])
    with pytest.raises(ZooError, match="data=scenes is settled by --domains"):
        compare_domains.refuse_words(["model=segnet", "data=scenes"])
