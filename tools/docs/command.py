"""`zoo docs`: the pages of the documentation that are read off the program, with a twin that checks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from tools.docs import command_reference
from zoo.files import atomic_write

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {"commands.md": command_reference.page}


def command(
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit 1 when a page is not up to date")] = False,
) -> None:
    """Write the generated pages of the documentation, or check that they are up to date.

    Example: `zoo docs --check`
    """
    pages = {REFERENCE / name: page() for name, page in PAGES.items()}
    old = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and old:
        print(f"{', '.join(path.name for path in old)} in docs/reference: not up to date; `zoo docs` writes it")
        raise typer.Exit(1)
    for path in old:
        with atomic_write(path) as part:
            part.write_text(pages[path], encoding="utf-8")
