"""What goes out comes back with who said it; what was changed is refused; where people disagree nothing is learnt."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.sites.made import label_all, sign_site
from tools.cli import main
from tools.production.collect.take_out import Outward, take_out
from zoo.sites.labels import LabelBook
from zoo.sites.site import Site


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a batch of 12 that is out."""
    made = sign_site(tmp_path_factory.mktemp("kept"))
    take_out(made, Outward(budget=12, random=0.25))
    return made.folder


@pytest.fixture
def site(kept: Path, tmp_path: Path) -> Site:
    shutil.copytree(kept, tmp_path / "site")
    return Site(tmp_path / "site")


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["collect", *words])
    said = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(said.out) if said.out.startswith("{") else said.out + said.err


def slip(out: Path, word: str) -> Path:
    """Label all of a batch with one word."""
    label_all(out, {path.name: word for path in (out / "files").iterdir()})
    return out


def batch(site: Site) -> Path:
    return site.folder / "out" / "000001"


def test_a_batch_says_what_was_taken_and_why(site: Site) -> None:
    content = LabelBook(site.folder).batches.read(site.folder / "batches" / "000001.json")
    items = content["items"]
    assert (len(items), content["version"]) == (12, site.current())
    assert [one["reason"] for one in items].count("random") == 3
    assert {path.name for path in (batch(site) / "files").iterdir()} == {one["file"] for one in items}
    assert all(set(one["said"]["classes"]) <= set(site.settings.classes) for one in items)


def test_labels_come_back_with_who_and_when_and_from_which_version(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, words = str(site.folder), ["--labels", str(batch(site)), "--by", "anna", "--new", "ring", "--json"]
    assert "nobody" in str(called(capsys, folder, "--conflicts")[1])
    assert called(capsys, folder, *words)[0] == 2  # nothing is filled in yet
    label_all(batch(site))
    code, facts = called(capsys, folder, *words)
    assert (code, facts["labelled"], facts["held_out"], facts["conflicts"]) == (0, 12, 3, 0)
    book = LabelBook(site.folder)
    every = book.all()
    assert {(one.by, one.batch, one.item.version) for one in every} == {("anna", 1, site.current())}
    assert all(one.when and book.path(one.item).is_file() for one in every)
    code, facts = called(capsys, folder, "--budget", "5", "--json")
    assert not {one["file"] for one in book.batches.read(site.folder / "batches" / "000002.json")["items"]} & {
        one.item.file for one in every
    }


def test_two_who_disagree_are_shown_and_one_settles_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(site.folder)
    label_all(batch(site))
    called(capsys, folder, "--labels", str(batch(site)), "--by", "anna", "--new", "ring")
    name = LabelBook(site.folder).all()[0].item.file
    label_all(batch(site), {name: "ring" if "ring" not in name else "cross"})
    facts = called(capsys, folder, "--labels", str(batch(site)), "--by", "bert", "--json")[1]
    assert (facts["conflicts"], facts["usable"]) == (1, 11)
    rows = called(capsys, folder, "--conflicts", "--json")[1]["rows"]
    assert {(row["file"], row["by"]) for row in rows} == {(name, "anna"), (name, "bert")}
    label_all(batch(site))
    facts = called(capsys, folder, "--labels", str(batch(site)), "--by", "carl", "--settle", "--json")[1]
    assert (facts["conflicts"], facts["usable"]) == (0, 12)


def test_what_is_wrong_is_refused_with_the_way_out(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = str(site.folder), batch(site)
    label_all(out)
    assert "--by NAME is missing" in called(capsys, folder, "--labels", str(out))[1]
    assert "csv, labelstudio" in called(capsys, folder, "--format", "coco")[1]
    assert "did you mean circle" in called(capsys, folder, "--labels", str(slip(out, "circel")), "--by", "anna")[1]
    assert "--new 'ring'" in called(capsys, folder, "--labels", str(slip(out, "ring")), "--by", "anna")[1]
    label_all(out)
    changed = next((out / "files").iterdir())
    Image.new("RGB", (32, 32)).save(changed)
    assert "its content was changed" in called(capsys, folder, "--labels", str(out), "--by", "anna", "--new", "ring")[1]
    (out / "labels.csv").write_text("file,label\nfiles/gone.png,cross\n")
    assert "there is no such file" in called(capsys, folder, "--labels", str(out), "--by", "anna")[1]
    shutil.rmtree(site.folder / "inbox")
    assert "holds no input that is not out already" in called(capsys, folder)[1]
    (site.folder / "labels").mkdir(exist_ok=True)
    (site.folder / "labels" / "000001.json").write_text("{}")
    assert "put it back from a copy" in called(capsys, folder, "--conflicts")[1]


def test_what_cannot_be_read_is_told_and_left(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "inbox" / "zz.png").write_bytes(b"no picture")
    facts = called(capsys, str(site.folder), "--budget", "50", "--json")[1]
    assert any("zz.png" in failure for failure in facts["failures"])
    assert facts["taken"] <= 18


def test_labels_of_ones_own_can_be_frozen(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine" / "files").mkdir(parents=True)
    Image.new("RGB", (32, 32), (9, 9, 9)).save(tmp_path / "mine" / "files" / "x.png")
    (tmp_path / "mine" / "labels.csv").write_text("file,label\nfiles/x.png,circle\n")
    words = ["--labels", str(tmp_path / "mine"), "--by", "anna", "--hold-out", "rare", "--json"]
    facts = called(capsys, str(site.folder), *words)[1]
    assert (facts["labelled"], facts["held_out"], facts["corrected"]) == (1, 1, None)
    assert LabelBook(site.folder).all()[0].set == "rare"
