"""An exported file as what answers, and what answers as an exported file: written, proven, and kept only if it agrees."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.exports.facts import Facts, parse, words
from zoo.exports.formats import FORMATS, Format, format_of
from zoo.exports.graph import Graph, program
from zoo.files import atomic_write_all, ensure_dir, finite, refuse_existing
from zoo.inference.opened import Opened
from zoo.registry.models import card
from zoo.registry.tasks import task, tasks

if TYPE_CHECKING:
    from torch import nn

    from zoo.exports.exporter import Differences, Exporter

#: Precision is lost in bfloat16; an export may lose so many times what PyTorch loses, or so much whatever that is.
LOST, LITTLE = 2.0, 1e-3
#: What must be the same of what is exported and of the file that is opened again; floats and lists as JSON has them.
SAME = ("model", "classes", "bands", "options", "task", "data", "fitted", "learnt", "metrics", "config")


def is_export(name: str) -> bool:
    """Tell whether a name is that of an exported file."""
    return Path(name).suffix.lower() in FORMATS


def of_export(name: str | Path) -> Opened:
    """Open an exported file; one that was cut, edited, or made by something else is refused."""
    path = Path(name)
    if not path.is_file():
        raise ZooError(f"there is no exported file {path}; `zoo export RUN --out {path.name}` writes one")
    kind = format_of(path)
    if not kind.opens:
        raise ZooError(
            f"{path} is a program of PyTorch, whose reader evaluates what is in it, so it is not opened here: load it "
            "yourself with torch.export.load if you trust it, or export the run as .xml or .onnx"
        )
    facts = parse(kind.read(path)[1], path)
    return opened_of(facts, path, kind)


def opened_of(facts: Facts, path: Path, kind: Format) -> Opened:
    """Return what a file and the facts in it are, opened."""
    exporter = exporter_of(facts)
    run = kind.runner(path, exporter.fixed)

    def build(**changed: Any) -> "nn.Module":
        for option, value in changed.items():
            if value != facts.options.get(option):
                raise ZooError(
                    f"{option}={value} cannot be changed in the exported {path}, which has {facts.options.get(option)}; "
                    "export the run with it, or answer with the run"
                )
        return exporter.restore(run, facts).eval()

    precision = {"precision": facts.precision} if facts.precision else {}
    return Opened(
        source=f"export {path}",
        model=facts.model,
        build=build,
        classes=facts.classes,
        bands=facts.bands,
        options=facts.options,
        task=facts.task,
        data=in_one_size(facts),
        trainer={**facts.trainer, **precision},
        fitted=facts.fitted,
        learnt=facts.learnt,
        metrics=facts.metrics,
        profile=facts.profile,
        weights=path,
        config=facts.config,
        runtime=run.runtime,
        fixed=precision,
        notes=elsewhere(facts),
    )


def in_one_size(facts: Facts) -> dict[str, Any]:
    """Return the settings of the data, where images that are smaller than the graph's one size are padded to it."""
    padded = facts.input.size is not None and "padding" in facts.data
    return {**facts.data, "padding": "tile"} if padded else dict(facts.data)


def elsewhere(facts: Facts) -> tuple[str, ...]:
    """Say where the form of a compressed file was chosen, if that was on another processor than this one."""
    from zoo.hardware import processor

    if facts.form is None or facts.form.processor in ("", processor()):
        return ()
    return (
        f"its form, {facts.form.name}, was chosen as the fastest on {facts.form.processor}, and may not be so on {processor()}",
    )


def exporter_of(facts: Facts | Opened) -> "Exporter":
    """Import what exports the models of a task."""
    record = task(str(facts.task["name"]))
    if not record.exporter:
        known = ", ".join(name for name, one in tasks().items() if one.exporter)
        raise ZooError(f"{facts.source} is for task {record.name}, which has no export; zoo export knows {known}")
    found: Exporter = record.load("exporter")
    return found


def facts_of(opened: Opened, model: "nn.Module") -> Facts:
    """Return what is to be known of a model beside its weights."""
    exporter = exporter_of(opened)
    settings = ("data", "options", "task", "trainer", "fitted", "learnt", "metrics", "config")
    return Facts(
        made_by=f"task-zoo {version('task-zoo')}",
        source=opened.source,
        weights=opened.digest,
        input=exporter.input(model, opened.data),
        outputs=exporter.outputs(model),
        limits=exporter.limits(model),
        **{name: finite(getattr(opened, name)) for name in settings},
        **{name: getattr(opened, name) for name in ("model", "classes", "bands", "profile")},
    )


def export(opened: Opened, out: Path, batches: Iterable[Mapping[str, Any]] = (), force: bool = False) -> Iterator[str]:
    """Write what was opened as the file `out`, prove it on its task's probes and on `batches`, and yield what was found.

    A ZooError if it does not answer as the model does; nothing is kept then.
    """
    kind = format_of(out)
    refuse_unsuited(opened.model, kind)
    files = kind.files(out)
    for path in files:
        refuse_existing(path, force)
    ensure_dir(files[0].parent)
    exporter, model = exporter_of(opened), opened.build().float().eval()
    facts = facts_of(opened, model)
    graph = exporter.graph(model, facts, kind.suppresses)
    traced = program(graph)
    with atomic_write_all(files) as parts:
        write(kind, graph, traced, exporter, facts, parts[0])
        yield from prove(opened, model, kind, facts, parts[0], batches)
        if loses_little(model, exporter, kind, facts, parts[0]):
            write(kind, graph, traced, exporter, facts.model_copy(update={"low": True}), parts[0])
            yield "bfloat16 loses no more in it than in PyTorch, and is used where the run does"
    yield f"{' and '.join(str(path) for path in files)}: {sum(path.stat().st_size for path in files) / 1e6:.1f} MB"


def refuse_unsuited(name: str, kind: Format) -> None:
    """Refuse a model that its card says has no export in a format, with the reason."""
    entry = card(name)
    if kind.name not in entry.exports.formats:
        others = f"; it exports as {', '.join(entry.exports.formats)}" if entry.exports.formats else ""
        raise ZooError(f"model {name!r} has no export as {kind.name}: {entry.exports.why}{others}")


def write(kind: Format, graph: Graph, traced: Any, exporter: "Exporter", facts: Facts, part: Path) -> None:
    """Write a file with its facts and words."""
    kind.write(graph, traced, words(facts, exporter.words(facts)), facts.to_json(), part)


def prove(
    opened: Opened,
    model: "nn.Module",
    kind: Format,
    facts: Facts,
    part: Path,
    batches: Iterable[Mapping[str, Any]] = (),
) -> Iterator[str]:
    """Hold a written file against the model that it is of, by what it says of itself and by what it answers."""
    import torch

    exporter = exporter_of(opened)
    said, text = kind.read(part)
    told = parse(text, part)
    check_facts(opened, exporter, said, told, facts)
    exported = exporter.restore(kind.runner(part, exporter.fixed), told)
    found: list[Differences] = []
    with torch.inference_mode():
        for probe in (*exporter.probes(facts), *map(exporter.arguments, batches)):
            found.append(exporter.differences(model, exported, probe, facts))
    total = reduce(add, found)
    if wrong := total.disagreement():
        raise ZooError(f"the export of {opened.source} does not say what the model says, and is not kept: {wrong}")
    yield from total.said


def check_facts(opened: Opened, exporter: "Exporter", said: Mapping[str, str], told: Facts, facts: Facts) -> None:
    """Refuse a file that does not say of itself what is known of the model."""
    if told.profile != opened.profile:
        raise ZooError(f"the export of {opened.source} tells another profile than the model has, and is not kept")
    for name in SAME:
        if plain(getattr(opened, name)) != plain(getattr(told, name)):
            raise ZooError(f"the export of {opened.source} tells another {name!r} than the model has, and is not kept")
    if (told.input, told.limits) != (facts.input, facts.limits):
        raise ZooError(f"the export of {opened.source} tells another input or other limits, and is not kept")
    if dict(said) != words(told, exporter.words(told)):
        raise ZooError(f"the words in the export of {opened.source} are not those of its facts, and it is not kept")


def plain(content: Any) -> Any:
    """Return a content as JSON has it."""
    import json

    return json.loads(json.dumps(finite(content)))


def loses_little(model: "nn.Module", exporter: "Exporter", kind: Format, facts: Facts, part: Path) -> bool:
    """Tell whether a file loses no more in bfloat16 than its model does in PyTorch, on this processor."""
    import torch

    from zoo import hardware

    if not hardware.bfloat16() or not kind.lowers:
        return False
    exported = exporter.restore(kind.runner(part, exporter.fixed), facts)
    with torch.inference_mode():
        return not any(lost(exporter, facts, model, exported))


def lost(exporter: "Exporter", facts: Facts, model: "nn.Module", exported: "nn.Module") -> Iterator[str]:
    """Yield of each probe that loses more in bfloat16 by an export than by its model in PyTorch how much it does."""
    import torch

    for probe in exporter.probes(facts):
        exact = exporter.ask(model, probe, facts)
        with torch.autocast("cpu", torch.bfloat16):
            mine, other = (exporter.apart(exact, exporter.ask(one, probe, facts)) for one in (model, exported))
        if not other <= (limit := max(LOST * mine, LITTLE)):
            yield f"in bfloat16 it answers otherwise, by {other:.2g} of the largest, where {limit:.2g} is the limit"


def lost_in(opened: Opened, form: Opened) -> str:
    """Return how much an export of opened weights loses in bfloat16 beyond the limits, in words; "" if nothing."""
    import torch

    exporter, model = exporter_of(opened), opened.build().float().eval()
    with torch.inference_mode():
        return next(lost(exporter, facts_of(opened, model), model, form.build()), "")
