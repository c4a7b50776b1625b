"""How fast the forms of a model answer one sample: timed in turns, by the threads of the run, by one, and by all."""

import json
import time
from collections.abc import Mapping, Sequence

import numpy as np

from tools.bench.harness import Timing, take_turns
from tools.compress.verdict import Clock, Interval, Speed
from tools.terminal.process import said_by
from zoo import hardware
from zoo.inference.predictor import Batch, Predictor

#: Rounds of a race: as many as fit into so many seconds, between these numbers.
SECONDS, FEWEST, MOST = 20.0, 9, 400
#: Seconds of answers of which the energy is measured: its counters move a thousand times a second.
MEASURED = 1.0
#: How many times as long as it computes a turn may take, where nothing else has the processor.
WAITED = 1.3
CLOCK: Clock = "clock"
PROCESSOR: Clock = "processor"
#: Redraws of rounds, of which the interval of a ratio is.
REDRAWS = 2000


def race(predictors: Mapping[str, Predictor], batch: Batch, rival: str) -> dict[str, Speed]:
    """Let forms answer a batch of one sample in turns; each is held against the `rival` among them."""
    import torch

    own = torch.get_num_threads()
    counts = sorted({own, 1, hardware.cores()})
    try:
        timed = {threads: by_threads(predictors, batch, threads) for threads in counts}
    finally:
        torch.set_num_threads(own)
    clock: Clock = CLOCK if undisturbed(timed[own]) else PROCESSOR
    seconds = {count: {name: by_clock(one, clock) for name, one in timed[count].items()} for count in counts}
    return {
        name: Speed(
            clock=clock,
            p50=float(np.quantile(seconds[own][name], 0.5)),
            p95=float(np.quantile(seconds[own][name], 0.95)),
            a_second={str(count): count_of(count, clock) / float(np.median(seconds[count][name])) for count in counts},
            joules=joules_of(one, batch) if clock == CLOCK else None,
            rival="" if name == rival else rival,
            ratio=None if name == rival else ratio_of(seconds[own][rival], seconds[own][name]),
        )
        for name, one in predictors.items()
    }


def joules_of(predictor: Predictor, batch: Batch) -> float | None:
    """Return the joules of one answer, of as many as take a while; None where the processor does not tell."""
    from zoo.hardware.energy import energy_of

    answers = 0

    def answer() -> None:
        nonlocal answers
        began = time.perf_counter()
        while time.perf_counter() - began < MEASURED:
            predictor.answer(batch)
            answers += 1

    taken = energy_of(answer)
    return None if taken is None else taken / answers


def undisturbed(timed: Mapping[str, Timing]) -> bool:
    """Tell whether the forms had the processor for themselves: what computes and does not wait uses a second of it a second."""
    return all(one.median <= WAITED * one.processor for one in timed.values())


def by_clock(one: Timing, clock: str) -> Sequence[float]:
    """Return the seconds of the turns, on the clock or of the processor."""
    return one.seconds if clock == CLOCK else one.processors


def count_of(threads: int, clock: str) -> int:
    """Return how many seconds of the processor there are in one: as many as threads."""
    return 1 if clock == CLOCK else threads


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


def ratio_of(rival: Sequence[float], ours: Sequence[float], seed: int = 0) -> Interval:
    """Return the median of the ratios of pairs, and its 95 % interval by the bootstrap."""
    ratios = np.array(rival) / np.array(ours)
    drawn = np.random.default_rng(seed).choice(ratios, (REDRAWS, ratios.size))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(np.median(ratios)), float(low), float(high)


def memory_of(name: str, *settings: str) -> int:
    """Return the most bytes that a process holds which opens what is named, and answers a sample by it."""
    return int(json.loads(said_by(["-m", "tools.bench.latency", name, *settings]))["memory"])
