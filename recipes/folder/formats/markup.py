"""XML read safely: no document type, so no entity can grow or open a file, and every element knows its line."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from zoo.errors import ZooError

LINE = "\0line"  # no attribute of a file can be called so


def parse(content: bytes, name: str) -> Element:
    """Return the root element of the XML in `content`; `line(element)` tells where an element begins.

    A DOCTYPE is refused at its first byte: annotations need none, and entities in it can fill the memory or read files.
    """
    parser, builder = expat.ParserCreate(), TreeBuilder()

    def start(tag: str, attributes: dict[str, str]) -> None:
        attributes[LINE] = str(parser.CurrentLineNumber)
        builder.start(tag, attributes)

    def doctype(*_: object) -> None:
        raise ZooError(f"{name}, line {parser.CurrentLineNumber}: a DOCTYPE or ENTITY is not read; remove it")

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages[error.code]
        raise ZooError(f"{name}, line {error.lineno}: {reason}; the file is no whole XML") from error
    except ZooError:
        raise
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or of many bytes
        raise ZooError(f"{name}, line 1: {error}; save the file as UTF-8") from error
    return builder.close()


def line(element: Element) -> int:
    """Return the line on which the element begins."""
    return int(element.attrib[LINE])
