"""Captions of photographs in English and in French: Multi30k, 29,000 pairs, with the authors' own split.

Elliott et al. 2016, https://arxiv.org/abs/1605.00459; the French of Elliott et al. 2017, https://arxiv.org/abs/1710.07177.
The test is that of 2016. The captions are derived from Flickr30k, and nobody states a licence for them.
"""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from recipes.translation.pair import Pair
from recipes.translation.parallel import pair
from zoo.errors import ZooError
from zoo.sources import Source

SOURCE = "github://multi30k/dataset@a3d2e0d/data/task1/raw"
#: The files of each split in English and in French, with their sha256.
FILES = {
    "train": (
        ("train.en.gz", "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
        ("train.fr.gz", "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c"),
    ),
    "val": (
        ("val.en.gz", "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
        ("val.fr.gz", "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9"),
    ),
    "test": (
        ("test_2016_flickr.en.gz", "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
        ("test_2016_flickr.fr.gz", "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90"),
    ),
}


def sources() -> list[Source]:
    """Return the files in the order of the splits, English before French."""
    return [Source(f"{SOURCE}/{name}", sha256) for files in FILES.values() for name, sha256 in files]


def read(paths: Sequence[Path]) -> Mapping[str, Sequence[Pair]]:
    """Return the pairs by split, of the files that `sources` lists."""
    return {part: pairs(part, *both) for part, *both in zip(FILES, paths[::2], paths[1::2], strict=True)}


def pairs(part: str, english: Path, french: Path) -> list[Pair]:
    """Return the pairs of two packed files, line by line."""
    sides = [gzip.decompress(path.read_bytes()).decode("utf-8").splitlines() for path in (english, french)]
    if len(sides[0]) != len(sides[1]):
        raise ZooError(
            f"{english} has {len(sides[0])} lines and {french} has {len(sides[1])}; line by line they belong together"
        )
    return [pair(f"{part}:{line}", *both) for line, both in enumerate(zip(*sides, strict=True), 1)]
