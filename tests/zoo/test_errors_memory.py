"""Where memory does not suffice a sentence says so, wherever in a chain of errors it was found out; other errors pass."""

import numpy as np
import pytest
import torch

from tools.cli import main
from zoo.errors.memory import short_of_memory


def refused(kind: str) -> BaseException:
    """Return the error of an allocation that no machine grants."""
    try:
        np.zeros((2**21, 2**22)) if kind == "numpy" else torch.empty(2**46)
    except (MemoryError, RuntimeError) as error:
        return error
    pytest.skip("this machine grants anything")


@pytest.mark.parametrize(("kind", "size"), [("numpy", "64.0 TiB"), ("torch", "281474976710656 bytes")])
def test_how_much_was_asked_for_is_said(kind: str, size: str) -> None:
    assert size in str(short_of_memory(refused(kind)))


def test_it_is_found_behind_the_errors_that_it_caused() -> None:
    behind = RuntimeError("Please call `iter(combined_loader)` first.")
    behind.__context__ = refused("numpy")
    assert "data.batch_size" in str(short_of_memory(behind))


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("bad_alloc")])
def test_other_errors_are_none_of_it(error: BaseException) -> None:
    assert short_of_memory(error) is None


def test_what_takes_less_is_said_as_the_command_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    error = refused("numpy")
    assert "--tile or --batch" in str(short_of_memory(error, "predict"))
    assert str(short_of_memory(error, "evaluate")) == str(short_of_memory(error))
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    said = capsys.readouterr().out
    assert all(option in said for option in ("--tile", "--batch"))
