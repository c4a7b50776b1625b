"""Runs that were pulled from a hub: where they lie, and the record beside each of which commit it is.

runs/hub/<owner>--<repo>/<commit>/        the run folder, whole
runs/hub/<owner>--<repo>/<commit>.json    repository, commit, the revisions asked for, sha256 and bytes of each file
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import write_json
from zoo.files.paths import RUNS
from zoo.sources.address import Address, parse

SCHEME = "hf://"


@dataclass(frozen=True)
class Record:
    """What was pulled: `revisions` tells when (seconds since the epoch) each name was last found to mean this commit."""

    repository: str
    commit: str
    revisions: dict[str, float]
    files: dict[str, dict[str, Any]]

    @property
    def folder(self) -> Path:
        """The run folder."""
        return repository_folder(self.repository) / self.commit

    def save(self) -> None:
        """Write the record beside its run folder."""
        write_json(record_of(self.folder), asdict(self))


def repository_folder(repository: str) -> Path:
    """Return the folder of all commits of `owner/repo` that were pulled."""
    return RUNS / "hub" / repository.replace("/", "--")  # the hub itself allows no "--" in names


def record_of(folder: Path) -> Path:
    """Return where the record of a run folder lies, if it was pulled."""
    return folder.parent / f"{folder.name}.json"


def address_of(name: str) -> Address:
    """Take hf://owner/repo[@revision] apart; ZooError for a file, a data set, or another address."""
    address = parse(name, folder=True)
    if address.scheme != "hf" or address.path or address.root.startswith("datasets/"):
        raise ZooError(f"{name!r} is not the address of a run; it reads as hf://owner/repo or hf://owner/repo@revision")
    return address


def read(path: Path) -> Record:
    """Read a record."""
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ZooError(f"the record {path} cannot be read ({error}); remove it and pull the run again") from error


def find(name: str) -> Path:
    """Return the folder of the pulled run hf://owner/repo[@revision]; a branch is the commit that it was last seen at."""
    address = address_of(name)
    records = [record for record in map(read, repository_folder(address.root).glob("*.json")) if record.folder.is_dir()]
    for record in records:
        if record.commit == address.revision:
            return record.folder
    seen = [record for record in records if address.revision in record.revisions]
    if not seen:
        raise ZooError(f"{name} is not on this machine; `zoo pull {name}` brings it")
    return max(seen, key=lambda record: record.revisions[address.revision]).folder
