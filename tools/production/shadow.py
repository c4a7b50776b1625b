"""Shadow replay: inputs that were served and kept, answered by champion and challenger beside one another."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.annotation.annotator import Annotator, Truth
from zoo.errors import ZooError, counted
from zoo.inference.load import predictor_of
from zoo.inference.opened import of_run
from zoo.sites.promotion import Gates, Judgement, rejected
from zoo.sites.site import Site

#: Kinds of changes that are told.
TOLD = 5


@dataclass(frozen=True)
class Replayed:
    """How many inputs both answered, the share that is answered otherwise, what became what, and what only one can answer."""

    inputs: int
    changed: float
    changes: tuple[tuple[str, int], ...]
    failures: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "inputs": self.inputs,
            "changed": self.changed,
            "changes": dict(self.changes),
            "failures": list(self.failures),
            "said": str(self),
        }

    def __str__(self) -> str:
        said = ", ".join(f"{change} {count}" for change, count in self.changes)
        return f"shadow: {self.changed:.0%} of {counted(self.inputs, 'input')} of the inbox answered otherwise" + (
            f" ({said})" if said else ""
        )


def replay(site: Site, versions: Sequence[str], annotator: Annotator, most: int) -> Replayed | None:
    """Let champion and challenger answer the inputs of the inbox that came last, at most so many; None without any."""
    paths = sorted(site.inbox(), key=lambda path: (path.stat().st_mtime_ns, path.name))[-most:] if most else []
    if not paths:
        return None
    champion, challenger = (predictor_of(of_run(site.versions.run(version))) for version in versions)
    shares, changes, failures = list[float](), Counter[str](), list[str]()
    for path in paths:
        try:
            before = annotator.truth(champion(path))
        except ZooError:
            continue  # the champion cannot answer it either: nothing is lost
        try:
            after = annotator.truth(challenger(path))
        except ZooError as error:
            failures.append(str(error))
            continue
        shares.append(annotator.agreement(before, after))
        if shares[-1] < annotator.agreed:
            changes[f"{short(annotator, before)} → {short(annotator, after)}"] += 1
    changed = float(np.mean([share < annotator.agreed for share in shares])) if shares else 0.0
    return Replayed(len(shares), changed, tuple(changes.most_common(TOLD)), tuple(failures))


def short(annotator: Annotator, truth: Truth) -> str:
    """Return a truth in a few words."""
    names = Counter(annotator.names(truth))
    return ", ".join(f"{name} {count}" if count > 1 else name for name, count in names.items()) or "nothing"


def with_shadow(found: Judgement, replayed: Replayed | None, gates: Gates) -> Judgement:
    """Reject a challenger that cannot answer what the champion answers, or answers too much of it otherwise."""
    if replayed is None:
        return found
    failed = (
        [f"{len(replayed.failures)} inputs cannot be answered: {replayed.failures[0]}"] if replayed.failures else []
    )
    if gates.changed is not None and replayed.changed > gates.changed:
        failed.append(f"{replayed.changed:.0%} of the inbox is answered otherwise, and {gates.changed:.0%} may be")
    return rejected(found, failed)
