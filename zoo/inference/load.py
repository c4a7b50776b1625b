"""Opening what answers by its path, name or address: `zoo.load("runs/…")`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from zoo.errors import ZooError, near
from zoo.inference.backends import answering
from zoo.inference.coded import is_coded, of_coded
from zoo.inference.exported import is_export, of_export
from zoo.inference.opened import Opened, of_card, of_run
from zoo.inference.predictor import Predictor
from zoo.registry.card_roots import card_files
from zoo.registry.models import card
from zoo.registry.tasks import task
from zoo.runs.run import Run, is_run
from zoo.weights import files


class Kind(NamedTuple):
    """A kind of thing that answers: whether a name is one, and what opens it."""

    is_one: Callable[[str], bool]
    open: Callable[[str], Opened]


def is_weights(name: str) -> bool:
    """Tell whether a name is that of a registered model, NAME or NAME.TAG, and no run folder."""
    return not is_run(Path(name)) and (name in card_files() or name.rpartition(".")[0] in card_files())


def weights_named(name: str) -> Opened:
    """Open the whole weights of a registered model."""
    model, tag = files.named(name)
    return of_card(card(model), tag)


def run_named(name: str) -> Opened:
    """Open the run at a path, at hf://owner/repo, or the newest of a name."""
    return of_run(Run.find(name))


#: The first kind that a name is of opens it.
KINDS = (
    Kind(is_export, of_export),
    Kind(is_coded, of_coded),
    Kind(is_weights, weights_named),
    Kind(lambda name: True, run_named),
)


def load(name: str | Path, backend: str | None = None, **options: Any) -> Predictor[Any]:
    """Open a run (folder, end of its name, hf://owner/repo), a model with whole weights (NAME, NAME.TAG), or a file of one:
    an export, or what `zoo compress` wrote.


    `backend` is auto (the fastest form that agrees with what was trained), torch, openvino or onnxruntime.
    `options` are those of the task's predictor: `views` of images, `score` of objects, `batch` of sequences.
    """
    return predictor_of(answering(opened_as(name), backend, asked_of_model(options)), **options)


def asked_of_model(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a predictor that are those of the model."""
    return {"views": options["views"]} if options.get("views", 1) != 1 else {}


def opened_as(name: str | Path) -> Opened:
    """Open what answers under a name: its weights and its settings, of which no model is built yet."""
    if not str(name).strip():
        raise ZooError("the name of a run or a model is empty; `zoo list` shows models, and runs/ holds runs")
    return next(kind for kind in KINDS if kind.is_one(str(name))).open(str(name))


def predictor_class(opened: Opened) -> type[Predictor[Any]]:
    """Import the predictor that the task of an opened model names."""
    record = task(str(opened.task["name"]))
    if not record.predictor:
        raise ZooError(f"{opened.source} is for the task {record.name}, whose record names no predictor")
    found: type[Predictor[Any]] = record.load("predictor")
    return found


def predictor_of(opened: Opened, **options: Any) -> Predictor[Any]:
    """Make the predictor of an opened model."""
    kind = predictor_class(opened)
    for name in options:
        if name not in kind.options:
            known = f"it takes {', '.join(kind.options) or 'none'}"
            raise ZooError(f"{opened.source} is opened with no option {name!r}{near(name, kind.options)}; {known}")
    return kind(opened, **options)
