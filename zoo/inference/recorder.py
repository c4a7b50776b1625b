"""What a graph is asked in use, by which it is calibrated, also where a model runs its parts by themselves."""

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.exports.runners import Runner


class Record:
    """What a graph is asked, `asked`. Where its parts are run by themselves, their questions are put together.

    The part that is run first reads, the others write steps; of the steps behind one reading the first and the last are kept.
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self.inputs, self.asked = tuple(inputs), list[tuple[np.ndarray, ...]]()
        self.reads: tuple[str, ...] = ()
        self.known, self.steps = dict[str, np.ndarray](), 0

    def note(self, names: tuple[str, ...], arrays: Sequence[np.ndarray]) -> None:
        """Take what a part, or the whole, is asked by its inputs."""
        if names == self.inputs:
            self.asked.append(tuple(array.copy() for array in arrays))
        elif names:
            self.reads = self.reads or names
            if names == self.reads:
                self.known, self.steps = {}, 0
            self.known |= dict(zip(names, arrays, strict=True))
            if names != self.reads:
                self.step()

    def step(self) -> None:
        """Keep what is known, in the place of the step before where that was not the first."""
        self.steps += 1
        found = tuple(self.known[name] for name in self.inputs)
        self.asked[len(self.asked) - (self.steps > 2) :] = [found]

    def clear(self) -> None:
        """Forget all that was asked."""
        self.asked, self.known, self.steps = [], {}, 0


class Recorder(Runner):
    """Runs a file or a part of it, and has a record of what it is asked."""

    def __init__(self, run: Runner, record: Record | None = None) -> None:
        self.run, self.inputs = run, tuple(run.inputs)
        self.record = record or Record(self.inputs)

    def part(self, inputs: Sequence[str], outputs: Sequence[str]) -> "Recorder":
        """See `Runner`: a part keeps the same record."""
        return Recorder(self.run.part(inputs, outputs), self.record)

    @property
    def runtime(self) -> str:
        """That of what it stands before."""
        return self.run.runtime

    def __call__(self, *arrays: np.ndarray) -> Mapping[str, np.ndarray]:
        """Note the inputs, and answer."""
        self.record.note(tuple(self.inputs), arrays)
        return self.run(*arrays)
