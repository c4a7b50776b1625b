"""Pose: where the keypoints of an individual are; errors are in pixels of the whole image."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from tasks.base import Batch, Metric, Stage, Task
from tasks.metrics.keypoints import keypoint_metrics, rmse
from tasks.results.pose import PoseResult
from zoo.pose.baselines import mean_pose, nearest_pose, thumbnails
from zoo.pose.framing import to_image
from zoo.pose.skeleton import Skeleton, skeleton_of

#: What naive answers are called: the mean pose of training, and the pose of the most alike training image.
MEAN, NEAREST = "rmse_mean_pose", "rmse_nearest"


class Pose(Task):
    """Finds keypoints; a batch holds `images (B, C, S, S)`, `keypoints (B, J, 2)`, `visible (B, J)`, `frames` and `names`.

    Beside them, for evaluation, `truth (B, J, 2)` in pixels of the whole images, `areas (B,)` and `pictures`.
    """

    monitor: ClassVar[Metric] = Metric("rmse", "min", whole=None)
    also_plotted: ClassVar[tuple[str, ...]] = ("pck_5", "pck_10")
    baselines: ClassVar[tuple[str, ...]] = (MEAN, NEAREST)

    def __init__(self, *args: Any, **optimisation: Any) -> None:
        super().__init__(*args, **optimisation)
        self.skeleton: Skeleton = skeleton_of(self.classes)
        self.result: PoseResult | None = None
        self.reset()

    def setup(self, stage: str) -> None:
        """Take the skeleton of the data; Lightning calls this."""
        self.skeleton = self.trainer.datamodule.skeleton  # type: ignore[attr-defined]  # set by Lightning

    def reset(self) -> None:
        """Begin a new evaluation."""
        self.parts: list[dict[str, Any]] = []
        self.thumbnails: list[Tensor] = []

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses that the model computes."""
        network: Any = self.model
        return network.losses(self.to_memory_format(batch["images"]), batch["keypoints"], batch["visible"])

    def respond(self, batch: Batch) -> Tensor:
        """Return keypoints (B, 1, J, 3) float32 in pixels of the images of a batch."""
        found: Tensor = self.model(self.to_memory_format(batch["images"]))
        return found.detach().float()

    def update(self, batch: Batch, stage: Stage) -> None:
        """Keep what is said of a batch, in pixels of the whole images."""
        said = to_image(batch["frames"], self.answer(batch).cpu())[:, 0]
        known = {key: batch[key] for key in ("names", "truth", "visible", "areas", "pictures", "frames")}
        self.parts.append({**known, "predicted": said})
        self.thumbnails.append(thumbnails(batch["images"].float().cpu()))

    def compute(self, stage: Stage) -> dict[str, float]:
        """Return the metrics; in the test those of the naive answers too."""
        self.result = result = self.gathered()
        found = keypoint_metrics(result, self.skeleton)
        if stage == "test":
            found |= self.naive(result)
        self.reset()
        return found

    def gathered(self) -> PoseResult:
        """Return all that was said."""
        predicted, truth, visible, areas = (
            torch.cat([part[key] for part in self.parts]) for key in ("predicted", "truth", "visible", "areas")
        )
        names, pictures = (tuple(one for part in self.parts for one in part[key]) for key in ("names", "pictures"))
        return PoseResult(names, predicted, truth, visible, areas, pictures)

    def naive(self, result: PoseResult) -> dict[str, float]:
        """Return the errors of who answers with the mean pose, and with that of the most alike training image."""
        known, keypoints, visible = self.trainer.datamodule.references()  # type: ignore[attr-defined]
        frames = [frame for part in self.parts for frame in part["frames"]]
        asked = torch.cat(self.thumbnails)
        mean = mean_pose(keypoints, visible).expand(len(frames), -1, -1)
        found = {}
        for name, poses in ((MEAN, mean), (NEAREST, nearest_pose(asked, known, keypoints, visible))):
            moved = to_image(frames, (poses * frames[0].size)[:, None])[:, 0]
            apart = (moved - result.truth).norm(dim=2)
            found[name] = rmse(torch.where(result.visible, apart, torch.full_like(apart, torch.nan)))
        return found

    def draw(self, folder: Path, data: Any) -> list[Path]:
        """Draw skeletons over the truth, the errors by keypoint, and the worst."""
        from tasks.plots.pose import draw

        if self.result is None:
            raise RuntimeError("draw comes after compute")
        return draw(folder, self.result, self.skeleton, data)
