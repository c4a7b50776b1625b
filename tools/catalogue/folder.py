"""The folder of the catalogue: written whole or not at all, and never over something that is not ours."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zoo.errors import ZooError
from zoo.files import durable_replace

#: Lists every file of the catalogue with its digest; a folder with this file in it is a catalogue of ours.
MANIFEST = "catalogue.json"
MADE_BY = "zoo catalogue"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the catalogue in `folder` by `files`; refuse a folder with anything in it that an earlier call did not write."""
    folder = folder.resolve()
    _refuse_foreign(folder)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        for name, content in _with_manifest(files).items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if folder.exists():
            folder.replace(old)
        durable_replace(part, folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.replace(folder)
        raise ZooError(
            f"cannot write --out {folder}: {error.strerror}; free the disk or name another folder"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def differences(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return what in `folder` is not as `files` say, a sentence each; empty when it is up to date."""
    wanted = _with_manifest(files)
    there = set(_files(folder))
    said = [f"{name} is missing" for name in wanted if name not in there]
    said += [f"{name} does not belong there" for name in sorted(there - set(wanted))]
    said += [
        f"{name} differs"
        for name, content in wanted.items()
        if name in there and (folder / name).read_bytes() != content
    ]
    return sorted(said)


def _with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    manifest = json.dumps({"made by": MADE_BY, "files": digests}, indent=1, ensure_ascii=False) + "\n"
    return {**files, MANIFEST: manifest.encode()}


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]


def _refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds files which no earlier call wrote."""
    if folder.exists() and not folder.is_dir():
        raise ZooError(f"--out {folder} is a file; name a folder")
    if not folder.is_dir():
        return
    known = _written_before(folder / MANIFEST)
    there = _files(folder) if known else [path.name for path in folder.iterdir()]
    foreign = sorted(set(there) - known - ({MANIFEST} if known else set()))
    if foreign:
        raise ZooError(
            f"--out {folder} holds {foreign[0]!r}, which `zoo catalogue` did not write; move it out or name another folder"
        )


def _written_before(manifest: Path) -> set[str]:
    """Return the names that the manifest of a site lists; none when it is no manifest of ours."""
    try:
        content = json.loads(manifest.read_bytes())
        return set(content["files"]) if content["made by"] == MADE_BY else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()  # no catalogue of ours: whatever lies there is then refused by name
