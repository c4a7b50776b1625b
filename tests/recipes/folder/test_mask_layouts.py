"""Masks as people have them: layouts, outlines, values and places; read with no option but the root, and said."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine

from recipes.folder.formats.reading import read_annotations
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.folder.tree import Tree
from recipes.imagery.parts import mask_of
from recipes.kit.split import Split
from tools.data.check import check
from zoo.errors import ZooError

W, H, COUNT = 30, 20, 4
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("home")))


def truth(number: int) -> np.ndarray:
    mask = np.zeros((H, W), np.uint8)
    mask[3 : 9 + number, 5:15] = 1
    return mask


def picture(path: Path, number: int, orientation: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 255, (H, W, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def save(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


def masks_of(split: Split) -> dict[str, np.ndarray]:
    scenes = [scene for those in split.parts.values() for scene in those]
    return {scene.path.stem: mask_of(scene, scene.window) for scene in scenes}


def assert_true(split: Split, expected: Callable[[int], np.ndarray] = truth) -> None:
    found = masks_of(split)
    assert sorted(found) == [str(number) for number in range(COUNT)]
    for number in range(COUNT):
        np.testing.assert_array_equal(found[str(number)], expected(number))


def noted(split: Split, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in split.notes)


def test_voc_2012(tmp_path: Path) -> None:
    for number in range(6):
        picture(tmp_path / f"JPEGImages/{number}.jpg", number)
        if number < COUNT:
            save(tmp_path / f"SegmentationClass/{number}.png", truth(number))
            save(tmp_path / f"SegmentationObject/{number}.png", truth(number) * 7)
    lists = tmp_path / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("0\n2\n")
    (lists / "val.txt").write_text("1\n")
    (lists / "trainval.txt").write_text("0\n1\n2\n")
    (lists / "test.txt").write_text("3\n")
    split = read_masks(tmp_path)
    assert_true(split)
    assert {part: [scene.path.stem for scene in those] for part, those in split.parts.items()} == {
        "train": ["0", "2"],
        "val": ["1"],
        "test": ["3"],
    }
    assert_true(read_masks(tmp_path, MaskOptions(pairs="SegmentationClass/(.*)")))
    (lists / "test.txt").write_text("3\n9\n")
    with pytest.raises(ZooError, match=r"1 image has no mask: 9 of ImageSets/Segmentation"):
        read_masks(tmp_path)


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("train/{}.jpg", "train_masks/{}_mask.gif"),
        ("imgs/{}.jpg", "masks/{}.gif"),
        ("images/{}.jfif", "SegmentationClass/{}.png"),
    ],
)
def test_masks_of_carvana_and_kin(tmp_path: Path, image: str, mask: str) -> None:
    for number in range(COUNT):
        path = picture(tmp_path / image.format(number).replace("jfif", "jpg"), number)
        path.rename(tmp_path / image.format(number))
        save(tmp_path / mask.format(number), truth(number))
    assert_true(read_masks(tmp_path))


@pytest.mark.parametrize(
    ("mask", "name", "export"),
    [
        ("masks/{}_{}.png", "{}", False),
        ("masks/{1}/{0}.png", "{}", False),
        ("task-{}-annotation-7-by-1-tag-{}-0.png", "{}", False),
        ("masks/task-1{}-annotation-7-tag-{}-0.png", "{}", True),
    ],
)
def test_a_file_a_class(tmp_path: Path, mask: str, name: str, export: bool) -> None:
    for number in range(COUNT):
        picture(tmp_path / f"images/{name.format(number)}.jpg", number)
        save(tmp_path / mask.format(number, "tree"), (truth(number) > 0).astype(np.uint8) * 255)
        other = np.zeros((H, W), np.uint8)
        other[0, :3] = 255
        save(tmp_path / mask.format(number, "road"), other)
    if export:
        tasks = [{"id": 10 + n, "data": {"image": f"/data/upload/1/0123abcd-{n}.jpg"}} for n in range(COUNT)]
        (tmp_path / "export.json").write_text(json.dumps(tasks))
    split = read_masks(tmp_path)
    assert split.classes == ("background", "road", "tree")

    def expected(number: int) -> np.ndarray:
        mask = truth(number) * 2
        mask[0, :3] = 1
        return mask

    assert_true(split, expected)
    assert noted(split, "a file a class (road, tree)")


VALUES = {
    "16 bits": lambda mask: mask.astype(np.uint16) * 65535,
    "any two": lambda mask: mask * 40 + 10,
    "one and two": lambda mask: mask + 1,
    "two colours": lambda mask: np.array([[9, 9, 30], [200, 30, 30]], np.uint8)[mask],
}


@pytest.mark.parametrize("kind", VALUES)
def test_two_values_are_two_classes(tmp_path: Path, kind: str) -> None:
    for number in range(COUNT):
        picture(tmp_path / f"images/{number}.jpg", number)
        save(tmp_path / f"masks/{number}.png", VALUES[kind](truth(number)))
    split = read_masks(tmp_path)
    assert split.classes == ("background", "foreground")
    assert_true(split)
    assert noted(split, "taken")
    if kind == "16 bits":
        assert_true(read_masks(tmp_path, MaskOptions(threshold=128)))
        assert_true(read_masks(tmp_path, MaskOptions(classes={"land": 0, "water": 65535})))


def raster(path: Path, pixels: np.ndarray, transform: Affine, crs: str | None = "EPSG:32633", **profile: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = pixels if pixels.ndim == 3 else pixels[None]
    kind = {"driver": "GTiff", "count": len(bands), "dtype": bands.dtype, "crs": crs, "transform": transform}
    with rasterio.open(path, "w", height=bands.shape[1], width=bands.shape[2], **kind, **profile) as file:
        file.write(bands)


HERE = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)


def scenes(root: Path, mask: Callable[[int], np.ndarray], transform: Affine = HERE, **profile: Any) -> None:
    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 255, (3, H, W), dtype=np.uint8)
        raster(root / f"images/{number}.tif", pixels, HERE)
        raster(root / f"masks/{number}.tif", mask(number), transform, **profile)


def test_nodata_of_zero_is_background_unless_said(tmp_path: Path) -> None:
    scenes(tmp_path, truth, nodata=0)
    split = read_masks(tmp_path)
    assert_true(split)
    assert noted(split, "declare 0 as nodata", "background", "data.ignore=0")
    named = MaskOptions(ignore=0, classes={"a": 1, "b": 2})
    with pytest.raises(ZooError, match="one class only"):
        read_masks(tmp_path, named)


def test_masks_are_laid_by_their_georeference(tmp_path: Path) -> None:
    shifted = HERE @ Affine.translation(4, 2)
    scenes(tmp_path, truth, shifted)
    split = read_masks(tmp_path)

    def expected(number: int) -> np.ndarray:
        mask = np.full((H, W), 255, np.uint8)
        mask[2:, 4:] = truth(number)[:-2, :-4]
        return mask

    assert_true(split, expected)
    assert noted(split, "4 masks lie on another grid", "laid by their georeference")
    scenes(tmp_path / "upside", lambda n: truth(n)[::-1], HERE @ Affine.translation(0, H) @ Affine.scale(1, -1))
    assert_true(read_masks(tmp_path / "upside"))
    fine = lambda n: truth(n).repeat(2, 0).repeat(2, 1)  # noqa: E731
    scenes(tmp_path / "fine", fine, HERE @ Affine.scale(0.5))
    assert_true(read_masks(tmp_path / "fine"))
    scenes(tmp_path / "away", truth, HERE @ Affine.translation(400, 0))
    with pytest.raises(ZooError, match="another place than its image"):
        read_masks(tmp_path / "away")


@pytest.mark.parametrize("orientation", [3, 5, 6, 7, 8])
def test_masks_are_turned_with_the_picture_or_are_of_what_is_seen(tmp_path: Path, orientation: int) -> None:
    def turned(mask: np.ndarray) -> np.ndarray:
        ways = {5: mask.T, 6: np.rot90(mask, -1), 7: np.rot90(mask, 2).T, 8: np.rot90(mask), 3: mask}
        return np.ascontiguousarray(ways[orientation])

    for name in ("stored", "seen"):
        for number in range(COUNT):
            picture(tmp_path / name / f"images/{number}.jpg", number, orientation)
            mask = truth(number) if name == "stored" else turned(truth(number))
            save(tmp_path / name / f"masks/{number}.png", mask)
        split = read_masks(tmp_path / name)
        assert_true(split, lambda number: turned(truth(number)))
        assert noted(split, "4 pictures are turned as their EXIF says")
        assert noted(split, "masks are of the picture as it is stored") == (name == "stored" and orientation > 3)


RING = [[5, 3], [25, 3], [25, 17], [5, 17]]
HOLE = [[10, 6], [15, 6], [15, 12], [10, 12]]


def holed() -> np.ndarray:
    mask = np.zeros((H, W), np.uint8)
    mask[3:17, 5:25] = 1
    mask[6:12, 10:15] = 0
    return mask


def test_geojson_on_rasters_with_holes_and_parts(tmp_path: Path) -> None:
    def on_map(ring: list[list[int]]) -> list[list[float]]:
        return [list(HERE @ tuple(point)) for point in [*ring, ring[0]]]

    for number in range(COUNT):
        raster(tmp_path / f"{number}.tif", np.full((3, H, W), number, np.uint8), HERE)
        small = [[0, 18], [2, 18], [2, 20], [0, 20]]
        parts = [[on_map(RING), on_map(HOLE)], [on_map(small)]]
        kind = (
            {"type": "MultiPolygon", "coordinates": parts} if number else {"type": "Polygon", "coordinates": parts[0]}
        )
        features = [{"type": "Feature", "properties": {"class": "roof"}, "geometry": kind}]
        crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
        text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
        (tmp_path / f"{number}.geojson").write_text(text)

    def expected(number: int) -> np.ndarray:
        mask = holed()
        mask[18:20, 0:2] = int(number > 0)
        return mask

    split = read_masks(tmp_path)
    assert split.classes == ("background", "roof")
    assert_true(split, expected)
    assert noted(split, "outlines of objects as geojson are drawn as masks")


@pytest.mark.parametrize("kind", ["polygons", "rle", "both"])
def test_coco_outlines_are_masks(tmp_path: Path, kind: str) -> None:
    images, annotations = [], []
    for number in range(COUNT):
        images.append({"id": number, "file_name": picture(tmp_path / f"images/{number}.png", number).name})
        flat = holed().T.ravel()
        edges = np.flatnonzero(np.diff(flat)) + 1
        runs = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
        square: Any = [[0, 0, 4, 0, 4, 4, 0, 4]]
        if kind != "polygons":
            annotations.append({"segmentation": {"size": [H, W], "counts": runs}, "category_id": 1})
        if kind != "rle":
            annotations.append({"segmentation": square, "category_id": 2, "bbox": [0, 0, 4, 4]})
        for record in annotations[number * (2 if kind == "both" else 1) :]:
            record |= {"image_id": number, "id": len(annotations)}
    categories = [{"id": 1, "name": "roof"}, {"id": 2, "name": "tree"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "annotations.json").write_text(json.dumps(content))

    def expected(number: int) -> np.ndarray:
        mask = holed() * (kind != "polygons")
        mask[:4, :4] = 2 if kind != "rle" else 0
        return mask.astype(np.uint8)

    split = read_masks(tmp_path)
    assert split.classes == ("background", "roof", "tree")
    assert_true(split, expected)
    # a box alone is no outline
    for record in annotations:
        record.pop("segmentation")
        record["bbox"] = [1, 1, 5, 5]
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    with pytest.raises(ZooError, match="annotations as coco and no masks; say task=detection"):
        read_masks(tmp_path)


def labelme(shapes: list[dict[str, Any]], name: str) -> str:
    return json.dumps({"version": "5.0", "flags": {}, "shapes": shapes, "imagePath": name, "imageData": None})


def test_labelme_is_read_as_masks_and_as_boxes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(holed()[3:17, 5:25] * 255).save(buffer, "PNG")
    drawn = base64.b64encode(buffer.getvalue()).decode()
    for number in range(COUNT):
        picture(tmp_path / f"{number}.jpg", number)
        shapes = [
            {"label": "roof", "shape_type": "mask", "points": [[5, 3], [24, 16]], "mask": drawn},
            {"label": "tree", "shape_type": "rectangle", "points": [[4, 4], [0, 0]]},
            {"label": "tree", "shape_type": "polygon", "points": [[26, 0], [30, 0], [30, 4], [26, 4]]},
            {"label": "way", "shape_type": "line", "points": [[26, 0], [30, 0]]},
        ]
        (tmp_path / f"{number}.json").write_text(labelme(shapes, f"..\\pictures\\{number}.jpg"))

    def expected(number: int) -> np.ndarray:
        mask = holed()
        mask[:4, :4] = mask[:4, 26:] = 2
        return mask

    split = read_masks(tmp_path)
    assert split.classes == ("background", "roof", "tree")
    assert_true(split, expected)
    assert noted(split, "4 shapes are points or lines and were left out")
    image = read_annotations(Tree(tmp_path)).images[0]
    assert image.labels == ("roof", "tree", "tree")
    np.testing.assert_allclose(image.boxes, [[5, 3, 25, 17], [0, 0, 4, 4], [26, 0, 30, 4]])
    (tmp_path / "0.json").write_text(labelme([{"label": "x", "points": [[1, 1]], "shape_type": "polygon"}], "0.jpg"))
    with pytest.raises(ZooError, match=r"0\.json, shape 1: a polygon whose points enclose nothing"):
        read_masks(tmp_path)


def test_a_check_knows_images_with_masks_and_their_copies(tmp_path: Path) -> None:
    for number in range(8):
        picture(tmp_path / f"images/{number}.png", number % 7)
        save(tmp_path / f"masks/{number}.png", truth(number % 3) * 255)
    report = check(tmp_path)
    assert report.format == "masks (pixels by class)"
    split = read_masks(tmp_path)
    parts = {scene.path.stem: part for part, those in split.parts.items() for scene in those}
    level = "error" if parts["0"] != parts["7"] else "warning"
    (finding,) = (finding for finding in report.findings if finding.kind == "copies")
    assert (finding.level, finding.examples) == (level, ("images/7.png = images/0.png",))
    assert noted(split, "1 image is a copy of one", "images/7.png = images/0.png")
    assert dict(report.values) == {"uint8": pytest.approx((0, 254), abs=2)}


def three(number: int) -> np.ndarray:
    """Three values: background, an object, and a stripe."""
    return np.where(np.arange(W) > 20, 2, truth(number))


WAYS_OUT = {
    "data.threshold=128": lambda n: np.random.default_rng(n).integers(0, 256, (H, W)),
    "data.classes={low: 0, mid: 9, high: 200}": lambda n: np.array([0, 9, 200])[three(n)],
    "data.ignore=77": lambda n: np.array([0, 1, 77])[three(n)],
    "data.palette={a: [0, 0, 0], b: [9, 9, 9], c: [9, 0, 0]}": lambda n: np.array([[0, 0, 0], [9, 9, 9], [9, 0, 0]])[
        three(n)
    ],
}


@pytest.mark.parametrize("word", WAYS_OUT)
def test_the_ways_out_that_messages_offer_lead_out(tmp_path: Path, word: str) -> None:
    for number in range(COUNT):
        picture(tmp_path / f"images/{number}.png", number)
        save(tmp_path / f"masks/{number}.png", WAYS_OUT[word](number).astype(np.uint8))
    before = [finding for finding in check(tmp_path).findings if finding.level == "error"]
    assert any(word.partition("=")[0] in finding.sentence for finding in before)
    after = [finding for finding in check(tmp_path, word).findings if finding.level == "error"]
    assert after == []


def test_masks_that_write_the_foreground_in_two_ways_are_refused_with_both_ways_out(tmp_path: Path) -> None:
    for number in range(6):
        picture(tmp_path / f"images/{number}.png", number)
        save(tmp_path / f"masks/{number}.png", truth(number) * (1 if number < 2 else 255))
    with pytest.raises(
        ZooError, match=r"2 masks hold 1 \(masks/0.png\) and 4 hold 255 .*data.threshold=1.*data.kind=index"
    ):
        read_masks(tmp_path)
    foreground = sum(int(truth(number).sum()) for number in range(6))
    report = check(tmp_path, "data.threshold=1")
    assert sum(report.classes["foreground"].values()) == foreground
    assert check(tmp_path, "data.kind=index").exit_code == 0


def test_palettes_that_differ_are_read_by_their_colours(tmp_path: Path) -> None:
    for number in range(6):
        picture(tmp_path / f"images/{number}.png", number)
        swapped = number % 2
        mask = Image.fromarray((truth(number) ^ swapped).astype(np.uint8), mode="P")
        mask.putpalette([255, 0, 0, 0, 0, 0] if swapped else [0, 0, 0, 255, 0, 0])
        (tmp_path / "masks").mkdir(exist_ok=True)
        mask.save(tmp_path / f"masks/{number}.png")
    split = read_masks(tmp_path)
    assert noted(split, "palettes of the masks differ", "colours are read")
    report = check(tmp_path)
    assert sum(report.classes["foreground"].values()) == sum(int(truth(number).sum()) for number in range(6))


@pytest.mark.parametrize("full", [255, 65535, 7])
def test_two_values_are_named_by_the_word_that_their_note_offers(tmp_path: Path, full: int) -> None:
    for number in range(COUNT):
        picture(tmp_path / f"images/{number}.png", number)
        save(
            tmp_path / f"masks/{number}.png",
            (truth(number).astype(int) * full).astype(np.uint8 if full < 256 else np.uint16),
        )
    word = f"data.classes={{background: 0, foreground: {full}}}"
    assert noted(read_masks(tmp_path), word)
    report = check(tmp_path, word.replace("foreground", "salt"))
    assert (report.exit_code, list(report.classes)) == (0, ["background", "salt"])
