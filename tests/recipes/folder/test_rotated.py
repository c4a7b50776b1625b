"""Rotated boxes in every format: known answers, what auto takes, and what is no rectangle."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from recipes.folder.boxes.geometry import rotated_boxes
from recipes.folder.boxes.module import FolderDetection
from recipes.folder.boxes.options import FolderOptions
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.formats.reading import read_annotations
from recipes.folder.shapes import areas, rectangles
from recipes.folder.tree import Tree
from tests.recipes.folder import tiny
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners

#: Centre, width, height, degrees counter-clockwise; the corners go clockwise on the screen from the box's own left top.
BOX = (30.0, 24.0, 20.0, 8.0, 30.0)
FOUR = corners(np.array([BOX]))[0]
SIDE = 64


def text(points: np.ndarray, divisor: float = 1.0) -> str:
    return " ".join(f"{number / divisor!r}" for number in points.ravel().tolist())


def write_dota(root: Path, points: np.ndarray) -> None:
    (root / "labelTxt").mkdir()
    lines = ["imagesource:plane", "gsd:0.125", f"{text(points)} small ship 1"]
    (root / "labelTxt/a.txt").write_text("\n".join(lines))


def write_yolo(root: Path, points: np.ndarray) -> None:
    (root / "labels").mkdir()
    (root / "labels/a.txt").write_text(f"0 {text(points, SIDE)}\n")
    (root / "classes.txt").write_text("small ship\n")


def write_coco(root: Path, points: np.ndarray) -> None:
    low, high = points.min(axis=0), points.max(axis=0)
    record = {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "bbox": [*low, *(high - low)],
        "segmentation": [points.ravel().tolist()],
    }
    tables = {
        "images": [{"id": 1, "file_name": "a.png", "width": SIDE, "height": SIDE}],
        "annotations": [record],
        "categories": [{"id": 1, "name": "small ship"}],
    }
    (root / "a.json").write_text(json.dumps(tables))


def write_csv(root: Path, points: np.ndarray) -> None:
    names = ",".join(f"x{number},y{number}" for number in (1, 2, 3, 4))
    numbers = text(points).replace(" ", ",")
    (root / "a.csv").write_text(f"image_path,{names},label\nimages/a.png,{numbers},small ship\n")


def write_geojson(root: Path, points: np.ndarray) -> None:
    ring = [*points.tolist(), points[0].tolist()]
    feature = {
        "type": "Feature",
        "properties": {"label": "small ship"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    collection = {"type": "FeatureCollection", "image": "a.png", "features": [feature]}
    (root / "a.geojson").write_text(json.dumps(collection))


WRITERS = {"dota": write_dota, "yolo": write_yolo, "coco": write_coco, "csv": write_csv, "geojson": write_geojson}


def folder(root: Path, format: str, points: np.ndarray) -> Path:
    tiny.save(root / "images/a.png", np.zeros((3, SIDE, SIDE), np.uint8))
    WRITERS[format](root, points)
    return root


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize("order", ["as it is", "backwards", "from another corner"])
def test_corners_are_read_as_they_are(tmp_path: Path, format: str, order: str) -> None:
    points = {"as it is": FOUR, "backwards": FOUR[::-1], "from another corner": np.roll(FOUR, 2, axis=0)}[order]
    folder(tmp_path, format, points)
    assert read_annotations(Tree(tmp_path)).format == format
    read = read_annotations(Tree(tmp_path))
    assert read.problems == ()
    (image,) = read.images
    assert image.labels == ("small ship",)
    np.testing.assert_allclose(image.shapes[0], points, atol=1e-9)
    np.testing.assert_allclose(image.boxes[0], [*FOUR.min(axis=0), *FOUR.max(axis=0)], atol=1e-9)
    found = corners(rotated_boxes(image))[0]
    assert {tuple(np.round(point, 6)) for point in found} == {tuple(np.round(point, 6)) for point in FOUR}


def test_rolabelimg_turns_clockwise_in_radians(tmp_path: Path) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, SIDE, SIDE), np.uint8))
    cx, cy, w, h, degrees = BOX
    inner = "".join(
        f"<{k}>{v!r}</{k}>"
        for k, v in zip(("cx", "cy", "w", "h", "angle"), (cx, cy, w, h, -math.radians(degrees)), strict=True)
    )
    xml = (
        f"<annotation><object><type>robndbox</type><name>ship</name><robndbox>{inner}</robndbox></object></annotation>"
    )
    (tmp_path / "a.xml").write_text(xml)
    (image,) = read_annotations(Tree(tmp_path)).images
    np.testing.assert_allclose(image.shapes[0], FOUR, atol=1e-9)
    np.testing.assert_allclose(rotated_boxes(image)[0], BOX, atol=1e-9)


def test_coco_box_of_five_numbers_turns_counter_clockwise(tmp_path: Path) -> None:
    folder(tmp_path, "coco", FOUR)
    tables = json.loads((tmp_path / "a.json").read_text())
    tables["annotations"][0] |= {"bbox": list(BOX), "segmentation": []}
    (tmp_path / "a.json").write_text(json.dumps(tables))
    (image,) = read_annotations(Tree(tmp_path)).images
    np.testing.assert_allclose(rotated_boxes(image)[0], BOX, atol=1e-9)


def test_csv_of_centre_size_and_angle(tmp_path: Path) -> None:
    tiny.save(tmp_path / "a.png", np.zeros((3, SIDE, SIDE), np.uint8))
    (tmp_path / "a.csv").write_text(f"image,cx,cy,w,h,angle,label\na.png,{','.join(map(str, BOX))},ship\n")
    (image,) = read_annotations(Tree(tmp_path)).images
    np.testing.assert_allclose(rotated_boxes(image)[0], BOX, atol=1e-9)


def test_headers_of_dota_and_difficult_objects_are_kept(tmp_path: Path) -> None:
    (image,) = read_annotations(Tree(folder(tmp_path, "dota", FOUR)), None).images
    assert image.about == {"imagesource": "plane", "gsd": 0.125}
    assert image.difficult == {0}


def three_images(root: Path, shape: np.ndarray) -> Path:
    """Write three images with a plain box each, as YOLO, and one shape."""
    (root / "labels").mkdir(parents=True)
    (root / "classes.txt").write_text("a\n")
    for index in range(3):
        tiny.save(root / f"images/{index}.png", np.zeros((3, SIDE, SIDE), np.uint8))
        line = "0 0.5 0.5 0.25 0.25\n" + (f"0 {text(shape, SIDE)}\n" if index == 0 else "")
        (root / f"labels/{index}.txt").write_text(line)
    return root


def first_scene(root: Path, **options: object) -> tuple[np.ndarray, tuple[str, ...]]:
    split = read_folder(root, FolderOptions(**options))
    scenes = [scene for those in split.parts.values() for scene in those]
    return next(scene.boxes for scene in scenes if scene.path.name == "0.png"), split.notes


def test_auto_takes_rotated_boxes_for_all_where_one_is_turned(tmp_path: Path) -> None:
    boxes, _ = first_scene(three_images(tmp_path, FOUR))
    np.testing.assert_allclose(boxes, [(32, 32, 16, 16, 0), BOX], atol=1e-4)
    assert boxes.dtype == np.float32
    plain, notes = first_scene(tmp_path, geometry="box")
    assert plain.shape == (2, 4)
    assert any("1 shape was taken as the box around it" in note for note in notes)


def test_auto_takes_boxes_where_shapes_are_polygons(tmp_path: Path) -> None:
    pentagon = np.array([[10.0, 10], [20, 8], [26, 16], [18, 26], [9, 20]])
    three_images(tmp_path, pentagon)
    boxes, notes = first_scene(tmp_path)
    np.testing.assert_allclose(boxes[1], (9, 8, 26, 26), atol=1e-4)
    assert any("data.geometry=rotated_box" in note for note in notes)
    turned, notes = first_scene(tmp_path, geometry="rotated_box")
    assert turned.shape == (2, 5)
    assert any("1 of 1 shape is no rectangle" in note and "area +" in note for note in notes)


def test_a_crossed_outline_is_its_hull_and_counted(tmp_path: Path) -> None:
    boxes, notes = first_scene(three_images(tmp_path, FOUR[[0, 2, 1, 3]]))
    found = corners(boxes[1:])[0]
    assert {tuple(np.round(p, 3)) for p in found} == {tuple(np.round(p, 3)) for p in FOUR}
    assert any("1 outline crossed itself" in note and "labels/0.txt, line 2" in note for note in notes)


def test_outlines_that_are_not_finite_are_told_and_left_out(tmp_path: Path) -> None:
    root = three_images(tmp_path, np.array([[20, 40], [np.inf, 20], [60, 35], [30, 55]]))
    with pytest.raises(ZooError, match=r"1 box is not valid: .*, line 2 .* is not finite"):
        read_folder(root)
    boxes, _ = first_scene(root, invalid="clip")
    np.testing.assert_allclose(boxes, [(32, 32, 16, 16, 0)])


def test_three_corners_are_refused_or_left_out(tmp_path: Path) -> None:
    three_images(tmp_path, FOUR[:3])
    with pytest.raises(ZooError, match=r"labels/0.txt, line 2 \(images/0.png\): 3 corners.*data.invalid=drop"):
        first_scene(tmp_path, geometry="rotated_box")
    boxes, notes = first_scene(tmp_path, geometry="rotated_box", invalid="drop")
    assert boxes.shape == (1, 5)
    assert any("1 shape of fewer than four corners was left out" in note for note in notes)
    repeated = tmp_path / "repeated"
    three_images(repeated, FOUR[[0, 1, 2, 2]])  # four points of which two are one
    with pytest.raises(ZooError, match="3 corners"):
        first_scene(repeated, geometry="rotated_box")


def test_a_rotated_box_over_the_edge_stays_whole_and_one_outside_is_refused(tmp_path: Path) -> None:
    boxes, _ = first_scene(three_images(tmp_path / "over", FOUR - (26, 10)))
    np.testing.assert_allclose(boxes[1], (4, 14, *BOX[2:]), atol=1e-4)
    three_images(tmp_path / "outside", FOUR - (40, 10))
    with pytest.raises(ZooError, match="1 box is not valid.*lies outside"):
        first_scene(tmp_path / "outside")
    three_images(tmp_path / "line", np.array([[1.0, 1], [20, 20], [30, 30], [10, 10]]))
    with pytest.raises(ZooError, match="1 box has no area.*has no"):
        first_scene(tmp_path / "line")


@pytest.mark.parametrize("seed", range(20))
def test_the_smallest_rectangle_is_that_of_shapely(seed: int) -> None:
    import shapely

    rng = np.random.default_rng(seed)
    those = [rng.uniform(0, 50, (int(count), 2)) for count in rng.integers(3, 9, 10)]
    drawn = corners(rectangles(those))
    for shape, rectangle in zip(those, drawn, strict=True):
        outline = shapely.multipoints(shape)
        assert areas([rectangle])[0] == pytest.approx(shapely.minimum_rotated_rectangle(outline).area, rel=1e-6)
        assert shapely.Polygon(rectangle).buffer(1e-6).covers(outline)


def test_rotated_folders_make_rotated_batches(tmp_path: Path) -> None:
    loading = {"crop": 48, "tile": 48, "overlap": 8, "batch_size": 2, "samples": 4}
    data = FolderDetection("rotated", three_images(tmp_path, FOUR), unchanged, **loading)
    data.setup()
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        for batch in loader:
            assert all(target["boxes"].shape[1] == 5 for target in batch["targets"])
    assert data.profile().rotated is not None


def unchanged(sample: dict[str, object]) -> dict[str, object]:
    return sample


def test_difficult_objects_reach_the_scene(tmp_path: Path) -> None:
    for index in range(3):
        tiny.save(tmp_path / f"images/{index}.png", np.zeros((3, SIDE, SIDE), np.uint8))
        (tmp_path / "labelTxt").mkdir(exist_ok=True)
        (tmp_path / f"labelTxt/{index}.txt").write_text(f"{text(FOUR)} ship 1\n{text(FOUR + 3)} ship 0\n")
    scenes = [scene for those in read_folder(tmp_path).parts.values() for scene in those]
    assert [scene.difficult.tolist() for scene in scenes if scene.difficult is not None] == [[True, False]] * 3
