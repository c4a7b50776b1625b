"""The address of a file: a URI taken apart and checked, before anything is looked up or opened.

hf://owner/repo@revision/file      a file of a hub repository (hf://datasets/owner/repo@… for a data set)
timm://name.tag                    the weights behind a timm model name
torchvision://name.TAG             the weights behind a torchvision enum entry
pypi://package==version/path       a file inside a wheel
github://owner/repo@commit/path    a file of a GitHub repository
https://host/path                  any file; http:// only where a sha256 is given
file:///absolute/path              a file of this machine
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from zoo.errors import ZooError, near

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_SHAPES = {
    "hf": rf"(?P<root>(?:datasets/)?{_NAME}/{_NAME})(?:@(?P<revision>[^@/]+))?/(?P<path>.+)",
    "timm": rf"(?P<root>{_NAME})",
    "torchvision": rf"(?P<root>{_NAME}\.{_NAME})",
    "pypi": rf"(?P<root>{_NAME})==(?P<revision>[A-Za-z0-9][A-Za-z0-9.!+_-]*)/(?P<path>.+)",
    "github": rf"(?P<root>{_NAME}/{_NAME})@(?P<revision>[^@/]+)/(?P<path>.+)",
    "https": r"(?P<root>[A-Za-z0-9.\[\]:-]+)/(?P<path>[^?#]+)(?:\?(?P<revision>[^#]*))?",
    "file": r"/(?P<path>.+)",
}
_SHAPES["http"] = _SHAPES["https"]
_EXAMPLES = {
    "hf": "hf://owner/repo@revision/file",
    "timm": "timm://name.tag",
    "torchvision": "torchvision://name.TAG",
    "pypi": "pypi://package==version/path",
    "github": "github://owner/repo@commit/path",
    "https": "https://host/path",
    "http": "http://host/path",
    "file": "file:///absolute/path",
}


@dataclass(frozen=True)
class Address:
    """A URI in its parts: for https `root` is the host and `revision` the query; parts that a scheme lacks are empty."""

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
    def mirror_parts(self) -> tuple[str, ...]:
        """The folders and the file name below a mirror: the URI with `://` read as `/`."""
        return tuple(self.uri.replace("://", "/", 1).rstrip("/").split("/"))

    @property
    def cache_parts(self) -> tuple[str, ...]:
        """The folders and the file name below the cache: one per URI, each a legal name on every file system."""
        *folders, name = self.mirror_parts
        if self.scheme.startswith("http") and self.revision:
            name = name.split("?", 1)[0]
            folders.append(f"?{self.revision}")
        return tuple(quote(part, safe=" @=+,~!()&") for part in (*folders, name))

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


def parse(uri: str) -> Address:
    """Take a URI apart; ZooError names the scheme's shape when it does not fit, and refuses paths that lead outside."""
    scheme, mark, rest = uri.partition("://")
    if not mark or scheme not in _SHAPES:
        known = ", ".join(f"{name}://" for name in _EXAMPLES)
        raise ZooError(f"source {uri!r} has no known scheme{near(scheme, _EXAMPLES)}; known are {known}")
    match = re.fullmatch(_SHAPES[scheme], rest)
    if match is None:
        raise ZooError(f"source {uri!r} does not read as {_EXAMPLES[scheme]}")
    found = {key: value or "" for key, value in match.groupdict().items()}
    if scheme == "hf" and not found["revision"]:
        found["revision"] = "main"
    if found.get("path"):
        path = found["path"] if scheme != "file" else re.sub(r"^[A-Za-z]:/", "", unquote(found["path"]))
        check_path(path.rstrip("/") if scheme in ("file", "github") else path, uri)
    if scheme in ("hf", "github", "pypi"):
        check_path(unquote(found["revision"]), uri)
    if scheme.startswith("http"):
        check_path(unquote(urlsplit(uri).path).lstrip("/"), uri)
    return Address(uri=uri, scheme=scheme, **found)


def below(base: Address, path: str) -> Address:
    """Return the address of a file below a folder's address; the path is checked like any other."""
    check_path(path, base.uri)
    uri = f"{base.uri.rstrip('/')}/{path if base.scheme != 'file' else quote(path)}"
    return parse(uri) if base.path else replace(base, uri=uri, path=path)
