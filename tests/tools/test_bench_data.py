"""Training, the network alone and its batches alone take turns."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tools.bench import data
from tools.bench.harness import Timing
from tools.experiments.budget import Ready


class Batches:
    """Three batches of two, again and again; counts those that are made."""

    made = 0

    def __iter__(self) -> Iterator[dict[str, list[str]]]:
        for _ in range(3):
            self.made += 1
            yield {"names": ["a", "b"]}


def test_each_way_takes_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[object] = []
    monkeypatch.setattr("tasks.budget.train_step", lambda *step: trained.append(step))
    loader = Batches()
    found = data.measure(Ready(SimpleNamespace(train=lambda: None), None, loader, "32-true", {}, None), 4, 2)  # type: ignore[arg-type]
    assert len(trained) == 2 * 3 * 4  # two ways, a turn that warms up and two more
    assert loader.made == 4 + 2 * 3 * 4
    assert 0 <= found["waits"] <= 1
    assert all(found[name] > 0 for name in (data.IN_USE, data.NETWORK, data.BATCHES))


def test_the_share_is_of_pairs_of_turns() -> None:
    used, alone = Timing((4.0, 2.0, 10.0), 1.0), Timing((3.0, 1.5, 1.0), 1.0)
    assert data.waits({data.IN_USE: used, data.NETWORK: alone}) == pytest.approx(0.25)
    assert data.waits({data.IN_USE: alone, data.NETWORK: used}) == 0.0
