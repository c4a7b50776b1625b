"""Metrics of keypoints: how far they are from the truth in pixels, how many are near it, and COCO's average precision."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tasks.results.pose import PoseResult
from zoo.pose.skeleton import Skeleton

#: Distances that count as near, pixels; and the share of the torso (Yang and Ramanan 2013).
NEAR, OF_TORSO = (5, 10), 0.2
#: Redrawn tests of the bootstrap, and the ends of its interval.
ROUNDS, ENDS = 1000, (0.025, 0.975)


def rmse(distances: Tensor) -> float:
    """Return the root of the mean square of distances (N, J), NaN left out."""
    return float(distances.square().nanmean().sqrt())


def rmse_interval(distances: Tensor, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the root mean square: individuals drawn anew with replacement (Efron and Tibshirani 1993)."""
    squares, counts = distances.square().nansum(dim=1), distances.isfinite().sum(dim=1)
    drawn = torch.from_numpy(np.random.default_rng(seed).integers(0, len(distances), (ROUNDS, len(distances))))
    totals, numbers = squares[drawn].sum(dim=1), counts[drawn].sum(dim=1)
    found = (totals / numbers)[numbers > 0].sqrt()
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found.numpy(), ENDS)
    return float(low), float(high)


def share_near(distances: Tensor, limits: Tensor | float) -> float:
    """Return the share of distances (N, J) of at most `limits`, one for all or (N, 1); what is NaN is not asked for."""
    asked = distances.isfinite() & torch.as_tensor(limits).isfinite()
    return float((distances <= limits)[asked].double().mean()) if asked.any() else float("nan")


def torsos(result: PoseResult, skeleton: Skeleton) -> Tensor:
    """Return how long the torso of each individual is (N, 1), pixels; NaN where an end of it is not visible."""
    if skeleton.torso is None:
        return torch.full((len(result.names), 1), torch.nan)
    a, b = (skeleton.names.index(name) for name in skeleton.torso)
    lengths = (result.truth[:, a] - result.truth[:, b]).norm(dim=1)
    seen = result.visible[:, a] & result.visible[:, b] & (lengths > 0)
    return torch.where(seen, lengths, torch.full_like(lengths, torch.nan))[:, None]


def keypoint_metrics(result: PoseResult, skeleton: Skeleton) -> dict[str, float]:
    """Return all metrics by name, those of each keypoint too; what is not defined is left out."""
    distances = result.distances
    low, high = rmse_interval(distances)
    found = {"rmse": rmse(distances), "rmse_low": low, "rmse_high": high}
    found |= {f"pck_{limit}": share_near(distances, float(limit)) for limit in NEAR}
    found["pck_torso"] = share_near(distances, OF_TORSO * torsos(result, skeleton))
    found |= oks_precision(result, skeleton.sigmas)
    for number, name in enumerate(skeleton.names):
        found[f"rmse/{name}"] = rmse(distances[:, number])
    return {name: value for name, value in found.items() if np.isfinite(value) or name == "rmse"}


def oks_precision(result: PoseResult, sigmas: Sequence[float]) -> dict[str, float]:
    """Return COCO's average precision of keypoints, by faster-coco-eval; none where no keypoint is visible.

    https://cocodataset.org/#keypoints-eval: the likeness of a pose is the mean over its visible keypoints of
    exp(-d² / (2 area (2 σ)²)).
    """
    from faster_coco_eval import COCO, COCOeval_faster

    if not result.visible.any():
        return {}
    truth = COCO(coco_truth(result, len(sigmas)))
    evaluation = COCOeval_faster(
        truth, truth.loadRes(coco_answers(result)), iouType="keypoints", kpt_oks_sigmas=np.array(sigmas)
    )
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, -1]  # (threshold, recall) over all sizes
    known = precision[precision > -1]
    if not known.size:
        return {}
    return {
        "oks_map": float(known.mean()),
        "oks_map_50": float(precision[0].mean()),
        "oks_map_75": float(precision[5].mean()),
    }


def coco_truth(result: PoseResult, keypoints: int) -> dict[str, object]:
    """Return the truth as COCO's JSON has it; what is not visible is (0, 0, 0)."""
    numbers = {picture: number for number, picture in enumerate(dict.fromkeys(result.pictures), 1)}
    flagged = torch.cat((result.truth, 2.0 * torch.ones_like(result.truth[..., :1])), dim=2) * result.visible[..., None]
    annotations = [
        {
            "id": i + 1, "image_id": numbers[picture], "category_id": 1, "iscrowd": 0, "area": float(result.areas[i]),
            "bbox": box_around(result.truth[i], result.visible[i]), "keypoints": flagged[i].flatten().tolist(),
            "num_keypoints": int(result.visible[i].sum()),
        }
        for i, picture in enumerate(result.pictures)
    ]  # fmt: skip
    names = [f"keypoint {i}" for i in range(keypoints)]
    return {
        "images": [{"id": number, "width": 1, "height": 1} for number in numbers.values()],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "individual", "keypoints": names, "skeleton": []}],
    }


def coco_answers(result: PoseResult) -> list[dict[str, object]]:
    """Return what was said as COCO's JSON has it; the score of an individual is the mean of those of its keypoints."""
    numbers = {picture: number for number, picture in enumerate(dict.fromkeys(result.pictures), 1)}
    return [
        {
            "image_id": numbers[picture], "category_id": 1, "score": float(result.predicted[i, :, 2].mean()),
            "keypoints": result.predicted[i].flatten().tolist(),
        }
        for i, picture in enumerate(result.pictures)
    ]  # fmt: skip


def box_around(points: Tensor, visible: Tensor) -> list[float]:
    """Return the box of visible points (J, 2) as x, y, width, height."""
    seen = points[visible] if visible.any() else points[:1]
    low, high = seen.amin(dim=0), seen.amax(dim=0)
    return [*low.tolist(), *(high - low).tolist()]
