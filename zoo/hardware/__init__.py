"""What this processor is good at, and the settings that follow: threads, workers, precision, memory layout.

Nothing is assumed: each choice is read off the machine, can be overridden, and is said with its reason.
"""

import functools
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from zoo.errors import ZooError, counted
from zoo.hardware.machine import busy_cores, usable_cores
from zoo.hardware.memory import keep_memory
from zoo.hardware.process import collect_as_usual

if TYPE_CHECKING:
    from torch import nn

PRECISIONS = ("32-true", "bf16-mixed")
#: Vector instructions as Linux and people name them, the widest first.
WIDEST = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON"), ("sse4_2", "SSE4.2"))
LAST, CONTIGUOUS = "channels_last (what oneDNN computes in)", "contiguous"
#: The share of a network's parameters in dense k × k convolutions from which on these take most of its time.
DENSE = 0.8
#: The share of the cores that others keep busy from which on one thread is faster than all.
BUSY = 0.75


@dataclass(frozen=True)
class Hardware:
    """The settings of a run on this machine and, in words, why."""

    processor: str
    threads: int
    workers: int
    precision: str
    channels_last: bool
    why: str

    def facts(self) -> dict[str, Any]:
        """Return the settings for a record."""
        return asdict(self)


class Tuned(Protocol):
    """Settings that were measured on this machine: see `zoo.hardware.tuned`."""

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of them that are left to the machine where so much is given."""

    def why(self, names: Mapping[str, Any]) -> str:
        """Say in words why these of them are taken; "" where none are."""


def cores() -> int:
    """Return the physical cores that this process may use, as far as affinity and a container's quota allow."""
    return usable_cores()


def asked_threads() -> int | None:
    """Return the number of threads that the user asks all programs for by OMP_NUM_THREADS, None where it is not said."""
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(said) if said.isdigit() and int(said) > 0 else None


def busy_note(threads: int) -> str:
    """Return what to say where other processes keep so many cores busy that fewer threads would be faster; else ""."""
    return "" if threads < 2 else said_of_busy(busy_cores())


def said_of_busy(busy: float) -> str:
    """Return what to say where so many cores are busy, "" where they leave room for several threads."""
    if busy < BUSY * cores():
        return ""
    return (
        f"other processes keep about {busy:.1f} of {counted(cores(), 'core')} busy: trainer.threads=1 is faster until they "
        "are done"
    )


@functools.cache
def flags() -> frozenset[str]:
    """Return the processor's instruction sets as Linux names them; empty elsewhere."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return frozenset()
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("flags", "Features")))
    return frozenset(next(lines, ":").split(":", 1)[1].split())


@functools.cache
def processor() -> str:
    """Return the processor's name and the widest instructions that it has: a name such as AMD EPYC stands for many."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    said = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = said[0] if said else platform.processor() or platform.machine()
    return f"{name} ({instructions()})" if instructions() else name


def instructions() -> str:
    """Return the widest vector instructions of this processor, those of bfloat16 where it has them; empty when unknown."""
    return bfloat16() or next((name for flag, name in WIDEST if flag in flags()), "")


def bfloat16() -> str | None:
    """Return the instruction set that makes bfloat16 fast here, or None. Without one it is emulated, and slower."""
    for flag, name in (("amx_bf16", "AMX-BF16"), ("avx512_bf16", "AVX512-BF16"), ("bf16", "Arm BF16")):
        if flag in flags():
            return name
    return None


def choose(
    threads: int | str = "auto",
    workers: int | str = "auto",
    precision: str = "auto",
    channels_last: bool | str = "auto",
    tuned: Tuned | None = None,
) -> Hardware:
    """Settle what is `auto` for this machine, as it was `tuned` where it was; what is given is kept.

    Otherwise threads are those of OMP_NUM_THREADS where a user has set it, else all physical cores that the process may use.
    Workers: batches are made in one process beside the mathematics when there are two cores or more. It mostly waits, so
    the mathematics keep all physical cores; more workers would take turns with them.
    """
    fast = bfloat16()
    asked = asked_threads()
    mine = {
        "threads": asked or cores(),
        "workers": 1 if cores() >= 2 else 0,
        "precision": "bf16-mixed" if fast else "32-true",
        "channels_last": True,
    }
    given = {"threads": threads, "workers": workers, "precision": precision, "channels_last": channels_last}
    measured = tuned.unset(given) if tuned else {}
    mine |= {key: value for key, value in measured.items() if key in mine}
    chosen: dict[str, Any] = {key: mine[key] if value == "auto" else value for key, value in given.items()}
    if chosen["precision"] not in PRECISIONS:
        raise ZooError(
            f"trainer.precision={chosen['precision']!r} is not known; it is auto or one of {', '.join(PRECISIONS)}"
        )
    set_by_hand = [key for key, value in given.items() if value != "auto"]
    reasons = [
        f"{counted(chosen['threads'], 'thread')} ({source_of_threads(asked if threads == 'auto' else None)})",
        counted(chosen["workers"], "worker"),
        f"{chosen['precision']} ({fast or 'no bf16 instructions'})",
        LAST if chosen["channels_last"] else CONTIGUOUS,
        f"set by hand: {', '.join(set_by_hand)}" if set_by_hand else "",
        tuned.why(measured) if tuned else "",
    ]
    return Hardware(processor(), why="; ".join(filter(None, reasons)), **chosen)


def source_of_threads(asked: int | None) -> str:
    """Return why there are so many threads, in words."""
    return f"OMP_NUM_THREADS={asked}" if asked else counted(cores(), "physical core")


def suited(hardware: Hardware, model: "nn.Module", asked: bool | str = "auto") -> Hardware:
    """Return the settings with the memory layout that trains `model` faster; one that was `asked` for is kept.

    Without AVX-512, oneDNN has the gradient of the weights of dense k × k convolutions in channels_last at half the speed
    of the contiguous layout: SegNet's step takes 1.7 times, SSD300's 1.9 times as long. Depthwise networks gain by it.
    """
    slow = "avx2" in flags() and "avx512f" not in flags()
    if asked != "auto" or not hardware.channels_last or not slow or dense(model) < DENSE:
        return hardware
    why = hardware.why.replace(LAST, f"{CONTIGUOUS} (dense convolutions, and no AVX-512)")
    return replace(hardware, channels_last=False, why=why)


def settle(model: "nn.Module", tuned: Tuned | None = None, **given: Any) -> Hardware:
    """Return the settings for a model: as `choose` has them, of what is `given` and was `tuned`, in a layout that suits it."""
    measured = tuned.unset(given) if tuned else {}
    layout = {"channels_last": "auto", **given, **measured}["channels_last"]
    return suited(choose(**given, tuned=tuned), model, layout)


def dense(model: "nn.Module") -> float:
    """Return the share of a model's parameters in convolutions of more than one tap that mix all channels."""
    from torch import nn

    mixing = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.groups == 1 and max(m.kernel_size) > 1]
    return sum(m.weight.numel() for m in mixing) / max(1, sum(p.numel() for p in model.parameters()))


def apply(hardware: Hardware) -> None:
    """Set the number of math threads of this process, and let it keep the memory that it has; its imports end here."""
    import torch

    collect_as_usual()
    keep_memory()
    torch.set_num_threads(int(hardware.threads))
    torch.set_flush_denormal(True)  # denormal gradients of a nearly trained network are many times slower
