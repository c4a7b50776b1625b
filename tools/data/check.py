"""`zoo data check ROOT`: everything that is wrong with a folder of annotated images, not only the first thing."""

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


def command(
    root: Annotated[Path, typer.Argument(help="a folder of images and annotations")],
    format: Annotated[str | None, typer.Option(help=f"{', '.join(FORMATS)}; found out when not given")] = None,
    group: Annotated[str | None, typer.Option(help="as data.group: 'folder', or a pattern with one group")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Decode every image, judge every box, try the split; exit with 1 when there are errors.

    Example: `zoo data check my_images`
    """
    report = check(root, format, group)
    if json_:
        print(json.dumps(report.facts(), indent=2))
    else:
        show(report)
    raise typer.Exit(report.exit_code)


def check(root: Path, format: str | None = None, group: str | None = None) -> Report:
    """Look at all files below `root`; only a folder in no known format is an error at once (ZooError)."""
    tree = Tree(root)
    if format is None and not find_evidence(tree) and masks_of(tree, None):
        return mask_report(tree, group)
    return box_report(tree, format, group)
