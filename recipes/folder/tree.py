"""The files below a data folder, listed once, and found again by the names that annotation files give them."""

import codecs
import os
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from recipes.imagery.images import SUFFIXES, is_image
from zoo.errors import ZooError

#: Words in file and folder names that tell the split.
SPLIT_WORDS = {
    "train": ("train", "training", "trainval"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
_SPLIT_OF_WORD = {word: split for split, words in SPLIT_WORDS.items() for word in words}
HEAD = 16_384  # bytes of a file that tell what it is


class Tree:
    """The files of a data folder by relative POSIX path; hidden ones (`.git`, `._x.png`, `__MACOSX`) are left out.

    Annotation files name images loosely (other case, no suffix, without their folder), so names are compared in Unicode
    form NFC and without case. Only files below the folder can be found: a path that leaves it is never opened.
    """

    def __init__(self, root: Path) -> None:
        self.root = checked_root(root)
        self.files = tuple(sorted(walk(self.root)))
        self.images = tuple(rel for rel in self.files if suffix(rel) in SUFFIXES or is_image(self.path(rel)))
        self.windows_texts: dict[str, None] = {}
        self._known_images = frozenset(self.images)
        self._file_by_key = index(self.files, key)
        self._image_by_key = index(self.images, key)
        self._image_by_stem = index(self.images, lambda rel: key(without_suffix(rel)))
        self._image_by_name = index(self.images, lambda rel: key(posixpath.basename(rel)))
        self._candidates: dict[tuple[str, ...], list[str]] = {}
        self._folders = {key(folder) for rel in self.files for folder in parents(rel)}

    def path(self, rel: str) -> Path:
        """Return the path of a file of the tree."""
        return self.root / rel

    def ending(self, *suffixes: str) -> list[str]:
        """Return the files with one of these suffixes (lower case, with the dot)."""
        return [rel for rel in self.files if suffix(rel) in suffixes]

    def has_folder(self, folder: str) -> bool:
        """Say whether files lie below `folder`."""
        return folder == "" or key(folder) in self._folders

    def file(self, rel: str) -> str | None:
        """Return the file called `rel`, whatever its case."""
        return choose(self._file_by_key.get(key(rel), []), rel)

    def image_candidates(self, name: str, folders: Iterable[str]) -> list[str]:
        """Return the images that `name` can mean: one in `folders` first, with or without suffix, else any so called."""
        asked = (name, *folders)
        if asked not in self._candidates:
            self._candidates[asked] = self._found(name, asked[1:])
        return self._candidates[asked]

    def called(self, name: str) -> list[str]:
        """Return the images anywhere that `name` is the file name of, without its suffix."""
        return self._image_by_bare_name.get(key(name), [])

    @cached_property
    def _image_by_bare_name(self) -> dict[str, list[str]]:
        return index(self.images, lambda rel: key(posixpath.basename(without_suffix(rel))))

    def _found(self, name: str, folders: Sequence[str]) -> list[str]:
        by_key = (
            self._image_by_key
            if suffix(name) in SUFFIXES or key(posixpath.basename(name)) in self._image_by_name
            else self._image_by_stem
        )
        for folder in folders:
            place = join(folder, name)
            if place in self._known_images:  # spelled as it is, as most are
                return [place]
            if place is not None and (found := exact_first(by_key.get(key(place), []), place)):
                return found
        tail = "/" + key(posixpath.normpath(name.replace("\\", "/"))).lstrip("./")
        by_name = self._image_by_name.get(posixpath.basename(tail), [])
        return [rel for rel in by_name if ("/" + key(rel)).endswith(tail)]

    def content(self, rel: str, most: int = -1) -> bytes:
        """Return the bytes of a file, at most `most` of them."""
        try:
            with self.path(rel).open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise ZooError(f"{rel}: cannot be opened ({error.strerror}); restore or remove it") from error

    def head(self, rel: str) -> bytes:
        """Return the beginning of a file, which tells what it is."""
        return self.content(rel, HEAD)

    def text(self, rel: str) -> str:
        """Return the text of a file: UTF-8, UTF-16 with its mark, or else that of Windows, which `windows_texts` lists."""
        content = self.content(rel)
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return self._decoded(rel, content, "utf-16")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = self._decoded(rel, content, "cp1252")
            self.windows_texts.setdefault(rel)
            return text

    def _decoded(self, rel: str, content: bytes, encoding: str) -> str:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            raise ZooError(f"{rel}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from error
        if any(ord(character) < 9 for character in text):
            raise ZooError(f"{rel}: holds characters that no text has; save the file as UTF-8")
        return text

    def listed_names(self) -> list[str]:
        """Return the names of classes in `classes.txt`, one a line; none when there is no such list."""
        found = self.file("classes.txt")
        return [name for line in self.text(found).splitlines() if (name := line.strip())] if found else []


def checked_root(root: Path) -> Path:
    """Return `root` where it is a folder, else say what it is."""
    if root.is_file():
        raise ZooError(f"data.root={root} is a file; name the folder that holds images and annotations")
    if not root.is_dir():
        raise ZooError(f"data.root={root} does not exist; name the folder that holds images and annotations")
    return root


def walk(root: Path) -> Iterator[str]:
    """Yield the files below `root` as relative POSIX paths, through linked folders too, each folder once."""
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else [name for name in folders if not hidden(name)]
        if real not in seen:
            below = Path(folder).relative_to(root).as_posix()
            start = "" if below == "." else f"{below}/"
            yield from (start + name for name in files if not hidden(name))
        seen.add(real)


def hidden(name: str) -> bool:
    """Say whether a file or folder is none of the user's data."""
    return name.startswith(".") or name == "__MACOSX"


def suffix(rel: str) -> str:
    """Return the suffix in lower case, with its dot."""
    return posixpath.splitext(rel)[1].lower()


def without_suffix(rel: str) -> str:
    """Return the path without its suffix."""
    return posixpath.splitext(rel)[0]


def key(rel: str) -> str:
    """Return what two spellings of one name have in common."""
    return rel.lower() if rel.isascii() else unicodedata.normalize("NFC", rel).casefold()


def index(rels: Iterable[str], key_of: Callable[[str], str]) -> dict[str, list[str]]:
    """Group paths by their key."""
    grouped = defaultdict(list)
    for rel in rels:
        grouped[key_of(rel)].append(rel)
    return dict(grouped)


def parents(rel: str) -> list[str]:
    """Return the folders above `rel`, the nearest first, without the root."""
    parts = posixpath.normpath(rel).split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def exact_first(candidates: list[str], rel: str) -> list[str]:
    """Return the candidate that is spelled as asked, or all of them."""
    return [rel] if rel in candidates else candidates


def choose(candidates: list[str], rel: str) -> str | None:
    """Return the candidate spelled as asked, else the first, or None."""
    return next(iter(exact_first(candidates, rel)), None)


@lru_cache(maxsize=65_536)
def join(folder: str, name: str) -> str | None:
    """Return `name` below `folder` as a normal relative path; None when it is absolute, an address, or leaves the root."""
    name = name.strip().replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:/|[A-Za-z][A-Za-z0-9+.-]*://", name):
        return None
    joined = posixpath.normpath(posixpath.join(folder, name))
    return None if joined == ".." or joined.startswith("../") else "" if joined == "." else joined


@lru_cache(maxsize=65_536)
def split_of(rel: str) -> str | None:
    """Return the split that a path tells by its words (`instances_train2017.json`, `valid/a.jpg`), the nearest first."""
    for part in (posixpath.basename(without_suffix(rel)), *map(posixpath.basename, parents(rel))):
        told = {_SPLIT_OF_WORD[word] for word in re.split(r"[^a-z]+", part.lower()) if word in _SPLIT_OF_WORD}
        if len(told) == 1:
            return told.pop()
    return None


def split_of_folder(rel: str) -> str | None:
    """Return the split that the folders of an image tell; its own name may speak of railway."""
    return split_of(posixpath.join(posixpath.dirname(rel), "x"))
