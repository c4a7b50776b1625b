"""Text files of users: as said, as their first bytes say, in UTF-8, or else in Windows' Latin, which is noted."""

from pathlib import Path

from zoo.errors import ZooError

#: Beginnings of files that say their encoding.
MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def decode(path: Path, encoding: str | None = None, asked: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and a note where its encoding was taken to be cp1252; ZooError where it is another.

    `asked`: the data have a setting `data.encoding`, which is offered.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ZooError(f"{path} cannot be read: {error.strerror}") from error
    named = encoding or next((name for mark, name in MARKED.items() if raw.startswith(mark)), None)
    try:
        return raw.decode(named or "utf-8"), ()
    except (UnicodeDecodeError, LookupError) as error:
        if named is not None:
            way_out = "say data.encoding=NAME, or save it in UTF-8" if asked else "save it in UTF-8"
            raise ZooError(f"{path} is not in {named}: {error}; {way_out}") from error
    if b"\0" in raw:
        raise ZooError(f"{path} is no text: it holds bytes of 0; save it as text in UTF-8")
    another = "data.encoding=NAME says another" if asked else "save it in UTF-8 if that is wrong"
    return raw.decode("cp1252", errors="replace"), (f"{path} is not in UTF-8 and was read as cp1252; {another}",)


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file in UTF-8; only line feeds end them, since a word may be a rare space."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ZooError(f"{path} is not in UTF-8: byte {error.start}; convert it, as with `iconv -t utf-8`") from error
    except OSError as error:
        raise ZooError(f"{path} cannot be read: {error.strerror}") from error
    return [line.removesuffix("\r") for line in text.split("\n")]
