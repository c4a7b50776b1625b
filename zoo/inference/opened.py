"""What predictors are made of, whatever it was opened from: the model, its head, and the settings that belong to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.hardware.tuned import Winner
from zoo.profile import Profile
from zoo.registry.cards import Card, Weights
from zoo.runs.run import WEIGHTS, Run
from zoo.sources.digest import digest

if TYPE_CHECKING:
    from torch import nn

#: The domain in whose pictures objects are large, so that whole pictures are scaled to what a model was made for.
PHOTOGRAPHS = "photographs"


@dataclass(frozen=True)
class Opened:
    """A trained model with what it knows: `build` gives it, with options changed that need no other weights.

    `task`, `data` and `trainer` are settings as in the configuration of a run, which is `config` where there is one;
    `fitted` is what its data module learnt, `learnt` what its task did, `metrics` what was measured. `weights` are a file, or
    `published` ones of a card. `runtime` computes, with the settings of the trainer that are `fixed` for it, by what was
    `tuned` on this machine where it was, and `notes` are what the user should know of it.
    """

    source: str
    model: str
    build: Callable[..., "nn.Module"] = field(repr=False)
    classes: tuple[str, ...]
    bands: tuple[str, ...]
    options: Mapping[str, Any]
    task: Mapping[str, Any]
    data: Mapping[str, Any]
    trainer: Mapping[str, Any] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict)
    learnt: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    profile: Profile | None = None
    weights: Path | None = None
    published: Weights | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    runtime: str = "PyTorch"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    tuned: Winner | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The first digits of the sha256 of the weights; the name of what has no file of its own."""
        if self.weights is None:
            return self.source
        return digest(self.weights)[:16]


def of_run(run: Run, config: Mapping[str, Any] | None = None) -> Opened:
    """Open a run folder; `config` is its configuration where a part of it is to be another, options of the model too."""
    head, own = run.head(), run.config
    profile = run.folder / "profile.json"
    opened = Opened(
        source=f"run {run.folder}",
        model=head["model"],
        build=run.load_model,
        classes=tuple(head["classes"]),
        bands=tuple(head["bands"]),
        options=head["options"],
        task=own["task"],
        data=own["data"],
        trainer=own.get("trainer", {}),
        fitted=head.get("fitted", {}),
        learnt=head.get("learnt", {}),
        metrics=run.metrics if run.finished else {},
        profile=Profile.load(profile) if profile.exists() else None,
        weights=run.folder / WEIGHTS,
        config=own,
    )
    return opened if config is None else reconfigured(opened, config)


def reconfigured(opened: Opened, config: Mapping[str, Any]) -> Opened:
    """Return what was opened with other settings of a run, and options of the model where its weights allow it."""
    before = opened.config.get("model", opened.options)
    changed = {key: value for key, value in config.get("model", {}).items() if before.get(key, value) != value}
    changed = {key: value for key, value in changed.items() if key in opened.options}
    build = partial(opened.build, **changed) if changed else opened.build
    trainer = {**config.get("trainer", {}), **opened.fixed}
    settings = {"task": config["task"], "data": config["data"], "trainer": trainer}
    return replace(opened, build=build, **settings)


def of_card(card: Card, tag: str | None = None) -> Opened:
    """Open the weights of a card that are those of a whole model: they say what their classes are called."""
    weights = card.weights_named(tag)
    if not weights.classes:
        raise ZooError(
            f"the weights {weights.tag!r} of {card.name} begin a training and answer nothing by themselves: name a run of it;"
            f" python train.py task={card.task} data=… model={card.name} makes one"
        )

    designed, known = card.designed_for, weights.preprocessing
    bands = designed.bands if set(designed.bands) == set(known.bands) else known.bands  # in the order that files have
    size = known.size or designed.size

    def build(**changed: Any) -> "nn.Module":
        from zoo.factory import create

        return create(card.name, classes=len(weights.classes), bands=bands, pretrained=weights.tag, **changed).eval()

    return Opened(
        source=f"{card.name} {weights.tag}",
        model=card.name,
        build=build,
        classes=weights.classes,
        bands=bands,
        options=card.options,
        task={"name": card.task, "geometry": designed.geometry, "objective": next(iter(card.objectives), "")},
        data={
            "name": card.name,
            **({"tile": max(size), "overlap": max(size) // 4, "padding": padding_of(card)} if size else {}),
            **({"resize": max(size)} if size and PHOTOGRAPHS in card.domains else {}),
            **({"sample_rate": designed.sample_rate} if designed.sample_rate else {}),
            # of 8 bits the range is that of the type
            **({"value_range": designed.value_range} if size and designed.dtype != "uint8" else {}),
        },
        trainer={"precision": "32-true"},  # as they were published
        fitted={"longest": designed.length[1]} if designed.length else {},
        published=weights,
    )


def padding_of(card: Card) -> str:
    """Return what images smaller than a tile are padded to: a tile where the model scales what it sees, or learns shares."""
    return "tile" if card.designed_for.scaled or "side" in card.options else "stride"
