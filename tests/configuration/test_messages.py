"""What is said about words that Hydra does not read."""

import re
import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from configuration.composition import compose
from configuration.groups import CONF, OPTIONAL
from configuration.messages import quote
from zoo.errors import ZooError

FOLDER = ("task=detection", "data=folder")


@pytest.mark.parametrize(
    "root", ["a(b)", "a=b", "it's", "[x", "{a", "a{b}", "a b;c", "~/d", 'a"b', "a,b(c)", "größe", "a,b"]
)
def test_the_way_out_that_is_told_is_one(root: str) -> None:
    with pytest.raises(ZooError, match="in quotes") as refused:
        compose([*FOLDER, f"data.root={root}"])
    told = str(refused.value).partition(": 'data.root")
    word = shlex.split(f"'data.root{told[2].partition(', and a list is')[0]}")[0]
    assert compose([*FOLDER, word]).data.root == root


@given(st.text(st.sampled_from("\\\\\"'$ ,=[{") | st.characters(exclude_categories=["C"]), max_size=8))
def test_any_text_is_read_whole_in_quotes(text: str) -> None:
    assert OverridesParser.create().parse_override(quote("data.root", text)).value() == text


@pytest.mark.parametrize("words", [["recipes=mine"], ["recipes=longer"], ["task=detection", "data=mine"]])
def test_an_unknown_name_in_a_file_of_ones_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for folder in ("recipes", "conf/data"):
        (tmp_path / folder).mkdir(parents=True)
    head = "# @package _global_\n# Mine.\ndefaults:\n"
    chosen = "  - override /task: detection\n  - override /data: satellite\n  - override /augment: lihgt # mild\n"
    (tmp_path / "recipes/mine.yaml").write_text(head + chosen)
    (tmp_path / "recipes/longer.yaml").write_text(f"{head}  - mine\n  - _self_\ntrainer:\n  max_epochs: 9\n")
    (tmp_path / "conf/data/mine.yaml").write_text(f"{head}  - optional override /augment: lihgt\n")
    monkeypatch.setenv("ZOO_PATH", str(tmp_path))
    with pytest.raises(ZooError, match=r"mine\.yaml: override /augment=lihgt is not known; did you mean light"):
        compose(words)


def test_an_unknown_name_in_an_optional_group_is_refused() -> None:
    """Hydra passes over it."""
    assert set(re.findall(r"optional (\w+):", (CONF / "train.yaml").read_text())) == set(OPTIONAL)
    with pytest.raises(ZooError, match="augment=lihgt is not known; did you mean light"):
        compose(["task=detection", "data=satellite", "augment=lihgt"])
    with pytest.raises(ZooError, match="loss=focl is not known; did you mean focal"):
        compose(["task=segmentation", "data=satellite", "loss=focl"])
    assert compose(["task=detection", "data=satellite", "augment=none"]).task.name == "detection"
