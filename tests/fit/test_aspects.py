"""Every aspect: a pair that fits gives nothing, one planted mismatch is found and named with its way out."""

from typing import Any

import pytest

from tests.fit.conftest import RUN, around, make_card, make_profile, make_run, verdicts
from zoo.fit import ASPECTS, Fit, check

#: aspect, change of the profile, change of the card, change of the run, what the action says
MISMATCHES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ("geometry", {"rotated": 0.61}, {}, {}, "model.geometry=rotated_box"),
    ("geometry", {"rotated": 0.61}, {"options": {}}, {}, "zoo search rotated"),
    ("geometry", {"rotated": None}, {}, {"model": {"geometry": "rotated_box"}}, "model.geometry=box"),
    ("object size", {"object_size": around(5, 9, 20)}, {}, {}, "model.strides=[4,8,16]"),
    ("object size", {"object_size": around(1, 2, 3)}, {}, {}, "scale the images up 8 times"),
    ("object size", {"object_size": around(50, 140, 145)}, {}, {"data": {"overlap": 150, "tile": 400}},
     "model.strides=[8,16,32]"),
    ("object share", {"object_size_relative": around(0.01, 0.02, 0.03)}, {}, {}, "data.tile=32"),
    ("object share", {"object_size_relative": around(0.01, 0.02, 0.03)}, {}, {"data": {"overlap": 96, "tile": 400}},
     "data.overlap=8"),
    ("object share", {"object_size_relative": around(0.5, 0.7, 0.9)}, {}, {}, "data.tile=512"),
    ("aspect ratio", {"aspect_ratio": around(0.1, 1, 9)}, {}, {}, "zoo search anchor-free"),
    ("tile overlap", {"object_size": around(20, 40, 100)}, {}, {}, "data.overlap=128"),
    ("tile overlap", {"object_size": around(20, 100, 200)}, {"options": {}}, {}, "data.tile=512"),
    ("density", {"objects_per_tile": around(0, 10, 140)}, {}, {}, "model.max_detections=300"),
    ("density", {"objects_per_tile": around(0, 10, 240)}, {"options": {}}, {}, "data.tile=160"),
    ("neighbours", {"neighbour_overlap": around(0, 0.3, 0.63)}, {}, {}, "model.nms_threshold=0.65"),
    ("neighbours", {"neighbour_overlap": around(0, 0.3, 0.63)}, {"options": {}}, {}, "masks"),
    ("scene", {"scenes": ((10_000, 10_000),), "tile": None}, {}, {"data": {"tile": None}}, "data.tile=288"),
    ("scene", {"scenes": ((10_000, 10_000),), "tile": 2000}, {}, {"data": {"tile": 2000}}, "data.tile=288"),
    ("scene", {"scenes": ((10_000, 10_000),), "tile": None}, {}, {"data": {"tile": None}, "model": {"side": 96}},
     "data.crop=288"),
    ("scene", {"scenes": ((10_000, 10_000),)}, {}, {"model": {"side": 224}}, "data.tile=224, the size of crops"),
    ("scene", {"scenes": ((100, 90),)}, {}, {}, "scale the images up 3 times"),
    ("bands", {"bands": tuple("abcdefgh")}, {}, {}, "adapts to other bands"),
    ("bands", {"bands": ("red", "green", "blue", "nir")}, {}, {}, "data.bands=[red,green,blue]"),
    ("dtype", {"dtype": "float32", "value_range": (-30, 5)}, {}, {}, "data.value_range=[-30,5]"),
    ("dtype", {"dtype": "float32", "value_range": None}, {}, {}, "data.value_range=[LOW,HIGH]"),
    ("value range", {"dtype": "uint8", "value_range": (0, 12)}, {}, {}, "data.value_range=[0,12]"),
    ("resolution", {"resolution": 3.0}, {}, {}, "resample the scenes to 0.22 m"),
    ("task", {"task": "segmentation"}, {}, {}, "zoo list --task segmentation"),
    ("classes", {"classes": {f"{i}": 100 for i in range(60)}}, {}, {}, "adapts to other classes"),
    ("classes", {"classes": {"car": 900}}, {"designed": {"classes": 1}}, {}, "adapts to other classes"),
    ("object size", {"object_size": around(50, 280, 300)}, {}, {}, "scale the images down"),
    ("object size", {"object_size": around(50, 280, 300)}, {"adapts": {"strides": "any"}}, {}, "=[8,16,32,64]"),
    ("balance", {"classes": {f"{i}": 100 if i else 3 for i in range(20)}}, {}, {}, "data.sampling=balanced"),
    ("balance", {"classes": {"car": 12, "ship": 12}}, {}, {}, "gather more of them"),
    ("balance", {"classes": {f"{i}": 100 if i else 50_000 for i in range(20)}}, {}, {}, "data.sampling=balanced"),
    ("balance", {"classes": {f"{i}": 100 if i else 3 for i in range(20)}}, {}, {"data": {"sampling": 0}}, "balanced"),
    ("amount of data", {}, {"parameters": 44_000_000}, {}, "a smaller model"),
    ("individuals", {"individuals": around(1, 1, 3)}, {"designed": {"objects_per_image": (1, 1)}}, {}, "annotate a box"),
    ("size of individuals", {"individual_size": around(0.001, 0.002, 0.003)}, {}, {}, "each is cut out"),
]  # fmt: skip
SIGNALS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ("sample rate", {"sample_rate": 8000}, {}, {}, "data.sample_rate=16000"),
    ("sample rate", {}, {"options": {"sample_rate": 8000}}, {}, "model.sample_rate=16000; the model is set to 8,000"),
    ("length", {"steps": around(0.5, 9, 30)}, {}, {}, "data.length=1"),
    ("objective", {}, {"objectives": ("tag", "classify")}, {"task": {"objective": "forecast"}}, "task.objective=tag"),
    ("features", {"features": 12}, {}, {}, "adapts to other features"),
    ("vocabulary", {"vocabulary": 99}, {}, {}, "adapts to other vocabularies"),
    ("classes", {"classes": {str(i): 30 for i in range(10)}}, {}, {}, "adapts to other classes"),
    ("amount of data", {"samples": 100}, {"parameters": 1_000_000}, {}, "a smaller model"),
]

#: Objects of 200 to 400 pixels in pictures of 500.
PHOTOGRAPHS: dict[str, Any] = {
    "scenes": ((400, 500),),
    "object_size": around(200, 300, 400),
    "object_size_relative": around(0.67, 1.0, 1.33),
}


def test_a_pair_that_fits_has_no_mismatch_and_no_note(fitting: Fit) -> None:
    assert {row.verdict for row in fitting.rows} == {"fits", "adapted"}
    assert [row.aspect for row in fitting.rows if row.verdict == "adapted"] == ["tile overlap"]
    signals = check(make_card("sequence"), make_profile("sequence"), {})
    assert {row.verdict for row in signals.rows} == {"fits"}
    seen = {row.aspect for row in (*fitting.rows, *signals.rows)}
    assert (
        len(seen) == len(ASPECTS) - 8
    )  # task, objective, empty tiles, domain, status, and the three of keypoints are said only when there is something to say


@pytest.mark.parametrize(("aspect", "data", "card", "run", "said"), MISMATCHES)
def test_a_planted_mismatch_is_found(
    aspect: str, data: dict[str, Any], card: dict[str, Any], run: dict[str, Any], said: str
) -> None:
    found = {row.aspect: row for row in check(make_card(**card), make_profile(**data), make_run(**run)).mismatches}
    assert aspect in found
    assert said in found[aspect].action


@pytest.mark.parametrize(("aspect", "data", "card", "run", "said"), SIGNALS)
def test_a_planted_mismatch_of_sequences_is_found(
    aspect: str, data: dict[str, Any], card: dict[str, Any], run: dict[str, Any], said: str
) -> None:
    fit = check(make_card("sequence", **card), make_profile("sequence", **data), run)
    assert [row.aspect for row in fit.mismatches] == [aspect]
    assert said in fit.mismatches[0].action


@pytest.mark.parametrize(
    ("aspect", "data", "card", "run", "said"),
    [
        ("geometry", {"rotated": 0.61}, {}, {"model": {"geometry": "rotated_box"}}, "rotated boxes"),
        ("geometry", {"rotated": 0.61}, {}, {"model": {"geometry": "auto"}}, "rotated boxes"),
        ("object size", {"object_size": around(5, 9, 20)}, {}, {"model": {"strides": [4, 8, 16]}}, "[4,8,16] in place"),
        ("tile overlap", {"object_size": around(20, 40, 100)}, {}, {"data": {"overlap": 128}}, "overlap by 128"),
        ("density", {"objects_per_tile": around(0, 10, 140)}, {}, {"model": {"max_detections": 300}}, "up to 300"),
        ("scene", {"scenes": ((10_000, 10_000),)}, {}, {}, "tiles of 300, overlap 64, merged"),
        ("scene", {"scenes": ((10_000, 10_000),), "tile": None}, {"adapts": {"input size": "any"}}, {"data": {"tile": None}},
         "any"),
        ("scene", PHOTOGRAPHS, {}, {"data": {"resize": 300}}, "scaled to 300 px; data.resize=null takes crops"),
        ("bands", {"bands": ("red", "nir")}, {"adapts": {"bands": "any"}}, {}, "2 bands, from random weights"),
        ("bands", {"bands": ("red", "nir")}, {"adapts": {"bands": "any"}, "options": {"backbone": "tf_efficientnet_lite0"}},
         {"model": {"pretrained": True}}, "filters of red kept in place"),
        ("bands", {"bands": ("vv", "vh")}, {"adapts": {"bands": "any"}, "options": {"backbone": "tf_efficientnet_lite0"}},
         {"model": {"pretrained": True}}, "all from the mean filter"),
        ("dtype", {"dtype": "uint16"}, {}, {"data": {"value_range": [0, 3000]}}, "scaled from 0 to 3,000"),
        ("dtype", {"dtype": "uint16", "value_range": None}, {}, {}, "scaled from 0 to 65,535"),
        ("classes", {"classes": {"car": 900}}, {"adapts": {"classes": "any"}}, {}, "new last layer for 1"),
        ("balance", {"classes": {"a": 9, "b": 99}}, {}, {"data": {"sampling": "balanced"}}, "class-balanced"),
        ("balance", {"classes": {"a": 9, "b": 99}}, {}, {"data": {"sampling": "rare"}}, "near what is rare"),
        ("balance", {"classes": {"a": 9, "b": 99}}, {}, {"task": {"class_weights": {"a": 5}}}, "weighted in the loss"),
    ],
)  # fmt: skip
def test_what_the_run_takes_care_of_is_adapted(
    aspect: str, data: dict[str, Any], card: dict[str, Any], run: dict[str, Any], said: str
) -> None:
    row = verdicts(check(make_card(**card), make_profile(**data), make_run(**run)))[aspect]
    assert (row.verdict, said in row.action) == ("adapted", True), row


@pytest.mark.parametrize(
    ("aspect", "data", "options", "run", "said"),
    [
        ("sample rate", {"sample_rate": 8000}, {}, {"data": {"sample_rate": 16000}}, "resampled to 16,000"),
        ("sample rate", {"sample_rate": 8000}, {"sample_rate": 8000}, {}, "by model.sample_rate"),
        ("sample rate", {}, {"sample_rate": 8000}, {"data": {"sample_rate": 8000}}, "lose what is above 4,000 Hz"),
        ("length", {"steps": around(0.5, 9, 30)}, {}, {"data": {"length": 1}}, "windows of 1"),
    ],
)
def test_what_the_run_does_for_sequences_is_adapted(
    aspect: str, data: dict[str, Any], options: dict[str, Any], run: dict[str, Any], said: str
) -> None:
    row = verdicts(check(make_card("sequence", options=options), make_profile("sequence", **data), run))[aspect]
    assert (row.verdict, said in row.action) == ("adapted", True), row


@pytest.mark.parametrize(
    ("task", "aspect", "data", "card"),
    [
        ("detection", "object share", {"object_size_relative": around(0.01, 0.1, 0.2)}, {}),
        ("detection", "empty tiles", {"empty_tiles": 0.9}, {}),
        ("detection", "density", {"objects_per_tile": around(0, 0, 1)}, {"designed": {"objects_per_image": (2, 60)}}),
        ("detection", "resolution", {"resolution": 0.8}, {}),
        ("detection", "licence", {"licence": "CC-BY-NC-4.0"}, {}),
        ("detection", "licence", {"licence": "unknown"}, {}),
        ("detection", "status", {}, {"status": "deprecated"}),
        ("sequence", "bandwidth", {"bandwidth": (300, 3400)}, {}),
        ("sequence", "vocabulary", {"vocabulary": 10}, {}),
        ("sequence", "length", {"steps": around(0.1, 0.5, 0.9)}, {}),
    ],
)
def test_what_is_only_to_be_known_is_a_note(task: str, aspect: str, data: dict[str, Any], card: dict[str, Any]) -> None:
    fit = check(make_card(task, **card), make_profile(task, **data), RUN)
    assert verdicts(fit)[aspect].verdict == "note"
    assert not fit.mismatches


def test_closest_neighbours_are_a_note_when_they_are_rare() -> None:
    overlap = around(0, 0.1, 0.2).model_copy(update={"largest": 0.9})
    assert verdicts(check(make_card(), make_profile(neighbour_overlap=overlap), RUN))["neighbours"].verdict == "note"


@pytest.mark.parametrize("aspect", ["object share", "tile overlap"])
@pytest.mark.parametrize(("size", "way"), [((300, 300), "320"), ((416, 416), "416"), ((1333, 800), "640")])
def test_photographs_are_to_be_shown_whole(aspect: str, size: tuple[int, int], way: str) -> None:
    """No tile shows an object whole that is as large as its picture."""
    card = make_card(designed={"size": size, "object_size": (0.05, 0.5)})
    run = {**make_run(), "data": {"tile": 300, "overlap": 64, "resize": None}}
    row = verdicts(check(card, make_profile(**PHOTOGRAPHS), run))[aspect]
    assert (row.verdict, row.action) == ("mismatch", f"data.resize={way}")
    assert "100 %" in row.data or aspect == "tile overlap"  # a part of an object is no more of a tile than all
    scenes = make_profile(**{**PHOTOGRAPHS, "scenes": ((4000, 4000),)})
    assert "data.tile=" in verdicts(check(card, scenes, run))[aspect].action


def test_a_model_that_scales_sees_smaller_objects() -> None:
    """At 900 pixels scaled to 300, 20 pixels are 7: under the finest stride; in tiles of 300 they stay 20."""
    data = make_profile(scenes=((900, 900),), tile=900)
    scaled, tiled = make_card(designed={"scaled": True}), make_run(data={"tile": 300})
    whole = verdicts(check(scaled, data, make_run(data={"tile": 900})))
    assert whole["object size"].verdict == "mismatch"
    assert whole["object size"].data.startswith("6.7 to 20 px")
    assert verdicts(check(scaled, data, tiled))["object size"].verdict == "fits"
    asis = {**make_run(data={"tile": 900}), "model": {"resize": False}}
    assert verdicts(check(scaled, data, asis))["object size"].verdict == "fits"


@pytest.mark.parametrize("tile", [None, 64, 320, 640])
def test_objects_in_images_smaller_than_a_tile_are_shares_of_the_image(tile: int | None) -> None:
    """30 pixels in 120 × 100 are a quarter, whatever tile was measured with; and no tile is asked for that shows no more."""
    data = make_profile(scenes=((100, 120),), tile=640, object_size_relative=around(0.25, 0.25, 0.25))
    row = verdicts(check(make_card(), data, make_run(data={"tile": tile})))["object share"]
    if tile == 64:
        assert row.data.startswith("47 %")
        return
    assert (row.verdict, row.data.partition(",")[0]) == ("fits", "25 % to 25 %")
    large = data.model_copy(update={"object_size_relative": around(0.9, 0.9, 0.9)})
    assert verdicts(check(make_card(), large, make_run(data={"tile": tile})))["object share"].verdict == "note"


def test_weights_of_the_backbone_bring_their_licence() -> None:
    card = make_card(options={"backbone": "tf_efficientnet_lite0"})
    row = verdicts(check(card, make_profile(), make_run(model={"pretrained": True})))["licence"]
    assert "data LicenseRef-ImageNet" in row.designed_for
    assert verdicts(check(card, make_profile(), RUN))["licence"].verdict == "fits"


@pytest.mark.parametrize(
    ("mine", "rows", "verdict", "action"),
    [
        (10, 30, "fits", ""),
        (30, 30, "fits", ""),
        (80, 100, "adapted", "a table of 100 rows"),
        (80, 30, "mismatch", "model.vocabulary=80"),
    ],
)
def test_a_table_of_tokens_must_hold_those_of_the_data(mine: int, rows: int, verdict: str, action: str) -> None:
    card = make_card("sequence", options={"vocabulary": 30})
    row = verdicts(check(card, make_profile("sequence", vocabulary=mine), {"model": {"vocabulary": rows}}))[
        "vocabulary"
    ]
    assert (row.verdict, row.action) == (verdict, action)


@pytest.mark.parametrize(
    ("median", "verdict", "action"),
    [
        (100, "note", "the coarsest stride finds larger ones too; see the metrics by size"),
        (140, "mismatch", "model.strides=[8,16,32]"),
    ],
)
def test_a_coarser_level_is_missing_where_it_is_for_half_of_the_objects(
    median: float, verdict: str, action: str
) -> None:
    run = make_run(data={"overlap": 150, "tile": 400})
    row = verdicts(check(make_card(), make_profile(object_size=around(50, median, 145)), run))["object size"]
    assert (row.verdict, row.action, row.free) == (verdict, action, verdict == "mismatch")
