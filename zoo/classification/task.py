"""The record of the task and of its objectives."""

from zoo.registry.tasks import Objective, Task

TAG, PROBE = "image-classification", "tools.registry.probes:classes"

TASK = Task(
    name="classification",
    summary="Say which class an image shows, which of several, or which grade.",
    pipeline_tag=TAG,
    sample="image",
    model="efficientnet_lite0",
    module="tasks.classification:Classification",
    probe=PROBE,
    objectives={
        "single_label": Objective(TAG, "tasks.labels.single_label:SingleLabel", PROBE),
        "multi_label": Objective(TAG, "tasks.labels.multi_label:MultiLabel", PROBE),
        "grade": Objective(TAG, "tasks.labels.grade:Grade", PROBE),
    },
    files="recipes.imagery.images:SUFFIXES",
    claims="recipes.folder.labels.reading:holds_labels",
    label="image",
    next_command="zoo predict {run} IMAGE_OR_FOLDER --out answers.csv",
    exporter="zoo.classification.export:EXPORTER",
    predictor="recipes.inference.classification:ClassificationPredictor",
    annotator="recipes.annotation.labels:Labels",
    takes_timm=True,
)
