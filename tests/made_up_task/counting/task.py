"""The record of a made-up task: a folder in ZOO_PATH is all that it takes."""

from zoo.registry.tasks import Task

TASK = Task(
    name="counting",
    summary="Say how many dots are in a picture.",
    pipeline_tag="image-feature-extraction",
    sample="picture",
    model="dot_counter",
    module="counting.module:Counting",
    probe="counting.probe:count",
    label="dot",
    files="counting.dots:SUFFIXES",
    next_command="zoo predict {run} NEW.npy",
    predictor="counting.predictor:CountPredictor",
)
