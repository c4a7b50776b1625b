"""Tiny texts made by a seeded script."""

import csv
import random
from pathlib import Path

TOPICS = {
    "sport": "match goal player team season coach league score win referee".split(),  # noqa: SIM905
    "food": "soup bread cheese oven recipe sugar salt dinner taste cook".split(),  # noqa: SIM905
    "money": "bank price market share profit tax loan trade fund budget".split(),  # noqa: SIM905
}
FILLERS = "the a of and in on with for it was is they we this that very new more".split()  # noqa: SIM905
NAMES = "Anna Bruno Carla Dieter Emma Farid".split()  # noqa: SIM905
PLACES = "Paris Oslo Lima Cairo Delhi Quito".split()  # noqa: SIM905


def topics(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return `count` texts with their topics: fillers, and a few words of the topic among them."""
    draw = random.Random(seed)
    rows = []
    for index in range(count):
        topic = sorted(TOPICS)[index % len(TOPICS)]
        words = [draw.choice(FILLERS) for _ in range(8)] + draw.sample(TOPICS[topic], 3)
        draw.shuffle(words)
        rows.append((" ".join(words).capitalize() + ".", topic))
    return rows


def write_table(path: Path, rows: list[tuple[str, ...]], separator: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows, the names of the columns first."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def sentences(count: int, seed: int = 0) -> list[list[tuple[str, str]]]:
    """Return `count` sentences of words with BIO labels: someone goes somewhere."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        name, place = draw.choice(NAMES), draw.choice(PLACES)
        middle = [(word, "O") for word in draw.sample(FILLERS, draw.randint(1, 4))]
        there = [("New", "B-place"), (place, "I-place")] if draw.random() < 0.3 else [(place, "B-place")]
        made.append([(name, "B-person"), ("went", "O"), ("to", "O"), *there, *middle, (".", "O")])
    return made


def write_conll(folder: Path, sizes: tuple[int, int, int] = (60, 12, 12)) -> Path:
    """Write train.txt, dev.txt and test.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, count) in enumerate(zip(("train", "dev", "test"), sizes, strict=True)):
        lines = ["\n".join(f"{word}\t{label}" for word, label in row) for row in sentences(count, seed)]
        (folder / f"{name}.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return folder
