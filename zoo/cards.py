"""Cards: where a model comes from, what it was designed for, and under which licences it may be used.

A card is a Markdown file with a YAML head, as on the Hugging Face hub. The head is parsed into the frozen models
below; an unknown key, a missing field or a wrong value is an error that names the file and the field. A card is data:
nothing in it is executed, and only the cards that lie beside our own code may name a `build`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoo.errors import ZooError

Task = Literal["detection", "segmentation", "sequence", "backbone"]
Geometry = Literal["box", "rotated_box", "mask", "frame", "sequence"]
Range = tuple[float, float]

#: A card is a page of text; what is larger is not a card.
MAX_BYTES = 1_000_000


class Frozen(BaseModel):
    """A record that does not change and knows no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paper(Frozen):
    """The publication that describes the model."""

    title: str
    authors: str
    year: int
    url: str


class Source(Frozen):
    """The code that the implementation follows or wraps, with its licence."""

    url: str
    licence: str
    follows: str = ""


class DesignedFor(Frozen):
    """What the model was made for by its authors; the fit check holds this against the profile of the data."""

    data: str
    classes: int | None = None
    geometry: Geometry
    size: tuple[int, int] | None = Field(None, description="height and width of the input, pixels")
    sample_rate: int | None = Field(None, description="Hz")
    length: Range | None = Field(None, description="steps of a sequence, or seconds of a recording")
    bands: tuple[str, ...] = ()
    dtype: str = ""
    objects_per_image: Range | None = None
    object_size: Range | None = Field(
        None, description="longer side of an object as a share of the image's longer side"
    )
    resolution: Range | None = Field(None, description="ground sample distance, metres a pixel")
    scenes: str = ""


class Licences(Frozen):
    """Three licences, separate: SPDX identifiers or `unknown`."""

    code: str
    weights: str
    data: str


class Preprocessing(Frozen):
    """What the weights expect: values in [0, 1], then (x - mean) / std per band, in this order of bands."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    bands: tuple[str, ...]
    size: tuple[int, int] | None = None


class Metric(Frozen):
    """A published figure: who measured it and where it is said."""

    name: str
    value: float
    data: str
    split: str
    measured_by: str
    source: str


class File(Frozen):
    """One place to get a file from, and how to check and read what comes."""

    uri: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    bytes: int | None = None
    layout: str = Field("native", description="how the names in the file map to ours: a key of zoo.weights.LAYOUTS")


class Weights(Frozen):
    """One named set of weights: where to get it, tried in order, and what it was trained on."""

    tag: str
    sources: tuple[File, ...]
    trained_on: str
    initialised_from: str = ""
    licence: str
    preprocessing: Preprocessing
    metrics: tuple[Metric, ...] = ()


class Measured(Frozen):
    """A result that a tool of this project measured and wrote; never typed by hand."""

    recipe: str
    data: str
    metric: str
    value: float
    spread: Range | None = None
    seeds: tuple[int, ...]
    hardware: str
    threads: int
    precision: str
    seconds: float
    date: str


class Card(Frozen):
    """The head of a card. `path` is the file it came from and `text` the Markdown below the head."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)?$")]
    task: Task
    summary: str
    status: Literal["active", "deprecated", "obsolete"] = "active"
    build: Annotated[str, Field(pattern=r"^[a-z_][\w.]*:[a-z_]\w*$")]
    options: dict[str, Any] = Field(default_factory=dict, description="keyword arguments of `build`, with defaults")
    domains: tuple[str, ...] = ()
    paper: Paper
    source: Source
    designed_for: DesignedFor
    not_for: tuple[str, ...]
    adapts: dict[str, str] = Field(description="what can be changed without retraining from zero, and how")
    licences: Licences
    weights: tuple[Weights, ...] = ()
    parameters: int | None = Field(None, description="with the designed number of classes and bands; recomputed")
    measured: tuple[Measured, ...] = ()
    path: Path = Field(exclude=True)
    text: str = Field("", exclude=True)

    def weights_named(self, tag: str | None = None) -> Weights:
        """Return the weights called `tag`, or the first when `tag` is None."""
        if not self.weights:
            raise ZooError(f"model {self.name!r} has no weights of its own: its card {self.path.name} lists none")
        if tag is None:
            return self.weights[0]
        for weights in self.weights:
            if weights.tag == tag:
                return weights
        raise ZooError(f"no weights {tag!r} for {self.name}; it has {', '.join(w.tag for w in self.weights)}")


def split(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """Split a card's text into the mapping of its YAML head and the Markdown below it."""
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise ZooError(f"card {path} has no YAML head: it must begin with a line '---' and close it with another")
    head, body = text[4:].split("\n---\n", 1)
    try:
        data = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ZooError(f"card {path}: the head is not plain YAML: {error}") from error
    if not isinstance(data, dict):
        raise ZooError(f"card {path}: the head must be a mapping, not {type(data).__name__}")
    return data, body.lstrip("\n")


def read(path: Path) -> Card:
    """Read and check the card at `path`."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ZooError(f"card {path} has {size} bytes; a card has at most {MAX_BYTES}")
    data, body = split(path.read_text(encoding="utf-8"), path)
    try:
        return Card(**data, path=path, text=body)
    except ValidationError as error:
        raise ZooError(f"card {path}: {explain(error)}") from error


def explain(error: ValidationError) -> str:
    """Say what pydantic found wrong, one clause a field, with the value that was given."""
    clauses = []
    for detail in error.errors():
        field = ".".join(str(part) for part in detail["loc"])
        given = "" if detail["type"] == "missing" else f" (given: {str(detail['input'])[:80]!r})"
        clauses.append(f"field '{field}': {detail['msg'].lower()}{given}")
    return "; ".join(clauses)
