"""Whether keypoints are where they can be: in pixels, at places that there are, of the image as its file declares it."""

from collections import defaultdict

import numpy as np

from recipes.folder.declared_size import fit
from recipes.folder.keypoints.found import Found, Individual
from recipes.folder.problems import Problem, some
from zoo.errors import ZooError, agreeing

#: No image is so wide, pixels: such a number is no place, and float32 could not tell its neighbours apart.
FAR = 1e6


def misplaced(found: Found) -> list[Problem]:
    """Take out the individuals that are at no place: too far away, in a box without area, or twice in one image."""
    problems = []
    for image, _, one in found.readable():
        if (np.abs(one.keypoints[one.seen]) > FAR).any():
            said = f"a keypoint is {np.abs(one.keypoints[one.seen]).max():g} pixels away"
        elif one.box is not None and not (one.box[2] > one.box[0] and one.box[3] > one.box[1]):
            said = "its box has no area"
        elif alike := next((other for other in found.images[image] if same(one, other)), None):
            said = f"it is that of {alike.where} again"
        else:
            continue
        problems.append(Problem("place", one.where, said))
    wrong = {problem.where for problem in problems}
    found.images = {image: [one for one in those if one.where not in wrong] for image, those in found.images.items()}
    return problems


def same(one: Individual, other: Individual) -> bool:
    """Say whether an individual stands after another that is the same: by its name, or else to the pixel."""
    if one.order <= other.order or one.name != other.name or one.label != other.label or not one.seen.any():
        return False
    return bool(one.name) or np.array_equal(one.keypoints, other.keypoints, equal_nan=True)


def refuse_shares(found: Found) -> None:
    """Refuse keypoints that are shares of their images all of them, where pixels are asked for."""
    points = [one.keypoints[one.seen] for _, _, one in found.readable()]
    every = np.concatenate(points) if points else np.zeros((0, 2))
    if len(every) > 1 and ((every >= 0) & (every <= 1)).all():
        rel, size, _ = next(found.readable())
        raise ZooError(
            f"all {len(every)} keypoints lie between 0 and 1, in images such as {rel} of {size.width} × {size.height} pixels: "
            "they look like shares of the sides; write them in pixels"
        )


def fit_sizes(found: Found) -> None:
    """Bring individuals to the pixels of images whose file declares another size; note it, or what cannot be known."""
    told: dict[str, list[str]] = defaultdict(list)
    for image, those in found.images.items():
        declared, seen = found.sizes.get(image), found.facts.get(image)
        points = [one.keypoints[one.seen] for one in those]
        change = fit(declared, seen, np.concatenate(points) if points else np.zeros((0, 2)))
        if change.said is None and declared is not None and seen is not None:
            said = f"{declared[0]} × {declared[1]} pixels are declared, and it has {seen.width} × {seen.height}"
            found.problem("place", image, said)
            found.images[image] = []
        elif change.said:
            told[change.said].append(image)
            for one in those:
                move(one, change.matrix, change.shift)
    found.notes += [f"{agreeing(len(names), said)} ({some(names)})" for said, names in told.items()]


def move(one: Individual, matrix: np.ndarray, shift: np.ndarray) -> None:
    """Move an individual, its box and its area."""
    one.keypoints = one.keypoints @ matrix.T + shift
    if one.box is not None:
        ends = np.array(one.box).reshape(2, 2) @ matrix.T + shift
        (x1, y1), (x2, y2) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
        one.box = (x1, y1, x2, y2)
    if one.area is not None:
        one.area *= abs(float(np.linalg.det(matrix)))
