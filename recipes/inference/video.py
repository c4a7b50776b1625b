"""Videos: their frames one after another, each with its time, as far as the file goes; and annotated ones, written.

PyAV reads and writes them: https://pyav.basswood-io.com.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo.errors import ZooError

VIDEOS = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})
#: A frame that is shown for so many times the usual, or less than that share of it, makes the rate a variable one.
STEADY = 1.5
#: By so much may frames end before the time that a head says, seconds: it may be that of their sound.
SLACK = 0.5
#: What times are counted in where a video is written, a second's parts: all usual rates divide it.
TICKS = 90_000


class VideoFrame(NamedTuple):
    """A frame: its number from 0 on, its time in seconds, and its pixels uint8 (H, W, 3), red, green, blue."""

    number: int
    time: float
    pixels: np.ndarray


@dataclass
class Video:
    """A video file; after its frames were read, `notes` say what was odd about them.

    Its head may say how many frames are `expected`, or until when it `lasts`, seconds; it is 0 where it does not.
    """

    path: Path
    width: int
    height: int
    rate: float
    expected: int
    lasts: float = 0.0
    notes: list[str] = field(default_factory=list)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames in their order; where the file breaks off, those before it, and a note."""
        times: list[float] = []
        with opened(self.path) as container:
            try:
                for number, frame in enumerate(container.decode(video=0)):
                    time = number / self.rate if frame.time is None else float(frame.time)
                    times.append(time)
                    yield VideoFrame(number, time, frame.to_ndarray(format="rgb24"))
            except errors() as error:
                self.notes.append(f"{self.path.name} cannot be read beyond its frame {len(times)} ({error.strerror})")
        if not times:
            raise ZooError(f"video {self.path} has no frame that can be read; record it again, or give images")
        self.notes += self.findings(times)

    def findings(self, times: Sequence[float]) -> Iterator[str]:
        """Yield what is to be said of frames at these times."""
        if self.expected > len(times):
            yield f"{self.path.name} says that it has {self.expected} frames, and {len(times)} are there: it was cut"
        steps = np.diff(times)
        end = times[-1] + (float(np.median(steps)) if len(steps) else 1 / self.rate)
        if not self.expected and self.lasts - end > SLACK:
            yield f"{self.path.name} says that it lasts {self.lasts:.1f} s, and its frames end after {end:.1f} s: it was cut"
        if len(steps) and (steps.max() > STEADY * np.median(steps) or steps.min() < np.median(steps) / STEADY):
            yield f"{self.path.name} has a variable frame rate; the column time, in seconds, tells when each frame is shown"


def open_video(path: Path) -> Video:
    """Return a video by what its head says."""
    import av

    if not path.is_file():
        raise ZooError(f"there is no video {str(path)!r}")
    with opened(path) as container:
        if not container.streams.video:
            raise ZooError(f"{path} holds no video, only sound or text")
        stream = container.streams.video[0]
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        lasts = float(container.duration or 0) / av.time_base
        return Video(path, stream.codec_context.width, stream.codec_context.height, rate, int(stream.frames), lasts)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a video file; what is none is refused."""
    import av

    try:
        container = av.open(str(path))
    except errors() as error:
        raise ZooError(
            f"video {path} cannot be opened ({error.strerror}); it was cut before its index, or is none: copy it again"
        ) from error
    with container:
        yield container


def errors() -> tuple[type[OSError], ...]:
    """Return what PyAV raises of a file: each is an OSError or a ValueError too, and says why."""
    import av

    return (av.error.FFmpegError,)  # type: ignore[return-value]  # it has what an OSError has


class VideoWriter:
    """Writes frames uint8 (H, W, 3) at their times, as H.264 in .mp4; a side that is odd loses its last pixel."""

    def __init__(self, path: Path, width: int, height: int, rate: float) -> None:
        import av

        self.container = av.open(str(path), "w", format="mp4")
        self.stream: Any = self.container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
        self.stream.width, self.stream.height, self.stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
        self.stream.codec_context.time_base = Fraction(1, TICKS)
        self.last = -1

    def add(self, pixels: np.ndarray, time: float) -> None:
        """Write a frame that is shown from `time`, seconds, on."""
        import av

        cut = np.ascontiguousarray(pixels[: self.stream.height, : self.stream.width])
        frame = av.VideoFrame.from_ndarray(cut, format="rgb24")
        self.last = max(self.last + 1, round(time * TICKS))
        frame.pts, frame.time_base = self.last, Fraction(1, TICKS)
        self.container.mux(self.stream.encode(frame))

    def close(self) -> None:
        """Write what is left."""
        self.container.mux(self.stream.encode(None))
        self.container.close()


def as_bands(pixels: np.ndarray, bands: Sequence[str]) -> np.ndarray:
    """Return a frame uint8 (H, W, 3) as an image (C, H, W) of the `bands` of a run: colours by name, or one grey one."""
    colours = ("red", "green", "blue")
    if len(bands) == 1:
        return np.rint(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)[None]
    if set(bands) == set(colours):
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[[colours.index(band) for band in bands]])
    raise ZooError(f"a video has red, green and blue, or is grey; the run knows the bands {', '.join(bands)}")
