"""What of this machine a process may use: cores, the quota and the memory that a container leaves it, what others take."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

#: Where Linux tells of processors and of control groups.
CPUS, GROUPS = Path("/sys/devices/system/cpu"), Path("/sys/fs/cgroup")
#: A limit of memory above this many bytes is none: the first version of control groups writes a huge number then.
NO_LIMIT = 1 << 60


def allowed_cpus() -> tuple[int, ...]:
    """Return the logical processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def physical_cores(allowed: tuple[int, ...], cpus: Path = CPUS) -> int:
    """Return how many cores the logical processors that are allowed belong to; two threads of one core count once."""
    siblings = {read(cpus / f"cpu{number}" / "topology" / "thread_siblings_list") for number in allowed}
    if siblings and "" not in siblings:
        return len(siblings)
    import psutil  # every command sets the memory up; only a run counts cores

    return max(1, min(psutil.cpu_count(logical=False) or len(allowed), len(allowed)))


def quota(groups: Path = GROUPS) -> float | None:
    """Return how many processors' time a control group leaves this process, None for no limit."""
    for folder in own_groups("cpu", groups):
        both = read(folder / "cpu.max").split()
        if len(both) == 2 and both[0].isdigit():
            return int(both[0]) / int(both[1])
        share, period = (read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if share.isdigit() and period.isdigit():
            return int(share) / int(period)
    return None


def memory_limit(groups: Path = GROUPS) -> int | None:
    """Return the bytes that a control group leaves this process, None for no limit."""
    for folder in own_groups("memory", groups):
        for name in ("memory.max", "memory.limit_in_bytes"):
            said = read(folder / name)
            if said.isdigit() and int(said) < NO_LIMIT:
                return int(said)
    return None


def own_groups(controller: str, groups: Path = GROUPS) -> Iterator[Path]:
    """Yield the folders of the control groups of this process, its own before those around it."""
    for line in read(Path("/proc/self/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        root = groups / controller if names else groups
        own = root / path.lstrip("/")
        yield own
        yield from (folder for folder in own.parents if folder == root or root in folder.parents)


def usable_cores() -> int:
    """Return the cores that this process may use: physical ones, as far as affinity and quota allow."""
    limit = quota()
    cores = physical_cores(allowed_cpus())
    return cores if limit is None else max(1, min(cores, round(limit)))


def busy_cores(seconds: float = 0.1) -> float:
    """Return how many logical processors are busy while this process waits for so many seconds: others keep them so."""
    import psutil

    return float(psutil.cpu_percent(seconds)) / 100 * (psutil.cpu_count() or 1)


def caches(cpus: Path = CPUS) -> dict[str, str]:
    """Return the data caches of the first processor by level: {"L1": "32K", …}."""
    found = {}
    for index in sorted((cpus / "cpu0" / "cache").glob("index*")):
        if read(index / "type") in ("Data", "Unified"):
            found[f"L{read(index / 'level')}"] = read(index / "size")
    return found


def nodes(folder: Path = Path("/sys/devices/system/node")) -> int:
    """Return how many memory nodes (NUMA) the machine has."""
    return max(1, sum(bool(re.fullmatch(r"node\d+", path.name)) for path in folder.glob("node*")))


def read(path: Path) -> str:
    """Return the text of a file of the system, "" where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
