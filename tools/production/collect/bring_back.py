"""What comes back: labels with who said them and when, held against what went out; and on what people disagree."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from recipes.annotation.annotator import Annotator, Truth
from tools.production.candidates import annotator_of
from tools.production.shadow import short
from zoo.errors import ZooError, near
from zoo.sites.labels import Item, LabelBook, Labelled, settle
from zoo.sites.site import INBOX, Site
from zoo.sources.digest import digest


@dataclass(frozen=True)
class Inward:
    """What comes back."""

    labels: Annotated[Path | None, typer.Option(help="what came back: the folder, or one exported file")] = None
    by: Annotated[str, typer.Option(help="of --labels: who labelled")] = ""
    settle: Annotated[bool, typer.Option("--settle", help="of --labels: these decide where others disagree")] = False
    hold_out: Annotated[
        str, typer.Option(help="of --labels: a frozen set that all of them are for, and not for learning")
    ] = ""
    new: Annotated[
        list[str] | None, typer.Option(help="of --labels: a class that the site does not know, on purpose")
    ] = None
    conflicts: Annotated[bool, typer.Option("--conflicts", help="show on what those who labelled disagree")] = False


def bring_back(site: Site, path: Path, options: Inward) -> dict[str, Any]:
    """Read what came back, hold it against what went out, and keep it."""
    if not options.by.strip():
        raise ZooError("--by NAME is missing: every label keeps who said it")
    book, annotator = LabelBook(site.folder), annotator_of(site.settings.task)
    folder = path if path.is_dir() else folder_of(book, path)
    with whole(path, folder) as place:
        read = annotator.read(place, None, site.settings.classes)
    if not read:
        raise ZooError(f"--labels {path} holds nothing that anybody labelled yet")
    refuse_unknown(site, book, annotator, read, options.new or ())
    went, now = book.out(), datetime.now(UTC).isoformat(timespec="seconds")
    labelled, places = [], {}
    for name, truth in sorted(read.items()):
        source = file_in(folder, site.folder / INBOX, name)
        batch, item = went.get(name, (0, None))
        sha256 = digest(source)
        if item is not None and item.sha256 != sha256:
            raise ZooError(
                f"{source} is not what went out in batch {batch}: its content was changed; label the file of the inbox"
            )
        item = item or Item(name, sha256, "given", "", {})
        labelled.append(Labelled(item, truth, options.by.strip(), now, batch, options.settle, options.hold_out))
        places[sha256] = source
    with site.lock():
        book.bring_back(labelled, places)
    found = settle(book, annotator.agreement, annotator.agreed)
    new = sorted({name for one in labelled for name in annotator.names(one.truth)} - {*site.settings.classes})
    return {
        "labelled": len(labelled), "by": options.by.strip(), "held_out": sum(one.held_out for one in labelled),
        "corrected": corrected(annotator, labelled), "new_classes": new, "conflicts": len(found.conflicts),
        "usable": len(found.agreed),
    }  # fmt: skip


def refuse_unknown(
    site: Site, book: LabelBook, annotator: Annotator, read: Mapping[str, Truth], new: Sequence[str]
) -> None:
    """Refuse classes that nobody knows: most are slips, and a model would learn them."""
    known = {*site.settings.classes, *new, *(name for one in book.all() for name in annotator.names(one.truth))}
    for file, truth in sorted(read.items()):
        for name in annotator.names(truth):
            if name not in known:
                raise ZooError(
                    f"{file} is labelled {name!r}, which is no class of the site{near(name, known)}; correct it, or say --new"
                    f" {name!r} where it is one from now on"
                )


def corrected(annotator: Annotator, labelled: Sequence[Labelled]) -> float | None:
    """Return the share of inputs of which the model had said something else; None where it had said nothing of any."""
    said = [one for one in labelled if one.item.said]
    changed = [annotator.agreement(one.item.said, one.truth) < annotator.agreed for one in said]
    return float(np.mean(changed)) if changed else None


def folder_of(book: LabelBook, path: Path) -> Path:
    """Return the folder of the batch that an exported file came of: the one whose inputs it names."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for file in reversed(book.batches.files()):
        content = book.batches.read(file)
        if any(one["file"] in text for one in content["items"]):
            return Path(content["out"])
    raise ZooError(
        f"--labels {path} names no input of a batch of this site; give the folder with the inputs and labels"
    )


@contextmanager
def whole(path: Path, folder: Path) -> Iterator[Path]:
    """Give a folder that holds both inputs and labels: what came back, or one exported file beside the inputs of its batch."""
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="zoo_labels_") as made:
        for name in ("images", "files"):
            if (folder / name).is_dir():
                (Path(made) / name).symlink_to((folder / name).resolve())
        shutil.copyfile(path, Path(made) / {".xml": "annotations.xml"}.get(path.suffix, path.name))
        yield Path(made)


def file_in(folder: Path, inbox: Path, name: str) -> Path:
    """Return the input called `name`, of the folder that came back, or of the inbox."""
    found = next((path for path in sorted(folder.rglob(name)) if path.is_file()), inbox / name)
    if not found.is_file():
        raise ZooError(
            f"{name} is labelled, and there is no such file in {folder} or {inbox}; put it beside its labels"
        )
    return found


def facts_of_conflicts(site: Site) -> dict[str, Any]:
    """Return what those who labelled disagree on."""
    book, annotator = LabelBook(site.folder), annotator_of(site.settings.task)
    found = settle(book, annotator.agreement, annotator.agreed)
    rows = [
        {
            "file": one.item.file,
            "by": one.by,
            "when": one.when,
            "said": short(annotator, one.truth),
            "input": str(book.path(one.item)),
        }
        for those in found.conflicts
        for one in those
    ]
    return {"conflicts": len(found.conflicts), "usable": len(found.agreed), "rows": rows}
