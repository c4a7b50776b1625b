"""What is to be known of an exported model: within its file as JSON for the predictor, and as words for everyone else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoo.errors import ZooError
from zoo.errors.validation_messages import explain
from zoo.profile import Profile
from zoo.registry.models import card
from zoo.runs.inspection import check_head, refuse_foreign_names

Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(min_length=1)]


class Input(BaseModel):
    """What images a graph takes: of one `size` (height, width), or of whole multiples of `multiple`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[Count, Count] | None = None
    multiple: Count = 1


class Form(BaseModel):
    """In which form a compressed file computes: its name in words, and the precision of what is not in 8 bits.

    Of the layers with weights `quantized` are in 8 bits and `floats` are left in that precision; it was chosen on `processor`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    precision: Literal["32-true", "bf16-mixed"]
    quantized: tuple[Name, ...] = ()
    floats: tuple[Name, ...] = ()
    processor: str = ""


class Facts(BaseModel):
    """All that a run knows of its model beside the weights, of which `weights` is the checksum.

    `low` says that bfloat16 was tried on this file, and loses no more than it does in PyTorch; `outputs` are named as in the
    file, of which a format may leave some out; `limits` are the numbers by
    which detections are chosen. `config` is the configuration of the run, empty where the weights are those of a card.
    `form` is how a compressed file computes, None of an export that computes as its run does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: Literal[1] = 1
    made_by: Name
    source: str
    model: Name
    weights: str
    classes: tuple[str, ...]
    bands: tuple[Name, ...]
    options: dict[str, Any]
    task: dict[str, Any]
    data: dict[str, Any]
    trainer: dict[str, Any]
    fitted: dict[str, Any]
    learnt: dict[str, Any]
    metrics: dict[str, Any]
    config: dict[str, Any]
    profile: Profile | None
    input: Input
    outputs: tuple[Name, ...]
    limits: dict[str, float] = Field(default_factory=dict)
    low: bool = False
    form: Form | None = None

    @property
    def precision(self) -> str | None:
        """The precision that the file is bound to; None where it computes as its run does."""
        if self.form is not None:
            return self.form.precision
        return None if self.low else "32-true"

    @property
    def head(self) -> dict[str, Any]:
        """What builds the model, as the head of weights has it."""
        lists = {"classes": list(self.classes), "bands": list(self.bands)}
        return {"model": self.model, "options": self.options, **lists}

    def to_json(self) -> str:
        """Return the JSON that `parse` reads."""
        return self.model_dump_json()


def parse(text: str, path: Path) -> Facts:
    """Check the facts of the file at `path`, whoever brought it: they are data, and name only what is known here."""
    try:
        facts = Facts.model_validate_json(text)
    except ValidationError as error:
        raise ZooError(f"export {path}: {explain(error, Facts)}; export the run again") from error
    check_head(facts.head, path)
    for name in ("config", "task", "data", "trainer"):
        refuse_foreign_names({name: getattr(facts, name)}, path)
    if not isinstance(facts.task.get("name"), str):
        raise ZooError(f"export {path} does not say which task it is for; export the run again")
    return facts


def words(facts: Facts, own: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be known by name, in words or JSON, with a task's `own`; names of OpenVINO where it has them."""
    data, task = facts.data, facts.task
    said = {
        "model": facts.model,
        "run": facts.source,
        "task_type": str(task["name"]),
        "objective": str(task.get("objective") or ""),
        "labels": " ".join(name.replace(" ", "_") for name in facts.classes),
        "classes": json.dumps(list(facts.classes), ensure_ascii=False),
        "bands": json.dumps(list(facts.bands), ensure_ascii=False),
        "normalisation": "inside",
        "sample_rate": str(data.get("sample_rate") or ""),
        "value_range": json.dumps(data["value_range"]) if data.get("value_range") else "",
        "tile": str(data.get("tile") or ""),
        "licence_of_weights": card(facts.model).licences.weights,
        "form": facts.form.name if facts.form else "",
        **{name: f"{value:g}" for name, value in facts.limits.items()},
        **own,
    }
    return {name: value for name, value in said.items() if value}
