"""Run folders: the artifact of a run, and at the same time a model repository for the hub.

    config.yaml  weights.safetensors  README.md  metrics.json  profile.json  fit.json  plots/  logs/  checkpoints/

The head of weights.safetensors says what builds the model (registered name, options, classes, bands) and what the data
module and the task learnt beside it (`fitted`: a vocabulary; `learnt`: a threshold), so that the file alone can be used;
nothing in it is executed, the name is looked up in the registry.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from zoo.errors import ZooError, near
from zoo.files import atomic_write, ensure_dir
from zoo.files.paths import RUNS

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "weights.safetensors"
#: The key in the head of the weights under which the recipe of the model is kept, as JSON.
HEAD = "zoo"


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

    def make(self) -> None:
        """Make the folder of a new run.

        What another run has trained is not written over; of one that ended before its first epoch there is nothing to lose.
        """
        if self.trained:
            raise ZooError(
                f"run={self.folder} holds a run already; choose another folder, or go on with it: resume={self.folder}"
            )
        ensure_dir(self.folder, "choose another with run=…")

    @property
    def config(self) -> dict[str, Any]:
        """The composed configuration of the run."""
        return yaml.safe_load((self.folder / "config.yaml").read_text(encoding="utf-8"))

    @property
    def finished(self) -> bool:
        """Whether the run was carried out to its end."""
        return (self.folder / "metrics.json").exists()

    @property
    def trained(self) -> bool:
        """Whether there is something that would be lost with the folder: weights, metrics or checkpoints."""
        return self.finished or any((self.folder / name).exists() for name in (WEIGHTS, "checkpoints"))

    @property
    def metrics(self) -> dict[str, Any]:
        """The flat metrics of the run."""
        if not self.finished:
            raise ZooError(f"run {self.folder} has no metrics.json: it did not finish; go on with resume={self.folder}")
        return json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))

    @property
    def checkpoint(self) -> Path:
        """The last complete checkpoint."""
        path = self.folder / "checkpoints" / "last.ckpt"
        if not path.exists():
            raise ZooError(
                f"run {self.folder} has no checkpoint: it stopped before its first epoch ended; start it anew"
            )
        return path

    def save_model(self, model: "nn.Module", head: Mapping[str, Any]) -> None:
        """Write the weights with the recipe of the model in their head."""
        from safetensors.torch import save_file

        state = {name: tensor.contiguous().clone() for name, tensor in model.state_dict().items()}
        with atomic_write(self.folder / WEIGHTS) as part:
            save_file(state, part, metadata={HEAD: json.dumps(head), "format": "pt"})

    def head(self) -> dict[str, Any]:
        """Return what builds the model: name, options, classes, bands."""
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
        return json.loads(metadata[HEAD])

    def load_model(self, **changed: Any) -> "nn.Module":
        """Build the model by its registered name and load the weights; in evaluation mode.

        `changed` are options other than those of training, for what needs no other weights: thresholds, views.
        """
        from safetensors.torch import load_file

        from zoo.factory import create

        head = self.head()
        options = {key: tuple(v) if isinstance(v, list) else v for key, v in head["options"].items()}
        model = create(head["model"], classes=len(head["classes"]), bands=head["bands"], **{**options, **changed})
        model.load_state_dict(load_file(self.folder / WEIGHTS))
        return model.eval()


def is_run(path: Path) -> bool:
    """Tell whether `path` is a run folder, finished or not."""
    return (path / "config.yaml").is_file()
