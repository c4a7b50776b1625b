"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="detection",
    summary="Find objects in images, each with a box, a class and a score.",
    pipeline_tag="object-detection",
    sample="image",
    module="tasks.detection:Detection",
    probe="tools.registry.card_recompute:detections",
    predictor="recipes.inference.detection:DetectionPredictor",
)
