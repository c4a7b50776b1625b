"""Columns: tables for the terminal that need no library, since `zoo list` has to answer at once.

On a terminal the last column wraps to its width; through a pipe nothing is wrapped, cut or coloured.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
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

    With a `width`, the last column wraps so that lines keep to it, below the others where it is narrow and there is much to
    say; the others are never cut.
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
    if rest < NARROW and max(map(len, last), default=0) > BESIDE * narrow:
        return "\n".join(_below(heads, cells, widths, right, max(NARROW, width - 2 * len(GAP))))
    lines = [bold(_line(heads, heads, widths, right))]
    for row in cells:
        first, *more = wrap(row[-1], narrow) or [""]
        lines += [_line([*row[:-1], first], heads, widths, right), *(" " * indent + line for line in more)]
    return "\n".join(lines)


def _below(
    heads: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[str], width: int
) -> Iterator[str]:
    """Yield the lines of a table whose last column stands below the others, wrapped to `width` and indented."""
    yield bold(_line(heads[:-1], heads[:-1], widths[:-1], right))
    for row in cells:
        yield _line(row[:-1], heads[:-1], widths[:-1], right)
        yield from (2 * GAP + line for line in wrap(row[-1], width))


def _line(row: Sequence[str], heads: Sequence[str], widths: Sequence[int], right: Sequence[str]) -> str:
    filled = [
        cell.rjust(size) if head in right else cell.ljust(size)
        for cell, head, size in zip(row, heads, widths, strict=True)
    ]
    return GAP.join(filled).rstrip()
