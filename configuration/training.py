"""A run, told in one read: composed, checked, built, fitted, tested, saved. `train.py` and `zoo train` are this program.

What a run consists of is in conf/train.yaml; how it is fitted, tested and saved is in tasks/session.py.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from configuration.check import check_settings, check_targets
from configuration.composition import claim_run, to_dict
from configuration.groups import CONF, check_choices
from configuration.instantiation import build, data_of, task_of
from configuration.messages import explain
from configuration.resolvers import register
from configuration.suggestions import suggestion
from configuration.usage import usage
from zoo.errors import ZooError
from zoo.errors.memory import short_of_memory
from zoo.errors.streams import accept_any_terminal
from zoo.hardware.process import prepare_process

if TYPE_CHECKING:
    from tasks.session import Session

#: The packages whose warnings a user is to hear.
OURS = ("configuration", "recipes", "tasks", "tools", "zoo")


def train(cfg: DictConfig) -> dict[str, Any]:
    """Carry out a run; return its metrics."""
    from tasks.session import Session

    check_targets(to_dict(cfg))
    return carry_out(Session(to_dict(cfg), data_of(cfg)))


def carry_out(session: "Session") -> dict[str, Any]:
    """Build, fit, test and save what a session is about; return its metrics."""
    with session.open_run():
        model = session.build_model()
        cfg = OmegaConf.create(session.config)  # with what was left to the data
        task = task_of(cfg, model, session.data.classes, session.hardware.channels_last)
        callbacks = [build(callback) for callback in cfg.callbacks.values() if callback]
        session.fit(task, callbacks, build(cfg.logger))
        return session.finish(task)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
def run(cfg: DictConfig) -> None:
    """Train as composed; Hydra hands the configuration in."""
    hear_warnings()
    try:
        check_settings(to_dict(cfg))
        with claim_run(cfg, HydraConfig.get().overrides.task):
            train(cfg)
    except (ZooError, HydraException, OmegaConfBaseException) as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        sys.exit(2)  # an exception would pass through Hydra, which adds lines of its own
    except (MemoryError, RuntimeError) as error:
        if (short := short_of_memory(error)) is None:
            raise
        print(f"error: {short}", file=sys.stderr)
        sys.exit(2)


def hear_warnings() -> None:
    """Let our own loggers warn: Hydra silences those that are there, and all below an error."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in OURS:
            logger.disabled = False
    for name in OURS:
        logging.getLogger(name).setLevel(logging.WARNING)


def sentence(error: Exception) -> str:
    """Return what a user is told: our own words, or what Hydra says in such."""
    return str(error) if isinstance(error, ZooError) else explain(error, sys.argv[1:])


def with_suggestions(words: Sequence[str]) -> list[str]:
    """Return the words with what the user's data suggest, and say what that is."""
    found = suggestion(words)
    if found is None:
        return [*words]
    suggested = [f"{key}={value}" for key, value in found.settings.items()]
    print(f"{found.why}, so this run is {' '.join(suggested)}; what you set yourself stays", file=sys.stderr)
    return [*words, *suggested]


def main(words: Sequence[str], program: str = "python train.py") -> int:
    """Run the command line; return the exit code: 0, 2 for a mistake in the words or the data, 130 when interrupted."""
    accept_any_terminal()
    if {"-h", "--help"} & set(words):
        print(usage(program))
        return 0
    prepare_process()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then hands its errors to us
    try:
        sys.argv[1:] = with_suggestions(words)  # where Hydra reads them
        check_choices(sys.argv[1:])
        register(sys.argv[1:])
        run()
    except (HydraException, OmegaConfBaseException, ZooError) as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
