"""The page of all settings of a run: keys, defaults and comments off conf/, what a key may be off what checks it."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import zoo
from configuration.allowed import describe, write
from configuration.check import is_mapping
from configuration.groups import CONF, tasks_of
from configuration.settings import SETTINGS
from configuration.signature import settings_of
from tools.docs.settings_files import TARGET, Setting, about, own_settings, settings_of_file
from zoo.registry import tasks

HEAD = """# Configuration

Every setting of a run is a word `key=value` behind `python train.py` or `zoo train`; `--cfg job` prints them composed. What
a key may not be is refused in one sentence before anything is built. A list is `key=[1,2]`, a mapping `key={a: 1}`; a key
of PyTorch Lightning's `Trainer` that is not named here is added as `+trainer.limit_train_batches=10`. A setting that is
written `${…}` follows another one until it is set.
"""
#: The groups of one file each.
GROUPS = {
    "trainer": "trainer/cpu",
    "optimizer": "optimizer/adamw",
    "scheduler": "scheduler/warmup_cosine",
    "callbacks": "callbacks/default",
    "logger": "logger/csv",
}
#: What takes the settings of a group whose file names no `_target_`.
TAKERS = {"trainer": "pytorch_lightning.Trainer"}


def page() -> str:
    """Return the page as Markdown."""
    parts = (
        HEAD,
        *run_part(),
        *groups_part(),
        *tasks_part(),
        *choices("loss"),
        *choices("augment"),
        *data_part(),
        *models_part(),
    )
    return "\n".join(parts).rstrip() + "\n"


def run_part() -> Iterator[str]:
    """Yield the settings of a run that belong to no group."""
    yield from ("## The run\n", "`conf/train.yaml` is its table of contents.\n")
    found = own_settings(CONF / "train.yaml", "").values()
    yield from table([one for one in found if not one.key.startswith("hydra")], {})


def groups_part() -> Iterator[str]:
    """Yield the groups that every run has."""
    for group, file in GROUPS.items():
        path = CONF / f"{file}.yaml"
        yield from (f"## {group}\n", *([f"{about(path)}\n"] if about(path) else []))
        taken = {group: settings_of(TAKERS[group]).annotations} if group in TAKERS else {}
        yield from table(list(own_settings(path, group).values()), taken)


def tasks_part() -> Iterator[str]:
    """Yield the settings of each task."""
    yield "## task\n"
    for name in ours():
        record = tasks.task(name)
        yield from (f"### task={name} {{#task-{name}}}\n", f"{record.summary}\n")
        found = [one for one in own_settings(CONF / "task" / f"{name}.yaml", "task").values() if one.key != "task.name"]
        yield from table(found, {"task": settings_of(record.load("module")).annotations})
        if record.objectives:
            yield from objectives_part(record)


def objectives_part(record: tasks.Task) -> Iterator[str]:
    """Yield what a task may be asked, with what `task.objective_options` takes then."""
    yield from ("| `task.objective` | what `task.objective_options` takes |", "|---|---|")
    for name, objective in record.objectives.items():
        annotations = settings_of(record.resolve(objective.module)).annotations if objective.module else {}
        told = [f"`{key}`: {describe(kind)}" for key, kind in annotations.items() if key not in ("model", "classes")]
        yield f"| `{name}` | {cell('; '.join(told))} |"
    yield ""


def choices(group: str) -> Iterator[str]:
    """Yield a group in which one file is chosen: what each is, and what it holds."""
    yield from (f"## {group}\n", "| choice | what it is |", "|---|---|")
    for path in sorted((CONF / group).glob("*.yaml")):
        if path.stem not in ours():  # the file of a task names one of the others
            held = [
                f"`{key}={one.default}`" for key, one in own_settings(path, group).items() if not key.endswith(TARGET)
            ]
            yield f"| `{group}={path.stem}` | {cell(about(path)) or ', '.join(held) or 'nothing is changed'} |"
    yield ""


def data_part() -> Iterator[str]:
    """Yield the settings of each data set, for each task that it serves."""
    yield from (
        "## data\n",
        "A data set brings the model and the settings that suit it; what you say yourself comes first.\n",
    )
    for path in sorted((CONF / "data").glob("*.yaml")):
        yield from (f"### data={path.stem} {{#data-{path.stem}}}\n", f"{about(path)}\n")
        for task in tasks_of(path.stem):
            found = settings_of_file(path, "data", task)
            brought = [f"`{one.key}={one.default}`" for one in found.values() if not one.key.startswith("data.")]
            yield f"`task={task}`{' brings ' + ', '.join(brought) if brought else ''}\n"
            yield from table(
                [one for one in found.values() if one.key.startswith("data.") and one.key != "data.name"], {}
            )


def models_part() -> Iterator[str]:
    """Yield the options of each model, off its card."""
    yield from (
        "## model\n",
        "`model.pretrained` is true where a card or its backbone has weights; false begins at random. The other options:\n",
        "| model | task | options and their defaults |",
        "|---|---|---|",
    )
    for name, card in zoo.cards().items():
        if card.task in ours():
            options = ", ".join(f"`{key}={write(value)}`" for key, value in card.options.items())
            yield f"| `{name}` | {card.task} | {options} |"
    yield ""


def ours() -> list[str]:
    """Return the names of the tasks whose settings lie in this project's conf/, not in an added folder."""
    return [name for name in tasks.names() if (CONF / "task" / f"{name}.yaml").exists()]


def table(settings: list[Setting], taken: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the rows of settings; `taken` are the annotations of what takes them, by the key under which they lie."""
    targets = {one.key.removesuffix(f".{TARGET}"): one.default for one in settings if one.key.endswith(TARGET)}
    known = {**{key: settings_of(target).annotations for key, target in targets.items()}, **taken}
    yield from ("| key | what it may be | default | meaning |", "|---|---|---|---|")
    for one in settings:
        if not one.key.rpartition(".")[2].startswith("_"):
            yield f"| `{one.key}` | {cell(allowed(one.key, known))} | `{one.default}` | {cell(one.comment)} |"
    yield ""


def allowed(key: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what a setting may be, in words; nothing where it may be anything."""
    if key in SETTINGS:
        return describe(SETTINGS[key])
    above = max((prefix for prefix in known if key.startswith(f"{prefix}.")), key=len, default=None)
    if above is None:
        return ""
    name, _, inner = key.removeprefix(f"{above}.").partition(".")
    annotation = known[above].get(name, Any)
    if inner:
        mapping = next((kind for kind in (annotation, *get_args(annotation)) if is_mapping(kind)), None)
        annotation = Any if mapping is None else get_args(mapping)[1]
    return "" if annotation is Any else describe(annotation)


def cell(text: str) -> str:
    """Return a text as it stands in a cell of a table."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").replace("_target_", "`_target_`").split())
