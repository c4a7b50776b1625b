"""Series of the UCR and UEA archives with their official splits, or the user's own files in the same format.

Dau et al. 2019, https://arxiv.org/abs/1810.07758; Bagnall et al. 2018, https://arxiv.org/abs/1811.00075. The sets named
here lie in the aeon package, https://www.aeon-toolkit.org.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.kit.module import Change
from recipes.kit.split import Split, check_ratios
from recipes.sensors import ts
from recipes.series.future import Timed
from recipes.series.module import SeriesModule
from recipes.series.series import Series, hold_out
from recipes.series.times import Uneven
from zoo.errors import ZooError, near
from zoo.sources import Source, fetch_files

SOURCE = "pypi://aeon==1.6.0/aeon/datasets/data"
#: sha256 of the training and the test file of each set.
SETS = {
    "JapaneseVowels": (
        "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
        "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
    ),
    "GunPoint": (
        "f842401779fd9800d247d8b33121a1a4643710a19b24917dbdd9a060ca8630d5",
        "79332750788a6227b325b96bd0d70130c8eb707b9731f8d7dec62b7a7d36017e",
    ),
    "BasicMotions": (
        "8dc43cc6306cb679c888c01e26f91772ac4441a916da43bac8b79734a538b9d6",
        "79213102bc6fca1a398ad98ce1185dff0208fa3d1465e687f48288946b0ff8dc",
    ),
    "ItalyPowerDemand": (
        "341269cb7e6cef96846b30e774580beec79addb93848ba360145219115a74b7c",
        "26122451f87dd0387ef90b18bc8a86c041371b8a1c068004922b939971247144",
    ),
    "OSULeaf": (
        "86b9d6e860414ffd26cebc62fff84ffb37fa588ef3e5bf79e4094a437c36ddfc",
        "6c549dd354f9e42d5985fa5fab75321ca9acefc7873457e71467fc8a31f107ce",
    ),
    "ACSF1": (
        "0646b90dc4843e02baed6b2ba345c5601a4991b6796565489cef1b2d92a7537b",
        "93e8aaeb44a10af181d24a156e60da7021193cd990ca28f263fccf3b905bfebf",
    ),
}


class Archive(SeriesModule):
    """A set by name, or the user's own as `root`, its training and its test file.

    `ratios` are the shares of train and val of the training series; None holds a tenth out, or nothing of fewer than 300.
    """

    new_input, endings = "NEW.ts", frozenset({".ts"})

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        set: str = "JapaneseVowels",
        root: Sequence[str] | None = None,
        ratios: Sequence[float] | None = None,
        times: Uneven = "raise",
        **settings: Any,
    ) -> None:
        super().__init__(name, augment, **settings)
        if root is not None and (isinstance(root, str) or len(root) != 2):
            raise ZooError(f"data.root={root} must be two files, as in data.root=[FILE_TRAIN.ts,FILE_TEST.ts]")
        if root is None and set not in SETS:
            raise ZooError(
                f"data.set={set!r} is not known{near(set, SETS)}; it is one of {', '.join(SETS)},"
                " and any other is data.root=[FILE_TRAIN.ts,FILE_TEST.ts]"
            )
        self.set, self.root, self.times = set, root, times
        self.ratios = None if ratios is None else check_ratios(ratios, ("train", "val"))

    def sources(self) -> Sequence[Source]:
        """Return the two files of the set."""
        if self.root is not None:
            return []
        parts = zip(("TRAIN", "TEST"), SETS[self.set], strict=True)
        return [Source(f"{SOURCE}/{self.set}/{self.set}_{part}.ts", sha256) for part, sha256 in parts]

    def read_split(self) -> Split[Series]:
        """Read both files; the classes are those of the training file."""
        paths = fetch_files(self.sources()) if self.root is None else [Path(file).expanduser() for file in self.root]
        train, test = (ts.read(path, self.times) for path in paths)
        widths = [len(cases.values[0][0]) for cases in (train, test)]
        if widths[0] != widths[1]:
            raise ZooError(f"{paths[0]} has {widths[0]} features and {paths[1]} has {widths[1]}; they must be the same")
        parts, how = hold_out(named("train", train, train.classes), self.ratios, self.loading.seed)
        parts["test"] = named("test", test, train.classes)
        said = f"test: {paths[1].name}, as the archive splits it; {how}"
        return Split(parts, train.classes, bands_of(widths[0]), (said,), "unknown")

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another .ts file, with classes or without."""
        cases = ts.read(path, self.times, labelled=False)
        width = cases.values[0].shape[1]
        same_width(cases.values, width, str(path))
        every = [Timed(Series(f"case {i}", values), np.zeros(0)) for i, values in enumerate(cases.values, 1)]
        return bands_of(width), every


def bands_of(width: int) -> tuple[str, ...]:
    """Return the names of so many features."""
    return ("value",) if width == 1 else tuple(f"channel {i + 1}" for i in range(width))


def same_width(values: Sequence[np.ndarray], width: int, where: str) -> None:
    """Refuse a case with another number of features than the others."""
    for index, steps in enumerate(values):
        if steps.shape[1] != width:
            raise ZooError(f"case {index + 1} of {where} has {steps.shape[1]} features, not {width}")


def named(part: str, cases: ts.Cases, classes: Sequence[str]) -> list[Series]:
    """Return the cases of a part as series; a class that the training file does not name is refused."""
    strange = sorted(set(cases.words) - set(classes))
    if strange:
        raise ZooError(
            f"the {part} file has class {strange[0]!r}, the training file only {', '.join(classes)};"
            " train on it too, or leave its cases out"
        )
    same_width(cases.values, cases.values[0].shape[1], f"the {part} file")
    every = enumerate(zip(cases.values, cases.words, strict=True), 1)
    return [Series(f"{part} {index}", values, classes.index(word)) for index, (values, word) in every]
