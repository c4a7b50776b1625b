"""How long a source is asked again: a few times, with growing pauses, and never for longer than is bearable."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from zoo.sources.failure import SourceFailedError
from zoo.sources.progress import Voice

PAUSES = (1.0, 2.0, 4.0)  # seconds between the attempts
LONGEST_PAUSE = 60.0  # seconds; a server that asks for more is given up, and its wish is told
AGAIN = frozenset({408, 429, 500, 502, 503, 504})  # the HTTP states that may pass by themselves

Result = TypeVar("Result")

#: Hosts with which no connection came about however long one waited; they are not waited for a second time.
away: set[str] = set()


class PassingError(Exception):
    """A failure that may pass by itself; `wait` is how many seconds the server asks to wait, if it does.

    `host` is named when no connection to it came about.
    """

    def __init__(self, reason: str, wait: float | None = None, host: str = "") -> None:
        super().__init__(reason)
        self.wait, self.host = wait, host


def persist(attempt: Callable[[], Result], label: str, voice: Voice, arrived: Callable[[], int] = lambda: 0) -> Result:
    """Return what the attempt returns, repeating it while it raises PassingError and the patience lasts.

    `arrived` tells how many bytes are there: an attempt that brought some starts the patience anew.
    Raises SourceFailedError when the patience is over; every pause is reported.
    """
    tried = 0
    while True:
        before = arrived()
        try:
            return attempt()
        except PassingError as error:
            tried = 0 if arrived() > before else tried
            if error.host in away:
                raise SourceFailedError(f"{error}, as before") from error
            if tried == len(PAUSES):
                away.update(filter(None, [error.host]))
                raise SourceFailedError(f"{error}, also after {tried + 1} attempts") from error
            wait = PAUSES[tried] if error.wait is None else error.wait
            if wait > LONGEST_PAUSE:
                raise SourceFailedError(f"{error}; the server asks to wait {wait:.0f} s: try again then") from error
            voice.tell(f"{label}: {error}; trying again in {wait:.0f} s")
            pause(wait)
            tried += 1


def seconds_asked(retry_after: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date), or None when it says nothing."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:  # a date that names no zone is UTC: RFC 9110, section 5.6.7
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def pause(seconds: float) -> None:
    """Wait; a function of its own so that tests need not."""
    time.sleep(seconds)
