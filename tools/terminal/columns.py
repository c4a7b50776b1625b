"""Columns: tables for the terminal that need no library, since `zoo list` has to answer at once.

On a terminal the last column wraps to its width; through a pipe nothing is wrapped, cut or coloured.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from textwrap import wrap

from zoo.errors import clean

GAP = "  "
BOLD, PLAIN = "\033[1m", "\033[0m"
#: A column this wide, or as its longest word, can be read; words that are longer are broken.
NARROW = 24
#: So many lines of a narrow column are read beside the others; more stand below them.
BESIDE = 4


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

    With a `width`, the last column wraps so that lines keep to it. What does not fit beside the first columns stands below
    them, so does a last column that would be narrow where there is much to say; no cell is cut, and none is broken but words
    longer than a line.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    if width is None:
        return "\n".join(
            [bold(_line(heads, heads, widths, right)), *(_line(row, heads, widths, right) for row in cells)]
        )
    indent = sum(widths[:-1]) + len(GAP) * (len(heads) - 1)
    rest, last = width - indent, [row[-1] for row in cells]
    longest = max((len(word) for text in last for word in text.split()), default=0)
    narrow = max(rest, min(longest, NARROW), 1)
    if narrow > rest or (rest < NARROW and max(map(len, last), default=0) > BESIDE * narrow):
        return "\n".join(_below(heads, cells, widths, right, max(NARROW, width)))
    lines = [bold(_line(heads, heads, widths, right))]
    for row in cells:
        first, *more = wrap(row[-1], narrow) or [""]
        lines += [_line([*row[:-1], first], heads, widths, right), *(" " * indent + line for line in more)]
    return "\n".join(lines)


def _below(
    heads: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[str], width: int
) -> Iterator[str]:
    """Yield the lines of a table of which only the first columns fit into `width`; the others stand below, wrapped, indented.

    A last column that stands there alone needs no head; several are named by theirs.
    """
    ends = list(accumulate(widths, lambda end, size: end + len(GAP) + size))
    beside = max(1, sum(end <= width for end in ends[:-1]))
    named = beside < len(heads) - 1
    yield bold(_line(heads[:beside], heads[:beside], widths[:beside], right))
    for row in cells:
        yield _line(row[:beside], heads[:beside], widths[:beside], right)
        said = [f"{head}: {cell}" if named and head else cell for head, cell in zip(heads, row, strict=True)]
        below = " · ".join(text for text, cell in zip(said[beside:], row[beside:], strict=True) if cell)
        yield from (2 * GAP + line for line in wrap(below, width - 2 * len(GAP)))


def _line(row: Sequence[str], heads: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> str:
    filled = [
        cell.rjust(size) if head in right else cell.ljust(size)
        for cell, head, size in zip(row, heads, widths, strict=True)
    ]
    return GAP.join(filled).rstrip()
