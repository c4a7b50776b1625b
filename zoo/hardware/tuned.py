"""What `zoo tune` measured: settings that are faster here than the usual ones and answer alike, kept in the cache by subject.

A file of it is data, whoever wrote it: it is checked as it is read, and counts only for the very subject, processor and
versions that it was measured on.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoo.errors import ZooError
from zoo.errors.validation_messages import explain
from zoo.files import cache_place, write_json
from zoo.files.paths import cache_root

FOLDER = "tuned"
#: Packages whose version decides how fast something is.
PACKAGES = ("task-zoo", "torch", "openvino", "onnxruntime")
#: Bytes of the largest file that is read; those that are written have about one thousand.
LIMIT = 65_536
#: A setting that nobody has set.
UNSET = "auto"

Speed = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Record(BaseModel):
    """A part of the file: nothing is in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Subject(Record):
    """What was measured: training or answers of a model, by its options and what its inputs look like, both as JSON."""

    kind: Literal["training", "answers"]
    model: Annotated[str, Field(pattern=r"^[\w./-]{1,200}$")]
    options: str
    shape: str


class Settings(Record):
    """What is set otherwise than usual, as the group `trainer` calls it, and what answers; None where it is as usual."""

    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    workers: Annotated[int, Field(ge=0, le=1024)] | None = None
    precision: Literal["32-true", "bf16-mixed"] | None = None
    channels_last: bool | None = None
    backend: Literal["torch", "openvino", "onnxruntime"] | None = None

    def changed(self) -> dict[str, Any]:
        """Return what is set, by name."""
        return self.model_dump(exclude_none=True)


class Winner(Record):
    """What won: on which subject and machine, what is set, samples a second with it and with the usual settings, and when."""

    subject: Subject
    machine: dict[str, str]
    settings: Settings
    speed: Speed
    usual: Speed
    sample: Annotated[str, Field(pattern=r"^[a-z ]{1,30}$")]
    measured: Annotated[date, Field(strict=False)]

    def why(self, names: Mapping[str, Any]) -> str:
        """Say in words why these of its settings are taken; "" where none are."""
        taken = [f"{name}={value}" for name, value in self.settings.changed().items() if name in names]
        figures = f"{self.speed:.3g} against {self.usual:.3g} {self.sample}s/s"
        return f"{', '.join(taken)}: measured by zoo tune on {self.measured}: {figures}" if taken else ""

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of its settings that are left to the machine where so much is `given`, OMP_NUM_THREADS too."""
        from zoo.hardware import asked_threads

        given = {**given, "threads": asked_threads() or given.get("threads", UNSET)}
        return {name: one for name, one in self.settings.changed().items() if given.get(name, UNSET) == UNSET}


@cache
def machine() -> dict[str, str]:
    """Return what the figures of a subject depend on: the processor, the cores that may be used, and versions."""
    from zoo import hardware

    found = {"processor": hardware.processor(), "cores": str(hardware.cores())}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def subject(
    kind: Literal["training", "answers"], model: str, options: Mapping[str, Any], shape: Mapping[str, Any]
) -> Subject:
    """Return what is measured of a model: its options, and what its inputs look like."""
    said = {"options": options, "shape": shape}
    written = {name: json.dumps(dict(one), sort_keys=True, default=str) for name, one in said.items()}
    return Subject(kind=kind, model=model, **written)


def place(of: Subject) -> Path:
    """Return where the winner of a subject is kept on this machine."""
    text = json.dumps([of.model_dump(), machine()], sort_keys=True)
    return cache_root() / FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


def keep(winner: Winner) -> Path:
    """Keep a winner in the cache, in the place of what was there of its subject."""
    path = cache_place(FOLDER, place(winner.subject).name)
    save(winner, path)
    return path


def save(winner: Winner, path: Path) -> None:
    """Write a winner as a file."""
    write_json(path, winner.model_dump(mode="json"))


def forget(of: Subject) -> None:
    """Remove what is kept of a subject."""
    place(of).unlink(missing_ok=True)


def recall(of: Subject) -> Winner | None:
    """Return what is kept of a subject; None where it was not measured here, or with other versions."""
    found = read(place(of))
    return found if found is not None and found.subject == of else None


def read(path: Path) -> Winner | None:
    """Read a winner; None where there is no file, or one that was measured on another machine; what is none is refused."""
    from zoo import hardware

    try:
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refused(path, str(error.strerror)) from error
    if len(content) > LIMIT:
        raise refused(path, f"it has more than {LIMIT:,} bytes")
    try:
        found = Winner.model_validate_json(content)
    except ValidationError as error:
        raise refused(path, explain(error, Winner)) from error
    if found.machine != machine():
        return None
    if (found.settings.threads or 1) > hardware.cores():
        raise refused(path, f"it asks for {found.settings.threads} threads of {hardware.cores()} cores")
    return found


def refused(path: Path, why: str) -> ZooError:
    """Return the refusal of a file."""
    return ZooError(f"{path} is not what zoo tune writes ({why}); delete it, and zoo tune measures anew")
