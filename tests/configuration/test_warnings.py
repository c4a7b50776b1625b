"""What is not defined, and what is odd, is heard in a run, though Hydra silences the loggers that it finds."""

import subprocess
import sys

PROGRAM = """
import logging, logging.config, sys
import tasks.segmentation
from configuration.training import hear_warnings
logging.config.dictConfig({"version": 1, "root": {"level": "ERROR"}, "disable_existing_loggers": True})
hear_warnings()
for name in ("tasks.segmentation", "zoo.weights", "others"):
    logging.getLogger(name).warning("heard of %s", name)
"""


def test_our_warnings_are_heard_and_those_of_others_are_not() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stderr.splitlines() == ["heard of tasks.segmentation", "heard of zoo.weights"]
