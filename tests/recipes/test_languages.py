"""The language of prompts: what is one text, what stays together in a split, and the lists as Debian has them."""

import gzip
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.text import languages
from recipes.text.asterisk import Line, read
from recipes.text.languages import LISTS, Languages, different, prompts_of, uri
from zoo.errors import ZooError

#: Words that no two languages share.
STEMS = {"en": "thing", "es": "cosa", "fr": "chose", "it": "oggetto", "ru": "вещь"}
LETTERS = "bcdfghjklmnpqrstvwxz"


def lines(*said: str) -> list[Line]:
    return read(said)


def write(root: Path, lists: Mapping[str, Sequence[str]]) -> None:
    """Write the list of each language below a mirror; the Italian one begins with a mark, as Debian's."""
    for language, rows in lists.items():
        path = root / uri(language).replace("://", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("\n".join(rows).encode("utf-8-sig" if language == "it" else "utf-8")))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with fifty prompts in five languages, each under two names, and what is no prompt of one language."""
    monkeypatch.setattr(languages, "LISTS", dict.fromkeys(LISTS))
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    ends = ["".join(pair) for pair in itertools.islice(itertools.product(LETTERS, repeat=2), 50)]
    write(
        tmp_path,
        {
            language: [
                f"; the list of {language}",
                *(f"p{i}: {stem}{end}{' again' * (i % 3)}, 1." for i, end in enumerate(ends)),
                *(f"again{i}: {stem.upper()}{end.upper()}{' AGAIN' * (i % 3)} (2)" for i, end in enumerate(ends)),
                "beep: [a tone]",
                "hotel: Hotel!",
            ]
            for language, stem in STEMS.items()
        },
    )
    return tmp_path


def module(reading: dict[str, Any] | None = None, **loading: Any) -> Languages:
    made = Languages("languages", **{"batch_size": 8, **(reading or {}), **loading})
    made.prepare_data()
    made.setup()
    return made


def names(made: Languages, part: str) -> set[str]:
    """Return the prompts of a part, whatever their language."""
    return {text.name.partition("/")[2].partition(":")[0] for text in made.split.parts[part]}


def test_prompts_become_batches(mirror: Path) -> None:
    made = module()
    assert made.classes == tuple(LISTS)
    assert {part: len(texts) for part, texts in made.split.parts.items()} == {"train": 175, "val": 25, "test": 50}
    for one, other in itertools.combinations(("train", "val", "test"), 2):
        assert not names(made, one) & names(made, other), "a prompt is in one part in all its languages"
    for part in ("train", "val", "test"):
        assert {text.label for text in made.split.parts[part]} == {0, 1, 2, 3, 4}
    batch = next(iter(made.test_dataloader()))
    for label, words in zip(batch["labels"].tolist(), batch["words"], strict=True):
        assert words[0].startswith(STEMS[made.classes[label]])
        assert words[1:] in {(), ("again",), ("again", "again")}
    assert made.picture(batch["names"][0]).std() > 5
    notes = " ".join(made.profile().notes)
    assert "1 texts are the same in two languages or more (hotel) and were left out" in notes
    assert "250 prompts say what another of their language says" in notes
    assert made.profile().licence == "CC-BY-SA-3.0"


def test_what_is_asked_for_leaves_the_split_as_it_is(mirror: Path) -> None:
    every, some = module(), module({"languages": ["fr", "en"], "longest": 1})
    assert some.classes == ("fr", "en")
    for part, texts in some.split.parts.items():
        assert {text.name for text in texts} == {
            text.name
            for text in every.split.parts[part]
            if text.name[:2] in {"fr", "en"} and len(text.words) == 1
        }  # fmt: skip
        assert {text.name[:2]: text.label for text in texts} == {"fr": 0, "en": 1}
    assert "only prompts of at most 1 words were taken" in " ".join(some.split.notes)
    assert names(module({"split_seed": 1}), "test") != names(every, "test")


def test_a_run_knows_its_languages_on_others(mirror: Path) -> None:
    first = module({"languages": ["it", "ru", "en"]})
    other = Languages("languages", **{"languages": ["en", "ru"]})
    other.restore(first.fitted())
    other.setup()
    assert other.classes == ("it", "ru", "en")
    assert {text.name[:2]: text.label for text in other.split.parts["test"]} == {"en": 2, "ru": 1}
    strange = Languages("languages", **{"languages": ["en", "fr"]})
    strange.restore(first.fitted())
    with pytest.raises(ZooError, match="has 'fr', which training had not; it had it, ru, en"):
        strange.setup()


def test_what_is_said_is_words_of_letters() -> None:
    lists = {"fr": lines("a: Appuyez sur 1 (un), l'été… [bip]", "b: [bip]", "c: 1 2", "d:", "a: Là")}
    assert [(p.name, p.words) for p in prompts_of(lists)] == [
        ("fr/a:1", ("appuyez", "sur", "l", "été")),
        ("fr/a:5", ("là",)),
    ]


def test_texts_of_two_languages_are_left_out() -> None:
    lists = {
        "en": lines("a: Hotel", "b: Yes", "c: yes!", "d: no"),
        "es": lines("a: Hotel", "b: Sí", "d: No"),
        "fr": lines("d: non"),
    }
    kept, notes = different(prompts_of(lists))
    assert [prompt.name for prompt in kept] == ["en/b:2", "es/b:2", "fr/d:1"]
    assert len(notes) == 2
    assert notes[0].startswith("2 texts are the same in two languages or more (no, hotel)")
    assert notes[1].startswith("1 prompts say what another of their language says")
    assert different(prompts_of({"fr": lines("d: non")}))[1] == []


@given(rows=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9), st.integers(0, 9)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_one_name_or_one_text_is_one_group(rows: list[tuple[str, int, int]]) -> None:
    lists = {
        language: lines(*(f"{name}: {'x' * (first + 1)} {'y' * second}" for name, first, second in rows[start::2]))
        for start, language in enumerate(("en", "es"))
    }
    prompts = prompts_of(lists)
    assert len(prompts) == len(rows)
    for one, other in itertools.combinations(prompts, 2):
        if one.words == other.words or one.name[3] == other.name[3]:
            assert one.group == other.group
    groups = {prompt.group for prompt in prompts}
    linked = {frozenset(p.name[3] for p in prompts if p.group == group) for group in groups}
    assert sum(map(len, linked)) == len(frozenset().union(*linked)), "no name is in two groups"
    if len({prompt.words for prompt in prompts}) == len(prompts):
        assert len(groups) == len({name for name, _, _ in rows}), "what shares nothing is not linked"


@pytest.mark.parametrize(
    ("reading", "match"),
    [
        (
            {"languages": ["en", "de"]},
            "data.languages=de is not known; .* it is en, es, fr, it, ru",
        ),
        ({"languages": ["en"]}, r"data.languages=\['en'\] must be two or more, each once"),
        ({"languages": ["en", "fr", "en"]}, "must be two or more, each once"),
        ({"longest": 0}, "data.longest=0 must be 1 word or more, or null"),
    ],
)
def test_what_cannot_be_asked_for(reading: dict[str, Any], match: str) -> None:
    with pytest.raises(ZooError, match=match):
        Languages("languages", **reading)


def test_parts_without_texts_and_broken_lists(mirror: Path) -> None:
    few = module({"ratios": [0.998, 0.001, 0.001]})
    assert all(few.split.parts.values()), "a split that could hold something is not empty"
    with pytest.raises(ZooError, match=r"data.ratios=\[0.5, 0.5\] must be 3 positive shares"):
        module({"ratios": [0.5, 0.5]})
    write(mirror, {"fr": ["activé"]})
    with pytest.raises(ZooError, match="line 1 of the transcripts, 'activé', does not read as"):
        module()


@pytest.mark.real
def test_the_real_lists() -> None:
    made = module()
    counts = {part: len(texts) for part, texts in made.split.parts.items()}
    assert counts == {"train": 1514, "val": 221, "test": 452}
    everything = [text for texts in made.split.parts.values() for text in texts]
    assert len({text.words for text in everything}) == len(everything)
    per_language = [[text for text in everything if text.label == label] for label in range(5)]
    assert min(map(len, per_language)) > 350
    # the words that each language has and the others have not, so that no list is of another's language
    for said, word in zip(per_language, ("the", "usted", "vous", "premere", "нажмите"), strict=True):
        assert sum(word in text.words for text in said) > 10
        assert sum(word in text.words for text in everything) == sum(word in text.words for text in said)
    for one, other in itertools.combinations(("train", "val", "test"), 2):
        assert not names(made, one) & names(made, other)
