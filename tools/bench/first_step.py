"""What passes until the first training step of a run is done, in a process that does nothing else.

Run as `python -m tools.bench.first_step BEGAN WORDS…`: the moment at which the process was started, seconds since the epoch,
and the words of a training; prints, as the last line, the seconds of each of `PHASES` as JSON: on the clock, and of the
processor in this process.
"""

import json
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

#: Python itself and the configuration; torch, Lightning and our own code; the samples and their profile; the network and its
#: weights; the first batch and the step on it.
PHASES = ("configuration", "libraries", "data", "model", "first step")


class FirstStepDone(Exception):  # noqa: N818  # it is no error
    """The first step is done: there is nothing left to measure."""


def watch(began: float, words: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Train as `train.py` with these words does, until the first step is done.

    Returns the seconds of each phase, on the clock and of the processor.
    """
    from configuration.composition import compose, to_dict
    from zoo.hardware.process import prepare_process

    prepare_process()
    cfg = compose(words)
    marks = [(began, 0.0), (time.time(), time.process_time())]
    import pytorch_lightning as pl

    from configuration.instantiation import data_of
    from configuration.training import carry_out
    from tasks.session import Session

    def mark() -> None:
        marks.append((time.time(), time.process_time()))

    class Stop(pl.Callback):
        def on_train_batch_end(self, *step: Any) -> None:
            mark()
            raise FirstStepDone

    class Watched(Session):
        def begin(self) -> None:
            mark()
            super().begin()
            mark()

        def fit(self, task: Any, callbacks: Sequence[pl.Callback], logger: Any) -> None:
            mark()
            super().fit(task, [*callbacks, Stop()], logger)

    try:
        carry_out(Watched(to_dict(cfg), data_of(cfg)))
    except FirstStepDone:
        passed = [(end[0] - start[0], end[1] - start[1]) for start, end in pairwise(marks)]
        return dict(zip(PHASES, passed, strict=True))
    from zoo.errors import ZooError

    raise ZooError(f"{' '.join(words)} takes no training steps")


if __name__ == "__main__":
    print(json.dumps(watch(float(sys.argv[1]), sys.argv[2:])))
