"""Words as vectors: hashes are the same everywhere, unknown words are told apart by their characters."""

import torch

from zoo.sequence.words import CharacterConv, NGrams, Words, hashed


def rows(*texts: str, size: int = 12) -> torch.Tensor:
    points = [[ord(sign) for sign in f"<{text}>"] for text in texts]
    return torch.tensor([[row + [0] * (size - len(row)) for row in points]])  # (1, T, C)


def test_hashes_are_fixed_numbers() -> None:
    found = hashed(torch.tensor([[60, 97, 98], [97, 98, 62], [97, 98, 0]]), 1000)
    assert found.tolist() == [reference((60, 97, 98), 1000), reference((97, 98, 62), 1000), 0]


def reference(points: tuple[int, ...], buckets: int) -> int:
    mixed = len(points)
    for point in points:
        mixed = (mixed * 1000003 + point + 1) % 2147483629
    return mixed % buckets + 1


def test_n_grams_are_the_mean_of_their_rows() -> None:
    grams = NGrams(4, 50, shortest=3, longest=4)
    pieces = ["<ab", "abc", "bc>", "<abc", "abc>"]
    expected = grams.table.weight[[reference(tuple(map(ord, piece)), 50) for piece in pieces]].mean(dim=0)
    torch.testing.assert_close(grams(rows("abc"))[0, 0], expected)


def test_the_places_behind_a_word_say_nothing() -> None:
    for layer in (NGrams(4, 50), CharacterConv(5)):
        torch.testing.assert_close(layer(rows("cat", size=8)), layer(rows("cat", size=15)))
        assert not torch.allclose(layer(rows("cat")), layer(rows("cot")))
        assert not layer(torch.zeros(1, 1, 9, dtype=torch.long)).any()


def test_unknown_words_differ_by_their_characters() -> None:
    layer = Words(13, vocabulary=10, size=6, buckets=100, convolved=4)
    steps = torch.cat([torch.ones(1, 2, 1, dtype=torch.long), rows("zagreb", "zurich")], dim=2)
    vectors = layer(steps)
    assert vectors.shape == (1, 2, 10)
    assert not torch.allclose(vectors[0, 0], vectors[0, 1])


def test_training_hides_known_words() -> None:
    layer = Words(1, vocabulary=10, size=6, buckets=0, hidden=0.5)
    steps = torch.full((1, 4000, 1), 7)
    same = (layer.train()(steps) == layer.table.weight[1]).all(dim=2).float().mean()
    assert 0.45 < same < 0.55
    assert (layer.eval()(steps) == layer.table.weight[7]).all()
