"""Files and folders that are whole, or not there: written under another name first, or claimed before others take them."""

import errno
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files.paths import cache_root


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and rename it to `path` when all went well; else nothing is left."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        durable_replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ZooError(f"cannot write {path}: {error.strerror}; free the disk or choose another folder") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_write_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give temporary paths of the same names, in a folder beside, and rename them, the first last, when all went well."""
    folder = paths[0].with_name(f".{paths[0].name}.{os.getpid()}.part")
    for left in find_abandoned(folder):
        shutil.rmtree(left, ignore_errors=True)
    try:
        folder.mkdir()
        parts = [folder / path.name for path in paths]
        yield parts
        for part, path in reversed(list(zip(parts, paths, strict=True))):
            durable_replace(part, path)
    except OSError as error:
        raise ZooError(f"cannot write {paths[0]}: {error.strerror}; free the disk or choose another folder") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, and rename it to `path` when all went well; else nothing is left."""
    part = path.absolute().with_name(f".{path.name}.{os.getpid()}.part")
    for left in find_abandoned(part):
        shutil.rmtree(left)
    try:
        part.mkdir(parents=True)
        yield part
        durable_replace(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def durable_replace(part: Path, path: Path) -> None:
    """Rename a file or a folder, so that after a power cut there is the old one or the new one, whole.

    A rename can reach the disk before what was written does; so that is waited for first, and then for the name.
    """
    for written in [*part.rglob("*"), part] if part.is_dir() else [part]:
        if not written.is_symlink() and (written.is_dir() or written.stat().st_nlink == 1):  # others were there before
            sync(written)
    part.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":
        return  # Windows opens no folders
    number = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # what the file system has no fsync for
            raise
    finally:
        os.close(number)


def find_abandoned(part: Path) -> list[Path]:
    """Return what killed processes left under the temporary name `part`, which holds this process's number.

    It is told by their own numbers, under which no process runs any more.
    """
    from psutil import pid_exists

    before, _, after = part.name.rpartition(f".{os.getpid()}.")
    found = part.parent.glob(f"{escape(before)}.*.{escape(after)}*")
    numbers = {left: left.name.removeprefix(f"{before}.").partition(".")[0] for left in found}
    return [left for left, number in numbers.items() if number.isdecimal() and not pid_exists(int(number))]


def ensure_dir(folder: Path, way_out: str = "choose another with --out") -> None:
    """Make a folder, and those above it, where it is not there yet; `way_out` is said when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ZooError(f"cannot make the folder {folder}: {os.strerror(error.errno or 0)}; {way_out}") from error


def cache_place(*parts: str) -> Path:
    """Return a place in the cache, in a folder that is there; ZooError where none can be made."""
    place = cache_root().joinpath(*parts)
    ensure_dir(place.parent, "set ZOO_CACHE to a folder that you may write to")
    return place


def refuse_existing(path: Path, force: bool, option: str = "--out") -> Path:
    """Return the path that `option` names; refuse one that is there already unless told to replace it."""
    if path.exists() and not force:
        raise ZooError(f"{option} {path} is there already; choose another name, or replace it with --force")
    return path


def cache_text(path: Path, text: str) -> None:
    """Keep a text in the cache; where it cannot be written, what it tells is made again the next time."""
    with suppress(OSError, ZooError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as part:
            part.write_text(text, encoding="utf-8")


def timestamped(parent: Path, end: str = "") -> Path:
    """Return the folder in `parent` that is named by the time, to the second."""
    return parent / f"{datetime.now():%Y-%m-%d_%H-%M-%S}{end}"


def make_timestamped(parent: Path, end: str = "", number: int = 1) -> Path:
    """Make a folder named by the time, and `end`; of commands that begin in the same second each has its own."""
    folder = timestamped(parent, end if number == 1 else f"-{number}{end}")
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return make_timestamped(parent, end, number + 1)
    except OSError as error:
        raise ZooError(
            f"cannot make the folder {folder}: {error.strerror}; make room or go to another folder"
        ) from error
    return folder


@contextmanager
def claim_timestamped(parent: Path, end: str = "") -> Iterator[Path]:
    """Give a fresh folder, so that no other run takes it; it goes again if the run is refused before anything is in it."""
    folder = make_timestamped(parent, end)
    try:
        yield folder
    finally:
        with suppress(OSError):  # it holds a run
            folder.rmdir()
            folder.parent.rmdir()


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole or not at all; a number that is not defined (NaN, infinite) becomes null."""
    with atomic_write(path) as part:
        part.write_text(json_text(content) + "\n", encoding="utf-8")


def json_text(content: Any) -> str:
    """Return content as JSON to be read; a number that is not defined (NaN, infinite) becomes null."""
    return json.dumps(finite(content), indent=2, ensure_ascii=False, allow_nan=False)


def finite(content: Any) -> Any:
    """Return the content with None in the place of numbers that JSON has no word for."""
    if isinstance(content, Mapping):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
