"""CVAT's XML of images: boxes, polygons, ellipses and masks, for detection and, drawn, for segmentation."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recipes.folder.annotations import Annotations
from recipes.folder.formats.reading import read_annotations
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.folder.tree import Tree
from recipes.imagery import images

LABELS = "".join(f"<label><name>{name}</name></label>" for name in ("roof", "car", "background"))
HEAD = f"<annotations><version>1.1</version><meta><task><labels>{LABELS}</labels></task></meta>"
MASK = '<mask label="car" occluded="0" rle="1, 2, 2, 1" left="30" top="20" width="3" height="2" z_order="0"/>'
POLYGON = '<polygon label="roof" points="2.0,3.0;12.0,3.0;12.0,9.0;2.0,9.0;1.0,5.0" z_order="0"/>'


def folder(root: Path, *shapes: str) -> Path:
    """Write an export: an image for each text of shapes, 40 × 30 pixels."""
    (root / "images").mkdir()
    lines = [HEAD]
    for number, those in enumerate(shapes):
        pixels = np.random.default_rng(number).integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{number}.png")
        lines.append(f'<image id="{number}" name="{number}.png" width="40" height="30">{those}</image>')
    (root / "annotations.xml").write_text("\n".join([*lines, "</annotations>"]), encoding="utf-8")
    return root


def read(root: Path) -> Annotations:
    return read_annotations(Tree(root))


def test_shapes_of_every_kind(tmp_path: Path) -> None:
    box = '<box label="car" occluded="1" xtl="1.5" ytl="2" xbr="9" ybr="12"><attribute name="colour">red</attribute></box>'
    turned = '<box label="car" xtl="10" ytl="10" xbr="30" ybr="14" rotation="90.0"/>'
    ellipse = '<ellipse label="roof" cx="20" cy="12" rx="8" ry="4" rotation="90"/>'
    found = read(folder(tmp_path, box + POLYGON, MASK + turned, '<points label="car" points="1,1"/>' + ellipse, ""))
    assert (found.format, found.classes, found.problems) == ("cvat", ("roof", "car", "background"), ())
    first, second, third, fourth = found.images
    assert first.labels == ("car", "roof")
    assert first.boxes.tolist() == [[1.5, 2, 9, 12], [1, 3, 12, 9]]
    assert first.attributes == {0: {"occluded": "1", "colour": "red"}}
    assert second.boxes.round(6).tolist() == [[31, 20, 33, 22], [18, 2, 22, 22]], (
        "a turn of 90 degrees about the middle"
    )
    assert third.boxes.round(1).tolist() == [[16, 4, 24, 20]]
    assert len(fourth.boxes) == 0
    assert "1 shape encloses nothing" in " ".join(found.notes)


def test_outlines_and_masks_are_drawn(tmp_path: Path) -> None:
    split = read_masks(folder(tmp_path, *[POLYGON + MASK] * 4))
    assert split.classes == ("background", "roof", "car")
    scene = split.parts["train"][0]
    mask = images.read(scene.mask_file)[0]
    assert (mask[20:22, 30:33] == 2).tolist() == [[False, True, True], [False, False, True]]
    assert (mask == 2).sum() == 3
    assert mask[5, 5] == 1
    assert mask[29, 39] == 0
    assert any("drawn as masks" in note for note in split.notes)


def test_a_box_has_no_outline(tmp_path: Path) -> None:
    root = folder(tmp_path, *[POLYGON + '<box label="car" xtl="20" ytl="20" xbr="30" ybr="29"/>'] * 4)
    with pytest.raises(Exception, match=r"data\.invalid=ignore"):
        read_masks(root)
    scene = read_masks(root, MaskOptions(invalid="ignore", unseen="ignore")).parts["train"][0]
    assert (images.read(scene.mask_file)[0] == 255).sum() == 10 * 9


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ('<mask label="car" rle="1, 2" left="3" top="2" width="3" height="2"/>', "do not fill 3 × 2 pixels"),
        ('<mask label="car" rle="1, x, 5" left="3" top="2" width="3" height="2"/>', "do not fill 3 × 2 pixels"),
        ('<mask label="car" rle="" left="nan" top="2" width="3" height="2"/>', "do not fill"),
        ('<box label="car" xtl="a" ytl="2" xbr="9" ybr="12"/>', "xtl is 'a'"),
        ('<box label="" xtl="1" ytl="2" xbr="9" ybr="12"/>', "the label is empty"),
        ('<polygon label="car" points="1,2;3,4"/>', "4 numbers are no polygon"),
        ('<sphere label="car"/>', "<sphere> is no shape"),
    ],
)
def test_what_is_no_shape_is_told_by_its_line(tmp_path: Path, shape: str, said: str) -> None:
    (problem,) = read(folder(tmp_path, POLYGON, shape)).problems
    assert problem.where == "annotations.xml, line 3"
    assert said in problem.what


def test_tracks_of_a_video_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, POLYGON)
    text = HEAD + '<track id="0" label="car"><box frame="0" xtl="1" ytl="2" xbr="9" ybr="12"/></track></annotations>'
    (tmp_path / "annotations.xml").write_text(text)
    (problem,) = read(tmp_path).problems
    assert "export the task as 'CVAT for images'" in problem.what


def test_a_subset_is_a_split(tmp_path: Path) -> None:
    folder(tmp_path, POLYGON, POLYGON)
    (tmp_path / "images/Validation").mkdir()
    (tmp_path / "images/1.png").rename(tmp_path / "images/Validation/1.png")
    text = (tmp_path / "annotations.xml").read_text().replace('name="1.png"', 'name="1.png" subset="Validation"')
    (tmp_path / "annotations.xml").write_text(text)
    assert [image.split for image in read(tmp_path).images] == [None, "val"]
