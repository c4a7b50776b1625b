"""The inputs of a site as candidates for annotation: answered by the version that answers, with doubt and embedding."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recipes.annotation.annotator import Annotator, Truth
from tools.production.opened_data import image_pixels
from zoo.errors import ZooError
from zoo.inference.answers import Answer
from zoo.inference.load import predictor_class, predictor_of
from zoo.inference.opened import of_run
from zoo.inference.predictor import Predictor
from zoo.registry.tasks import task
from zoo.sites.records.statistics import sketch
from zoo.sites.site import Site

if TYPE_CHECKING:
    from zoo.inference.embedding import Seen

#: Objects of so much of the least score are doubtful ones that were not said.
BELOW = 0.5


@dataclass(frozen=True)
class Candidate:
    """An input, what is said of it, how doubtful that is (NaN: it does not say), and its embedding (D,)."""

    path: Path
    said: Truth
    doubt: float
    embedding: np.ndarray


def annotator_of(name: str) -> Annotator:
    """Return what marks the inputs of a task."""
    record = task(name)
    if not record.annotator:
        raise ZooError(f"answers of the task {name} cannot be marked by a person: its record names no annotator")
    made: Annotator = record.load("annotator")()
    return made


class Looking:
    """The version of a site that answers, as it looks at inputs that may be annotated."""

    def __init__(self, site: Site, version: str, views: bool = False) -> None:
        opened = of_run(site.versions.run(version))
        self.predictor: Predictor[Any] = predictor_of(opened)
        self.least = self.predictor.metadata.thresholds.get("score", 0.0)
        if "score" in predictor_class(opened).options:
            self.predictor = predictor_of(opened, score=BELOW * self.least)
        self.opened, self.annotator, self.views = opened, annotator_of(site.settings.task), views

    def at(self, paths: Iterable[Path], failures: list[str]) -> Iterator[Candidate]:
        """Look at files in turn; what cannot be read goes to `failures`."""
        from zoo.inference.embedding import embedding

        with embedding(self.predictor) as seen:
            for path in paths:
                try:
                    yield self.one(path, seen)
                except ZooError as error:
                    failures.append(str(error))
                    seen.take()

    def one(self, path: Path, seen: "Seen") -> Candidate:
        """Look at one file."""
        answer = self.predictor(path)
        vector = seen.take()
        doubt = self.annotator.uncertainty(answer)
        if self.views or np.isnan(doubt):
            doubt = float(np.nanmax([doubt, self.disagreement(path, answer)]))
            seen.take()
        return Candidate(path, self.said(answer), doubt, vector if vector.size else self.sketch(path))

    def said(self, answer: Answer) -> Truth:
        """Return what is said at the model's own least score."""
        truth = self.annotator.truth(answer)
        objects = truth.get("objects")
        if objects is None:
            return truth
        return {**truth, "objects": [one for one in objects if one["score"] >= self.least]}

    def sketch(self, path: Path) -> np.ndarray:
        """Return a coarse picture of an input, where the network has no embedding."""
        return np.array(sketch(self.predictor.overview(path)), float)

    def disagreement(self, path: Path, answer: Answer) -> float:
        """Return how much the answer to the mirror image of an image differs, from 0 to 1; NaN of what is no image."""
        if self.predictor.extent(path).get("pixels") is None:
            return float("nan")
        pixels = np.ascontiguousarray(image_pixels(self.opened, path)[:, :, ::-1])
        other = self.annotator.mirrored(self.annotator.truth(self.predictor(pixels)), pixels.shape[2])
        return 1 - self.annotator.agreement(self.annotator.truth(answer), other)


def doubts(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return the doubt (N,) of candidates."""
    return np.array([one.doubt for one in candidates], float)


def embeddings(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return the embeddings (N, D) of candidates; those of another length than the first are refused."""
    lengths = {len(one.embedding) for one in candidates}
    if len(lengths) > 1:
        raise ZooError(f"the inputs have embeddings of {len(lengths)} lengths; keep inputs of one kind in the inbox")
    return np.stack([one.embedding for one in candidates]) if candidates else np.zeros((0, 0))
