"""The picture of a simulated year."""

from collections.abc import Sequence
from pathlib import Path

from tools.production.simulate.world import Curves, Year


def draw_curves(path: Path, curves: Curves, year: Year, events: Sequence[tuple[int, str]]) -> None:
    """Draw the accuracy of each way over the year, what changed in the world, and where the loop promoted a challenger."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    steps = range(1, year.steps + 1)
    for name, style in (("loop", "-"), ("random", "--"), ("frozen", ":")):
        axes.plot(steps, curves.accuracy[name], style, linewidth=2, label=f"{name} (area {curves.area(name):.3f})")
    for step, what in (
        (year.sensor, "another sensor"),
        (year.place, "another place"),
        (year.new_class, "another class"),
    ):
        axes.axvline(step + 1, color="0.8", linewidth=1, zorder=0)
        axes.text(step + 1.05, 0.02, what, rotation=90, color="0.4", fontsize=8, va="bottom")
    promoted = [step for step, what in events if what == "PROMOTE"]
    axes.plot(
        [s + 1 for s in promoted], [curves.accuracy["loop"][s] for s in promoted], "^", color="C0", label="promoted"
    )
    axes.set(xlabel="step of the year", ylabel="accuracy of what was asked", ylim=(0, 1.02), xlim=(1, year.steps))
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=110)
    plt.close(figure)
