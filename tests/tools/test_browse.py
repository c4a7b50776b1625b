"""Browsing from the terminal: what is listed, found, shown and compared, and how a lost user is helped."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import zoo
from tests.fit.conftest import make_profile
from tests.zoo.conftest import CARD
from tools import cli
from tools.registry import list as listing
from tools.registry import recipes as recipe_book
from tools.registry import search as searching
from tools.terminal import columns as columns

Zoo = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    """Call `zoo` in this process; return exit code, output and errors."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def card_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card_root of the user's own with one model whose weights may not be sold."""
    folder = tmp_path / "card_root"
    folder.mkdir()
    (folder / "tiny.md").write_text(CARD.format(name="tiny"), encoding="utf-8")
    monkeypatch.setenv("ZOO_PATH", str(folder))
    return folder


@pytest.mark.parametrize("words", cli.COMMANDS)
def test_every_command_is_there_and_explains_itself(run: Zoo, words: str) -> None:
    module, function = cli.COMMANDS[words][0].split(":")
    described = getattr(importlib.import_module(module), function).__doc__
    assert "Example" in described
    code, out, _ = run(*words.split(), "--help")
    assert code == 0
    assert "Usage: zoo" in out


@pytest.mark.parametrize(
    "words",
    [["list"], ["show", "ssd300"], ["search", "small"], ["compare", "ssd300", "unet"], ["recipes"], ["card", "check"],
     ["--help"], ["fit", "ssd300", "--profile", "profile.json"]],
)  # fmt: skip
def test_browsing_imports_neither_torch_nor_lightning(tmp_path: Path, words: list[str]) -> None:
    make_profile(rotated=True).save(tmp_path / "profile.json")  # no option of ssd300 mends that
    program = (
        "import sys; from tools.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('torch', 'timm', 'pytorch_lightning', 'numpy') if m in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "ZOO_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == "[]\n", done.stderr
    assert done.returncode == (1 if words[0] == "fit" else 0)


def test_a_warm_list_imports_no_schema(tmp_path: Path) -> None:
    """The index answers alone: the cards' modules cost half of the time that `zoo list` has."""
    program = "import sys, zoo.registry.index; zoo.registry.index.load(); print('zoo.registry.cards' in sys.modules)"
    environment = {**os.environ, "ZOO_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    said = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]


def test_the_list_names_every_model(run: Zoo) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1 : len(zoo.cards()) + 1]] == [
        card.name for card in sorted(zoo.cards().values(), key=lambda c: (c.task == "backbone", c.task, c.name))
    ]
    assert "\033" not in out
    assert "zoo show NAME" in out


def test_filters_and_orders(run: Zoo, card_root: Path) -> None:
    def names(*words: str) -> list[str]:
        return [entry["name"] for entry in json.loads(run("list", "--json", *words)[1])]

    assert set(names("--task", "detection")) >= {"tiny", "ssd300"}
    assert all(zoo.card(name).task == "detection" for name in names("--task", "detection"))
    assert "tiny" in names("--max-params", "1.3k")
    assert "tiny" not in names("--max-params", "1k")
    assert "tiny" in names("--domain", "satellite")
    assert "tiny" not in names("--commercial", "yes")
    assert names("--status", "obsolete") == []
    sizes = [zoo.card(name).parameters for name in names("--sort", "size")]
    known = [size for size in sizes if size is not None]
    assert known == sorted(known)
    assert sizes[: len(known)] == known


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lst",), "no command 'lst' in `zoo`; did you mean list"),
        (("card", "chek"), "no command 'chek' in `zoo card`; did you mean check"),
        (("show", "ssd30"), "no model 'ssd30'; did you mean ssd300"),
        (("list", "--task", "detect"), "--task detect is not known; did you mean detection"),
        (("list", "--max-params", "big"), "--max-params 'big' is not a positive number with one of the units k, M, G"),
        (("list", "--sort", "age"), "--sort age is not known"),
        (("compare", "ssd300"), "zoo compare needs two models"),
        (("recipes", "show", "satelite_trees"), "no recipe 'satelite_trees'; did you mean satellite_trees"),
        (("card", "check", "ssd30"), "no card 'ssd30'; did you mean ssd300"),
        (("card", "check", "--write"), "give both"),
        (("fit", "ssd300"), "needs --data NAME"),
        (("fit", "ssd300", "--data", "satelite"), "data=satelite"),
        (("fit", "--data", "satelite"), "no data 'satelite'; did you mean satellite"),
        (("fit", "--data", "satellite", "--task", "sequence"), "it serves detection, segmentation"),
        (("fit", "tf_efficientnet_lite0", "--data", "satellite"), "is a backbone"),
        (("fit", "ssd300", "--profile", "no.json"), "profile no.json cannot be read"),
    ],
)
def test_a_lost_user_is_helped_in_one_sentence(run: Zoo, words: tuple[str, ...], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err.replace(", it", "; it")
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_a_broken_card_does_not_hide_the_others(run: Zoo, card_root: Path) -> None:
    (card_root / "broken.md").write_text("---\nname: broken\n---\n", encoding="utf-8")
    code, out, err = run("list")
    assert code == 2
    assert "tiny" in out
    assert f"card {card_root / 'broken.md'}: field 'task' is missing" in err
    code, out, _ = run("card", "check")
    assert code == 1
    assert "2 wrong" in out
    assert f"tiny_code:build: there is no file {card_root / 'tiny_code'}.py" in out
    assert run("show", "tiny")[0] == 0


def test_the_card_is_shown_whole(run: Zoo, card_root: Path) -> None:
    _, out, _ = run("show", "tiny")
    for part in ("A detector for tests.", "CC-BY-NC-4.0", "not for commercial use", "20", "hf://owner/repo@main",
                 "no checksum", "1.23 k", "A. Author", "night", "It detects nothing.", "zoo fit tiny --data"):  # fmt: skip
        assert part in out, part
    shown = json.loads(run("show", "tiny", "--json")[1])
    assert shown["weights"][0]["tag"] == "first"


def test_a_card_cannot_steer_the_terminal(run: Zoo, card_root: Path) -> None:
    text = CARD.format(name="tiny").replace("A detector for tests.", '"\\e]0;owned\\a [bold]x[/bold]"')
    (card_root / "tiny.md").write_text(text.replace("It detects nothing.", "\x1b[2Jgone"), encoding="utf-8")
    for words in (("show", "tiny"), ("list",), ("search", "tiny"), ("compare", "tiny", "ssd300")):
        _, out, _ = run(*words)
        assert "\x1b" not in out
        assert "\a" not in out
    assert "[bold]x[/bold]" in run("show", "tiny")[1]


def test_comparing_shows_where_models_differ(run: Zoo) -> None:
    _, out, _ = run("compare", "kestrel_nano", "ssd300")
    assert "the same: task" in out
    assert "\ntask " not in out
    whole = json.loads(run("compare", "kestrel_nano", "ssd300", "--json")[1])
    assert whole["task"] == {"kestrel_nano": "detection", "ssd300": "detection"}
    assert "\ntask " in run("compare", "kestrel_nano", "ssd300", "--all")[1]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("ssd300", "ssd300"),
        ("satelite trees", "satellite_trees"),
        ("microcontrolers keyword", "ds_cnn_s"),
        ("ronneberger", "unet"),
    ],
)
def test_search_forgives_slips_and_reads_everything(run: Zoo, words: str, first: str) -> None:
    code, out, _ = run("search", "--json", words)
    assert code == 0
    assert json.loads(out)[0]["name"] == first


def test_search_ranks_names_over_texts_and_says_when_nothing_is_found(run: Zoo) -> None:
    name = searching.Found("crowns", "x", "", searching.weighted(("crowns", searching.NAME)))
    text = searching.Found("a", "x", "", searching.weighted(("about tree crowns", searching.TEXT)))
    assert searching.search([text, name], ["crowns"]) == [name, text]
    assert searching.search([text, name], ["crowns", "tree"]) == [text]
    code, out, _ = run("search", "qqqqqqq")
    assert code == 1
    assert "zoo list" in out


def test_a_recipe_chooses_what_the_one_that_it_begins_with_does(tmp_path: Path) -> None:
    """Two that begin with each other are wrong, but not the end of the list."""
    (tmp_path / "first.yaml").write_text(
        "# First.\ndefaults:\n  - override /task: sequence\n  - override /data: wells\n"
    )
    (tmp_path / "second.yaml").write_text("# Second.\ndefaults:\n  - first\n  - override /model: gru\n  - _self_\n")
    second = recipe_book.read(tmp_path / "second.yaml")
    assert (second.task, second.data, second.model) == ("sequence", "wells", "gru")
    (tmp_path / "first.yaml").write_text("# First.\ndefaults:\n  - second\n  - _self_\n")
    assert recipe_book.read(tmp_path / "first.yaml").model == "gru"


def test_recipes_are_read_from_their_headers(run: Zoo, card_root: Path) -> None:
    (card_root / "recipes").mkdir()
    text = (
        "# @package _global_\n# My own trees.\n# paper: none\n# command: python train.py recipes=mine\n"
        "# minutes: 3.1 on 2 threads\n# expected: test/map_50 0.512, median of 3 seeds\n"
        "defaults:\n  - override /task: detection\n  - override /data: satellite\n  - override /model: ssd300\nseed: 7\n"
    )
    (card_root / "recipes" / "mine.yaml").write_text(text, encoding="utf-8")
    listed = {recipe["name"]: recipe for recipe in json.loads(run("recipes", "--json")[1])}
    assert listed["mine"]["model"] == "ssd300"
    assert "test/map_50 0.512" in run("recipes")[1]
    shown = run("recipes", "show", "mine")[1]
    for part in ("My own trees.", "3.1 on 2 threads", "override /model: ssd300", "next: python train.py recipes=mine"):
        assert part in shown
    words = [sys.executable, str(ROOT / "train.py"), "recipes=mine", "--cfg", "job"]
    composed = yaml.safe_load(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert (composed["model"]["name"], composed["seed"]) == ("ssd300", 7)
    (card_root / "recipes" / "satellite_trees.yaml").write_text(text, encoding="utf-8")
    assert "two recipes are named 'satellite_trees'" in run("recipes")[2]


def test_a_fit_against_a_profile_ends_with_a_code(run: Zoo, tmp_path: Path, card_root: Path) -> None:
    path = tmp_path / "profile.json"
    make_profile(rotated=0.61).save(path)
    code, out, _ = run("fit", "tiny", "--profile", str(path))
    assert code == 1
    assert "model.geometry=rotated_box" in out
    code, out, _ = run("fit", "tiny", "--profile", str(path), "model.geometry=rotated_box", "data.overlap=64", "--json")
    assert (code, {row["verdict"] for row in json.loads(out)["rows"]} - {"mismatch"}) == (
        0,
        {"fits", "adapted", "note"},
    )
    code, out, _ = run("fit", "--profile", str(path), "--json")
    assert code == 0
    ranked = json.loads(out)
    assert [row["mismatches"] for row in ranked] == sorted(row["mismatches"] for row in ranked)
    assert {row["name"] for row in ranked} == {card.name for card in zoo.cards().values() if card.task == "detection"}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_columns_keep_to_the_terminal_and_cut_no_name(width: int) -> None:
    rows = [("a_model_with_a_long_name", "12M", "words " * 30), ("b", "3k", "")]
    text = columns.table(("name", "size", "what"), rows, right=("size",), width=width)
    assert max(map(len, text.splitlines())) <= max(width, len(rows[0][0]) + 2 + 4 + 2 + columns.NARROW)
    assert rows[0][0] in text
    assert text.count("words") == 30
    assert columns.table(("name", "size", "what"), rows).splitlines()[1].count("words") == 30


def test_a_closed_pipe_and_an_interrupt_are_quiet(monkeypatch: pytest.MonkeyPatch, run: Zoo) -> None:
    done = subprocess.run(
        f"{sys.executable} -m tools.cli show ssd300 | true", shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stderr == ""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "load", interrupted)
    code, out, err = run("list")
    assert (code, out, err) == (130, "", "")
