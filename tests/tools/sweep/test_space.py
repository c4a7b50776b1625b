"""The words of a sweep are Hydra's."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from tools.experiments.sweep.space import read_space
from zoo.errors import ZooError


def test_hydras_words_become_optunas_distributions() -> None:
    space = read_space(
        [
            "task=detection", "data.names=[a,b]", "optimizer.lr=tag(log,interval(1e-4,1e-2))", "data.scale=interval(0,0.5)",
            "model.depth=range(1,9,2)", "augment=light,heavy", "model.strides=choice([8,16],[4,8])", "+x.y=1,2",
        ]
    )  # fmt: skip
    assert space.fixed == ("task=detection", "data.names=[a,b]")
    assert space.searched == {
        "optimizer.lr": FloatDistribution(1e-4, 1e-2, log=True),
        "data.scale": FloatDistribution(0, 0.5),
        "model.depth": IntDistribution(1, 7, step=2),
        "augment": CategoricalDistribution(["light", "heavy"]),
        "model.strides": CategoricalDistribution(["[8,16]", "[4,8]"]),
        "+x.y": CategoricalDistribution(["1", "2"]),
    }
    assert space.words(space.corner())[2:4] == ["optimizer.lr=0.0001", "data.scale=0.0"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task=detection"], "nothing is searched for"),
        (["a=interval(2,1)"], "cannot be searched"),
        (["a=tag(log,interval(0,1))"], "cannot be searched"),
        (["a=choice(1)"], "1 values to choose from"),
        (["a=interval(1"], "a setting is KEY="),
    ],
)
def test_what_cannot_be_searched_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        read_space(words)
