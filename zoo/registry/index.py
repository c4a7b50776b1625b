"""The index: of every registered card the few facts that a list shows, without parsing what did not change.

It is kept in the cache folder, one file a card root, by path, modification time and size of each card, and is made anew when
the code that reads cards changes. It can be deleted at any time; when it cannot be written, the cards are parsed again.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoo.errors import ZooError
from zoo.files import cache_text
from zoo.files.paths import cache_root
from zoo.registry.card_roots import CardRoot, card_files
from zoo.registry.tasks import kinds

#: The files whose change may change what is read from a card.
READERS = ("cards.py", "../errors/validation_messages.py", "front_matter.py", "index.py", "licences.py", "tasks.py")


class Entry(NamedTuple):
    """What a list shows of a model. `commercial` is yes, no or depends, over all licences of the card."""

    name: str
    task: str
    summary: str
    status: str
    domains: Sequence[str]
    parameters: int | None
    licences: Mapping[str, str]
    commercial: str
    weights: Sequence[str]
    path: str


class Index(NamedTuple):
    """All registered models by name, and of each card that cannot be read the sentence that says why."""

    entries: Mapping[str, Entry]
    broken: tuple[str, ...]


def load() -> Index:
    """Return the index of all card roots, brought up to date."""
    by_root: dict[CardRoot, list[Any]] = {}
    for root, file in card_files().values():
        by_root.setdefault(root, []).append(file)
    rows: dict[str, Any] = {}
    for root, files in by_root.items():
        rows |= _rows(root, files)
    entries = {name: Entry(*row) for name, row in sorted(rows.items()) if isinstance(row, list)}
    return Index(entries, tuple(row for row in rows.values() if isinstance(row, str)))


def _rows(root: CardRoot, files: list[Any]) -> dict[str, Any]:
    """Return by name the row of each card, or the sentence that says why it cannot be read."""
    store = cache_root() / "index" / f"{zlib.crc32(str(root.folder).encode()):08x}.json"
    code = [(Path(__file__).parent / name).stat() for name in READERS]
    version = [list(kinds()), *([facts.st_mtime_ns, facts.st_size] for facts in code)]
    known = _known(store, version)
    rows = {}
    for file in files:
        stamp = list(file.stamp)
        kept = known.get(file.path)
        rows[file.path] = kept if kept and kept[0] == stamp else [stamp, _row(Path(file.path))]
    if rows != known:
        cache_text(store, json.dumps({"version": version, "rows": rows}, separators=(",", ":")))
    return {file.name: rows[file.path][1] for file in files}


def _known(store: Path, version: Any) -> dict[str, Any]:
    try:
        content = json.loads(store.read_bytes())
        return content["rows"] if content["version"] == version else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # none yet, cut short, or of another make: the cards themselves say it all


def _row(path: Path) -> list[Any] | str:
    from zoo.registry.cards import read_named
    from zoo.registry.licences import use

    try:
        card = read_named(path)
    except ZooError as error:
        return str(error)
    granted = card.licences.model_dump()
    tags = [weights.tag for weights in card.weights]
    use_of = use(granted).commercial
    return [
        card.name,
        card.task,
        card.summary,
        card.status,
        list(card.domains),
        card.parameters,
        granted,
        use_of,
        tags,
        str(path),
    ]
