"""The formats of keypoints, by name."""

from recipes.folder.formats.format import no_evidence
from recipes.folder.formats.tables_writer import place_coco
from recipes.folder.keypoints import (
    coco,
    coco_writer,
    cvat,
    cvat_writer,
    deeplabcut,
    deeplabcut_writer,
    labelstudio,
    labelstudio_writer,
)
from recipes.folder.keypoints.format import KeypointFormat

FORMATS = {
    one.name: one
    for one in (
        KeypointFormat(
            "coco",
            coco.evidence,
            coco.read,
            coco_writer.write,
            place_coco,
            frozenset({"hidden", "skeleton", "box", "area", "label", "name", "split"}),
        ),
        KeypointFormat(
            "deeplabcut",
            deeplabcut.evidence,
            deeplabcut.read,
            deeplabcut_writer.write_project,
            deeplabcut_writer.place,
            frozenset({"skeleton", "name"}),
        ),
        KeypointFormat(
            "lightning_pose",
            no_evidence,  # DeepLabCut's reader reads it
            deeplabcut.read,
            deeplabcut_writer.write_table,
            deeplabcut_writer.place,
            frozenset({"name"}),
        ),
        KeypointFormat(
            "cvat",
            cvat.evidence,
            cvat.read,
            cvat_writer.write,
            place_coco,
            frozenset({"hidden", "skeleton", "label", "name", "split"}),
        ),
        KeypointFormat(
            "labelstudio",
            labelstudio.evidence,
            labelstudio.read,
            labelstudio_writer.write,
            place_coco,
            frozenset({"box", "split"}),
        ),
    )
}
