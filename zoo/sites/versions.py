"""Versions of a site's model: run folders by the hash of their content, never changed once they are there."""

import hashlib
import shutil
import stat
from pathlib import Path

from zoo.errors import ZooError, near
from zoo.files import atomic_write, durable_replace
from zoo.runs.inspection import check_tensors
from zoo.runs.run import CONFIG, WEIGHTS, Run
from zoo.sources.digest import digest

#: What of a run a site keeps: what answers, and what says what it is. Checkpoints and logs stay where they are.
KEPT = (CONFIG, WEIGHTS, "README.md", "metrics.json", "profile.json", "fit.json")
#: Digits of the hash that name a version.
DIGITS = 16


def version_of(folder: Path) -> str:
    """Return the version of a run folder: the first digits of the SHA-256 over the names and contents of what is kept."""
    whole = hashlib.sha256()
    for name in sorted(KEPT):
        path = folder / name
        if path.is_file():
            whole.update(f"{name}\0{digest(path)}\n".encode())
    return whole.hexdigest()[:DIGITS]


class Versions:
    """The folder `models/` of a site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the versions, in no order that means anything."""
        inside = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(path.name for path in inside if path.is_dir() and not path.name.startswith("."))

    def find(self, start: str) -> str:
        """Return the one version that begins with `start`."""
        found = [name for name in self.names() if start and name.startswith(start)]
        if len(found) != 1:
            what = f"{len(found)} versions begin with {start!r}" if found else f"no version {start!r}"
            raise ZooError(
                f"{what} in {self.folder}{near(start, self.names())}; known: {', '.join(self.names()) or 'none'}"
            )
        return found[0]

    def run(self, version: str) -> Run:
        """Return the run of a version, if it still is what its name says."""
        folder = self.folder / version
        if not folder.is_dir():
            raise ZooError(f"version {version} is not in {self.folder}; known: {', '.join(self.names()) or 'none'}")
        if (now := version_of(folder)) != version:
            raise ZooError(
                f"{folder} was changed: its content is that of version {now}; remove it, and add the run again or roll back"
            )
        return Run(folder)

    def add(self, run: Run) -> str:
        """Copy a finished run, inspected first, and return its version; one that is there already is checked."""
        if not run.finished:
            raise ZooError(
                f"run {run.folder} did not finish; a site takes a finished one: go on with resume={run.folder}"
            )
        for name in KEPT:
            if (run.folder / name).is_symlink():
                raise ZooError(f"{run.folder / name} is a link; a site keeps files: copy the run with cp -rL first")
        _ = run.config
        check_tensors(run.head(), run.folder / WEIGHTS)
        version = version_of(run.folder)
        if version in self.names():
            self.run(version)
            return version
        part = self.folder / f".{version}.part"
        shutil.rmtree(part, ignore_errors=True)
        try:
            copy(run.folder, part)
            durable_replace(part, self.folder / version)
        except OSError as error:
            raise ZooError(f"cannot write {self.folder / version}: {error.strerror}; free the disk") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.run(version)
        return version


def copy(run: Path, into: Path) -> None:
    """Copy what a site keeps of a run; the files are read-only."""
    into.mkdir(parents=True)
    for name in KEPT:
        if (run / name).is_file():
            shutil.copyfile(run / name, into / name)
            (into / name).chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)


class Pointer:
    """The file `current`: the version that answers; a reader sees the old one or the new one, whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str:
        """Return the version."""
        try:
            return self.path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ZooError(
                f"{self.path} cannot be read ({error}); `zoo site repair` writes it as it was decided"
            ) from error

    def switch(self, version: str) -> None:
        """Let another version answer."""
        with atomic_write(self.path) as part:
            part.write_text(f"{version}\n", encoding="ascii")
