"""Pictures of transcribed sequences: when each symbol was heard, and what was said beside what is true."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from torchmetrics.functional.text import edit_distance

from tasks.plots import FALSE_ALARM, HIT, save
from tasks.results.transcription import TranscriptionResult
from zoo.sequence.ctc import BLANK

#: Recordings on the sheet of alignments, and lines on that of transcripts.
ALIGNED, LINES = 4, 14
#: Characters of a line that are shown.
SHOWN = 90


def draw(folder: Path, results: Sequence[TranscriptionResult], classes: Sequence[str], data: Any) -> list[Path]:
    """Draw both pictures; `data.picture(name)` gives a recording as uint8 (H, W, 3)."""
    return [
        draw_alignments(folder / "alignments.png", results, classes, data),
        draw_worst(folder / "worst.png", results),
    ]


def draw_alignments(path: Path, results: Sequence[TranscriptionResult], classes: Sequence[str], data: Any) -> Path:
    """Draw some recordings, and below each the probability of its symbols over time."""
    middle = sorted(results, key=lambda one: len(one.logs))
    chosen = [middle[len(middle) * (2 * i + 1) // (2 * ALIGNED)] for i in range(ALIGNED)]
    figure = Figure(figsize=(11, 3 * ALIGNED), layout="constrained")
    every = figure.subplots(2 * ALIGNED, 1)
    for one, above, below in zip(chosen, every[::2], every[1::2], strict=True):
        above.imshow(data.picture(one.name), aspect="auto", interpolation="nearest")
        above.set_title(f"{one.name}: {one.true}"[:SHOWN], fontsize=9, loc="left")
        above.set(xticks=[], yticks=[])
        chances, best = one.logs.exp(), one.logs.argmax(dim=1).tolist()
        for symbol in sorted(set(best) - {BLANK}):
            below.plot(chances[:, symbol].numpy(), linewidth=1)
        for step, symbol in enumerate(best):
            if symbol != BLANK and (step == 0 or best[step - 1] != symbol):
                below.text(step, 1.02, classes[symbol].replace(" ", "␣"), ha="center", fontsize=8, family="DejaVu Sans")
        below.set(xlim=(-0.5, len(best) - 0.5), ylim=(0, 1.2), yticks=[0, 1], ylabel="probability")
    every[-1].set_xlabel("step")
    return save(figure, path)


def draw_worst(path: Path, results: Sequence[TranscriptionResult]) -> Path:
    """Write the transcripts with most errors, true above said; red where it is wrong."""
    said = [list(one.said.values())[-1] for one in results]
    errors = [float(edit_distance(s, one.true, reduction="sum")) for s, one in zip(said, results, strict=True)]
    order = sorted(range(len(results)), key=lambda i: -errors[i] / max(len(results[i].true), 1))[:LINES]
    figure = Figure(figsize=(11, 0.5 * len(order) + 0.6))
    axes = figure.subplots()
    axes.set_axis_off()
    for line, index in enumerate(order):
        height = 1 - (line + 0.5) / len(order)
        axes.text(0.0, height, results[index].name, fontsize=8, va="center", color="dimgray")
        axes.text(0.25, height, results[index].true[:SHOWN], fontsize=9, va="bottom")
        colour = FALSE_ALARM if errors[index] else HIT
        axes.text(0.25, height, said[index][:SHOWN] or "(nothing)", fontsize=9, va="top", color=colour)
    return save(figure, path)
