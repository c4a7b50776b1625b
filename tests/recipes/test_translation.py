"""Pairs of texts: the generated grammar, tables and parallel files, vocabularies, and bad input."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.translation import captions, generated
from recipes.translation.generated import cardinal, corpus, ordinal, spoken_year
from recipes.translation.module import Translation
from tasks.objectives.translate import Translate
from tests.recipes.texts import write_table
from zoo.errors import ZooError
from zoo.sequence.beam import Written
from zoo.sequence.vocabulary import MARKS

WORDS = {"kind": "words", "size": 60}


def module(
    settings: dict[str, Any], source: dict[str, Any] = WORDS, target: dict[str, Any] = WORDS, file: Any = None
) -> Translation:
    made = Translation("pairs", source, target, root=file, objectives=["translate"], **{"batch_size": 4, **settings})
    made.setup()
    return made


def pairs(count: int) -> list[tuple[str, str]]:
    return [(f"number {i} here", f"hier Nummer {i}") for i in range(count)]


@pytest.mark.parametrize(("value", "words"), [
    (0, "zero"), (13, "thirteen"), (40, "forty"), (99, "ninety-nine"), (100, "one hundred"),
    (115, "one hundred and fifteen"), (1001, "one thousand and one"), (1200, "one thousand two hundred"),
    (999999, "nine hundred and ninety-nine thousand nine hundred and ninety-nine"),
])  # fmt: skip
def test_cardinals(value: int, words: str) -> None:
    assert cardinal(value) == words


def test_ordinals_and_years() -> None:
    said = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth",
        20: "twentieth", 21: "twenty-first", 30: "thirtieth", 31: "thirty-first"}  # fmt: skip
    assert {value: ordinal(value) for value in said} == said
    assert [spoken_year(y) for y in (1900, 1907, 1987, 2000, 2009, 2026)] == [
        "nineteen hundred", "nineteen oh seven", "nineteen eighty-seven", "two thousand",
        "two thousand and nine", "twenty twenty-six",
    ]  # fmt: skip


@given(one=st.integers(0, 999_999), other=st.integers(0, 999_999))
@settings(max_examples=60, deadline=None)
def test_numbers_in_words_are_told_apart(one: int, other: int) -> None:
    assert (cardinal(one) == cardinal(other)) == (one == other)


def test_the_generated_corpus_is_seeded_and_has_no_twins() -> None:
    made = corpus(3000, 0)
    assert made == corpus(3000, 0)
    assert made != corpus(3000, 1)
    for part in ("source", "target", "content"):
        assert len({getattr(pair, part) for pair in made}) == 3000
    turned = corpus(50, 0, "figures")
    assert [(pair.target, pair.source) for pair in turned] == [(pair.source, pair.target) for pair in made[:50]]
    assert not any(sign.isdigit() for pair in made for sign in pair.target)
    parts = generated.parts(made, 200, 300)
    assert [len(parts[part]) for part in ("train", "val", "test")] == [2500, 200, 300]
    with pytest.raises(ZooError, match="data.into=word is not known; did you mean words"):
        corpus(1, 0, "word")


def test_generated_pairs_become_batches() -> None:
    made = module({"generated": 200}, {"kind": "characters", "size": 100}, {"kind": "pieces", "size": 120})
    batch = next(iter(made.test_dataloader()))
    source, target = made.known
    assert batch["inputs"].shape == (4, int(batch["lengths"].max()), 1)
    for row, length in enumerate(batch["token_lengths"].tolist()):
        assert target.decode(batch["tokens"][row, :length].tolist()) == batch["texts"][row]
        assert not batch["tokens"][row, length:].any()
        assert len(batch["words"][row]) == int(batch["lengths"][row])
    assert made.classes[:4] == MARKS
    assert len(made.classes) == 120
    assert "generated" in made.profile().notes[0]
    assert made.profile().vocabulary == len(source)
    assert made.picture(batch["names"][0]).std() > 5


@pytest.mark.parametrize("kind", ["table", "files"])
def test_pairs_of_ones_own(tmp_path: Path, kind: str) -> None:
    if kind == "table":
        path = write_table(tmp_path / "t.csv", [("en", "de"), *pairs(40), ("", "leer"), ("empty", " ")], ";")
        made = module({"columns": {"source": "en", "target": "de"}, "ratios": [0.5, 0.25, 0.25]}, file=str(path))
    else:
        both = [*pairs(40), ("", "leer"), ("empty", "")]
        for side, name in enumerate(("a.txt", "b.txt")):
            (tmp_path / name).write_text("\n".join(pair[side] for pair in both) + "\n", encoding="utf-8")
        files = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
        made = module({"ratios": [0.5, 0.25, 0.25]}, file=files)
    parts = {part: len(made.dataset(part)) for part in ("train", "val", "test")}
    assert parts == {"train": 20, "val": 10, "test": 10}
    assert "2 pairs have an empty side and were left out" in made.profile().notes
    sources = [{pair.source for pair in made.read[0][part]} for part in parts]
    assert not sources[0] & sources[2]
    assert all(pair.target == f"hier Nummer {pair.source.split()[1]}" for pair in made.read[0]["train"])


def test_the_same_source_is_in_one_split_and_the_same_target_is_said(tmp_path: Path) -> None:
    rows = [("source", "target"), *[(f"say {i % 30} again", f"sag {i % 5}") for i in range(60)]]
    made = module({"ratios": [0.6, 0.2, 0.2]}, file=str(write_table(tmp_path / "t.csv", rows)))
    train, test = ({pair.source for pair in made.read[0][part]} for part in ("train", "test"))
    assert not train & test
    assert "training texts stand in val or test too" in made.profile().notes[0]


def test_vocabularies_are_of_training_alone_and_travel(tmp_path: Path) -> None:
    made = module({}, file=str(write_table(tmp_path / "t.csv", [("source", "target"), *pairs(40)])))
    train = " ".join(pair.source for pair in made.read[0]["train"]).split()
    assert set(made.known[0].tokens[4:]) == set(train)
    other = Translation("pairs", WORDS, WORDS, generated=50, batch_size=4)
    other.restore(json.loads(json.dumps(made.fitted())))
    other.setup()
    assert other.classes == made.classes
    assert other.known == made.known


def test_long_pairs_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [("source", "target"), *pairs(60), *[(f"{i} " + "very " * 50, "lang") for i in range(20)]]
    made = module({"longest": 10, "ratios": [0.6, 0.2, 0.2]}, file=str(write_table(tmp_path / "t.csv", rows)))
    assert any("20 pairs have a side of more than 10 tokens" in note for note in made.profile().notes)
    assert sum(len(made.dataset(part)) for part in ("train", "val", "test")) == 60


def test_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("eins\nzwei\n", encoding="utf-8")
    files = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    with pytest.raises(ZooError, match=r"a.txt has 3 lines and .*b.txt has 2"):
        module({}, file=files)
    (tmp_path / "none.txt").write_text("", encoding="utf-8")
    with pytest.raises(ZooError, match=r"a.txt has 3 lines and .*none.txt has 0"):
        module({}, file=[files[0], str(tmp_path / "none.txt")])
    with pytest.raises(ZooError, match="must be a table, or two files"):
        module({}, file=[*files, "c"])
    (tmp_path / "c.txt").write_text("\n\n\n", encoding="utf-8")
    with pytest.raises(ZooError, match="no pair with a source and a target"):
        module({}, file=[files[0], str(tmp_path / "c.txt")])
    table = str(write_table(tmp_path / "t.csv", [("en", "de"), *pairs(20)]))
    with pytest.raises(ZooError, match="no column called source"):
        module({}, file=table)
    with pytest.raises(ZooError, match="sources and targets are two"):
        module({"columns": {"source": "en", "target": "en"}}, file=table)
    with pytest.raises(ZooError, match="no pairs in its split 'train'"):
        module({"columns": {"source": "en", "target": "de"}, "longest": 2}, file=table)


def packed(folder: Path, counts: tuple[int, int] = (6, 6)) -> list[Path]:
    """Write the six files of captions, a few lines each; of the last pair so many in English and in French."""
    paths = []
    for part in captions.FILES:
        for language, count in zip(("en", "fr"), counts if part == "test" else (6, 6), strict=True):
            path = folder / f"{part}.{language}.gz"
            path.write_bytes(gzip.compress("".join(f"{language} {part} {i}\n" for i in range(count)).encode()))
            paths.append(path)
    return paths


def test_captions_keep_their_own_split(tmp_path: Path) -> None:
    parts = captions.read(packed(tmp_path))
    assert {part: len(pairs) for part, pairs in parts.items()} == {"train": 6, "val": 6, "test": 6}
    one = parts["val"][2]
    assert (one.name, one.source, one.target) == ("val:3", "en val 2", "fr val 2")
    with pytest.raises(ZooError, match=r"test.fr.gz have 6 and 5 lines"):
        captions.read(packed(tmp_path, (6, 5)))


def test_sentences_beside_the_test_are_translated_and_not_counted() -> None:
    made = module({"generated": 40, "beside": ["five  apples"]})
    *others, one = made.split.parts["test"]
    assert (one.source, one.target) == ("five apples", "")
    assert all(pair.target for pair in others)
    batch = made.collate([made.read_sample(others[0]), made.read_sample(one)])
    assert batch["texts"] == [others[0].target, ""]
    assert batch["token_lengths"].tolist()[1] == 0
    objective = Translate(made.classes)
    said = [made.known[1].encode(others[0].target), [5, 6]]
    written = [Written(tuple(tokens), 0.0, torch.zeros(len(tokens), 3), True) for tokens in said]
    objective.update(written, batch)
    found = objective.compute()
    assert (found["exact"], found["bleu"]) == (1.0, pytest.approx(100.0))


def test_a_set_that_is_not_known_is_refused() -> None:
    with pytest.raises(ZooError, match="data.set=caption is not known; did you mean captions"):
        module({"set": "caption"})
