"""`zoo bench collect`: how many labels the choice of `zoo collect` saves against labels drawn at random, on real data.

Features are those of a pretrained network, computed once; a logistic regression learns from what is labelled so far, and its
doubt and the features choose what is labelled next, by the code of `zoo collect`. Both ways begin with the same random labels,
and the regression sees no test sample before it is measured.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from recipes.annotation.labels import Labels
from zoo.errors import ZooError
from zoo.inference.answers import Label
from zoo.inference.embedding import watched
from zoo.sites.selection import Candidates, choose

#: Steps of the solver, and the strength by which weights are held small, of one sample.
STEPS, STRENGTH = 60, 1.0


@dataclass(frozen=True)
class Pool:
    """Features (N, D) and classes (N,) of samples."""

    features: np.ndarray
    labels: np.ndarray


def command(
    words: Annotated[
        list[str], typer.Argument(help="task, data and model as for train.py; its weights are pretrained")
    ],
    first: Annotated[int, typer.Option(min=2, help="labels that both ways begin with, drawn at random")] = 20,
    batch: Annotated[int, typer.Option(min=1, help="labels a round")] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="rounds")] = 10,
    seeds: Annotated[int, typer.Option(min=1, help="repetitions")] = 3,
    most: Annotated[
        int, typer.Option(min=100, help="training samples that may be labelled, the first ones drawn")
    ] = 2000,
) -> None:
    """Label by choice and at random, round after round, and tell how many labels the choice saves for the same accuracy.

    Example: `zoo bench collect task=classification data=cells model=efficientnet_lite0 data.size=128`.
    """
    pool, test = pools(words, most)
    counts = [first + batch * number for number in range(rounds + 1)]
    found: dict[str, list[list[float]]] = {"chosen": [], "random": []}
    for seed in track(range(seeds), "labelling", console=Console(stderr=True)):
        for name, share in (("chosen", 0.0), ("random", 1.0)):
            found[name].append(curve(pool, test, counts, share, seed))
    mean = {name: np.mean(those, axis=0) for name, those in found.items()}
    saved = [saving(counts, np.array(a), np.array(b)) for a, b in zip(found["chosen"], found["random"], strict=True)]
    facts = {
        "words": words, "labels": counts, "seeds": seeds, "pool": len(pool.labels), "test": len(test.labels),
        **{name: [round(float(value), 4) for value in values] for name, values in mean.items()},
        "spread_random": round(float(np.std(found["random"], axis=0).mean()), 4),
        "saved": [round(value, 3) for value in saved], "saved_mean": round(float(np.mean(saved)), 3),
        "saved_of_means": round(saving(counts, mean["chosen"], mean["random"]), 3),
    }  # fmt: skip
    print(json.dumps(facts, indent=2))


def pools(words: Sequence[str], most: int) -> tuple[Pool, Pool]:
    """Return the training samples and the test samples of data, as a pretrained model sees them."""
    from configuration.composition import compose
    from configuration.instantiation import data_of, model_of

    cfg = compose([*words, "trainer.workers=0"])
    data = data_of(cfg)
    data.prepare_data()
    data.setup()
    model = model_of(cfg, data, pretrained=True).eval()
    train, test = (list(data.split.parts[part]) for part in ("train", "test"))
    order = np.random.default_rng(0).permutation(len(train))[:most]
    found = []
    for samples in ([train[i] for i in order], test):
        data.extend({"test": samples}, data.classes)
        found.append(pool_of(model, data.test_dataloader()))
    return found[0], found[1]


def pool_of(model: nn.Module, loader: Any) -> Pool:
    """Return what the last layer of a model sees of all samples, and their classes."""
    features, labels = [], []
    with torch.inference_mode(), watched(model) as seen:
        for batch in track(loader, "features", console=Console(stderr=True)):
            model(*(batch[name] for name in ("images", "inputs", "lengths") if name in batch))
            features.append(seen.take_all())
            labels.append(classes_in(batch["labels"]))
    return Pool(np.concatenate(features).astype(np.float32), np.concatenate(labels))


def classes_in(labels: Tensor) -> np.ndarray:
    """Return classes (B,) of classes (B,), or of shares (B, K)."""
    return (labels.argmax(dim=1) if labels.ndim == 2 else labels).numpy()


def curve(pool: Pool, test: Pool, counts: Sequence[int], share: float, seed: int) -> list[float]:
    """Return the accuracy at each number of labels, of which `share` are drawn at random."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pool.labels))
    if counts[-1] > len(order):
        raise ZooError(
            f"{counts[-1]} labels are asked for, and there are {len(order)} samples; fewer --rounds or a smaller --batch"
        )
    known, found = order[: counts[0]].tolist(), []
    classes = int(max(pool.labels.max(), test.labels.max())) + 1
    scale = Scale(pool.features)
    for count in (*counts[1:], 0):
        weights = logistic(scale(pool.features[known]), pool.labels[known], classes)
        found.append(float((probabilities(scale(test.features), weights).argmax(1) == test.labels).mean()))
        if count:
            left = np.setdiff1d(order, known)
            candidates = Candidates(doubts(scale(pool.features[left]), weights), pool.features[left])
            chosen = choose(candidates, pool.features[known], count - len(known), share, rng)
            known += left[[one.number for one in chosen]].tolist()
    return found


class Scale:
    """Features (N, D) with mean 0 and deviation 1, as those that it was made of."""

    def __init__(self, features: np.ndarray) -> None:
        self.mean, self.spread = features.mean(axis=0), features.std(axis=0) + 1e-6

    def __call__(self, features: np.ndarray) -> Tensor:
        """Return features (N, D) so."""
        return torch.from_numpy((features - self.mean) / self.spread).float()


def logistic(features: Tensor, labels: np.ndarray, classes: int) -> Tensor:
    """Return the weights (D + 1, K) of a logistic regression, held small by one sample's worth of ridge."""
    inputs = torch.cat([features, torch.ones(len(features), 1)], dim=1)
    weights = torch.zeros(inputs.shape[1], classes, requires_grad=True)
    solver = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")
    true = torch.from_numpy(labels).long()

    def loss() -> Tensor:
        solver.zero_grad()
        value = cross_entropy(inputs @ weights, true) + STRENGTH / len(labels) * (weights[:-1] ** 2).sum() / 2
        value.backward()
        return value

    solver.step(loss)
    return weights.detach()


def probabilities(features: Tensor, weights: Tensor) -> np.ndarray:
    """Return probabilities (N, K)."""
    return (features @ weights[:-1] + weights[-1]).softmax(dim=1).numpy()


def doubts(features: Tensor, weights: Tensor) -> np.ndarray:
    """Return the doubt (N,) of answers, as `zoo collect` reckons it."""
    annotator, names = Labels(), [str(k) for k in range(weights.shape[1])]
    shares = probabilities(features, weights)
    answers = (
        Label(names[row.argmax()], float(row.max()), dict(zip(names, row.tolist(), strict=True))) for row in shares
    )
    return np.array([annotator.uncertainty(one) for one in answers])


def saving(counts: Sequence[int], chosen: np.ndarray, random: np.ndarray) -> float:
    """Return the share of labels that choice saves for the accuracy that random labels reach at last; negative: it costs some.

    Both curves are taken as their running maxima, and between rounds as straight.
    """
    goal = random.max()
    needed = [reaching(counts, np.maximum.accumulate(values), goal) for values in (chosen, random)]
    return float(1 - needed[0] / needed[1])


def reaching(counts: Sequence[int], values: np.ndarray, goal: float) -> float:
    """Return at how many labels rising values first reach a goal; the last number where they never do."""
    place = int(np.argmax(values >= goal)) if (values >= goal).any() else len(values) - 1
    if place == 0 or values[place] < goal:
        return float(counts[place])
    share = (goal - values[place - 1]) / max(1e-9, values[place] - values[place - 1])
    return float(counts[place - 1] + share * (counts[place] - counts[place - 1]))
