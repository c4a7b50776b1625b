"""Runs over text from the command's words to their folder and back: what is learnt, and the vocabulary that comes with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytorch_lightning  # noqa: F401  # its import sets filters of warnings, which the mark below takes back
import torch

from configuration.composition import compose
from configuration.training import train
from tests.recipes.texts import topics, write_conll, write_table
from tools.predict.evaluate import evaluate
from zoo.errors import ZooError
from zoo.runs.run import Run

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning and torch warn of their own deprecations in every run


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def run(folder: Path, *words: str) -> tuple[Run, dict[str, float]]:
    common = ["task=sequence", "trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true", f"run={folder}"]
    metrics = train(compose([*common, *words]))
    return Run(folder), metrics


@pytest.mark.parametrize("model", ["fasttext", "textcnn"])
def test_topics_are_learnt(tmp_path: Path, model: str) -> None:
    path = write_table(tmp_path / "t.csv", [("text", "label"), *topics(240)])
    small = ["model.vocabulary=200", "model.embedded=16", "model.buckets=500"]
    words = ["data=topics", f"data.root={path}", f"model={model}", *small, "trainer.max_epochs=6", "optimizer.lr=0.02"]
    found, metrics = run(tmp_path / "run", *words)
    assert metrics["test/accuracy"] > 0.9
    assert evaluate(found, [])["test/accuracy"] == pytest.approx(metrics["test/accuracy"])
    # words that the run has never seen, and no text about money: the run's own vocabulary and classes are taken
    other = write_table(tmp_path / "o.csv", [("text", "label"), *[row for row in topics(90, 7) if row[1] != "money"]])
    again = evaluate(found, [f"data.root={other}"])
    assert again["test/accuracy"] > 0.8
    wrong = write_table(tmp_path / "w.csv", [("text", "label"), *[(text, f"{label}s") for text, label in topics(60)]])
    with pytest.raises(ZooError, match="is not among those of training; did you mean"):
        evaluate(found, [f"data.root={wrong}"])


def test_entities_are_learnt(tmp_path: Path) -> None:
    root = write_conll(tmp_path / "conll", (120, 16, 24))
    small = ["model.vocabulary=100", "model.embedded=16", "model.buckets=200", "model.filters=8", "model.width=24"]
    found, metrics = run(
        tmp_path / "run",
        "data=entities",
        f"data.root={root}",
        *small,
        "data.batch_size=8",
        "trainer.max_epochs=8",
        "optimizer.lr=0.02",
    )
    assert metrics["test/entity_f1"] > 0.85
    assert evaluate(found, [])["test/entity_f1"] == pytest.approx(metrics["test/entity_f1"])
    assert {path.name for path in (found.folder / "plots").iterdir()} == {"confusion.png", "worst.png", "training.png"}
    assert "person" in found.head()["fitted"]["classes"][1]


@pytest.mark.parametrize("model", ["seq2seq", "transformer"])
def test_copying_digits_into_words_is_learnt(tmp_path: Path, model: str) -> None:
    names = "nought one two three four five six seven eight nine".split()  # noqa: SIM905
    rows = [(f"{i:04d}", " ".join(names[int(digit)] for digit in f"{i:04d}")) for i in range(0, 10000, 27)]
    path = write_table(tmp_path / "t.csv", [("source", "target"), *rows])
    found, metrics = run(
        tmp_path / "run", "data=translation", f"data.root={path}", f"model={model}", "data.target.kind=words",
        "model.width=32", *(["model.embedded=16"] if model == "seq2seq" else ["model.layers=1", "model.dropout=0"]),
        "data.batch_size=16", "trainer.max_epochs=10", "trainer.check_val_every_n_epoch=10", "optimizer.lr=0.01",
        "+task.objective_options.longest=6", "+task.objective_options.beam=2",
    )  # fmt: skip
    assert metrics["test/exact"] > 0.8
    assert metrics["test/bleu"] > 80
    assert evaluate(found, [])["test/bleu"] == pytest.approx(metrics["test/bleu"])
    assert {"attention.png", "examples.png"} <= {path.name for path in (found.folder / "plots").iterdir()}


def test_a_model_that_writes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="model=fasttext cannot translate: its card .*say model=seq2seq or transformer"):
        run(tmp_path / "run", "data=translation", "data.generated=20", "model=fasttext", "trainer.max_epochs=1")


def test_an_objective_that_the_data_has_no_answer_to_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", [("text", "label"), *topics(60)])
    with pytest.raises(ZooError, match="task.objective=tag is nothing that these data serve; they serve classify"):
        run(tmp_path / "run", "data=topics", f"data.root={path}", "task.objective=tag", "model.vocabulary=200")
    assert not (tmp_path / "run").exists()
