"""`zoo compress RUN`: a faster or a smaller model, kept only on evidence."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tools.compress.report import Report, as_json, load
from tools.compress.verdict import Limits
from tools.terminal.columns import table
from zoo.errors import ZooError, counted, one_of
from zoo.exports.formats import FORMATS
from zoo.files import atomic_folder, atomic_write_all, ensure_dir, refuse_existing
from zoo.inference.coded import ENDING, is_coded
from zoo.inference.exported import is_export
from zoo.runs.run import Run

if TYPE_CHECKING:
    from tools.compress.evidence import Evidence

#: By goal the endings of the file that comes out, the first where none is named.
GOALS = {"fast": (".xml", ".onnx"), "small": (ENDING,)}
SPEED = (
    "; and if it is faster, and that not by chance: than the original, and in 8 bits or pruned than the best other form"
)
#: Under so many samples a bootstrap is about little more than these.
FEW = 20
BESIDE = "(.json, .md, .png)"
#: How the folder of a pruned run is called beside its file.
PRUNED = "_pruned"


class How(NamedTuple):
    """Training samples that calibrate 8 bits, epochs of training, and the share of the multiply-adds that goes."""

    samples: int
    epochs: int | None
    share: float | None


def command(
    run: Annotated[str | None, typer.Argument(help="a run: its folder, or the end of its name")] = None,
    goal: Annotated[
        str | None, typer.Option(help="fast (least latency) or small (fewest bytes); default: as --out ends, or fast")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help=f"the file: .xml (OpenVINO) or .onnx of a fast form, {ENDING} of a small one; default: in the run's exports/"
        ),
    ] = None,
    max_drop: Annotated[float, typer.Option(min=0, help="of the headline metric on validation, at most")] = 0.005,
    samples: Annotated[int, typer.Option(min=1, help="fast: training samples on which 8 bits are calibrated")] = 64,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="of training: small, --prune, 8 bits that lose too much; default: 1/4 of the run's, --prune 3/2, 8 bits none",
        ),
    ] = None,
    prune: Annotated[
        float | None,
        typer.Option(help="fast: try the network without this share of its multiply-adds, as 0.4, too; trains it"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=20, help="redrawn validation sets")] = 200,
    verify: Annotated[
        Path | None, typer.Option(help="a compressed file: measure again what its report says, and compare")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Make a run's model fast, or small, and keep what comes out only if it loses little on the run's validation samples.

    Fast: OpenVINO in float32, bfloat16 and 8 bits, calibrated on training samples; where the metric suffers, layers go back
    to a higher precision. Small: low ranks, pruning, shared values and entropy coding, with training in between.
    `zoo predict FILE …` and `zoo evaluate FILE` open it like a run; the report lies beside it (.json, .md, .png). Nothing is
    kept that is not accepted: the exit code then is 1.

    With `--prune 0.4` channels go and the network is trained further, before the same forms are made of it too; an accepted one
    lies beside the file as a run of its own.

    Examples: `zoo compress runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00 --out trees.xml`,
    `zoo compress RUN --prune 0.4`, `zoo compress RUN --goal small --out trees.coded`, `zoo compress --verify trees.xml`
    """
    if verify is not None:
        check(verify, json_)
        return
    if run is None:
        raise ZooError("name a run to compress, or a compressed file with --verify")
    found = found_run(run)
    wanted, path = settled(goal, out, found)
    refuse_existing(path, force)
    if prune is not None:
        if wanted != "fast":
            raise ZooError(f"--prune {prune:g} is of --goal fast; --goal {wanted} prunes by itself, single weights")
        refuse_existing(pruned_beside(path), force)
    ensure_dir(path.parent)
    with tempfile.TemporaryDirectory(prefix="zoo_compress_") as folder:
        report = compress(
            wanted, found, Limits(max_drop, rounds), How(samples, epochs, prune), Path(folder), path, json_
        )
    typer.echo(as_json(report) if json_ else f"\n{report.text()}")
    if report.chosen is None:
        raise typer.Exit(1)
    if not json_:
        typer.echo(f"\n{path}: {report.chosen.bytes:,} bytes; the report lies beside it {BESIDE}")
        if prune is not None and pruned_beside(path).exists():
            typer.echo(
                f"{pruned_beside(path)}: the pruned run, to be used as any other; begin={pruned_beside(path)} trains it on"
            )


def found_run(name: str) -> Run:
    """Return the run of a name; a file that was made of one is refused."""
    if is_coded(name) or is_export(name):
        raise ZooError(f"{name} was made of a run, and may be compressed already: name the run itself")
    return Run.find(name)


def settled(goal: str | None, out: Path | None, run: Run) -> tuple[str, Path]:
    """Return the goal and the file, where one says the other."""
    from zoo.inference.backends import FOLDER

    by_ending = {ending: name for name, endings in GOALS.items() for ending in endings}
    wanted = one_of("--goal", goal or (by_ending.get(out.suffix) if out else None) or "fast", GOALS)
    path = out or run.folder / FOLDER / f"{wanted}{GOALS[wanted][0]}"
    if path.suffix not in GOALS[wanted]:
        raise ZooError(
            f"--out {path} must end in {' or '.join(GOALS[wanted])}, by which a file of --goal {wanted} is known"
        )
    return wanted, path


def compress(goal: str, run: Run, limits: Limits, how: How, folder: Path, out: Path, quiet: bool) -> Report:
    """Try candidates, write the one that is kept with its report and picture, and return the report."""
    from tools.compress.deep import Small
    from tools.compress.evidence import Evidence
    from tools.compress.fast import Fast, Pruning

    evidence = Evidence(run, limits)
    pruning = None if how.share is None else Pruning(how.share, pruned_beside(out))
    fast = Fast(evidence, how.samples, folder, out.suffix, how.epochs, pruning) if goal == "fast" else None
    way = fast or Small(evidence, how.epochs, folder)
    found = []
    for one in way.candidates():
        found.append(one)
        if not quiet:
            said = f", {one.verdict}" if len(found) > 1 else ""
            typer.echo(f"{one.name}: val/{evidence.headline} {one.value:.4f}{said}")
    report = reported(goal, evidence, found, way.notes).model_copy(update={"pruned": fast.pruned if fast else None})
    kept = way.kept()
    if fast and (pruned := fast.beside()) is not None:
        keep_run(pruned, pruned_beside(out))
    return report if kept is None else written(report.model_copy(update={"kept": kept[0].name}), evidence, kept[1], out)


def reported(goal: str, evidence: "Evidence", found: list[Any], notes: list[str]) -> Report:
    """Return the report of candidates, of which none is kept yet."""
    from tools.bench.harness import machine

    limits = evidence.limits
    return Report(
        run=str(evidence.run.folder),
        weights=evidence.opened.digest,
        goal=goal,
        metric=f"val/{evidence.headline}",
        samples=len(evidence.batches),
        seed=evidence.cfg.seed,
        max_drop=limits.max_drop,
        rounds=limits.rounds,
        rule=limits.rule + (SPEED if goal == "fast" else ""),
        kept="",
        machine=machine(),
        notes=tuple(dict.fromkeys([*notes, *few(len(evidence.batches))])),
        candidates=tuple(found),
    )


def pruned_beside(out: Path) -> Path:
    """Return where the pruned run lies of which a file may be a form."""
    return out.with_name(f"{out.stem}{PRUNED}")


def keep_run(run: Run, folder: Path) -> None:
    """Put a pruned run there, whole; one of before makes way."""
    with atomic_folder(folder) as part:
        shutil.copytree(run.folder, part, dirs_exist_ok=True)
        if folder.exists():
            shutil.rmtree(folder)


def few(samples: int) -> list[str]:
    """Say that an interval rests on few samples, where it does."""
    return (
        [f"{counted(samples, 'validation sample')}: that says little of others; hold out more"] if samples < FEW else []
    )


def written(report: Report, evidence: "Evidence", made: Path, out: Path) -> Report:
    """Write what was kept, and beside it the report and the picture."""
    from tools.compress.picture import draw
    from tools.compress.verify import digest_of
    from zoo.inference.load import opened_as

    kind = FORMATS.get(out.suffix)
    pairs = list(zip(*((kind.files(path) if kind else (path,)) for path in (made, out)), strict=True))
    with atomic_write_all([target for _, target in pairs]) as parts:
        for (source, _), part in zip(pairs, parts, strict=True):
            shutil.copyfile(source, part)
    done = report.model_copy(update={"sha256": digest_of(out)})
    done.write(out)
    draw(out.with_suffix(".png"), done, evidence, evidence.answered(opened_as(str(out))))
    return done


def check(path: Path, json_: bool) -> None:
    """Measure again what the report beside a file says; the exit code is 1 where something no longer holds."""
    import json

    from tools.compress.verify import verify

    if not path.is_file():
        raise ZooError(f"--verify {path}: there is no such file")
    lines = list(verify(path, load(path.with_suffix(".json"))))
    if json_:
        typer.echo(json.dumps([line._asdict() for line in lines], indent=2))
    else:
        rows = [[line.name, line.reported, line.now, "holds" if line.holds else "does not hold"] for line in lines]
        typer.echo(table(["figure", "reported", "now", "verdict"], rows, right=["reported", "now"]))
    if not all(line.holds for line in lines):
        raise typer.Exit(1)
