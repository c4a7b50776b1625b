"""The settings of a site, as a person writes them into site.yaml."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, Field

from zoo.files import atomic_write
from zoo.registry.cards import Frozen, Text, known_task
from zoo.sites.documents import read_document

SETTINGS = "site.yaml"


def known_zone(name: str) -> str:
    """Refuse what is no time zone of the IANA data base."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone; it is written as in Europe/Berlin, or UTC") from error
    return name


class Limits(Frozen):
    """What a request may cost; what is larger is refused with the limit in the answer."""

    bytes: Annotated[int, Field(ge=1)] = 64 * 1024**2
    pixels: Annotated[int, Field(ge=1)] = 100_000_000
    #: Of a recording.
    seconds: Annotated[float, Field(gt=0)] = 600.0
    #: Seconds that a request may take to arrive, and an answer to be computed.
    patience: Annotated[float, Field(gt=0)] = 60.0
    #: Requests that wait for the model; one more is answered 429.
    waiting: Annotated[int, Field(ge=1)] = 16


class Keep(Frozen):
    """What is kept, and how long: `zoo serve` keeps inputs, `zoo site prune` removes what is older."""

    #: Share of inputs that are kept in inbox/, where `zoo collect` finds them; 0 keeps none.
    inputs: Annotated[float, Field(ge=0, le=1)] = 0.0
    #: Days after which inputs without a label, and records, are removed; None: never.
    inputs_days: Annotated[int, Field(ge=1)] | None = None
    records_days: Annotated[int, Field(ge=1)] | None = None


class Place(Frozen):
    """A place by its name, and where it is, degrees of WGS 84."""

    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None


class Settings(Frozen):
    """site.yaml: what the site is for, and what it allows."""

    task: Annotated[str, AfterValidator(known_task)]
    classes: tuple[Text, ...]
    bands: tuple[Text, ...]
    #: Hours, weekdays and seasons are those of this zone.
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    places: Mapping[Text, Place] = Field(default_factory=dict)
    limits: Limits = Limits()
    keep: Keep = Keep()
    #: Files below this folder may be named in a request, instead of being sent.
    folder: Text | None = None

    @classmethod
    def load(cls, path: Path) -> "Settings":
        """Read and check site.yaml."""
        return read_document(path, cls)

    def save(self, path: Path) -> None:
        """Write site.yaml."""
        with atomic_write(path) as part:
            text = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
            part.write_text(
                f"# A site of the zoo; `zoo site show {path.parent.name}` reads it.\n{text}", encoding="utf-8"
            )


def add_classes(path: Path, classes: Sequence[str]) -> None:
    """Write other classes into site.yaml; all other lines, comments too, stay as the person wrote them."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("classes:"))
    rest = first + 1
    while rest < len(lines) and (lines[rest][:1] in " -\t#" or not lines[rest].strip()):
        rest += 1
    made = yaml.safe_dump({"classes": list(classes)}, sort_keys=False, allow_unicode=True)
    with atomic_write(path) as part:
        part.write_text("".join([*lines[:first], made, *lines[rest:]]), encoding="utf-8")
