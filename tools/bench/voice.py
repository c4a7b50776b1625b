"""`zoo bench voice`: how well the voice activity detector tells speech from pauses and noise, beside plain loudness."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import zoo
from zoo.registry import measurements
from zoo.registry.measurements import Measurement

MODEL, DATA = "silero_vad", "prompts"
#: The name of this comparison, and the command that makes it.
EXPERIMENT, COMMAND = "voice_in_noise", "zoo bench voice"
#: Signal-to-noise ratios, dB, beside which all is heard without noise.
LEVELS = (20.0, 10.0, 5.0, 0.0)
#: Seconds of a pause between two recordings, drawn evenly; the seed of pauses and noise.
PAUSES, SEED = (0.5, 3.0), 20
#: In the clean recording, someone speaks where 20 ms are at most so many dB below its loudest 20 ms; shorter gaps are words'.
SPOKEN, FRAME, GAP = -35.0, 0.02, 0.2


@dataclass(frozen=True)
class VoiceResult:
    """Under one noise, the area under the ROC curve of the detector and of loudness, and the F1 of the detector at 0.5."""

    noise: str
    auroc: float
    loudness: float
    f1: float


def command(
    minutes: Annotated[float, typer.Option(min=0.1, help="of speech and pauses")] = 20.0,
    write: Annotated[bool, typer.Option(help="write what was measured beside the model's card")] = False,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure silero_vad on recorded prompts with pauses between them, clean and under made noise, piece by piece of 32 ms.

    Where someone speaks is read off the loudness of the clean recordings, before noise is laid over all.

    Example: `zoo bench voice --minutes 5`
    """
    began = time.perf_counter()
    console = Console(stderr=True)
    wave, spoken = conversation(60 * minutes)
    model = zoo.create(MODEL, classes=2, bands=("waveform",), pretrained=True)
    noises = ["clean", *(f"{kind} {level:g} dB" for kind in kinds() for level in LEVELS)]
    found = [
        compare_to_truth(model, noise, wave, spoken)
        for noise in track(noises, "listening", console=console, disable=not console.is_terminal, transient=True)
    ]
    if write:
        write_into_card(found, time.perf_counter() - began)
    if json_:
        print(json.dumps([vars(one) for one in found], indent=2))
        return
    print(f"{len(wave) / 60 / rate():.1f} min of data={DATA} with pauses, {100 * spoken.mean():.0f} % of it speech")
    table = Table(box=None)
    for name in ("noise", "AUROC", "of loudness", "F1 at 0.5"):
        table.add_column(name, justify="left" if name == "noise" else "right")
    for one in found:
        table.add_row(one.noise, *(f"{value:.3f}" for value in (one.auroc, one.loudness, one.f1)))
    Console().print(table)


def rate() -> int:
    """Return the sample rate of the detector, Hz."""
    from zoo.sequence.silero_vad import RATE

    return RATE


def kinds() -> Sequence[str]:
    """Return the kinds of noise that are made."""
    from recipes.speech.noise import MADE

    return tuple(MADE)


def conversation(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a waveform (T,) of recordings and pauses, and for each of its samples whether someone speaks."""
    waves, truths, length = [], [], 0
    for wave, truth in recordings_and_pauses(np.random.default_rng(SEED)):
        waves.append(wave)
        truths.append(truth)
        length += len(wave)
        if length >= seconds * rate():
            break
    return np.concatenate(waves), np.concatenate(truths)


def recordings_and_pauses(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pauses and recordings in turn, with whether someone speaks; all recordings once, in a drawn order."""
    from configuration.composition import compose
    from configuration.instantiation import data_of
    from recipes.speech import wav

    data: Any = data_of(compose(["task=sequence", f"data={DATA}"]))
    data.prepare_data()
    paths = sorted(recording.path for part in data.read_split().parts.values() for recording in part)
    for index in rng.permutation(len(paths)):
        pause = np.zeros(int(rng.uniform(*PAUSES) * rate()), np.float32)
        yield pause, pause > 0
        wave = wav.read(paths[index], rate())
        yield wave, find_speech(wave, rate())


def find_speech(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return for each sample of a clean waveform (T,) whether someone speaks, by its loudness; short gaps are speech."""
    frame = int(FRAME * sample_rate)
    count = -(-len(wave) // frame)
    power = np.square(np.pad(wave, (0, count * frame - len(wave)))).reshape(count, frame).mean(axis=1)
    loud = np.flatnonzero((power > 0) & (power >= power.max() * 10 ** (SPOKEN / 10)))
    spoken = np.zeros(count, bool)
    spoken[loud] = True
    for start, end in pairwise(loud):
        if (end - start) * FRAME <= GAP:
            spoken[start:end] = True
    return spoken.repeat(frame)[: len(wave)]


def compare_to_truth(model: Any, noise: str, wave: np.ndarray, spoken: np.ndarray) -> VoiceResult:
    """Lay noise over a waveform, by its ratio to what is spoken, and hold the chances of speech against the truth."""
    import torch
    from torchmetrics.functional.classification import binary_auroc, binary_f1_score

    from zoo.sequence.silero_vad import PIECE, Listener

    sound = torch.from_numpy(add_noise(noise, wave, spoken))
    pieces = len(sound) // PIECE
    sound, said = sound[: pieces * PIECE], spoken[: pieces * PIECE].reshape(pieces, PIECE)
    truth = torch.from_numpy(said.mean(axis=1) >= 0.5).long()
    chances = Listener(model).push(sound)
    loudness = sound.view(pieces, PIECE).square().mean(dim=1)
    auroc, plain = (float(binary_auroc(scores, truth)) for scores in (chances, loudness / loudness.max()))
    return VoiceResult(noise, round(auroc, 4), round(plain, 4), round(float(binary_f1_score(chances, truth)), 4))


def add_noise(noise: str, wave: np.ndarray, spoken: np.ndarray) -> np.ndarray:
    """Return a waveform under `noise`: `clean`, or a kind and a ratio such as `car 10 dB`."""
    import torch

    from recipes.kit.sampler import generator
    from recipes.speech.noise import MADE, level

    if noise == "clean":
        return wave
    kind, ratio, _ = noise.split()
    made = MADE[kind](len(wave), rate(), generator(SEED, kinds().index(kind)))
    speech = level(torch.from_numpy(wave[spoken]))
    return wave + (made * (speech * 10 ** (-float(ratio) / 20) / level(made))).numpy()


def write_into_card(found: Sequence[VoiceResult], seconds: float) -> None:
    """Write the areas into the card: without noise, and the mean over the kinds of noise at each ratio."""
    from zoo import hardware

    chosen = hardware.choose()
    for name, (value, least, largest) in summary(found).items():
        result = Measurement(
            experiment=EXPERIMENT, data=DATA, metric=f"test/auroc/{name}", value=value, spread=(least, largest), seeds=(SEED,),
            hardware=chosen.processor, threads=chosen.threads, precision="32-true", seconds=round(seconds, 1),
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
        )  # fmt: skip
        measurements.write(zoo.card(MODEL), result, COMMAND)


def summary(found: Sequence[VoiceResult]) -> Mapping[str, tuple[float, float, float]]:
    """Return the mean, the least and the largest area over the kinds of noise, by ratio."""
    ratios: dict[str, list[float]] = {}
    for one in found:
        ratios.setdefault(one.noise.partition(" ")[2] or one.noise, []).append(one.auroc)
    return {name: (round(float(np.mean(areas)), 4), min(areas), max(areas)) for name, areas in ratios.items()}
