"""The objective `translate`: beam search finds the best row, the loss is of the tokens and the end, BLEU is sacreBLEU's."""

import itertools
from pathlib import Path

import pytest
import torch
from matplotlib.image import imread
from torch import Tensor, nn

from tasks.objectives.translate import Translate
from zoo.errors import ZooError
from zoo.sequence.beam import Beam, Written
from zoo.sequence.kinds import EncoderDecoder, State
from zoo.sequence.vocabulary import BEGIN, END, MARKS

CLASSES = (*MARKS, "▁the", "▁cat", "▁sat", "s", "▁")
K = len(CLASSES)


class Chain(EncoderDecoder):
    """Knows only the token before: a table (K, K) of logits."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(table)

    def encode(self, inputs: Tensor, lengths: Tensor) -> State:
        return {"attention": torch.full(inputs.shape[:2], 1 / inputs.shape[1])}

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        return self.table[tokens].clone(), state

    def forward(self, inputs: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
        return self.table[tokens]


def every_row(table: Tensor, longest: int) -> dict[tuple[int, ...], float]:
    """Return the log-probability of every row that ends within `longest` tokens, its end among them."""
    allowed = table.clone()
    allowed[:, [0, 1, BEGIN]] = -torch.inf
    logs, found = torch.log_softmax(allowed, dim=1), {}
    for length in range(longest):
        for row in itertools.product(range(4, K), repeat=length):
            whole = (BEGIN, *row, END)
            found[row] = float(sum(logs[a, b] for a, b in itertools.pairwise(whole)))
    return found


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_row_of_all(penalty: float) -> None:
    for seed in range(5):
        table = 2 * torch.randn(K, K, generator=torch.Generator().manual_seed(seed))
        table[:, END] += 1.5
        (found,) = Beam(200, longest=4, penalty=penalty).search(Chain(table), torch.zeros(1, 3, 1), torch.tensor([3]))
        scores = {row: log / (len(row) + 1) ** penalty for row, log in every_row(table, 4).items()}
        assert found.ended
        if penalty == 0:  # a longer row is never likelier, so the search may stop and has the best
            assert found.tokens == max(scores, key=lambda row: scores[row])
        assert found.score == pytest.approx(scores[found.tokens], abs=1e-5)
        assert found.attention.shape == (len(found.tokens), 3)


def test_a_wider_beam_is_not_fooled_by_the_first_step() -> None:
    table = torch.full((K, K), -9.0)
    table[BEGIN, 4], table[BEGIN, 5] = 1.0, 0.5
    table[4, [4, 6, 7, END]] = 0.0  # behind the likelier first token nothing is sure
    table[5, END] = 5.0
    rows = [Beam(width, 6).search(Chain(table), torch.zeros(1, 1, 1), torch.tensor([1]))[0] for width in (1, 2)]
    assert rows[1].tokens == (5,)
    assert rows[0].tokens != (5,)
    assert rows[1].score > rows[0].score


def test_a_row_without_end_is_cut() -> None:
    table = torch.full((K, K), -50.0)
    table[:, 6] = 50.0
    (found,) = Beam(2, longest=5).search(Chain(table), torch.zeros(1, 2, 1), torch.tensor([2]))
    assert found.tokens == (6,) * 5
    assert not found.ended


def test_the_loss_is_of_the_tokens_and_the_end() -> None:
    table = torch.randn(K, K)
    batch = {
        "inputs": torch.zeros(2, 3, 1), "lengths": torch.tensor([3, 3]), "names": ["a", "b"],
        "tokens": torch.tensor([[4, 5, 7], [6, 0, 0]]), "token_lengths": torch.tensor([3, 1]),
    }  # fmt: skip
    translate, model = Translate(CLASSES, smoothing=0.1, beam=2), Chain(table).train()
    found = translate.losses(translate.respond(model, batch), batch)["cross_entropy"]
    pairs = [(BEGIN, 4), (4, 5), (5, 7), (7, END), (BEGIN, 6), (6, END)]
    before, after = (torch.tensor(side) for side in zip(*pairs, strict=True))
    torch.testing.assert_close(found, nn.functional.cross_entropy(table[before], after, label_smoothing=0.1))


def test_figures_are_those_of_sacrebleu(tmp_path: Path) -> None:
    from sacrebleu import corpus_bleu, corpus_chrf

    translate = Translate(CLASSES, beam=2)
    rows = [(4, 5, 6, 4, 5, 7), (4, 5, 6), (6,)]
    true = ["the cat sat the cat", "the cat sat", "cats sat on the mat"]
    said = ["the cat sat the cats", "the cat sat", "sat"]
    written = [Written(row, -1.0, torch.full((len(row), 3), 1 / 3), True) for row in rows]
    batch = {"names": ["a", "b", "c"], "texts": true, "words": [["x", "y"], ["x", "$", "y"], ["z"]]}
    translate.update(written, batch)
    found = translate.compute()
    assert [one.said for one in translate.results] == said
    assert found["bleu"] == pytest.approx(corpus_bleu(said, [true]).score)
    assert found["chrf"] == pytest.approx(corpus_chrf(said, [true]).score)
    assert found["exact"] == pytest.approx(1 / 3)
    assert found["length_ratio"] == pytest.approx(9 / 13)
    pictures = translate.draw(tmp_path, None)
    assert [path.name for path in pictures] == ["attention.png", "examples.png"]
    assert all(imread(path).std() > 0.02 for path in pictures)


def test_refusals() -> None:
    with pytest.raises(ZooError, match="needs a vocabulary as classes"):
        Translate(("yes", "no"))
    with pytest.raises(
        ZooError, match="beam=10 and longest=100 must be 1 or more, and the beam no wider than the vocabulary of 9"
    ):
        Translate(CLASSES, beam=10)
    with pytest.raises(ZooError, match="needs a model that reads and writes, and Identity does not"):
        Translate(CLASSES).respond(nn.Identity(), {})
