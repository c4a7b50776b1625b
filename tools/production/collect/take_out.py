"""What goes out: inputs of the inbox that are worth a label, in a folder for a labelling tool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from recipes.annotation.annotator import Marked
from tools.production.candidates import Candidate, Looking, doubts, embeddings
from zoo.errors import ZooError
from zoo.sites.labels import Item, LabelBook, Labelled
from zoo.sites.records.table import connect
from zoo.sites.selection import Candidates, Choice, choose, counts
from zoo.sites.site import INBOX, Site
from zoo.sources.digest import digest

#: Labelled inputs that new ones are held against, the last ones.
REMEMBERED = 500


@dataclass(frozen=True)
class Outward:
    """What goes out, and how."""

    budget: Annotated[int, typer.Option(min=1, help="inputs to take at most")] = 50
    random: Annotated[
        float, typer.Option(min=0, max=1, help="share drawn at random: held out, to judge challengers by")
    ] = 0.3
    format: Annotated[
        str, typer.Option(help="coco, cvat, labelstudio, csv, masks, …; default: the task's usual one")
    ] = ""
    out: Annotated[Path | None, typer.Option(help="the folder that is written; default: SITE/out/NUMBER")] = None
    views: Annotated[
        bool, typer.Option("--views", help="of images: doubt is also where the mirror image is answered otherwise")
    ] = False
    seed: Annotated[int, typer.Option(help="of what is drawn at random")] = 0


def take_out(site: Site, options: Outward, track: Any = iter) -> dict[str, Any]:
    """Choose a batch, write it, and note it; return what there is to say."""
    book, version = LabelBook(site.folder), site.current()
    looking, failures = Looking(site, version, options.views), list[str]()
    format = looking.annotator.known_format(options.format or looking.annotator.formats[0])
    waiting = waiting_in(site, book)
    if not waiting:
        raise ZooError(
            f"{site.folder / INBOX} holds no input that is not out already; copy files there, or let `zoo serve` keep a share"
            " of what it is asked: keep in site.yaml"
        )
    found = list(looking.at(track(waiting), failures))
    kept = [book.path(one.item) for one in labelled_last(book)]
    known = embeddings(list(looking.at([path for path in kept if path.exists()], [])))
    rng = np.random.default_rng((options.seed, len(book.batches.files())))
    chosen = choose(Candidates(doubts(found), embeddings(found)), known, options.budget, options.random, rng)
    if not chosen:
        raise ZooError(f"nothing in {site.folder / INBOX} can be taken: {'; '.join(failures) or 'all was seen before'}")
    items = items_of(site, version, [(found[one.number], one) for one in chosen])
    marked = [Marked(site.folder / INBOX / item.file, item.said, version) for item in items]
    with site.lock():
        number = book.batches.next()
        out = options.out or site.folder / "out" / f"{number:06d}"
        out.parent.mkdir(parents=True, exist_ok=True)
        looking.annotator.write(marked, site.settings.classes, format, out)
        book.take_out(items, {"version": version, "format": format, "out": str(out), "random": options.random})
    reasons = counts(chosen)
    return {
        "batch": number, "out": str(out), "format": format, "version": version, "inbox": len(waiting),
        "taken": len(items), "reasons": reasons, "failures": failures,
    }  # fmt: skip


def waiting_in(site: Site, book: LabelBook) -> list[Path]:
    """Return the files of the inbox that did not go out yet, sorted by name."""
    gone = book.out()
    return [path for path in site.inbox() if path.name not in gone]


def labelled_last(book: LabelBook) -> list[Labelled]:
    """Return the inputs that were labelled last, each once."""
    latest = {one.item.sha256: one for one in book.all()}
    return list(latest.values())[-REMEMBERED:]


def items_of(site: Site, version: str, taken: Sequence[tuple[Candidate, Choice]]) -> list[Item]:
    """Return what was taken, with what was recorded when it was answered; a kept input is called like its record."""
    names = {candidate.path.stem for candidate, _ in taken}
    where = recorded(site, names)
    return [
        Item(
            candidate.path.name, digest(candidate.path), choice.reason, version, candidate.said,
            round(choice.doubt, 4), round(choice.novelty, 4), *where.get(candidate.path.stem, ("", "", "")),
        )
        for candidate, choice in taken
    ]  # fmt: skip


def recorded(site: Site, names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Return record, place and time of the inputs that were served, by their names."""
    question = "SELECT id, place, time FROM records WHERE id IN (SELECT unnest(?))"
    rows = connect(site.folder / "records").execute(question, [sorted(names)]).fetchall()
    return {id_: (id_, place or "", time.isoformat()) for id_, place, time in rows}
