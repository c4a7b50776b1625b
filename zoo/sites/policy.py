"""policy.yaml: the least score of each class, by area, place, hour, weekday and season.

    default: {car: 0.4, "*": 0.5}                       # "*": every other class; without any, the model's own threshold
    areas: areas.geojson                                # polygons with a property `name`, beside this file
    rules:
      - {when: {place: north}, thresholds: {car: 0.6}}
      - {when: {area: harbour, hours: [22, 6], weekdays: [sat, sun], months: [11, 2]}, thresholds: {"*": 0.7}}

Precedence: of the rules that apply, one that names the class comes before one that says "*"; then that with the most
conditions; of several, the last in the file. Hours are [from, to): [22, 6] goes over midnight; months are [from, to] and may go
over the new year. Both are those of the site's time zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field, model_validator

from zoo.errors import ZooError, near
from zoo.registry.cards import Frozen, Text
from zoo.sites.areas import holds, read_areas
from zoo.sites.documents import read_document
from zoo.sites.settings import Settings

if TYPE_CHECKING:
    from zoo.sites.site import Site

POLICY, ANY = "policy.yaml", "*"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Score = Annotated[float, Field(ge=0, le=1)]
Hour = Annotated[int, Field(ge=0, le=24)]
Month = Annotated[int, Field(ge=1, le=12)]


class When(Frozen):
    """Conditions, of which all must hold."""

    place: Text | None = None
    area: Text | None = None
    hours: tuple[Hour, Hour] | None = None
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    months: tuple[Month, Month] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "When":
        if not self.count:
            raise ValueError("a rule needs a condition; what holds always belongs into default")
        if self.hours and self.hours[0] == self.hours[1]:
            raise ValueError(
                f"hours {list(self.hours)} are none; [from, to) differ, and the whole day needs no condition"
            )
        return self

    @property
    def count(self) -> int:
        """How many conditions there are."""
        return sum(value is not None for value in (self.place, self.area, self.hours, self.weekdays, self.months))


class Rule(Frozen):
    """Thresholds of some classes under some conditions."""

    when: When
    thresholds: Annotated[Mapping[Text, Score], Field(min_length=1)]


class Document(Frozen):
    """policy.yaml as it is written."""

    default: Mapping[Text, Score] = Field(default_factory=dict)
    areas: Text | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Moment:
    """Where and when something was seen."""

    time: datetime
    place: str = ""
    longitude: float | None = None
    latitude: float | None = None


def within(value: int, span: tuple[int, int], closed: bool) -> bool:
    """Tell whether a number lies in a span that may go over its end; `closed`: its last one belongs to it."""
    first, last = span
    if first <= last:
        return first <= value <= last if closed else first <= value < last
    return value >= first or (value <= last if closed else value < last)


class Policy:
    """The thresholds of a site."""

    def __init__(self, document: Document, areas: Mapping[str, Any], zone: str) -> None:
        self.document, self.areas, self.zone = document, areas, ZoneInfo(zone)

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> "Policy | None":
        """Read the policy of a site, held against its classes and places; None where there is none."""
        path = folder / POLICY
        if not path.exists():
            return None
        document = read_document(path, Document)
        areas = read_areas(area_file(folder, document.areas)) if document.areas else {}
        for where, table in [
            ("default", document.default),
            *((f"rules.{i}", r.thresholds) for i, r in enumerate(document.rules)),
        ]:
            refuse_unknown(path, f"{where}: class", table, (*settings.classes, ANY))
        for number, rule in enumerate(document.rules):
            if rule.when.area is not None:
                refuse_unknown(path, f"rules.{number}: area", [rule.when.area], areas)
            if rule.when.place is not None and settings.places:
                refuse_unknown(path, f"rules.{number}: place", [rule.when.place], settings.places)
        return cls(document, areas, settings.timezone)

    def applies(self, when: When, moment: Moment) -> bool:
        """Tell whether all conditions of a rule hold."""
        time = moment.time.astimezone(self.zone)
        return (
            (when.place is None or when.place == moment.place)
            and (when.hours is None or within(time.hour, when.hours, closed=False))
            and (when.weekdays is None or DAYS[time.weekday()] in when.weekdays)
            and (when.months is None or within(time.month, when.months, closed=True))
            and (when.area is None or holds(self.areas[when.area], moment.longitude, moment.latitude))
        )

    def threshold(self, label: str, moment: Moment) -> float | None:
        """Return the least score of a class at a moment; None: nothing is said, and the model's own counts."""
        return self.explain(label, moment)[0]

    def explain(self, label: str, moment: Moment) -> tuple[float | None, str]:
        """Return the least score of a class at a moment, and which line of the policy says so."""
        found = [
            ((label in rule.thresholds, rule.when.count, number), rule)
            for number, rule in enumerate(self.document.rules)
            if (label in rule.thresholds or ANY in rule.thresholds) and self.applies(rule.when, moment)
        ]
        if found:
            (named, _, number), rule = max(found, key=lambda one: one[0])
            return rule.thresholds[label if named else ANY], f"rules.{number}"
        default = self.document.default
        return default.get(label, default.get(ANY)), "default"

    def lowest(self) -> float | None:
        """Return the least score that any rule asks for; None where some class has no threshold at all."""
        tables = [self.document.default, *(rule.thresholds for rule in self.document.rules)]
        return min((value for table in tables for value in table.values()), default=None)

    def keeps(self, labels: Sequence[str], scores: Sequence[float], moments: Sequence[Moment]) -> np.ndarray:
        """Return which of N answers reach their threshold, bool (N,); without a threshold all do."""
        least = [self.threshold(label, moment) for label, moment in zip(labels, moments, strict=True)]
        return np.array([one is None or score >= one for score, one in zip(scores, least, strict=True)], bool)


def area_file(folder: Path, name: str) -> Path:
    """Return the file of areas, which lies in the folder of the site."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ZooError(f"{folder / POLICY}: areas={name!r} lies outside the site; copy the file into it")
    return path


def refuse_unknown(path: Path, what: str, names: Any, known: Any) -> None:
    """Refuse names that are not known."""
    for name in names:
        if name not in known:
            raise ZooError(f"{path}: {what} {name!r} is not known{near(name, known)}; known are {', '.join(known)}")


def thresholds_at(site: "Site", time: datetime, place: str) -> dict[str, float]:
    """Return the least score of each class of a site at a place and time, of those that its policy says something of.

    Rules by area are about where each object lies, and are refused: who serves a site applies them.
    """
    policy = Policy.load(site.folder, site.settings)
    if policy is None:
        raise ZooError(f"{site.folder} has no {POLICY}; write one, or `zoo policy fit {site.folder}`")
    if place and site.settings.places:
        refuse_unknown(site.folder / POLICY, "--place", [place], site.settings.places)
    if any(rule.when.area for rule in policy.document.rules):
        raise ZooError(
            f"{site.folder / POLICY} has rules by area, which are about each object; `zoo serve` applies them"
        )
    found = {name: policy.threshold(name, Moment(time, place)) for name in site.settings.classes}
    return {name: least for name, least in found.items() if least is not None}
