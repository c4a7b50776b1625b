"""A hub repository as a whole: which commit a revision stands for now, and which files it holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote

from zoo.errors import ZooError
from zoo.sources.address import Address
from zoo.sources.failure import SourceFailedError
from zoo.sources.hub import endpoint, translated
from zoo.sources.offline import require_network
from zoo.sources.patience import persist
from zoo.sources.progress import Report, Voice, to_stderr

#: Files of a repository that are listed; one with more is no run and no model.
MOST_FILES = 10_000


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository: its size in bytes, its git object id, and its sha256 if it is stored as a large file."""

    path: str
    size: int
    git_oid: str
    sha256: str | None


@dataclass(frozen=True)
class Repository:
    """A repository at one commit."""

    root: str
    commit: str
    files: tuple[RemoteFile, ...]

    def uri(self, path: str = "") -> str:
        """Return the address of a file at this commit, or of the whole."""
        return f"hf://{self.root}@{self.commit}" + (f"/{path}" if path else "")


def list_repository(address: Address, report: Report | None = None) -> Repository:
    """Ask the hub for the commit behind the revision of `address`, and for its files.

    Raises ZooError that names the repository and the way out.
    """
    voice = Voice(report or to_stderr)

    def attempt() -> Repository:
        with translated(address):
            return _ask(address)

    try:
        require_network("hf")
        return persist(attempt, address.label, voice)
    except SourceFailedError as error:
        raise ZooError(f"{address.label}: {error}") from error


def _ask(address: Address) -> Repository:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint())
    commit = api.model_info(address.root, revision=unquote(address.revision)).sha
    if commit is None:
        raise SourceFailedError("the server names no commit: it is not a hub")
    entries = api.list_repo_tree(address.root, recursive=True, revision=commit)
    files = tuple(islice(_files(entries), MOST_FILES + 1))
    if len(files) > MOST_FILES:
        raise SourceFailedError(f"it holds more than {MOST_FILES} files")
    return Repository(address.root, commit, files)


def _files(entries: Any) -> Iterator[RemoteFile]:
    from huggingface_hub.hf_api import RepoFile

    for entry in entries:
        if isinstance(entry, RepoFile):
            yield RemoteFile(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
