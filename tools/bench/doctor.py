"""`zoo doctor`: what this machine offers, what a run would choose, and what is missing."""

import json
import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from zoo import hardware
from zoo.files.paths import cache_root

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "hydra-core", "timm", "torchmetrics", "huggingface-hub")


def command(json_: Annotated[bool, typer.Option("--json", help="print the facts as JSON")] = False) -> None:
    """Say what this machine offers and what a run would choose.

    Example: `zoo doctor`
    """
    found = facts()
    if json_:
        print(json.dumps(found, indent=2))
        return
    table = Table(box=None, show_header=False)
    for name, value in found.items():
        table.add_row(name, str(value))
    Console().print(table)


def facts() -> dict[str, Any]:
    """Return the facts by name."""
    import psutil

    chosen = hardware.choose()
    cache = cache_root()
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    return {
        "processor": chosen.processor,
        "physical cores": hardware.cores(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30, 1),
        "bfloat16": hardware.bfloat16() or "not in hardware",
        "a run chooses": chosen.why,
        "cache": str(cache),
        "free for the cache, GiB": round(shutil.disk_usage(there).free / 2**30, 1),
        "mirror (ZOO_MIRROR)": os.environ.get("ZOO_MIRROR", "none"),
        **{package: installed(package) for package in PACKAGES},
    }


def installed(package: str) -> str:
    """Return the version of a package, or that it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing: run make setup"
