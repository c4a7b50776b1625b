"""MiniLM: windows over long texts, words and their pieces, and the published weights, which say what transformers says."""

from collections.abc import Sequence

import pytest
import torch
from tokenizers import Tokenizer, models
from torch import Tensor, nn

import zoo
from recipes.text.encoding import Encoding
from zoo.errors import ZooError
from zoo.sequence.minilm import BEGIN, END, LONGEST, MiniLM, build
from zoo.sequence.vocabulary import Vocabulary, words

ENCODING = Encoding(Vocabulary.of_tokens([], "words", 10), 20)
SENTENCES = (
    "A man is playing a guitar.",
    "Someone plays music on a guitar.",
    "The stock market fell sharply today.",
)


def rows(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    every = [ENCODING.encode(words(text)) for text in texts]
    return nn.utils.rnn.pad_sequence(every, batch_first=True), torch.tensor([len(row) for row in every])


@pytest.fixture
def small() -> MiniLM:
    """A network of random weights and one layer."""
    torch.manual_seed(0)
    return build(3, 21, output="tag", layers=1).eval()


def test_words_are_cut_by_the_vocabulary_that_weights_bring(small: MiniLM) -> None:
    vocabulary = Tokenizer(models.WordPiece({"[UNK]": 100, "play": 7, "##ing": 8, "##s": 9}, unk_token="[UNK]"))
    description = torch.tensor(list(vocabulary.to_str().encode()), dtype=torch.uint8)
    small.load_state_dict({**small.state_dict(), "tokenizer.description": description})
    encoded = ENCODING.encode(["playing", "plays", "qqq"]).tolist()
    (window,) = small.cut(0, encoded)
    assert window.pieces == [BEGIN, 7, 8, 7, 9, 100, END]
    assert window.steps == [-1, 0, 0, 1, 1, 2, -1]


def test_without_weights_each_word_is_a_piece(small: MiniLM) -> None:
    (window,) = small.cut(0, ENCODING.encode(["ab", "ba", "ab"]).tolist())
    assert window.steps == [-1, 0, 1, 2, -1]
    assert window.pieces[1] == window.pieces[3] != window.pieces[2]
    assert min(window.pieces[1:3]) > END


def test_long_texts_are_read_in_windows_between_words(small: MiniLM) -> None:
    text = [f"word{i}" for i in range(1200)]
    windows = list(small.cut(0, ENCODING.encode(text).tolist()))
    assert len(windows) > 2
    assert all(len(window.pieces) == len(window.steps) <= LONGEST for window in windows)
    firsts = [sorted({step for step in window.steps if step >= 0}) for window in windows]
    assert [step for own in firsts for step in own] == list(range(1200))  # no word in two windows
    with torch.no_grad():
        assert small(*rows([" ".join(text), "one"])).shape == (2, 1200, 3)


def test_a_text_of_a_window_is_the_same_beside_one_of_many(small: MiniLM) -> None:
    with torch.no_grad():
        together = small(*rows(["a b c", " ".join(["long"] * 600)]))[0, :3]
        torch.testing.assert_close(together, small(*rows(["a b c"]))[0], atol=1e-5, rtol=1e-5)


def test_frozen_layers_are_the_first_ones_and_the_table() -> None:
    model = build(3, 21, frozen_layers=4)
    trained = {name.split(".")[3] for name, p in model.named_parameters() if p.requires_grad and ".layer." in name}
    assert trained == {"4", "5"}
    assert not any(p.requires_grad for p in model.network.embeddings.parameters())  # type: ignore[union-attr]
    for message, options in (("frozen_layers=7", {"frozen_layers": 7}), ("output='forecast'", {"output": "forecast"})):
        with pytest.raises(ZooError, match=message):
            build(3, 21, **options)  # type: ignore[arg-type]
    with pytest.raises(ZooError, match="read words by their characters, and the data has none"):
        build(3, 1).load_backbone({})


@pytest.mark.real
def test_known_answer() -> None:
    """What transformers' own BertModel says of the same file, cut by the same tokenizer, mean over all pieces."""
    model = zoo.create("minilm", classes=2, bands=ENCODING.bands, pretrained=True).eval()
    with torch.no_grad():
        found = model.embed(*rows(SENTENCES))
    expected = [0.0216640551, -0.0048641860, -0.0096491026, -0.0634012818, -0.1674934924]
    torch.testing.assert_close(found[0, :5], torch.tensor(expected), atol=1e-5, rtol=0)
    assert float(found[0] @ found[1]) == pytest.approx(0.8143381, abs=1e-5)
    assert float(found[0] @ found[2]) == pytest.approx(-0.0540272, abs=1e-5)


@pytest.mark.real
def test_few_examples_are_enough() -> None:
    """Four sentences of each of two topics, and a linear layer on what the frozen encoder says of them."""
    model = zoo.create("minilm", classes=2, bands=ENCODING.bands[:13], pretrained=True).eval()
    short = Encoding(Vocabulary.of_tokens([], "words", 10), 12)
    sport = (
        "He scored two goals.",
        "The team won the match.",
        "She ran the marathon.",
        "The coach praised the striker.",
    )
    money = ("Shares fell on Monday.", "The bank raised rates.", "Profits rose in spring.", "Inflation worries all.")
    new = (
        "A late penalty decided the game.",
        "The goalkeeper was injured.",
        "The firm cut its dividend.",
        "Bond yields climbed.",
    )

    def embedded(texts: Sequence[str]) -> Tensor:
        every = [short.encode(words(text)) for text in texts]
        lengths = torch.tensor([len(row) for row in every])
        with torch.no_grad():
            return model.embed(nn.utils.rnn.pad_sequence(every, batch_first=True), lengths)

    nearest = (embedded(new) @ embedded(sport + money).T).view(4, 2, 4).mean(dim=2).argmax(dim=1)
    assert nearest.tolist() == [0, 0, 1, 1]
