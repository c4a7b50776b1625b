"""There and back: what is written in one format and then in another is what it was, for all that both can carry."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from recipes.folder.annotations import Annotations, ImageAnnotation
from recipes.folder.formats.reading import read_annotations
from recipes.folder.formats.table import FORMATS
from recipes.folder.tree import Tree
from recipes.folder.writing.folder import write_folder
from recipes.folder.writing.loss import losses, reduced
from recipes.imagery.images import facts
from tests.recipes.folder import tiny
from zoo.errors import ZooError
from zoo.geometry.box_geometry import corners

WIDTH, HEIGHT = 90, 60
PICTURES = ("a.png", "north/a.png", "north/zwei é.png", "map/turned.tif")
#: A geotransform with rotation, in UTM metres.
TURNED = Affine(0.4, 0.2, 690_000.0, 0.15, -0.5, 5_330_000.0)
#: What six decimals of a pixel, ten of a side and twelve of a radian come to, and the reprojection of coordinates.
TOLERANCE = 1e-5
NAMES = st.one_of(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6),
    st.sampled_from(["red car", "no", "7"]),
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    for name in PICTURES[:-1]:
        tiny.save(root / name, np.zeros((3, HEIGHT, WIDTH), np.uint8))
    place = root / PICTURES[-1]
    place.parent.mkdir()
    kind = {"driver": "GTiff", "width": WIDTH, "height": HEIGHT, "count": 3, "dtype": "uint8"}
    with rasterio.open(place, "w", transform=TURNED, crs="EPSG:32632", **kind) as raster:
        raster.write(np.zeros((3, HEIGHT, WIDTH), np.uint8))
    return root


@st.composite
def objects(draw: st.DrawFn, names: list[str], carries: frozenset[str]) -> dict[str, object]:
    kinds = ["box", *(["turned"] if "rectangle" in carries else []), *(["corners"] if "corners" in carries else [])]
    kind = draw(st.sampled_from(kinds))
    width, height = draw(st.floats(1, 25)), draw(st.floats(1, 25))
    x, y = draw(st.floats(0, WIDTH - width)), draw(st.floats(0, HEIGHT - height))
    shape = None
    if kind != "box":
        shape = corners(np.array([[x + width / 2, y + height / 2, width, height, draw(st.floats(2, 88))]]))[0]
        if kind == "corners":  # a quadrilateral that stays convex
            shape = shape + draw(st.floats(0.1, 0.4)) * np.array([[1, 0], [0, 0], [0, 0.5], [0, 0]])
    return {
        "box": (x, y, x + width, y + height) if shape is None else (*shape.min(axis=0), *shape.max(axis=0)),
        "shape": shape,
        "label": draw(st.sampled_from(names)),
        "difficult": draw(st.booleans()) and "difficult" in carries,
        "attributes": draw(st.sampled_from([{}, {"colour": "grün"}, {"source": "a b", "floors": 3}]))
        if "attributes" in carries
        else {},
    }


@st.composite
def data_sets(draw: st.DrawFn, root: Path, carries: frozenset[str]) -> Annotations:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    if "spaces" not in carries:
        names = [name.replace(" ", "-") for name in names]
    split = draw(st.booleans())
    those = []
    for index, name in enumerate(sorted(PICTURES)):
        found = draw(st.lists(objects(names, carries), max_size=3))
        numbers = range(len(found))
        those.append(
            ImageAnnotation(
                name,
                root / name,
                facts(root / name),
                np.array([one["box"] for one in found], np.float64).reshape(-1, 4),
                tuple(one["label"] for one in found),
                split=("train", "val", "test", "train")[index] if split else None,
                group=draw(st.sampled_from([None, "flight 7"])) if "group" in carries and found else None,
                shapes={i: found[i]["shape"] for i in numbers if found[i]["shape"] is not None},
                difficult=frozenset(i for i in numbers if found[i]["difficult"]),
                attributes={i: found[i]["attributes"] for i in numbers if found[i]["attributes"]},
            )
        )
    return Annotations(Tree(root), tuple(those), tuple(names))


def bare(name: str) -> str:
    return "/".join(p for p in name.split("/") if p not in ("images", "JPEGImages", "train", "val", "test"))


def drawn(image: ImageAnnotation) -> list[tuple[np.ndarray, ...]]:
    """The corners of each object, as a set: in an order of their own."""
    quads = [image.shapes.get(index, box) for index, box in enumerate(corners(image.boxes))]
    return [np.array(sorted(map(tuple, np.round(quad, 4)))) for quad in quads]


def assert_same(one: Annotations, other: Annotations) -> None:
    assert other.problems == ()
    assert one.classes == other.classes
    pairs = [sorted(those.images, key=lambda image: bare(image.name)) for those in (one, other)]
    assert len(pairs[0]) == len(pairs[1])
    for before, after in zip(*pairs, strict=True):
        assert bare(before.name) == bare(after.name)
        assert (before.labels, before.split, before.group, before.difficult) == (
            after.labels,
            after.split,
            after.group,
            after.difficult,
        )
        texts = [
            {i: {k: str(v) for k, v in a.items()} for i, a in those.attributes.items()} for those in (before, after)
        ]
        assert texts[0] == texts[1]
        for quad, again in zip(drawn(before), drawn(after), strict=True):
            np.testing.assert_allclose(np.sort(quad, axis=0), np.sort(again, axis=0), atol=2e-4)


@pytest.mark.parametrize("first", FORMATS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_there_and_back(first: str, data: st.DataObject, images: Path, tmp_path: Path) -> None:
    second = data.draw(st.sampled_from(list(FORMATS)))
    a, b = FORMATS[first], FORMATS[second]
    truth = data.draw(data_sets(images, a.carries & b.carries))
    assert losses(truth, a) == losses(truth, b) == {}
    room = tmp_path / uuid4().hex
    here = truth
    for step, target in enumerate((a, b, a)):
        write_folder(here, target, room / str(step))
        here = read_annotations(Tree(room / str(step)), target.name)
        assert_same(truth, here)


@pytest.mark.parametrize("second", ["dota", "coco", "csv", "geojson", "yolo-obb"])
def test_corners_keep_their_order(second: str, images: Path, tmp_path: Path) -> None:
    quad = np.array([[30.0, 20], [50, 24], [48, 41], [27, 36]])
    for number, points in enumerate((quad, quad[::-1], np.roll(quad, 1, axis=0))):
        path = images / "map/turned.tif"
        box = np.array([[*points.min(axis=0), *points.max(axis=0)]])
        image = ImageAnnotation("turned.tif", path, facts(path), box, ("a",), shapes={0: points})
        write_folder(Annotations(Tree(images), (image,), ("a",)), FORMATS[second], tmp_path / str(number))
        (again,) = read_annotations(Tree(tmp_path / str(number)), second).images
        np.testing.assert_allclose(again.shapes[0], points, atol=TOLERANCE)


def one_image(images: Path, **facts_of: object) -> Annotations:
    path = images / "a.png"
    quad = np.array([[30.0, 20], [50, 24], [48, 41], [27, 36]])
    box = np.array([[*quad.min(axis=0), *quad.max(axis=0)]])
    image = ImageAnnotation("a.png", path, facts(path), box, ("red car",), "x.json", (7,), shapes={0: quad})
    return Annotations(Tree(images), (replace(image, **facts_of),), ("red car",))


LOST = {
    "yolo": {"rotation", "difficult", "attributes", "group"},
    "yolo-obb": {"difficult", "attributes", "group"},
    "voc": {"corners", "group"},
    "dota": {"attributes", "group", "spaces"},
    "csv": set(),
    "coco": set(),
    "geojson": set(),
    "labelme": {"difficult", "attributes", "group"},
    "cvat": {"difficult", "group"},
    "labelstudio": {"difficult", "group"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_lost_is_counted_and_the_rest_is_written(name: str, images: Path, tmp_path: Path) -> None:
    full = one_image(images, difficult=frozenset({0}), attributes={0: {"colour": "red"}}, group="flight")
    lost = losses(full, FORMATS[name])
    assert set(lost) == LOST[name]
    left = reduced(full, FORMATS[name])
    assert losses(left, FORMATS[name]) == {}
    write_folder(left, FORMATS[name], tmp_path / "out")
    (again,) = read_annotations(Tree(tmp_path / "out"), name).images
    assert again.labels == (("red_car",) if name == "dota" else ("red car",))
    np.testing.assert_allclose(again.boxes, full.images[0].boxes if name != "voc" else again.boxes, atol=TOLERANCE)


@pytest.mark.parametrize("name", FORMATS)
def test_several_parts_and_holes_are_never_lost_unsaid(name: str, images: Path) -> None:
    ring = np.array([[10.0, 10], [30, 8], [40, 20]])
    holed = one_image(images, shapes={}, regions={0: [[ring, ring / 2 + 10]]})
    assert losses(holed, FORMATS[name])["parts"] == ["x.json, line 7 (a.png)"]
    assert "parts" not in losses(reduced(holed, FORMATS[name]), FORMATS[name])


def test_polygons_become_rectangles_where_a_format_has_no_other_word(images: Path) -> None:
    pentagon = np.array([[10.0, 10], [30, 8], [40, 20], [28, 30], [9, 22]])
    polygon = one_image(images, shapes={0: pentagon})
    assert losses(polygon, FORMATS["coco"]) == {}
    assert set(losses(polygon, FORMATS["dota"])) == {"polygon", "spaces"}
    (left,) = reduced(polygon, FORMATS["dota"]).images
    assert left.shapes[0].shape == (4, 2)


def test_an_output_that_is_there_is_not_touched(images: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(ZooError, match="is there already"):
        write_folder(one_image(images), FORMATS["coco"], tmp_path / "out")
    assert (tmp_path / "out/mine.txt").read_text() == "mine"


def test_what_a_killed_process_left_goes(images: Path, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f".out.{ended.pid}.part/images").mkdir(parents=True)
    write_folder(one_image(images), FORMATS["coco"], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_nothing(images: Path, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    with pytest.raises(ZooError, match="No space left"):
        write_folder(one_image(images), replace(FORMATS["coco"], write=broken), tmp_path / "out")
    with pytest.raises(ZooError, match=r"nothing was written"):  # an element cannot hold this character
        name = "a\x01b"
        wrong = one_image(images, labels=(name,))
        write_folder(replace(wrong, classes=(name,)), FORMATS["voc"], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_equal_stems_are_refused_where_they_share_a_label(images: Path, tmp_path: Path) -> None:
    one = one_image(images).images[0]
    both = Annotations(Tree(images), (one, replace(one, name="a.tif")), ("red car",))
    with pytest.raises(ZooError, match=r"'a.png' and 'a.tif' would have one label"):
        write_folder(both, FORMATS["yolo-obb"], tmp_path / "out")


@pytest.mark.parametrize("how", ["link", "copy", "none"])
def test_images_are_linked_copied_or_left(how: str, images: Path, tmp_path: Path) -> None:
    write_folder(one_image(images), FORMATS["coco"], tmp_path / "out", images=how)
    place = tmp_path / "out/images/a.png"
    assert place.exists() == (how != "none")
    assert place.is_symlink() == (how == "link")
    assert (tmp_path / "out/annotations/instances_all.json").is_file()


def test_a_world_file_goes_with_its_image(tmp_path: Path) -> None:
    tiny.save(tmp_path / "in/plan.tif", np.zeros((1, HEIGHT, WIDTH), np.uint8))
    (tmp_path / "in/plan.tfw").write_text("0.5\n0\n0\n-0.5\n1000.25\n1999.75\n")
    path = tmp_path / "in/plan.tif"
    image = ImageAnnotation("plan.tif", path, facts(path), np.array([[2.0, 3, 10, 12]]), ("a",))
    write_folder(Annotations(Tree(tmp_path), (image,), ("a",)), FORMATS["geojson"], tmp_path / "out", images="copy")
    assert (tmp_path / "out/images/plan.tfw").is_file()
    assert "1001.0" in (tmp_path / "out/labels/plan.geojson").read_text()
