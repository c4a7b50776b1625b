"""What an objective learns beside the weights goes with the run: the transcripts of an n-gram, a threshold."""

import json

import pytest
import torch

from tasks.objectives.anomalies import DetectAnomalies
from tasks.objectives.transcribe import Transcribe
from zoo.errors import ZooError


def test_a_search_knows_the_transcripts_of_training() -> None:
    """What helped the search in the test helps it in use: the same text, from what the head of the weights keeps."""
    classes = ("<blank>", " ", "a", "b", "c")

    class Data:
        def transcripts(self, split: str) -> list[str]:
            return ["abc abc", "abc", "ab abc"] * 5

    first, second = Transcribe(classes), Transcribe(classes)
    first.on_data(Data(), "fit")
    assert first.learned_state() == {}
    first.on_data(Data(), "test")
    second.restore(json.loads(json.dumps(first.learned_state())))
    second.on_data(None, "test")
    assert first.language is not None
    assert second.language is not None
    state = first.language.start()
    for symbol in (2, 3, 4):
        (state, mine), (_, other) = first.language.next(state, symbol), second.language.next(state, symbol)
        assert mine == other
    assert list(second.searches()) == ["_beam", "_ngram"]
    assert list(Transcribe(classes, ngram="none").searches()) == ["_beam"]


def test_a_threshold_is_learnt_on_the_normal_steps_of_the_validation_alone() -> None:
    scores = torch.arange(100.0)[None]
    batch = {"inputs": torch.zeros(1, 100, 1), "lengths": torch.tensor([100]), "names": ["v"]}
    odd = {**batch, "anomalous": (scores >= 90).bool()}
    objective = DetectAnomalies(quantile=1.0)
    assert objective.learned_state() == {}
    objective.on_data(None, "validate")
    objective.update(scores, odd)
    found = objective.compute()
    assert found["threshold"] == objective.learned_state()["threshold"] == 89, "the largest score of a normal step"
    assert found["f1"] > 0.9
    objective.on_data(None, "test")
    objective.update(2 * scores, odd)
    assert objective.compute()["threshold"] == 89, "the test teaches nothing"
    judged = torch.arange(100)[None] >= 95  # what came before was only there to be known
    objective.update(scores, {**odd, "judged": judged})
    assert objective.compute()["f1"] == 1
    assert len(objective.results[0].scores) == 5
    other = DetectAnomalies()
    other.restore(json.loads(json.dumps(objective.learned_state())))
    assert other.threshold == 89
    objective.on_data(None, "validate")
    objective.update(scores, {**batch, "anomalous": torch.ones(1, 100, dtype=torch.bool)})
    with pytest.raises(ZooError, match="every step of the validation data is anomalous"):
        objective.compute()
    torch.set_flush_denormal(True)  # as a run does: the next number above 0 would be 0
    objective.update(torch.zeros(1, 100), batch)
    with pytest.warns(
        UserWarning, match="most of the 100 normal steps of the validation have the score 0, so the threshold says"
    ):
        found = objective.compute()
    assert found["threshold"] > 0
    assert found["alarms"] == 0, "what is most usual is no alarm"
