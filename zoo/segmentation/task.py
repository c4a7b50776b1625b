"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="segmentation",
    summary="Give each pixel of an image a class.",
    pipeline_tag="image-segmentation",
    sample="image",
    model="unet",
    module="tasks.segmentation:Segmentation",
    probe="tools.registry.probes:logits",
    files="recipes.imagery.images:SUFFIXES",
    claims="recipes.folder.masks.reading:holds_masks",
    label="pixel",
    few=0,
    next_command="zoo predict {run} SCENE.tif --out mask.tif",
    exporter="zoo.segmentation.export:EXPORTER",
    predictor="recipes.inference.segmentation:SegmentationPredictor",
    annotator="recipes.annotation.masks:Masks",
)
