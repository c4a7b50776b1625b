"""`zoo data check`: everything that is wrong with a data set, not only the first thing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from configuration.composition import compose
from configuration.instantiation import data_of
from tools.data.report import Report, show
from tools.data.words import words_to_compose


def command(
    words: Annotated[
        list[str], typer.Argument(help="a folder, and settings as for train.py: my_images data.threshold=9")
    ],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
) -> None:
    """Read every sample, try the split, of images judge every box and mask; exit with 1 when there are errors.

    Examples: `zoo data check my_images`, `zoo data check task=sequence data=folder data.root=my_recordings`
    """
    report = check(*words)
    if json_:
        print(json.dumps(report.facts(), indent=2))
    else:
        show(report)
    raise typer.Exit(report.exit_code)


def check(*words: str | Path) -> Report:
    """Look at all files of a folder, with settings as for training, or at the samples that words of train.py compose."""
    cfg = compose(words_to_compose([str(word) for word in words]))
    data = data_of(cfg)
    if type(data) in (reports := reports_of_files()):
        return reports[type(data)](data)
    from tools.data.check_samples import samples_report

    return samples_report(cfg, data)


def reports_of_files() -> Mapping[type, Callable[[Any], Report]]:
    """Return what looks at the files of one's own before anything stops at them; other data are read sample by sample."""
    from recipes.folder.boxes.module import FolderDetection
    from recipes.folder.keypoints.module import FolderPose
    from recipes.folder.masks.module import FolderSegmentation
    from tools.data.check_boxes import box_report
    from tools.data.check_keypoints import keypoint_report
    from tools.data.check_masks import mask_report

    return {FolderDetection: box_report, FolderPose: keypoint_report, FolderSegmentation: mask_report}
