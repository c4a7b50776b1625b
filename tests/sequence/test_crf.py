"""The random field against all paths counted one by one."""

import itertools

import pytest
import torch
from torch import Tensor

from zoo.sequence.crf import Crf

K = 3


@pytest.fixture
def crf() -> Crf:
    made = Crf(K)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made


def paths(crf: Crf, logits: Tensor) -> dict[tuple[int, ...], Tensor]:
    """Return the score of every path through logits (T, K)."""
    T = len(logits)
    return {
        path: crf.first[path[0]]
        + crf.last[path[-1]]
        + sum(logits[t, path[t]] for t in range(T))
        + sum(crf.follow[path[t], path[t + 1]] for t in range(T - 1))
        for path in itertools.product(range(K), repeat=T)
    }


def test_the_loss_and_the_best_path_are_those_of_all_paths(crf: Crf) -> None:
    logits, lengths = torch.randn(4, 4, K), torch.tensor([4, 2, 1, 3])
    tags = torch.tensor([[0, 1, 2, 2], [1, 1, -100, -100], [2, -100, -100, -100], [-100, 0, -100, -100]])
    expected, decoded = torch.zeros(()), crf.decode(logits, lengths)
    for b, n in enumerate(lengths.tolist()):
        scores = paths(crf, logits[b, :n])
        agreeing = [
            s for path, s in scores.items() if all(t in (-100, p) for t, p in zip(tags[b].tolist(), path, strict=False))
        ]
        expected = expected + torch.logsumexp(torch.stack(list(scores.values())), 0)
        expected = expected - torch.logsumexp(torch.stack(agreeing), 0)
        assert tuple(decoded[b, :n].tolist()) == max(scores, key=lambda path: scores[path].item())
        assert not decoded[b, n:].any()
    torch.testing.assert_close(crf.loss(logits, tags, lengths), expected / lengths.sum())


def test_padding_changes_nothing(crf: Crf) -> None:
    logits, tags, lengths = torch.randn(2, 5, K), torch.randint(K, (2, 5)), torch.tensor([5, 2])
    dirty = logits.clone()
    dirty[1, 2:] = float("nan")
    tight, loose = crf.loss(logits, tags, lengths), crf.loss(dirty, tags, lengths)
    assert torch.equal(tight, loose)
    assert torch.equal(crf.decode(logits, lengths), crf.decode(dirty, lengths))
    loose.backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in crf.parameters())


def test_nothing_known_costs_nothing(crf: Crf) -> None:
    loss = crf.loss(torch.randn(2, 4, K), torch.full((2, 4), -100), torch.tensor([4, 3]))
    torch.testing.assert_close(loss, torch.zeros(()))
