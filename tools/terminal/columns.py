"""Columns: tables for the terminal that need no library, since `zoo list` has to answer at once.

On a terminal the last column wraps to its width; through a pipe nothing is wrapped, cut or coloured.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap

from zoo.errors import clean

GAP = "  "
BOLD, PLAIN = "\033[1m", "\033[0m"
#: Under this width a wrapping column is of no use.
NARROW = 10


def terminal() -> int | None:
    """Return the width of the terminal, or None when the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def bold(text: str) -> str:
    """Return text in bold, on a terminal that is not told otherwise (https://no-color.org)."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"{BOLD}{text}{PLAIN}" if coloured else text


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = (), width: int | None = None
) -> str:
    """Lay rows out under their heads; the columns named in `right` are set to the right.

    With a `width`, the last column wraps so that lines keep to it; the others are never cut.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    rest = None
    if width is not None:
        rest = max(NARROW, width - sum(widths[:-1]) - len(GAP) * (len(heads) - 1))
    lines = [bold(_line(heads, heads, widths, right))]
    for row in cells:
        last = wrap(row[-1], rest) or [""] if rest else [row[-1]]
        lines.append(_line([*row[:-1], last[0]], heads, widths, right))
        indent = " " * (sum(widths[:-1]) + len(GAP) * (len(heads) - 1))
        lines += [indent + more for more in last[1:]]
    return "\n".join(lines)


def _line(row: Sequence[str], heads: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> str:
    filled = [
        cell.rjust(size) if head in right else cell.ljust(size)
        for cell, head, size in zip(row, heads, widths, strict=True)
    ]
    return GAP.join(filled).rstrip()
