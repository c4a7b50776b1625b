"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="sequence",
    summary="Classify, tag, transcribe, translate, forecast or watch sequences.",
    pipeline_tag="audio-classification",
    sample="sequence",
    module="tasks.sequence:Sequence",
    probe="tools.registry.card_recompute:answers",
    predictor="recipes.inference.sequences:SequencePredictor",
)
