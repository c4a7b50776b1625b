"""Inputs that are kept for annotation, drawn by the number of their record; and what is older than a site keeps, removed."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from zoo.files import atomic_write, ensure_dir
from zoo.sites.labels import LabelBook
from zoo.sites.settings import Keep
from zoo.sites.site import INBOX, Site


def is_drawn(record: str, share: float) -> bool:
    """Tell whether the input of a record is among the `share` that is kept: the same for the same record."""
    return int(record[:8], 16) < share * 2**32


def keep_input(site: Path, source: Any, record: str) -> Path | None:
    """Keep a file or a text in the inbox, called like its record; None of an input that is neither."""
    folder = site / INBOX
    ensure_dir(folder, "free the disk")
    if isinstance(source, Path):
        with atomic_write(folder / f"{record}{source.suffix.lower()}") as part:
            shutil.copyfile(source, part)
        return folder / f"{record}{source.suffix.lower()}"
    if isinstance(source, str):
        with atomic_write(folder / f"{record}.txt") as part:
            part.write_text(f"{' '.join(source.split())}\n", encoding="utf-8")
        return folder / f"{record}.txt"
    return None


def prune(site: Site, keep: Keep, now: datetime | None = None) -> dict[str, int]:
    """Remove records and inputs that are older than a site keeps them; return how many files of each went.

    Inputs that are out to be labelled stay until they come back; those with a label are copies in labels/ by then.
    """
    today = (now or datetime.now(UTC)).date()
    return {
        "records": sum(remove_day(path) for path in days_before(site.folder / "records", today, keep.records_days)),
        "inputs": sum(remove(path) for path in inputs_before(site, today, keep.inputs_days)),
    }


def days_before(records: Path, today: date, days: int | None) -> list[Path]:
    """Return the folders of records of days that are longer ago than so many."""
    if days is None:
        return []
    first = (today - timedelta(days=days)).isoformat()
    return sorted(path for path in records.glob("[0-9]*-*-*") if path.is_dir() and path.name < first)


def inputs_before(site: Site, today: date, days: int | None) -> list[Path]:
    """Return the inputs of the inbox that came longer ago than so many days, and are not out."""
    if days is None:
        return []
    book = LabelBook(site.folder)
    out = set(book.out()) - {one.item.file for one in book.all()}
    first = datetime.combine(today - timedelta(days=days), datetime.min.time(), UTC).timestamp()
    inside = (site.folder / INBOX).glob("*")
    return sorted(path for path in inside if path.is_file() and path.name not in out and path.stat().st_mtime < first)


def remove(path: Path) -> int:
    """Remove a file."""
    path.unlink(missing_ok=True)
    return 1


def remove_day(folder: Path) -> int:
    """Remove the records of a day; return how many files they were."""
    files = sorted(folder.glob("*.parquet"))
    for path in files:
        path.unlink()
    folder.rmdir()
    return len(files)
