"""Profiles of data sets, measured once: asking again for the same data imports neither torch nor the data.

A profile is kept in the cache folder under what it depends on: the composed settings of the data, the files that they
name, and the code that reads data. Anything else that changes makes a new one.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.files import cache_text
from zoo.files.paths import cache_root
from zoo.profile import Profile
from zoo.registry.card_roots import ROOT as CARDS
from zoo.registry.card_roots import card_roots

if TYPE_CHECKING:
    from configuration.composition import DictConfig

ROOT = Path(__file__).parents[2]
#: Settings of the data that say how batches are made, not what the data is.
BATCHING = ("augment", "batch_size", "workers", "samples", "scale", "memory")


def profile_of(cfg: "DictConfig") -> Profile:
    """Return the profile of the data of a composed configuration; from the cache when it was measured before."""
    from configuration.composition import to_dict

    settings = to_dict(cfg.data)
    kept = cache_root() / "profiles" / f"{key(settings)}.json"
    if kept.exists():
        with suppress(ZooError):  # damaged, or of an older make: measured again
            return Profile.load(kept)
    profile = measure(cfg)
    cache_text(kept, profile.to_json())
    return profile


def measure(cfg: "DictConfig") -> Profile:
    """Build the data module, read its annotations, and measure."""
    from configuration.instantiation import data_of

    data: Any = data_of(cfg)
    data.prepare_data()
    data.setup()
    return data.profile()


def key(settings: dict[str, Any]) -> str:
    """Return a name for the data that `settings` describe; another when a file that they name or the code changed."""
    facts = {name: value for name, value in settings.items() if name not in BATCHING}
    named = sorted({word for word in words(facts) if word and Path(word).exists()})
    prints = [fingerprint(Path(word)) for word in named]
    added = [root.folder for root in card_roots() if root.folder != CARDS]
    code = [fingerprint(folder) for folder in (ROOT / "recipes", CARDS / "profile", CARDS / "geometry", *added)]
    return hashlib.sha256(json.dumps([facts, prints, code], sort_keys=True).encode()).hexdigest()[:24]


def words(value: Any) -> Iterator[str]:
    """Yield all texts in nested settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)


def fingerprint(path: Path) -> list[int]:
    """Return number, total size and latest change of the files at or below `path`; not of bytecode, which comes and goes."""
    files = [path] if path.is_file() else (Path(top, name) for top, _, names in os.walk(path) for name in names)
    facts = [file.stat() for file in files if file.suffix != ".pyc"]
    return [len(facts), sum(fact.st_size for fact in facts), max((fact.st_mtime_ns for fact in facts), default=0)]
