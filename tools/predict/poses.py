"""Poses: a table of keypoints, pictures with skeletons, and videos as a table or with skeletons drawn into them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from recipes.imagery.images import as_picture
from recipes.inference.pose import Looked, PosePredictor
from recipes.inference.video import VIDEOS, Video, VideoFrame, VideoWriter, open_video
from tools.predict import tables
from tools.predict.options import Options
from tools.predict.skeletons import draw
from zoo.errors import ZooError, counted
from zoo.files import atomic_write, ensure_dir, refuse_existing
from zoo.inference.answers import Answer, Line
from zoo.pose.answers import Poses
from zoo.pose.tracks import Tracker

PICTURES = (".png", ".jpg", ".jpeg")
FILM = ".mp4"
#: The options that say something here.
TAKES = (*tables.TAKES, "score", "draw", "views", "detector", "smooth")


class FramePoses(Poses):
    """The poses of a frame, which know their number, their time in seconds, and which individual is which."""

    frame: int
    time: float
    numbers: list[int]

    @classmethod
    def of(cls, poses: Poses, frame: VideoFrame, numbers: list[int]) -> "FramePoses":
        """Return the poses of a frame."""
        made = cls(poses.keypoints, poses.names, poses.boxes)
        for name, value in (("frame", frame.number), ("time", frame.time), ("numbers", numbers)):
            object.__setattr__(made, name, value)
        return made

    def facts(self) -> Line:
        """Return the fields, with the frame and its time first."""
        return {"frame": self.frame, "time": self.time, "individuals": self.numbers, **super().facts()}

    def lines(self) -> Iterator[Line]:
        """Yield a line for each individual, with the frame and its time first."""
        for number, line in zip(self.numbers, super().lines(), strict=True):
            yield {"frame": self.frame, "time": self.time, **line, "individual": number}


def predict(
    predictor: PosePredictor, inputs: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Answer a video, or images, into what `options.out` asks for; return what to say at the end, and what failed."""
    for note in predictor.notes:
        console.print(note, markup=False)
    if len(inputs) == 1 and inputs[0].suffix.lower() in VIDEOS:
        return film(predictor, inputs[0], options, bar), []
    if options.smooth is not None:
        raise ZooError("--smooth is about the frames of a video; name one, or leave it away")
    paths = tables.files_of(inputs, predictor.endings - VIDEOS)
    if videos := [path for path in paths if path.suffix.lower() in VIDEOS]:
        raise ZooError(f"{videos[0]} is a video; name it alone")
    if options.out.suffix.lower() in PICTURES:
        return one_picture(predictor, paths, options), []
    return images(predictor, paths, options, bar, console)


def one_picture(predictor: PosePredictor, paths: Sequence[Path], options: Options) -> list[str]:
    """Draw the poses of one image over it."""
    if len(paths) != 1:
        raise ZooError(f"--out {options.out} is one picture, and {len(paths)} images are named; give --out a folder")
    refuse_existing(options.out, options.force)
    ensure_dir(options.out.parent)
    looked = predictor.prepare(paths[0])
    poses = answered(predictor, looked)
    save(options.out, drawn(predictor, looked, poses))
    return [*looked.notes, f"{paths[0]}  {poses.summary()}", f"drawn over it: {options.out}"]


def images(
    predictor: PosePredictor, paths: Sequence[Path], options: Options, bar: Progress, console: Console
) -> tuple[list[str], list[str]]:
    """Answer images into a table, and, where that lies in a folder of its own, draw the poses over each."""
    out, failures, count = tables.target(options.out, options.force), list[str](), 0
    pictures = out.parent if options.draw and out != options.out else None
    with tables.Writer(out) as writer:
        for path in bar.track(paths, description="answering"):
            try:
                looked = predictor.prepare(path)
                poses = answered(predictor, looked)
            except ZooError as error:
                failures.append(str(error))
                continue
            add(writer, str(path), poses)
            if pictures is not None:
                save(pictures / f"{path.stem}_pose.png", drawn(predictor, looked, poses))
            if count < tables.SHOWN:
                console.print(f"{path}  {poses.summary()}", markup=False)
            count += 1
        if not count:
            raise ZooError(failures[0])
    return [
        f"{counted(count, 'image')}: {out}{'' if pictures is None else ', and a picture of each beside it'}"
    ], failures


def film(predictor: PosePredictor, path: Path, options: Options, bar: Progress) -> list[str]:
    """Answer the frames of a video into a table, or draw the poses into them."""
    if options.out.suffix.lower() == FILM:
        refuse_existing(options.out, options.force)
        ensure_dir(options.out.parent)
        out = options.out
    else:
        out = tables.target(options.out, options.force)
    video, began = open_video(path), time.perf_counter()
    tracker = Tracker(options.smooth)
    count = write_film(predictor, video, tracker, out, bar)
    seconds = time.perf_counter() - began
    people = counted(tracker.count, "individual")
    return [*video.notes, f"{counted(count, 'frame')}, {people}, {count / seconds:.1f} frames a second: {out}"]


def write_film(predictor: PosePredictor, video: Video, tracker: Tracker, out: Path, bar: Progress) -> int:
    """Answer the frames of a video and write them; return how many there were."""
    task = bar.add_task("answering", total=video.expected or None)
    count = 0
    with ExitStack() as stack:
        table = stack.enter_context(tables.Writer(out)) if out.suffix != FILM else None
        writer = None
        if table is None:
            part = stack.enter_context(atomic_write(out))
            writer = stack.enter_context(closing(VideoWriter(part, video.width, video.height, video.rate)))
        for frame in video.frames():
            poses, numbers = tracker(answered(predictor, predictor.prepare_frame(frame.pixels)), frame.time)
            if table is not None:
                add(table, str(video.path), FramePoses.of(poses, frame, numbers))
            if writer is not None:
                writer.add(draw(frame.pixels, poses, predictor.skeleton, predictor.score, numbers), frame.time)
            count += 1
            bar.advance(task)
    return count


def answered(predictor: PosePredictor, looked: Looked) -> Poses:
    """Return the poses of an image that was prepared."""
    with closing(predictor.answers(looked)) as found:
        return predictor.finish(looked, found)


def add(writer: tables.Writer, place: str, poses: Answer) -> None:
    """Write the answer to one input."""
    from zoo.inference.predictor import Answered

    writer.add(Answered(place, poses))


def drawn(predictor: PosePredictor, looked: Looked, poses: Poses) -> np.ndarray:
    """Return the image with its poses, uint8 (H, W, 3)."""
    scene = looked.source.scene
    pixels = as_picture(looked.source.read((0, 0, scene.width, scene.height)), predictor.bands)
    return draw(pixels, poses, predictor.skeleton, predictor.score)


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a picture, whole or not at all."""
    with atomic_write(path) as part:
        Image.fromarray(pixels).save(part, format="PNG" if path.suffix.lower() == ".png" else "JPEG")
