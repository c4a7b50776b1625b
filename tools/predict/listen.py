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
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tools.predict.sequences import Hearer
from zoo.errors import ZooError
from zoo.files import atomic_write
from zoo.runs.run import Run

if TYPE_CHECKING:
    import torch

#: Seconds that are read at a time; a stretch ends after so much silence, and no later than its longest; what is kept around it.
BLOCK, SILENCE, LONGEST, MARGIN = 10.0, 0.3, 20.0, 0.1
#: Chances of speech at which a stretch begins, and below which it may end.
BEGINS, ENDS = 0.5, 0.35
#: Shorter stretches are clicks.
SHORTEST = 0.1


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
    answer = Answer(Run.find(run)) if run else None
    found = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("listening", total=seconds)
        for stretch in stretches(recording, answer):
            found.append(stretch)
            bar.update(task, completed=stretch.end)
            line = f"{clock(stretch.start)}  {clock(stretch.end)}  {stretch.said}".rstrip()
            print(json.dumps(asdict(stretch)) if json_ else line, flush=True)
    if out is not None:
        write(out, found)
    spoken = sum(stretch.end - stretch.start for stretch in found)
    count = "1 stretch" if len(found) == 1 else f"{len(found)} stretches"
    print(f"{count}, {spoken:.1f} s of speech in {seconds:.1f} s", file=sys.stderr)


def stretches(recording: Path, answer: "Answer | None") -> Iterator[Stretch]:
    """Yield the stretches of speech in a recording as they end; memory is bounded by the longest of them."""
    import torch

    import zoo
    from recipes.speech import wav
    from zoo.sequence.silero_vad import PIECE, RATE, Listener, SileroVad

    model = zoo.create("silero_vad", classes=2, bands=("waveform",), pretrained=True)
    assert isinstance(model, SileroVad)
    listener, finder, kept = Listener(model), Finder(PIECE / RATE), Kept()
    for wave in wav.blocks(recording, RATE, BLOCK):
        piece = torch.from_numpy(wave)
        kept.add(piece)
        for chance in listener.push(piece).tolist():
            if (found := finder.step(chance)) is not None:
                yield answered(found, kept, answer)
        kept.forget(finder.needed())
    for chance in listener.push(torch.zeros(0), last=True).tolist():
        if (found := finder.step(chance)) is not None:
            yield answered(found, kept, answer)
    if (found := finder.close()) is not None:
        found.end = min(found.end, kept.seconds)
        yield answered(found, kept, answer)


def answered(stretch: Stretch, kept: "Kept", answer: "Answer | None") -> Stretch:
    """Return a stretch with what the run says of it."""
    if answer is not None:
        stretch.said = answer.of(kept.part(stretch.start - MARGIN, stretch.end + MARGIN))
    return stretch


class Finder:
    """Chances of speech, a piece at a time, to stretches: they begin above one chance and end after silence below another."""

    def __init__(self, piece: float) -> None:
        self.piece, self.time = piece, 0.0
        self.start: float | None = None
        self.last = 0.0

    def step(self, chance: float) -> Stretch | None:
        """Hear one piece more; return the stretch that it ends."""
        self.time += self.piece
        if chance >= (BEGINS if self.start is None else ENDS):
            self.last = self.time
            if self.start is None:
                self.start = self.time - self.piece
        if self.start is None or (self.time - self.last < SILENCE and self.time - self.start < LONGEST):
            return None
        return self.close()

    def close(self) -> Stretch | None:
        """End the stretch that is open, if there is one that is no click."""
        start, self.start = self.start, None
        return None if start is None or self.last - start < SHORTEST else Stretch(round(start, 3), round(self.last, 3))

    def needed(self) -> float:
        """Return the time from which on samples may still be asked for, seconds."""
        return (self.time if self.start is None else self.start) - MARGIN - self.piece


class Kept:
    """The last samples of a recording, 16 kHz, by their time."""

    def __init__(self) -> None:
        import torch

        self.first, self.samples = 0, torch.zeros(0)

    @property
    def seconds(self) -> float:
        """The end of what was heard."""
        return (self.first + len(self.samples)) / 16000

    def add(self, samples: "torch.Tensor") -> None:
        """Keep more samples (T,)."""
        import torch

        self.samples = torch.cat([self.samples, samples])

    def forget(self, before: float) -> None:
        """Let go of what lies before a time, seconds."""
        count = min(max(0, round(before * 16000) - self.first), len(self.samples))
        self.first, self.samples = self.first + count, self.samples[count:]

    def part(self, start: float, end: float) -> "torch.Tensor":
        """Return the samples from one time to another, seconds."""
        return self.samples[max(0, round(start * 16000) - self.first) : max(0, round(end * 16000) - self.first)]


class Answer:
    """The model of a run on recordings, with the way to read it."""

    def __init__(self, run: Run) -> None:
        config = run.config
        self.objective = config["task"].get("objective")
        if self.objective not in ("classify", "transcribe"):
            raise ZooError(f"run {run.folder} neither transcribes nor classifies recordings, but {self.objective}")
        head = run.head()
        if head["bands"] != ["waveform"]:
            heard = ", ".join(head["bands"][:3])
            raise ZooError(f"run {run.folder} reads {heard}, not recordings; name a run on recordings with --run")
        self.hearer = Hearer(run)
        self.rate = self.hearer.data.heard_at()

    def of(self, wave: "torch.Tensor") -> str:
        """Return what is said in a waveform (T,) of 16 kHz."""
        import torch

        from recipes.kit.inference_sample import InferenceSample
        from recipes.speech import wav

        own = torch.from_numpy(wav.resample(wave.numpy(), 16000, self.rate))
        answer = self.hearer.respond([InferenceSample("", own[:, None])])[0]
        return answer["text"] if self.objective == "transcribe" else f"{answer['label']} {answer['probability']:.2f}"


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
