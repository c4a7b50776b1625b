"""What `zoo collect` says."""

import json
from collections.abc import Callable
from typing import Any

from tools.terminal.columns import table
from zoo.errors import counted


def batch_lines(facts: dict[str, Any]) -> list[str]:
    """Return what was taken, in words."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(facts["reasons"].items()))
    lines = [f"left out: {failure}" for failure in facts["failures"]]
    return [
        *lines,
        f"batch {facts['batch']}: {counted(facts['taken'], 'input')} of {facts['inbox']} in the inbox ({reasons})",
        f"{facts['out']} holds them as {facts['format']}, with what version {facts['version']} says; label it, then: "
        f"zoo collect SITE --labels {facts['out']} --by NAME",
    ]


def return_lines(facts: dict[str, Any]) -> list[str]:
    """Return what came back, in words."""
    share = "" if facts["corrected"] is None else f"; the model had said otherwise of {facts['corrected']:.0%}"
    lines = [
        f"{counted(facts['labelled'], 'input')} labelled by {facts['by']}, {facts['held_out']} of them held out{share}"
    ]
    if facts["new_classes"]:
        lines.append(f"new classes: {', '.join(facts['new_classes'])}; `zoo accrete` appends them")
    if facts["conflicts"]:
        lines.append(
            f"{counted(facts['conflicts'], 'input')} with labels that disagree are not used: zoo collect SITE --conflicts"
        )
    return [*lines, f"{counted(facts['usable'], 'input')} of the site can be used; zoo accrete SITE learns from them"]


def conflict_lines(facts: dict[str, Any]) -> list[str]:
    """Return on what people disagree, in words."""
    if not facts["rows"]:
        return [f"nobody disagrees; {counted(facts['usable'], 'input')} can be used"]
    rows = [[row["file"], row["by"], row["when"], row["said"]] for row in facts["rows"]]
    return [
        table(("file", "by", "when", "said"), rows),
        "one who decides labels them again: --labels FOLDER --by NAME --settle",
    ]


def tell(facts: dict[str, Any], json_: bool, lines: Callable[[dict[str, Any]], list[str]]) -> None:
    """Print facts as JSON, or in words."""
    print(json.dumps(facts, indent=2, ensure_ascii=False) if json_ else "\n".join(lines(facts)))
