"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="segmentation",
    summary="Give each pixel of an image a class.",
    pipeline_tag="image-segmentation",
    sample="image",
    module="tasks.segmentation:Segmentation",
    probe="tools.registry.card_recompute:logits",
    predictor="recipes.inference.segmentation:SegmentationPredictor",
)
