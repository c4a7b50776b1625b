"""A prediction that is killed from outside goes on where it was, and ends in the bytes of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.predict.painted import Local, Oracle, paint, rectangles
from tests.tools.predict.test_masks import predict as segment
from tests.tools.predict.test_objects import predict as detect

SLOW = """
import sys, time
from pathlib import Path
from rich.console import Console
from rich.progress import Progress
from tests.tools.predict.painted import Local, Oracle
from tools.predict import masks, objects
from tools.predict.options import Options

kind, say = {"csv": (Oracle, objects.predict_scene), "tif": (Local, masks.predict_scene)}[sys.argv[1]]

class Slow(kind):
    def compute(self, images):
        time.sleep(0.05)
        return super().compute(images)

folder = Path(sys.argv[2])
out = folder / f"found.{sys.argv[1]}"
options = Options(out=out, tile=64, overlap=24)
say(Slow(), folder / "scene.tif", options, Progress(disable=True), Console(quiet=True))
"""


@pytest.mark.parametrize("suffix", ["csv", "tif"])
def test_a_killed_prediction_goes_on(tmp_path: Path, suffix: str) -> None:
    predict = detect if suffix == "csv" else segment
    network = (Oracle if suffix == "csv" else Local)()
    path = paint(tmp_path / "scene.tif", 500, 500, rectangles(500, 500, 60, 60))
    root = Path(__file__).parents[3]
    running = subprocess.Popen([sys.executable, "-c", SLOW, suffix, str(tmp_path)], cwd=root)
    journal = tmp_path / f".found.{suffix}.journal"
    until = time.monotonic() + 300
    while (
        not (journal.exists() and journal.stat().st_size > 1500) and running.poll() is None and time.monotonic() < until
    ):
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not (tmp_path / f"found.{suffix}").exists()
    assert journal.exists()
    begun = list(tmp_path.glob(f".found.{running.pid}.part*"))
    assert suffix == "tif" or begun, "objects are written from the first tile on"
    predict(network, path, tmp_path / f"found.{suffix}")
    rest, network.seen = network.seen, 0
    predict(network, path, tmp_path / f"whole.{suffix}")
    assert 0 < rest < network.seen
    assert (tmp_path / f"found.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
    assert list(tmp_path.glob(".found*")) == [], "neither the journal nor what the killed process wrote"
