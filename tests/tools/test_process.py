"""A process of Python that fails is told by its last line, a killed one by what killed it; an interrupted one interrupts."""

import pytest

from tools.terminal.process import said_by
from zoo.errors import ZooError

ENDS = "import os, signal, sys; os.kill(os.getpid(), signal.{})"


def test_what_it_says_is_heard() -> None:
    assert said_by(["-c", "print(6 * 7)"]) == "42\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("import sys; print('error: no such thing', file=sys.stderr); sys.exit(3)", "^exit code 3: no such thing$"),
        ("import sys; sys.exit(2)", "^exit code 2: it said nothing$"),
        ("from zoo.errors import ZooError; raise ZooError('this is wrong')", "^exit code 1: this is wrong$"),
        (ENDS.format("SIGKILL"), "memory runs out"),
        (ENDS.format("SIGTERM"), "it ended by SIGTERM"),
    ],
)
def test_what_fails_is_told(words: str, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        said_by(["-c", words])


def test_who_interrupts_it_interrupts_all() -> None:
    with pytest.raises(KeyboardInterrupt):
        said_by(
            ["-c", "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); signal.raise_signal(signal.SIGINT)"]
        )
