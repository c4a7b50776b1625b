"""DNA: letters and codes, folds that keep copies together, and augmentation that knows what a strand is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from recipes.genomics import augment, splice
from recipes.genomics.splice import SpliceJunctions, letters
from recipes.kit.sampler import generator
from recipes.series.augment import Piece
from zoo.errors import ZooError
from zoo.sequence.nucleotides import CODES, OneHot

DNA = st.text("ACGTURYSWKMBDHVNacgtn", min_size=1, max_size=30)


def shares(bases: str) -> torch.Tensor:
    return OneHot(1)(torch.from_numpy(letters(bases))[None], torch.tensor([len(bases)]))[0]


def text(piece: Piece) -> str:
    return "".join(chr(int(value)) for value in piece.values[:, 0])


def test_codes_are_shares_of_what_they_allow() -> None:
    assert shares("AcGt").tolist() == torch.eye(4).tolist()
    assert shares("NRy")[:, :].tolist() == [[0.25] * 4, [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]]
    torch.testing.assert_close(shares("".join(CODES)).sum(dim=1), torch.ones(len(CODES)))


@given(bases=DNA)
@settings(max_examples=50, deadline=None)
def test_the_other_strand_twice_is_the_strand(bases: str) -> None:
    turn = augment.ReverseComplement(1.0)
    piece = Piece(torch.from_numpy(letters(bases)))
    once = turn(piece, generator(0), piece)
    assert text(turn(once, generator(0), piece)).replace("T", "U").replace("t", "u") == bases.replace("T", "U").replace(
        "t", "u"
    )
    # A ↔ T and C ↔ G are the reversed order of the bases, for ambiguous codes too
    torch.testing.assert_close(shares(text(once)), shares(bases).flip(0, 1))


def test_known_strands_and_shifts() -> None:
    piece = Piece(torch.from_numpy(letters("AACGtn")), torch.arange(6))
    turned = augment.ReverseComplement(1.0)(piece, generator(0), piece)
    assert text(turned) == "naCGTT"
    assert turned.steps is not None
    assert turned.steps.tolist() == [5, 4, 3, 2, 1, 0]
    assert augment.ReverseComplement(0.0)(piece, generator(0), piece) is piece
    assert text(Piece(augment.moved(piece.values, 2, ord("N")))) == "NNAACG"
    assert text(Piece(augment.moved(piece.values, -9, ord("N")))) == "NNNNNN"
    unsure = augment.Misread(1.0)(Piece(torch.full((2000, 1), 65.0)), generator(3), piece)
    assert set(text(unsure)) == {"A", "N"}


def file(folder: Path) -> Path:
    random = np.random.default_rng(0)
    rows = []
    for index in range(120):
        word = ("EI", "IE", "N")[index % 3]
        bases = list(random.choice(list("ACGT"), 20))
        if word != "N":
            bases[9:11] = "GT" if word == "EI" else "AG"
        rows.append(f"{word},   G{index},   {''.join(bases)}")
    word, _, bases = rows[0].split(",   ")
    rows.append(f"{word}, G0COPY, {bases.lower()}")
    path = folder / "own.data"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_folds_share_nothing_and_hold_every_window_once(tmp_path: Path) -> None:
    path, tests = file(tmp_path), []
    for fold in range(10):
        data = SpliceJunctions("genomics", fold=fold, root=str(path))
        data.setup()
        tests += [series.name for series in data.split.parts["test"]]
        assert sum(len(part) for part in data.split.parts.values()) == 121
        assert not {s.group for s in data.split.parts["test"]} & {s.group for s in data.split.parts["train"]}
        assert min(sum(s.label == k for s in data.split.parts["test"]) for k in range(3)) >= 3
    assert len(set(tests)) == len(tests) == 121
    batch = next(iter(data.test_dataloader()))
    assert batch["inputs"].shape == (len(batch["names"]), 20, 1)
    assert zoo.create("danq", classes=3, bands=data.bands)(batch["inputs"], batch["lengths"]).shape[1] == 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_files_of_ones_own_may_name_columns_and_hold_any_code(tmp_path: Path, separator: str) -> None:
    rows = [("class", "name", "bases"), ("EI", "a", "acgtN"), ("IE", "b", "ACGTU")]
    (tmp_path / "own.csv").write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    assert splice.read(tmp_path / "own.csv") == [("EI", "a 2", "acgtN"), ("IE", "b 3", "ACGTU")]


@pytest.mark.parametrize(
    ("line", "said"), [("EI, a, ACGX", "line 1: 'X' is no code"), ("EI ACGT", "line 1: 'EI ACGT' is not")]
)
def test_what_is_no_dna_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.data"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ZooError, match=said):
        SpliceJunctions("genomics", root=str(path)).setup()
    with pytest.raises(ZooError, match="data.fold=10 must be one of 0"):
        SpliceJunctions("genomics", fold=10)


@pytest.mark.real
def test_the_real_windows() -> None:
    data = SpliceJunctions("genomics", fold=3)
    data.prepare_data()
    data.setup()
    every = [series for part in data.split.parts.values() for series in part]
    assert len(every) == 3190
    assert {len(series.values) for series in every} == {60}
    assert [sum(s.label == k for s in every) for k in range(3)] == [767, 768, 1655]
