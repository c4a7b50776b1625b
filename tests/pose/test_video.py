"""Videos: every frame with its time, what is cut or uneven is told, and individuals keep their number."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from recipes.inference.video import VideoWriter, as_bands, open_video
from zoo.errors import ZooError
from zoo.pose.answers import Poses
from zoo.pose.tracks import Tracker


def film(path: Path, times: list[float]) -> None:
    """Write frames, each brighter than the one before."""
    writer = VideoWriter(path, 65, 48, 25)
    for number, time in enumerate(times):
        writer.add(np.full((48, 65, 3), 10 * number, np.uint8), time)
    writer.close()


def test_frames_come_in_order_with_their_times(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [i / 25 for i in range(10)])
    video = open_video(tmp_path / "a.mp4")
    frames = list(video.frames())
    assert [frame.number for frame in frames] == list(range(10))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(10) / 25, atol=1e-3)
    assert frames[0].pixels.shape == (48, 64, 3)  # an odd side loses its last pixel
    means = [frame.pixels.mean() for frame in frames]
    assert means == sorted(means)
    assert video.notes == []


def test_a_variable_rate_keeps_its_times_and_is_told(tmp_path: Path) -> None:
    times = [0, 0.04, 0.08, 0.4, 0.44]
    film(tmp_path / "a.mp4", times)
    video = open_video(tmp_path / "a.mp4")
    np.testing.assert_allclose([frame.time for frame in video.frames()], times, atol=1e-3)
    assert "variable frame rate" in video.notes[0]


def test_a_cut_video_gives_what_is_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with av.open(str(tmp_path / "whole.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height = 64, 48  # type: ignore[attr-defined]
        for _ in range(30):
            pixels = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))  # type: ignore[attr-defined]
        container.mux(stream.encode(None))  # type: ignore[attr-defined]
    content = (tmp_path / "whole.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(content[: len(content) // 2])
    video = open_video(tmp_path / "cut.avi")
    assert 5 < len(list(video.frames())) < 30
    assert any("was cut" in note or "cannot be read beyond" in note for note in video.notes)


def test_a_cut_matroska_is_told_by_how_long_it_was_to_last(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "whole.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(10))
        stream.width, stream.height = 64, 48  # type: ignore[attr-defined]
        for number in range(30):
            pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))  # type: ignore[attr-defined]
        container.mux(stream.encode(None))  # type: ignore[attr-defined]
    content = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(content[: len(content) // 2])
    for name, cut in (("whole", False), ("cut", True)):
        video = open_video(tmp_path / f"{name}.mkv")
        assert (len(list(video.frames())) < 30) == cut
        assert any("says that it lasts 3.0 s" in note and "it was cut" in note for note in video.notes) == cut


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(ZooError, match=r"a.mp4 cannot be opened"):
        open_video(tmp_path / "a.mp4")
    with pytest.raises(ZooError, match="there is no video"):
        open_video(tmp_path / "b.mp4")


def test_a_film_cut_before_its_index_is_told(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [i / 25 for i in range(10)])
    content = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(ZooError, match="before its index"):
        open_video(tmp_path / "b.mp4")


def test_without_frames(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height = 64, 48  # type: ignore[attr-defined]
        container.start_encoding()
    with pytest.raises(ZooError, match="no frame that can be read"):
        list(open_video(tmp_path / "a.avi").frames())


def test_bands_of_a_frame() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 200, 100
    assert as_bands(pixels, ("blue", "green", "red"))[:, 0, 0].tolist() == [100, 0, 200]
    assert as_bands(pixels, ("grey",))[0, 0, 0] == round(0.299 * 200 + 0.114 * 100)
    with pytest.raises(ZooError, match="nir"):
        as_bands(pixels, ("red", "nir"))


def poses(*middles: tuple[float, float]) -> Poses:
    shape = np.array([[0.0, -20], [-10, 10], [10, 10]])
    points = (
        np.stack([np.column_stack((shape + middle, np.ones(3))) for middle in middles])
        if middles
        else np.zeros((0, 3, 3))
    )
    return Poses(points, ("a", "b", "c"))


def test_individuals_keep_their_numbers() -> None:
    tracker = Tracker()
    assert tracker(poses((50, 50), (200, 50)), 0.0)[1] == [1, 2]
    assert tracker(poses((203, 50), (54, 50)), 0.04)[1] == [2, 1]
    assert tracker(poses((207, 50)), 0.08)[1] == [2]
    assert tracker(poses((58, 50), (400, 300)), 0.12)[1] == [1, 3]


def test_smoothing_moves_places_alone() -> None:
    tracker = Tracker(0.5)
    tracker(poses((50, 50)), 0.0)
    smoothed, _ = tracker(poses((52, 50)), 0.04)
    assert 50 < smoothed.keypoints[0, :, 0].mean() < 52
    assert (smoothed.keypoints[..., 2] == 1).all()
