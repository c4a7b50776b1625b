"""A version of a site on its frozen samples: scores of each by itself, or what the metric of its task is made of."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from recipes.annotation.annotator import Annotator, Truth
from recipes.kit.split import SPLITS, Split
from tools.production.opened_data import single_data, task_of_opened
from zoo.errors import ZooError
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened, of_run
from zoo.sites.frozen import Frozen
from zoo.sites.promotion import Trial
from zoo.sites.site import Site


def trial(site: Site, version: str, frozen: Frozen, annotator: Annotator) -> Trial:
    """Let a version answer the samples."""
    opened = of_run(site.versions.run(version))
    size = opened.weights.stat().st_size if opened.weights else 0
    began = time.perf_counter()
    if annotator.by_sample:
        said = answers(opened, frozen.inputs, annotator)
        scores = [annotator.agreement(one, truth) for one, truth in zip(said, frozen.truths, strict=True)]
        return Trial(np.array(scores, float), 1000 * (time.perf_counter() - began) / max(1, len(scores)), size)
    measure = Measured(opened, site.settings.classes, frozen, annotator)
    count = len(frozen.inputs)
    return Trial(np.arange(count, dtype=float), 1000 * (time.perf_counter() - began) / max(1, count), size, measure)


def answers(opened: Opened, inputs: Sequence[Any], annotator: Annotator) -> list[Truth]:
    """Return what a model says of each input."""
    predictor, found = predictor_of(opened), []
    for source in inputs:
        those = [one.answer for one in predictor.each([source])]
        if len(those) != 1:
            raise ZooError(
                f"{source} is answered {len(those)} times, and a frozen sample has one answer; give each a file"
            )
        found.append(annotator.truth(those[0]))
    return found


class Measured:
    """The headline metric of a task on any of the samples, from what a model answered once."""

    def __init__(self, opened: Opened, classes: tuple[str, ...], frozen: Frozen, annotator: Annotator) -> None:
        from tasks.resampling import Answered, answers

        data = single_data(opened)
        data.hold(Split({part: [] for part in SPLITS}, classes, opened.bands))
        pairs = list(zip(frozen.inputs, frozen.truths, strict=True))
        samples = [annotator.sample(data, path, truth, opened.task) for path, truth in pairs]
        data.hold(Split(dict.fromkeys(SPLITS, samples), classes, opened.bands))
        self.task = task_of_opened(opened, classes)
        self.sign = self.task.monitor.sign
        owner = {sample.name: number for number, sample in enumerate(samples)}
        #: By sample, what was answered to each of its tiles.
        self.parts: list[list[Answered]] = [[] for _ in samples]
        for one in answers(self.task, data.val_dataloader()):
            scene = one.batch["tiles"][0].scene if "tiles" in one.batch else one.batch["names"][0]
            self.parts[owner[scene]].append(one)

    def __call__(self, numbers: np.ndarray) -> float:
        """Return the metric of samples by their numbers; larger is better."""
        from tasks.resampling import metric

        drawn = [one for number in numbers.tolist() for one in self.parts[number]]
        return self.sign * metric(self.task, drawn, range(len(drawn)))
