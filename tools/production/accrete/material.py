"""What an accretion learns from: new labels, and old data beside them; where these are gone, what the model itself says.

Replay: Rolnick et al. 2019, https://arxiv.org/abs/1811.11682. Where there is nothing to replay, the old model labels inputs
that were served, and these stand for what it knew (Li and Hoiem 2016, https://arxiv.org/abs/1606.09282, by labels, not logits).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from recipes.annotation.annotator import Annotator
from recipes.kit.split import SPLITS, Split
from tools.production.candidates import Looking, annotator_of
from tools.production.opened_data import data_of_opened, single_data
from zoo.errors import ZooError
from zoo.inference.opened import Opened, of_run
from zoo.sites.labels import LabelBook, Labelled, settle
from zoo.sites.site import INBOX, Site

if TYPE_CHECKING:
    from recipes.kit.module import DataModule

#: Held-out labels that say something, where the old data cannot judge.
FEWEST = 10
#: Inputs that the old model labels itself where its data are gone, at most.
DISTILLED = 2000
#: Old samples that are replayed at the least, where there are so many.
LEAST = 200


@dataclass(frozen=True)
class Material:
    """A data module that holds all that is learnt from, samples of the old classes to judge by, and what there is to say."""

    opened: Opened
    data: "DataModule[Any]"
    judges: Sequence[Any]
    classes: tuple[str, ...]
    facts: dict[str, Any]

    def judging(self, classes: tuple[str, ...]) -> "DataModule[Any]":
        """Return a data module of the judges alone, for a model of these classes; the bootstrap wants batches of one."""
        single = single_data(self.opened)
        single.hold(replace(self.data.split, parts=dict.fromkeys(SPLITS, self.judges), classes=classes))
        return single


def usable(site: Site, annotator: Annotator) -> tuple[list[Labelled], list[Labelled], int]:
    """Return labels to learn from, those held out, and about how many inputs people disagree."""
    found = settle(LabelBook(site.folder), annotator.agreement, annotator.agreed)
    learnt = [one for one in found.agreed if not one.held_out]
    return learnt, [one for one in found.agreed if one.held_out], len(found.conflicts)


def classes_of(old: Sequence[str], annotator: Annotator, labelled: Sequence[Labelled]) -> tuple[str, ...]:
    """Return the old classes, and new ones behind them in the order of their names."""
    new = {name for one in labelled for name in annotator.names(one.truth)} - {*old}
    return (*old, *sorted(new))


def gather(site: Site, version: str, replay: float, distil: bool, seed: int) -> Material:
    """Put together what an accretion learns from and is measured on: `replay` old samples for each new one.

    With `distil`, or where the old data are gone, the old model labels inputs itself.
    """
    annotator, book = annotator_of(site.settings.task), LabelBook(site.folder)
    opened = of_run(site.versions.run(version))
    learnt, held_out, conflicts = usable(site, annotator)
    if not learnt:
        raise ZooError(
            f"{site.folder} has no labels to learn from ({len(held_out)} are held out to judge by, {conflicts} disagree); "
            f"zoo collect {site.folder} takes inputs to label"
        )
    own, why = (None, "--distil asks for it") if distil else own_data(opened)
    data, classes = own or blank(opened), classes_of(opened.classes, annotator, learnt)
    data.extend({}, classes)
    rng = np.random.default_rng(seed)
    new = [annotator.sample(data, book.path(one.item), one.truth, opened.task) for one in learnt]
    old = data.split.parts["train"] if own else distilled(site, version, data, rng)
    kept = drawn(old, max(LEAST, round(replay * len(new))) if replay else 0, rng)
    parts: dict[str, list[Any]] = {"train": [*kept, *balanced(new, len(kept))]}
    if own is None:
        known = [one for one in held_out if {*annotator.names(one.truth)} <= {*opened.classes}]
        judges = [annotator.sample(data, book.path(one.item), one.truth, opened.task) for one in known]
        refuse_few(site, judges, why)
        parts |= {"val": judges, "test": judges}
    data.extend(parts, classes)
    facts = {
        "labels": len(learnt), "held_out": len(held_out), "conflicts": conflicts, "replayed": len(kept),
        "replay": "old data" if own else f"inputs as version {version} labels them ({why})",
        "judged_on": "validation of the old data" if own else "held-out labels of the site",
        "annotators": sorted({one.by for one in learnt}), "new_classes": list(classes[len(opened.classes) :]),
    }  # fmt: skip
    return Material(opened, data, data.split.parts["val"], classes, facts)


def own_data(opened: Opened) -> "tuple[DataModule[Any] | None, str]":
    """Return the data module that a run was trained with, set up; None, and why, where its data are gone."""
    try:
        data = data_of_opened(opened)
        data.prepare_data()
        data.setup()
    except (ZooError, OSError) as error:
        return None, f"the old data are gone: {error}"
    if data.split.classes != opened.classes[: len(data.split.classes)]:
        raise ZooError(
            f"the old data have the classes {', '.join(data.split.classes)} today, and {opened.source} learnt "
            f"{', '.join(opened.classes)}; bring the data back as they were, or leave them out with --distil"
        )
    return data, ""


def blank(opened: Opened) -> "DataModule[Any]":
    """Return the data module of a run without any of its data, which knows its classes and bands."""
    data = data_of_opened(opened)
    data.hold(Split({part: [] for part in SPLITS}, opened.classes, opened.bands))
    return data


def drawn(samples: Sequence[Any], count: int, rng: np.random.Generator) -> list[Any]:
    """Return so many samples, drawn without replacement; all where there are no more."""
    return [samples[i] for i in sorted(rng.permutation(len(samples))[:count].tolist())]


def balanced(new: Sequence[Any], old: int) -> list[Any]:
    """Return new samples, repeated until they are about half as many as the old: few labels would be drowned."""
    return list(new) * max(1, round(old / 2 / len(new)))


def distilled(site: Site, version: str, data: "DataModule[Any]", rng: np.random.Generator) -> list[Any]:
    """Return inputs of the inbox that nobody labelled, as the old model labels them: it teaches what it knew."""
    known = {one.item.file for one in LabelBook(site.folder).all()}
    paths = [path for path in site.inbox() if path.name not in known]
    if not paths:
        raise ZooError(
            f"the old data of version {version} are gone, and {site.folder / INBOX} holds no unlabelled inputs on which it"
            " could teach what it knew: let `zoo serve` keep some (keep in site.yaml), or bring the old data back"
        )
    looking = Looking(site, version)
    found = looking.at(drawn(paths, DISTILLED, rng), [])
    return [looking.annotator.sample(data, one.path, one.said, looking.opened.task) for one in found]


def refuse_few(site: Site, judges: Sequence[Any], why: str) -> None:
    """Refuse to learn where nothing could tell what is forgotten."""
    if len(judges) < FEWEST:
        raise ZooError(
            f"{why}; and {site.folder} has {len(judges)} held-out labels, {FEWEST} at the least tell what is forgotten: "
            "label more inputs that were drawn at random, or some with --hold-out"
        )
