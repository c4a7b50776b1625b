"""Recomputing what a card claims: the model is built and run, with what the card promises to adapt to.

Nothing is downloaded: the models start from random weights. What no probe exists for is said to be unchecked.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import torch
from torch import nn

from tools.registry.probes import features
from zoo.factory import create
from zoo.factory.multiply_adds import multiply_adds
from zoo.registry.cards import Card
from zoo.registry.models import TIMM
from zoo.registry.tasks import BACKBONE, task

Claim = tuple[str, Literal["wrong", "holds", "unchecked"], str]
#: Sides of a test image: small, and for the promise of any size one that no stride divides.
SIDE, ODD = (128, 128), (97, 131)
#: Bands that no weights know, and a length of sequences that no window divides, steps.
STRANGE = ("a", "b", "c", "d", "e")
STEPS = 4001


def count(card: Card) -> int:
    """Count the parameters of the model as designed."""
    return sum(parameter.numel() for parameter in build(card).parameters())


def cost(card: Card) -> int | None:
    """Count what one image of the designed size costs, seen once; None where the card names no size of images."""
    designed = card.designed_for
    if designed.size is None:
        return None
    once: dict[str, Any] = {"views": 1} if "views" in card.options else {}
    model = build(card, **once).eval()
    torch.manual_seed(0)  # what detectors of two stages propose depends on the image
    images = torch.rand(1, len(designed.bands) or 3, *designed.size)
    return multiply_adds(lambda: model(images))


def build(card: Card, classes: int | None = None, bands: tuple[str, ...] | None = None, **options: Any) -> nn.Module:
    """Build the model for the designed classes and bands, or for others."""
    designed = card.designed_for
    number = 0 if card.task == BACKBONE else classes or designed.classes or 1
    torch.manual_seed(0)
    return create(card.name, classes=number, bands=bands or designed.bands or ("red", "green", "blue"), **options)


def recompute(card: Card) -> Iterator[Claim]:
    """Yield each claim of the card with what was found."""
    if card.name.startswith(TIMM):
        yield "parameters", "unchecked", "timm counts the classifier, which features do not have"
    else:
        for field, (recount, tolerance) in COUNTS.items():
            yield from counted(field, getattr(card, field), recount(card), tolerance)
    yield attempt("output", lambda: probe(card, build(card)))
    for promise in card.adapts:
        trial = ADAPTATIONS.get(promise)
        if trial is None:
            yield f"adapts.{promise}", "unchecked", card.adapts[promise]
        else:
            yield attempt(f"adapts.{promise}", lambda trial=trial: trial(card))  # type: ignore[misc]


def counted(field: str, said: int | None, found: int | None, tolerance: float) -> Iterator[Claim]:
    """Yield whether a number on the card is the one that was found, up to a share; nothing where there is neither."""
    if found is None:
        if said is not None:
            yield field, "unchecked", f"{said:,}, but the card names no size of images"
        return
    holds = said is None or abs(found - said) <= tolerance * found
    yield field, "holds" if holds else "wrong", f"{found:,}" + ("" if holds else f", the card says {said:,}")


def attempt(field: str, trial: Callable[[], str]) -> Claim:
    """Return what a trial says, or how it failed."""
    try:
        return field, "holds", trial()
    except (ValueError, RuntimeError, TypeError, IndexError, AssertionError) as error:  # what torch and models raise
        return field, "wrong", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def probe(card: Card, model: nn.Module, size: tuple[int, int] = SIDE, **facts: int) -> str:
    """Run a model in evaluation and hold what it returns against the contract of its task; say the shapes."""
    designed = card.designed_for
    bands = facts.get("bands", len(designed.bands) or 3)
    classes = facts.get("classes", designed.classes or 1)
    with torch.no_grad():
        return probe_of(card)(model.eval(), bands, classes, size)


def probe_of(card: Card) -> Callable[[nn.Module, int, int, tuple[int, int]], str]:
    """Return what holds the answers of a card's model against its contract: that of its task, or of its first objective."""
    if card.task == BACKBONE:
        return features
    record = task(card.task)
    return record.resolve(record.for_objective(next(iter(card.objectives), None)).probe)


def other_classes(card: Card) -> str:
    """Build for three more classes than designed."""
    classes = (card.designed_for.classes or 1) + 3
    return probe(card, build(card, classes=classes), classes=classes)


def other_bands(card: Card) -> str:
    """Build for five bands of unknown names."""
    return probe(card, build(card, bands=STRANGE), bands=len(STRANGE))


def other_size(card: Card) -> str:
    """Run at a size that no stride divides."""
    return probe(card, build(card), ODD)


def other_geometry(card: Card) -> str:
    """Build for the other kind of boxes, and check that they have its numbers."""
    other = "box" if card.designed_for.geometry == "rotated_box" else "rotated_box"
    said = probe(card, build(card, geometry=other))
    assert f"(N, {4 if other == 'box' else 5})" in said, f"geometry={other} gives {said}"
    return f"{other}: {said}"


def other_rate(card: Card) -> str:
    """Build for half of the designed sample rate."""
    rate = (card.designed_for.sample_rate or 16000) // 2
    return f"{rate} Hz: {probe(card, build(card, sample_rate=rate))}"


def other_length(card: Card) -> str:
    """Run over a length that no window divides."""
    return probe(card, build(card), (STEPS, 1))


ADAPTATIONS: Mapping[str, Callable[[Card], str]] = {
    "classes": other_classes,
    "bands": other_bands,
    "input size": other_size,
    "geometry": other_geometry,
    "sample rate": other_rate,
    "length": other_length,
}
#: The numbers of a card that are recounted, and written by `zoo card check --recompute --write`, with the share by which a
#: recount may differ: detectors of two stages compute on what they propose, and rounding may propose one more.
COUNTS: Mapping[str, tuple[Callable[[Card], int | None], float]] = {
    "parameters": (count, 0.0),
    "multiply_adds": (cost, 0.01),
}
