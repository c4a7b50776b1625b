"""From the words of a command line to the configuration of a run, and back from a finished run."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from configuration.check import check_settings
from configuration.groups import CONF, check_choices
from configuration.messages import explain
from configuration.resolvers import register
from configuration.suggestions import complete
from zoo.errors import ZooError, near
from zoo.files import claim_timestamped, timestamped
from zoo.files.paths import RUNS
from zoo.runs.configuration import flat
from zoo.runs.run import Run

if TYPE_CHECKING:
    from recipes.kit.module import DataModule

#: Settings of images that belong to a run, whatever data it is tested on.
SIZES = ("crop", "tile", "overlap")


def compose(overrides: Sequence[str]) -> DictConfig:
    """Compose the configuration of a run from command line words."""
    overrides = complete(overrides)
    register(overrides)
    check_choices(overrides)
    try:
        with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = hydra.compose("train", overrides)
            check_settings(to_dict(cfg))
            return name_run(cfg, overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise ZooError(explain(error, overrides)) from error


def recompose(config: dict[str, Any], overrides: Sequence[str]) -> DictConfig:
    """Return the configuration of a finished run, changed by `overrides`: other keys, or another `data=NAME`."""
    words = [word for word in overrides if not word.startswith("data=")]
    cfg = OmegaConf.create(config)
    if len(words) < len(overrides):
        name = next(word for word in overrides if word.startswith("data="))
        given = [word for word in words if word.startswith("data.")]
        cfg.data = looked_at_alike(
            compose([f"task={config['task']['name']}", name, *given]).data, config["data"], given
        )
        words = [word for word in words if not word.startswith("data.")]
    for word in words:
        key, _, value = word.partition("=")
        if OmegaConf.select(cfg, key, default=words) is words:
            raise ZooError(f"the run has no key {key!r}{near(key, flat(config))}")
        OmegaConf.update(cfg, key, OmegaConf.create(f"value: {value}").value)
    if overrides:
        check_settings(to_dict(cfg))
    return cfg


def compose_for(model: str, task: Mapping[str, Any], data: Mapping[str, Any], overrides: Sequence[str]) -> DictConfig:
    """Compose the configuration in which published weights are tested: of their model and `task`, looked at as `data` says."""
    cfg = compose([f"task={task['name']}", *overrides, f"model={model}"])
    said = {word.partition("=")[0] for word in overrides}
    for name, value in task.items():  # what a training leaves to its data
        if value and name in cfg.task and f"task.{name}" not in said:
            cfg.task[name] = value
    cfg.data = looked_at_alike(cfg.data, data, [word for word in overrides if word.startswith("data.")])
    return cfg


def looked_at_alike(data: DictConfig, before: Mapping[str, Any], words: Sequence[str]) -> DictConfig:
    """Return settings of data with the sizes in which a run looked at its own, where `words` do not set them."""
    said = {word.partition("=")[0] for word in words}
    sizes = {name: before[name] for name in SIZES if name in before and name in data}
    if "resize" in data or before.get("resize") is not None:
        sizes["resize"] = before.get("resize")  # None too: what the new data suggest is for a run of their own
    side = data.get("resize") if "data.resize" in said else sizes.get("resize")
    if side is not None:  # whole images are seen, and nothing of them by itself
        whole = {"crop": side, "tile": side, "overlap": 0}
        sizes |= {name: whole[name] for name in SIZES if name in data}
    for name in sizes:
        if f"data.{name}" not in said:
            OmegaConf.update(data, name, sizes[name], force_add=True)
    return data


def override(config: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """Return plain settings with words such as model.geometry=rotated_box laid over them."""
    return to_dict(OmegaConf.merge(OmegaConf.create(config), OmegaConf.from_dotlist(list(words))))


def inform(cfg: DictConfig, data: "DataModule") -> DictConfig:
    """Return the configuration with what it leaves to the data, after their `setup`."""
    from tasks.agreement import resolve_settings

    return OmegaConf.create(resolve_settings(to_dict(cfg), data))


def to_dict(cfg: Any) -> dict[str, Any]:
    """Return a configuration, resolved, as plain dictionaries."""
    resolved = OmegaConf.to_container(cfg, resolve=True)
    return {str(key): value for key, value in resolved.items()} if isinstance(resolved, dict) else {}


def name_run(cfg: DictConfig, words: Sequence[str]) -> DictConfig:
    """Name the folder of the run: that which it goes on with, or a new one.

    `words` are those of the command line, as which the run is kept.
    """
    cfg.command = shlex.join(["python", "train.py", *words])
    if cfg.resume is not None:
        found = Run.find(cfg.resume).folder
        if cfg.run is not None and Path(cfg.run).resolve() != found.resolve():
            raise ZooError(
                f"run={cfg.run} is another folder than that of resume={cfg.resume}, where a run goes on; leave out run=…"
            )
        cfg.run = str(found)
    elif cfg.run is None:
        cfg.run = str(timestamped(RUNS / f"{cfg.task.name}-{cfg.data.name}-{cfg.model.name.replace('/', '_')}"))
    return cfg


@contextmanager
def claim_run(cfg: DictConfig, words: Sequence[str]) -> Iterator[None]:
    """Name the folder of a run, and claim it at once if the time names it."""
    by_time = cfg.run is None and cfg.resume is None
    name_run(cfg, words)
    with claim_timestamped(Path(cfg.run).parent) if by_time else nullcontext(cfg.run) as folder:
        cfg.run = str(folder)
        yield
