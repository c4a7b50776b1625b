"""Files of a hub (`hf://`) through huggingface_hub's own client: its tokens, its HF_ENDPOINT, its transfer protocols.

What the hub's own cache holds already is copied from there and not downloaded again.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from zoo import quantities
from zoo.sources.address import Address
from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.offline import offline_reason
from zoo.sources.patience import AGAIN, PassingError, persist, seconds_asked
from zoo.sources.progress import Voice

_DATASETS = "datasets/"
_LOGIN = "log in with `hf auth login`"
_TOLD = {  # the client's exceptions, the special ones first
    "GatedRepoError": f"{{where}} is gated: accept its terms on its page, then {_LOGIN}",
    "RevisionNotFoundError": "{where} has no revision {revision!r}",
    "RepositoryNotFoundError": f"there is no {{where}}, or it is private: check the name, or {_LOGIN}",
    "EntryNotFoundError": "{where} has no file {file!r} at revision {revision!r}",
}


@dataclass(frozen=True)
class HubFile:
    """One file of a hub repository at one revision, as the client's functions want it."""

    address: Address

    @property
    def place(self) -> dict[str, Any]:
        """The arguments that name the file to the client."""
        root = self.address.root
        return {
            "repo_id": root.removeprefix(_DATASETS),
            "filename": self.address.path,
            "repo_type": "dataset" if root.startswith(_DATASETS) else "model",
            "revision": unquote(self.address.revision),
        }

    def look_up(self, voice: Voice) -> tuple[str, int | None]:
        """Return the commit that the revision stands for now, and the file's size in bytes if the hub tells it."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        def attempt() -> tuple[str, int | None]:
            with translated(self.address):
                facts = get_hf_file_metadata(hf_hub_url(**self.place, endpoint=endpoint()), endpoint=endpoint())
            if facts.commit_hash is None:
                raise SourceFailedError(f"{endpoint() or 'the server'} names no commit: it is not a hub")
            return facts.commit_hash, facts.size

        return persist(attempt, self.address.label, voice)

    def download(self, part: Path, commit: str, size: int | None, voice: Voice) -> None:
        """Let the client fetch the file at this commit and move it to `part`."""
        from huggingface_hub import hf_hub_download

        voice.begin(
            f"fetching {self.address.label} ({'unknown size' if size is None else quantities.size(size)}, commit {commit})"
        )
        folder = part.with_name(part.name + ".hub")  # the client's own temporary files stay in here
        place = self.place | {"revision": commit, "local_dir": folder, "endpoint": endpoint()}

        def attempt() -> str:
            with translated(self.address):
                return str(hf_hub_download(**place, tqdm_class=_bar_class(self.address.label, shown=voice.draws(size))))

        try:
            Path(persist(attempt, self.address.label, voice)).replace(part)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def copy_from_hub_cache(self, part: Path) -> str | None:
        """Copy the file from the hub's own cache to `part` and return its commit, or None when it is not there."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(**self.place)
        if not isinstance(found, str):
            return None
        shutil.copyfile(found, part)
        commit = re.search(r"[/\\]snapshots[/\\]([0-9a-f]{40})[/\\]", found)
        return commit.group(1) if commit else ""


def endpoint() -> str | None:
    """Return the hub's address from HF_ENDPOINT, or None for the client's default."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def take_from_hub(
    address: Address, part: Path, cache_folder: Path, voice: Voice, known_commit: str | None
) -> str | None:
    """Write the file to `part` and return its commit; nothing is written while that is still the known commit.

    Raises SourceFailedError with the reason in the user's terms, or ZooError when the cache cannot be written.
    """
    file = HubFile(address)
    with cache_guard(cache_folder):
        part.parent.mkdir(parents=True, exist_ok=True)
        if reason := offline_reason("hf"):
            commit = file.copy_from_hub_cache(part)
            if commit is None:
                raise SourceFailedError(f"{reason}, and it is not in the hub's own cache")
            return commit or None
        commit, size = file.look_up(voice)
        if commit != known_commit:
            file.download(part, commit, size, voice)
        return commit


def _bar_class(label: str, *, shown: bool) -> type:
    """Return the client's progress bar, or a silent one."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        monitor_interval = 0  # else each such class begins a thread that watches its bars, and never ends

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **(kwargs | {"desc": label, "disable": not shown}))

    return Bar


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn the client's exceptions into SourceFailedError with the way out, or PassingError when it is worth a retry."""
    from huggingface_hub import errors

    where = f"{address.root.removeprefix(_DATASETS)} on {endpoint() or 'the hub'}"
    try:
        yield
    except errors.LocalEntryNotFoundError as error:  # what kept the client from asking is its cause
        raise _answer(error.__cause__ or error, where) from error
    except errors.HfHubHTTPError as error:
        for kind, told in _TOLD.items():
            if isinstance(error, getattr(errors, kind)):
                text = told.format(where=where, file=address.path, revision=unquote(address.revision))
                raise SourceFailedError(text) from error
        raise _answer(error, where) from error
    except (errors.HTTPError, TimeoutError, ConnectionError) as error:
        raise _answer(error, where) from error
    except (errors.OfflineModeIsEnabled, errors.FileMetadataError, errors.HFValidationError) as error:
        raise SourceFailedError(_first_line(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise  # the disk, which the cache guard explains
        raise PassingError(_first_line(error)) from error  # the client's consistency check: fewer bytes than announced


def _answer(error: BaseException, where: str) -> Exception:
    """Return PassingError for a state of the server or network that may pass, SourceFailedError for one that will not."""
    response = getattr(error, "response", None)
    if response is None:
        return PassingError(f"no connection ({_first_line(error)})", host=endpoint() or "the hub")
    status = f"HTTP {response.status_code}"
    if response.status_code in AGAIN:
        return PassingError(status, seconds_asked(response.headers.get("Retry-After")))
    refused = response.status_code in (401, 403)
    return SourceFailedError(f"{status} from {where}: {_LOGIN if refused else _first_line(error)}")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
