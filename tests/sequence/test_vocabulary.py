"""Vocabularies: there and back, what is unknown, what is learnt from what, and that they survive JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sequence.vocabulary import MARKS, UNKNOWN, Vocabulary, join, normal, words

TEXTS = ["the cat sat on the mat", "a cat, the hat (that)", "twenty-one cats: naïve, fast — and ﬁne"] * 3


@pytest.mark.parametrize("kind", ["characters", "pieces"])
@given(text=st.text(alphabet="aetch nosm ,()-", max_size=40))
@settings(max_examples=60, deadline=None)
def test_characters_and_pieces_join_to_the_text(kind: str, text: str) -> None:
    vocabulary = Vocabulary.learn(TEXTS, kind, 80)
    numbers = vocabulary.encode(text)
    assert vocabulary.decode(numbers) == normal(text)
    assert join(vocabulary.split(text), vocabulary.tokens) == normal(text)
    assert all(len(MARKS) <= number < len(vocabulary) for number in numbers)


@pytest.mark.parametrize("kind", ["characters", "pieces", "words"])
def test_there_and_back_through_json(kind: str) -> None:
    vocabulary = Vocabulary.learn(TEXTS, kind, 70, lower=True)
    again = Vocabulary.restore(json.loads(json.dumps(vocabulary.facts())))
    assert again == vocabulary
    assert again.encode("The CAT, ☃ sat") == vocabulary.encode("the cat, ☃ sat")
    assert vocabulary == Vocabulary.learn(TEXTS, kind, 70, lower=True), "learning is the same each time"
    assert vocabulary.tokens[:4] == MARKS
    assert len(vocabulary) <= 70


@pytest.mark.parametrize("kind", ["characters", "pieces", "words"])
def test_what_was_never_seen_is_unknown_and_left_out_of_texts(kind: str) -> None:
    vocabulary = Vocabulary.learn(TEXTS, kind, 80)
    assert UNKNOWN in vocabulary.encode("the ☃ cat")
    assert "☃" not in vocabulary.decode(vocabulary.encode("the ☃ cat"))


def test_the_most_frequent_are_kept() -> None:
    vocabulary = Vocabulary.learn(["b b b a a c", "a d"], "words", 7, least=1)
    assert vocabulary.tokens[4:] == ("a", "b", "c")
    assert Vocabulary.learn(["b b b a a c", "a d"], "words", 50, least=2).tokens[4:] == ("a", "b")


def test_texts_are_made_normal() -> None:
    assert normal("  a\u0301\tb\u0000\u200b  c▁ ") == "á b c_"
    assert words("It's 3:30, isn't_it?") == ["It", "'", "s", "3", ":", "30", ",", "isn", "'", "t_it", "?"]


def test_refusals() -> None:
    with pytest.raises(ZooError, match="vocabulary of 'pieces_' is not known; did you mean pieces"):
        Vocabulary.learn(TEXTS, "pieces_", 50)
    with pytest.raises(ZooError, match="size 4 holds nothing beside its 4 marks"):
        Vocabulary.learn(TEXTS, "words", 4)
    with pytest.raises(ZooError, match="different signs, more than a vocabulary of 10 holds"):
        Vocabulary.learn(TEXTS, "pieces", 10)
