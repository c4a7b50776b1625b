"""`zoo simulate --out FOLDER`: a year of production in minutes; the loop against a frozen model and against blind updates."""

import json
import shutil
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from tools.production.simulate.arms import Arm, Blind, Loop
from tools.production.simulate.chart import draw_curves
from tools.production.simulate.world import Curves, Shot, Year, before, shots
from tools.terminal.columns import table
from tools.terminal.options import expand_options
from zoo.errors import ZooError
from zoo.files import write_json
from zoo.runs.run import Run
from zoo.sites.site import Site

#: A year in which much changes is no time to wait for proof: what came last decides, and no old slice may lose much.
GATES = "decides: recent\nrecent: 32\nrisk: 0.4\nslack: 0.1\nmilliseconds: 10\n"
#: Pictures of the winter before, by split.
BEFORE = {"train": 300, "val": 100, "test": 60}


@dataclass(frozen=True)
class Options:
    """How the year goes."""

    steps: Annotated[int, typer.Option(min=2, help="times that the loop goes round")] = 12
    inputs: Annotated[int, typer.Option(min=10, help="pictures a step")] = 100
    budget: Annotated[int, typer.Option(min=1, help="labels a step, of the loop and of blind updates alike")] = 40
    delay: Annotated[int, typer.Option(min=0, help="steps until labels come back")] = 1
    noise: Annotated[float, typer.Option(min=0, max=1, help="share of labels that are wrong")] = 0.03
    epochs: Annotated[int, typer.Option(min=1, help="of the first training")] = 12
    updates: Annotated[
        int, typer.Option(min=1, help="epochs of each update, of the loop and of blind updates alike")
    ] = 8
    seed: Annotated[int, typer.Option(min=0, help="of all that is drawn")] = 0

    def year(self) -> Year:
        """Return the year: another sensor after a quarter, another place after 0.4, another class after 0.6 of it."""
        at = {"sensor": 0.25, "place": 0.42, "new_class": 0.58}
        changes = {name: max(1, round(share * self.steps)) for name, share in at.items()}
        return Year(self.steps, self.inputs, **changes, delay=self.delay, noise=self.noise, budget=self.budget)


@expand_options
def command(
    out: Annotated[
        Path, typer.Option(help="the folder that is written: sites, curves, picture; it must not be there yet")
    ],
    json_: Annotated[bool, typer.Option("--json", help="print the curves as JSON")] = False,
    *,
    options: Options,
) -> None:
    """Go through a year of small made-up pictures: seasons, another sensor, place and class, late and wrong labels.

    Three ways are held side by side on the same pictures: the loop (collect, label, accrete, promote, monitor) on a real site,
    a frozen model, and random labels with blind updates. It shows whether the loop works, and nothing about your pictures.

    Examples: `zoo simulate --out year`, and in seconds
    `zoo simulate --out year --steps 3 --inputs 30 --budget 12 --epochs 2 --updates 1`.
    """
    if out.exists():
        raise ZooError(f"--out {out} is there already; name a new folder")
    began = time.perf_counter()
    curves, arms = simulate(out, options)
    facts = {
        "accuracy": curves.accuracy,
        "area": {name: curves.area(name) for name in curves.accuracy},
        "events": {name: arm.events for name, arm in arms.items()},
        "seconds": round(time.perf_counter() - began, 1),
        "options": vars(options),
    }
    write_json(out / "simulation.json", facts)
    draw_curves(out / "simulation.png", curves, options.year(), arms["loop"].events)
    print(json.dumps(facts, indent=2) if json_ else "\n".join(lines(facts, out)))


def simulate(out: Path, options: Options) -> tuple[Curves, dict[str, Arm]]:
    """Go through the year; return how accurate each way was, and what happened."""
    year, rng = options.year(), np.random.default_rng(options.seed)
    first = first_run(out, options, year, rng)
    arms: dict[str, Arm] = {}
    for place, (name, kind) in enumerate((("loop", Loop), ("random", Blind)), 1):
        site = Site.create(out / name, first)
        prepare(site, out / "data" / "test")
        arms[name] = kind(site, year, np.random.default_rng((options.seed, place)), options.updates)
    frozen = Arm(Site.create(out / "frozen", first), year, rng)
    curves = Curves({name: [] for name in ("loop", "random", "frozen")})
    for step in range(year.steps):
        pictures = list(shots(year, step, rng, year.inputs))
        for name, arm in ({**arms, "frozen": frozen}).items():
            curves.accuracy[name].append(arm.serve(pictures))
        for arm in arms.values():
            arm.step(step)  # type: ignore[attr-defined]  # the frozen one has none
        told = "  ".join(f"{name} {values[-1]:.2f}" for name, values in curves.accuracy.items())
        events = "; ".join(what for at, what in arms["loop"].events if at == step)
        print(f"step {step + 1:2}/{year.steps}  {told}  {events}", file=sys.stderr)
    return curves, arms


def first_run(out: Path, options: Options, year: Year, rng: np.random.Generator) -> Run:
    """Train the model of the beginning on pictures of the winter before."""
    from configuration.composition import compose
    from configuration.training import train

    for part, count in BEFORE.items():
        few = count if options.inputs >= 100 else max(12, count * options.inputs // 100)
        for number, shot in enumerate(before(year, rng, few)):
            save(out / "data" / part, f"{number:04d}", shot)
    words = [
        "task=classification", "data=folder", f"data.root={out / 'data'}", "model=resnet8", "model.pretrained=false",
        "data.size=32", "data.least=0.9", "augment=none", f"trainer.max_epochs={options.epochs}", "trainer.workers=0",
        "trainer.precision=32-true", "trainer.threads=1", f"run={out / 'run'}", f"seed={options.seed}",
        f"trainer.check_val_every_n_epoch={options.epochs}",
    ]  # fmt: skip
    with redirect_stdout(sys.stderr):
        train(compose(words))
    return Run(out / "run")


def prepare(site: Site, held_out: Path) -> None:
    """Freeze pictures of the winter before, and set gates that fit slices of few samples and a machine that is shared."""
    folder = site.folder / "sets"
    rows = []
    for path in sorted(held_out.glob("*/*.png")):
        name = f"{path.parent.name}_{path.name}"
        shutil.copyfile(path, folder / name)
        rows.append(f"{name},{path.parent.name}\n")
    (folder / "held_out.csv").write_text("input,label\n" + "".join(rows), encoding="utf-8")
    (site.folder / "promotion.yaml").write_text(GATES, encoding="utf-8")


def save(folder: Path, name: str, shot: Shot) -> None:
    """Write a picture into the folder of its class."""
    (folder / shot.label).mkdir(parents=True, exist_ok=True)
    Image.fromarray(shot.picture).save(folder / shot.label / f"{name}.png")


def lines(facts: dict[str, Any], out: Path) -> list[str]:
    """Return what came out, as a table."""
    names = list(facts["accuracy"])
    accuracy, area = facts["accuracy"], facts["area"]
    rows = [[str(i + 1), *(f"{accuracy[name][i]:.3f}" for name in names)] for i in range(len(accuracy["loop"]))]
    rows.append(["area", *(f"{area[name]:.3f}" for name in names)])
    more = {name: 100 * (area["loop"] - area[name]) for name in ("frozen", "random")}
    said = f"the loop is {more['frozen']:+.1f} points above frozen, {more['random']:+.1f} above random labels"
    return [table(["step", *names], rows), f"{said}; {facts['seconds']:.0f} s; {out / 'simulation.png'}"]
