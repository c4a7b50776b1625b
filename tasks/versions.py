"""What a run was made with: the versions of the packages that decide its result, and the commit of the code."""

import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "timm", "torchmetrics", "task-zoo")


def versions() -> dict[str, str]:
    """Return the versions of the packages by name."""
    return {package: version(package) for package in PACKAGES}


def revision() -> str:
    """Return the commit of the code, with + when the tree was changed; "unknown" outside a checkout."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=here, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")
