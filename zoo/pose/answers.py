"""What is said of the individuals in an image: where their keypoints are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zoo.inference.answers import Answer, Line


@dataclass(frozen=True)
class Poses(Answer):
    """Individuals of an image, the surest first: `keypoints` (N, J, 3) as x, y in its pixels and a score, by `names` (J,).

    `boxes` (N, 4) xyxy are those by which they were cut out, None where the whole image was looked at.
    """

    keypoints: np.ndarray
    names: tuple[str, ...]
    boxes: np.ndarray | None = None

    @property
    def scores(self) -> np.ndarray:
        """How sure each individual is (N,): the mean of its keypoints."""
        return self.keypoints[..., 2].mean(axis=1)

    def facts(self) -> Line:
        """Return the fields, arrays as lists."""
        boxes = {} if self.boxes is None else {"boxes": self.boxes.tolist()}
        return {
            "keypoints": self.keypoints.tolist(),
            "names": list(self.names),
            "scores": self.scores.tolist(),
            **boxes,
        }

    def lines(self) -> Iterator[Line]:
        """Yield a line for each individual, with columns such as `nose/x`, `nose/y` and `nose/score`."""
        for number, (points, score) in enumerate(zip(self.keypoints, self.scores, strict=True), 1):
            columns = {
                f"{name}/{key}": float(value)
                for name, one in zip(self.names, points, strict=True)
                for key, value in zip(("x", "y", "score"), one, strict=True)
            }
            yield {"individual": number, "score": float(score), **columns}

    def summary(self) -> str:
        """Return how many individuals there are and how sure they are, of one alone its surest keypoints."""
        if len(self.keypoints) != 1:
            sure = ", ".join(f"{score:.2f}" for score in self.scores)
            return f"{len(self.keypoints)} individuals, mean scores {sure}" if len(self.keypoints) else "nobody"
        best = np.argsort(-self.keypoints[0, :, 2], kind="stable")[:3]
        said = (f"{self.names[i]} {self.keypoints[0, i, 0]:.0f}, {self.keypoints[0, i, 1]:.0f}" for i in best)
        return f"mean score {self.scores[0]:.2f}: {'; '.join(said)}; …"
