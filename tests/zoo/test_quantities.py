"""Quantities: one form for what is shown, and the same number again from what is typed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.quantities import count, duration, parse_count, parse_duration, parse_size, size


@pytest.mark.parametrize(
    ("number", "said"),
    [(None, "–"), (0, "0"), (512, "512"), (999, "999"), (778_629, "779 k"), (999_700, "1 M"), (5_200_000, "5.2 M")],
)
def test_a_count_has_three_digits(number: int | None, said: str) -> None:
    assert count(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0123, "12.3 ms"),
        (1.5, "1.5 s"),
        (60, "1 min"),
        (378.3, "6 min 18 s"),
        (599.8, "10 min"),
        (1310.8, "22 min"),
        (3599, "1 h"),
        (7800, "2 h 10 min"),
        (133_200, "37 h"),
    ],
)
def test_a_duration_is_said_in_the_units_of_its_length(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@given(st.floats(0.001, 1e6))
def test_a_duration_is_near_what_it_says(seconds: float) -> None:
    units = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
    words = duration(seconds).split()
    total = sum(float(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert math.isclose(total, seconds, rel_tol=0.05)


@given(st.integers(1, 10**12))
def test_what_is_said_of_bytes_is_read_again(number: int) -> None:
    assert math.isclose(parse_size("--size", size(number)), number, rel_tol=0.006)


def test_what_is_typed_is_read_with_its_unit() -> None:
    assert [parse_count("--max-params", text) for text in ("5M", "300k", "1.2e6", "7")] == [5e6, 3e5, 1.2e6, 7]
    assert [parse_duration("--budget", text) for text in ("50ms", "10m", "1h", "2w")] == [0.05, 600, 3600, 1_209_600]


@pytest.mark.parametrize("text", ["10", "-1m", "ten minutes", "0s", "10 parsecs", ""])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        ZooError, match="--budget .* is not a positive number with one of the units ms, s, m, .*as in 10s"
    ):
        parse_duration("--budget", text)
