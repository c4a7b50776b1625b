"""`zoo docs`: the pages of the documentation that are read off the program and its cards, with a twin that checks."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from tools.docs import command_reference, configuration_reference, models_page, results_page
from zoo.files import atomic_write

DOCS = Path(__file__).parents[2] / "docs"
PAGES: Mapping[str, Callable[[], str]] = {
    "models.md": models_page.page,
    "results.md": results_page.page,
    "reference/commands.md": command_reference.page,
    "reference/configuration.md": configuration_reference.page,
}


def command(
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit 1 when a page is not up to date")] = False,
) -> None:
    """Write the generated pages of the documentation, or check that they are up to date.

    Example: `zoo docs --check`
    """
    pages = {DOCS / name: page() for name, page in PAGES.items()}
    old = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and old:
        names = ", ".join(str(path.relative_to(DOCS)) for path in old)
        print(f"{names} in docs: not up to date; `zoo docs` writes them")
        raise typer.Exit(1)
    for path in old:
        with atomic_write(path) as part:
            part.write_text(pages[path], encoding="utf-8")
