"""Footprints are matched as SpaceNet's own scorer matches them: its sample files give its own numbers."""

import csv
import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.segmentation.footprints import Tally, of_labels, of_polygons
from zoo.sources import Source, fetch

WHEEL = "pypi://solaris==0.4.0/solaris/data/"
#: sha256 and size in bytes.
FILES = {
    "SN2_sample_preds.csv": ("a92a09e1234443355f458694c58b700338547611da67bcee3f1db99ce4a6aebf", 49330),
    "SN2_sample_truth.csv": ("bfe2fb7141eb53cf63e3936843f4e5062b4c1461103bc1678e0ad033422ede4a", 98640),
    "SN2_test_results.csv": ("dd55e94bf081c7112f27ae13ee530e9b7bd393babb2df64a4b7fa402d90dec25", 182),
    "gt.geojson": ("1f64a36b6e05c33f96003c2f130b7bb5d2567e985f48071e26098a811a80280e", 47952),
    "pred.geojson": ("47b5b50777b0d4c04eb44ba6b64f3d293af8f71c11f18e4124d5c2752dac6fbc", 11595),
    "sample_preds.csv": ("0d951ebf42e89dc9a70e14cbdd162171661a021458ac7f75440ab041fb5b3f27", 30268),
    "sample_truth.csv": ("d44e49778f8238ff857fcb223c0ae84a74e05e131c3d2747d49db55313a786f0", 30422),
}


def text(name: str) -> str:
    return fetch([Source(WHEEL + name, *FILES[name])]).path.read_text(encoding="utf-8")


def polygons_by_image(name: str) -> dict[str, list[shapely.Polygon]]:
    """The footprints of a SpaceNet submission, by image and in its order."""
    found: dict[str, list[shapely.Polygon]] = {}
    csv.field_size_limit(2**24)
    for row in csv.DictReader(text(name).splitlines()):
        found.setdefault(row["ImageId"], []).append(shapely.force_2d(shapely.from_wkt(row["PolygonWKT_Pix"])))
    return found


def polygons_of(name: str) -> list[shapely.Polygon]:
    return [shapely.geometry.shape(feature["geometry"]) for feature in json.loads(text(name))["features"]]


@pytest.mark.real
def test_scores_of_spacenet_2_are_those_of_solaris() -> None:
    truth, found = polygons_by_image("SN2_sample_truth.csv"), polygons_by_image("SN2_sample_preds.csv")
    tallies: dict[str, Tally] = {}
    for image in sorted(truth.keys() | found.keys()):
        place = image.rsplit("_", 1)[0]
        tally = of_polygons(truth.get(image, []), found.get(image, [])).match()
        tallies[place] = tallies.get(place, Tally()) + tally
    expected = list(csv.DictReader(text("SN2_test_results.csv").splitlines()))
    assert len(expected) == len(tallies) == 2
    for place, row in zip(("AOI_2_Vegas", "AOI_5_Khartoum"), expected, strict=True):
        tally = tallies[place]
        counts = {"TruePos": tally.right, "FalsePos": tally.wrong, "FalseNeg": tally.missed}
        assert counts == {name: int(row[name]) for name in counts}
        shares = {"Precision": tally.precision, "Recall": tally.recall, "F1Score": tally.f1}
        assert shares == pytest.approx({name: float(row[name]) for name in shares}, abs=1e-12)


@pytest.mark.real
def test_scores_of_one_scene_are_those_of_the_tests_of_solaris() -> None:
    """Its test suite states 8 right, 20 wrong and 20 missed, F1 0.2857, for these two files, whatever their areas."""
    tally = of_polygons(polygons_of("gt.geojson"), polygons_of("pred.geojson"), smallest=0).match()
    assert tally == Tally(8, 20, 20)
    assert tally.f1 == tally.precision == tally.recall == pytest.approx(0.2857142857142857, abs=1e-12)


@pytest.mark.real
def test_the_truth_scores_one_against_itself() -> None:
    """The wheel states 151 of 151 (test_results.csv) for the off-nadir sample, in which both files are the same."""
    (truth,), (found,) = (polygons_by_image(f"sample_{name}.csv").values() for name in ("truth", "preds"))
    assert of_polygons(truth, found).match() == Tally(151, 0, 0)


def square(x: float, y: float, side: float = 10) -> shapely.Polygon:
    return shapely.box(x, y, x + side, y + side)


def test_each_footprint_is_taken_once_and_by_the_first_that_comes() -> None:
    truth = [square(0, 0), square(50, 0)]
    found = [square(2, 0), square(0, 0), square(0, 90)]  # the second is better, and too late
    assert of_polygons(truth, found).match() == Tally(1, 2, 1)


def test_the_best_that_is_left_is_taken() -> None:
    truth = [square(0, 0), square(3, 0)]
    found = [square(0, 0), square(1, 0)]  # the second is nearer to the first, which is taken
    assert of_polygons(truth, found).match() == Tally(2, 0, 0)


def test_half_is_not_enough() -> None:
    half = shapely.box(0, 0, 10, 5)
    assert of_polygons([square(0, 0)], [half]).match() == Tally(0, 1, 1)
    assert of_polygons([square(0, 0)], [shapely.box(0, 0, 10, 5.01)]).match() == Tally(1, 0, 0)


def test_what_is_small_does_not_count() -> None:
    small = shapely.box(0, 0, 4, 4)
    assert of_polygons([small], [small]).match() == Tally()
    twenty = shapely.box(0, 0, 4, 5)
    assert of_polygons([twenty], [twenty]).match() == Tally(0, 0, 1)  # solaris asks for ≥ 20 there, > 20 found
    assert np.isnan(Tally().f1)
    assert np.isnan(Tally().precision)
    assert Tally(0, 3, 0).f1 == Tally(0, 0, 3).f1 == Tally(0, 0, 3).precision == 0


def test_a_bow_tie_is_mended() -> None:
    tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert of_polygons([square(0, 0)], [tie], smallest=-1).match().wrong == 1
    assert of_polygons([], [square(0, 0)]).match() == Tally(0, 1, 0)
    assert of_polygons([square(0, 0)], []).match() == Tally(0, 0, 1)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), smallest=st.sampled_from([0, 3, 20]))
def test_instances_of_pixels_are_matched_as_their_polygons_are(seed: int, smallest: int) -> None:
    """Level rectangles of whole pixels, none over another, have the same IoU as masks and as polygons."""
    rng = np.random.default_rng(seed)
    labels, polygons = [], []
    for _ in range(2):
        image, boxes = np.zeros((40, 40), np.int32), []
        for _ in range(12):
            (x, y), (w, h) = rng.integers(0, 32, 2), rng.integers(1, 9, 2)
            if not image[y : y + h, x : x + w].any():
                boxes.append(shapely.box(x, y, x + w, y + h))
                image[y : y + h, x : x + w] = len(boxes)
        labels.append(image)
        polygons.append(boxes)
    assert of_labels(*labels, smallest=smallest).match() == of_polygons(*polygons, smallest=smallest).match()
