"""`zoo data check`: everything that is wrong with a data set, not only the first thing."""

import json
from pathlib import Path
from typing import Annotated

import typer

from recipes.folder.formats.reading import find_evidence
from recipes.folder.formats.table import FORMATS
from recipes.folder.mask_pairs import masks_of
from recipes.folder.tree import Tree
from tools.data.check_boxes import box_report
from tools.data.check_masks import mask_report
from tools.data.report import Report, show
from tools.data.words import folder_of, task_of, words_to_compose
from zoo.errors import ZooError


def command(
    words: Annotated[list[str], typer.Argument(help="a folder, or task=… data=… [data.key=value …] as for train.py")],
    format: Annotated[
        str | None, typer.Option(help=f"of images: {', '.join(FORMATS)}; found out when not given")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="of images, as data.group: 'folder', or a pattern with one group")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Read every sample, try the split, of images judge every box and mask; exit with 1 when there are errors.

    Examples: `zoo data check my_images`, `zoo data check task=sequence data=folder data.root=my_recordings`
    """
    report = report_of(words, format, group)
    if json_:
        print(json.dumps(report.facts(), indent=2))
    else:
        show(report)
    raise typer.Exit(report.exit_code)


def report_of(words: list[str], format: str | None, group: str | None) -> Report:
    """Look at a folder as the task of its files does, or at the samples that words of train.py compose."""
    root = folder_of(words)
    if root is not None and len(words) == 1 and (record := task_of(root)).check:
        found: Report = record.load("check")(root, format, group)
        return found
    if format or group:
        raise ZooError(f"--{'format' if format else 'group'} is for a folder of images; here say it as data.key=value")
    from tools.data.check_samples import samples_report

    return samples_report(words_to_compose(words))


def check(root: Path, format: str | None = None, group: str | None = None) -> Report:
    """Look at all files below `root`; only a folder in no known format is an error at once (ZooError)."""
    tree = Tree(root)
    if format is None and not find_evidence(tree) and masks_of(tree, None):
        return mask_report(tree, group)
    return box_report(tree, format, group)
