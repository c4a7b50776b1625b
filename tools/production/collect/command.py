"""`zoo collect SITE`: what to annotate next, with the model's answers; and the labels back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tools.production.collect.bring_back import Inward, bring_back, facts_of_conflicts
from tools.production.collect.take_out import Outward, take_out
from tools.production.collect.words import batch_lines, conflict_lines, return_lines, tell
from tools.terminal.options import expand_options
from tools.terminal.progress import progress
from zoo.sites.site import Site


@dataclass(frozen=True)
class Options(Outward, Inward):
    """All options of the command."""


@expand_options
def command(
    site: Annotated[Path, typer.Argument(help="the folder of the site; inputs lie in its inbox/")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
    *,
    options: Options,
) -> None:
    """Take what to annotate next out of inbox/, with the answers of the model as a beginning; or bring labels back.

    Inputs are taken for doubt (entropy, margin; of masks and with --views the disagreement with the mirror image), novelty
    (distance of embeddings to all that is labelled) and diversity, never two that are nearly the same; a share at random. Those
    at random are held out: `zoo promote` judges by them. Labels keep who said them, when, and what which version had said.

    Examples: `zoo collect street --budget 50`, then, when the folder was worked on,
    `zoo collect street --labels street/out/000001 --by anna`. Where two disagree: `zoo collect street --conflicts`, then
    `zoo collect street --labels street/out/000001 --by carl --settle`.
    """
    opened = Site(site)
    if options.conflicts:
        tell(facts_of_conflicts(opened), json_, conflict_lines)
    elif options.labels is not None:
        tell(bring_back(opened, options.labels, options), json_, return_lines)
    else:
        with progress(Console(stderr=True)) as bar:
            facts = take_out(opened, options, lambda paths: bar.track(paths, description="inputs"))
        tell(facts, json_, batch_lines)
