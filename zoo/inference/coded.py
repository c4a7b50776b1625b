"""Coded files as what answers: entropy-coded weights with all that their run knows, in one file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.inference.opened import Opened
from zoo.profile import Profile
from zoo.runs.inspection import check_head, check_shapes, refuse_foreign_names
from zoo.runs.run import HEAD, Run

if TYPE_CHECKING:
    from torch import nn

ENDING = ".coded"


def parts_of(run: Run, ranks: Mapping[str, int] | None = None) -> dict[str, str]:
    """Return what a coded file says beside the weights: the head of the run, its settings and what was measured.

    `ranks` are those of layers that were factorised, by name.
    """
    profile = run.folder / "profile.json"
    return {
        HEAD: json.dumps(run.head()),
        "config": json.dumps(run.config),
        "ranks": json.dumps(dict(ranks or {})),
        "metrics": json.dumps(run.metrics),
        "profile": profile.read_text(encoding="utf-8") if profile.exists() else "null",
    }


def ranks_in(text: str) -> dict[str, int]:
    """Read the ranks of factorised layers; ValueError for what are none."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(type(rank) is int for rank in found.values()):
        raise ValueError(f"its ranks are no numbers by the names of layers: {text[:80]}")
    return found


def is_coded(name: str) -> bool:
    """Tell whether a name is that of a coded file."""
    return name.endswith(ENDING)


def of_coded(name: str | Path) -> Opened:
    """Open a coded file; it is data, whoever brought it. Raises ZooError for one that is damaged or of another kind."""
    from zoo.compression import coded_file
    from zoo.compression.low_rank import shape_as
    from zoo.compression.shared import SharedTensor

    path = Path(name)
    if not path.is_file():
        raise ZooError(f"there is no file {path}; `zoo compress RUN --out {path.name}` writes one")
    tensors, said = coded_file.read(path)
    try:
        head, config, metrics = (json.loads(said[part]) for part in (HEAD, "config", "metrics"))
        ranks = ranks_in(said.get("ranks", "{}"))
        profile = None if said["profile"] == "null" else Profile.model_validate_json(said["profile"])
    except (KeyError, ValueError, RecursionError) as error:
        raise ZooError(f"{path} does not say what it is for ({error!r}); compress the run again") from error
    check_head(head, path)
    refuse_foreign_names(config, path)
    state = {name: one.values() if isinstance(one, SharedTensor) else one for name, one in tensors.items()}
    check_shapes(head, {name: tuple(tensor.shape) for name, tensor in state.items()}, path, ranks)

    def build(**changed: Any) -> "nn.Module":
        from zoo.factory import rebuild

        model = rebuild(head, **changed)
        shape_as(model, ranks)
        model.load_state_dict(state)
        return model.eval()

    return Opened(
        source=f"file {path}",
        model=head["model"],
        build=build,
        classes=tuple(head["classes"]),
        bands=tuple(head["bands"]),
        options=head["options"],
        task=config["task"],
        data=config["data"],
        trainer=config.get("trainer", {}),
        fitted=head.get("fitted", {}),
        learnt=head.get("learnt", {}),
        metrics=metrics,
        profile=profile,
        weights=path,
        config=config,
    )
