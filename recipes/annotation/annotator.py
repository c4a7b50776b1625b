"""The contract of what marks the inputs of a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from zoo.errors import ZooError, near
from zoo.inference.answers import Answer

if TYPE_CHECKING:
    from recipes.kit.module import DataModule

#: What is true of an input, or said of it, as JSON: see `recipes.annotation`.
Truth = Mapping[str, Any]


@dataclass(frozen=True)
class Marked:
    """A file with what is said of it, by a model of this version."""

    path: Path
    truth: Truth
    version: str = ""


class Outcome(NamedTuple):
    """One thing that was said: its class, its score, and whether it was right."""

    label: str
    score: float
    right: bool


class Annotator(ABC):
    """Writes inputs with what a model says of them for a labelling tool, and reads what a person made of it."""

    #: Formats that are written and read, the usual one first.
    formats: ClassVar[tuple[str, ...]]
    #: Two who agree less than this, from 0 to 1, disagree.
    agreed: ClassVar[float] = 1.0
    #: Whether the agreement of each input by itself is what models are judged by; else it is the metric of the task.
    by_sample: ClassVar[bool] = False
    #: What is true of an input that shows nothing; None where there always is something.
    nothing: ClassVar[Truth | None] = None

    @abstractmethod
    def truth(self, answer: Answer) -> Truth:
        """Return an answer as truth, with scores where it has any."""

    @abstractmethod
    def uncertainty(self, answer: Answer) -> float:
        """Return how unsure an answer is, from 0 to 1; NaN where it does not say."""

    @abstractmethod
    def names(self, truth: Truth) -> list[str]:
        """Return the names of the classes that are there, each as often as it is."""

    @abstractmethod
    def agreement(self, one: Truth, other: Truth) -> float:
        """Return how much two truths of one input agree, from 0 to 1."""

    @abstractmethod
    def outcomes(self, said: Truth, truth: Truth) -> tuple[list[Outcome], list[str]]:
        """Return what was said with whether it was right, and the classes of what was missed."""

    @abstractmethod
    def write(self, marked: Sequence[Marked], classes: Sequence[str], format: str, out: Path) -> None:
        """Write a folder of inputs and marks, all of it or nothing; what would not come back the same is refused."""

    @abstractmethod
    def read(self, folder: Path, format: str | None, classes: Sequence[str]) -> dict[str, Truth]:
        """Return what is true of the files in a folder, by the names of the files; those that nobody looked at are left out."""

    @abstractmethod
    def sample(self, data: "DataModule[Any]", path: Path, truth: Truth, task: Mapping[str, Any]) -> Any:
        """Return a file and what is true of it as a sample of a data module whose classes name all that is there.

        `task` are the settings of the task, as a run has them.
        """

    def mirrored(self, truth: Truth, width: int) -> Truth:
        """Return the truth of an input as it is of its mirror image, `width` pixels wide."""
        return truth

    def known_format(self, format: str) -> str:
        """Return a format by its name."""
        if format not in self.formats:
            raise ZooError(
                f"--format {format} is not written for this task{near(format, self.formats)}; it is one of "
                f"{', '.join(self.formats)}"
            )
        return format
