"""Python in a process of its own: what it says, or why it ended."""

import signal
import subprocess
import sys
from collections.abc import Sequence

from zoo.errors import ZooError

#: How a process ends that a user interrupts: by the exit code, or by the signal.
INTERRUPTED = (128 + signal.SIGINT, -signal.SIGINT)


def said_by(words: Sequence[str], heard: bool = True) -> str:
    """Return what Python says when it is called with these words; where it is not `heard`, it says that on the terminal.

    Raises ZooError with its last line where it fails, and KeyboardInterrupt where it was interrupted.
    """
    out = subprocess.PIPE if heard else None
    done = subprocess.run([sys.executable, *words], check=False, text=True, stdout=out, stderr=subprocess.PIPE)
    if done.returncode in INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode:
        raise ZooError(why(done.returncode, done.stderr))
    return done.stdout or ""


def why(code: int, errors: str) -> str:
    """Say why a process ended with a code and these errors, of which the last line is the message."""
    if code == -signal.SIGKILL:
        return "it was killed, as the system does where memory runs out"
    if code < 0:
        return f"it ended by {signal.Signals(-code).name}"
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    return f"exit code {code}: {last.rpartition('ZooError: ')[2].removeprefix('error: ')}"
