"""Settings of a data module: flat on the command line, sorted into the records that use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import Field

from zoo.errors import ZooError, near

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Loading:
    """How batches are made, whatever is in them: `workers` processes; `samples` an epoch, None for each once."""

    batch_size: Positive = 32
    workers: Literal["auto"] | Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 0
    samples: Positive | None = None


@dataclass(frozen=True)
class SequenceLoading(Loading):
    """How sequences are asked for and batched.

    `objectives` are what the data serve; `objective` is what the run asks, the first of them where it says nothing. With
    `sorted` a batch holds sequences of nearly one length, so that little of it is padding.
    """

    objective: str = ""
    objectives: Sequence[str] = ()
    sorted: bool = False

    def __post_init__(self) -> None:
        if not self.objective and self.objectives:
            object.__setattr__(self, "objective", self.objectives[0])
        if self.objectives and self.objective not in self.objectives:
            raise ZooError(
                f"task.objective={self.objective} is nothing that these data serve{near(self.objective, self.objectives)};"
                f" they serve {', '.join(self.objectives)}"
            )


def sort_settings(settings: Mapping[str, Any], records: tuple[type, ...], name: str) -> list[Any]:
    """Return one of each dataclass of `records`, of those settings that are its fields; a name that none has is refused."""
    known = {field.name for record in records for field in fields(record)}
    for key in settings:
        if key not in known:
            raise ZooError(f"data.{key} is not known{near(key, known)}; `--cfg job` shows the settings of data={name}")
    return [record(**_own(settings, record)) for record in records]


def _own(settings: Mapping[str, Any], record: type) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    return {key: value for key, value in settings.items() if key in names}
