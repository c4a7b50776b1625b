"""The folder of a site, by its parts. Reading asks the disk each time; changes are made by one process at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import ensure_dir
from zoo.runs.run import Run
from zoo.sites.decisions import Decisions, Key
from zoo.sites.settings import SETTINGS, Settings, add_classes
from zoo.sites.versions import Pointer, Versions

#: Seconds that a change waits for another.
PATIENCE = 30
#: Folders of a site.
FOLDERS = ("models", "decisions", "records", "references", "inbox", "labels", "sets")
#: Inputs that wait to be annotated.
INBOX = "inbox"


def is_site(path: Path) -> bool:
    """Tell whether `path` is the folder of a site."""
    return (path / SETTINGS).is_file()


class Site:
    """A site, open for reading; `create` makes one, `lock` is held by who changes it."""

    def __init__(self, folder: Path) -> None:
        if not is_site(folder):
            raise ZooError(f"{folder} is no site: it has no {SETTINGS}; `zoo site create {folder} --run RUN` makes one")
        self.folder = folder
        self.versions = Versions(folder / "models")
        self.pointer = Pointer(folder / "current")
        self.decisions = Decisions(folder / "decisions", Key(folder))

    @cached_property
    def settings(self) -> Settings:
        """What site.yaml says."""
        return Settings.load(self.folder / SETTINGS)

    @classmethod
    def create(cls, folder: Path, run: Run) -> "Site":
        """Make a site in which a run answers; a folder that holds anything is refused."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ZooError(f"{folder} is there already and not empty; name another folder for the site")
        head = run.head()
        settings = Settings(task=run.config["task"]["name"], classes=tuple(head["classes"]), bands=tuple(head["bands"]))
        for name in FOLDERS:
            ensure_dir(folder / name, "name another folder for the site")
        Key(folder).make()
        settings.save(folder / SETTINGS)
        site = cls(folder)
        with site.lock():
            version = site.add(run)
            site.serve(version, "create", {"run": str(run.folder)})
        return site

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the site for changes; what an earlier one left half done is brought to its end first."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.folder / ".lock", timeout=PATIENCE):
                self.repair()
                yield
        except Timeout:
            raise ZooError(
                f"another command changes {self.folder} for more than {PATIENCE} s; try again later"
            ) from None

    def repair(self) -> None:
        """Set the pointer to what was decided, where a command was killed between the decision and the switch."""
        decided = self.decisions.serving()
        if decided and (not self.pointer.path.exists() or self.pointer.read() != decided):
            self.pointer.switch(decided)

    def add(self, run: Run, grown: bool = False) -> str:
        """Copy a run into the site, if it is for the site's task, classes and bands; return its version.

        One that has `grown` may have classes behind those of the site, which then are the site's too.
        """
        head, settings = run.head(), self.settings
        classes = tuple(head["classes"])
        if grown and classes[: len(settings.classes)] == settings.classes != classes:
            add_classes(self.folder / SETTINGS, classes)
            del self.settings
            settings = self.settings
        theirs = {"task": run.config["task"]["name"], "classes": classes, "bands": tuple(head["bands"])}
        for name, value in theirs.items():
            if value != (own := getattr(settings, name)):
                raise ZooError(
                    f"run {run.folder} has {name} {shown(value)}; the site {self.folder} is for {shown(own)}"
                )
        return self.versions.add(run)

    def serve(self, version: str, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide that a version answers, and let it: the decision is written first, so that none goes without."""
        self.versions.run(version)
        made = self.decisions.add(kind, {**facts, "serving": version})
        self.pointer.switch(version)
        return made

    def current(self) -> str:
        """Return the version that answers; a pointer to one that is not there is refused."""
        version = self.pointer.read()
        if version not in self.versions.names():
            known = ", ".join(self.versions.names()) or "none"
            raise ZooError(f"{self.pointer.path} names {version!r}, which is not in {self.versions.folder} ({known})")
        return version

    def inbox(self) -> list[Path]:
        """Return the inputs that lie in the inbox, sorted by name; hidden files are on their way."""
        return sorted(path for path in (self.folder / INBOX).glob("*") if path.is_file() and path.name[0] != ".")

    def check(self) -> None:
        """Refuse a history that was changed, a pointer that nothing decided, or a version that is not what it was."""
        decided, current = self.decisions.serving(), self.current()
        if decided != current:
            raise ZooError(
                f"{self.pointer.path} names {current}, and what was decided last is {decided}; `zoo site repair "
                f"{self.folder}` goes by the decision; where a decision was taken away, restore it first"
            )
        for version in self.versions.names():
            self.versions.run(version)


def shown(value: str | tuple[str, ...]) -> str:
    """Return a setting in words."""
    return value if isinstance(value, str) else ", ".join(value)
