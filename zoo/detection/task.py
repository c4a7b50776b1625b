"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="detection",
    summary="Find objects in images, each with a box, a class and a score.",
    pipeline_tag="object-detection",
    sample="image",
    model="kestrel_nano",
    module="tasks.detection:Detection",
    probe="tools.registry.probes:detections",
    files="recipes.imagery.images:SUFFIXES",
    suggests="recipes.folder.boxes.photographs:suggest",
    label="object",
    next_command="zoo predict {run} IMAGE_OR_FOLDER --out predictions",
    exporter="zoo.detection.export:EXPORTER",
    predictor="recipes.inference.detection:DetectionPredictor",
    annotator="recipes.annotation.objects:Objects",
)
