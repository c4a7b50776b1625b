"""Answers as they are tuned: a sample of a run by PyTorch and the forms of its weights, by threads, precision and layout."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tools.bench.tune.contest import Field, Settings
from zoo import hardware
from zoo.errors import ZooError
from zoo.hardware.tuned import UNSET
from zoo.inference.backends import BACKENDS, by_name, subject_of
from zoo.inference.engine import HARDWARE
from zoo.inference.exported import lost_in
from zoo.inference.load import predictor_of
from zoo.inference.opened import Opened
from zoo.registry.tasks import task

#: Seconds of a race, and answers of each side at the least and at most.
SECONDS, FEWEST, MOST = 1.5, 3, 200


class Answers(Field):
    """The answers of what was opened, to one sample of its own data."""

    def __init__(self, opened: Opened, say: Callable[[str], object] = lambda text: None) -> None:
        self.sample = task(str(opened.task["name"])).sample
        self.subject = subject_of(opened)
        self.given = {key: opened.trainer.get(key, UNSET) for key in HARDWARE}
        self.forms, self.refused = {"torch": opened}, dict[str, str]()
        for name in (name for name, suffix in BACKENDS.items() if suffix and name != UNSET):
            try:
                self.forms[name] = by_name(opened, name, {}, say, named=True)
            except ZooError as error:
                self.refused[name] = str(error)
        self.predictors: dict[tuple[Any, ...], Any] = {}
        self.lost: dict[str, str] = {}
        engine = predictor_of(opened).engine
        first = "openvino" if "openvino" in self.forms else "torch"
        settled = {key: getattr(engine.hardware, key) for key in HARDWARE if key != "workers"}
        self.usual: dict[str, Any] = {"backend": first, **settled, **self.forms[first].fixed}
        self.batch = batch_of(opened)

    def rivals(self, best: Settings) -> Iterator[Settings]:
        """Yield the other forms, then the other precision, one thread, and for PyTorch the other layout."""
        yield from ({"backend": name, **form.fixed} for name, form in self.forms.items())
        precision = "bf16-mixed" if best["precision"] == "32-true" else "32-true"
        lowers = best["backend"] != "onnxruntime" and "precision" not in self.forms[best["backend"]].fixed
        if self.given["precision"] == UNSET and lowers and (precision == "32-true" or hardware.bfloat16()):
            yield {"precision": precision}
        if self.given["threads"] == UNSET:
            yield {"threads": 1}
        if self.given["channels_last"] == UNSET and best["backend"] == "torch":
            yield {"channels_last": not best["channels_last"]}

    def refusal(self, settings: Settings) -> str:
        """Ask whether a form loses no more in bfloat16 than PyTorch does; in float32 it was proven when it was made."""
        name = settings["backend"]
        usual = all(settings[key] == self.usual[key] for key in ("backend", "precision"))
        if usual or name == "torch" or settings["precision"] == "32-true":
            return ""
        if name not in self.lost:
            self.lost[name] = lost_in(self.forms["torch"], self.forms[name])
        return self.lost[name]

    def predictor(self, settings: Settings) -> Any:
        """Return what answers by these settings."""
        key = tuple(settings[name] for name in ("backend", "precision", "channels_last"))
        if key not in self.predictors:
            form = self.forms[settings["backend"]]
            trainer = {**{name: settings[name] for name in HARDWARE if name in settings}, **form.fixed}
            self.predictors[key] = predictor_of(replace(form, trainer=trainer))
        return self.predictors[key]

    def race(self, one: Settings, two: Settings) -> tuple[float, float]:
        """Answer by both in turns, for as long as a race takes."""
        sides = [(self.predictor(settings), int(settings["threads"])) for settings in (one, two)]
        for predictor, threads in sides:  # compiles it
            self.answer(predictor, threads)
        spent, turns = [0.0, 0.0], 0
        while turns < FEWEST or (turns < MOST and sum(spent) < SECONDS):
            for side, (predictor, threads) in list(enumerate(sides))[:: 1 if turns % 2 else -1]:
                spent[side] += self.answer(predictor, threads)
            turns += 1
        return turns / spent[0], turns / spent[1]

    def answer(self, predictor: Any, threads: int) -> float:
        """Answer the sample by so many threads; return the seconds."""
        import torch

        torch.set_num_threads(threads)
        began = time.perf_counter()
        predictor.answer(self.batch)
        return time.perf_counter() - began


def batch_of(opened: Opened) -> dict[str, Any]:
    """Return a batch of one sample of the test data of a run; of weights without data, a tile of noise."""
    import torch

    if "_target_" in opened.config.get("data", {}):
        from tools.production.opened_data import single_data

        data = single_data(opened)
        data.prepare_data()
        data.setup("test")
        return dict(next(iter(data.test_dataloader())))
    if "tile" not in opened.data:
        raise ZooError(f"{opened.source} has no data to be tuned on; name a run of it")
    side = int(opened.data["tile"])
    return {"images": torch.rand(1, len(opened.bands), side, side, generator=torch.Generator().manual_seed(0))}
