"""What an answer costs: latency of one sample and memory, in a process that does nothing else.

Run as `python -m tools.bench.latency RUN`; prints one line of JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tools.bench.harness import take_turns
from zoo.runs.run import Run

#: Answers that are timed, after one that warms up.
ANSWERS = 20


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
    took = take_turns({"answer": lambda: predictor.answer(batch)}, ANSWERS)
    return {"latency": took["answer"].median, "memory": memory.peak_memory()}


if __name__ == "__main__":
    print(json.dumps(measure(Run(Path(sys.argv[1])))))
