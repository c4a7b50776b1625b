"""Sites of tiny runs, whose weights are random: what is tested is all but what they say."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import zoo
from configuration.composition import compose, inform, to_dict
from configuration.instantiation import data_of
from tests.tools.predict.untrained import kind, untrained
from tools.production.simulate.world import CLASSES, Year, before, draw, look_at, shots
from zoo.runs.run import Run
from zoo.sites.site import Site


def finished(folder: Path, words_of: str = "topics", seed: int = 0) -> Run:
    """Return a finished run; another seed is another version."""
    source = folder.with_name(f"{folder.name}_data")
    source.mkdir()
    words, _ = kind(words_of, source)
    run, _ = untrained(folder, *words)
    (folder / "metrics.json").write_text(json.dumps({"test/accuracy": 0.5, "seed": seed}))
    return run


def site(folder: Path) -> Site:
    """Return a site in which a run that labels texts answers."""
    folder.mkdir(exist_ok=True)
    return Site.create(folder / "site", finished(folder / "run"))


def signs(folder: Path, count: int = 24, seed: int = 0) -> Path:
    """Write small pictures of signs, a folder a class, in splits."""
    rng = np.random.default_rng(seed)
    for part in ("train", "val", "test"):
        for number, shot in enumerate(before(Year(), rng, count if part == "train" else 16)):
            place = folder / part / CLASSES[number % 4]
            place.mkdir(parents=True, exist_ok=True)
            picture = draw(CLASSES[number % 4], look_at(Year(), 0, shot.place), rng)
            Image.fromarray(picture).save(place / f"{number}.png")
    return folder


def untrained_run(folder: Path, *words: str) -> Run:
    """Return a finished run of these words whose weights are random."""
    common = ["trainer.workers=0", "trainer.threads=1", "trainer.precision=32-true", f"run={folder}"]
    cfg = compose([*common, *words])
    data = data_of(cfg)
    data.setup()
    cfg = inform(cfg, data)
    settings = to_dict(cfg)
    options = {key: value for key, value in settings["model"].items() if key not in ("name", "pretrained")}
    torch.manual_seed(0)
    model = zoo.create(cfg.model.name, classes=len(data.classes), bands=data.bands, pretrained=False, **options)
    head = {"model": cfg.model.name, "options": options, "classes": list(data.classes), "bands": list(data.bands)}
    run = Run(folder)
    run.open(settings)
    run.save_model(model, {**head, "fitted": data.fitted(), "learnt": {}})
    data.profile().save(folder / "profile.json")
    run.save_metrics({"test/accuracy": 0.5})
    return run


def sign_site(folder: Path) -> Site:
    """Return a site in which a classifier of signs answers, whose weights are random, with an inbox of 30 pictures."""
    words = [
        "task=classification",
        "data=folder",
        f"data.root={signs(folder / 'data')}",
        "model=resnet8",
        "augment=none",
    ]
    small = ["data.size=32", "data.least=0.9", "trainer.max_epochs=1", "data.batch_size=16"]
    made = Site.create(folder / "site", untrained_run(folder / "run", *words, *small))
    rng = np.random.default_rng(1)
    for number, shot in enumerate(shots(Year(), 8, rng, 30)):
        Image.fromarray(shot.picture).save(made.folder / "inbox" / f"{number:02d}_{shot.label}.png")
    return made


def label_all(folder: Path, labels: dict[str, str] | None = None) -> None:
    """Fill the table of a batch in: with the class in the name of each file, or as `labels` say."""
    table = folder / "labels.csv"
    first, *rows = table.read_text().splitlines()
    filled = []
    for row in rows:
        file, _, *others = row.split(",")
        name = Path(file).name
        filled.append(
            ",".join([file, labels[name] if labels and name in labels else Path(file).stem.split("_")[1], *others])
        )
    table.write_text("\n".join([first, *filled]) + "\n")
