"""What an answer costs: latency of one sample and memory, in a process that does nothing else.

Run as `python -m tools.experiments.latency RUN`; prints one line of JSON.
"""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from zoo.runs.run import Run

ANSWERS, WARMING = 20, 3


def measure(run: Run) -> dict[str, Any]:
    """Return the median seconds of an answer to one sample, and the most bytes that this whole process held meanwhile.

    Where the system cannot forget an earlier peak (only Linux can), reading the data may have needed more.
    """
    from configuration.composition import recompose
    from configuration.instantiation import data_of
    from zoo.hardware import memory
    from zoo.inference.backends import answering
    from zoo.inference.load import predictor_of
    from zoo.inference.opened import of_run

    opened = of_run(run)
    data = data_of(recompose(run.config, ["data.batch_size=1", "trainer.workers=0"]))
    data.restore(opened.fitted)
    data.prepare_data()
    data.setup("test")
    batch = next(iter(data.test_dataloader()))
    memory.forget_peak()
    predictor = predictor_of(answering(opened))
    times = []
    for _ in range(WARMING + ANSWERS):
        began = time.perf_counter()
        predictor.answer(batch)
        times.append(time.perf_counter() - began)
    return {"latency": statistics.median(times[WARMING:]), "memory": memory.peak_memory()}


if __name__ == "__main__":
    print(json.dumps(measure(Run(Path(sys.argv[1])))))
