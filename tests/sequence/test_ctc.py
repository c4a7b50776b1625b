"""CTC decoding against all paths written out, the n-gram against its definition, streams against whole recordings."""

import itertools
import math
from collections import defaultdict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from zoo.errors import ZooError
from zoo.sequence import conformer, deep_speech2
from zoo.sequence.conformer import relative_positions, shifted
from zoo.sequence.ctc import Beam, greedy, steps_needed
from zoo.sequence.ngram import END, NGram, WordLanguage
from zoo.sequence.stream import Stream


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != 0)


def every(logs: Tensor) -> dict[tuple[int, ...], float]:
    """Return the probability of each row of symbols: that of all paths that collapse to it."""
    T, K = logs.shape
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(K), repeat=T):
        found[collapsed(path)] += math.exp(sum(logs[t, k].item() for t, k in enumerate(path)))
    return found


@given(seed=st.integers(0, 10_000), steps=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_wide_beam_finds_the_likeliest_symbols(seed: int, steps: int) -> None:
    torch.manual_seed(seed)
    logs = torch.randn(steps, 3).log_softmax(dim=1)
    chances = every(logs)
    found = tuple(Beam(1000).decode(logs))
    assert chances[found] == pytest.approx(max(chances.values()))


def test_the_best_path_is_not_always_the_best_row() -> None:
    logs = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    assert greedy(logs) == []  # 0.36 for the path of blanks
    assert Beam(4).decode(logs) == [1]  # 0.64 for the three other paths


def test_a_language_decides_and_its_weight_counts() -> None:
    logs = torch.tensor([[0.02, 0.5, 0.48]]).log()
    language = NGram([[2], [2], [2], [1]], 2, 2)
    said = {w: Beam(4, language, w).decode(logs) for w in (0.0, 1.0)}
    assert said == {0.0: [1], 1.0: [2]}
    assert Beam(4, bonus=-9.0).decode(torch.tensor([[0.3, 0.7]]).log()) == []


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_beam_with_a_language_finds_the_best_score(seed: int) -> None:
    torch.manual_seed(seed)
    logs = torch.randn(4, 3).log_softmax(dim=1)
    language = NGram([[1, 2, 1], [1, 1], [2]], 3, 2)

    def score(symbols: tuple[int, ...]) -> float:
        state, total = language.start(), 0.0
        for symbol in symbols:
            state, log = language.next(state, symbol)
            total += log
        return math.log(every(logs)[symbols]) + 0.7 * (total + language.end(state)) + 0.3 * len(symbols)

    best = max(every(logs), key=score)
    assert score(tuple(Beam(1000, language, 0.7, 0.3).decode(logs))) == pytest.approx(score(best))


def test_steps_needed() -> None:
    tokens = torch.tensor([[1, 1, 2, 0], [1, 2, 1, 1], [3, 0, 0, 0]])
    lengths = torch.tensor([3, 4, 1])
    assert steps_needed(tokens, lengths).tolist() == [4, 5, 1]
    loss = torch.nn.functional.ctc_loss
    logs = torch.randn(5, 1, 4).log_softmax(dim=2)
    for steps, finite in ((5, True), (4, False)):  # torch's own loss agrees on what can be aligned
        found = loss(logs[:steps], tokens[1:2], torch.tensor([steps]), lengths[1:2], reduction="sum")
        assert bool(found.isfinite()) == finite


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=8), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_probabilities_sum_to_one_after_anything(sequences: list[list[str]], order: int) -> None:
    model = NGram(sequences, order, 4)
    for context in [
        model.start(),
        *(tuple(s[: order - 1]) for s in sequences if len(s) >= order - 1),
        ("z",) * (order - 1),
    ]:
        total = sum(model.probability(context, symbol) for symbol in ("a", "b", "c", "d", END))
        assert total == pytest.approx(1.0)


def test_kneser_ney_by_hand() -> None:
    """“san francisco”: francisco is frequent, but only after one word, so it is unlikely after another."""
    sentences = [["san", "francisco"]] * 3 + [["the", "bay"], ["a", "bay"]]
    model = NGram(sentences, 2, 5)
    # bigrams of different kind: s|san s|the s|a san|f the|bay a|bay f|/s bay|/s: 8, of which bay stands behind 2, f behind 1
    unseen = 0.75 * 6 / 8 / 6  # 6 kinds of symbols take the discount; 5 words and the end share it
    assert model.probability(("the",), "francisco") == pytest.approx(0.75 * 1 / 1 * ((1 - 0.75) / 8 + unseen))
    assert model.probability(("the",), "bay") == pytest.approx((1 - 0.75) + 0.75 * ((2 - 0.75) / 8 + unseen))
    assert model.probability(("new",), "bay") > model.probability(("new",), "francisco")
    with pytest.raises(ZooError, match="order=0 says nothing"):
        NGram(sentences, 0, 5)


def test_words_are_judged_where_they_end() -> None:
    language = WordLanguage([[1, 2, 9, 3], [1, 2], [3, 3]], 2, 9, space=9)

    def log(symbols: list[int]) -> float:
        state, total = language.start(), 0.0
        for symbol in symbols:
            state, cost = language.next(state, symbol)
            total += cost
        return total + language.end(state)

    assert language.next(language.start(), 1)[1] == 0.0
    assert log([1, 2]) > log([3]) > log([4]) > log([4, 4])  # known as a beginning, known elsewhere, never heard, longer
    assert log([1, 2, 9, 9]) == log([1, 2])


@pytest.mark.parametrize("chunks", [[6000], [80] * 75, [1, 7, 4000, 3, 1989], [5999, 1]])
def test_a_stream_says_what_the_whole_recording_says(chunks: list[int]) -> None:
    torch.manual_seed(0)
    model = deep_speech2.build(7, 2, sample_rate=8000, size=(16, 32, 3), streaming=True)
    for _ in range(3):
        model(torch.rand(2, 4000, 2) - 0.5, torch.tensor([4000, 3000]))
    wave = torch.rand(6000, 2) - 0.5
    with torch.no_grad():
        whole = model.eval()(wave[None], torch.tensor([6000]))[0]
    stream = Stream(model)
    parts = [stream.push(part) for part in wave.split(chunks)]
    torch.testing.assert_close(torch.cat([*parts, stream.finish()]), whole, atol=1e-5, rtol=1e-5)
    if len(chunks) == 75:  # what is certain does not wait for the end
        assert sum(map(len, parts)) >= len(whole) - 5 - 5


def test_what_cannot_stream_says_so() -> None:
    with pytest.raises(ZooError, match="built with model.streaming=true"):
        Stream(deep_speech2.build(7, 1, sample_rate=8000, size=(16, 32, 3)))
    with pytest.raises(ZooError, match=r"model.size=\(16, 31, 3\) must be channels, an even width"):
        deep_speech2.build(7, 1, size=(16, 31, 3))
    with pytest.raises(ZooError, match="model.width=90 must be a multiple of 2 · model.heads=4"):
        conformer.build(7, 1, width=90)


def test_relative_positions_are_read_by_distance() -> None:
    T = 5
    distance = torch.arange(T - 1, -T, -1.0)  # T - 1 … 1 - T
    read = shifted(distance.expand(1, 1, T, 2 * T - 1))[0, 0]
    expected = torch.arange(T)[:, None] - torch.arange(T)[None].float()
    assert torch.equal(read, expected)
    table: Any = relative_positions(T, 8)
    torch.testing.assert_close(
        table[T - 1 - 2, ::2], torch.sin(2 * torch.exp(-math.log(1e4) * torch.arange(0, 8, 2) / 8))
    )
    torch.testing.assert_close(table[T - 1 + 2, ::2], -table[T - 1 - 2, ::2])
    torch.testing.assert_close(table[T - 1 + 2, 1::2], table[T - 1 - 2, 1::2])
