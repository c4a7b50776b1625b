"""The YAML head of a card, read as data that comes from strangers.

What is read: mappings, lists, strings, whole numbers, floats, true, false and null, by the core schema of YAML 1.2
(https://yaml.org/spec/1.2.2/#103-core-schema), so that `no` and 2026-11-22 stay text. What is refused: tags (`!!python/…`),
anchors and aliases (a few lines of them unfold into gigabytes), a key that is there twice, deep nesting, long files.
The parser is libyaml's; the tree is built here from its events, since PyYAML's own composer recurses without a limit.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from zoo.errors import ZooError

#: A card is a page of text; what is larger is not a card.
MAX_BYTES = 1_000_000
#: Levels of nesting; the deepest card has five.
MAX_DEPTH = 20

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
CONSTANTS |= {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}
NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", "", 1))),
)


def load(path: Path) -> str:
    """Return the text of the file at `path`, if it is a regular file of at most `MAX_BYTES` in UTF-8."""
    if not path.is_file():
        raise ZooError(f"{path} is not a file")
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ZooError(f"{path} has {path.stat().st_size} bytes; such a file has at most {MAX_BYTES}")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ZooError(f"{path} is not UTF-8: {error}; save it in that encoding") from error


def split(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """Split a card's text into the mapping of its YAML head and the Markdown below it."""
    head, body = cut(text, path)
    data = parse(head, path)
    if not isinstance(data, dict):
        raise ZooError(f"card {path}: the head must be a mapping, not {type(data).__name__}")
    return data, body.lstrip("\n")


def cut(text: str, path: Path) -> tuple[str, str]:
    """Cut a card's text into the lines between the two lines '---' and what follows."""
    found = re.match(r"---\n(.*?\n)---(?:\n|\Z)", text, re.DOTALL)
    if not found:
        raise ZooError(f"card {path} has no YAML head: it must begin with a line '---' and close it with another")
    return found[1], text[found.end() :]


def parse(text: str, path: Path) -> Any:
    """Return the value that plain YAML `text` states; errors name `path` and the line."""
    events = yaml.parse(text, Loader=LOADER)
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                value = build(events, next(events), path, 0)
                break
        else:
            return None
        next(events)  # the end of the document
        if not isinstance(extra := next(events), yaml.StreamEndEvent):
            refuse(path, extra, "a second document begins; a head is one")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 2}" if mark else ""
        raise ZooError(
            f"card {path}{where}: not plain YAML: {getattr(error, 'problem', None) or ' '.join(str(error).split())}"
        ) from error
    return value


def build(events: Iterator[Any], event: Any, path: Path, depth: int) -> Any:
    """Build the value that begins with `event`, taking the events that belong to it."""
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        refuse(path, event, "anchors (&) and aliases (*) are not allowed; write the value out")
    if event.tag:
        refuse(path, event, f"the tag {event.tag!r} is not allowed; a card holds plain values only")
    if depth > MAX_DEPTH:
        refuse(path, event, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(event, yaml.ScalarEvent):
        return scalar(event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return list(items(events, path, depth))
    return mapping(events, path, depth)


def items(events: Iterator[Any], path: Path, depth: int) -> Iterator[Any]:
    """Yield the values of a list."""
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        yield build(events, event, path, depth + 1)


def mapping(events: Iterator[Any], path: Path, depth: int) -> dict[str, Any]:
    """Return a mapping; its keys are text and there once."""
    found: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        if not isinstance(event, yaml.ScalarEvent):
            refuse(path, event, "a key must be a word")
        if event.value in found:
            refuse(path, event, f"the key {event.value!r} is there twice")
        found[event.value] = build(events, next(events), path, depth + 1)
    return found


def scalar(text: str) -> Any:
    """Return what a plain word means: null, true, false, a number, or itself."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] in "+-.0123456789" and len(text) < 40:  # a number has at most a few digits; int() of many is slow
        for pattern, convert in NUMBERS:
            if pattern.fullmatch(text):
                return convert(text)
    return text


def refuse(path: Path, event: Any, why: str) -> None:
    """Raise the error that names the card, the line and the reason."""
    raise ZooError(f"card {path}, line {event.start_mark.line + 2}: {why}")


def replace(text: str, key: str, value: str, path: Path) -> str:
    """Return a card's text with the value of the head's `key` replaced by the lines `value`, or added as the last key.

    Everything else stays byte for byte; the lines end as the card's first line does.
    """
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    block = f"{key}:{value}".replace("\n", newline) + newline
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    close = next((i for i, line in enumerate(lines) if i and line.rstrip("\r\n") == "---"), None)
    if close is None:
        raise ZooError(f"card {path} has no YAML head: it must begin with a line '---' and close it with another")
    begin = next((i for i in range(1, close) if lines[i].startswith(f"{key}:")), close)
    end = begin
    for i in range(begin + 1, close):  # the value goes on while lines are indented or are items of a list
        if lines[i][0] in " -":
            end = i
        elif lines[i][0] not in "#\r\n":
            break
    after = close if begin == close else max(end, begin) + 1
    return "".join((*lines[:begin], block, *lines[after:]))
