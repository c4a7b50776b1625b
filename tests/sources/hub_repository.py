"""Repositories of a hub in memory: commits, branches and tags, small files as git blobs, large ones as LFS objects."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LARGE = 10_000  # bytes from which a file is an LFS object here; the real hub goes by size and by .gitattributes


@dataclass(frozen=True)
class Blob:
    """The bytes of one file at one commit."""

    content: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def git_oid(self) -> str:
        """The object id that git gives: of the bytes, or of the LFS pointer that stands for them."""
        stored = self.content
        if self.large:
            stored = (
                f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
            ).encode()
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.git_oid


@dataclass
class Repository:
    """One repository; `gated` and `private` ones want a token."""

    name: str
    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add_commit({}, "main", "initial commit")

    def add_commit(self, tree: dict[str, Blob], branch: str, message: str) -> str:
        """Store a tree as the new head of the branch and return its commit."""
        commit = hashlib.sha1(f"{self.name} {len(self.commits)} {sorted(tree)}".encode()).hexdigest()
        self.commits[commit] = tree
        self.refs[branch] = commit
        self.messages[commit] = message
        return commit

    def put(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Commit these files on top of the branch, as a test's preparation; returns the commit."""
        tree = dict(self.commits[self.refs.get(branch, self.refs["main"])])
        tree |= {path: Blob(content, len(content) >= LARGE) for path, content in files.items()}
        return self.add_commit(tree, branch, "files of a test")

    def commit_of(self, revision: str) -> str | None:
        """Return the commit of a branch, a tag, a commit or its unique beginning, or None."""
        if revision in self.refs:
            return self.refs[revision]
        found = [commit for commit in self.commits if commit.startswith(revision)]
        return found[0] if len(found) == 1 and re.fullmatch(r"[0-9a-f]{7,40}", revision) else None

    def apply(self, lines: Iterable[Mapping[str, Any]], branch: str, objects: Mapping[str, bytes]) -> str:
        """Make the commit that the lines of the commit call describe; KeyError for an LFS object never uploaded."""
        tree = dict(self.commits[self.refs.get(branch, self.refs["main"])])
        message = ""
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "header":
                message = value["summary"]
            elif key == "file":
                tree[value["path"]] = Blob(base64.b64decode(value["content"]), large=False)
            elif key == "lfsFile":
                tree[value["path"]] = Blob(objects[value["oid"]], large=True)
            elif key == "deletedFile":
                del tree[value["path"]]
            elif key == "deletedFolder":
                tree = {path: blob for path, blob in tree.items() if not path.startswith(value["path"])}
            else:
                raise ValueError(f"unknown line {key!r} in a commit")
        return self.add_commit(tree, branch, message)

    def info(self, revision: str) -> dict[str, Any]:
        """Return what the hub tells of the repository at a revision that exists."""
        commit = self.commit_of(revision)
        assert commit is not None
        return {
            "id": self.name,
            "modelId": self.name,
            "sha": commit,
            "private": self.private,
            "gated": "manual" if self.gated else False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": path} for path in sorted(self.commits[commit])],
        }

    def tree(self, commit: str, folder: str, *, recursive: bool) -> list[dict[str, Any]]:
        """Return the entries of a folder: its files, and its folders unless recursive."""
        start = f"{folder}/" if folder else ""
        entries: dict[str, dict[str, Any]] = {}
        for path, blob in sorted(self.commits[commit].items()):
            if not path.startswith(start):
                continue
            head, slash, _ = path[len(start) :].partition("/")
            if slash:
                entries[start + head] = {"type": "directory", "path": start + head, "oid": "0" * 40, "size": 0}
            if recursive or not slash:
                entries[path] = self.entry(path, blob)
        return list(entries.values())

    @staticmethod
    def entry(path: str, blob: Blob) -> dict[str, Any]:
        """Return what the hub tells of one file."""
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(blob.content), "oid": blob.git_oid}
        if blob.large:
            entry["lfs"] = {"oid": blob.sha256, "size": len(blob.content), "pointerSize": 134}
        return entry
