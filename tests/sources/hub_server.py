"""A hub on 127.0.0.1 that speaks the protocol of the real one, as far as huggingface_hub's own client calls it.

    with HubServer() as hub:
        hub.repository("me/model").put({"model.safetensors": content})
        hub.fail(Fault(status=429, headers={"Retry-After": "1"}))      # the next matching request fails like this
        …                                                              # HF_ENDPOINT=hub.url, token hub.token
        hub.seen("GET")                                                # what was asked

Downloads: HEAD and GET of /{repo}/resolve/{revision}/{file} with ETag, X-Repo-Commit and Range, large files by a
redirect to another host as on the real hub. Uploads: repos/create, validate-yaml, preupload, LFS batch (one part and
several), commit, tag, branch. Any other file is served from `hub.files` under its path.
"""

import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from types import TracebackType

from tests.sources.hub_handler import HubHandler
from tests.sources.hub_repository import Repository


@dataclass
class Fault:
    """How the next requests fail: those whose method and path match, `times` of them.

    `status` answers with this state; `cut_after` breaks the connection after so many bytes of the body;
    `flip` changes the first byte of the body.
    """

    path: str = "/resolve/|/cdn/"
    method: str = "GET|HEAD"
    times: int = 1
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    flip: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    range: str | None
    authorization: str | None


class _Server(ThreadingHTTPServer):
    """Keeps what a handler stumbled over, so that the test fails and not only the client's request."""

    daemon_threads = True
    hub: "HubServer"

    def handle_error(self, request: object, client_address: object) -> None:
        self.hub.errors.append(sys.exc_info()[1])


class HubServer:
    """The server with its repositories, its faults to come and the requests that it saw; a context manager."""

    token = "hf_token_of_the_test_server"
    part_size = 1 << 20  # bytes; larger LFS objects are uploaded in several parts

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.files: dict[str, bytes] = {}
        self.objects: dict[str, bytes] = {}  # LFS objects by sha256
        self.parts: dict[tuple[str, int], bytes] = {}
        self.faults: list[Fault] = []
        self.requests: list[Asked] = []
        self.slow = threading.Event()  # when set, each body waits a moment, so that two clients overlap
        self._lock = threading.Lock()
        self.errors: list[BaseException | None] = []
        self._server = _Server(("127.0.0.1", 0), HubHandler)
        self._server.hub = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cdn(self) -> str:
        """Another name of this machine, so that a redirect to it leaves the hub as it does in the real world."""
        return f"http://localhost:{self.port}"

    def repository(self, name: str, *, private: bool = False, gated: bool = False) -> Repository:
        """Return the repository, `owner/name` or `datasets/owner/name`; it is created when it is not there."""
        return self.repositories.setdefault(name, Repository(name, private, gated))

    def fail(self, *faults: Fault) -> None:
        """Let the next matching requests fail, in this order."""
        self.faults += faults

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Take the first fault that matches the request, once."""
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and re.fullmatch(fault.method, method) and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return None

    def seen(self, method: str, path: str = "") -> list[Asked]:
        """Return the requests of this method whose path holds the text."""
        return [asked for asked in self.requests if asked.method == method and path in asked.path]

    def __enter__(self) -> "HubServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert not self.errors, f"the server itself failed: {self.errors}"


def serve() -> Iterator[HubServer]:
    """Yield a running server: the body of a fixture."""
    with HubServer() as hub:
        yield hub
