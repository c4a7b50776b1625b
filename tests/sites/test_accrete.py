"""A site learns from its labels: a challenger with its lineage, new classes behind the old, and a bound on what it forgot."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.sites.made import label_all, sign_site
from tools.cli import main
from tools.production.accrete import learn
from tools.production.accrete.command import Options, accrete
from tools.production.collect.bring_back import Inward, bring_back
from tools.production.collect.take_out import Outward, take_out
from zoo.errors import ZooError
from zoo.sites.site import Site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with 24 labels, 8 of them held out."""
    made = sign_site(tmp_path_factory.mktemp("kept"))
    out = Path(take_out(made, Outward(budget=24, random=1 / 3))["out"])
    label_all(out)
    bring_back(made, out, Inward(labels=out, by="anna", new=["ring"]))
    return made.folder


@pytest.fixture
def site(kept: Path, tmp_path: Path) -> Site:
    shutil.copytree(kept, tmp_path / "site")
    return Site(tmp_path / "site")


def test_a_challenger_has_its_lineage_and_new_classes_behind_the_old(site: Site) -> None:
    before, first = site.settings.classes, site.current()
    path = site.folder / "site.yaml"
    path.write_text(path.read_text() + "# a word of mine\n")
    facts = accrete(site, Options(epochs=1, max_drop=1.0))
    assert (facts["kept"], facts["parent"], facts["labels"]) == (True, first, 16)
    assert facts["replayed"] == 24
    assert site.current() == first
    run = site.versions.run(facts["version"])
    assert run.metrics["lineage"]["annotators"] == ["anna"]
    assert tuple(run.head()["classes"]) == Site(site.folder).settings.classes == (*before, "ring")
    assert "# a word of mine" in path.read_text()
    made = site.decisions.all()[-1]
    assert (made["kind"], made["version"], made["forgetting"]["samples"]) == ("accrete", facts["version"], 16)
    assert not list(site.folder.glob(".accrete_*"))


def test_what_forgot_too_much_is_not_kept(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(
            ["accrete", str(site.folder), "--epochs", "1", "--max-drop", "0", "--replay", "0", "--json", "--seed", "3"]
        )
    facts = json.loads(capsys.readouterr().out)
    kept = facts["forgetting"]["drop"] <= 0
    assert (ended.value.code, facts["kept"], facts["version"] is not None) == (0 if kept else 1, kept, kept)
    assert len(site.versions.names()) == 1 + kept
    assert site.decisions.all()[-1]["kind"] == "accrete"


def test_where_the_old_data_are_gone_the_old_model_teaches(site: Site, kept: Path) -> None:
    data = kept.parent / "data"
    hidden = data.rename(data.with_name("elsewhere"))
    try:
        with pytest.raises(ZooError, match="has .* held-out labels, 10 at the least"):
            accrete(site, Options(epochs=1))
        out = site.folder / "frozen"
        (out / "files").mkdir(parents=True)
        rows = []
        for number, path in enumerate(sorted((hidden / "test").glob("*/*.png"))):
            shutil.copy(path, out / "files" / f"f{number}.png")
            rows.append(f"files/f{number}.png,{path.parent.name}")
        (out / "labels.csv").write_text("\n".join(["file,label", *rows]))
        bring_back(site, out, Inward(labels=out, by="anna", hold_out="winter"))
        facts = accrete(site, Options(epochs=1, max_drop=1.0))
    finally:
        hidden.rename(data)
    assert "the old data are gone" in facts["replay"]
    assert facts["judged_on"] == "held-out labels of the site"
    assert 0 < facts["replayed"] <= 6  # what is left of the inbox without a label


def test_without_labels_there_is_nothing_to_learn(site: Site) -> None:
    shutil.rmtree(site.folder / "labels")
    with pytest.raises(ZooError, match="has no labels to learn from"):
        accrete(site, Options())


def test_objects_of_nearly_equal_scores_say_the_same_in_any_order() -> None:
    rows = torch.tensor([[0.0, 0.0, 8.0, 8.0, 0.01, 0.0], [4.0, 4.0, 30.0, 9.0, 0.01, 0.0]])
    said = learn.Said(rows, objects=True)
    assert said.told_by(learn.Said(rows.flip(0) + 1e-6, objects=True))
    assert not said.told_by(learn.Said(rows[:1], objects=True))
    assert not said.told_by(learn.Said(rows + torch.tensor([0, 0, 0, 0, 0.01, 0]), objects=True))
    assert not said.told_by(learn.Said(rows[[0, 0]], objects=True))
