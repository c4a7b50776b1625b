"""What malloc keeps, and gives back: in a process of its own, for its settings are those of a whole process."""

import json
import platform
import subprocess
import sys

import pytest

SCRIPT = """
import json
import numpy as np, psutil
from zoo.hardware.memory import give_back, keep_memory

def resident():
    return psutil.Process().memory_info().rss >> 20

before = resident()
kept = keep_memory()
blocks = [np.ones(8 << 20, np.uint8) for _ in range(64)]
gaps = [np.ones(4096, np.uint8) for _ in range(8)]
full = resident() - before
del blocks
held = resident() - before
given = give_back()
print(json.dumps([kept, full, held, given, resident() - before]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc can be told")
def test_freed_memory_is_kept_until_it_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, stdout=subprocess.PIPE, text=True)
    kept, full, held, given, left = json.loads(done.stdout)
    assert kept
    assert given
    assert full > 500
    assert held > 500, "what was freed went back at once"
    assert left < 100, "what was freed was not given back"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands the size of a process on")
def test_the_peak_is_not_that_of_the_process_that_started_it() -> None:
    asked = "from zoo.hardware.memory import peak_memory; print(peak_memory())"
    start = f"import subprocess, sys; held = b'1' * (1 << 29); subprocess.run([sys.executable, '-c', {asked!r}], check=True)"
    done = subprocess.run([sys.executable, "-c", start], check=True, stdout=subprocess.PIPE, text=True)
    assert int(done.stdout) < 1 << 28
