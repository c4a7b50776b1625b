"""Objects and masks are judged by the metric of their task, on held-out labels; what changes for the inbox is told."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.sites.made import untrained_run
from tools.production.accrete.command import Options, accrete
from tools.production.collect.bring_back import Inward, bring_back
from tools.production.promote import consider
from zoo.errors import ZooError
from zoo.runs.run import Run
from zoo.sites import promotion
from zoo.sites.site import Site

pytestmark = pytest.mark.slow
SIDE = 64


def scene(rng: np.random.Generator) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    x, y, w, h = (int(v) for v in (*rng.integers(4, 30, 2), *rng.integers(12, 28, 2)))
    pixels = rng.integers(40, 90, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[y : y + h, x : x + w] = (220, 200, 60)
    return pixels, (x, y, x + w, y + h)


def boxes(folder: Path, count: int, seed: int) -> Path:
    """Write images and COCO boxes."""
    rng, images, objects = np.random.default_rng(seed), [], []
    (folder / "images").mkdir(parents=True)
    for number in range(count):
        pixels, (x1, y1, x2, y2) = scene(rng)
        Image.fromarray(pixels).save(folder / "images" / f"s{seed}_{number:02d}.png")
        images.append({"id": number, "file_name": f"s{seed}_{number:02d}.png", "width": SIDE, "height": SIDE})
        bbox = [x1, y1, x2 - x1, y2 - y1]
        objects.append({"id": number + 1, "image_id": number, "category_id": 1, "bbox": bbox})
    content = {"images": images, "annotations": objects, "categories": [{"id": 1, "name": "tile"}]}
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def masks(folder: Path, count: int, seed: int) -> Path:
    """Write images and masks of two classes."""
    rng = np.random.default_rng(seed)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        pixels, (x1, y1, x2, y2) = scene(rng)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[y1:y2, x1:x2] = 1
        Image.fromarray(pixels).save(folder / "images" / f"s{seed}_{number:02d}.png")
        Image.fromarray(mask).save(folder / "masks" / f"s{seed}_{number:02d}.png")
    (folder / "classes.txt").write_text("ground\ntile\n")
    return folder


CASES = {
    "detection": (boxes, ["task=detection", "model=kestrel_nano", "data.crop=64", "data.tile=64", "data.overlap=0"]),
    "segmentation": (masks, ["task=segmentation", "model=unet", "data.crop=64", "data.tile=64", "data.overlap=0"]),
}


def version(folder: Path, seed: int, words: list[str]) -> Run:
    run = untrained_run(folder, *words)
    (folder / "metrics.json").write_text(json.dumps({"test/made": 0.5, "seed": seed, "val/score_at_best_f1": 0.01}))
    return run


@pytest.mark.parametrize("name", CASES)
def test_a_task_with_a_metric_is_judged_by_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, few in (("MEASURED", 2), ("FEWEST", 6), ("FEWEST_OF_SLICE", 6)):
        monkeypatch.setattr(promotion, limit, few)
    write, words = CASES[name]
    words = [*words, "data=folder", f"data.root={write(tmp_path / 'data', 9, 0)}", "augment=none"]
    site = Site.create(tmp_path / "site", version(tmp_path / "a", 0, words))
    with site.lock():
        other = site.add(version(tmp_path / "b", 1, words))
    with pytest.raises(ZooError, match="no label is held out"):
        consider(site, other, shadow=0)
    fresh = write(tmp_path / "fresh", 6, 5)
    bring_back(site, fresh, Inward(labels=fresh, by="anna", hold_out="recent"))
    for path in sorted((fresh / "images").iterdir())[:3]:
        shutil.copy(path, site.folder / "inbox")
    (site.folder / "promotion.yaml").write_text("milliseconds: 1000\n")
    facts = consider(site, other, shadow=3)
    assert (facts["verdict"], facts["samples"]) == ("HOLD", 6)
    assert [one["name"] for one in facts["differences"]] == ["all", "recent"]
    assert facts["differences"][0]["difference"] == pytest.approx(0)
    assert (facts["shadow"]["inputs"], facts["shadow"]["changed"]) == (3, 0)


@pytest.mark.parametrize("name", CASES)
def test_a_task_learns_from_labels_and_appends_a_class(name: str, tmp_path: Path) -> None:
    write, words = CASES[name]
    words = [*words, "data=folder", f"data.root={write(tmp_path / 'data', 9, 0)}", "augment=none", "data.batch_size=4"]
    site = Site.create(tmp_path / "site", version(tmp_path / "a", 0, words))
    fresh = write(tmp_path / "fresh", 4, 5)
    renamed = fresh / ("annotations.json" if (fresh / "annotations.json").exists() else "classes.txt")
    renamed.write_text(renamed.read_text().replace("tile", "roof"))
    bring_back(site, fresh, Inward(labels=fresh, by="anna", new=["roof"]))
    before = site.settings.classes
    facts = accrete(site, Options(epochs=1, max_drop=1.0))
    assert (facts["kept"], facts["labels"], facts["new_classes"]) == (True, 4, ["roof"])
    assert tuple(site.versions.run(facts["version"]).head()["classes"]) == (*before, "roof")
