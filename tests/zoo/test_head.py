"""Heads are data from strangers: plain values come back as they were, everything else is refused with a sentence."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.registry import front_matter

HERE = Path("card.md")
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


#: without control characters, which JSON and YAML write differently, and without halves of a character
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co", "Cs", "Zl", "Zp")), max_size=9)


def finite(inner: Any) -> Any:
    return st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    finite,
    max_leaves=20,
)


@given(st.dictionaries(WORDS, VALUES))
def test_what_json_can_say_comes_back(value: dict[str, Any]) -> None:
    assert front_matter.parse(json.dumps(value, ensure_ascii=False), HERE) == value


@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>#'\"\n ?,%@0.1é\t"), max_size=60))
def test_any_text_is_a_mapping_or_a_sentence(text: str) -> None:
    said = ""
    try:
        data, _ = front_matter.split(f"---\n{text}\n---\n", HERE)
    except ZooError as error:
        said = str(error)
    assert said.startswith("card card.md") or isinstance(data, dict)


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("2026-11-22", "2026-11-22"), ("12:30", "12:30"), ("1_0", "1_0"), ("0x1f", "0x1f"), ("'1'", "1"),
     ("1e5", 1e5), ("-.5", -0.5), ("+3", 3), ("TRUE", True), ("~", None), ("", None), ("9" * 50, "9" * 50)],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = front_matter.parse(f"a: {text}", HERE)["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system [ls]", "line 2: the tag"),
        ("x: 1\na: !!str b", "line 3: the tag"),
        ("a: ! b", "the tag '!'"),
        (BOMB, "anchors"),
        ("b: *x", "aliases"),
        ("a: 1\nb: 2\na: 3", "line 4: the key 'a' is there twice"),
        ("[a]: 1", "a key must be a word"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "nested deeper than 20"),
        ("{a: " * 100_000, "nested deeper than 20"),
        ("a: 1\n--- \nb: 2", "a second document"),
        ("- 1", "must be a mapping, not list"),
        ("a: b: c", "line 2: not plain YAML"),
        ("a: \x07", "not plain YAML"),
    ],
)
def test_what_is_no_plain_data_is_refused(text: str, said: str) -> None:
    with pytest.raises(ZooError) as raised:
        front_matter.split(f"---\n{text}\n---\n", HERE)
    assert said in str(raised.value)


@pytest.mark.parametrize("text", ["", "no head", "---\nopen: 1\n", "--- \na: 1\n---\n"])
def test_a_card_without_a_head_is_refused(text: str) -> None:
    with pytest.raises(ZooError, match="has no YAML head"):
        front_matter.split(text, HERE)


def test_html_below_the_head_is_text() -> None:
    assert front_matter.split("---\na: 1\n---\n\n<script>x</script>\n", HERE) == ({"a": 1}, "<script>x</script>\n")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    path.touch()
    os.truncate(path, 50_000_000)
    with pytest.raises(ZooError, match="has 50000000 bytes; such a file has at most 1000000"):
        front_matter.load(path)


def test_a_device_and_a_foreign_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="is not a file"):
        front_matter.load(Path(os.devnull))
    path = tmp_path / "latin.md"
    path.write_bytes("---\na: é\n---\n".encode("latin-1"))
    with pytest.raises(ZooError, match="is not UTF-8"):
        front_matter.load(path)
