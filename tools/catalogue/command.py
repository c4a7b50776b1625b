"""`zoo catalogue`: write the catalogue as static pages, check that it is up to date, or look at it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tools.catalogue import catalogue, folder, pages, server
from zoo.errors import ZooError


def command(
    out: Annotated[Path, typer.Option(help="the folder of the catalogue; replaced as a whole")] = Path("catalogue"),
    runs: Annotated[Path | None, typer.Option(help="a folder of runs, whose newest pictures are shown")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; exit 1 when the site is not up to date")
    ] = False,
    serve: Annotated[bool, typer.Option("--serve", help="write the catalogue, then show it on this machine")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="of --serve; 0 takes any that is free")] = 8000,
    browser: Annotated[bool, typer.Option(help="open a browser with --serve")] = True,
) -> None:
    """Write the catalogue of models, recipes and results as static pages, which need no network.

    Examples: `zoo catalogue --out catalogue`, with the pictures of your runs `zoo catalogue --runs runs`, to look at it
    `zoo catalogue --serve`, in a continuous integration `zoo catalogue --out catalogue --check`.
    """
    if check and serve:
        raise ZooError("--check writes nothing, so --serve has nothing to show; give one of them")
    began = time.perf_counter()
    known = catalogue.load(runs)
    files = pages.build(known)
    if check:
        _check(out, folder.differences(out, files))
        return
    folder.write(out, files)
    said = f"models {len(known.cards)}, recipes {len(known.recipes)}, files {len(files)}"
    print(f"{out / 'index.html'}: {said}, {time.perf_counter() - began:.1f} s")
    if serve:
        server.serve(out, port, browser)
    else:
        print("look at it: open that file in a browser, or `zoo catalogue --serve`")


def _check(out: Path, said: list[str]) -> None:
    """Say what is not up to date, and leave with 1 when anything is not."""
    if not said:
        print(f"{out} is up to date")
        return
    rest = f", and {len(said) - 5} more" if len(said) > 5 else ""
    print(f"{out} is not up to date: {'; '.join(said[:5])}{rest}; `zoo catalogue --out {out}` writes it anew")
    raise typer.Exit(1)
