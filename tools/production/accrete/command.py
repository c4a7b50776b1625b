"""`zoo accrete SITE`: a challenger that has learnt from new labels; what it forgot is measured, and bounded."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.production.accrete.forgetting import Forgotten, forgotten
from tools.production.accrete.material import gather
from tools.terminal.options import expand_options
from zoo.errors import ZooError, counted
from zoo.inference.opened import Opened
from zoo.sites.site import Site

#: The learning rate, as a share of the run's own: the weights are near where they shall be.
SLOWER = 0.3
#: Steps of the optimizer at the least, where nobody says how many epochs: fewer change next to nothing.
STEPS = 150


@dataclass(frozen=True)
class Options:
    """How to learn."""

    replay: Annotated[float, typer.Option(min=0, help="old samples for each new label; 200 at the least")] = 10.0
    epochs: Annotated[int | None, typer.Option(min=1, help="of training; default: half of the run's, or 150 steps")] = (
        None
    )
    max_drop: Annotated[float, typer.Option(min=0, help="of the headline metric on old held-out data, at most")] = 0.02
    distil: Annotated[bool, typer.Option("--distil", help="replay what the old model says of inputs, not its data")] = (
        False
    )
    seed: Annotated[int, typer.Option(min=0, help="of the run, and of what is drawn")] = 0


@expand_options
def command(
    site: Annotated[Path, typer.Argument(help="the folder of the site")],
    json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False,
    *,
    options: Options,
) -> None:
    """Fine-tune the version that answers on the labels that came back, with old data replayed beside them.

    New classes are appended; the old ones keep their places. What was forgotten is measured on the validation samples of the
    old data: a model that lost more than --max-drop of their metric is not kept (exit 1). Where the old data are gone, the old
    model labels inputs of the inbox, and these stand for what it knew. The challenger lies in models/ with its lineage;
    `zoo promote` decides.

    Example: `zoo accrete street`, then `zoo promote street VERSION`.
    """
    facts = accrete(Site(site), options)
    if json_:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(facts, site)))
    if not facts["kept"]:
        raise typer.Exit(1)


def accrete(site: Site, options: Options) -> dict[str, Any]:
    """Learn from the labels of a site; keep the challenger if it forgot little, and return what there is to say."""
    from tools.production.accrete.learn import learn

    parent = site.current()
    material = gather(site, parent, options.replay, options.distil, options.seed)
    with tempfile.TemporaryDirectory(prefix=".accrete_", dir=site.folder) as folder:
        run = learn(
            material, Path(folder) / "run", words_of(material.opened, len(material.data.split.parts["train"]), options)
        )
        found = forgotten(run, material)
        kept = found.drop <= options.max_drop
        lineage = {
            "parent": parent,
            **material.facts,
            "seed": options.seed,
            "forgetting": found.facts(options.max_drop),
        }
        facts = {**lineage, "kept": kept, "version": None}
        if kept:
            run.save_metrics({**run.metrics, "lineage": lineage})
        with site.lock():
            if kept:
                facts["version"] = site.add(run, grown=True)
            site.decisions.add("accrete", facts)
    return facts


def words_of(opened: Opened, samples: int, options: Options) -> list[str]:
    """Return the settings of the run that learns from so many samples, where they are others than those of the version."""
    own = opened.config
    few = -(-STEPS * int(own["data"].get("batch_size", 32)) // samples)
    epochs = options.epochs or max(few, round((own["trainer"]["max_epochs"] or 2) / 2))
    rate = own["optimizer"]["lr"]
    if not isinstance(rate, float | int):
        raise ZooError(f"optimizer.lr={rate!r} of {opened.source} is no number; train a version with one")
    return [
        f"seed={options.seed}", f"optimizer.lr={rate * SLOWER}", f"trainer.max_epochs={epochs}", "trainer.minutes=null",
        f"trainer.check_val_every_n_epoch={epochs}",
    ]  # fmt: skip


def lines(facts: dict[str, Any], site: Path) -> list[str]:
    """Return what was learnt and forgotten, in words."""
    said: Forgotten = Forgotten(**{k: v for k, v in facts["forgetting"].items() if k != "max_drop"})
    grown = f", new classes {', '.join(facts['new_classes'])}" if facts["new_classes"] else ""
    first = (
        f"learnt from {counted(facts['labels'], 'label')} of {', '.join(facts['annotators'])} and "
        f"{counted(facts['replayed'], 'replayed sample')}, {facts['replay']}{grown}"
    )
    second = f"forgetting: {said} ({facts['judged_on']}), at most {facts['forgetting']['max_drop']:g}"
    last = (
        f"{facts['version']} is a challenger of {facts['parent']}: zoo promote {site} {facts['version']}"
        if facts["kept"]
        else "not kept: it forgot too much; more --replay, fewer --epochs, or a larger --max-drop"
    )
    return [first, second, last]
