"""What may be asked of `zoo predict`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from zoo.errors import ZooError
from zoo.sites.policy import thresholds_at
from zoo.sites.records.record import time_of
from zoo.sites.site import Site


@dataclass(frozen=True)
class Options:
    """The options of a prediction; None is what the run, or this machine, has to say."""

    out: Annotated[
        Path,
        typer.Option(
            help="a folder; or a file: of one scene .geojson, .gpkg, .csv (objects), .tif (masks), .png (poses), of sequences "
            ".csv, .jsonl, of a video .csv, .mp4"
        ),
    ] = Path("predictions")
    score: Annotated[
        float | None,
        typer.Option(
            help="least score of an object, or of a keypoint that is drawn; default: of the best F1 in validation, or 0.3"
        ),
    ] = None
    draw: Annotated[bool, typer.Option(help="draw what was found over the images of a folder")] = True
    tile: Annotated[
        int | None,
        typer.Option(help="pixels of a tile; default: as the run evaluates; for masks of large scenes about 1,024"),
    ] = None
    overlap: Annotated[
        int | None,
        typer.Option(
            help="pixels that tiles share; default: the largest object; for masks, until seams change 0.1 % of the pixels"
        ),
    ] = None
    exact: Annotated[
        bool,
        typer.Option(
            help="spare no work: masks until no seam shows, objects of all scores put together, the same threads when cut off"
        ),
    ] = False
    batch: Annotated[
        int | None, typer.Option(help="tiles, or sequences, a batch; default: by this machine, or as the run")
    ] = None
    detector: Annotated[
        str | None,
        typer.Option(help="poses: a run or a model that finds the individuals, each looked at by itself: nanodet_g"),
    ] = None
    smooth: Annotated[
        float | None,
        typer.Option(help="poses of a video: smooth by a one-euro filter; what stands still by so many Hz, such as 1"),
    ] = None
    views: Annotated[int, typer.Option(help="symmetries of the image that are averaged: 1, 2, 4 or 8")] = 1
    backend: Annotated[
        str | None,
        typer.Option(
            help="what computes: torch, openvino or onnxruntime; default: auto, the fastest that agrees with what trained"
        ),
    ] = None
    policy: Annotated[
        Path | None, typer.Option(help="objects: a site whose policy.yaml says the least scores, by --place and --time")
    ] = None
    place: Annotated[str, typer.Option(help="of --policy: where the inputs were taken")] = ""
    time: Annotated[str, typer.Option(help="of --policy: when, as 2026-01-31T12:00:00+01:00; default: now")] = ""
    force: Annotated[bool, typer.Option(help="replace a finished output, and forget an unfinished one")] = False
    probabilities: Annotated[
        bool, typer.Option(help="masks: beside the .tif one with the probability of each class, 0 to 254")
    ] = False
    polygons: Annotated[Path | None, typer.Option(help="masks: also as polygons, .gpkg, .geojson or .csv")] = None
    simplify: Annotated[
        float | None, typer.Option(help="polygons: corners may move by so many metres (pixels without a georeference)")
    ] = None
    square: Annotated[bool, typer.Option(help="polygons: right angles, as buildings have")] = False
    instances: Annotated[
        str | None,
        typer.Option(help="polygons: what touches told apart: none, borders or watershed; default: as the run has it"),
    ] = None

    @property
    def scores(self) -> Mapping[str, float] | None:
        """The least score of an object of each class, as the policy of a site has it where and when the inputs were taken."""
        if self.policy is None:
            if self.place or self.time:
                raise ZooError("--place and --time say which rules of a policy apply; --policy SITE names one")
            return None
        if self.score is not None:
            raise ZooError(f"--score {self.score} and --policy {self.policy} both say the least score; leave one out")
        return thresholds_at(Site(self.policy), time_of(self.time) if self.time else datetime.now(UTC), self.place)

    def refuse_others(self, takes: Sequence[str], source: str) -> None:
        """Refuse options that have no say in what `source` answers."""
        for field in fields(self):
            if field.name not in takes and getattr(self, field.name) != field.default:
                raise ZooError(f"--{field.name} has no say in the answers of {source}; it takes --{', --'.join(takes)}")

    def __post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise ZooError(f"--score {self.score} must be between 0 and 1")
        for name in ("tile", "batch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ZooError(f"--{name} {value} must be at least 1")
        if self.smooth is not None and not 0 < self.smooth < float("inf"):
            raise ZooError(f"--smooth {self.smooth} must be a frequency above 0, in Hz")
        if self.simplify is not None and not 0 <= self.simplify < float("inf"):
            raise ZooError(f"--simplify {self.simplify} must be a distance of 0 or more")
        if self.polygons is None and (self.square or self.simplify is not None or self.instances is not None):
            raise ZooError("--square, --simplify and --instances shape polygons; --polygons FILE.gpkg asks for them")
