"""Train a model: `python train.py task=detection data=satellite`. Composes, builds, fits, tests, saves.

What a run consists of is in conf/train.yaml; how it is fitted, tested and saved is in tasks/session.py.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import zoo
from zoo.errors import ZooError, near
from zoo.files import claim_timestamped, timestamped
from zoo.files.paths import RUNS
from zoo.hardware.memory import keep_memory
from zoo.registry.card_roots import recipe_files
from zoo.runs.configuration import flat, refuse_changes
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.module import DataModule
    from tasks.base import Task

HERE = Path(__file__).resolve().parent
#: Options of models that follow what else the run chooses, unless they are set.
FOLLOWING = {
    "geometry": "task.geometry",
    "output": "task.objective",
    "horizon": "data.horizon",
    "season": "data.season",
    "side": "data.crop",
}


def register() -> None:
    """Tell Hydra where the recipes lie, and make every registered model an option of the group `model`."""
    OmegaConf.register_new_resolver("root", lambda: str(HERE), replace=True)
    OmegaConf.register_new_resolver(
        "if_pretrained", lambda yes, no, _parent_: yes if _parent_.pretrained else no, replace=True
    )
    OmegaConf.register_new_resolver("unless_scaled", unless_scaled, replace=True)
    OmegaConf.register_new_resolver("learning_rate", learning_rate, replace=True)
    store = ConfigStore.instance()
    for name, card in zoo.cards().items():
        if card.task != "backbone":
            tuned = {
                key: f"${{if_pretrained:{value},{card.options[key]}}}" for key, value in card.pretrained_options.items()
            }
            begun = bool(card.weights) or "backbone" in card.options  # others have no weights to begin with
            follow = {k: f"${{oc.select:{FOLLOWING[k]},{v}}}" for k, v in card.options.items() if k in FOLLOWING}
            node = {"name": name, "pretrained": begun, **card.options, **tuned, **follow}
            store.store(group="model", name=name, node=node)
    for name, path in recipe_files().items():
        if path.parent != HERE / "recipes":  # ours are files of the search path
            store.store(group="recipes", name=name, node=OmegaConf.load(path), package="_global_")


def unless_scaled(tile: int, crop: int, _root_: DictConfig) -> int:
    """Return the tile of evaluation; where the model scales what it sees to one size, or sees by shares of it, that of a crop.

    Otherwise objects would have another size in the test than in training.
    """
    card = zoo.cards().get(_root_.model.name)
    scaled = card is not None and card.designed_for.scaled and _root_.model.get("resize") is not False
    return crop if scaled or "side" in _root_.model else tile


def learning_rate(usual: float, _root_: DictConfig) -> float:
    """Return the learning rate that the model's card asks for, or the usual one where it asks for none."""
    card = zoo.cards().get(_root_.model.name)
    return usual if card is None or card.learning_rate is None else card.learning_rate


def compose(overrides: Sequence[str]) -> DictConfig:
    """Compose the configuration of a run from command line words; for tools."""
    register()
    try:
        with hydra.initialize_config_dir(str(HERE / "conf"), version_base="1.3"):
            return settle(hydra.compose("train", list(overrides)))
    except (HydraException, OmegaConfBaseException) as error:
        raise ZooError(explain(error, overrides)) from error


def recompose(config: dict[str, Any], overrides: Sequence[str]) -> DictConfig:
    """Return the configuration of a finished run, changed by `overrides`: other keys, or another `data=NAME`."""
    words = [word for word in overrides if not word.startswith("data=")]
    cfg = OmegaConf.create(config)
    if len(words) < len(overrides):
        name = next(word for word in overrides if word.startswith("data="))
        cfg.data = compose([f"task={config['task']['name']}", name, *(w for w in words if w.startswith("data."))]).data
        words = [word for word in words if not word.startswith("data.")]
    for word in words:
        key, _, value = word.partition("=")
        if OmegaConf.select(cfg, key, default=words) is words:
            raise ZooError(f"the run has no key {key!r}{near(key, flat(config))}")
        OmegaConf.update(cfg, key, OmegaConf.create(f"value: {value}").value)
    return cfg


def settle(cfg: DictConfig) -> DictConfig:
    """Check that the model solves the task, and settle the folder of the run."""
    zoo.card(cfg.model.name, cfg.task.name)
    if cfg.resume is not None:
        cfg.run = str(Run.find(cfg.resume).folder)
    elif cfg.run is None:
        cfg.run = str(timestamped(RUNS / f"{cfg.task.name}-{cfg.data.name}-{cfg.model.name.replace('/', '_')}"))
    return cfg


@contextmanager
def settled(cfg: DictConfig) -> Iterator[None]:
    """Settle the configuration of a run, and claim its folder at once if the time names it."""
    by_time = cfg.run is None and cfg.resume is None
    settle(cfg)
    with claim_timestamped(Path(cfg.run).parent) if by_time else nullcontext(cfg.run) as folder:
        cfg.run = str(folder)
        yield


def data_of(cfg: DictConfig) -> "DataModule":
    """Build the data module of a configuration."""
    return built(cfg.data)


def built(config: Any, **handed: Any) -> Any:
    """Build what a configuration names as `_target_`; a refusal is told in its own words, not in Hydra's."""
    try:
        return hydra.utils.instantiate(config, **handed)
    except InstantiationException as error:
        raise error.__cause__ if isinstance(error.__cause__, ZooError) else error from None


def task_of(cfg: DictConfig, model: Any, classes: Sequence[str], channels_last: bool) -> "Task":
    """Build the task of a configuration around a model, which lies in memory channels-last or not."""
    settings = {key: value for key, value in cfg.task.items() if key != "name"}
    return built(
        settings,
        model=model,
        classes=list(classes),
        optimizer=hydra.utils.instantiate(cfg.optimizer),
        scheduler=hydra.utils.instantiate(cfg.scheduler),
        channels_last=channels_last,
        _recursive_=False,
    )


def train(cfg: DictConfig) -> dict[str, Any]:
    """Carry out a run; return its metrics."""
    from tasks.session import Session

    data = data_of(cfg)
    session = Session(plain(cfg), data)
    with session.recorded():
        model = session.build_model()
        cfg = OmegaConf.create(session.config)  # with what was left to the data
        task = task_of(cfg, model, data.classes, session.hardware.channels_last)
        callbacks = [hydra.utils.instantiate(callback) for callback in cfg.callbacks.values() if callback]
        session.fit(task, callbacks, hydra.utils.instantiate(cfg.logger))
        return session.finish(task)


def check_resume(cfg: DictConfig) -> None:
    """Refuse to go on with a run under another configuration, unless told."""
    if cfg.resume is not None and not cfg.resume_changed:
        refuse_changes(Run.find(cfg.resume), plain(cfg))


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Return a configuration, resolved, as plain dictionaries."""
    resolved = OmegaConf.to_container(cfg, resolve=True)
    return {str(key): value for key, value in resolved.items()} if isinstance(resolved, dict) else {}


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def run(cfg: DictConfig) -> None:
    """Train as composed; Hydra hands the configuration in."""
    try:
        with settled(cfg):
            check_resume(cfg)
            train(cfg)
    except (ZooError, HydraException, OmegaConfBaseException) as error:
        said = error if isinstance(error, ZooError) else explain(error, sys.argv[1:])
        print(f"error: {said}", file=sys.stderr)
        sys.exit(2)  # an exception would pass through Hydra, which adds lines of its own


def explain(error: BaseException, words: Sequence[str]) -> str:
    """Turn what Hydra says into a sentence with near names and the way out."""
    text = str(error).partition("\nConfig search path:")[0]
    if found := re.search(r"Could not find '(\w+)/([^']+)'", text):
        group, name = found.groups()
        known = re.findall(r"\t(\S+)", text)
        if group == "data" and "/" in name:
            return unfit(*name.split("/", 1))
        return f"{group}={name} is not known{near(name, known)}; it is one of {', '.join(known)}"
    if found := re.search(r"You must specify '(\w+)'", text):
        options = ", ".join(re.findall(r"\t(\S+)", text))
        return f"{found[1]}=… is missing; it is one of {options}, as in: python train.py task=detection data=satellite"
    if found := re.search(r"Could not override '([\w./@]+)'", text):
        return f"there is no key {found[1]!r}{near(found[1], known_keys(words, found[1]))}; --cfg job shows all keys"
    if found := re.search(r"Missing mandatory value: (\S+)", text):
        return f"{found[1]}=… is missing, as in: python train.py task=detection data=folder data.root=my_images"
    if found := re.search(r"LexerNoViableAlt\w+: ([^=\s]+)=(.*)", text):
        return f"{found[0].partition(': ')[2]!r} has signs that need quotes: '{found[1]}=\"{found[2]}\"'"
    if text.startswith("Error in call to target"):  # what is refused by no sentence of its own
        return f"{' '.join(text.splitlines()[:2])}; is a value of another kind than its key asks?"
    return f"{text.splitlines()[0]}; words are key=value, as in: python train.py task=detection data=satellite seed=1"


def unfit(data: str, task: str) -> str:
    """Say what does fit when data does not serve a task."""
    serves = sorted(path.stem for path in (HERE / "conf" / "data" / data).glob("*.yaml"))
    fitting = sorted(path.parent.name for path in (HERE / "conf" / "data").glob(f"*/{task}.yaml"))
    return (
        f"data={data} has nothing for task={task}: it serves task={' or '.join(serves)}; "
        f"task={task} fits data={', '.join(fitting) or 'none yet'}"
    )


def known_keys(words: Sequence[str], wrong: str) -> list[str]:
    """Return the keys of the configuration without the wrong word."""
    kept = [word for word in words if not word.lstrip("+~").startswith(wrong) and not word.startswith("-")]
    groups = ["recipes", *sorted(path.name for path in (HERE / "conf").iterdir() if path.is_dir())]
    with hydra.initialize_config_dir(str(HERE / "conf"), version_base="1.3"):
        try:
            return [*flat(OmegaConf.to_container(hydra.compose("train", kept))), *groups]
        except (HydraException, OmegaConfBaseException):
            return groups


def usage() -> str:
    """Return the help: what can be named, and examples. Nothing heavy is imported for it."""
    names = {
        group: sorted(path.stem for path in (HERE / "conf" / group).glob("*.yaml"))
        for group in ("task", "data", "augment")
    }
    models = [name for name, card in zoo.cards().items() if card.task != "backbone"]
    recipes = sorted(path.stem for path in (HERE / "recipes").glob("*.yaml"))
    return f"""Train a model for a task on data.

  python train.py task=TASK data=DATA [model=MODEL] [recipes=RECIPE] [key=value …]

  task     {", ".join(names["task"])}
  data     {", ".join(names["data"])}
  model    {", ".join(models)}   (`zoo list` says more)
  recipes  {", ".join(recipes)}   (tested combinations; `zoo recipes`)
  augment  {", ".join(names["augment"])}

Examples
  python train.py task=detection data=satellite
  python train.py task=detection data=folder data.root=my_images model=ssd300
  python train.py task=sequence data=folder data.root=my_recordings
  python train.py recipes=satellite_trees trainer.max_epochs=30 seed=1
  python train.py task=detection data=satellite --multirun seed=0,1,2
  python train.py task=detection data=satellite resume=runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00

  --cfg job prints the composed configuration; --multirun sweeps; fit=strict refuses what the model was not made for.
"""


def main() -> int:
    """Run the command line; return the exit code: 0, 2 for a mistake in the words or the data, 130 when interrupted."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(usage())
        return 0
    keep_memory()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then hands its errors to us
    try:
        register()
        run()
    except (HydraException, OmegaConfBaseException) as error:
        print(f"error: {explain(error, sys.argv[1:])}", file=sys.stderr)
        return 2
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
