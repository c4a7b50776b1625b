"""The command line as a process."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from zoo.registry.tasks import tasks

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


#: What takes a second or more to import.
HEAVY = ("torch", "torchvision", "pytorch_lightning", "torchmetrics", "transformers", "timm", "openvino", "sklearn")
#: Commands that cannot be read without one of them, which is then needed for what they do.
EXCUSED = {"bench collect", "bench scene", "data convert", "data generate", "sweep"}
LOADS = f"""
import json, sys
from importlib import import_module
from tools.cli import COMMANDS
excused, found = {EXCUSED!r}, dict()
for words, (target, _) in COMMANDS.items():
    if words not in excused:
        import_module(target.partition(":")[0])
        found |= dict.fromkeys((name for name in {HEAVY!r} if name in sys.modules and name not in found), words)
print(json.dumps(found))
"""


def said_by(program: str, *words: str) -> str:
    """Return what a process of its own prints: this one has imported everything by now."""
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_command_imports_what_is_slow_before_it_is_called() -> None:
    """Its help, and a wrong word, are answered at once."""
    assert json.loads(said_by(LOADS)) == {}


def test_the_package_imports_what_is_slow_when_something_is_opened() -> None:
    program = f"import sys, zoo; zoo.load, zoo.create, zoo.cards(); print(*[m for m in {HEAVY!r} if m in sys.modules])"
    assert said_by(program).split() == []


#: Sequences are read by the data module that their run names, labels decoded by the objective that was trained: both are
#: Lightning's.
READ_AS_IN_TRAINING = {"classification", "sequence"}


@pytest.mark.parametrize("task", sorted({name for name, one in tasks().items() if one.predictor} - READ_AS_IN_TRAINING))
def test_what_answers_does_without_what_trains(task: str) -> None:
    program = (
        "import sys; from zoo.registry.tasks import task; task(sys.argv[1]).load('predictor');"
        " print(*[m for m in ('pytorch_lightning', 'torchmetrics', 'transformers', 'matplotlib') if m in sys.modules])"
    )
    assert said_by(program, task).split() == []
