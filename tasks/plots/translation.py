"""Pictures of translations: where each token looked, and what was written beside what should have been."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.plots import FALSE_ALARM, HIT, caption, save
from tasks.plots.tagging import shortened
from tasks.results.translation import TranslationResult

#: Attention maps in a picture, with at most so many tokens on a side; examples in a picture, signs of a line.
MAPS, TOKENS, EXAMPLES, SIGNS = 4, 45, 12, 110


def draw_attention(path: Path, results: Sequence[TranslationResult]) -> Path:
    """Draw how much of each written token (rows) was read where (columns), for the first texts that are short enough.

    Those whose translation nobody has said come first.
    """
    fitting = [one for one in results if one.tokens and max(len(one.read), len(one.tokens)) <= TOKENS]
    chosen = sorted(fitting or [one for one in results if one.tokens], key=lambda one: one.true != "")[:MAPS]
    figure = Figure(figsize=(16, 12), layout="constrained")
    every = figure.subplots(2, MAPS // 2).flatten()
    for axes, one in zip(every, chosen, strict=False):
        draw_map(axes, one)
    for axes in every[len(chosen) :]:
        axes.set_axis_off()
    return save(figure, path)


def draw_map(axes: Axes, one: TranslationResult) -> None:
    """Draw the attention of one translation."""
    read, written = one.read[:TOKENS], one.tokens[:TOKENS]
    axes.imshow(one.attention[: len(written), : len(read)].float().numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(read)), [shortened(token) for token in read], fontsize=7, rotation=60)
    axes.set_yticks(range(len(written)), [shortened(token) for token in written], fontsize=7)
    axes.set_title(caption(one.name), fontsize=8, color="black" if one.right or not one.true else FALSE_ALARM)


def draw_examples(path: Path, results: Sequence[TranslationResult]) -> Path:
    """Write examples out: as many wrong ones as right ones, where there are so many of both; first what nobody has judged."""
    judged = [one for one in results if one.true]
    wrong, right = [one for one in judged if not one.right], [one for one in judged if one.right]
    half = EXAMPLES // 2
    beside = [one for one in results if not one.true]
    chosen = [*beside, *wrong[: max(half, EXAMPLES - len(right))], *right][: EXAMPLES + len(beside)]
    figure = Figure(figsize=(14, 0.75 * len(chosen) + 0.5))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(-len(chosen), 0))
    for row, one in enumerate(chosen):
        text = "".join(one.read).replace("▁", " ") if "▁" in "".join(one.read) else " ".join(one.read)
        lines = (("read", text), ("said", one.said), *([("true", one.true)] if one.true else []))
        for place, (what, line) in enumerate(lines):
            colour = "black" if what != "said" or not one.true else HIT if one.right else FALSE_ALARM
            shown = shorten(line, SIGNS, placeholder=" …")
            axes.text(
                0, -row - 0.3 * place - 0.1, f"{what}  {shown}", fontsize=8, color=colour, va="top", family="monospace"
            )
    axes.set_title(f"{len(right)} of {len(judged)} right to the last sign", fontsize=10, loc="left")
    return save(figure, path)
