"""A run begins with the weights of another one: of the same model, pruned or not, and of other classes too."""

from collections.abc import Mapping
from typing import Any

from zoo.compression.widths import narrow
from zoo.errors import ZooError
from zoo.factory import WIDTHS
from zoo.registry.models import card
from zoo.runs.inspection import shapes_of
from zoo.runs.run import WEIGHTS, Run


def begin(model: Any, run: Run, head: Mapping[str, Any]) -> Mapping[str, Any]:
    """Load the weights of a run into a model that was built as `head` says; return the widths that it has by them.

    Its attribute `provenance` says where they are from. Other classes have new layers that tell them apart. Raises ZooError
    for weights of another model, bands or options.
    """
    from zoo.sources.digest import digest
    from zoo.weights.pretrained import Provenance

    theirs, path = run.head(), run.folder / WEIGHTS
    for key in ("model", "bands"):
        if theirs[key] != head[key]:
            raise ZooError(f"begin={run.folder}: its {key} {theirs[key]!r} is not {head[key]!r}, which this run has")
    narrow(model, theirs.get(WIDTHS, {}))
    state = run.load_model().state_dict()
    anew = set() if theirs["classes"] == list(head["classes"]) else class_layers(theirs, run)
    wrong = sorted(
        name
        for name, mine in model.state_dict().items()
        if name not in anew and mine.shape != getattr(state.get(name), "shape", None)
    )
    if wrong:
        raise ZooError(
            f"begin={run.folder}: {len(wrong)} tensors differ, the first is {wrong[0]!r}: its options are "
            f"{theirs['options']}, those of this run {head['options']}"
        )
    model.load_state_dict({name: value for name, value in state.items() if name not in anew}, strict=False)
    licence = card(theirs["model"]).licences.weights
    stem = f"{len(anew)} tensors of the classes begin anew" if anew else "unchanged"
    model.provenance = (Provenance(theirs["model"], "run", str(run.folder), "run", digest(path), licence, stem),)
    return dict(theirs.get(WIDTHS, {}))


def class_layers(head: Mapping[str, Any], run: Run) -> set[str]:
    """Return the names of the tensors whose shapes depend on the number of classes."""
    entry, path = card(head["model"]), run.folder / WEIGHTS
    more = {**head, "classes": [*head["classes"], "one more"]}
    first, second = (shapes_of(entry, one, path, {}) for one in (head, more))
    return {name for name in first if first[name] != second.get(name)}
