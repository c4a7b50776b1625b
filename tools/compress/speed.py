"""How fast the forms of a model answer one sample: timed in turns, by the threads of the run, by one, and by all."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import numpy as np

from tools.bench.harness import Timing, take_turns
from tools.compress.verdict import Interval, Speed
from zoo import hardware
from zoo.inference.predictor import Batch, Predictor

#: Rounds of a race: as many as fit into so many seconds, between these numbers.
SECONDS, FEWEST, MOST = 30.0, 9, 60
#: Redraws of rounds, of which the interval of a ratio is.
REDRAWS = 2000


def race(predictors: Mapping[str, Predictor], batch: Batch, rival: str = "") -> dict[str, Speed]:
    """Let forms answer a batch of one sample in turns; each is held against the `rival` among them, if one is named."""
    import torch

    own = torch.get_num_threads()
    counts = dict.fromkeys((own, 1, hardware.cores()))
    try:
        timed = {threads: by_threads(predictors, batch, threads) for threads in counts}
    finally:
        torch.set_num_threads(own)
    return {
        name: Speed(
            p50=float(np.quantile(timed[own][name].seconds, 0.5)),
            p95=float(np.quantile(timed[own][name].seconds, 0.95)),
            a_second={str(threads): 1 / timed[threads][name].median for threads in sorted(counts)},
            rival=rival if name != rival else "",
            ratio=ratio(timed[own][rival], timed[own][name]) if rival and name != rival else None,
        )
        for name in predictors
    }


def by_threads(predictors: Mapping[str, Predictor], batch: Batch, threads: int) -> dict[str, Timing]:
    """Time the forms by so many threads."""
    import torch

    torch.set_num_threads(threads)
    ways = {name: lambda one=one: one.answer(batch) for name, one in predictors.items()}
    for way in ways.values():
        way()  # compiles it
    began = time.perf_counter()
    for way in ways.values():
        way()
    rounds = int(SECONDS / max(time.perf_counter() - began, 1e-6))
    return take_turns(ways, min(MOST, max(FEWEST, rounds)))


def ratio(rival: Timing, ours: Timing, seed: int = 0) -> Interval:
    """Return how many times as fast `ours` are as the rival, with the 95 % interval over the rounds, which are paired."""
    return ratio_of(rival.seconds, ours.seconds, seed)


def ratio_of(rival: Sequence[float], ours: Sequence[float], seed: int = 0) -> Interval:
    """Return the median of the ratios of pairs, and its 95 % interval by the bootstrap."""
    ratios = np.array(rival) / np.array(ours)
    drawn = np.random.default_rng(seed).choice(ratios, (REDRAWS, ratios.size))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(np.median(ratios)), float(low), float(high)


def memory_of(name: str, *settings: str) -> int:
    """Return the most bytes that a process holds which opens what is named, and answers a sample by it."""
    words = [sys.executable, "-m", "tools.bench.latency", name, *settings]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        from zoo.errors import ZooError

        raise ZooError(f"the memory of {name} could not be measured: {done.stderr.strip()[-300:]}")
    return int(json.loads(done.stdout)["memory"])
