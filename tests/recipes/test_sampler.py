"""Batches of one length: what is alike meets, every sample comes once an epoch, of recordings and of texts."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.kit.module import DataModule
from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import Buckets, EpochSampler
from recipes.text.topics import Topics
from recipes.translation.module import Translation
from tasks.base.epochs import batches_of_epochs
from tests.recipes.texts import topics, write_table


@given(count=st.integers(1, 400), batch=st.integers(1, 16), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_sample_comes_once_an_epoch_but_for_a_batch_that_is_not_whole(count: int, batch: int, seed: int) -> None:
    sampler = EpochSampler(count, seed)
    buckets = Buckets(sampler, [float((i * 37) % 101) for i in range(count)], batch)
    kept = count if count < 2 * batch else count - count % batch
    orders = []
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        batches = list(buckets)
        assert len(batches) == len(buckets)
        assert {key[0] for keys in batches for key in keys} == {epoch}
        indices = [index for keys in batches for _, index in keys]
        assert len(set(indices)) == len(indices) == kept
        assert batches == list(buckets), "drawn from the seed and the epoch alone"
        orders.append(indices)
    assert count < 10 * batch or count < 10 or orders[0] != orders[1]


def test_what_is_left_out_is_others_each_epoch() -> None:
    sampler, seen = EpochSampler(70, 0), Counter[int]()
    buckets = Buckets(sampler, [float(i) for i in range(70)], 16)
    for epoch in range(40):
        sampler.set_epoch(epoch)
        seen.update(index for keys in buckets for _, index in keys)
    assert len(seen) == 70
    assert min(seen.values()) > 25, "of 40: 64 of 70 come, the longest as the others"


@given(count=st.integers(80, 400), batch=st.integers(4, 16), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_what_meets_is_alike(count: int, batch: int, seed: int) -> None:
    lengths = [float((i * 37) % 101) for i in range(count)]
    first = list(Buckets(EpochSampler(count, seed), lengths, batch))
    spread = np.mean([max(lengths[i] for _, i in keys) - min(lengths[i] for _, i in keys) for keys in first])
    chance = [range(at, at + batch) for at in range(0, count - batch + 1, batch)]
    usual = np.mean([max(lengths[i] for i in rows) - min(lengths[i] for i in rows) for rows in chance])
    assert spread <= usual
    assert batch < 8 or count < 10 * batch or spread < usual / 2


def texts(tmp_path: Path, sorted: bool) -> DataModule:
    rows = [(text + " and so on" * (i % 9), topic) for i, (text, topic) in enumerate(topics(100))]
    file = write_table(tmp_path / "t.csv", [("text", "label"), *rows])
    return Topics("topics", Pipeline(), str(file), batch_size=8, sorted=sorted)


def pairs(tmp_path: Path, sorted: bool) -> DataModule:
    rows = [("so " * (1 + i % 9) + str(i), "as " * (1 + i % 9) + str(i)) for i in range(90)]
    file = write_table(tmp_path / "p.csv", [("source", "target"), *rows])
    side = {"kind": "words", "size": 200}
    return Translation("t", side, side, str(file), batch_size=8, workers=0, seed=0, sorted=sorted)


@pytest.mark.parametrize("made", [texts, pairs])
def test_texts_are_sorted_when_asked(tmp_path: Path, made: type) -> None:
    padding = {}
    for choice in (True, False):
        data = made(tmp_path, choice)
        data.setup()
        lengths = [batch["lengths"] for batch in data.train_dataloader()]
        assert [len(rows) for rows in lengths] == [8] * (len(data.dataset("train")) // 8)
        padding[choice] = float(torch.cat([rows.max() - rows for rows in lengths]).float().mean())
    assert padding[True] < padding[False] / 2


def test_a_model_that_is_solved_for_sees_all_samples_of_sorted_batches(tmp_path: Path) -> None:
    data = texts(tmp_path, True)
    data.setup()
    seen = Counter(name for batch in batches_of_epochs(data.train_dataloader(), 2) for name in batch["names"])
    assert set(seen.values()) == {2}
    assert len(seen) == len(data.dataset("train"))
