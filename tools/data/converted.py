"""How `zoo data convert` is asked, and what it answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from recipes.folder.problems import KINDS, Problem, refuse, some
from zoo.errors import ZooError, near

ON_ERROR = ("raise", "skip")


@dataclass(frozen=True)
class Choices:
    """How to convert: what is read, what becomes of the images, of losses, and of what cannot be read."""

    from_: Annotated[str | None, typer.Option("--from", help="the old format; found out when not given")] = None
    images: Annotated[str, typer.Option(help="link, copy, or none: annotations alone")] = "link"
    lossy: Annotated[bool, typer.Option("--lossy", help="leave out what the new format cannot carry, and count it")] = (
        False
    )
    on_error: Annotated[str, typer.Option(help="raise: stop at what cannot be read; skip: leave it out")] = "raise"

    def __post_init__(self) -> None:
        if self.on_error not in ON_ERROR:
            raise ZooError(
                f"--on-error {self.on_error} is not known{near(self.on_error, ON_ERROR)}; it is raise or skip"
            )


@dataclass(frozen=True)
class Converted:
    """What was written: counts, what was lost and left out by kind with all places, and what was noted.

    `classes` are those of objects, or the names of keypoints: `object` is what is counted, `of` what the names are of.
    """

    out: str
    source_format: str
    format: str
    images: int
    objects: int
    classes: tuple[str, ...]
    lost: Mapping[str, Sequence[str]]
    left_out: Mapping[str, Sequence[str]]
    notes: tuple[str, ...]
    object: str = "object"
    of: str = "classes"


def refuse_losses(to: str, lost: Mapping[str, Sequence[str]], sentences: Mapping[str, str], lossy: bool) -> None:
    """Refuse what a format cannot carry, by kind with all places, unless that is wanted."""
    if lost and not lossy:
        those = "; ".join(f"{sentences[kind]}: {len(places)} ({some(places)})" for kind, places in lost.items())
        raise ZooError(
            f"--to {to} cannot carry all of it ({those}); say --lossy to convert without, or choose another format"
        )


def refuse_unless_skipped(problems: Sequence[Problem], on_error: str, passed: Iterable[str] = ()) -> None:
    """Refuse problems of other kinds than those `passed`, unless they are to be left out."""
    if on_error == "raise":
        try:
            refuse(problems, passed)
        except ZooError as error:
            raise ZooError(f"{error}; or leave all of it out with --on-error skip") from error


def by_kind(problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Return problems as sentences by their kind."""
    found = {kind: [str(problem) for problem in problems if problem.kind == kind] for kind in KINDS}
    return {kind: those for kind, those in found.items() if those}
