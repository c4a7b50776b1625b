"""Texts from tables and CoNLL files: splits, vocabularies of the training split alone, augmentation, and bad input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import generator
from recipes.kit.split import draw
from recipes.kit.table import read_table
from recipes.text import thesaurus
from recipes.text.augment import Drop, Swap, Synonyms, Typos, neighbours
from recipes.text.entities import Entities
from recipes.text.text import Text
from recipes.text.topics import Topics
from tests.recipes.texts import NAMES, sentences, topics, write_conll, write_table
from zoo.errors import ZooError
from zoo.sequence.vocabulary import UNKNOWN

HEAD = ("text", "label")


def module(path: Path, reading: dict[str, Any] | None = None, **loading: Any) -> Topics:
    made = Topics("topics", root=str(path), **{"batch_size": 8, "lower": True, **(reading or {}), **loading})
    made.setup()
    return made


def entities(root: Path, reading: dict[str, Any] | None = None, **loading: Any) -> Entities:
    made = Entities("entities", root=str(root), **{"batch_size": 8, **(reading or {}), **loading})
    made.setup()
    return made


def test_a_table_becomes_batches(tmp_path: Path) -> None:
    made = module(write_table(tmp_path / "t.csv", [HEAD, *topics(120)]))
    assert made.classes == ("food", "money", "sport")
    assert {part: len(texts) for part, texts in made.split.parts.items()} == {"train": 96, "val": 12, "test": 12}
    for part in ("val", "test"):
        assert {text.label for text in made.split.parts[part]} == {0, 1, 2}, "each class is split alike"
    batch = next(iter(made.test_dataloader()))
    B, T, F = batch["inputs"].shape
    assert (B, F) == (8, 21)
    assert batch["inputs"].dtype == torch.int64
    assert int(batch["lengths"].max()) == T
    row, length = batch["inputs"][0], int(batch["lengths"][0])
    assert not row[length:].any()
    word = batch["words"][0][0]
    assert "".join(map(chr, row[0, 1 : len(word) + 3].tolist())) == f"<{word}>"
    assert made.picture(batch["names"][0]).std() > 5
    profile = made.profile()
    assert profile.vocabulary == len(made.encoded.vocabulary)
    assert sum(profile.classes.values()) == 96


def test_the_vocabulary_is_of_the_training_split_alone(tmp_path: Path) -> None:
    rows = [
        ("soup soup", "food", "train"),
        ("bank bank", "money", "train"),
        ("soup zebra zebra", "food", "val"),
        ("bank yak yak", "money", "test"),
    ]
    made = module(write_table(tmp_path / "t.csv", [(*HEAD, "split"), *rows]))
    assert made.encoded.vocabulary.tokens[4:] == ("bank", "soup")
    assert made.encoded.encode(["ZEBRA", "Soup"])[:, 0].tolist() == [UNKNOWN, 5]
    assert "50.0%" not in made.profile().notes[-1]
    assert "66.7% of the test's are not in it" in made.profile().notes[-1]


def test_a_run_knows_its_vocabulary_and_classes_on_other_data(tmp_path: Path) -> None:
    import json

    first = module(write_table(tmp_path / "a.csv", [HEAD, *topics(60)]))
    fitted = json.loads(json.dumps(first.fitted()))
    two = [row for row in topics(60, seed=5) if row[1] != "money"]
    other = Topics("topics", root=str(write_table(tmp_path / "b.csv", [HEAD, *two])), batch_size=8)
    other.restore(fitted)
    other.setup()
    assert other.classes == first.classes
    assert other.encoded.vocabulary == first.encoded.vocabulary
    assert {text.label for text in other.split.parts["train"]} == {0, 2}


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), ("|", "utf-8-sig"), (",", "cp1252")]
)
def test_separators_and_encodings_are_found_out(tmp_path: Path, separator: str, encoding: str) -> None:
    rows = [("Größe, and; more", "a|b"), ("naïve\tcafé", "b"), ("x\ny", "b")]
    read = read_table(write_table(tmp_path / "t.csv", [HEAD, *rows], separator, encoding))
    assert list(read.rows) == rows
    assert bool(read.notes) == (encoding == "cp1252")


def test_rows_that_do_not_fit_are_refused_or_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\none,a\ntwo, with a comma,b\n\nthree,c\n", encoding="utf-8")
    with pytest.raises(ZooError, match="line 3 has 3 columns, its head has 2 .*put quotes around a text"):
        read_table(path)
    read = read_table(path, invalid="drop")
    assert read.rows == (("one", "a"), ("three", "c"))
    assert read.lines == (2, 5)
    assert "left out" in read.notes[0]


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [("words", "y"), ("a", "b")])
    with pytest.raises(ZooError, match=r"no column called text, .* its columns are words, y: say data.columns.text="):
        module(path)
    with pytest.raises(ZooError, match=r"has no column 'yy'; did you mean y"):
        module(path, {"columns": {"text": "words", "label": "yy"}})
    with pytest.raises(ZooError, match="no rows below a header"):
        module(write_table(tmp_path / "e.csv", [HEAD]))
    with pytest.raises(ZooError, match="not in ascii"):
        module(write_table(tmp_path / "u.csv", [HEAD, ("é", "a")]), {"encoding": "ascii"})
    with pytest.raises(ZooError, match="cannot be read"):
        module(tmp_path / "none.csv")
    with pytest.raises(ZooError, match="data.root=… is missing"):
        Topics("topics", Pipeline())
    rows = [("a b", "x", "train"), ("c d", "x", "test"), ("e", "x", "val")]
    with pytest.raises(ZooError, match="has one label in training, 'x'; two or more are needed: data.columns.label="):
        module(write_table(tmp_path / "one.csv", [(*HEAD, "split"), *rows]))
    rows = [("a b", "x", "train"), ("c d", "x", "tst"), ("e", "y", "val")]
    with pytest.raises(ZooError, match="line 3: the split 'tst' is not known; did you mean test"):
        module(write_table(tmp_path / "s.csv", [(*HEAD, "split"), *rows]))
    rows = [("a b", "x", "train"), ("c d", "xx", "test"), ("e", "x", "val")]
    with pytest.raises(ZooError, match="line 3: the label 'xx' is not among those of training; did you mean x"):
        module(write_table(tmp_path / "l.csv", [(*HEAD, "split"), *rows]))


def test_empty_and_long_texts_are_counted(tmp_path: Path) -> None:
    rows = [*topics(60), ("", "food"), ("   ", "food"), ("bank", ""), ("long " * 50, "food")]
    made = module(write_table(tmp_path / "t.csv", [HEAD, *rows]), {"longest": 20})
    notes = " ".join(made.split.notes)
    assert "3 rows have no text or no label and were left out" in notes
    assert "1 texts have more than 20 words and were cut" in notes
    assert max(len(text.words) for texts in made.split.parts.values() for text in texts) == 20


@pytest.mark.parametrize("leakage", ["note", "drop", "error"])
def test_texts_in_two_splits_are_counted(tmp_path: Path, leakage: str) -> None:
    rows = [
        ("soup", "food", "train"),
        ("bread", "food", "train"),
        ("bank", "money", "train"),
        ("cheese", "food", "train"),
        ("soup", "food", "test"),
        ("tax", "money", "test"),
        ("bread", "food", "val"),
    ]
    path = write_table(tmp_path / "t.csv", [(*HEAD, "split"), *rows])
    if leakage == "error":
        with pytest.raises(ZooError, match="2 training texts stand in val or test too"):
            module(path, {"leakage": leakage})
        return
    made = module(path, {"leakage": leakage})
    assert "2 training texts stand in val or test too (1 of 2 test texts)" in made.split.notes[-1]
    assert len(made.split.parts["train"]) == (4 if leakage == "note" else 2)


@given(contents=st.lists(st.integers(0, 12), min_size=20, max_size=80), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_drawn_splits_keep_what_is_the_same_together(contents: list[int], seed: int) -> None:
    parts = draw(list(enumerate(contents)), (0.6, 0.2, 0.2), seed, lambda item: item[1])
    where = [{content for _, content in parts[part]} for part in ("train", "val", "test")]
    assert not where[0] & where[1]
    assert not where[0] & where[2]
    assert not where[1] & where[2]
    assert sorted(item for part in parts.values() for item in part) == list(enumerate(contents))


def test_ratios_must_be_shares() -> None:
    with pytest.raises(ZooError, match=r"data.ratios=\[0.5, 0.5, 0\]"):
        draw([1], (0.5, 0.5, 0), 0, lambda item: item)


def test_conll_files_become_batches(tmp_path: Path) -> None:
    made = entities(write_conll(tmp_path / "c"))
    assert made.classes == ("O", "B-person", "B-place", "I-place")
    batch = next(iter(made.test_dataloader()))
    assert batch["tags"].shape == batch["inputs"].shape[:2]
    for row, length in enumerate(batch["lengths"].tolist()):
        assert (batch["tags"][row, length:] == -100).all()
        assert batch["tags"][row, 0] == 1
        assert batch["words"][row][0] in NAMES
        assert len(batch["words"][row]) == length
    assert made.profile().classes["B-person"] == 60


def test_broken_lines_of_conll(tmp_path: Path) -> None:
    root = write_conll(tmp_path / "c", (6, 3, 3))
    train = root / "train.txt"
    train.write_text(
        "-DOCSTART- -X- O\n\nAnna B-person\r\nsleeps O\n\nBruno\nruns\tO\n\n\n \t\nNew\tx\tB-place\nYork\tI-place\n",
        encoding="utf-8",
    )
    with pytest.raises(ZooError, match=r"train.txt, line 6: one column.*data.invalid=drop"):
        entities(root)
    made = entities(root, {"invalid": "drop"})
    assert "1 sentences of train.txt have a line without a label" in made.split.notes[0]
    assert [text.words for text in made.split.parts["train"]] == [("Anna", "sleeps"), ("New", "York")]
    assert [text.name for text in made.split.parts["train"]] == ["train:3", "train:11"]


def test_conll_folders_that_cannot_be_read(tmp_path: Path) -> None:
    root = write_conll(tmp_path / "c", (6, 3, 3))
    (root / "dev.txt").write_text("Anna\tB-persn\n", encoding="utf-8")
    with pytest.raises(ZooError, match="val has the label 'B-persn' .* did you mean B-person"):
        entities(root)
    (root / "dev.txt").write_bytes(b"Anna\tB-person\n\xff\tO\n")
    with pytest.raises(ZooError, match="not in UTF-8: byte 14"):
        entities(root)
    (root / "dev.txt").write_text("\n\n", encoding="utf-8")
    with pytest.raises(ZooError, match="holds no sentences"):
        entities(root)
    (root / "dev.txt").unlink()
    (root / "train.txt").unlink()
    with pytest.raises(ZooError, match=r"holds test.txt, and no file whose name has the word train"):
        entities(root)
    (root / "test.txt").unlink()
    with pytest.raises(ZooError, match="holds no CoNLL file; a line is a word, a tab and its label"):
        entities(root)
    with pytest.raises(ZooError, match="is neither a CoNLL file nor a folder"):
        entities(root / "absent.conll")


def conll(rows: Sequence[Sequence[tuple[str, str]]], every: int = 0) -> str:
    """Return sentences as CoNLL, a document begun before each so many of them."""
    blocks = ["\n".join(f"{word} {label}" for word, label in sentence) for sentence in rows]
    if every:
        blocks = [f"-DOCSTART- O\n\n{block}" if n % every == 0 else block for n, block in enumerate(blocks)]
    return "\n\n".join(blocks) + "\n"


def words_of(made: Entities) -> dict[str, set[tuple[str, ...]]]:
    return {part: {text.words for text in texts} for part, texts in made.split.parts.items()}


@pytest.mark.parametrize("place", ["all.conll", "folder/a.txt"])
def test_sentences_without_a_split_are_drawn_and_it_is_said(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    every = [*sentences(60, 0), *sentences(20, 0), [("Rare", "B-x")]]  # some twice, a label once
    file.write_text(conll(every))
    made = entities(file if file.suffix == ".conll" else file.parent)
    (said,) = [note for note in made.split.notes if "drawn" in note]
    counts = {part: len(texts) for part, texts in made.split.parts.items()}
    listed = ", ".join(f"{part} {n}" for part, n in counts.items())
    assert said == f"the files name no split; 81 sentences were drawn by sentence with data.split_seed=0: {listed}"
    assert sum(counts.values()) == 81
    assert counts["train"] > 50
    parts = words_of(made)
    assert not parts["train"] & parts["test"] | parts["train"] & parts["val"] | parts["val"] & parts["test"]
    assert ("Rare",) in parts["train"]
    assert words_of(entities(file)) == parts
    assert words_of(entities(file, {"split_seed": 1})) != parts


def test_documents_stay_whole_where_there_are_enough_of_them(tmp_path: Path) -> None:
    (tmp_path / "all.conll").write_text(conll([[(f"w{n}", "O"), ("x", "B-a")] for n in range(120)], every=4))
    made = entities(tmp_path)
    assert "drawn by document" in made.split.notes[0]
    documents = [{int(words[0][1:]) // 4 for words in part} for part in words_of(made).values()]
    assert sum(map(len, documents)) == 30
    assert all(len(part) >= 3 for part in documents)


def test_a_split_that_no_file_is_of_is_drawn_from_train(tmp_path: Path) -> None:
    root = write_conll(tmp_path / "c", (60, 6, 6))
    (root / "dev.txt").unlink()
    (root / "notes.txt").write_text("a line of words\nanother\n")
    (root / "all.conll").write_text("Anna B-person\n")
    made = entities(root)
    assert made.split.notes[:2] == (
        "1 file is of no split and was left out: all.conll",
        f"the files name no val; 60 sentences of train were drawn by sentence with data.split_seed=0: "
        f"train {len(made.split.parts['train'])}, val {len(made.split.parts['val'])}",
    )
    assert len(made.split.parts["test"]) == 6


def test_several_files_are_of_one_split_by_their_names_or_folders(tmp_path: Path) -> None:
    for folder in ("train", "dev", "test"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            (tmp_path / folder / f"{name}.conll").write_text(f"{folder}{name} B-x\n")
    assert {part: sorted(text.name for text in texts) for part, texts in entities(tmp_path).split.parts.items()} == {
        part: [f"{folder}/a.conll:1", f"{folder}/b.conll:1"]
        for part, folder in (("train", "train"), ("val", "dev"), ("test", "test"))
    }


def test_remarks_are_no_words_and_the_sign_of_them_may_be_one(tmp_path: Path) -> None:
    root = write_conll(tmp_path / "c", (6, 3, 3))
    text = "# id 7f\tdomain=en\n# text = Anna sleeps\nAnna _ _ B-person\n# _ _ O\n#tag _ _ O\n"
    (root / "train.txt").write_text(text + "\nNew _ _ B-place\nYork _ _ I-place\n")
    assert [one.words for one in entities(root).split.parts["train"]] == [("Anna", "#", "#tag"), ("New", "York")]


def test_long_sentences_are_cut(tmp_path: Path) -> None:
    made = entities(write_conll(tmp_path / "c"), {"longest": 5})
    assert max(len(text.words) for texts in made.split.parts.values() for text in texts) == 5
    assert "sentences of more than 5 words were cut" in made.split.notes[0]
    assert all(len(text.words) == len(text.tags) for texts in made.split.parts.values() for text in texts)


@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_entities_stay_aligned_under_every_change(data: st.DataObject, seed: int) -> None:
    words = data.draw(
        st.lists(st.sampled_from(["big", "Quick", "of", "New", "York", "said", "x"]), min_size=1, max_size=12)
    )
    tags = data.draw(st.lists(st.integers(0, 2), min_size=len(words), max_size=len(words)))
    text = Text("t", tuple(words), tags=tuple(tags))
    change = Pipeline([Synonyms(0.6), Drop(0.4), Swap(0.4)])
    changed = change(text, generator(seed))
    assert len(changed.words) == len(changed.tags) >= 1
    named = [(word, tag) for word, tag in zip(words, tags, strict=True) if tag]
    assert [(word, tag) for word, tag in zip(changed.words, changed.tags, strict=True) if tag] == named
    assert changed == change(text, generator(seed)), "the same seed draws the same"
    misspelt = Typos(0.9)(text, generator(seed))
    assert (len(misspelt.words), misspelt.tags) == (len(words), text.tags)


def test_changes_are_what_they_say() -> None:
    text = Text("t", ("the", "big", "dog", "said", "it", "was", "very", "quick", "happy", "today") * 48, label=0)
    share = lambda changed: sum(a != b for a, b in zip(text.words, changed.words, strict=True)) / len(text.words)  # noqa: E731
    assert 0.65 < len(Drop(0.3)(text, generator(1)).words) / len(text.words) < 0.75
    typos = Typos(0.5)(text, generator(1))
    assert 0.35 < share(typos) < 0.5
    assert all(a[0] == b[0] or sorted(a[:2]) == sorted(b[:2]) for a, b in zip(text.words, typos.words, strict=True))
    synonyms = Synonyms(1.0)(Text("t", ("Big", "HAPPY", "dog", "said"), label=0), generator(2))
    assert synonyms.words[0] in {"Large", "Great", "Huge"}
    assert synonyms.words[1] in {"GLAD", "PLEASED", "CHEERFUL"}
    assert synonyms.words[2] == "dog"
    assert sorted(Swap(0.5)(text, generator(3)).words) == sorted(text.words)
    assert share(Swap(0.9)(text, generator(3))) > 0.5
    assert Drop(1.0)(text, generator(0)).words == ("the",)
    assert set(neighbours("s")) >= {"a", "d", "w", "z"}
    assert neighbours("é") == ("é",)


def test_the_thesaurus() -> None:
    groups = thesaurus.groups()
    assert len(groups) > 300
    assert all(word not in others and others for word, others in groups.items())
    assert set(thesaurus.inside("Great")) >= {"big", "good"}
    with pytest.raises(ZooError, match="source='wordnt' of synonyms is not known; did you mean wordnet"):
        Synonyms(source="wordnt")


def test_wordnet_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nltk", None)
    thesaurus.wordnet.cache_clear()
    with pytest.raises(ZooError, match="needs NLTK and its WordNet; install them"):
        Synonyms(1.0, "wordnet")(Text("t", ("big",), label=0), generator(0))


def test_only_training_is_augmented(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [HEAD, *topics(60)])
    made = Topics("topics", Pipeline([Typos(1.0)]), str(path), batch_size=8, vocabulary=8192)
    made.setup()
    changed = [made.dataset("train")[0, i] for i in range(5)]  # type: ignore[index]
    assert all(a.words != b.words for a, b in zip(changed, made.split.parts["train"], strict=False))
    assert changed == [made.dataset("train")[0, i] for i in range(5)]  # type: ignore[index]
    assert changed != [made.dataset("train")[1, i] for i in range(5)]  # type: ignore[index]
    assert [made.dataset("test")[i] for i in range(6)] == list(made.split.parts["test"])  # type: ignore[index]


@pytest.mark.real
def test_wnut_17_is_as_published() -> None:
    made = Entities("entities", Pipeline())
    made.prepare_data()
    made.setup()
    counts = {part: len(texts) for part, texts in made.split.parts.items()}
    assert counts == {"train": 3394, "val": 1009, "test": 1287}
    assert len(made.classes) == 13
    test = [made.classes[tag] for text in made.split.parts["test"] for tag in text.tags]
    assert sum(label.startswith("B-") for label in test) == 1079  # as the paper counts
