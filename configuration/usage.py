"""The help of training: what can be named, and examples. Nothing heavy is imported for it."""

import zoo
from configuration.groups import options
from zoo.registry.card_roots import recipe_files


def usage(program: str) -> str:
    """Return the help of `program`, such as "python train.py" or "zoo train"."""
    models = [name for name, card in zoo.cards().items() if card.task != "backbone"]
    return f"""Train a model for a task on data.

Usage: {program} task=TASK data=DATA [model=MODEL] [recipes=RECIPE] [key=value …]

  task     {", ".join(options("task"))}
  data     {", ".join(options("data"))}
  model    {", ".join(models)}   (`zoo list` says more)
  recipes  {", ".join(recipe_files())}   (tested combinations; `zoo recipes`)
  augment  {", ".join(options("augment"))}

Examples
  {program} task=detection data=satellite
  {program} task=detection data=folder data.root=my_images model=ssd300
  {program} task=sequence data=folder data.root=my_recordings
  {program} recipes=satellite_trees trainer.max_epochs=30 seed=1
  {program} task=detection data=satellite --multirun seed=0,1,2
  {program} task=detection data=satellite resume=runs/detection-satellite-kestrel_nano/2026-01-31_12-00-00

  --cfg job prints the composed configuration; --multirun sweeps; fit=strict refuses what the model was not made for.
"""
