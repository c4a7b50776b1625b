"""Energy: what the processor has taken, as its counters (RAPL) tell where Linux lets them be read.

They count for whole processors, whoever computes. https://www.kernel.org/doc/html/latest/power/powercap/powercap.html
"""

from collections.abc import Callable
from pathlib import Path

#: Where Linux lists the counters; those of whole processors are intel-rapl:0, intel-rapl:1, also on AMD.
POWERCAP = Path("/sys/class/powercap")


def counters(folder: Path = POWERCAP) -> list[Path]:
    """Return the folders of the counters of whole processors that this process may read."""
    return [
        path for path in sorted(folder.glob("intel-rapl:[0-9]*")) if path.name.count(":") == 1 and is_readable(path)
    ]


def is_readable(counter: Path) -> bool:
    """Tell whether a counter can be read: on many machines only the administrator may."""
    try:
        (counter / "energy_uj").read_text()
    except OSError:
        return False
    return True


def energy_of(work: Callable[[], object], folder: Path = POWERCAP) -> float | None:
    """Return the joules that the processors take while something is done; None where no counter can be read."""
    found = counters(folder)
    if not found:
        return None
    before = [microjoules(counter, "energy_uj") for counter in found]
    work()
    taken = 0
    for counter, start in zip(found, before, strict=True):
        spent = microjoules(counter, "energy_uj") - start
        taken += spent if spent >= 0 else spent + microjoules(counter, "max_energy_range_uj")  # it began anew at 0
    return taken / 1e6


def microjoules(counter: Path, name: str) -> int:
    """Return a number of a counter."""
    return int((counter / name).read_text())
