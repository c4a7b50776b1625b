"""A training begins with the weights of a run, pruned or not, and of other classes; what does not fit is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo.compression.widths import narrow, widths_of
from zoo.errors import ZooError
from zoo.runs.beginning import begin
from zoo.runs.run import Run

HEAD: dict[str, Any] = {
    "model": "resnet8",
    "options": {},
    "classes": ["a", "b", "c"],
    "bands": ["red", "green", "blue"],
}


def built(classes: int = 3) -> nn.Module:
    return zoo.create("resnet8", classes=classes).eval()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose network lost channels between two convolutions of a block."""
    torch.manual_seed(0)
    model, folder = built(), tmp_path_factory.mktemp("run")
    names = [name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)]
    first, second = names[1:3]
    norm = next(
        name
        for name, one in list(model.named_modules())[list(dict(model.named_modules())).index(first) :]
        if isinstance(one, nn.BatchNorm2d)
    )
    widths = {first: [None, 8], norm: [8, 8], second: [8, None]}
    narrow(model, widths)
    Run(folder).save_model(model, {**HEAD, "widths": widths})
    return Run(folder)


def test_the_weights_and_widths_are_those_of_the_run(run: Run) -> None:
    model = built()
    assert begin(model, run, HEAD) == run.head()["widths"]
    mine, theirs = model.state_dict(), run.load_model().state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())
    assert model.provenance[0].source == str(run.folder)  # type: ignore[index,union-attr]


def test_other_classes_begin_anew_and_all_else_does_not(run: Run) -> None:
    for classes in (["a", "b", "d"], ["a", "b"], ["a", "b", "c", "d", "e"]):
        model = built(len(classes))
        last = {name: value.clone() for name, value in model.state_dict().items()}
        begin(model, run, {**HEAD, "classes": classes})
        theirs, mine = run.load_model().state_dict(), model.state_dict()
        kept = {
            name for name in mine if mine[name].shape == theirs[name].shape and torch.equal(mine[name], theirs[name])
        }
        anew = mine.keys() - kept
        assert 0 < len(anew) <= 2
        assert all(torch.equal(mine[name], last[name]) for name in anew)
        assert (
            widths_of(model).items()
            >= {
                name: pair
                for name, pair in widths_of(run.load_model()).items()
                if name not in {one.rpartition(".")[0] for one in anew}
            }.items()
        )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "alexnet"}, "its model 'resnet8' is not 'alexnet'"),
        ({"bands": ["red"]}, "its bands .* is not .'red'."),
    ],
)
def test_another_model_or_bands_are_refused(run: Run, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        begin(built(), run, {**HEAD, **changed})


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="weights"):
        begin(built(), Run(tmp_path), HEAD)
