"""What a configuration may say: every wrong value is one sentence with the full key, the value and what is allowed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import zoo
from configuration import groups
from configuration.allowed import describe
from configuration.check import allows, check_targets, check_value, kind_of
from configuration.composition import compose, to_dict
from configuration.settings import SETTINGS
from zoo.errors import ZooError
from zoo.runs.configuration import flat

TREES = ("task=detection", "data=satellite")
ROADS = ("task=segmentation", "data=roads")


def check(*words: str) -> None:
    check_targets(to_dict(compose(words)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*TREES, "seed=abc"), "seed='abc': an integer from 0 to 4294967295"),
        ((*TREES, "seed=-1"), "seed=-1: an integer from 0 to 4294967295"),
        ((*TREES, "trainer.workers=100000"), "trainer.workers=100000: auto or an integer from 0 to 256"),
        ((*TREES, "trainer.threads=100000"), "trainer.threads=100000: auto or an integer from 1 to 1024"),
        ((*TREES, "seed=null"), "seed=… is missing: an integer from 0 to 4294967295"),
        ((*TREES, "fit=stricd"), "fit='stricd': one of adapt, warn, strict, off; did you mean strict?"),
        ((*TREES, "trainer.max_epochs=x"), "trainer.max_epochs='x': an integer of at least 0 or null"),
        ((*TREES, "trainer.max_epochs=2.5"), "trainer.max_epochs=2.5: an integer of at least 0 or null"),
        ((*TREES, "trainer.threads=0"), "trainer.threads=0: auto or an integer from 1 to 1024"),
        ((*TREES, "trainer.precision=bf16"), "trainer.precision='bf16': one of auto, 32-true, bf16-mixed"),
        ((*TREES, "+trainer.limit_train_batches=a"), "trainer.limit_train_batches='a': an integer or a number or null"),
        ((*TREES, "+trainer.max_epoch=3"), "there is no key 'trainer.max_epoch'; did you mean max_epochs"),
        ((*TREES, "optimizer.lr=-1"), "optimizer.lr=-1: a number above 0"),
        ((*TREES, "+optimizer.betas=[0.9]"), "optimizer.betas=[0.9]: a list of 2 "),
        ((*TREES, "+optimizer.beta=3"), "there is no key 'optimizer.beta'; did you mean betas?"),
        ((*TREES, "scheduler.warmup=2"), "scheduler.warmup=2: a number from 0 to 1"),
        ((*TREES, "callbacks.ema.decay=x"), "callbacks.ema.decay='x': a number from 0 to 1"),
        ((*TREES, "callbacks.checkpoint.select=lst"), "callbacks.checkpoint.select='lst': one of best, last"),
        ((*TREES, "model.channels=x"), "model.channels='x': an integer"),
        ((*TREES, "model.strides=8"), "model.strides=8: a list of integers"),
        ((*TREES, "model.strides=[8,x]"), "model.strides=[8, x]: a list of integers"),
        ((*TREES, "augment.transforms.1.strength=x"), "augment.transforms.1.strength='x': a number"),
        ((*TREES, "data.crop=abc"), "data.crop='abc': an integer of at least 1"),
        ((*TREES, "data.workers=many"), "data.workers='many': auto or an integer of at least 0"),
        ((*TREES, "+data.batch_sise=3"), "there is no key 'data.batch_sise'; did you mean batch_size?"),
        ((*ROADS, "task.losses.dice=x"), "task.losses.dice='x': a number of at least 0"),
        ((*ROADS, "task.losses.dice=-1"), "task.losses.dice=-1: a number of at least 0"),
        ((*ROADS, "task.class_weights={road: inf}"), "task.class_weights.road=inf: a number above 0"),
        (
            (*ROADS, "task.class_weights=equal"),
            "task.class_weights='equal': a mapping to numbers above 0 or balanced or null",
        ),
        ((*ROADS, "task.boundary_tolerance=wide"), "task.boundary_tolerance='wide': a number from 0 to 32 or null"),
        ((*ROADS, "task.instances=watershet"), "task.instances='watershet': one of none, components"),
    ],
)
def test_what_does_not_fit_is_a_sentence(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ZooError) as refused:
        check(*words)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("task", "data", "word", "said"),
    [
        (
            "detection",
            "folder",
            "data.invalid=clipp",
            "data.invalid='clipp': one of error, clip, drop; did you mean clip?",
        ),
        ("detection", "folder", "data.negatives=no", "data.negatives='no': one of keep, error, drop"),
        ("detection", "folder", "data.split_seed=-1", "data.split_seed=-1: an integer of at least 0"),
        ("segmentation", "folder", "data.threshold=0", "data.threshold=0: a number above 0 and of at most 255 or null"),
        ("segmentation", "folder", "data.kind=colors", "data.kind='colors': one of auto, index, binary, colour, soft"),
        ("classification", "folder", "data.empty=dorp", "data.empty='dorp': one of error, drop; did you mean drop?"),
        (
            "sequence",
            "folder",
            "data.unknown=mop",
            "data.unknown='mop': one of raise, drop, map; did you mean map, drop?",
        ),
        ("sequence", "folder", "data.style=englisch", "data.style='englisch': one of auto, english"),
        ("sequence", "folder", "data.longest=0", "data.longest=0: a number above 0"),
        ("sequence", "entities", "data.invalid=mend", "data.invalid='mend': one of error, drop"),
        ("sequence", "topics", "data.leakage=all", "data.leakage='all': one of note, drop, error"),
        ("sequence", "topics", "data.longest=0", "data.longest=0: an integer of at least 1"),
        ("sequence", "series", "data.fit=2", "data.fit=2: an integer of at least 3 or null"),
        ("sequence", "series", "data.decimal=dot", "data.decimal='dot': one of point, comma or null"),
        ("sequence", "series", "data.times=skip", "data.times='skip': one of rows, resample, raise"),
        ("sequence", "series", "data.missing=fill", "data.missing='fill': one of interpolate, hold, mask, raise"),
    ],
)
def test_the_settings_of_folders_and_tables_are_in_the_schema(task: str, data: str, word: str, said: str) -> None:
    with pytest.raises(ZooError) as refused:
        check(f"task={task}", f"data={data}", word)
    assert str(refused.value).startswith(said)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ZooError, match="fit='x'.*seed='y'"):
        check(*TREES, "fit=x", "seed=y")


@pytest.mark.parametrize("name", [name for name, card in zoo.cards().items() if card.task == "detection"])
def test_every_model_is_taken_as_its_card_has_it(name: str) -> None:
    check(*TREES, f"model={name}")


@pytest.mark.parametrize("data", groups.options("data"))
def test_every_data_module_takes_what_its_configuration_says(data: str) -> None:
    for task in (name for name in groups.options("task") if data in groups.data_for(name)):
        check(f"task={task}", f"data={data}")


def test_every_setting_is_a_key_of_a_run() -> None:
    assert not SETTINGS.keys() - flat(to_dict(compose(TREES))).keys()


KINDS: dict[Any, tuple[str, list[Any], list[Any]]] = {
    int: ("an integer", [1, -3], [1.5, "1", True, None, [1]]),
    float: ("a number", [1, 0.5], ["0.5", False, None]),
    bool: ("true or false", [True], [1, "true", None]),
    str: ("a text", ["1"], [1, None, ["a"]]),
    Path: ("a path", ["a/b"], [3, None]),
    Annotated[int, Field(ge=32)]: ("an integer of at least 32", [32], [31, "32"]),
    Annotated[float, Field(gt=0, lt=1)]: ("a number above 0 and below 1", [0.5], [0, 1]),
    Annotated[float, Field(ge=0, le=1)]: ("a number from 0 to 1", [0, 1], [-0.1, 1.1]),
    Annotated[float, Field(gt=0)] | None: ("a number above 0 or null", [0.1, None], [0]),
    Literal["keep", "drop"]: ("one of keep, drop", ["keep"], ["kept", None]),
    Literal["auto"] | int: ("auto or an integer", ["auto", 3], ["all", 0.5]),
    Sequence[str]: ("a list of texts", [["a"], []], ["a", [1], None]),
    tuple[float, float]: ("a list of 2 numbers", [[1, 0.5]], [[1], ["a", "b"]]),
    tuple[float, ...]: ("a list of numbers", [[1, 0.5], []], [[None]]),
    Mapping[str, float]: ("a mapping to numbers", [{"a": 1}], [{"a": "b"}, []]),
    str | Sequence[str] | None: ("a text or a list of texts or null", ["a", ["a"], None], [1, [1]]),
    Callable[..., Any] | None: ("what a _target_ builds or null", [None], ["a", 1]),
    Annotated[Sequence[float], Field(min_length=3, description="three shares")]: ("three shares", [[1, 2, 3]], [[1]]),
}


@pytest.mark.parametrize("annotation", KINDS, ids=str)
def test_an_annotation_allows_what_it_says(annotation: Any) -> None:
    words, good, bad = KINDS[annotation]
    assert describe(annotation) == words
    assert [value for value in good if not allows(annotation, value)] == []
    assert [value for value in bad if allows(annotation, value)] == []


numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(KINDS)), values)
def test_any_value_is_allowed_or_one_sentence_with_its_key(annotation: Any, value: Any) -> None:
    problems = list(check_value("data.key", value, annotation))
    assert bool(problems) != allows(annotation, value)
    assert all(problem.startswith("data.key") for problem in problems)


@given(st.integers() | numbers | st.booleans() | st.text() | st.lists(st.integers() | st.floats(0, 1)))
def test_the_default_of_an_option_is_of_its_kind(default: Any) -> None:
    assert allows(kind_of(default), default)


def test_a_number_for_a_text_is_told_how_to_quote_it() -> None:
    assert list(check_value("data.label", 3, str)) == ["data.label=3: a text; as a text, data.label='\"3\"'"]
