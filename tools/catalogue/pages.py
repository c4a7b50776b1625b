"""Pages: every file of the catalogue by its path, laid out from the templates."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tools import cli
from tools.catalogue import boxes, chart, lineage, links, pictures, prose, recipe, results, words
from tools.catalogue.catalogue import Catalogue
from tools.catalogue.finished import Finished
from zoo import quantities
from zoo.registry import licences
from zoo.registry.cards import Card

HERE = Path(__file__).parent
#: So many rows of the overview are in the page itself; the script adds the others as they are looked at.
ROWS = 100


def build(catalogue: Catalogue) -> dict[str, bytes]:
    """Return the content of every file of the catalogue, by its path. The same catalogue gives the same bytes."""
    files = {f"assets/{path.name}": path.read_bytes() for path in sorted((HERE / "static").iterdir())}
    shown: dict[str, list[dict[str, Any]]] = {}
    for run in [*catalogue.runs_of_models.values(), *catalogue.runs_of_recipes.values()]:
        if run.name not in shown:
            drawn = list(_pictures(run))
            shown[run.name] = [facts for facts, _ in drawn]
            files |= {facts["path"]: content for facts, content in drawn}
    for path, template, facts in _pages(catalogue, shown):
        files[path] = _render(path, template, catalogue, facts)
    return files


def _pages(catalogue: Catalogue, shown: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, template and facts of each page."""
    yield "index.html", "index.html", overview(catalogue)
    yield "recipes.html", "recipes.html", {}
    yield "about.html", "about.html", {}
    for task, cards in catalogue.by_task.items():
        yield f"tasks/{task}.html", "task.html", {"task": task, "cards": cards, "groups": charts(cards)}
    for name, card in catalogue.cards.items():
        run = catalogue.runs_of_models.get(name)
        yield f"models/{name}.html", "model.html", {**model(card, catalogue), **_run(run, shown)}
    for name, one in catalogue.recipes.items():
        run = catalogue.runs_of_recipes.get(name)
        measured = catalogue.measured_by.get(name, ())
        yield f"recipes/{name}.html", "recipe.html", {"recipe": one, "measured": measured, **_run(run, shown)}


def _run(run: Finished | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    return {"run": run, "pictures": shown[run.name] if run else ()}


def _render(path: str, template: str, catalogue: Catalogue, facts: Mapping[str, Any]) -> bytes:
    """Return a page; `to` in it makes a path of the catalogue relative to the page."""
    up = "../" * path.count("/")
    page = _environment().get_template(template)
    text = page.render(catalogue=catalogue, here=path, to=lambda other: up + quote(other), **facts)
    return text.encode()


@functools.cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "count": quantities.count,
        "size": quantities.size,
        "duration": quantities.duration,
        "value": words.value,
        "designed_for": words.designed_for,
        "linked": links.linked,
        "linkified": links.linkified,
        "prose": prose.html,
        "spdx": links.spdx,
        "commercial": licences.allows_commercial,
        "json": data_block,
    }
    made.globals["shapes"] = chart.SHAPES
    return made


def data_block(content: Any) -> Markup:
    """Return JSON that can stand in a script element: no character in it can close the element or open a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def overview(catalogue: Catalogue) -> dict[str, Any]:
    """Return the rows of the overview and what they can be filtered by."""
    rows = [row(card, catalogue) for card in catalogue.cards.values()]
    return {
        "rows": rows,
        "first": rows[:ROWS],
        "blank": {**dict.fromkeys(("name", "href", "summary", "task", "size", "licence", "best", "on"), ""), **_BLANK},
        "domains": sorted({domain for one in rows for domain in one["domains"]}),
        "granted": sorted({one["licence"] for one in rows}, key=str.lower),
        "statuses": sorted({one["status"] for one in rows}),
    }


_BLANK = {"domains": (), "commercial": "depends", "status": "active"}


def row(card: Card, catalogue: Catalogue) -> dict[str, Any]:
    """Return what the overview shows and searches of a model; `rank` sorts by measured result."""
    found, rank = catalogue.headlines.get(card.name, (None, None))
    return {
        "name": card.name,
        "href": quote(f"models/{card.name}.html"),
        "summary": card.summary,
        "task": card.task,
        "domains": card.domains,
        "parameters": card.parameters,
        "size": quantities.count(card.parameters),
        "licence": card.licences.weights,
        "commercial": catalogue.use[card.name].commercial,
        "status": card.status,
        "best": f"{words.value(found.block.value)} {found.metric}" if found else "",
        "on": f"on {found.block.data}" if found else "",
        "rank": rank,
        "also": " ".join((card.paper.title, card.designed_for.data, card.designed_for.geometry, card.licences.code)),
    }


def model(card: Card, catalogue: Catalogue) -> dict[str, Any]:
    """Return what the page of a model says beyond its card."""
    graph = lineage.of(card, catalogue)
    return {
        "card": card,
        "graph": graph,
        "descent": lineage.sentences(graph),
        "drawings": [("wide", boxes.wide(graph)), ("narrow", boxes.narrow(graph))],
        "use": catalogue.use[card.name],
        "commands": list(commands(card, catalogue)),
        "measured": results.of([card]),
    }


def commands(card: Card, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what can be done with a model and the command that does it; only commands that there are."""
    for one in catalogue.recipes_of.get(card.name, ()):
        yield f"Train it as in the recipe {one.name}", one.command
    if data := recipe.serving(card.task):
        own = " data.root=my_data" if data[0] == "folder" else ""
        yield (
            "Train it on your own data" if own else f"Train it on {data[0]}",
            (f"python train.py task={card.task} data={data[0]}{own} model={card.name}"),
        )
    for standing in catalogue.standing_on.get(card.name, ())[:1]:
        if data := recipe.serving(standing.task):
            own = " data.root=my_data" if data[0] == "folder" else ""
            words_ = f"task={standing.task} data={data[0]}{own} model={standing.name} model.backbone={card.name}"
            yield "Train a model on it", f"python train.py {words_}"
    if "show" in cli.COMMANDS:
        yield "Read the card in the terminal", f"zoo show {card.name}"
    if "pull" in cli.COMMANDS and card.weights:
        yield "Fetch the weights", f"zoo pull {card.name}"


def charts(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """Return the results that can be compared with one another, and their charts in two widths."""
    groups = []
    for found in results.groups(results.of(cards)):
        drawn = []
        for axis in (chart.SECONDS, chart.PARAMETERS):
            sizes = [(kind, chart.draw(found, axis, *size)) for kind, size in _SIZES]
            drawn += [sizes] if sizes[0][1] else []
        groups.append({"place": found[0].place, "metric": found[0].metric, "results": found, "charts": drawn})
    return groups


_SIZES = (("wide", (530, 390)), ("narrow", (340, 330)))


def _pictures(run: Finished) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield path, caption and size of each picture of a run, with its content."""
    for path in run.pictures:
        name, content, (width, height) = pictures.bounded(path)
        caption = path.stem.replace("_", " ")
        yield {"path": f"pictures/{run.name}/{name}", "caption": caption, "width": width, "height": height}, content
