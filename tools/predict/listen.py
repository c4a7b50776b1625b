"""`zoo listen RECORDING`: where someone speaks in a recording of any length, and what is said when a run is named.

The recording is read piece by piece, so ten hours take no more memory than a minute: the voice activity detector finds
stretches of speech as they end, and each stretch is handed to the run.
"""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from zoo.errors import ZooError
from zoo.files import atomic_write
from zoo.inference.answers import Label, Text
from zoo.inference.predictor import Predictor

if TYPE_CHECKING:
    import torch

#: What finds speech, and the seconds that are kept around a stretch of it.
DETECTOR, MARGIN = "silero_vad", 0.1


@dataclass
class Stretch:
    """Someone speaks from `start` to `end`, seconds; `said` is the run's answer."""

    start: float
    end: float
    said: str = ""


def command(
    recording: Annotated[Path, typer.Argument(help="a recording: wav, flac, ogg, mp3, of any length and rate")],
    run: Annotated[str | None, typer.Option(help="a run that transcribes or classifies recordings")] = None,
    out: Annotated[Path | None, typer.Option(help="write the stretches as csv")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the stretches as JSON, one a line")] = False,
) -> None:
    """Find where someone speaks, and what is said.

    Example: `zoo listen meeting.wav --run runs/sequence-prompts-deep_speech2/2026-01-31_12-00-00 --out meeting.csv`
    """
    from recipes.speech import wav

    seconds = wav.facts(recording).seconds
    if out is not None and not out.parent.is_dir():  # said before hours of listening
        raise ZooError(f"--out {out}: there is no folder {out.parent}; make it, or choose another file")
    answering = answering_with(run) if run else None
    found = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("listening", total=seconds)
        for stretch in stretches(recording, answering):
            found.append(stretch)
            bar.update(task, completed=stretch.end)
            line = f"{clock(stretch.start)}  {clock(stretch.end)}  {stretch.said}".rstrip()
            print(json.dumps(asdict(stretch)) if json_ else line, flush=True)
    if out is not None:
        write(out, found)
    spoken = sum(stretch.end - stretch.start for stretch in found)
    count = "1 stretch" if len(found) == 1 else f"{len(found)} stretches"
    print(f"{count}, {spoken:.1f} s of speech in {seconds:.1f} s", file=sys.stderr)


def stretches(recording: Path, answering: Predictor[Any] | None) -> Iterator[Stretch]:
    """Yield the stretches of speech in a recording as they end; memory is bounded by the longest of them."""
    import torch

    import zoo
    from recipes.inference import speech
    from recipes.speech import wav

    detector: Any = zoo.load(DETECTOR)
    finder, kept = speech.Finder(), Kept(speech.RATE)

    def blocks() -> "Iterator[torch.Tensor]":
        for wave in wav.blocks(recording, speech.RATE, speech.BLOCK):
            kept.add(torch.from_numpy(wave))
            yield torch.from_numpy(wave)
            kept.forget(finder.begun - MARGIN - finder.piece)

    for start, end in speech.stretches(detector.engine.model, blocks(), finder):
        said = ""
        if answering is not None:
            said = said_of(answering, kept.part(start - MARGIN, end + MARGIN), kept.rate)
        yield Stretch(start, end, said)


class Kept:
    """The last samples of a recording of a rate, by their time."""

    def __init__(self, rate: int) -> None:
        import torch

        self.rate, self.first, self.samples = rate, 0, torch.zeros(0)

    @property
    def seconds(self) -> float:
        """The end of what was heard."""
        return (self.first + len(self.samples)) / self.rate

    def add(self, samples: "torch.Tensor") -> None:
        """Keep more samples (T,)."""
        import torch

        self.samples = torch.cat([self.samples, samples])

    def forget(self, before: float) -> None:
        """Let go of what lies before a time, seconds."""
        count = min(max(0, round(before * self.rate) - self.first), len(self.samples))
        self.first, self.samples = self.first + count, self.samples[count:]

    def part(self, start: float, end: float) -> "torch.Tensor":
        """Return the samples from one time to another, seconds."""
        first, last = (max(0, round(time * self.rate) - self.first) for time in (start, end))
        return self.samples[first:last]


def answering_with(run: str) -> Predictor[Any]:
    """Open what says what is in a stretch; refuse what reads no recordings, or says something else of them."""
    import zoo

    predictor = zoo.load(run)
    if predictor.metadata.bands != ("waveform",):
        heard = ", ".join(predictor.metadata.bands[:3])
        raise ZooError(
            f"{predictor.metadata.source} reads {heard}, not recordings; name a run on recordings with --run"
        )
    if predictor.gives not in (Label, Text):
        said = predictor.gives.__name__.lower()
        raise ZooError(f"{predictor.metadata.source} neither transcribes nor classifies recordings: it gives {said}")
    return predictor


def said_of(predictor: Predictor[Any], wave: "torch.Tensor", rate: int) -> str:
    """Return what is said in a waveform (T,)."""
    from recipes.speech import wav

    answer: Any = predictor(wav.resample(wave.numpy(), rate, predictor.metadata.rate or rate))
    return answer.text if isinstance(answer, Text) else f"{answer.label} {answer.probability:.2f}"


def clock(seconds: float) -> str:
    """Return a time as h:mm:ss.s."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60)}:{int(minutes % 60):02d}:{rest:04.1f}"


def write(out: Path, found: list[Stretch]) -> None:
    """Write the stretches as a table."""
    with atomic_write(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("start", "end", "said"))
        lines.writerows((stretch.start, stretch.end, stretch.said) for stretch in found)
