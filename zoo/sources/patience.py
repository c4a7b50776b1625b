"""How long a source is asked again: a few times, with growing pauses, and never for longer than is bearable."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 4
LONGEST_PAUSE = 60.0  # seconds; a server that asks for more is given up, and its wish is told


def pauses() -> Iterator[float]:
    """Yield the pauses in seconds between the attempts: 1, 2, 4."""
    yield from (2.0**n for n in range(ATTEMPTS - 1))


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
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def pause(seconds: float) -> None:
    """Wait; a function of its own so that tests need not."""
    time.sleep(seconds)
