"""Downloads over http(s): resumable with Range, patient with 429 and 5xx, through the proxies of the environment."""

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from zoo.sources.failure import SourceFailedError, cache_guard
from zoo.sources.patience import AGAIN, PassingError, persist, seconds_asked
from zoo.sources.progress import Voice, transfer

_CHUNK = 1 << 18
_TIMEOUT = 30.0  # seconds without a byte


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
    voice: Voice

    @property
    def validator(self) -> Path:
        """The file that remembers the ETag of the bytes in the partial file."""
        return self.part.with_name(self.part.name + ".etag")

    def run(self, cache_folder: Path) -> None:
        """Fill the partial file, going on where an earlier transfer stopped; SourceFailedError when it cannot be done."""
        with cache_guard(cache_folder):
            self.part.parent.mkdir(parents=True, exist_ok=True)
            persist(self._transfer, self.label, self.voice, lambda: _length(self.part))
            self.validator.unlink(missing_ok=True)

    def _transfer(self) -> None:
        done = _length(self.part) if self.validator.exists() else 0
        with _open(self.url, done, self.validator) as response:
            done = done if response.status == 206 else 0  # 200: the server sends all of it, or the file changed
            total = _total(response, done)
            if self.size is not None and total is not None and total != self.size:
                raise SourceFailedError(f"wrong size: the server has {total} bytes, expected {self.size}")
            _remember(response, self.validator)
            with self.part.open("r+b" if done else "wb") as stream:
                if done:
                    stream.seek(done)
                    stream.truncate()
                with transfer(self.label, total or self.size, done, self.voice) as advance:
                    for chunk in _chunks(response):
                        stream.write(chunk)
                        advance(len(chunk))
        if total is not None and _length(self.part) < total:
            raise PassingError(f"the connection was cut after {_length(self.part)} of {total} bytes")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _open(url: str, done: int, validator: Path) -> http.client.HTTPResponse:
    """Open the URL from byte `done` on, if the file is still the one whose bytes are there."""
    headers = {"User-Agent": "task-zoo", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": validator.read_text(encoding="ascii")}
    try:
        return build_opener(_NoDowngrade).open(Request(url, headers=headers), timeout=_TIMEOUT)
    except HTTPError as error:
        with error:
            if error.code == 416:  # the partial file is as long as the file, or longer: begin again
                validator.unlink(missing_ok=True)
                raise PassingError("what was there already does not fit the file (HTTP 416)", wait=0) from error
            if error.code in AGAIN:
                asked = seconds_asked(error.headers.get("Retry-After"))
                raise PassingError(f"HTTP {error.code} {error.reason}", asked) from error
            raise SourceFailedError(f"HTTP {error.code} {error.reason}") from error
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        text = f"no connection ({reason})"
        if isinstance(reason, (socket.gaierror, ssl.SSLCertVerificationError)):
            raise SourceFailedError(text) from error  # an unknown host or certificate stays unknown
        raise PassingError(text, host=urlsplit(url).netloc) from error


def _total(response: http.client.HTTPResponse, done: int) -> int | None:
    length = response.headers.get("Content-Length")
    return None if length is None else int(length) + done


def _remember(response: http.client.HTTPResponse, validator: Path) -> None:
    """Note the strong ETag, without which a later transfer cannot know that it goes on with the same file."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"') and etag.isascii():
        validator.write_text(etag, encoding="ascii")
    else:
        validator.unlink(missing_ok=True)


def _chunks(response: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(_CHUNK)
        except http.client.IncompleteRead as error:
            chunk, reason = error.partial, "before its end"
        except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
            raise PassingError(f"the connection was cut ({error})") from error
        else:
            reason = ""
        if chunk:
            yield chunk
        if reason:
            raise PassingError(f"the connection was cut {reason}")
        if not chunk:
            return


def github_url(root: str, revision: str, path: str) -> str:
    """Return where GitHub serves the raw bytes of a file; ZOO_GITHUB names another server with the same layout."""
    host = os.environ.get("ZOO_GITHUB", "https://raw.githubusercontent.com").rstrip("/")
    return f"{host}/{root}/{quote(revision)}/{quote(path)}"
