"""`zoo push RUN owner/repo`: a finished run as a model repository of a hub, in one commit."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.hub import inspection
from tools.hub.parts import CARD, is_part, present
from tools.terminal.columns import table
from zoo import quantities
from zoo.errors import ZooError
from zoo.runs.inspection import leaves
from zoo.runs.run import Run
from zoo.sources.address import Address, parse
from zoo.sources.failure import SourceFailedError
from zoo.sources.hub import endpoint, translated
from zoo.sources.offline import require_network
from zoo.sources.patience import persist
from zoo.sources.progress import Voice, to_stderr

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def command(
    run: Annotated[str, typer.Argument(help="a finished run: its folder, or the end of its name")],
    repository: Annotated[str, typer.Argument(help="owner/repo on the hub; it is made when it is not there")],
    private: Annotated[bool, typer.Option("--private", help="make the repository private")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list what would go, and stop")] = False,
) -> None:
    """Upload a finished run: card, weights, configuration, metrics, profile and plots.

    Example: `zoo push runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00 me/tree-crowns --dry-run`
    """
    if not REPOSITORY.fullmatch(repository):
        raise ZooError(f"repository {repository!r} must read as owner/repo")
    folder = Run.find(run).folder
    files = check(folder)
    rows = [(str(path.relative_to(folder)), quantities.size(path.stat().st_size)) for path in files]
    print(table(("file", "size"), rows, right=("size",)))
    total = quantities.size(sum(path.stat().st_size for path in files))
    stays = [path.name for path in sorted(folder.iterdir()) if path not in files and path.name != "plots"]
    print(f"{len(files)} files, {total}; not {', '.join(stays) or 'anything else'}")
    for key in local_paths(folder):
        to_stderr(f"note: config.yaml tells where things lie on this machine: {key}")
    if dry_run:
        print(f"dry run: nothing went to {repository}")
        return
    commit = upload(folder, files, repository, private=private)
    print(f"pushed    hf://{repository}@{commit}\nnext      zoo pull hf://{repository}@{commit}")


def check(folder: Path) -> list[Path]:
    """Return the files of a run that go; an unfinished run, a damaged one, or one with symbolic links is refused."""
    files = present(folder)
    if folder / CARD not in files or folder / "metrics.json" not in files:
        raise ZooError(f"run {folder} is not finished: it has no {CARD} or no metrics.json; go on with resume={folder}")
    inspection.check_folder(folder)
    return files


def local_paths(folder: Path) -> list[str]:
    """Return the settings of a run that hold absolute paths, which a reader elsewhere learns from it."""
    return [
        f"{key}={value}"
        for key, value in leaves(Run(folder).config)
        if isinstance(value, str) and Path(value).is_absolute()
    ]


def upload(folder: Path, files: Sequence[Path], repository: str, *, private: bool) -> str:
    """Make the repository if need be and put the files there in one commit, which is returned.

    Parts of a run that the repository has and this run has not are removed by the same commit.
    """
    address = parse(f"hf://{repository}", folder=True)
    try:
        require_network("hf")
        return persist(lambda: _upload(address, folder, files, private), repository, Voice(to_stderr))
    except SourceFailedError as error:
        raise ZooError(f"could not push to {repository}: {error}") from error


def _upload(address: Address, folder: Path, files: Sequence[Path], private: bool) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import LocalTokenNotFoundError

    api, root = HfApi(endpoint=endpoint()), address.root
    names = {str(path.relative_to(folder).as_posix()): path for path in files}
    with translated(address):
        try:
            api.create_repo(root, private=private or None, exist_ok=True)
        except LocalTokenNotFoundError as error:
            raise SourceFailedError("nobody is logged in: log in with `hf auth login`") from error
        old = {name for name in api.list_repo_files(root) if is_part(name)} - set(names)
        operations: list[Any] = [CommitOperationAdd(name, path) for name, path in names.items()]
        operations += [CommitOperationDelete(name) for name in sorted(old)]
        try:
            return api.create_commit(root, operations, commit_message=f"Run {folder.name}").oid
        except RuntimeError as error:  # in which the client wraps whatever failed while a large file was sent
            if isinstance(error.__cause__, Exception):
                raise error.__cause__ from error
            raise
