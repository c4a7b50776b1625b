"""`zoo bench train`: what the choices of trainer=cpu are worth on this machine, against plain PyTorch, in one run."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from zoo.hardware import Hardware

#: Steps of a turn; variants take turns, so that a slow moment of the machine meets them all.
STEPS = 3


@dataclass(frozen=True)
class Variant:
    """A way to run the same training step: math threads, precision, memory layout, freed memory kept or given back."""

    name: str
    threads: int
    bf16: bool
    channels_last: bool
    kept: bool = False


@dataclass(frozen=True)
class Timed:
    """Samples a second of a variant: the median, the slowest and the fastest step."""

    variant: Variant
    median: float
    slowest: float
    fastest: float


def command(
    overrides: Annotated[list[str] | None, typer.Argument(help="the run, as for train.py")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each variant takes its turn")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure training steps: plain fp32 with default layout and threads, and what trainer=cpu makes of it.

    Example: `zoo bench train task=detection data=satellite`
    """
    timed = measure(overrides or ["task=detection", "data=satellite"], rounds)
    plain = timed[0].median
    if json_:
        print(json.dumps([{**asdict(t), "ratio": t.median / plain} for t in timed], indent=2))
        return
    table = Table(box=None)
    for name in ("variant", "threads", "samples/s", "slowest", "fastest", "against plain"):
        table.add_column(name, justify="left" if name == "variant" else "right")
    for t in timed:
        figures = [f"{value:.2f}" for value in (t.median, t.slowest, t.fastest)]
        table.add_row(t.variant.name, str(t.variant.threads), *figures, f"{t.median / plain:.2f}×")
    Console().print(table)


def variants(chosen: "Hardware") -> list[Variant]:
    """Return plain PyTorch, then each choice added, up to what was chosen for this machine and model."""
    import torch

    plain = torch.get_num_threads()
    bf16 = chosen.precision == "bf16-mixed"
    steps = [
        Variant("plain fp32", plain, False, False),
        Variant("+ threads", chosen.threads, False, False),
        Variant("+ channels_last", chosen.threads, False, chosen.channels_last),
        Variant("+ bf16", chosen.threads, bf16, chosen.channels_last),
        Variant("+ memory kept = default", chosen.threads, bf16, chosen.channels_last, True),
    ]
    none = {"+ bf16": bf16, "+ channels_last": chosen.channels_last}
    return [step for step in steps if none.get(step.name, True)]


def measure(overrides: Sequence[str], rounds: int) -> list[Timed]:
    """Time the training step of every variant on the same batches."""
    import torch

    import zoo
    from configuration.composition import compose, inform
    from configuration.instantiation import data_of, task_of
    from zoo import hardware

    cfg = compose(overrides)
    data = data_of(cfg)
    data.prepare_data()
    data.setup("fit")
    cfg = inform(cfg, data)
    loader = iter(data.train_dataloader())
    batches = [next(loader) for _ in range(2)]
    options = {key: value for key, value in cfg.model.items() if key not in ("name", "pretrained")}
    ways: list[tuple[Variant, Callable[[dict[str, Any]], None]]] = []
    settings = {"classes": len(data.classes), "bands": data.bands, **options}
    for variant in variants(hardware.suited(hardware.choose(), zoo.create(cfg.model.name, **settings))):
        torch.manual_seed(0)
        model = zoo.create(cfg.model.name, **settings)
        task = task_of(cfg, model, data.classes, variant.channels_last)
        ways.append((variant, step_of(task, variant)))
    return timed(ways, batches, rounds)


def step_of(task: Any, variant: Variant) -> Callable[[dict[str, Any]], None]:
    """Return a function that trains one batch the way of the variant."""
    import torch

    from tasks.base import parameter_groups
    from zoo.hardware import memory

    optimizer = task.optimizer(parameter_groups(task.model, 1.0, 1e-4))
    task.train()

    def step(batch: dict[str, Any]) -> None:
        torch.set_num_threads(variant.threads)
        memory.keep_memory(variant.kept)
        with torch.autocast("cpu", torch.bfloat16, enabled=variant.bf16):
            loss = torch.stack(list(task.losses(batch).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def timed(
    ways: Sequence[tuple[Variant, Callable[[dict[str, Any]], None]]], batches: Sequence[dict[str, Any]], rounds: int
) -> list[Timed]:
    """Let the variants take turns; the first step of each warms up and does not count."""
    seconds: dict[str, list[float]] = {variant.name: [] for variant, _ in ways}
    size = len(batches[0]["names"])
    console = Console()
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        for _ in bar.track(range(rounds), description="measuring"):
            for variant, step in ways:
                step(batches[0])
                for i in range(STEPS):
                    began = time.perf_counter()
                    step(batches[i % len(batches)])
                    seconds[variant.name].append(time.perf_counter() - began)
    rates = {name: [size / s for s in times] for name, times in seconds.items()}
    return [
        Timed(variant, statistics.median(rates[variant.name]), min(rates[variant.name]), max(rates[variant.name]))
        for variant, _ in ways
    ]
