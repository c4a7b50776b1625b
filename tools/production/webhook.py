"""A webhook: facts are posted as JSON to an address that someone else watches."""

import json
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from zoo.errors import ZooError
from zoo.files import finite

#: Seconds that the other side may take.
PATIENCE = 10


def post(address: str, facts: dict[str, Any]) -> None:
    """Post facts; an address that cannot be reached, or says no, is told."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise ZooError(f"--webhook {address} is no address; it begins with https:// or http://")
    body = json.dumps(finite(facts), ensure_ascii=False).encode()
    request = Request(address, body, {"Content-Type": "application/json"}, method="POST")  # checked above
    try:
        with urlopen(request, timeout=PATIENCE):
            pass
    except (URLError, OSError, ValueError) as error:
        raise ZooError(f"--webhook {address} was not told: {error}; the findings stand above") from error
