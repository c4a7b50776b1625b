"""`zoo export RUN --out model.xml`: a trained detector for OpenVINO or ONNX, proven to say what it says."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from zoo.errors import ZooError
from zoo.files import ensure_dir, refuse_existing
from zoo.registry.tasks import task, tasks
from zoo.runs.run import Run


def command(
    run: Annotated[str, typer.Argument(help="a run of detection: its folder, or the end of its name")],
    out: Annotated[Path, typer.Option(help="the file: .xml (OpenVINO, with a .bin beside it) or .onnx")],
    tiles: Annotated[int, typer.Option(help="tiles on which the export is compared with the trained model")] = 8,
    force: Annotated[bool, typer.Option(help="replace an export that is there")] = False,
) -> None:
    """Export a run's detector, boxes or rotated boxes, with normalisation, decoding and suppression inside.

    The export is run beside the trained model on tiles of the run's test data; where they disagree, nothing is kept.

    Examples: `zoo export RUN --out ships.xml` for OpenVINO, `zoo export RUN --out ships.onnx` for ONNX.
    """
    console = Console(highlight=False, soft_wrap=True)
    found = Run.find(run)
    record = task(found.config["task"]["name"])
    if not record.exporter:
        known = ", ".join(name for name, one in tasks().items() if one.exporter)
        raise ZooError(f"run {found.folder} is for task {record.name}, which has no export; zoo export knows {known}")
    for line in record.load("exporter")(found, out, tiles, force):
        console.print(line)


def export(run: Run, out: Path, tiles: int, force: bool) -> Iterator[str]:
    """Write the export of a run and yield what there is to say; a ZooError if it disagrees with the trained model."""
    from tools.export.formats import format_of
    from zoo.detection.fixed_graph import check_exportable

    if tiles < 1:
        raise ZooError(f"--tiles {tiles} must be at least 1: an export is compared with its model")
    head = run.head()
    check_exportable(head["model"])
    kind = format_of(out)
    check_free(kind.files(out), force)
    with fresh_files(kind.files(out)) as parts:
        yield from written(run, kind, parts[0], tiles)
    if head["options"].get("views", 1) > 1:
        yield f"not exported: the mean over views={head['options']['views']} of the image, with which the run was tested"
    yield f"{' and '.join(str(path) for path in kind.files(out))}: {size_of(kind.files(out)):.1f} MB"


def written(run: Run, kind: Any, part: Path, count: int) -> Iterator[str]:
    """Write the export at `part`, compare it, and yield what came out; a ZooError if it disagrees."""
    from tools.export.comparing import compare
    from tools.export.facts import facts_of
    from tools.export.suppression import Suppression
    from tools.export.tiles import tiles_of

    geometry = str(run.config["task"]["geometry"])
    model: Any = run.load_model(views=1)
    settings, chosen = model.postprocess, kind.chooses(geometry)
    suppression = Suppression(geometry, settings.nms_threshold, settings.score_threshold, settings.max_detections)
    kind.write(model, int(run.config["data"]["tile"]), suppression, facts_of(run, settings, chosen), part)
    tiles = tiles_of(run, count)
    found = compare(model, kind.runner(part), tiles.images)
    found.check(f"the export of {run.folder}")
    yield f"compared with the trained model, both in float32, on {tiles.said}"
    yield found.dense
    yield found.chosen if chosen else "not exported: ONNX cannot suppress rotated boxes; the file says how to choose"


def check_free(files: tuple[Path, ...], force: bool) -> None:
    """Refuse to replace files unless told, and make their folder."""
    for path in files:
        refuse_existing(path, force)
    ensure_dir(files[0].parent)


@contextmanager
def fresh_files(files: tuple[Path, ...]) -> Iterator[list[Path]]:
    """Give a temporary path for each file, all of one name, and rename them, the first last, when all went well."""
    from tools.predict.vectors import fresh

    with ExitStack() as stack:
        yield [stack.enter_context(fresh(path)) for path in files]


def size_of(files: tuple[Path, ...]) -> float:
    """Return the megabytes of files."""
    return sum(path.stat().st_size for path in files) / 1e6
