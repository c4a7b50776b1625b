"""`zoo cache`: what was fetched and is kept, and what of it goes."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from tools.terminal.columns import table
from zoo import quantities
from zoo.errors import ZooError
from zoo.files.paths import cache_root
from zoo.sources.cache import Cache, Entry


def command(json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False) -> None:
    """List the files in the cache, the least recently used first.

    Example: `zoo cache`, then `zoo cache prune --older-than 30d`
    """
    entries = Cache(cache_root()).entries()
    if json_:
        print(json.dumps([facts(entry) for entry in entries], indent=2))
        return
    show(entries)
    print(f"{len(entries)} files, {total(entries)} in {cache_root()}")


def prune(
    older_than: Annotated[str | None, typer.Option(help="only what was not used for so long: 30d, 12h, 2w")] = None,
    pattern: Annotated[str | None, typer.Option(help="only URIs like this, with * and ?")] = None,
    all_: Annotated[bool, typer.Option("--all", help="everything")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list what would go, and stop")] = False,
) -> None:
    """Remove files from the cache. What is still needed is fetched again when it is asked for.

    Examples: `zoo cache prune --older-than 30d --dry-run`, `zoo cache prune --pattern 'pypi://*'`
    """
    if not (older_than or pattern or all_):
        raise ZooError("zoo cache prune needs to know what goes: --older-than 30d, --pattern 'hf://*', or --all")
    if all_ and (older_than or pattern):
        raise ZooError("--all means everything; leave it out to go by --older-than or --pattern")
    cache, age = Cache(cache_root()), quantities.parse_duration("--older-than", older_than) if older_than else None
    gone = cache.matching(older_than=age, pattern=pattern) if dry_run else cache.prune(older_than=age, pattern=pattern)
    show(gone)
    print(f"{len(gone)} files, {total(gone)} {'would go' if dry_run else 'removed'}")


def show(entries: Sequence[Entry]) -> None:
    """Print a table of files."""
    rows = [
        (quantities.size(e.facts.bytes), f"{datetime.fromtimestamp(e.used):%Y-%m-%d %H:%M}", e.facts.uri)
        for e in entries
    ]
    if rows:
        print(table(("size", "last used", "uri"), rows, right=("size",)))


def total(entries: Sequence[Entry]) -> str:
    """Return the bytes of all files together, as people read them."""
    return quantities.size(sum(entry.facts.bytes for entry in entries))


def facts(entry: Entry) -> dict[str, object]:
    """Return what is known of a file."""
    used = datetime.fromtimestamp(entry.used).astimezone().isoformat(timespec="seconds")
    known = entry.facts
    return {
        "uri": known.uri,
        "bytes": known.bytes,
        "sha256": known.sha256,
        "revision": known.revision,
        "last_used": used,
        "path": str(entry.path),
    }
