"""Downloads over http(s): resumable with Range, patient with 429 and 5xx, through the proxies of the environment."""

import http.client
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.patience import LONGEST_PAUSE, pause, pauses, seconds_asked
from zoo.sources.progress import Report, transfer

_CHUNK = 1 << 18
_TIMEOUT = 30.0  # seconds without a byte
_AGAIN = {408, 429, 500, 502, 503, 504}


class _CutError(Exception):
    """The connection broke or the server asked for patience; what arrived stays and the transfer goes on."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _NoDowngrade(HTTPRedirectHandler):
    """Follow redirects, but never from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise SourceFailedError(f"{req.full_url} leads to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class Download:
    """One transfer: from where, into which partial file, how many bytes if known, and whom to tell."""

    url: str
    part: Path
    label: str
    size: int | None
    report: Report

    @property
    def validator(self) -> Path:
        """The file that remembers the ETag of the bytes in the partial file."""
        return self.part.with_name(self.part.name + ".etag")

    def run(self, cache_folder: Path) -> None:
        """Fill the partial file completely, going on where an earlier transfer stopped, else raise SourceFailedError."""
        waits = pauses()
        while True:
            before = _length(self.part)
            try:
                with cache_guard(cache_folder):
                    self.part.parent.mkdir(parents=True, exist_ok=True)
                    self._transfer()
                return
            except _CutError as cut:
                if _length(self.part) > before:
                    waits = pauses()  # some of it arrived: the patience starts anew
                wait = _next_wait(cut, waits)
                self.report(f"{self.label}: {cut}; trying again in {wait:.0f} s")
                pause(wait)

    def _transfer(self) -> None:
        done = _length(self.part) if self.validator.exists() else 0
        with _open(self.url, done, self.validator) as response:
            if response.status != 206:
                done = 0
            total = _total(response, done)
            if self.size is not None and total is not None and total != self.size:
                raise SourceFailedError(f"wrong size: the server has {total} bytes, expected {self.size}")
            _remember(response, self.validator)
            with self.part.open("r+b" if done else "wb") as stream:
                stream.seek(done)
                stream.truncate()
                with transfer(self.label, total or self.size, done, self.report) as advance:
                    for chunk in _chunks(response):
                        stream.write(chunk)
                        advance(len(chunk))
        if total is not None and _length(self.part) < total:
            raise _CutError(f"the connection was cut after {_length(self.part)} of {total} bytes")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _next_wait(cut: _CutError, waits: Iterator[float]) -> float:
    wait = next(waits, None)
    if wait is None:
        raise SourceFailedError(f"{cut}, also after several attempts") from cut
    if cut.wait is not None and cut.wait > LONGEST_PAUSE:
        raise SourceFailedError(f"{cut}; the server asks to wait {cut.wait:.0f} s: try again then") from cut
    return wait if cut.wait is None else cut.wait


def _open(url: str, done: int, validator: Path) -> http.client.HTTPResponse:
    """Open the URL from byte `done` on, if the file is still the one whose bytes are there."""
    headers = {"User-Agent": "task-zoo", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": json.loads(validator.read_text(encoding="utf-8"))}
    try:
        return build_opener(_NoDowngrade).open(Request(url, headers=headers), timeout=_TIMEOUT)  # type: ignore[no-any-return]
    except HTTPError as error:
        with error:
            if error.code == 416:  # the partial file is longer than the file: begin again
                validator.unlink(missing_ok=True)
                raise _CutError("what was there already does not fit the file (HTTP 416)") from error
            if error.code in _AGAIN:
                asked = seconds_asked(error.headers.get("Retry-After"))
                raise _CutError(f"HTTP {error.code} {error.reason}", asked) from error
            raise SourceFailedError(f"HTTP {error.code} {error.reason}") from error
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _CutError(f"no connection ({getattr(error, 'reason', None) or error})") from error


def _total(response: http.client.HTTPResponse, done: int) -> int | None:
    length = response.headers.get("Content-Length")
    return None if length is None else int(length) + done


def _remember(response: http.client.HTTPResponse, validator: Path) -> None:
    """Note the strong ETag, without which a later transfer cannot know that it goes on with the same file."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        validator.write_text(json.dumps(etag), encoding="utf-8")
    else:
        validator.unlink(missing_ok=True)


def _chunks(response: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except http.client.IncompleteRead as error:
            if error.partial:
                yield error.partial
            return
        except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
            raise _CutError(f"the connection was cut ({error})") from error
        if not chunk:
            return
        yield chunk


def github_url(root: str, revision: str, path: str) -> str:
    """Return where GitHub serves the raw bytes of a file; ZOO_GITHUB names another server with the same layout."""
    host = os.environ.get("ZOO_GITHUB", "https://raw.githubusercontent.com").rstrip("/")
    return f"{host}/{root}/{quote(revision)}/{quote(path)}"
