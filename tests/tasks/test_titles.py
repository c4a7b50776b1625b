"""Titles of sheets stay in their place, however long the names of files are, and are written as they stand."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from tasks.plots import classification, pose
from tasks.results.classification import ClassificationResult
from tasks.results.pose import PoseResult
from zoo.pose.skeleton import Skeleton

LONG = "recordings of 2026/plant number {} $north$/a long name of a file that goes on and on.wav"
NAMES = tuple(map(LONG.format, range(6)))


class Pictures:
    def picture(self, name: str) -> np.ndarray:
        return np.zeros((40, 60, 3), np.uint8)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved, laid out."""
    figures: list[Figure] = []

    def keep(figure: Figure, path: Path, **options: Any) -> None:
        figure.draw_without_rendering()
        figures.append(figure)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    titles = [axes.title for axes in figure.axes if axes.get_title()]
    assert len(titles) == len(NAMES)
    boxes = [(title.get_text(), title.get_window_extent()) for title in titles]
    return [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]


def test_titles_of_the_worst_samples_do_not_overlap(drawn: list[Figure], tmp_path: Path) -> None:
    chances = torch.tensor([[0.7, 0.3]]).repeat(6, 1)
    result = ClassificationResult(NAMES, chances, torch.tensor([0, 1] * 3))
    classification.draw_worst(tmp_path / "worst.png", result, ("a class", "another one"), Pictures())
    assert overlaps(drawn[0]) == []


def test_titles_of_poses_do_not_overlap(drawn: list[Figure], tmp_path: Path) -> None:
    truth, visible = torch.rand(6, 2, 2) * 30, torch.ones(6, 2, dtype=torch.bool)
    said = torch.cat([truth + 1, torch.ones(6, 2, 1)], dim=2)
    result = PoseResult(NAMES, said, truth, visible, torch.full((6,), 400.0), NAMES)
    skeleton = Skeleton(("nose", "tail"), (("nose", "tail"),))
    pose.draw_sheet(tmp_path / "poses.png", result, range(6), skeleton, Pictures())
    assert overlaps(drawn[0]) == []
    assert "$north$" in drawn[0].axes[0].get_title().replace("\n", " ")
