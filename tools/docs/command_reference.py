"""The page of all commands, read off the commands themselves: their docstrings, arguments and options."""

import inspect
from collections.abc import Iterator
from typing import Any

import click

from tools.cli import COMMANDS, GROUPS, group

HEAD = """# Command line

`zoo --help` lists the commands, `zoo COMMAND --help` explains one. Every command ends with 0 when all went well, 1 when a
check failed, 2 when there is a mistake that you can mend (said in one sentence), 130 when it was interrupted.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join((HEAD, *overview(), *(line for words in COMMANDS for line in section(words))))


def overview() -> Iterator[str]:
    """Yield a table of the commands, with what each is for."""
    yield from ("| command | what it does |", "|---|---|")
    for words, (_, line) in COMMANDS.items():
        yield f"| [`zoo {words}`](#{anchor(words)}) | {line} |"
    yield ""


def anchor(words: str) -> str:
    """Return the fragment of a command's section."""
    return f"zoo-{words.replace(' ', '-')}"


def section(words: str) -> Iterator[str]:
    """Yield the lines about one command."""
    command = loaded(words)
    yield f"## zoo {words} {{#{anchor(words)}}}\n"
    if about := GROUPS.get(words):
        yield f"{about}\n"
    yield inspect.cleandoc(command.help or "").replace("\f", "") + "\n"
    context = click.Context(command, info_name=f"zoo {words}")
    usage = " ".join(command.get_usage(context).split()).removeprefix("Usage: ")
    yield f"```text\n{usage}\n```\n"
    rows = [row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        yield from ("| argument or option | meaning | default |", "|---|---|---|", *rows, "")


def loaded(words: str) -> Any:
    """Import a command by the words that call it."""
    *outer, last = words.split()
    here: Any = group()
    context = click.Context(here)
    for word in outer:
        here = here.get_command(context, word)
    _, command, _ = here.resolve_command(context, [last])
    return command


def row(parameter: Any) -> str:
    """Return an argument or option as a row: how it is written, what it means, what it is when left out."""
    argument = parameter.param_type_name == "argument"
    metavar = (parameter.metavar or parameter.name or "").strip("[]").upper()
    written = [metavar] if argument else [*parameter.opts, *parameter.secondary_opts]
    meaning = " ".join((parameter.help or "").replace("|", "\\|").replace("<", "&lt;").split())
    default = "required" if parameter.required else plain(parameter.default)
    return f"| {', '.join(f'`{word}`' for word in written)} | {meaning} | {default} |"


def plain(default: Any) -> str:
    """Return a default as a person reads it; nothing for what is off or not set."""
    unset = default is None or default is False or callable(default) or "Sentinel" in type(default).__name__
    return "" if unset or default in ((), [], "") else f"`{default}`"
