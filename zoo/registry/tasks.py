"""The table of tasks: a task exists because a record `<task>/task.py` lies in one of the card roots.

A record says in one place what differs from task to task. What lies in a layer above the zoo (a LightningModule, a reader,
a page of a tool) is named as `module:name` and imported when it is asked for, as a card's `build` is, so that imports keep
their direction and listing tasks imports nothing heavy.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from zoo.errors import ZooError, near
from zoo.registry.card_roots import CardRoot, card_roots

RECORD = "task"
#: What a card may be for beside a task: a part of other models, which solves no task by itself.
BACKBONE = "backbone"
#: The packages of this project, whose code any record may name.
OURS = ("zoo", "tasks", "recipes", "tools")


class Suggestion(NamedTuple):
    """Settings by key that a user's own data suggest, and why, as the beginning of a sentence."""

    why: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Objective:
    """What a task may be asked, where its models are asked several things; as the record of a task, but for that alone."""

    #: The hub's word for it (https://huggingface.co/tasks).
    pipeline_tag: str
    #: The part of the LightningModule that gives loss, metrics and pictures; "" where nothing is trained for it here.
    module: str
    #: See `Task.probe`.
    probe: str
    #: What turns the outputs of a model into answers, where no part of the LightningModule does.
    decoder: str = ""
    #: See `Task.baseline`.
    baseline: str = ""


@dataclass(frozen=True)
class Task:
    """What is called by a task's name anywhere. Fields that name code are `module:name`; `load` imports them."""

    name: str
    summary: str
    #: The hub's word for it (https://huggingface.co/tasks).
    pipeline_tag: str
    #: What one sample is called; speeds are in so many of them a second.
    sample: str
    #: The model that is taken when none is named.
    model: str
    #: The LightningModule, a subclass of tasks.base.Task.
    module: str
    #: A function (model, bands, classes, size) → str that runs a model once and holds its answer against the contract.
    probe: str
    #: What a class is counted in, and how many are too few to say anything of it; 0 where they are not independent.
    label: str = "example"
    few: int = 20
    #: What its models may be asked, by name in task.objective and in their cards; nothing where they answer one question.
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    #: The plain model that every comparison shows too; "" where there is none.
    baseline: str = ""
    #: What a user types after a run: on the `run`, with a `new` input as its data would read it.
    next_command: str = "zoo evaluate {run}"
    #: What answers with the weights of a run: a class as zoo.inference asks for it; "" where nothing does.
    predictor: str = ""
    #: What writes its answers for a labelling tool and reads what came of them: an Annotator of recipes.annotation; "" where
    #: nothing does.
    annotator: str = ""
    #: What writes its models as files for other runtimes and opens these: an Exporter of zoo.exports; "" where nothing does.
    exporter: str = ""
    #: A set of the endings of files, by which a folder is told to be data of this task; "" where no ending tells.
    files: str = ""
    #: A function (folder) → bool that tells whether a folder of such files is data of this task, where others have them too.
    claims: str = ""
    #: A function (folder) → the words of a command line that read one without files of any task's endings; [] for none.
    reads: str = ""
    #: A function (folder, words by key) → Suggestion or None: what a user's own folder suggests where the words say nothing.
    suggests: str = ""
    #: Whether whole networks of timm solve it, named as timm/NAME, with a last layer for the classes of the data.
    takes_timm: bool = False

    def load(self, field: str) -> Any:
        """Import what a field names, from our packages or from the task's own root."""
        return self.resolve(getattr(self, field))

    def resolve(self, target: str) -> Any:
        """Import `module:name`, from our packages or from the task's own root."""
        module, _, name = target.partition(":")
        if module.partition(".")[0] in OURS:
            return getattr(import_module(module), name)
        return root_of(self.name).load(target)

    def for_objective(self, objective: str | None) -> "Task | Objective":
        """Return what is said of an objective, or of the whole task where it is none of several."""
        return self.objectives.get(objective or "", self)


def names() -> tuple[str, ...]:
    """Return the names of all tasks, sorted; no record is read."""
    return tuple(sorted(_roots()))


def kinds() -> tuple[str, ...]:
    """Return what a card may be for: the tasks, and what solves none by itself."""
    return (*names(), BACKBONE)


def tasks() -> Mapping[str, Task]:
    """Return the records of all tasks by name, sorted."""
    return {name: task(name) for name in names()}


def task(name: str) -> Task:
    """Return the record of a task; an unknown name is refused with those that are near."""
    return _read(name, root_of(name))


def root_of(name: str) -> CardRoot:
    """Return the card root in which a task lies."""
    known = _roots()
    if name not in known:
        raise ZooError(f"no task {name!r}{near(name, known)}; there are {', '.join(sorted(known))}")
    return known[name]


def _roots() -> Mapping[str, CardRoot]:
    found: dict[str, CardRoot] = {}
    for root in card_roots():
        for path in root.folder.glob(f"*/{RECORD}.py"):
            name = path.parent.name
            if name in found:
                raise ZooError(f"two tasks are named {name!r}: in {found[name].folder} and {root.folder}; rename one")
            found[name] = root
    return found


@functools.cache
def _read(name: str, root: CardRoot) -> Task:
    module = ".".join(filter(None, (root.package, name, RECORD)))
    record = root.load(f"{module}:TASK")
    if not isinstance(record, Task) or record.name != name:
        raise ZooError(f"{Path(root.folder, name, RECORD)}.py: TASK must be a Task named {name!r}, as its folder is")
    return record
