"""The objective `tag`: its figures are seqeval's and scikit-learn's, unlabelled steps count nowhere, pictures are drawn."""

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from torch import Tensor, nn

from tasks.base import Metric
from tasks.objectives import objective
from tasks.objectives.entities import Entity, agreement, is_bio, read
from tasks.objectives.tag import Tag
from zoo.errors import ZooError

BIO = ("O", "B-person", "I-person", "B-place", "I-place")
LABELS = st.lists(st.lists(st.sampled_from(BIO), min_size=1, max_size=12), min_size=1, max_size=4)


class Answers(nn.Module):
    """Gives the logits that it is made of."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return self.logits


def observe(tag: Tag, said: list[list[int]], true: list[list[int]]) -> dict[str, float]:
    """Show what was said of sequences to the objective, padded with rubbish."""
    lengths = torch.tensor([len(row) for row in true])
    T, K = int(lengths.max()) + 2, len(tag.classes)
    logits, tags = torch.randn(len(true), T, K), torch.full((len(true), T), -100)
    for i, (row, labels) in enumerate(zip(said, true, strict=True)):
        logits[i, : len(row)] = 20 * nn.functional.one_hot(torch.tensor(row), K).float()
        tags[i, : len(labels)] = torch.tensor(labels)
    batch = {
        "inputs": torch.zeros(len(true), T, 1),
        "lengths": lengths,
        "tags": tags,
        "names": [f"s{i}" for i in range(len(true))],
    }
    tag.update(tag.respond(Answers(logits), batch), batch)
    return tag.compute()


@pytest.mark.filterwarnings("ignore")  # seqeval warns of figures that divide by nothing
@pytest.mark.parametrize("mode", ["lenient", "strict"])
@given(true=LABELS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_entities_are_those_of_seqeval(mode: str, true: list[list[str]], data: st.DataObject) -> None:
    from seqeval.metrics import f1_score, precision_score, recall_score
    from seqeval.scheme import IOB2

    said = [data.draw(st.lists(st.sampled_from(BIO), min_size=len(row), max_size=len(row))) for row in true]
    there, named = ([read(row, mode) for row in side] for side in (true, said))
    ours = agreement(there, named)
    way = {"mode": "strict", "scheme": IOB2} if mode == "strict" else {}
    for name, theirs in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        if not any(named if name == "precision" else there):  # seqeval has 0 or 1 there, by choice
            assert math.isnan(ours[f"entity_{name}"])
            continue
        assert ours[f"entity_{name}"] == pytest.approx(theirs(true, said, average="micro", zero_division=0, **way))
    if any(there):
        macro = f1_score(true, said, average="macro", zero_division=0, **way)
        assert ours["entity_f1_macro"] == pytest.approx(macro)


def test_broken_runs_are_read_in_two_ways() -> None:
    labels = ["I-place", "O", "B-person", "I-place", "I-place", "B-place", "B-place"]
    assert read(labels) == [
        Entity("place", 0, 0),
        Entity("person", 2, 2),
        Entity("place", 3, 4),
        Entity("place", 5, 5),
        Entity("place", 6, 6),
    ]
    assert read(labels, "strict") == [Entity("person", 2, 2), Entity("place", 5, 5), Entity("place", 6, 6)]
    assert is_bio(BIO)
    assert not is_bio(("O",))
    assert not is_bio(("O", "B-place", "sand"))


def test_figures_of_steps_are_the_known_ones() -> None:
    from sklearn.metrics import accuracy_score, f1_score

    classes = ("sand", "shale", "coal", "never")
    true, said = [[0, 1, -100, 1, 2], [2, 2, 0]], [[0, 1, 2, 2, 2], [2, 0, 0]]
    found = observe(Tag(classes), said, true)
    flat = [(t, s) for row in zip(true, said, strict=True) for t, s in zip(*row, strict=True) if t >= 0]
    known, guess = zip(*flat, strict=True)
    assert found["accuracy"] == pytest.approx(accuracy_score(known, guess))
    assert found["f1"] == pytest.approx(f1_score(known, guess, average="macro"))
    assert found["f1_micro"] == pytest.approx(f1_score(known, guess, average="micro"))
    assert found["f1/coal"] == pytest.approx(f1_score(known, guess, average=None)[2])
    assert "f1/never" not in found
    assert Tag(classes).monitor == Metric("f1", "max")


def test_entities_make_the_headline(tmp_path: Path) -> None:
    from sklearn.metrics import f1_score

    tag = Tag(BIO)
    true, said = [[0, 1, 2, 0, 3], [3, 4, 0]], [[0, 1, 2, 0, 1], [3, 0, 0]]
    found = observe(tag, said, true)
    assert tag.monitor == Metric("entity_f1", "max")
    assert found["entity_f1"] == pytest.approx(1 / 3)
    assert found["entity_f1/person"] == pytest.approx(2 / 3)
    assert found["entity_f1/place"] == 0
    assert found["f1_micro"] == pytest.approx(
        f1_score([*true[0], *true[1]], [*said[0], *said[1]], labels=[1, 2, 3, 4], average="micro")
    )
    pictures = tag.draw(tmp_path, None)
    assert [path.name for path in pictures] == ["confusion.png", "worst.png"]
    assert all(imread(path).std() > 0.02 for path in pictures)
    assert observe(tag, true, true)["entity_f1"] == 1.0, "what was computed is forgotten"


def test_the_loss_is_of_labelled_steps_alone() -> None:
    logits = torch.randn(2, 4, 3)
    tags = torch.tensor([[0, -100, 2, -100], [1, -100, -100, -100]])
    batch = {"inputs": torch.zeros(2, 4, 1), "lengths": torch.tensor([4, 1]), "tags": tags, "names": ["a", "b"]}
    tag = Tag(("x", "y", "z"), smoothing=0.1, weights={"z": 3.0})
    found = tag.losses(tag.respond(Answers(logits), batch), batch)["cross_entropy"]
    weights = torch.tensor([1.0, 1.0, 3.0])
    expected = nn.functional.cross_entropy(logits[tags >= 0], tags[tags >= 0], weights, label_smoothing=0.1)
    torch.testing.assert_close(found, expected)
    empty = {**batch, "tags": torch.full((2, 4), -100)}
    assert tag.losses(tag.respond(Answers(logits), empty), empty)["cross_entropy"] == 0


def test_refusals() -> None:
    batch = {"inputs": torch.zeros(1, 4, 1), "lengths": torch.tensor([4]), "tags": torch.zeros(1, 4), "names": ["a"]}
    with pytest.raises(ZooError, match=r"needs logits \(B, T, K\) = \(1, 4, 5\), and the model gives \(1, 5\)"):
        Tag(BIO).respond(Answers(torch.zeros(1, 5)), batch)
    with pytest.raises(ZooError, match="weights names 'B-persn'; did you mean B-person"):
        objective("tag", BIO, {"weights": {"B-persn": 2.0}})
    with pytest.raises(ZooError, match="entities='strikt' is not known; did you mean strict"):
        objective("tag", BIO, {"entities": "strikt"})
    with pytest.raises(ZooError, match="two classes or more; the data has only"):
        objective("tag", ("only",), {})
