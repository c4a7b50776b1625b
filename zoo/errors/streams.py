"""What is printed on a terminal that does not know all signs: the nearest plain ones, never a traceback."""

import codecs
import sys

#: Signs that our own sentences hold, as a typewriter has them; any other is escaped as JSON does it.
PLAIN = str.maketrans({"×": "x", "–": "-", "…": "...", "→": "->", "·": "-", "₂": "2", "²": "2", "µ": "u", "±": "+-"})


def plain_signs(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that an encoding lacks, and where to go on; the hook of `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end].translate(PLAIN)
    units = (sign if sign.isascii() else escape(sign) for sign in signs)
    return "".join(units), error.end


def escape(sign: str) -> str:
    """Return a sign as \\uXXXX, in two halves where it needs more, so that JSON stays JSON."""
    raw = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[i : i + 2].hex()}" for i in range(0, len(raw), 2))


def accept_any_terminal() -> None:
    """Let standard output and errors take any text, whatever their encoding knows."""
    codecs.register_error("plain", plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what a test or a notebook puts there need not have it
            stream.reconfigure(errors="plain")
