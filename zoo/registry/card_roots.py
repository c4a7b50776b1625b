"""Card roots: the folders whose cards are registered, and whose code those cards may name.

The first is this package: `zoo/<task>/<name>.md`. Whoever runs the program adds more, without touching our files: each
folder in the environment variable ZOO_PATH, and each package that announces itself under the entry point group
`zoo.models`. There cards lie in the folder itself or one below, and recipes in `<root>/recipes/*.yaml`.
A card in any other place is data.
"""

import functools
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

ROOT = Path(__file__).parents[1]
ENTRY_POINTS = "zoo.models"


@dataclass(frozen=True, slots=True)
class CardFile:
    """A card's file as the folder lists it; `stamp` (mtime in ns, size in bytes) tells whether it changed."""

    name: str
    path: str
    stamp: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CardRoot:
    """A folder of cards. Its code is imported as `package`; a ZOO_PATH folder has none, and is itself searched for modules."""

    folder: Path
    package: str

    def files(self) -> list[CardFile]:
        """Return the files of cards: those with a lower-case name that ends in .md; README.md is not one."""
        found = [] if self.folder == ROOT else list(_cards_in(self.folder))
        with os.scandir(self.folder) as entries:
            folders = [entry.path for entry in entries if entry.name[0] not in "._" and entry.is_dir()]
        for folder in folders:
            found += _cards_in(folder)
        return found

    def load(self, build: str) -> Any:
        """Import the function that a card of this root names as module:function, from this root and nowhere else."""
        name, function = build.split(":")
        if self.package and not f"{name}.".startswith(f"{self.package}."):
            raise ZooError(
                f"build {build!r} is not code of {self.package!r}; a card names only code of its own package"
            )
        if not self.package:
            sys.path.insert(0, str(self.folder))
        invalidate_caches()  # the module may be younger than the last look into its folder
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # what the module itself needs is missing
            raise ZooError(f"build {build!r}: there is no module {name!r} in the card root {self.folder}") from error
        finally:
            if not self.package:
                sys.path.remove(str(self.folder))
        origin = Path(module.__file__ or "/").resolve()
        if not origin.is_relative_to(self.folder.resolve()):
            raise ZooError(f"build {build!r} means {origin}, outside {self.folder}; give the module a name of its own")
        if not hasattr(module, function):
            raise ZooError(f"build {build!r}: {origin} has no function {function!r}")
        return getattr(module, function)


def _cards_in(folder: str | Path) -> Iterator[CardFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(".md") and name.islower() and name[0] not in "._":
                facts = entry.stat()
                yield CardFile(name[:-3], entry.path, (facts.st_mtime_ns, facts.st_size))


def own_root() -> CardRoot:
    """Return this package's root."""
    return CardRoot(ROOT, "zoo")


def card_roots() -> tuple[CardRoot, ...]:
    """Return this package's root, those of ZOO_PATH, and those of installed packages."""
    return (own_root(), *_of_path(os.environ.get("ZOO_PATH", "")), *_installed(tuple(sys.path)))


def add_to_import_path() -> None:
    """Let the code of the folders in ZOO_PATH be imported by its names, behind all other code."""
    for root in card_roots():
        if not root.package and str(root.folder) not in sys.path:
            sys.path.append(str(root.folder))


def _of_path(value: str) -> Iterator[CardRoot]:
    for part in filter(None, value.split(os.pathsep)):
        folder = Path(part).expanduser().absolute()
        if not folder.is_dir():
            raise ZooError(f"ZOO_PATH names {part!r}, which is no folder; make it or take it out of ZOO_PATH")
        yield CardRoot(folder, "")


@functools.cache
def _installed(path: tuple[str, ...]) -> tuple[CardRoot, ...]:
    if not any(map(_announces, path)):
        return ()
    from importlib.metadata import entry_points

    found = []
    for point in sorted(entry_points(group=ENTRY_POINTS)):
        spec = None
        with suppress(ModuleNotFoundError):  # a missing parent package; said below
            spec = find_spec(point.value)
        if spec is None or not spec.submodule_search_locations:
            raise ZooError(f"entry point {point.name!r} of {ENTRY_POINTS} names {point.value!r}, which is no package")
        found.append(CardRoot(Path(spec.submodule_search_locations[0]), point.value))
    return tuple(found)


def _announces(folder: str) -> bool:
    """Tell whether a package in `folder` has our group; importlib.metadata knows too, but takes as long as all the rest."""
    with suppress(OSError), os.scandir(folder) as entries:  # what is on sys.path need not be there
        for entry in entries:
            if entry.name.endswith("-info"):
                with suppress(OSError):
                    text = Path(entry.path, "entry_points.txt").read_text(encoding="utf-8", errors="replace")
                    if f"[{ENTRY_POINTS}]" in text:
                        return True
    return False


def card_files() -> Mapping[str, tuple[CardRoot, CardFile]]:
    """Return every registered name with its root and its file; a name that is there twice is an error."""
    found: dict[str, tuple[CardRoot, CardFile]] = {}
    for root in card_roots():
        for file in root.files():
            if file.name in found:
                raise ZooError(
                    f"two cards are named {file.name!r}: {found[file.name][1].path} and {file.path};"
                    " rename one of the files and the 'name' in it"
                )
            found[file.name] = (root, file)
    return found


def recipe_files() -> Mapping[str, Path]:
    """Return every recipe by name: our `recipes/*.yaml`, and those in the folder `recipes` of every other card root."""
    ours, others = ROOT.parent / "recipes", [root.folder / "recipes" for root in card_roots() if root.folder != ROOT]
    found: dict[str, Path] = {}
    for path in sorted(path for folder in (ours, *others) for path in folder.glob("*.yaml")):
        if path.stem in found:
            raise ZooError(f"two recipes are named {path.stem!r}: {found[path.stem]} and {path}; rename one of them")
        found[path.stem] = path
    return found
