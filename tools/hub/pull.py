"""`zoo pull`: a model's weights into the cache, or a run that someone pushed into runs/hub/, whole or not at all."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from tools.hub import inspection
from tools.hub.parts import MOST_PLOTS, PLOTS, REQUIRED, check_size, is_part
from zoo import quantities
from zoo.errors import ZooError
from zoo.files import durable_replace
from zoo.registry.models import trained_for
from zoo.registry.tasks import BACKBONE, task
from zoo.runs import hub_runs
from zoo.runs.hub_runs import SCHEME, Record
from zoo.runs.run import WEIGHTS, Run
from zoo.sources import Fetched, Source, fetch, fetch_many
from zoo.sources.address import check_path
from zoo.sources.digest import digest
from zoo.sources.offline import offline_reason
from zoo.sources.progress import to_stderr
from zoo.sources.repository import RemoteFile, Repository, list_repository
from zoo.weights.files import fetch_weights, named, needed


def command(
    name: Annotated[str, typer.Argument(help="a model, NAME or NAME.TAG; or a run, hf://owner/repo or …@revision")],
) -> None:
    """Bring a model's weights, or a run that someone pushed, onto this machine, checked and for good.

    Examples: `zoo pull tf_efficientnet_lite0`, `zoo pull hf://owner/repo@v1`
    """
    if name.startswith(SCHEME):
        folder = pull_run(name)
        record = task(Run(folder).config["task"]["name"])
        print(f"folder    {folder}\nnext      {record.next_command.format(run=folder, new='INPUT')}")
    else:
        pull_weights(name)


def pull_weights(name: str) -> None:
    """Fetch the weights that `pretrained=true` would load, and say where they are."""
    model, tag = named(name)
    files = needed(model, tag)
    for entry, weights in files:
        found, _ = fetch_weights(weights)
        commit = f", commit {found.revision}" if found.revision else ""
        print(f"weights   {entry.name} {weights.tag} ({weights.licence}), {quantities.size(found.path.stat().st_size)}")
        print(f"from      {found.uri} ({found.origin}{commit})\nsha256    {found.sha256}\nfile      {found.path}")
    entry = files[-1][0]
    chosen = f"model.backbone={model}" if entry.task == BACKBONE else f"model={model}"
    print(f"next      python train.py task={trained_for(entry)} data=… {chosen}")


def pull_run(name: str) -> Path:
    """Bring a run from hf://owner/repo[@revision] to runs/hub/owner--repo/<commit>/ and return that folder.

    The revision is pinned to its commit and recorded beside the folder. Raises ZooError, and leaves no folder, when the
    run cannot be had whole, or when anything in it names code or does not fit the registry.
    """
    address = hub_runs.address_of(name)
    if reason := offline_reason("hf"):
        to_stderr(f"{name}: {reason.removeprefix('not tried, because ')}; looking among what was pulled before")
        return hub_runs.find(name)
    repository = list_repository(address)
    wanted = parts_of(repository)
    parent = hub_runs.repository_folder(repository.root)
    with writing(parent, repository.commit):
        folder = parent / repository.commit
        known = (
            hub_runs.read(hub_runs.record_of(folder))
            if hub_runs.record_of(folder).exists() and folder.is_dir()
            else None
        )
        files = known.files if known else bring(repository, wanted, folder)
        revisions = {**(known.revisions if known else {}), address.revision: time.time()}
        Record(repository.root, repository.commit, revisions, files).save()
    print(
        f"run       {repository.uri()} ({'was here already' if known else quantities.size(sum(f.size for f in wanted))})"
    )
    return folder


def parts_of(repository: Repository) -> list[RemoteFile]:
    """Return the files of a repository that are parts of a run; nothing else in it is looked at.

    Raises ZooError for names that could lead out of the folder, for parts that are too large, and for what is no run.
    """
    for file in repository.files:
        check_path(file.path, repository.uri())
    wanted = [file for file in repository.files if is_part(file.path)]
    lacking = sorted(set(REQUIRED) - {file.path for file in wanted})
    if lacking:
        raise ZooError(f"{repository.uri()} is not a run: it has no {lacking[0]}; `zoo push` makes one of a run folder")
    for file in wanted:
        check_size(file.path, file.size)
    if sum(PLOTS.fullmatch(file.path) is not None for file in wanted) > MOST_PLOTS:
        raise ZooError(f"{repository.uri()} has more than {MOST_PLOTS} plots")
    left = sorted({file.path for file in repository.files} - {file.path for file in wanted} - {".gitattributes"})
    if left:
        to_stderr(f"not taken, since no tool needs it: {', '.join(left[:5])}{' …' if len(left) > 5 else ''}")
    return wanted


def bring(repository: Repository, wanted: Sequence[RemoteFile], folder: Path) -> dict[str, dict[str, object]]:
    """Fetch the parts into a folder beside `folder`, judge it, and only then give it its name; return sha256 and bytes."""
    check_room(folder.parent, sum(file.size for file in wanted))
    (weights,) = (file for file in wanted if file.path == WEIGHTS)
    small = [file for file in wanted if file is not weights]
    places = fetch_many(repository.uri(), {file.path: file.sha256 for file in small})
    found = fetch([Source(repository.uri(WEIGHTS), weights.sha256, weights.size)])
    staged = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        (staged / "plots").mkdir(parents=True)
        for file in small:
            check_git(places / file.path, file, repository)
            shutil.copyfile(places / file.path, staged / file.path)
        check_git(found.path, weights, repository)
        take(found, staged / WEIGHTS)
        inspection.check_folder(staged)
        facts = {file.path: {"sha256": digest(staged / file.path), "bytes": file.size} for file in wanted}
        shutil.rmtree(folder, ignore_errors=True)
        durable_replace(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return facts


def check_room(parent: Path, size: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    free = shutil.disk_usage(parent).free
    if size > free:
        raise ZooError(f"the run has {quantities.size(size)}, but {parent.resolve()} has {quantities.size(free)} left")


def check_git(path: Path, file: RemoteFile, repository: Repository) -> None:
    """Hold a file that the hub gives no sha256 for against its git object id, a SHA-1 over length and bytes."""
    if file.sha256 is not None:
        return
    content = path.read_bytes()
    actual = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if actual != file.git_oid:
        raise ZooError(
            f"{repository.uri(file.path)}: wrong checksum: git object {actual}, expected {file.git_oid}; "
            f"`zoo cache prune --pattern '{repository.uri()}/*'` and pull again"
        )


def take(found: Fetched, target: Path) -> None:
    """Put a fetched file into the folder: as a second name of the cached one where the disk allows that, else as a copy."""
    if found.origin in ("cache", "network"):
        with suppress(OSError):  # another disk, or one that has no second names
            os.link(found.path, target)
            return
    shutil.copyfile(found.path, target)


@contextmanager
def writing(parent: Path, commit: str) -> Iterator[None]:
    """Hold the place of a commit for this process alone; a disk that refuses is told in a sentence."""
    lock = FileLock(parent / f".{commit}.lock")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            to_stderr("another process is pulling this run; waiting for it")
            lock.acquire()
        yield
    except OSError as error:
        raise ZooError(
            f"cannot write to {parent}: {error.strerror or error}; free the disk, or run zoo in another folder"
        ) from error
    finally:
        lock.release()
