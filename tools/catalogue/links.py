"""Links: which of the addresses in a card may be followed. All others are shown as the text that they are."""

import re
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

#: An address on the web without a character that could end an attribute, a line or the address itself.
WEB = re.compile(r"https?://[^\s<>\"'\\^`{|}\x00-\x1f\x7f]+")
DOI = re.compile(r"(?:doi:)?(10\.\d{4,9}/[^\s<>\"'\\^`{|}]+)", re.IGNORECASE)
HUB = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+?))?(?:/([^\s@]+))?")
GITHUB = re.compile(r"github://([\w.-]+/[\w.-]+)@([\w.-]+)/(\S+)")
#: What closes a sentence or a bracket around an address and does not belong to it.
CLOSING = ".,;:!?)"


def link(text: str) -> str | None:
    """Return the web address that `text` stands for (http, https, a DOI, hf://, github://), or None."""
    text = text.strip()
    if WEB.fullmatch(text):
        return text if _plain_host(text) else None
    if found := DOI.fullmatch(text):
        return f"https://doi.org/{quote(found[1], safe='/')}"
    if found := HUB.fullmatch(text):
        repo, revision, file = found.groups()
        return f"https://huggingface.co/{repo}" + (f"/blob/{revision or 'main'}/{quote(file)}" if file else "")
    if found := GITHUB.fullmatch(text):
        return f"https://github.com/{found[1]}/blob/{found[2]}/{quote(found[3])}"
    return None


def _plain_host(address: str) -> bool:
    """Tell whether an address names a host and no user, who could pass for the host."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return False
    return bool(parts.hostname) and "@" not in parts.netloc


def anchor(address: str, text: str) -> Markup:
    """Return a link to another site; both parts are escaped."""
    return Markup('<a href="{}" rel="noopener noreferrer external">{}</a>').format(address, text)


def linked(text: str) -> Markup:
    """Return `text` as a link when all of it is an address that may be followed, else escaped."""
    address = link(text)
    return anchor(address, text) if address else escape(text)


def linkified(text: str) -> Markup:
    """Return `text`, escaped, with the web addresses in it as links."""
    parts, end = [], 0
    for found in WEB.finditer(text):
        address = found[0].rstrip(CLOSING)
        parts += [escape(text[end : found.start()]), linked(address)]
        end = found.start() + len(address)
    return Markup("").join([*parts, escape(text[end:])])


def spdx(licence: str) -> str | None:
    """Return the address of a licence's text in the SPDX list, or None for expressions, own texts and `unknown`."""
    plain = re.fullmatch(r"[A-Za-z0-9.+-]+", licence)
    known = plain and licence != "unknown" and not licence.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{licence}.html" if known else None
