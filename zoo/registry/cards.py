"""Cards: where a model comes from, what it was designed for, and under which licences it may be used.

A card is a Markdown file with a YAML head, as on the Hugging Face hub (Mitchell et al. 2019, “Model Cards for Model
Reporting”, https://arxiv.org/abs/1810.03993). The head is parsed into the frozen models below; an unknown key, a missing
field or a wrong value is an error that names the file, the field and what is allowed. A card is data: nothing in it is
executed, and only the cards of the registry name code that is imported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from zoo.errors import ZooError, near
from zoo.errors.validation_messages import explain, keys
from zoo.files import atomic_write
from zoo.registry import front_matter, licences
from zoo.registry.tasks import kinds

Geometry = Literal["box", "rotated_box", "mask", "frame", "sequence", "keypoints"]
FORMATS: tuple[Literal["openvino", "onnx", "pt2"], ...] = ("openvino", "onnx", "pt2")
Status = Literal["active", "deprecated", "obsolete"]


def ordered(value: tuple[float, float]) -> tuple[float, float]:
    """Refuse a range whose end lies before its beginning."""
    if value[0] > value[1]:
        raise ValueError(f"a range is [smallest, largest]; {list(value)} falls")
    return value


def year(value: int | str) -> int | str:
    """Refuse what is neither a year nor `unknown`."""
    if value != "unknown" and not (isinstance(value, int) and 1900 <= value <= 2100):
        raise ValueError("a year of four digits, or 'unknown'")
    return value


def known_task(value: str) -> str:
    """Refuse what is no task; which there are, the records say (zoo/registry/tasks.py)."""
    if value not in (known := kinds()):
        raise ValueError(f"no task{near(value, known)}; it is one of {', '.join(known)}")
    return value


Range = Annotated[tuple[float, float], AfterValidator(ordered)]
Licence = Annotated[str, AfterValidator(licences.check)]
Url = Annotated[str, Field(pattern=r"^(https?://\S+|unknown)$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Size = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class Frozen(BaseModel):
    """A record that does not change, knows no keys but its own, and holds no numbers that are none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Paper(Frozen):
    """The publication that describes the model; `unknown` where nobody says."""

    title: Text
    authors: Text
    year: Annotated[int | str, AfterValidator(year)]
    url: Url


class Source(Frozen):
    """The code that the implementation follows or wraps, with its licence."""

    url: Url
    licence: Licence
    follows: str = ""


class DesignedFor(Frozen):
    """What the model was made for by its authors; the fit check holds this against the profile of the data."""

    data: Text
    classes: Count | None = None
    geometry: Geometry
    size: Size | None = Field(None, description="height and width of the input, pixels")
    scaled: bool = Field(False, description="the model itself scales every image to `size`")
    sample_rate: Count | None = Field(None, description="Hz")
    bandwidth: Range | None = Field(None, description="lowest and highest frequency that carries something, Hz")
    length: Range | None = Field(None, description="steps of a sequence; with a sample rate, seconds")
    features: Count | None = Field(None, description="numbers a step of a sequence")
    vocabulary: Count | None = Field(None, description="different tokens of the input or the output")
    bands: tuple[str, ...] = ()
    dtype: str = ""
    value_range: Range | None = Field(None, description="smallest and largest value of the raw data")
    objects_per_image: Range | None = None
    object_size: Range | None = Field(None, description="longer side of an object as a share of the image's longer one")
    aspect_ratio: Range | None = Field(None, description="width of an object as a multiple of its height")
    resolution: Range | None = Field(None, description="ground sample distance, metres a pixel")
    samples: Count | None = Field(None, description="training samples")
    scenes: str = ""


class Licences(Frozen):
    """Three licences, separate: SPDX identifiers or `unknown`."""

    code: Licence
    weights: Licence
    data: Licence


class Preprocessing(Frozen):
    """What the weights expect: values in [0, 1], then (x - mean) / std per band, in this order of bands."""

    mean: tuple[float, ...]
    std: tuple[Annotated[float, Field(gt=0)], ...]
    bands: tuple[str, ...]
    size: Size | None = None

    @model_validator(mode="after")
    def one_a_band(self) -> "Preprocessing":
        """Refuse means or deviations that are not one a band."""
        if not len(self.mean) == len(self.std) == len(self.bands):
            raise ValueError(
                f"{len(self.bands)} bands need as many means and stds, not {len(self.mean)}, {len(self.std)}"
            )
        return self


class Metric(Frozen):
    """A published figure: who measured it and where it is said."""

    name: Text
    value: float
    data: Text
    split: Text
    measured_by: Text
    source: Text


Uri = Annotated[str, Field(pattern=r"^(hf|timm|torchvision|pypi|npm|debian|github|https|file)://\S+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(Frozen):
    """A further file of the same weights: the rest of one that was split, one that it names, or a text beside it."""

    uri: Uri
    sha256: Sha256
    bytes: Count | None = None


class File(Frozen):
    """One place to get a file from, and how to check and read what comes."""

    uri: Uri
    sha256: Sha256 | None = None
    bytes: Count | None = None
    layout: str = Field(
        "native", description="how the names in the file map to ours: a key of zoo.weights.layouts.LAYOUTS"
    )
    parts: tuple[Part, ...] = ()


class Weights(Frozen):
    """One named set of weights: where to get it, tried in order, and what it was trained on."""

    tag: Text
    sources: Annotated[tuple[File, ...], Field(min_length=1)]
    trained_on: Text
    classes: tuple[Text, ...] = Field((), description="names of what a whole model tells apart, in their order")
    initialised_from: str = Field("", description="lineage: the weights that training began with")
    licence: Licence
    preprocessing: Preprocessing
    metrics: tuple[Metric, ...] = ()


class Exports(Frozen):
    """The formats that a model exports to, and why to no other; a model without a word exports to all."""

    formats: tuple[Literal["openvino", "onnx", "pt2"], ...] = FORMATS
    why: str = ""

    @model_validator(mode="after")
    def reasons(self) -> "Exports":
        """Refuse a format that is left out without a reason."""
        missing = [name for name in FORMATS if name not in self.formats]
        if missing and not self.why:
            raise ValueError(f"{', '.join(missing)} is left out; `why` must say the reason")
        return self


class Card(Frozen):
    """The head of a card. `path` is the file it came from and `text` the Markdown below the head."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)?$")]
    task: Annotated[str, AfterValidator(known_task)]
    summary: Text
    status: Status = "active"
    build: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", description="module:function")]
    options: dict[str, Any] = Field(default_factory=dict, description="keyword arguments of `build`, with defaults")
    data_driven_options: dict[str, str] = Field(
        default_factory=dict,
        description="options that a function of the card's code can fit to a profile: module:function",
    )
    pretrained_options: dict[str, Any] = Field(
        default_factory=dict, description="options that differ when weights are pretrained"
    )
    learning_rate: Annotated[float, Field(gt=0)] | None = Field(
        None, description="that AdamW trains it with, where the zoo's usual one does not fit"
    )
    domains: tuple[str, ...] = ()
    objectives: tuple[Text, ...] = Field((), description="what a sequence model can be asked; the first is its default")
    paper: Paper
    source: Source
    designed_for: DesignedFor
    not_for: tuple[Text, ...]
    adapts: dict[str, str] = Field(description="what can be changed without retraining from zero, and how")
    licences: Licences
    weights: tuple[Weights, ...] = ()
    exports: Exports = Field(default_factory=Exports, description="formats of exports, and why not all")
    parameters: Count | None = Field(None, description="with the designed number of classes and bands; recomputed")
    multiply_adds: Count | None = Field(None, description="of one image of the designed size, seen once; recomputed")
    path: Path = Field(exclude=True)
    text: str = Field("", exclude=True)

    @model_validator(mode="after")
    def one_a_tag(self) -> "Card":
        """Refuse two sets of weights of one tag."""
        tags = [weights.tag for weights in self.weights]
        if twice := {tag for tag in tags if tags.count(tag) > 1}:
            raise ValueError(f"weights: the tag {min(twice)!r} is there twice")
        return self

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

    def begins_whole(self, tag: str | None, options: Mapping[str, Any]) -> bool:
        """Whether weights of the whole model are loaded, and not those of a backbone alone.

        They are where the card lists some, of that `tag` if one is said, and `options` leave the card's backbone in place.
        """
        own = self.weights if tag is None else [weights for weights in self.weights if weights.tag == tag]
        return bool(own) and options.get("backbone") == self.options.get("backbone")


def read(path: Path) -> Card:
    """Read and check the card at `path`."""
    return parse(front_matter.load(path), path)


def read_named(path: Path) -> Card:
    """Read the card at `path`, which must be named as its file."""
    card = read(path)
    if card.name != path.stem:
        raise ZooError(f"card {path} calls itself {card.name!r}; a card is named as its file")
    return card


def parse(text: str, path: Path) -> Card:
    """Check the `text` of a card that came from `path`."""
    data, body = front_matter.split(text, path)
    for key in ("path", "text"):  # facts about the file, which the file cannot state
        if key in data:
            raise ZooError(f"card {path}: unknown key {key!r}; known are {', '.join(keys(Card))}")
    try:
        return Card(**data, path=path, text=body)
    except ValidationError as error:
        raise ZooError(f"card {path}: {explain(error, Card)}") from error


def rewrite(path: Path, text: str) -> None:
    """Replace the text of the card at `path` as a whole; its line ends are those of `text`, its mode stays."""
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", newline="")
        part.chmod(path.stat().st_mode)
