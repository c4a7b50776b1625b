"""Series: the .ts format, gaps, splits without leaks, augmentation from (seed, epoch, index) alone, batches by objective."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.kit.module import Change
from recipes.kit.pipeline import Pipeline
from recipes.kit.sampler import generator
from recipes.kit.split import Split, refuse_shared
from recipes.sensors import ts
from recipes.sensors.archive import Archive
from recipes.series import augment, gaps
from recipes.series.augment import Piece
from recipes.series.series import Series, divide, hold_out
from zoo.errors import ZooError

HEAD = "# a comment\n@problemName Tiny\n@timeStamps false\n@univariate false\n@classLabel true up down\n@data\n"
NAN = float("nan")
GROUP = (lambda series: series.group, lambda series: series.name)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def slopes(count: int, seed: int) -> str:
    """Cases of two features and 5 to 9 steps: `up` rises, `down` falls."""
    random, lines = np.random.default_rng(seed), []
    for index in range(count):
        word = ("up", "down")[index % 2]
        ramp = np.linspace(0, 3, int(random.integers(12, 20))) * (1 if word == "up" else -1)
        both = [ramp + random.normal(size=len(ramp)) * 0.1, random.normal(size=len(ramp))]
        lines.append(":".join(",".join(f"{v:.4f}" for v in feature) for feature in both) + f":{word}")
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "Tiny_TRAIN.ts", slopes(24, 0)), write(tmp_path / "Tiny_TEST.ts", slopes(10, 1))


def archive(files: tuple[Path, Path], **options: Any) -> Archive:
    return Archive("sensors", root=[str(files[0]), str(files[1])], **options)


# the .ts format


def test_a_file_is_read_with_lengths_gaps_and_classes(tmp_path: Path) -> None:
    cases = ts.read(write(tmp_path / "a.ts", HEAD + "1,2.5,?:4,NaN,6:up\n\n7,8:9,1e1:down\n"))
    assert cases.classes == ("up", "down")
    assert cases.words == ("up", "down")
    np.testing.assert_array_equal(cases.values[0], np.array([[1, 4], [2.5, NAN], [NAN, 6]], np.float32))
    np.testing.assert_array_equal(cases.values[1], np.array([[7, 9], [8, 10]], np.float32))


def test_pairs_of_time_and_value_are_read(tmp_path: Path) -> None:
    text = HEAD + "(2007-01-01 00:00:00,1),(2007-01-01 01:00:00,2):(0,3),(1,4):up\n"
    np.testing.assert_array_equal(ts.read(write(tmp_path / "a.ts", text)).values[0], [[1, 3], [2, 4]])
    uneven = write(tmp_path / "a.ts", HEAD + "(0,1),(1,2),(2,3),(4,5):up\n")
    with pytest.raises(ZooError, match="line 7: rows are 1 s apart, but 2 s after 2; data.times=resample"):
        ts.read(uneven)
    assert ts.read(uneven, "resample").values[0][:, 0].tolist() == [1, 2, 3, 4, 5]
    assert ts.read(uneven, "rows").values[0][:, 0].tolist() == [1, 2, 3, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "1,2:3,x:up\n", "line 7: 'x' is no number"),
        (HEAD + "1,2:3:up\n", "line 7: its features have 1 to 2 values"),
        (HEAD + "1,2:3,4:\n", "line 7: no class"),
        (HEAD + "(noon,1):up\n", "line 7: 'noon' is no time"),
        (HEAD, "no case below"),
        ("1,2:up\n", "no line @data"),
        (HEAD.replace("true up down", "false") + "1,2\n", "no classes to learn"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        ts.read(write(tmp_path / "a.ts", text))


def test_own_files_make_batches_and_a_profile(files: tuple[Path, Path]) -> None:
    data = archive(files, batch_size=4)
    data.setup()
    assert (data.classes, data.bands) == (("up", "down"), ("channel 1", "channel 2"))
    batch = next(iter(data.test_dataloader()))
    assert batch["inputs"].shape == (4, int(batch["lengths"].max()), 2)
    assert batch["labels"].tolist() == [0, 1, 0, 1]
    assert batch["names"] == ["test 1", "test 2", "test 3", "test 4"]
    profile = data.profile()
    assert (profile.classes, profile.features) == ({"up": 12, "down": 12}, 2)
    assert "figures mean nothing" in profile.notes[0]
    assert data.picture("test 3").shape == (176, 256, 3)


def test_refusals_of_archives(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="data.set='GunPiont' is not known; did you mean GunPoint"):
        Archive("sensors", set="GunPiont")
    for lone in ("a.ts", ["a.ts"]):
        with pytest.raises(ZooError, match=r"data\.root=.*a\.ts.* must be two files"):
            Archive("sensors", root=lone)
    with pytest.raises(ZooError, match="task.objective=forecast is nothing that these data serve.*they serve classify"):
        Archive("sensors", objective="forecast")
    strange = write(tmp_path / "b.ts", HEAD.replace("down", "left") + "1,2:3,4:left\n")
    with pytest.raises(ZooError, match="the test file has class 'left', the training file only up, down"):
        archive((files[0], strange)).setup()


# gaps


def split_of(*train: list[float], test: list[float] | None = None) -> Split:
    parts = {"train": train, "val": train[:1], "test": [test or train[0]]}
    made = {p: [Series(f"{p}{i}", np.array(v, np.float32)[:, None]) for i, v in enumerate(s)] for p, s in parts.items()}
    return Split(made, ("a",), ("x",))


def test_gaps_are_filled_as_chosen() -> None:
    split = split_of([NAN, 1, NAN, 3, NAN], [4, 4, 4])
    said = {how: gaps.mend(split, how).parts["train"][0].values for how in ("interpolate", "hold", "mask")}
    assert said["interpolate"][:, 0].tolist() == [1, 1, 2, 3, 3]
    assert said["hold"][:, 0].tolist() == [1, 1, 1, 3, 3]
    mean = float(np.mean([1, 3, 4, 4, 4]))
    np.testing.assert_allclose(said["mask"], [[mean, 0], [1, 1], [mean, 0], [3, 1], [mean, 0]], rtol=1e-6)
    assert gaps.mend(split, "mask").bands == ("x", "x known")
    with pytest.raises(ZooError, match="series 'train0' of train has no value at step 0 of 'x'"):
        gaps.mend(split, "raise")
    with pytest.raises(ZooError, match="no value of 'x' at all; data.missing=mask"):
        gaps.mend(split_of([1, 2], test=[NAN, NAN]), "hold")
    assert gaps.mend(split_of([1, 2]), "raise").notes == ()


def test_what_is_held_knows_nothing_of_the_future() -> None:
    random = np.random.default_rng(0)
    column = np.where(random.random(50) < 0.4, NAN, random.normal(size=50))
    column[0] = 1.0
    for end in (10, 25, 49):
        later = column.copy()
        later[end:] = 99.0
        first, second = (gaps.held(c, ~np.isnan(c))[:end] for c in (column, later))
        np.testing.assert_array_equal(first, second)


# splits


@given(groups=st.lists(st.integers(0, 6), min_size=8, max_size=40), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_groups_are_never_divided(groups: list[int], seed: int) -> None:
    every = [Series(f"s{i}", np.zeros((3, 1), np.float32), i % 2, f"g{g}") for i, g in enumerate(groups)]
    parts = divide(every, (0.5, 0.2, 0.3), seed)
    refuse_shared(parts, *GROUP)
    assert sorted(s.name for part in parts.values() for s in part) == sorted(s.name for s in every)


def test_classes_keep_their_proportions() -> None:
    every = [Series(f"s{i}", np.zeros((3, 1), np.float32), int(i >= 80)) for i in range(100)]
    parts = divide(every, (0.7, 0.1, 0.2), 0)
    assert [sum(s.label for s in parts[p]) for p in ("train", "val", "test")] == [14, 2, 4]
    held, how = hold_out(every, (0.9, 0.1), 0)
    assert (len(held["val"]), "10 of the training series, 2 or more of 2 classes" in how) == (10, True)


def test_a_group_in_two_splits_is_refused() -> None:
    one, two = (Series(n, np.zeros((3, 1), np.float32), 0, "pump 3") for n in ("a", "b"))
    with pytest.raises(ZooError, match="group 'pump 3' is in train \\(a\\) and in test \\(b\\)"):
        refuse_shared({"train": [one], "val": [], "test": [two]}, *GROUP)


# augmentation

CHANGES = [
    augment.Jitter(),
    augment.Scaling(),
    augment.TimeWarp(),
    augment.Slice(),
    augment.Slice(0.5, stretch=False),
    augment.Mix(),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("T", [1, 2, 50])
def test_changes_are_drawn_from_the_generator_alone(change: Change, T: int) -> None:
    mine, partner = (Piece(torch.randn(T, 2), torch.arange(T)) for _ in range(2))
    before = mine.values.clone()
    first, again = (change(mine, generator(1, 2), partner) for _ in range(2))
    assert torch.equal(first.values, again.values)
    assert torch.equal(mine.values, before)
    assert first.values.isfinite().all()
    assert first.steps is not None
    assert len(first.values) == len(first.steps)


def test_labels_of_steps_follow_the_warped_time() -> None:
    values = torch.arange(40.0)[:, None]
    piece = Piece(values, (values[:, 0] >= 20).long())
    for change in (augment.TimeWarp(0.8), augment.Slice(0.5)):
        for seed in range(5):
            warped = change(piece, generator(seed), piece)
            assert warped.steps is not None
            assert (warped.steps == (warped.values[:, 0] >= 19.5).long()).float().mean() > 0.95
            assert (warped.values.diff(dim=0) > 0).all()


def test_mixing_stays_between_the_two() -> None:
    mine, other = Piece(torch.zeros(9, 1)), Piece(torch.ones(4, 1))
    shares = [float(augment.Mix(0.3, 1.0)(mine, generator(i), other).values.mean()) for i in range(50)]
    assert 0 <= min(shares) < 0.05
    assert 0.25 < max(shares) <= 0.3


def test_a_sample_depends_on_seed_epoch_and_index_alone(files: tuple[Path, Path]) -> None:
    pipeline = Pipeline(CHANGES)
    one, two, three = (archive(files, augment=pipeline, seed=seed, samples=50) for seed in (4, 4, 5))
    first, same, other = (
        [d.dataset("train")[key].values for key in [(1, 7), (1, 31), (2, 7)]] for d in (one, two, three)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], first[1]), "the same series, but another index"
    assert not np.array_equal(first[0], first[2])
