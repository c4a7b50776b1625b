"""A generated scene is a function of its settings and of place; its truth is what is seen."""

from functools import cache

import numpy as np
import pytest
import shapely

from recipes.scenes.catalogue import FAMILIES, SHIP, Catalogue
from recipes.scenes.covers import COVERS
from recipes.scenes.noise import fractal, fractal_at, normal
from recipes.scenes.render import Rendered, Renderer
from recipes.scenes.settings import FULL, SceneSettings
from recipes.scenes.spectra import band_names, reflectance, table
from recipes.scenes.things import Thing
from recipes.scenes.truth import truth_of
from zoo.geometry import box_geometry

SIZE = 640
WHOLE = (0, 0, SIZE, SIZE)


@cache
def renderer(seed: int = 0, **others: float) -> Renderer:
    return Renderer(SceneSettings.of(SIZE, SIZE, 4, seed=seed, **others))


@cache
def rendered(seed: int = 0, **others: float) -> Rendered:
    return renderer(seed, **others).render(WHOLE)


def things(seed: int, **others: float) -> list[Thing]:
    """The objects in the order in which they are numbered."""
    return [thing for content in renderer(seed, **others).contents(WHOLE) for thing in content.things]


def same(one: Rendered, two: Rendered) -> bool:
    return np.array_equal(one.pixels, two.pixels) and np.array_equal(one.cover, two.cover)


def test_one_seed_is_one_scene() -> None:
    again = Renderer(SceneSettings.of(SIZE, SIZE, 4, seed=0)).render(WHOLE)
    assert same(again, rendered())
    assert not same(rendered(1), rendered())


@pytest.mark.parametrize("size", [157, 256])
def test_neither_the_size_nor_the_order_of_blocks_matters(size: int) -> None:
    """Every window is the slice of the whole, to the last bit; this is what makes blocks seamless."""
    fresh = Renderer(SceneSettings.of(SIZE, SIZE, 4, seed=0, clouds=0.1))
    whole = rendered(0, clouds=0.1)
    corners = [(x, y) for y in range(0, SIZE, size) for x in range(0, SIZE, size)]
    for x, y in np.random.default_rng(size).permutation(corners).tolist():
        width, height = min(size, SIZE - x), min(size, SIZE - y)
        part = fresh.render((x, y, width, height))
        np.testing.assert_array_equal(part.pixels, whole.pixels[:, y : y + height, x : x + width])
        np.testing.assert_array_equal(part.cover, whole.cover[y : y + height, x : x + width])
        np.testing.assert_array_equal(part.which > 0, whole.which[y : y + height, x : x + width] > 0)


def test_a_band_is_the_same_beside_any_others() -> None:
    settings = SceneSettings.of(200, 100, ["swir2", "red", "blue"], seed=4)
    three = Renderer(settings).render((0, 0, 200, 100)).pixels
    all_of_them = Renderer(SceneSettings.of(200, 100, 8, seed=4)).render((0, 0, 200, 100)).pixels
    where = [band_names().index(name) for name in settings.bands]
    np.testing.assert_array_equal(three, all_of_them[where])


@pytest.mark.parametrize("seed", range(4))
def test_boxes_are_where_the_objects_are_seen(seed: int) -> None:
    """The rectangle around an object's own pixels, along its heading, is its box: IoU at least 0.8, 0.9 on average."""
    which, overlaps = rendered(seed, clouds=0.0).which, []
    placed = things(seed, clouds=0.0)
    assert which.max() == len(placed)
    for number, thing in enumerate(placed, start=1):
        y, x = np.nonzero(which == number)
        u, v = thing.frame.local(x + 0.5, y + 0.5)
        low, high = (np.array([f(u), f(v)]) for f in (np.min, np.max))
        half = np.array([thing.length, thing.width]) / 2
        slack = 0.3  # what lies, on average, between the last middle of a pixel inside and the edge
        seen = np.maximum(high + slack, 0) + np.maximum(slack - low, 0)
        shared = np.minimum(high + slack, half).clip(0) + np.minimum(slack - low, half).clip(0)
        overlaps.append(shared.prod() / (seen.prod() + 4 * half.prod() - shared.prod()))
    assert len(overlaps) > 15
    assert min(overlaps) > 0.72  # a car is 14 × 6 pixels: half a pixel on a side is 0.83 of it
    assert np.mean(overlaps) > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_no_object_stands_on_another_nor_over_the_edge(seed: int) -> None:
    truth = truth_of(renderer(seed))
    corners = box_geometry.corners(truth.boxes)
    assert corners.min() > -0.01
    assert corners.max() < SIZE + 0.01
    polygons = shapely.polygons(corners)
    one, two = shapely.STRtree(polygons).query(polygons)
    pairs = one < two
    shared = shapely.area(shapely.intersection(polygons[one[pairs]], polygons[two[pairs]]))
    assert (shared / np.minimum(shapely.area(polygons[one[pairs]]), shapely.area(polygons[two[pairs]])) < 0.12).all()


@pytest.mark.parametrize("seed", range(4))
def test_ships_lie_in_water_and_all_else_on_land(seed: int) -> None:
    cover, which = rendered(seed, clouds=0.0)[1:]
    for thing in things(seed, clouds=0.0):
        across, down = thing.reach
        rows = slice(max(0, int(thing.frame.y - down) - 4), int(thing.frame.y + down) + 4)
        columns = slice(max(0, int(thing.frame.x - across) - 4), int(thing.frame.x + across) + 4)
        ground = cover[rows, columns][which[rows, columns] == 0]
        wet = (ground == list(COVERS).index("water")).mean()
        assert (wet > 0.25) if thing.family == SHIP else (wet < 0.4)  # a moored ship lies between pier and neighbours


def test_every_family_is_built() -> None:
    labels = np.concatenate([truth_of(renderer(seed)).labels for seed in range(6)])
    assert (np.bincount(labels, minlength=len(FAMILIES)) >= 4).all()


def test_clouds_hide_and_say_so() -> None:
    cover = rendered(0, clouds=0.3).cover
    assert 0.1 < (cover == 255).mean() < 0.5
    assert (rendered(0, clouds=0.0).cover != 255).all()
    bright = rendered(0, clouds=0.3).pixels[0][cover == 255].astype(float) / FULL
    assert bright.mean() > 0.5
    assert truth_of(renderer(0, clouds=0.3)).difficult.any()
    assert not truth_of(renderer(0, clouds=0.0)).difficult.any()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_sea_has_its_share(share: float) -> None:
    terrain = renderer(3, sea=share).layout.terrain
    assert (terrain.height(WHOLE) < 0).mean() == pytest.approx(share, abs=0.03)
    if share == 1.0:
        assert set(truth_of(renderer(3, sea=share)).labels.tolist()) <= {SHIP}


def test_materials_that_look_alike_differ_beyond_the_visible() -> None:
    colours, beyond = reflectance(("blue", "green", "red")), reflectance(("nir", "red_edge", "swir1", "swir2"))
    names = ["", *table()["materials"]]
    for group in (("crop", "plantation", "scrub"), ("grass", "pond", "green", "living"), ("asphalt", "bitumen"),
                  ("soil", "dirt"), ("grey", "foil")):  # fmt: skip
        codes = [names.index(name) for name in group]
        assert np.ptp(colours[codes], axis=0).max() < 0.003
        assert np.ptp(beyond[codes], axis=0).max() > 0.08


def test_noise_is_a_function_of_place() -> None:
    window, inner = (-37, 1200, 90, 70), (3, 1215, 30, 40)
    cut = (slice(15, 55), slice(40, 70))
    np.testing.assert_array_equal(fractal(5, window, 33.3, 4)[cut], fractal(5, inner, 33.3, 4))
    np.testing.assert_array_equal(normal(5, window)[cut], normal(5, inner))
    x, y = np.array([3, 20]), np.array([1215, 1230])
    np.testing.assert_array_equal(fractal_at(5, x, y, 33.3, 4), fractal(5, inner, 33.3, 4)[[0, 15], [0, 17]])
    many = normal(9, (0, 0, 500, 400))
    assert (many.mean(), many.std()) == pytest.approx((0, 1), abs=0.01)
    assert np.corrcoef(many[:, 1:].ravel(), many[:, :-1].ravel())[0, 1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("count", [1, 3, 5, 7, 12, 26, 40, 199, 200])
def test_every_class_has_a_name_and_is_drawn(count: int) -> None:
    catalogue = Catalogue(count)
    assert len(set(catalogue.names)) == len(catalogue.names) == count
    random = np.random.default_rng(0)
    labels = set()
    for family in range(len(FAMILIES)):
        for _ in range(25 * catalogue.shares[family]):
            variant = catalogue.draw(family, random)
            assert variant is not None
            labels.add(catalogue.label(family, variant))
    assert len(labels) > 0.9 * count
    assert max(labels) < count
    if count < 5:
        assert catalogue.draw(4, random) is None
