"""Tracks: which individual of a frame is which of the frame before, and each smoothed by itself."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from zoo.pose.answers import Poses
from zoo.pose.one_euro import OneEuro

#: An individual moves by less than this share of its size from a frame to the next, or is another.
FARTHEST = 0.5
#: Frames after which one that was not seen is forgotten.
FORGOTTEN = 30


class Track:
    """One individual over time."""

    def __init__(self, number: int, points: np.ndarray, cutoff: float | None) -> None:
        self.number, self.points, self.missing = number, points, 0
        self.size = max(float(np.ptp(points, axis=0).max()), 1.0)
        self.filter = None if cutoff is None else OneEuro(cutoff, self.size)

    def follow(self, points: np.ndarray, time: float) -> np.ndarray:
        """Take points (J, 2) of the next frame, and return them smoothed."""
        self.points, self.missing = points, 0
        return points if self.filter is None else self.filter(points, time)


class Tracker:
    """Follows individuals from frame to frame; with a `cutoff` in Hz what stands still is smoothed by it."""

    def __init__(self, cutoff: float | None = None) -> None:
        self.cutoff, self.tracks, self.count = cutoff, list[Track](), 0

    def __call__(self, poses: Poses, time: float) -> tuple[Poses, list[int]]:
        """Return the poses of a frame, smoothed, and the number of each individual, from 1 on."""
        owners = self.assigned(poses.keypoints[..., :2])
        points = poses.keypoints.copy()
        for place, track in enumerate(owners):
            points[place, :, :2] = track.follow(points[place, :, :2].astype(np.float64), time)
        self.tracks = [track for track in self.tracks if track.missing <= FORGOTTEN]
        return replace(poses, keypoints=points), [track.number for track in owners]

    def assigned(self, points: np.ndarray) -> list[Track]:
        """Return the track of each individual by points (N, J, 2), new ones where none is near."""
        found: dict[int, Track] = {}
        for track in self.tracks:
            track.missing += 1
        if self.tracks and len(points):
            apart = np.array(
                [[np.median(np.linalg.norm(t.points - p, axis=1)) / t.size for t in self.tracks] for p in points]
            )
            for place, number in zip(*linear_sum_assignment(apart), strict=True):
                if apart[place, number] < FARTHEST:
                    found[int(place)] = self.tracks[number]
        return [found.get(place) or self.begin(one) for place, one in enumerate(points)]

    def begin(self, points: np.ndarray) -> Track:
        """Return a new track."""
        self.count += 1
        track = Track(self.count, points, self.cutoff)
        self.tracks.append(track)
        return track
