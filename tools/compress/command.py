"""`zoo compress RUN`: a smaller model, kept only on evidence."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tools.compress.deep import Compression
from tools.compress.verdict import Candidate, Limits, lay_out
from zoo.errors import ZooError
from zoo.files import atomic_write, ensure_dir, refuse_existing
from zoo.inference.coded import ENDING
from zoo.runs.run import Run


def command(
    run: Annotated[str, typer.Argument(help="a run: its folder, or the end of its name")],
    out: Annotated[Path, typer.Option(help=f"the file that is written, ending in {ENDING}")],
    max_drop: Annotated[float, typer.Option(min=0, help="of the headline metric on validation, at most")] = 0.005,
    epochs: Annotated[int | None, typer.Option(min=1, help="of training; default: a quarter of the run's")] = None,
    rounds: Annotated[int, typer.Option(min=20, help="redrawn validation sets")] = 200,
    json_: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Make a run's model small by Deep Compression: prune, share values, code; the smallest that loses little is kept.

    It is trained meanwhile on the run's own training data and judged on its validation samples; the report lies beside
    the file. `zoo predict FILE …` and `zoo evaluate FILE` open it like a run. Nothing is kept that is not accepted:
    the exit code then is 1.

    Example: `zoo compress runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00 --out trees.coded`
    """
    if out.suffix != ENDING:
        raise ZooError(f"--out {out} must end in {ENDING}, by which it is known")
    refuse_existing(out, force)
    ensure_dir(out.parent)
    found: list[Candidate] = []
    kept = b""
    for candidate, content in Compression(Run.find(run), epochs, Limits(max_drop, rounds)).candidates():
        found.append(candidate)
        if not json_:
            typer.echo(f"{candidate.name}: {candidate.metric} {candidate.value:.4f}, {candidate.verdict}")
        kept = content if candidate.accepted else kept
    report = {"run": str(run), "rule": found[0].limits.rule, "candidates": [one.facts() for one in found]}
    text = f"{lay_out(found)}\n\n{found[0].limits.rule}"
    typer.echo(json.dumps(report, indent=2) if json_ else f"\n{text}")
    if not kept:
        raise typer.Exit(1)
    with atomic_write(out) as part:
        part.write_bytes(kept)
    with atomic_write(out.with_suffix(".json")) as part:
        part.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if not json_:
        typer.echo(f"\n{out}: {len(kept):,} bytes; the report is {out.with_suffix('.json')}")
