"""The record of the task."""

from zoo.registry.tasks import Task

TASK = Task(
    name="pose",
    summary="Find the keypoints of animals or people in images and videos.",
    pipeline_tag="keypoint-detection",
    sample="image",
    model="simple_baseline",
    module="tasks.pose:Pose",
    probe="tools.registry.probes:keypoints",
    files="recipes.imagery.images:SUFFIXES",
    claims="recipes.folder.keypoints.reading:holds_keypoints",
    label="keypoint",
    next_command="zoo predict {run} IMAGE_OR_VIDEO --out pose.png",
    predictor="recipes.inference.pose:PosePredictor",
    exporter="zoo.pose.export:EXPORTER",
)
