"""A terminal that is not UTF-8 gets sentences and JSON that is the same again."""

import json
import os
import subprocess
import sys

import pytest

from zoo.errors.streams import plain_signs


@pytest.fixture(autouse=True)
def registered() -> None:
    import codecs

    codecs.register_error("plain", plain_signs)


def test_our_own_signs_have_plain_ones() -> None:
    assert "300 × 300 – 2 px … → done".encode("ascii", "plain") == b"300 x 300 - 2 px ... -> done"


@pytest.mark.parametrize("text", ["höher", "日本", "🛰 site", "क्षेत्र"])
def test_other_signs_are_the_same_again_from_json(text: str) -> None:
    assert json.loads(json.dumps(text, ensure_ascii=False).encode("ascii", "plain")) == text


def test_a_card_is_shown_on_a_terminal_that_knows_ascii_alone() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.cli", "show", "ssd300"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "300 x 300" in done.stdout
