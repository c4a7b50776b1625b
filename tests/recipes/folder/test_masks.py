"""Images and masks in a folder: any naming, any kind of mask, and what is wrong with them in one sentence."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from configuration.composition import compose
from configuration.instantiation import data_of
from recipes.folder.boxes.scenes import read_folder
from recipes.folder.masks.module import FolderSegmentation
from recipes.folder.masks.options import MaskOptions
from recipes.folder.masks.reading import read_masks
from recipes.folder.masks.survey import NO_DATA, codes
from recipes.imagery.images import Values
from recipes.imagery.parts import mask_of
from recipes.kit.pipeline import Pipeline
from recipes.kit.split import Split
from tests.recipes.folder import tiny
from tools.data.check import check
from zoo.errors import ZooError

SIZE, COUNT = 40, 6
COLOURS = np.array([[0, 0, 0], [128, 64, 128], [0, 200, 10]], np.uint8)
PALETTE = {"ground": [0, 0, 0], "road": [128, 64, 128], "tree": [0, 200, 10]}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("home")))


def truth(index: int, classes: int = 3) -> np.ndarray:
    """Class numbers (H, W): every class is in each mask."""
    rng = np.random.default_rng(index)
    mask = rng.integers(0, classes, (SIZE, SIZE)).astype(np.uint8)
    mask[0, :classes] = range(classes)
    return mask


def put(path: Path, pixels: np.ndarray, **profile: Any) -> None:
    """Write (H, W) or (H, W, 3) as a picture, (C, H, W) as a raster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".tif":
        Image.fromarray(pixels).save(path)
        return
    bands = pixels if pixels.ndim == 3 else pixels[None]
    shape = {"width": bands.shape[2], "height": bands.shape[1], "count": len(bands), "dtype": bands.dtype}
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path, "w", driver="GTiff", **shape, **profile) as file:
        file.write(bands)


def palette_png(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(mask, "L")
    picture.putpalette(COLOURS.ravel().tolist())
    picture.save(path)


def folder(
    root: Path,
    masks: Callable[[int], np.ndarray] = truth,
    image: str = "images/a{}.jpg",
    mask: str = "masks/a{}.png",
    count: int = COUNT,
) -> Path:
    """Write `count` images and the masks that `masks` gives."""
    for index in range(count):
        picture = np.full((SIZE, SIZE, 3), 10 * index, np.uint8)
        put(root / image.format(index), picture.transpose(2, 0, 1) if image.endswith("tif") else picture)
        put(root / mask.format(index), masks(index))
    return root


def masks_of(split: Split) -> dict[str, np.ndarray]:
    """Every mask by the number in the name of its image."""
    scenes = [scene for those in split.parts.values() for scene in those]
    return {Path(s.name).stem.lower().lstrip("ai_").split("_")[0]: mask_of(s, s.window) for s in scenes}


def assert_true(split: Split, expected: Callable[[int], np.ndarray] = truth) -> None:
    found = masks_of(split)
    assert sorted(found) == [str(index) for index in range(COUNT)]
    for index in range(COUNT):
        np.testing.assert_array_equal(found[str(index)], expected(index))


def refused(root: Path, *parts: str, **options: Any) -> str:
    """Return the sentence about `root`; every part must be in it."""
    with pytest.raises(ZooError) as error:
        read_masks(root, MaskOptions(**options))
    sentence = str(error.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence, f"{part!r} is not in {sentence!r}"
    return sentence


@pytest.mark.parametrize(
    ("image", "mask", "options"),
    [
        ("images/a{}.jpg", "masks/a{}.png", {}),
        ("JPEGImages/a{}.jpg", "SegmentationClass/a{}.png", {}),
        ("a{}.png", "a{}_mask.png", {}),
        ("x/a{}_sat.jpg", "x/a{}_mask.png", {}),
        ("a{}.jpg", "a{}.png", {}),
        ("img/A{}.JPG", "img_labels/a{}.png", {}),
        ("day/a{}.png", "night/a{}-x.png", {"pairs": "night/(.*)-x"}),
        ("images/a{}.tif", "masks/a{}.tif", {}),
    ],
)
def test_any_naming(tmp_path: Path, image: str, mask: str, options: dict[str, Any]) -> None:
    folder(tmp_path, image=image.replace("JPG", "jpg"), mask=mask)
    assert_true(read_masks(tmp_path, MaskOptions(classes=list(PALETTE), **options)))


def test_splits_are_read_off_folders(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("val", 1), ("test", 2)):
        folder(
            tmp_path, image=f"{split}/images/{split[0]}{{}}.jpg", mask=f"{split}/masks/{split[0]}{{}}.png", count=count
        )
    split = read_masks(tmp_path)
    assert {part: len(scenes) for part, scenes in split.parts.items()} == {"train": 3, "val": 1, "test": 2}
    folder(tmp_path / "camvid", image="train/a{}.jpg", mask="trainannot/a{}.png")
    assert sum(map(len, read_masks(tmp_path / "camvid").parts.values())) == COUNT


def test_colours_by_option_and_by_file(tmp_path: Path) -> None:
    folder(tmp_path, lambda index: COLOURS[truth(index)])
    assert_true(read_masks(tmp_path, MaskOptions(palette=PALETTE)))
    refused(tmp_path, "the masks are in colours, [", "data.palette={name:[r,g,b]")
    refused(tmp_path, "[0, 200, 10] (", "none of the classes ground, road", palette=dict(list(PALETTE.items())[:2]))
    lines = ["# label:color_rgb:parts:actions", *(f"{n}:{r},{g},{b}::" for n, (r, g, b) in PALETTE.items())]
    files = {
        "labelmap.txt": "\n".join(lines),
        "classes.json": json.dumps(PALETTE),
        "labels.json": json.dumps([{"name": name, "color": colour} for name, colour in PALETTE.items()]),
        "class_dict.csv": "name,r,g,b\n" + "\n".join(f"{n},{r},{g},{b}" for n, (r, g, b) in PALETTE.items()),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        split = read_masks(tmp_path)
        assert split.classes == tuple(PALETTE)
        assert_true(split)
        (tmp_path / name).unlink()


def test_a_colour_that_is_not_known_is_ignored_when_it_is_named(tmp_path: Path) -> None:
    def masks(index: int) -> np.ndarray:
        pixels = COLOURS[truth(index)]
        pixels[5, 5] = (224, 224, 192)
        return pixels

    def expected(index: int) -> np.ndarray:
        mask = truth(index)
        mask[5, 5] = 255
        return mask

    folder(tmp_path, masks)
    refused(tmp_path, f"{COUNT} masks hold values that are no class", "[224, 224, 192] (1 pixels)", palette=PALETTE)
    assert_true(read_masks(tmp_path, MaskOptions(palette=PALETTE, ignore=[224, 224, 192])), expected)
    assert_true(read_masks(tmp_path, MaskOptions(palette=PALETTE, invalid="ignore")), expected)


def test_a_palette_png_is_its_numbers_or_its_colours(tmp_path: Path) -> None:
    folder(tmp_path)
    for index in range(COUNT):
        palette_png(tmp_path / f"masks/a{index}.png", truth(index))
    assert_true(read_masks(tmp_path))
    backwards = dict(reversed(PALETTE.items()))
    assert_true(read_masks(tmp_path, MaskOptions(palette=backwards)), lambda index: 2 - truth(index))


@pytest.mark.parametrize("bands", [1, 3])
def test_two_values(tmp_path: Path, bands: int) -> None:
    folder(
        tmp_path, lambda index: np.squeeze(np.repeat(truth(index, 2)[..., None] * 255, bands, axis=2)).astype(np.uint8)
    )
    split = read_masks(tmp_path)
    assert split.classes == ("background", "foreground")
    assert any("data.classes={background: 0, foreground: 255} names them" in note for note in split.notes)
    assert_true(split, lambda index: truth(index, 2))
    refused(tmp_path, "one class only (background)", kind="index", classes=["background", "house"])


def test_numbers_with_gaps_and_names(tmp_path: Path) -> None:
    folder(tmp_path, lambda index: (truth(index) * 85).astype(np.uint8))
    refused(tmp_path, "masks hold the values ", "170 (", "data.classes={name: value}")
    named = {"ground": 0, "road": 85, "tree": 170}
    split = read_masks(tmp_path, MaskOptions(classes=named))
    assert split.classes == tuple(named)
    assert_true(split)
    for text in (named, {str(v): k for k, v in named.items()}, [{"name": k, "id": v} for k, v in named.items()]):
        (tmp_path / "classes.json").write_text(json.dumps(text))
        assert_true(read_masks(tmp_path))


def test_colours_with_ids_name_masks_of_both_kinds(tmp_path: Path) -> None:
    """As in the tables of street scenes: masks in colours go by the colour, grey ones by the id beside it."""
    entries = [{"name": n, "id": 7 * i, "color": c} for i, (n, c) in enumerate(PALETTE.items())]
    for kind, masks in (("grey", lambda i: truth(i) * 7), ("colours", lambda i: COLOURS[truth(i)])):
        folder(tmp_path / kind, masks)
        (tmp_path / kind / "labels.json").write_text(json.dumps(entries))
        split = read_masks(tmp_path / kind)
        assert split.classes == tuple(PALETTE)
        assert_true(split)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("classes.txt", "ground\nroad\nroad\n", "classes.txt names 'road' 2 times"),
        ("classes.json", '{"0": "ground", "1": "road", "2": "road"}', "classes.json names 'road' 2 times"),
        ("class_dict.csv", "name,r,g,b\nroad,0,0,0\nroad,1,1,1\n", "class_dict.csv names 'road' 2 times"),
        ("labels.json", '[{"id": 0}, {"name": "road", "id": 1}]', "has no name; each class needs a name"),
        ("labels.json", '[{"name": "road"}]', "has no color or"),
        ("classes.json", "[0, 1]", "classes.json does not say what the masks' values mean"),
        ("classes.json", "{}", "classes.json does not say what the masks' values mean"),
    ],
)
def test_lists_of_names_that_are_none(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    folder(tmp_path)
    (tmp_path / name).write_text(text)
    refused(tmp_path, sentence)


def test_values_outside_the_classes_are_named_with_their_counts(tmp_path: Path) -> None:
    def masks(index: int) -> np.ndarray:
        mask = truth(index)
        if index == 3:
            mask[1, :5] = 9
        return mask

    folder(tmp_path, masks)
    refused(tmp_path, "1 mask holds values", "masks/a3.png: 9 (5 pixels)", "data.invalid=ignore", classes=list(PALETTE))
    split = read_masks(tmp_path, MaskOptions(classes=list(PALETTE), invalid="ignore"))
    assert (masks_of(split)["3"] == 255).sum() == 5
    assert any("masks/a3.png" in note for note in split.notes)


def test_what_is_not_known_cannot_be_a_class_too(tmp_path: Path) -> None:
    folder(tmp_path)
    refused(tmp_path, "data.ignore=0 is one of the class numbers 0 to 2", "data.classes={name: value}", ignore=0)
    refused(tmp_path, "data.ignore=0 is also the class 'ground'", ignore=0, classes=list(PALETTE))
    split = read_masks(tmp_path, MaskOptions(ignore=0, classes={"road": 1, "tree": 2}))
    assert_true(split, lambda index: np.where(truth(index) == 0, 255, truth(index) - 1).astype(np.uint8))


def unknown_at(value: int, kind: str = "int16") -> Callable[[int], np.ndarray]:
    """Masks of which the first row, 40 pixels, holds a value where nothing is known."""

    def mask(index: int) -> np.ndarray:
        found = truth(index).astype(kind)
        found[0] = value
        return found

    return mask


@pytest.mark.parametrize("value", [-1, 255])
def test_values_of_what_is_not_known_are_said_with_their_pixels(tmp_path: Path, value: int) -> None:
    folder(tmp_path, unknown_at(value), image="images/a{}.tif", mask="masks/a{}.tif")
    split = read_masks(tmp_path, MaskOptions(classes=list(PALETTE)))
    assert_true(split, lambda index: unknown_at(255)(index).astype(np.uint8))
    said = f"in 6 masks pixels count as not known: {value} (240 pixels); data.classes={{name: value}} makes a class"
    assert any(said in note for note in split.notes)
    named = read_masks(tmp_path, MaskOptions(classes={"ground": 0, "road": 1, "tree": 2, "sky": value}))
    assert_true(named, lambda index: unknown_at(3)(index).astype(np.uint8))
    assert not any("not known" in note for note in named.notes)


def test_pixels_that_the_file_says_are_no_data_are_said(tmp_path: Path) -> None:
    for index in range(COUNT):
        put(tmp_path / f"images/a{index}.tif", np.full((3, SIZE, SIZE), 9 + index, np.uint8))
        put(tmp_path / f"masks/a{index}.tif", unknown_at(7, "uint8")(index), nodata=7)
    said = "pixels count as not known: no data by the file's own word (240 pixels)"
    assert any(note.endswith(said) for note in read_masks(tmp_path).notes)


@pytest.mark.parametrize("value", [-2, -3, -(2**29), -(2**30), 2**32 - 1])
def test_other_numbers_than_classes_have_are_never_taken_as_known_or_not(tmp_path: Path, value: int) -> None:
    folder(tmp_path, unknown_at(value, "float64"), image="images/a{}.tif", mask="masks/a{}.tif")
    refused(tmp_path, str(value) if abs(value) < 9 else f"{value:,}")


def test_minus_one_beside_one_value_is_the_other_class(tmp_path: Path) -> None:
    folder(tmp_path, lambda i: truth(i, 2).astype("int16") * 2 - 1, image="images/a{}.tif", mask="masks/a{}.tif")
    split = read_masks(tmp_path)
    assert_true(split, lambda index: truth(index, 2))
    assert any("masks of -1 and 1 are taken as background and foreground" in note for note in split.notes)
    both = tmp_path / "both"
    folder(both, unknown_at(-1), image="images/a{}.tif", mask="masks/a{}.tif")
    assert len(read_masks(both).classes) == 3


def test_files_that_cannot_be_read_are_named_once(tmp_path: Path) -> None:
    folder(tmp_path)
    for name in ("masks/a1.png", "images/a3.jpg"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    said = refused(
        tmp_path, "1 annotation cannot be read: masks/a1.png: ", "also 1 image cannot be read: images/a3.jpg: "
    )
    assert said.count("masks/a1.png") == 1


def test_soft_masks_need_a_threshold(tmp_path: Path) -> None:
    def soft(index: int) -> np.ndarray:
        return np.random.default_rng(index).integers(0, 256, (SIZE, SIZE)).astype(np.uint8)

    folder(tmp_path, soft)
    refused(tmp_path, "values from 0 to 255", "data.threshold=128")
    refused(tmp_path, "data.kind=soft needs data.threshold", kind="soft")
    assert_true(read_masks(tmp_path, MaskOptions(threshold=128)), lambda index: (soft(index) >= 128).astype(np.uint8))
    folder(tmp_path / "floats", lambda index: (soft(index) / 255).astype(np.float32), mask="masks/a{}.tif")
    found = read_masks(tmp_path / "floats", MaskOptions(threshold=128))
    assert_true(found, lambda index: (soft(index) >= 128).astype(np.uint8))


def test_masks_without_image_and_image_without_mask(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "images/a0.jpg").unlink()
    (tmp_path / "masks/a1.png").unlink()
    refused(tmp_path, "1 annotation has no image: masks/a0.png", "1 image has no mask: images/a1.jpg")
    refused(tmp_path, "1 image has no mask", "data.unmasked=drop", orphans="drop")
    split = read_masks(tmp_path, MaskOptions(orphans="drop", unmasked="drop"))
    assert sorted(masks_of(split)) == ["2", "3", "4", "5"]
    assert sum("left out" in note for note in split.notes) == 2


def test_a_folder_for_the_other_task_is_told(tmp_path: Path) -> None:
    folder(tmp_path / "masks")
    with pytest.raises(ZooError, match=r"it holds masks, for which say task=segmentation; looked for"):
        read_folder(tmp_path / "masks")
    tiny.make(tmp_path / "boxes", "csv")
    refused(tmp_path / "boxes", "holds annotations as csv and no masks; say task=detection")


def test_masks_of_another_size(tmp_path: Path) -> None:
    folder(tmp_path, lambda index: truth(index)[: 30 if index == 2 else SIZE])
    refused(tmp_path, "masks/a2.png: 40 × 30 pixels, and images/a2.jpg has 40 × 40", "nearest neighbour")


def test_masks_that_know_nothing_or_show_background_alone(tmp_path: Path) -> None:
    def masks(index: int) -> np.ndarray:
        return {0: np.full((SIZE, SIZE), 255, np.uint8), 1: np.zeros((SIZE, SIZE), np.uint8)}.get(index, truth(index))

    folder(tmp_path, masks)
    refused(tmp_path, "1 mask knows no pixel: masks/a0.png", "data.blank=drop")
    refused(tmp_path, "1 mask shows background alone: masks/a1.png", blank="drop", negatives="error")
    kept = read_masks(tmp_path, MaskOptions(blank="drop"))
    assert sorted(masks_of(kept)) == ["1", "2", "3", "4", "5"]
    assert any("1 mask shows background alone: masks/a1.png; kept" in note for note in kept.notes)
    dropped = read_masks(tmp_path, MaskOptions(blank="drop", negatives="drop"))
    assert sorted(masks_of(dropped)) == ["2", "3", "4", "5"]
    folder(tmp_path / "unknown", lambda index: np.full((SIZE, SIZE), 255, np.uint8))
    refused(tmp_path / "unknown", "6 masks know no pixel", "data.ignore says which value is not known")
    refused(tmp_path / "unknown", "data.blank=drop leaves no image", blank="drop")
    folder(tmp_path / "zeros", lambda index: np.zeros((SIZE, SIZE), np.uint8))
    refused(tmp_path / "zeros", "show one class only (background)")


def test_a_class_that_training_never_shows(tmp_path: Path) -> None:
    for split, classes in (("train", 2), ("val", 2), ("test", 3)):
        folder(tmp_path, lambda i, k=classes: truth(i, k), f"{split}/images/a{{}}.jpg", f"{split}/masks/a{{}}.png", 2)
    refused(tmp_path, "only val or test shows 'tree'", "data.unseen=ignore", classes=list(PALETTE))
    split = read_masks(tmp_path, MaskOptions(classes=list(PALETTE), unseen="ignore"))
    assert split.classes == ("ground", "road")
    test = mask_of(split.parts["test"][0], split.parts["test"][0].window)
    np.testing.assert_array_equal(test, np.where(truth(0) == 2, 255, truth(0)))


def test_floats_that_would_be_cut_unseen(tmp_path: Path) -> None:
    folder(tmp_path, image="images/a{}.tif")
    for index in range(COUNT):
        pixels = np.random.default_rng(index).random((4, SIZE, SIZE)).astype(np.float32) * 500
        pixels[:, :3] = -9999
        put(tmp_path / f"images/a{index}.tif", pixels)
    refused(tmp_path, "images/a0.tif holds -9999", "data.nodata=-9999")
    with pytest.raises(ZooError, match=r"holds floats from .* set data.value_range=\["):
        read_masks(tmp_path, None, Values(nodata=-9999))
    split = read_masks(tmp_path, None, Values((0, 500), -9999))
    assert split.bands == ("band1", "band2", "band3", "band4")
    data = FolderSegmentation(
        "mine", tmp_path, Pipeline(), value_range=(0, 500), nodata=-9999, crop=32, tile=32, overlap=8
    )
    data.setup()
    batch = next(iter(data.val_dataloader()))
    assert batch["images"].shape[1:] == (4, 32, 32)
    assert (batch["masks"][0, :3] == 255).all()  # nothing was measured there


def test_no_masks_and_several_masks(tmp_path: Path) -> None:
    folder(tmp_path / "bare", mask="more/b{}.png")
    refused(tmp_path / "bare", f"{2 * COUNT} images and no mask", "data.pairs=")
    folder(tmp_path / "two")
    folder(tmp_path / "two", mask="labels/a{}.png")
    refused(tmp_path / "two", "6 images have several masks: images/a0.jpg (labels/a0.png, masks/a0.png)", "data.pairs")
    assert_true(read_masks(tmp_path / "two", MaskOptions(pairs="masks/(.*)")))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pairs": "masks/.*"}, "has 0 groups, not one"),
        ({"pairs": "("}, "is no regular expression"),
        ({"kind": "index", "threshold": 128}, "data.threshold=128 makes two classes of shares, and data.kind=index"),
        ({"ratios": (1, 0, 0)}, "must be 3 positive shares"),
    ],
)
def test_choices_that_are_none(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ZooError, match=sentence.replace("(", r"\(")):
        MaskOptions(**options)


def test_one_image_is_cut_in_regions_with_a_margin(tmp_path: Path) -> None:
    put(tmp_path / "images/a.tif", np.random.default_rng(0).integers(0, 255, (5, 100, 200)).astype(np.uint8))
    mask = np.random.default_rng(1).integers(0, 2, (100, 200)).astype(np.uint8)
    put(tmp_path / "masks/a.tif", mask)
    split = read_masks(tmp_path)
    windows = {part: scene.window for part, (scene,) in split.parts.items()}
    assert windows == {"train": (0, 0, 115, 100), "val": (125, 0, 30, 100), "test": (165, 0, 35, 100)}
    test = split.parts["test"][0]
    assert test.mask_file == tmp_path / "masks/a.tif"  # class numbers as they are: read where they lie
    np.testing.assert_array_equal(mask_of(test, (0, 0, 35, 100)), mask[:, 165:])


def test_what_is_coded_once_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    folder(tmp_path)
    first = {scene.mask_file for those in read_masks(tmp_path).parts.values() for scene in those}
    assert first == {scene.mask_file for those in read_masks(tmp_path).parts.values() for scene in those}
    put(tmp_path / "masks/a1.png", truth(77))
    changed = read_masks(tmp_path)
    np.testing.assert_array_equal(masks_of(changed)["1"], truth(77))


def test_codes_of_floats_with_fractions_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "m.tif", np.array([[0, 1.5], [2, np.nan]], np.float32))
    with pytest.raises(ZooError, match="holds fractions from 0 to 2"):
        codes(tmp_path / "m.tif", False)
    put(tmp_path / "n.tif", np.array([[0, 1], [2, np.nan]], np.float32))
    assert codes(tmp_path / "n.tif", False)[0].tolist() == [[0, 1], [2, NO_DATA]]


def words(root: Path, *more: str) -> Sequence[str]:
    return ["task=segmentation", "data=folder", f"data.root={root}", *more]


def test_from_words_to_batches(tmp_path: Path) -> None:
    folder(tmp_path, lambda index: COLOURS[truth(index)])
    palette = "data.palette={ground:[0,0,0],road:[128,64,128],tree:[0,200,10]}"
    cfg = compose(words(tmp_path, palette, "data.crop=32", "data.batch_size=2"))
    data = data_of(cfg)
    data.setup()
    assert data.classes == tuple(PALETTE)
    batch = next(iter(data.train_dataloader()))
    assert batch["masks"].shape == (2, 32, 32)
    assert set(batch["masks"].unique().tolist()) == {0, 1, 2}
    assert sum(data.profile().classes.values()) == sum(s.width * s.height for s in data.split.parts["train"])
    again = next(iter(data.train_dataloader()))
    assert torch.equal(batch["images"], again["images"])
    with pytest.raises(ZooError, match=r"data.palete is not known; did you mean palette"):
        FolderSegmentation("mine", tmp_path, Pipeline(), palete={})
    for wrong in ("data.bands=[]", "data.band_names=[]"):
        with pytest.raises(ZooError, match=r"data\.band\w+=.* must be a list of names, as in data"):
            data_of(compose(words(tmp_path, wrong)))
    with pytest.raises(ZooError, match="data.bands='red': a list of texts or null"):
        data_of(compose(words(tmp_path, "data.bands=red")))


def test_a_check_tells_all_that_is_wrong(tmp_path: Path) -> None:
    def masks(index: int) -> np.ndarray:
        return truth(index)[: 30 if index == 2 else SIZE]

    folder(tmp_path, masks)
    (tmp_path / "images/a0.jpg").unlink()
    report = check(tmp_path)
    found = {finding.kind: finding for finding in report.findings if finding.level == "error"}
    assert set(found) == {"orphan", "mask_size"}
    assert found["orphan"].examples == ("masks/a0.png",)
    assert report.exit_code == 1
    assert report.images == 4
    folder(tmp_path / "sound")
    sound = check(tmp_path / "sound")
    assert sound.exit_code == 0
    assert sum(sum(counts.values()) for counts in sound.classes.values()) == COUNT * SIZE * SIZE
    folder(tmp_path / "colours", lambda index: COLOURS[truth(index)])
    (wrong,) = check(tmp_path / "colours").findings
    assert "name them with data.palette" in wrong.sentence
