"""The Numenta Anomaly Benchmark as data: real files."""

import pytest

from recipes.machines.benchmark import FILES, Machines
from tasks.objectives import nab
from zoo.errors import ZooError


def test_folders_are_named() -> None:
    assert sum(len(files.split()) for files in FILES.values()) == 58
    assert sum(len(files.split()) for folder, files in FILES.items() if folder.startswith("real")) == 47
    with pytest.raises(ZooError, match="data.only=real is not known.* it is artificialNoAnomaly"):
        Machines("machines", only=["real"])


@pytest.mark.real
def test_the_real_series() -> None:
    data = Machines("machines", objective="detect_anomalies", objectives=["detect_anomalies"], window=256)
    data.prepare_data()
    data.setup()
    test = data.split.parts["test"]
    assert sum(len(series.values) for series in test) == 365_558
    assert sum(len(nab.windows(series.steps > 0)) for series in test if series.steps is not None) == 116
    assert not any(series.steps.any() for series in data.split.parts["train"] if series.steps is not None)
    assert next(iter(data.train_dataloader()))["inputs"].shape == (16 if data.loading.batch_size == 16 else 32, 256, 1)
