"""Runs on recordings from the command's words to their folders: digits heard, written, judged through noise, on tones."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console
from rich.progress import Progress

from configuration.composition import compose
from configuration.training import train
from recipes.speech.digits import DIGITS
from tools.bench import noise as bench_noise
from tools.bench import speakers as bench_speakers
from tools.bench import speech as bench_speech
from tools.bench.harness import take_turns
from tools.experiments.reproduce import headline
from tools.predict import tables
from tools.predict.evaluate import evaluate
from tools.predict.options import Options
from zoo.errors import ZooError
from zoo.inference.load import load
from zoo.runs.run import Run

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning and torch warn of their own deprecations in every run


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("digits")
    for digit in range(10):
        for number, speaker in enumerate(("ann", "bob", "cy")):
            for take in range(8):
                time = np.arange(1200 + 40 * take) / 8000
                wave = 0.3 * np.sin(2 * np.pi * (200 + 300 * digit + 5 * number) * time)
                soundfile.write(root / f"{digit}_{speaker}_{take}.wav", wave, 8000)
    return root


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def words(digits: Path, run: Path, *more: str) -> list[str]:
    return [
        "task=sequence",
        "data=speech",
        f"data.root={digits}",
        "data.test_speakers=[cy]",
        "data.batch_size=16",
        "trainer.check_val_every_n_epoch=1",
        "trainer.workers=0",
        "trainer.threads=1",
        "trainer.precision=32-true",
        f"run={run}",
        *more,
    ]


@pytest.fixture(scope="module")
def heard(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "heard"
    small = ("model=ds_cnn_s", "data.samples=320", "trainer.max_epochs=5", "optimizer.lr=0.01", "augment=none")
    train(compose(words(digits, folder, *small)))
    return Run(folder)


def test_digits_are_heard(heard: Run) -> None:
    assert headline(heard) == "test/accuracy"
    assert heard.metrics["test/accuracy"] > 0.5
    assert (heard.folder / "plots" / "confusion.png").exists()


def test_the_next_command_hears_what_the_test_heard(heard: Run, digits: Path, tmp_path: Path) -> None:
    said = (heard.folder / "logs" / "console.txt").read_text(encoding="utf-8")
    assert f"next      zoo predict {heard.folder} NEW.wav --out answers.csv" in said
    out = tmp_path / "answers.csv"
    options = Options(out=out)
    paths = sorted(digits.glob("*_cy_*.wav"))
    assert tables.predict(load(heard.folder), paths, options, Progress(disable=True), Console(quiet=True))[1] == []
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    right = [row["label"] == DIGITS[int(Path(row["input"]).name[0])] for row in rows]
    assert sum(right) / len(right) == pytest.approx(heard.metrics["test/accuracy"])


def test_noise_is_heard_too(heard: Run, tmp_path: Path) -> None:
    found = bench_noise.hear(heard, "car", None)
    assert list(found.values) == ["clean", "20 dB", "10 dB", "5 dB", "0 dB"]
    assert found.values["clean"] == pytest.approx(heard.metrics["test/accuracy"])
    assert bench_noise.hear(heard, "car", None) == found, "the noise is the same for every run"
    assert bench_noise.hear(heard, "babble", None).values["0 dB"] < found.values["clean"]
    bench_noise.draw(tmp_path / "noise.png", [found, found], "car")
    assert (tmp_path / "noise.png").stat().st_size > 5000
    with pytest.raises(ZooError, match="noise kind 'rain' is not known"):
        bench_noise.hear(heard, "rain", None)


def test_speakers_are_held_out_in_turn(digits: Path, heard: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_speakers.speakers(words(digits, Path("never"))) == ["ann", "bob", "cy"]
    bench_speakers.report([("ann",), ("bob",), ("cy",)], [heard] * 3, json_=False)
    shown = capsys.readouterr().out
    assert f"{heard.metrics['test/accuracy']:.4f}" in shown
    assert "worst: ann" in shown


def test_digits_are_written(digits: Path, tmp_path: Path) -> None:
    small = ("model=deep_speech2", "model.size=[16,32,1]", "data.samples=48", "trainer.max_epochs=2")
    folder = tmp_path / "written"
    metrics = train(
        compose(words(digits, folder, *small, "task.objective=transcribe", "data.sorted=true", "augment=none"))
    )
    run = Run(folder)
    assert headline(run) == "test/wer"
    assert {"test/wer_beam", "test/cer_ngram"} <= set(metrics)
    assert (folder / "plots" / "alignments.png").exists()
    again = evaluate(run, [])
    assert again["test/cer_ngram"] == pytest.approx(metrics["test/cer_ngram"], abs=1e-6)


def test_a_model_that_cannot_write_is_refused_with_those_that_can(digits: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="model=speech_embedding cannot transcribe.* say model=.*deep_speech2"):
        train(compose(words(digits, tmp_path / "run", "task.objective=transcribe")))
    assert not (tmp_path / "run").exists()


def test_speed_is_measured() -> None:
    for way, seconds in (bench_speech.word("ds_cnn_s"), bench_speech.stream()):
        assert take_turns({"hear": way}, 1)["hear"].median < seconds
