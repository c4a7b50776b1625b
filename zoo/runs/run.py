"""Run folders: the artifact of a run, and at the same time a model repository for the hub.

    config.yaml  weights.safetensors  README.md  metrics.json  profile.json  fit.json  plots/  logs/  checkpoints/

The head of weights.safetensors says what builds the model (registered name, options, classes, bands) and what the data
module and the task learnt beside it (`fitted`: a vocabulary; `learnt`: a threshold), so that the file alone can be used;
nothing in it is executed, the name is looked up in the registry.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from zoo.errors import ZooError, near
from zoo.files import atomic_write, ensure_dir, write_json
from zoo.files.paths import RUNS
from zoo.runs.inspection import check_head, check_tensors, read_config, refuse_foreign_names

if TYPE_CHECKING:
    from torch import nn

CONFIG, WEIGHTS = "config.yaml", "weights.safetensors"
#: The key in the head of the weights under which the recipe of the model is kept, as JSON.
HEAD = "zoo"
#: Seconds in which the workers of a training that was killed let its folder go; they look for it every five.
PATIENCE = 10


class Run:
    """A run folder, by its parts. Reading asks the disk each time; nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def find(cls, name: str | Path) -> "Run":
        """Return the run at a path, one pulled from hf://owner/repo, or the newest below `runs/` that ends in `name`."""
        if str(name).startswith("hf://"):
            from zoo.runs import hub_runs

            return cls(hub_runs.find(str(name)))
        path = Path(name)
        if is_run(path):
            return cls(path)
        every = sorted(found.parent for found in RUNS.glob("*/*/config.yaml"))
        matching = [folder for folder in every if str(folder).endswith(str(name)) or folder.parent.name == str(name)]
        if matching:
            return cls(max(matching, key=lambda folder: folder.name))
        names = sorted({folder.parent.name for folder in every})
        known = f"; known: {', '.join(names)}" if names else f"; there are no runs in {RUNS.resolve()}"
        raise ZooError(f"no run {str(name)!r}{near(str(name), names)}{known}")

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Make the folder and hold it for this process alone; a folder in which nothing was put goes again."""
        from filelock import FileLock, Timeout

        fresh = not self.folder.exists()
        ensure_dir(self.folder, "choose another with run=…")
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=PATIENCE)
        except (Timeout, OSError) as error:
            busy = isinstance(error, Timeout)
            why = "another training writes into it" if busy else error.strerror
            wait = ", or wait for its end" if busy else ""
            raise ZooError(f"run={self.folder}: {why}; choose another folder with run=…{wait}") from None
        try:
            yield
        finally:
            (self.folder / ".lock").unlink(missing_ok=True)  # held still: one who waits for it takes a new one
            lock.release()
            if fresh and not any(self.folder.iterdir()):
                self.folder.rmdir()

    def refuse_finished(self) -> None:
        """Refuse to go on with what has come to its end."""
        if self.finished:
            raise ZooError(
                f"resume={self.folder}: this run is finished, and stays as it is; to train longer, call the command in its "
                "README.md anew, with a larger trainer.max_epochs and in another folder: the learning rate of each step "
                "follows from how many there are"
            )

    def refuse_trained(self) -> None:
        """Refuse to write over what another run has trained; of one that ended before its first epoch nothing is lost."""
        if self.finished or self.begun or (self.folder / WEIGHTS).exists():
            way_out = "" if self.finished else f", or go on with it: resume={self.folder}"
            raise ZooError(f"run={self.folder} holds a run already; choose another folder{way_out}")

    @property
    def config(self) -> dict[str, Any]:
        """The composed configuration of the run; it names no classes but those of our own configurations."""
        return read_config(self.folder / CONFIG)

    def open(self, config: Mapping[str, Any]) -> None:
        """Write the configuration of a run that begins or goes on, and remove what a kill left half written.

        A configuration that could not be read again is refused.
        """
        refuse_foreign_names(config, "the configuration")
        for name in (".", "checkpoints", "logs"):
            for left in (self.folder / name).glob(".*.*.part"):
                left.unlink()
        ensure_dir(self.folder / "logs", "choose another folder with run=…")
        with atomic_write(self.folder / CONFIG) as part:
            part.write_text(
                yaml.dump(config, Dumper=PlainDumper, sort_keys=False, allow_unicode=True), encoding="utf-8"
            )

    @property
    def finished(self) -> bool:
        """Whether the run was carried out to its end."""
        return (self.folder / "metrics.json").exists()

    @property
    def checkpoint(self) -> Path:
        """Where the last complete checkpoint is, once an epoch has ended."""
        return self.folder / "checkpoints" / "last.ckpt"

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return is_run(self.folder) and self.checkpoint.exists()

    @property
    def metrics(self) -> dict[str, Any]:
        """The flat metrics of the run."""
        if not self.finished:
            raise ZooError(f"run {self.folder} has no metrics.json: it did not finish; go on with resume={self.folder}")
        return json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))

    def save_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write the metrics: with them the run is finished."""
        write_json(self.folder / "metrics.json", metrics)

    def save_model(self, model: "nn.Module", head: Mapping[str, Any]) -> None:
        """Write the weights with the recipe of the model in their head."""
        from zoo.sources.tensors import refuse_nan, safetensors_of

        state = model.state_dict()
        refuse_nan(state, "the trained weights", "lower optimizer.lr, or set trainer.precision=32-true")
        with atomic_write(self.folder / WEIGHTS) as part:
            part.write_bytes(safetensors_of(state, {HEAD: json.dumps(head), "format": "pt"}))

    def head(self) -> dict[str, Any]:
        """Return what builds the model: name, options, classes, bands; the model is one that is registered here."""
        from safetensors import safe_open

        path = self.folder / WEIGHTS
        if not path.exists():
            raise ZooError(f"run {self.folder} has no {WEIGHTS}: it did not finish; go on with resume={self.folder}")
        try:
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
        except Exception as error:  # safetensors raises its own type, which it does not export in every version
            raise ZooError(f"weights {path} are damaged ({error}); pull or train them again") from error
        if HEAD not in metadata:
            raise ZooError(f"weights {path} do not say which model they are for: no {HEAD!r} in their head")
        try:
            facts = json.loads(metadata[HEAD])
        except (ValueError, RecursionError) as error:
            raise ZooError(f"weights {path}: their head is not JSON ({error})") from error
        check_head(facts, path)
        return facts

    def load_model(self, **changed: Any) -> "nn.Module":
        """Build the model by its registered name and load the weights; in evaluation mode.

        `changed` are options other than those of training, for what needs no other weights: thresholds, views.
        """
        from safetensors.torch import load_file

        from zoo.factory import rebuild
        from zoo.sources.tensors import refuse_nan

        head, path = self.head(), self.folder / WEIGHTS
        check_tensors(head, path)
        model = rebuild(head, **changed)
        state = load_file(path)
        refuse_nan(state, f"weights {path}", "pull or train them again")
        model.load_state_dict(state)
        return model.eval()


def is_run(path: Path) -> bool:
    """Tell whether `path` is a run folder, finished or not."""
    return (path / CONFIG).is_file()


class PlainDumper(yaml.SafeDumper):
    """Writes out what is there twice, in place of an alias: a configuration from elsewhere may have none."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return whether `data` is written out each time: always."""
        return True
