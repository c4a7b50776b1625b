"""When the network must not be used: ZOO_OFFLINE for all sources, HF_HUB_OFFLINE for those of the hub."""

import os

from zoo.sources.failure import SourceFailedError

_HUB = ("hf", "timm")


def offline_reason(scheme: str) -> str | None:
    """Return why the network must not be used for this scheme, or None when it may."""
    for name in ("ZOO_OFFLINE", "HF_HUB_OFFLINE") if scheme in _HUB else ("ZOO_OFFLINE",):
        if os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE"):
            return f"not tried, because {name}={os.environ[name]} forbids the network"
    return None


def require_network(scheme: str) -> None:
    """Raise SourceFailedError, naming the variable, when the network must not be used for this scheme."""
    if reason := offline_reason(scheme):
        raise SourceFailedError(reason)
