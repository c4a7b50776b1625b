"""`zoo doctor`: what this machine offers, what a run would choose, and what would make it faster."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from zoo import hardware
from zoo.errors import counted
from zoo.files.paths import cache_root
from zoo.hardware import machine, tuned
from zoo.hardware.process import waiting
from zoo.quantities import size

PACKAGES = (
    "torch", "torchvision", "pytorch-lightning", "hydra-core", "timm", "torchmetrics", "huggingface-hub", "openvino",
    "onnxruntime",
)  # fmt: skip
#: Bytes that are written to learn how fast the disk is.
WRITTEN = 8_000_000
#: Bytes a second below which a disk holds training up, and the least bytes of shared memory that batches of workers need.
SLOW_DISK, SMALL_SHARED = 30e6, 256 << 20
#: Allocators that take the place of the C library's, by what their file is called.
ALLOCATORS = ("jemalloc", "tcmalloc", "mimalloc")


class Finding(NamedTuple):
    """One fact about this machine, and what would mend it: "" where all is well."""

    name: str
    found: str
    mend: str = ""


def command(json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False) -> None:
    """Say what this machine offers, what a run would choose, and, a line each, what would make it faster.

    Example: `zoo doctor`
    """
    found = list(findings())
    if json_:
        print(json.dumps({one.name: {"found": one.found, "mend": one.mend} for one in found}, indent=2))
        return
    table = Table(box=None, show_header=False)
    for one in found:
        table.add_row(one.name, f"{one.found}\n! {one.mend}" if one.mend else one.found)
    Console(highlight=False).print(table)


def findings() -> Iterator[Finding]:
    """Yield what is found, in the order in which it is told."""
    chosen = hardware.choose()
    yield from processor()
    yield Finding("threads", *threads())
    yield Finding("idle threads", *idle())
    yield Finding("other processes", *others())
    yield from memory()
    yield from disk()
    yield Finding("a run chooses", chosen.why)
    yield Finding("tuned (zoo tune)", tuned_here())
    yield from libraries()


def processor() -> Iterator[Finding]:
    """Yield the processor, its cores and what limits them, its caches and its instructions."""
    allowed, limit = machine.allowed_cpus(), machine.quota()
    yield Finding("processor", hardware.processor())
    said = [counted(machine.physical_cores(allowed), "physical core"), f"{len(allowed)} of {os.cpu_count()} logical"]
    said += [f"a quota of {limit:g}"] if limit is not None else []
    said += [counted(machine.nodes(), "memory node")] if machine.nodes() > 1 else []
    yield Finding("cores", ", ".join(said))
    yield Finding("caches", ", ".join(f"{level} {held}" for level, held in machine.caches().items()) or "unknown")
    old = "without AVX2 oneDNN computes four numbers at a time: expect a fraction of the speeds in the tables"
    known = hardware.flags() and not {"avx2", "asimd", "avx512f"} & hardware.flags()
    yield Finding("instructions", dispatched(), old if known else "")
    slow = "" if hardware.bfloat16() else "none in hardware: training and answers are in float32"
    yield Finding("bfloat16", hardware.bfloat16() or slow)


def dispatched() -> str:
    """Return the widest instructions, and what a user keeps the libraries from using."""
    limits = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS")
    said = [f"{name}={os.environ[name]}" for name in limits if os.environ.get(name)]
    return ", ".join([hardware.instructions() or "unknown", *said])


def threads() -> tuple[str, str]:
    """Return the threads as they are set, and what is wrong with that."""
    asked, cores = hardware.asked_threads(), hardware.cores()
    if asked is None:
        return f"{cores}, one a core", ""
    if asked > cores:
        mend = f"more than the {counted(cores, 'core')} that there are: they take turns; unset it, or OMP_NUM_THREADS={cores}"
        return f"OMP_NUM_THREADS={asked}", mend
    return f"OMP_NUM_THREADS={asked}", f"of {counted(cores, 'core')}; unset it to use them all" if asked < cores else ""


def idle() -> tuple[str, str]:
    """Return how idle threads wait."""
    said = waiting()
    spins = "ACTIVE" in said.upper() or "spinning" in said
    return said, "idle threads take cores from other processes; unset it, and they sleep" if spins else ""


def others() -> tuple[str, str]:
    """Return what other processes take of this machine."""
    busy = machine.busy_cores()
    return f"keep {busy:.1f} of {counted(hardware.cores(), 'core')} busy", hardware.said_of_busy(
        busy
    ) if hardware.cores() > 1 else ""


def memory() -> Iterator[Finding]:
    """Yield the memory, its limit, what is shared between processes, and who hands it out."""
    import psutil

    whole, limit = psutil.virtual_memory(), machine.memory_limit()
    bound = f", limited to {size(limit)} by its container" if limit is not None and limit < whole.total else ""
    yield Finding("memory", f"{size(whole.total)}, {size(whole.available)} of it free{bound}")
    shared = Path("/dev/shm")
    if shared.is_dir():
        free = shutil.disk_usage(shared).free
        mend = "batches of workers do not fit; trainer.workers=0, or give the container more (--shm-size)"
        yield Finding("shared memory", f"{size(free)} free", mend if free < SMALL_SHARED else "")
    preloaded = os.environ.get("LD_PRELOAD", "")
    yield Finding("allocator", next((name for name in ALLOCATORS if name in preloaded), "that of the C library"))


def disk() -> Iterator[Finding]:
    """Yield the cache, what is free for it, how fast it is written, and the mirror."""
    cache = cache_root()
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    yield Finding("cache", f"{cache}, {size(shutil.disk_usage(there).free)} free")
    speed = written_a_second(there)
    mend = f"below {size(SLOW_DISK)} a second: training waits for images; name a faster disk by ZOO_CACHE"
    if speed is None:
        yield Finding("disk", "unknown", f"nothing can be written to {there}; name another folder by ZOO_CACHE")
    else:
        yield Finding("disk", f"written with {size(speed)} a second", mend if speed < SLOW_DISK else "")
    yield Finding("mirror (ZOO_MIRROR)", os.environ.get("ZOO_MIRROR", "none"))


def written_a_second(folder: Path) -> float | None:
    """Return the bytes a second that reach the disk of a folder, None where nothing can be written to it."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            began = time.perf_counter()
            file.write(bytes(WRITTEN))
            file.flush()
            os.fsync(file.fileno())
            return WRITTEN / (time.perf_counter() - began)
    except OSError:
        return None


def tuned_here() -> str:
    """Return which models have settings of their own here, by what `zoo tune` measured on this machine."""
    kept = sorted((cache_root() / tuned.FOLDER).glob("*.json"))
    winners = [one for path in kept if (one := tuned.read(path)) is not None]
    found = sorted({f"{one.subject.model} ({one.subject.kind})" for one in winners})
    return ", ".join(found) or "nothing: a run chooses as above"


def libraries() -> Iterator[Finding]:
    """Yield the libraries, with the math library that PyTorch was built with, without importing it."""
    for package in PACKAGES:
        found = installed(package)
        optional = package in ("openvino", "onnxruntime")
        mend = "" if found else f"pip install {package}" if optional else "run make setup"
        yield Finding(package, found or "missing", mend)
    yield Finding("oneDNN of torch", header("dnnl_version.h", "DNNL_VERSION") or "unknown")


def header(name: str, prefix: str) -> str:
    """Return a version out of a header that PyTorch brings, "" where there is none."""
    try:
        paths = [path for path in distribution("torch").files or () if path.name == name]
    except PackageNotFoundError:
        return ""
    text = "".join(machine.read(Path(str(path.locate()))) for path in paths)
    found = [re.search(rf"#define {prefix}_{part}\s+(\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
    return ".".join(part.group(1) for part in found if part)


def installed(package: str) -> str:
    """Return the version of a package, "" where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
