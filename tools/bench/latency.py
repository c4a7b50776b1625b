"""What an answer costs: latency of one sample and memory, in a process that does nothing else.

Run as `python -m tools.bench.latency NAME [BACKEND] [SETTING=VALUE …]`, of a run or a file of one and settings of the trainer;
prints one line of JSON.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tools.bench.harness import take_turns

#: Answers that are timed, after one that warms up.
ANSWERS = 20


def measure(name: str, backend: str | None = None, settings: Sequence[str] = ()) -> dict[str, Any]:
    """Return the median seconds of an answer to one sample, and the most bytes that this whole process held meanwhile.

    Where the system cannot forget an earlier peak (only Linux can), reading the data may have needed more.
    """
    from configuration.composition import recompose
    from configuration.instantiation import data_of
    from zoo.hardware import memory
    from zoo.inference.backends import answering
    from zoo.inference.load import opened_as, predictor_of

    opened = opened_as(name)
    own = {"data.batch_size": "1", "trainer.workers": "0"} | dict(word.split("=", 1) for word in settings)
    own |= {"data.padding": str(opened.data["padding"])} if "padding" in opened.data else {}
    cfg = recompose(dict(opened.config), [f"{key}={value}" for key, value in own.items()])
    opened = replace(opened, trainer={**cfg.trainer, **opened.fixed})
    data = data_of(cfg)
    data.restore(opened.fitted)
    data.prepare_data()
    data.setup("test")
    batch = next(iter(data.test_dataloader()))
    memory.forget_peak()
    predictor = predictor_of(answering(opened, backend))
    took = take_turns({"answer": lambda: predictor.answer(batch)}, ANSWERS)
    return {"latency": took["answer"].median, "memory": memory.peak_memory()}


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    print(json.dumps(measure(name, rest[0] if rest else None, rest[1:])))
