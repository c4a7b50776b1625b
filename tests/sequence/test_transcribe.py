"""The objective `transcribe`: rates are jiwer's, what cannot be aligned is named, the n-gram helps, it learns tones."""

from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from torch import Tensor, nn

from tasks.objectives.transcribe import Transcribe
from zoo.errors import ZooError

CLASSES = ("<blank>", " ", "a", "b", "c")


class Knows(nn.Module):
    """Says what it is told: logits (B, T, K) as the inputs, two samples a step."""

    def output_lengths(self, lengths: Tensor) -> Tensor:
        return lengths // 2

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return inputs[:, ::2]


def path(text: str) -> Tensor:
    """Return inputs (T, K) whose best path says the text: each symbol, then a blank."""
    symbols = [s for c in text for s in (CLASSES.index(c), 0)] or [0]
    return 9.0 * nn.functional.one_hot(torch.tensor(symbols), len(CLASSES)).float().repeat_interleave(2, dim=0)


def batch(said: list[str], true: list[str]) -> dict[str, Any]:
    inputs = [path(text) for text in said]
    rows = [[CLASSES.index(c) for c in text] for text in true]
    longest = max(1, *map(len, rows))
    return {
        "inputs": nn.utils.rnn.pad_sequence(inputs, batch_first=True),
        "lengths": torch.tensor([len(x) for x in inputs]),
        "tokens": torch.tensor([row + [0] * (longest - len(row)) for row in rows]),
        "token_lengths": torch.tensor([len(row) for row in rows]),
        "names": [f"r{i}" for i in range(len(rows))],
    }


class Data:
    """Stands in for a data module."""

    def transcripts(self, split: str) -> list[str]:
        return ["ab ab", "ab c", "ab"]

    def picture(self, name: str) -> np.ndarray:
        return np.full((16, 20, 3), 100, np.uint8)


def seen(objective: Transcribe, said: list[str], true: list[str]) -> dict[str, float]:
    one = batch(said, true)
    objective.update(objective.respond(Knows(), one), one)
    return objective.compute()


words = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=5).map(" ".join)


@pytest.mark.filterwarnings("ignore:.*longer than CTC can align")
@given(pairs=st.lists(st.tuples(words, words), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_rates_are_jiwers(pairs: list[tuple[str, str]]) -> None:
    said, true = (
        list(side) for side in zip(*pairs, ("abc abc", "ab c"), strict=True)
    )  # where none can be aligned it ends
    found = seen(Transcribe(CLASSES), said, true)
    assert found["wer"] == pytest.approx(jiwer.wer(true, said))
    assert found["cer"] == pytest.approx(jiwer.cer(true, said))
    assert "wer_beam" not in found, "searches wait until training is over"


def test_after_training_searches_are_judged_too(tmp_path: Path) -> None:
    objective = Transcribe(CLASSES, weight=3.0)
    objective.on_data(Data(), "test")
    one = batch(["ab ac", "ab"], ["ab ab", "ab"])
    one["inputs"][0, 16:18, 3] += 8.0  # b is nearly as likely as c at the end, and the language knows which
    objective.update(objective.respond(Knows(), one), one)
    found = objective.compute()
    assert found["wer"] == pytest.approx(1 / 3)
    assert found["wer_beam"] == pytest.approx(1 / 3)
    assert found["wer_ngram"] == 0.0
    paths = objective.draw(tmp_path, Data())
    assert {p.name for p in paths} == {"alignments.png", "worst.png"}
    assert all(imread(p).std() > 0.02 for p in paths)
    words_only = Transcribe(CLASSES, ngram="word", weight=3.0)
    words_only.on_data(Data(), "test")
    words_only.update(words_only.respond(Knows(), one), one)
    assert words_only.compute()["wer_ngram"] == 0.0


def test_the_loss_is_that_of_torch_for_each_character() -> None:
    objective, one = Transcribe(CLASSES), batch(["ab c", "c"], ["ab c", "a"])
    logits = torch.randn_like(one["inputs"])
    one["inputs"] = logits
    loss = objective.losses(objective.respond(Knows(), one), one)["ctc"]
    logs = logits[:, ::2].log_softmax(2).transpose(0, 1)
    theirs = nn.functional.ctc_loss(logs, one["tokens"], one["lengths"] // 2, one["token_lengths"], reduction="none")
    assert loss == pytest.approx(float(theirs.sum() / 5))


def test_what_is_too_long_is_named_and_set_aside() -> None:
    objective, one = Transcribe(CLASSES), batch(["a", "ab"], ["aaab", "ab"])
    with pytest.warns(UserWarning, match=r"^r0: the transcript is longer than CTC can align .* \(1 so far\)"):
        loss = objective.losses(objective.respond(Knows(), one), one)["ctc"]
    assert loss.isfinite()
    alone = {key: value[1:] for key, value in one.items()}
    assert loss == pytest.approx(float(objective.losses(objective.respond(Knows(), alone), alone)["ctc"]))
    first = {key: value[:1] for key, value in one.items()}
    assert objective.losses(objective.respond(Knows(), first), first)["ctc"] == 0  # and not named again
    objective.update(objective.respond(Knows(), one), one)
    assert objective.compute()["too_long"] == 1
    objective.update(objective.respond(Knows(), alone), alone)
    assert objective.compute()["too_long"] == 0, "of this evaluation, whatever came before in the process"
    nothing = Transcribe(CLASSES)
    with pytest.warns(UserWarning, match="set aside"):
        nothing.update(nothing.respond(Knows(), first), first)
    with pytest.raises(ZooError, match="none of 1 transcripts is short enough .* the first is that of r0; check that"):
        nothing.compute()


def test_refusals() -> None:
    one = batch(["a"], ["a"])
    with pytest.raises(
        ZooError, match=r"needs logits \(B, T', 5\) and the model gives \(1, 4, 5\).*model=deep_speech2"
    ):
        Transcribe(CLASSES).respond(Plain(), one)
    with pytest.raises(ZooError, match="ngram='words' is not known; did you mean word"):
        Transcribe(CLASSES, ngram="words")
    with pytest.raises(ZooError, match="beam=0 must be 1 or more"):
        Transcribe(CLASSES, beam=0)


class Plain(nn.Module):
    """Gives steps, and does not say how many."""

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return inputs
