"""A challenger answers where it is proven better and worse nowhere; every verdict is signed, and goes back in one command."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipes.annotation.annotator import Annotator
from tests.sites.made import finished, site
from tools.cli import main
from tools.production import promote
from zoo.errors import ZooError
from zoo.sites.frozen import Frozen
from zoo.sites.promotion import Gates, Trial, judge
from zoo.sites.site import Site


def trials(champion: np.ndarray, challenger: np.ndarray, seconds: float = 1.0, size: int = 1) -> tuple[Trial, Trial]:
    return Trial(champion.astype(float), 1.0, 1), Trial(challenger.astype(float), seconds, size)


def drawn(rng: np.random.Generator, accuracy: float, champion: np.ndarray | None = None, n: int = 1000) -> np.ndarray:
    """Outcomes (N,), most of them those of the champion: models that are alike err on the same samples."""
    own = rng.random(n) < accuracy
    if champion is None:
        return own
    changed = rng.random(n) < 0.15
    return np.where(changed, rng.random(n) < accuracy, champion)


def test_equal_challengers_are_promoted_rarely() -> None:
    rng, verdicts = np.random.default_rng(0), []
    for _ in range(150):
        champion = drawn(rng, 0.8)
        verdicts.append(judge(*trials(champion, drawn(rng, 0.8, champion)), {}, Gates()).verdict)
    assert np.mean([verdict == "PROMOTE" for verdict in verdicts]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_better_ones_are_promoted_mostly() -> None:
    rng, hits = np.random.default_rng(1), 0
    for _ in range(50):
        champion = drawn(rng, 0.8)
        better = champion | ((rng.random(1000) < 0.15) & ~champion)  # three points
        hits += judge(*trials(champion, better), {}, Gates()).verdict == "PROMOTE"
    assert hits >= 40


def test_better_on_average_and_worse_on_a_slice_is_rejected() -> None:
    champion, challenger = np.zeros(400, bool), np.ones(400, bool)
    night = np.arange(400) >= 360
    champion[night], challenger[night] = True, False
    found = judge(*trials(champion, challenger), {"night": night}, Gates())
    assert found.verdict == "REJECT"
    assert found.reasons[0].startswith("slice night loses 1.0000")
    assert judge(*trials(champion, challenger), {}, Gates()).verdict == "PROMOTE"


@pytest.mark.parametrize(
    ("change", "gates", "said"),
    [
        ({"seconds": 2.0}, {}, "milliseconds are more than 1.5 times"),
        ({"size": 3}, {}, "bytes are more than 2 times"),
        ({}, {"floors": {"rare": 1.0}}, "slice rare has 0.9000, and its floor is 1"),
    ],
)
def test_gates(change: dict[str, Any], gates: dict[str, Any], said: str) -> None:
    champion, challenger = np.arange(100) % 2 == 0, np.arange(100) % 10 != 0
    rare = np.arange(100) < 10
    found = judge(*trials(champion, challenger, **change), {"rare": rare}, Gates(**gates))
    assert found.verdict == "REJECT"
    assert said in found.reasons[-1]


def test_a_slice_may_decide_where_the_rest_is_old() -> None:
    champion, challenger = np.ones(400, bool), np.ones(400, bool)
    recent = np.arange(400) >= 370
    champion[recent] = np.arange(30) % 5 > 0
    slices = {"recent": recent}
    champion[:20], challenger[10:30] = False, False  # of what is old as much is lost as is gained
    gates = Gates(slack=0.05)
    assert judge(*trials(champion, challenger), slices, gates).verdict == "HOLD"
    found = judge(*trials(champion, challenger), slices, gates.model_copy(update={"decides": "recent"}))
    assert (found.verdict, "of recent" in found.reasons[0]) == ("PROMOTE", True)
    with pytest.raises(ZooError, match="decides: there is no slice 'x'"):
        judge(*trials(champion, challenger), slices, gates.model_copy(update={"decides": "x"}))


def test_what_says_too_little() -> None:
    one = np.ones(10)
    with pytest.raises(ZooError, match="say too little"):
        judge(*trials(one, one), {}, Gates())
    with pytest.raises(ZooError, match="not those of the same samples"):
        judge(*trials(one, np.ones(11)), {}, Gates())
    with pytest.raises(ZooError, match="no slice 'x'"):
        judge(*trials(np.ones(40), np.ones(40)), {}, Gates(floors={"x": 0.5}))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    opened = site(folder)
    with opened.lock():
        opened.add(finished(folder / "other", seed=1))
    label = opened.settings.classes[0]
    rows = [f"the market rose {number},{label},{'rare' if number < 12 else ''}" for number in range(40)]
    (opened.folder / "sets" / "held_out.csv").write_text("\n".join(["input,label,slice", *rows]))
    return opened.folder


@pytest.fixture
def opened(kept: Path, tmp_path: Path) -> Site:
    shutil.copytree(kept, tmp_path / "site")
    return Site(tmp_path / "site")


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([*words])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


def other(opened: Site) -> str:
    return next(name for name in opened.versions.names() if name != opened.current())


def test_models_that_answer_alike_are_held(opened: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (opened.folder / "promotion.yaml").write_text("milliseconds: 100\n")
    before, challenger = opened.current(), other(opened)
    code, said = called(capsys, "promote", str(opened.folder), challenger[:6], "--json")
    facts = json.loads(said)
    assert (code, facts["verdict"], facts["samples"]) == (3, "HOLD", 40)
    assert {one["name"] for one in facts["differences"]} == {"all", "held_out", "rare"}
    assert opened.current() == before
    made = opened.decisions.all()[-1]
    assert (made["kind"], made["verdict"], made["sets"]) == ("promote", "HOLD", facts["sets"])
    count = len(opened.decisions.files())
    assert called(capsys, "promote", str(opened.folder), challenger, "--dry-run")[0] == 3
    assert len(opened.decisions.files()) == count
    assert "answers already" in called(capsys, "promote", str(opened.folder), before)[1]


def test_a_better_one_answers_and_goes_back(
    opened: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, challenger = opened.current(), other(opened)

    def made(site: Site, version: str, frozen: Frozen, annotator: Annotator) -> Trial:
        return Trial(np.full(len(frozen.inputs), float(version == challenger)), 1.0, 1)

    monkeypatch.setattr(promote, "trial", made)
    assert "no other version" in called(capsys, "rollback", str(opened.folder))[1]
    code, said = called(capsys, "promote", str(opened.folder), challenger)
    assert (code, opened.current()) == (0, challenger)
    assert said.startswith("PROMOTE: better: +1.0000")
    opened.check()
    assert called(capsys, "rollback", str(opened.folder))[0] == 0
    assert opened.current() == before
    assert [one["kind"] for one in opened.decisions.all()][-2:] == ["promote", "rollback"]
    opened.check()


def test_what_is_wrong_with_the_sets_is_named(opened: Site, capsys: pytest.CaptureFixture[str]) -> None:
    table, label = opened.folder / "sets" / "held_out.csv", opened.settings.classes[0]
    for text, said in (
        ("a,b\n", "needs the columns input and label"),
        ("input,label\na b,nothing\n", "line 2: label 'nothing' is no class"),
        (f"input,label\na b,{label}\na b,{label}\n", "line 3: input 'a b' is there before"),
        (f"input,label\ngone.txt,{label}\n", "there is no file 'gone.txt'"),
        (f"input,label\n../site.yaml,{label}\n", "lies outside"),
        (f"input,label\na b,{label}\n", "say too little"),
    ):
        table.write_text(text)
        code, found = called(capsys, "promote", str(opened.folder), other(opened))
        assert (code, said in found) == (2, True), found
    table.unlink()
    assert "has no tables" in called(capsys, "promote", str(opened.folder), other(opened))[1]
    assert "no version 'zz'" in called(capsys, "promote", str(opened.folder), "zz")[1]
    (opened.folder / "promotion.yaml").write_text("risks: 1\n")
    assert "did you mean risk" in called(capsys, "promote", str(opened.folder), other(opened))[1]
