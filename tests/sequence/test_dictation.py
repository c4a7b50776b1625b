"""Texts of a model with a vocabulary of its own, held against transcripts: in their characters, trained and in use."""

import pytest
import torch
from torch import Tensor

from tasks.objectives import objective
from tasks.objectives.dictation import Dictation
from tasks.objectives.transcribe import Transcribe
from zoo.errors import ZooError
from zoo.sequence.kinds import Transcriber

CLASSES = ("<blank>", " ", "'", *"abcdefghijklmnopqrstuvwxyz")


class Writer(Transcriber):
    """Writes the same to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.told: list[str] = []

    def transcribe(self, inputs: Tensor, lengths: Tensor) -> list[str]:
        return ["Press 1, please. It's “OK” Zoë!"] * len(inputs)

    def loss(self, inputs: Tensor, lengths: Tensor, texts: list[str]) -> Tensor:  # type: ignore[override]
        self.told = list(texts)
        return self.weight * len(texts)


def batch(*texts: str) -> dict[str, object]:
    index = {character: number for number, character in enumerate(CLASSES)}
    longest = max(map(len, texts))
    tokens = torch.tensor([[*(index[c] for c in text), *[0] * (longest - len(text))] for text in texts])
    return {
        "inputs": torch.zeros(len(texts), 10, 1), "lengths": torch.tensor([10] * len(texts)), "tokens": tokens,
        "token_lengths": torch.tensor([len(text) for text in texts]), "names": [f"n{i}" for i in range(len(texts))],
    }  # fmt: skip


def test_the_kind_of_the_model_decides() -> None:
    model = Writer()
    assert type(objective("transcribe", CLASSES, {}, model)) is Dictation
    assert type(objective("transcribe", CLASSES, {}, torch.nn.Linear(1, 1))) is Transcribe
    with pytest.raises(ZooError, match="do not fit the objective 'transcribe'"):
        objective("transcribe", CLASSES, {"beam": 3}, model)
    with pytest.raises(ZooError, match="Linear does not write texts by itself"):
        Dictation(CLASSES).respond(torch.nn.Linear(1, 1), batch("a"))


def test_it_is_trained_with_the_texts_and_judged_as_they_are_spoken() -> None:
    model, asked = Writer(), Dictation(CLASSES)
    data = batch("press one please it's ok zo", "press two please it's ok zo")
    assert float(asked.losses(asked.respond(model.train(), data), data)["cross_entropy"].detach()) == 2
    assert model.told == ["press one please it's ok zo", "press two please it's ok zo"]
    said = asked.respond(model.eval(), data)
    assert asked.answers(said, data)[0].text == "Press 1, please. It's “OK” Zoë!"  # type: ignore[arg-type]
    asked.update(said, data)  # type: ignore[arg-type]
    assert asked.compute()["wer"] == pytest.approx(1 / 12)
    assert [one.said[""] for one in asked.results] == ["press one please it's ok zo"] * 2


def test_characters_with_capitals_are_held_against_what_was_written() -> None:
    assert Dictation(("<blank>", *"Pres 1,plaO.")).fitted("Press 1, please. “OK”") == "Press 1, please. O"
