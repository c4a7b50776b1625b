"""The requests of the test hub: one method for each call of the protocol."""

import hashlib
import json
import re
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.sources.hub_repository import LARGE, Blob, Repository

if TYPE_CHECKING:
    from tests.sources.hub_server import Fault, HubServer

_REPO = r"(?P<repo>(?:datasets/)?[^/]+/[^/]+)"
_KIND = r"/api/(?P<kind>models|datasets)/(?P<name>[^/]+/[^/]+)"
_ROUTES = [
    ("GET|HEAD", rf"/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "resolve"),
    ("GET|HEAD", r"/cdn/(?P<oid>[0-9a-f]{64})", "cdn"),
    ("GET", r"/api/whoami-v2", "whoami"),
    ("GET", rf"{_KIND}(?:/revision/(?P<revision>[^/]+))?", "info"),
    ("GET", rf"{_KIND}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?", "tree"),
    ("POST", rf"{_KIND}/paths-info/(?P<revision>[^/]+)", "paths_info"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate_yaml"),
    ("POST", rf"{_KIND}/preupload/(?P<revision>[^/]+)", "preupload"),
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", "lfs_batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})(?:/(?P<part>\d+))?", "lfs_upload"),
    ("POST", r"/lfs/(?P<oid>[0-9a-f]{64})/complete", "lfs_complete"),
    ("POST", r"/lfs/(?P<oid>[0-9a-f]{64})/verify", "lfs_verify"),
    ("POST", rf"{_KIND}/commit/(?P<revision>[^/]+)", "commit"),
    ("POST", rf"{_KIND}/(?P<what>tag|branch)/(?P<revision>[^/]+)", "reference"),
]


class AnsweredError(Exception):
    """The request was refused; the answer is out."""


class HubHandler(BaseHTTPRequestHandler):
    """Routes requests by path; whatever no route matches is looked up among the hub's plain files."""

    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> "HubServer":
        return self.server.hub  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the tests look at `hub.requests`."""

    def handle_any(self) -> None:
        from tests.sources.hub_server import Asked

        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.hub.requests.append(
            Asked(self.command, unquote(parts.path), self.headers.get("Range"), self.headers.get("Authorization"))
        )
        self.fault = self.hub.next_fault(self.command, parts.path)
        try:
            if self.fault is not None and self.fault.status:
                self.refuse(self.fault.status, "", "told to fail", self.fault.headers)
            self.route(parts.path)
        except AnsweredError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

    def route(self, path: str) -> None:
        for methods, pattern, name in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and self.command in methods.split("|"):
                found = {key: unquote(value) for key, value in match.groupdict().items() if value is not None}
                return getattr(self, f"on_{name}")(**found)  # type: ignore[no-any-return]
        content = self.hub.files.get(unquote(path))
        if content is None:
            self.refuse(404, "", f"nothing at {path}")
        self.send_content(content or b"", hashlib.sha256(content or b"").hexdigest())

    # ---- answers

    def refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        extra = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self.send_json({"error": message}, status, extra | (headers or {}))
        raise AnsweredError

    def send_json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for key, text in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(key, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_content(self, content: bytes, etag: str, headers: dict[str, str] | None = None) -> None:
        """Answer with bytes, or with the range of them that was asked for."""
        start = self.asked_start(etag)
        if start >= len(content) > 0:
            self.refuse(416, "", "the range begins after the end", {"Content-Range": f"bytes */{len(content)}"})
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        for key, text in (headers or {}).items():
            self.send_header(key, text)
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(content[start:], self.fault)

    def asked_start(self, etag: str) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        current = self.headers.get("If-Range", f'"{etag}"') == f'"{etag}"'
        return int(match.group(1)) if match and current else 0

    def send_body(self, body: bytes, fault: "Fault | None") -> None:
        if self.hub.slow.is_set():
            time.sleep(0.5)
        if fault is not None and fault.flip:
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault is not None and fault.cut_after is not None:
            body, self.close_connection = body[: fault.cut_after], True
        self.wfile.write(body)

    # ---- access

    def logged_in(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.hub.token}"

    def find(self, name: str, kind: str = "models") -> Repository:
        """Return the repository, or answer as the hub does: one that may not be seen is not there."""
        repository = self.hub.repositories.get(f"datasets/{name}" if kind == "datasets" else name)
        if repository is None or (repository.private and not self.logged_in()):
            self.refuse(404 if self.logged_in() else 401, "RepoNotFound", "Repository not found")
        assert repository is not None
        return repository

    def find_commit(self, repository: Repository, revision: str) -> str:
        commit = repository.commit_of(revision)
        if commit is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        assert commit is not None
        return commit

    def require_login(self) -> None:
        if not self.logged_in():
            self.refuse(401, "", "Invalid username or password.")

    # ---- downloads

    def on_resolve(self, repo: str, revision: str, path: str) -> None:
        repository = self.find(repo)
        if repository.gated and not self.logged_in():
            self.refuse(401, "GatedRepo", f"Access to model {repo} is restricted.")
        commit = self.find_commit(repository, revision)
        blob = repository.commits[commit].get(path)
        if blob is None:
            self.refuse(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit})
        assert blob is not None
        if not blob.large:
            return self.send_content(blob.content, blob.etag, {"X-Repo-Commit": commit})
        self.hub.objects[blob.sha256] = blob.content
        self.send_response(302)
        self.send_header("Location", f"{self.hub.cdn}/cdn/{blob.sha256}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("X-Linked-ETag", f'"{blob.etag}"')
        self.send_header("X-Linked-Size", str(len(blob.content)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def on_cdn(self, oid: str) -> None:
        self.send_content(self.hub.objects[oid], oid)

    def on_whoami(self) -> None:
        self.require_login()
        self.send_json({"type": "user", "name": "me", "fullname": "Me", "orgs": [], "auth": {"type": "access_token"}})

    def on_info(self, kind: str, name: str, revision: str = "main") -> None:
        repository = self.find(name, kind)
        self.find_commit(repository, revision)
        self.send_json(repository.info(revision) | {"id": name})

    def on_tree(self, kind: str, name: str, revision: str, path: str = "") -> None:
        repository = self.find(name, kind)
        recursive = self.query.get("recursive", ["false"])[0].lower() in ("1", "true")
        self.send_json(repository.tree(self.find_commit(repository, revision), path, recursive=recursive))

    def on_paths_info(self, kind: str, name: str, revision: str) -> None:
        repository = self.find(name, kind)
        tree = repository.commits[self.find_commit(repository, revision)]
        asked = parse_qs(self.body.decode()).get("paths", [])  # a form, not JSON
        self.send_json([repository.entry(path, tree[path]) for path in asked if path in tree])

    # ---- uploads

    def on_create(self) -> None:
        self.require_login()
        wanted = json.loads(self.body)
        name = f"{wanted.get('organization') or 'me'}/{wanted['name']}"
        key = f"datasets/{name}" if wanted.get("type") == "dataset" else name
        if key in self.hub.repositories:
            return self.send_json({"error": "You already created this repo", "url": f"{self.hub.url}/{key}"}, 409)
        self.hub.repository(key, private=wanted.get("visibility") == "private" or bool(wanted.get("private")))
        self.send_json({"url": f"{self.hub.url}/{key}", "name": name})

    def on_validate_yaml(self) -> None:
        content = json.loads(self.body)["content"]
        errors = [] if content.startswith("---\n") else [{"message": "the card has no YAML head"}]
        self.send_json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def on_preupload(self, kind: str, name: str, revision: str) -> None:
        self.require_login()
        repository = self.find(name, kind)
        tree = repository.commits[self.find_commit(repository, revision)]
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] >= LARGE else "regular",
                "shouldIgnore": False,
                "oid": _remote_oid(tree.get(file["path"])),
            }
            for file in json.loads(self.body)["files"]
        ]
        self.send_json({"files": files})

    def on_lfs_batch(self, repo: str) -> None:
        self.require_login()
        self.find(repo)
        wanted = json.loads(self.body)["objects"]
        self.send_json({"transfer": "basic", "objects": [self.lfs_actions(**entry) for entry in wanted]})

    def lfs_actions(self, oid: str, size: int) -> dict[str, Any]:
        """Tell the client where to send an object, if it is not here: in one piece, or in parts when it is large."""
        if oid in self.hub.objects:
            return {"oid": oid, "size": size}
        place, piece = f"{self.hub.url}/lfs/{oid}", self.hub.part_size
        upload: dict[str, Any] = {"href": place, "header": {}}
        if size > piece:
            parts = {f"{n + 1:05d}": f"{place}/{n + 1}" for n in range(-(-size // piece))}
            upload = {"href": f"{place}/complete", "header": {"chunk_size": str(piece), **parts}}
        return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": {"href": f"{place}/verify"}}}

    def on_lfs_upload(self, oid: str, part: str = "") -> None:
        if part:
            self.hub.parts[oid, int(part)] = self.body
        elif hashlib.sha256(self.body).hexdigest() == oid:
            self.hub.objects[oid] = self.body
        else:
            self.refuse(400, "", "the bytes are not those of the oid")
        self.send_json({}, headers={"ETag": f'"{hashlib.md5(self.body).hexdigest()}"'})

    def on_lfs_complete(self, oid: str) -> None:
        numbers = [part["partNumber"] for part in json.loads(self.body)["parts"]]
        content = b"".join(self.hub.parts.pop((oid, number)) for number in numbers)
        if hashlib.sha256(content).hexdigest() != oid:
            self.refuse(400, "", "the parts are not those of the oid")
        self.hub.objects[oid] = content
        self.send_json({})

    def on_lfs_verify(self, oid: str) -> None:
        size = json.loads(self.body)["size"]
        if len(self.hub.objects.get(oid, b"")) != size:
            self.refuse(404, "", "the object is not here")
        self.send_json({})

    def on_commit(self, kind: str, name: str, revision: str) -> None:
        self.require_login()
        repository = self.find(name, kind)
        if revision not in repository.refs or revision in repository.tags:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        commit = repository.apply(map(json.loads, self.body.splitlines()), revision, self.hub.objects)
        url = f"{self.hub.url}/{repository.name}/commit/{commit}"
        self.send_json({"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""})

    def on_reference(self, kind: str, name: str, what: str, revision: str) -> None:
        self.require_login()
        repository = self.find(name, kind)
        wanted = json.loads(self.body) if self.body else {}
        # a tag is named in the body and its revision in the path; a branch is named in the path
        new, start = (wanted["tag"], revision) if what == "tag" else (revision, wanted.get("startingPoint", "main"))
        if new in repository.refs:
            self.refuse(409, "", f"{what} {new} exists already")
        repository.refs[new] = self.find_commit(repository, start)
        if what == "tag":
            repository.tags.add(new)
        self.send_json({})


def _remote_oid(blob: Blob | None) -> str | None:
    """Return the oid by which the client recognises a file that has not changed."""
    return None if blob is None else blob.etag
