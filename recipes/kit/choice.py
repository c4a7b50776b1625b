"""Settings that are one of a few words."""

from collections.abc import Iterable

from zoo.errors import ZooError, near


def one_of(key: str, value: object, choices: Iterable[str]) -> None:
    """Refuse a value of the setting `key` that is none of its choices."""
    known = tuple(choices)
    if value not in known:
        raise ZooError(f"{key}={value} is not known{near(str(value), known)}; it is {', '.join(known)}")
