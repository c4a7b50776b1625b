"""`zoo bench train`: what the choices of trainer=cpu are worth on this machine, against plain PyTorch, in one run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.bench.harness import Timing, Way, facts, lay_out, report, take_turns
from zoo.errors import counted

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


def command(
    overrides: Annotated[list[str] | None, typer.Argument(help="the run, as for train.py")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each variant takes its turn")] = 5,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure training steps: plain fp32 with default layout and threads, and what trainer=cpu makes of it.

    Example: `zoo bench train task=detection data=satellite`
    """
    timings, samples = measure(overrides or ["task=detection", "data=satellite"], rounds)
    report({"ways": facts(timings, samples)}, lay_out(timings, samples, "samples"), json_)


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


def measure(overrides: Sequence[str], rounds: int) -> tuple[dict[str, Timing], int]:
    """Time the training step of every variant on the same batches; return the samples of a step too."""
    import torch

    from configuration.composition import compose, inform
    from configuration.instantiation import data_of, model_of, task_of
    from zoo import hardware

    cfg = compose(overrides)
    data = data_of(cfg)
    data.prepare_data()
    data.setup("fit")
    cfg = inform(cfg, data)
    loader = iter(data.train_dataloader())
    batches = [next(loader) for _ in range(2)]
    ways: dict[str, Way] = {}
    for variant in variants(hardware.suited(hardware.choose(), model_of(cfg, data))):
        torch.manual_seed(0)
        model = model_of(cfg, data)
        task = task_of(cfg, model, data.classes, variant.channels_last)
        ways[f"{variant.name}, {counted(variant.threads, 'thread')}"] = step_of(task, variant, cycle(batches))
    return take_turns(ways, rounds, repeats=STEPS), len(batches[0]["names"])


def step_of(task: Any, variant: Variant, batches: Iterator[dict[str, Any]]) -> Way:
    """Return a function that trains the next batch the way of the variant."""
    import torch

    from tasks.base import parameter_groups
    from zoo.hardware import memory

    optimizer = task.optimizer(parameter_groups(task.model, 1.0, 1e-4))
    task.train()

    def step() -> None:
        torch.set_num_threads(variant.threads)
        memory.keep_memory(variant.kept)
        with torch.autocast("cpu", torch.bfloat16, enabled=variant.bf16):
            loss = torch.stack(list(task.losses(next(batches)).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step
