"""Memory of this process: what malloc does with what is freed, and how much was resident at most."""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

#: Parameters of glibc's mallopt(3), as malloc.h numbers them.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8


def keep_memory(keep: bool = True) -> bool:
    """Let malloc keep what is freed for the next tensor; False where the C library is not glibc, which stays as it is.

    By default each large tensor is mapped anew and unmapped, and the kernel fills its pages with zeros first, which can be
    half of a step; `zoo bench train` measures it. `keep=False` is what glibc's own rule comes to when tensors are large.
    All threads share one arena: those that glibc gives to threads map what is larger than 64 MB anew each time, which halves
    the speed of a network that answers in a thread. An arena that a thread has already stays: so programs call this first,
    before they import what begins threads.
    """
    mapped, trimmed = (1 << 30, (1 << 31) - 1) if keep else (32 << 20, 64 << 20)
    mallopt = of_glibc("mallopt")
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_THRESHOLD, mapped) and mallopt(TRIM_THRESHOLD, trimmed) and mallopt(ARENA_MAX, 1))


def give_back() -> bool:
    """Give the pages of all freed memory back to the system, also where it is kept; False without glibc.

    What is kept becomes fragmented by tensors of many sizes, and large ones then find no place in it: where they are few
    and large, mapping their pages anew costs less than a heap that grows to a multiple of what is in use.
    """
    trim = of_glibc("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function that only glibc has; None where there is none: macOS, musl; or no such library: Windows."""
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
    return function


def peak_memory() -> int:
    """Return the largest resident size of this process so far, bytes.

    Linux's getrusage(2) is not asked: its ru_maxrss begins with the size of the process that started this one.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget_peak() -> bool:
    """Begin `peak_memory` anew from what is resident now; False where the system cannot (it is Linux's alone)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): resets the peak resident size
    except OSError:
        return False
    return True
