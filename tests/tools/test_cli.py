"""The command line as a process."""

import subprocess
import sys
from pathlib import Path

import psutil

WAITS = """
import subprocess, sys
from tools import cli

class Waits:
    def main(self, words, prog_name):
        subprocess.run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"])

cli.group = Waits
cli.main(["wait"])
"""


def test_what_a_command_has_started_ends_with_it() -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True, cwd=root) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        running.terminate()
        assert running.wait(60) == 143
    assert not psutil.pid_exists(child)
