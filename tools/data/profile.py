"""`zoo data profile`: what a data set is like, measured once; printed, or written as a file that `zoo fit` reads."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from zoo.errors import ZooError, first_few
from zoo.profile import Profile

SHOWN = 6  # of a long row of values; --json has all


def command(
    words: Annotated[list[str], typer.Argument(help="a folder, or task=… data=… [data.key=value …] as for train.py")],
    out: Annotated[Path | None, typer.Option(help="write the profile as JSON into this file")] = None,
    json_: Annotated[bool, typer.Option("--json", help="print the profile as JSON")] = False,
) -> None:
    """Measure the training part of a data set: classes, sizes, shapes, density, bands, values, licence.

    Example: `zoo data profile my_images` or `zoo data profile task=detection data=satellite --out profile.json`
    """
    profile = measured(words)
    if out is not None:
        try:
            profile.save(out)
        except OSError as error:
            raise ZooError(f"--out {out} cannot be written: {error.strerror}; choose another file") from error
    if json_:
        print(profile.model_dump_json(indent=2))
    else:
        show(profile)


def measured(words: list[str]) -> Profile:
    """Return the profile of the data that words of train.py compose, or of a folder of recordings or images with boxes."""
    from configuration.composition import compose
    from tools.data.profiles import profile_of
    from tools.data.words import words_to_compose

    return profile_of(compose(words_to_compose(words)))


def show(profile: Profile) -> None:
    """Print what is known, a line a fact."""
    table = Table("fact", "value", box=None)
    for name, value in profile.facts().items():
        table.add_row(name.replace("_", " "), brief(name, value))
    Console(highlight=False, soft_wrap=True).print(table)


def brief(name: str, value: Any) -> str:
    """Return a fact as a person reads it: quantiles as smallest … largest, counts by name."""
    if isinstance(value, dict) and "median" in value:
        low, *middle, high = map(number, value.values())
        return f"{low} … {high}, median {middle[1]}, 90 % in {middle[0]} … {middle[2]}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {count:,}" for key, count in value.items())
    if name == "notes":
        return "; ".join(value)
    if isinstance(value, tuple):
        texts = [" × ".join(map(number, item)) if isinstance(item, tuple) else number(item) for item in value]
        return first_few(texts, SHOWN)
    return number(value)


def number(value: Any) -> str:
    """Return a number with four digits; anything else as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
