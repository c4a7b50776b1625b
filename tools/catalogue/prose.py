"""Prose: the Markdown below the head of a card, made HTML in which nothing of the card is markup of its own."""

import functools
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from tools.catalogue.links import link


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.validateLink = lambda url: link(url) is not None  # type: ignore[method-assign]  # the library's own hook
    parser.add_render_rule("image", _image)
    return parser


def _image(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """Show what a picture is called: a picture from elsewhere would need the network, and would tell who reads."""
    return str(escape(tokens[index].content))


def html(text: str) -> Markup:
    """Return the Markdown `text` as HTML without its first title, the other headings one level lower.

    HTML in the text is shown as text; links lead only where `links.link` allows, and tell nobody where they were.
    """
    parser = _parser()
    tokens = parser.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        tokens = tokens[3:]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", link(str(child.attrGet("href"))) or "")
                child.attrSet("rel", "noopener noreferrer external")
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # written by the parser, html off
