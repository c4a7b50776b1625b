"""Numbers of things in sentences."""

import pytest

from zoo.errors import ZooError, agreeing, counted, one_of


@pytest.mark.parametrize(("number", "said"), [(0, "0 tiles"), (1, "1 tile"), (2, "2 tiles")])
def test_a_thing_alone_has_no_s(number: int, said: str) -> None:
    assert counted(number, "tile") == said


def test_a_sentence_agrees_with_its_number() -> None:
    sentence = "[image has|images have] no nodata; set data.value_range=[low,high] for [it|them]"
    assert agreeing(1, sentence) == "1 image has no nodata; set data.value_range=[low,high] for it"
    assert agreeing(3, sentence) == "3 images have no nodata; set data.value_range=[low,high] for them"


def test_a_word_that_is_none_of_the_choices_is_refused_with_those_that_are() -> None:
    assert one_of("data.set", "b", ("a", "b")) == "b"
    with pytest.raises(
        ZooError, match="^data.set=sensor is not known; did you mean sensors\\?; it is one of sensors, texts$"
    ):
        one_of("data.set", "sensor", ("sensors", "texts"))
    with pytest.raises(ZooError, match="^--sort age is not known; it is one of size$"):
        one_of("--sort", "age", ("size",))
