"""Licences: SPDX identifiers, and what several of them together allow.

The identifiers are those of https://spdx.org/licenses, from the list that the library `packaging` carries. What is not
known is written `unknown` and stays unknown: nothing here defaults to a licence. Terms of data without an SPDX licence have
names of their own, LicenseRef-…, in data_terms.yaml, with what they allow. A model without weights from elsewhere carries no
data: `none`. This is a summary to start from, not legal advice.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zoo.errors import near

Answer = Literal["yes", "no", "depends"]
UNKNOWN, NONE = "unknown", "none"

#: Licences whose text allows commercial use: those approved by https://opensource.org/licenses, and of data and works
#: the families of https://opendefinition.org/licenses. What is not among them counts as unknown, never as allowed.
COMMERCIAL = re.compile(
    r"0BSD|AFL-.*|A?GPL-.*|LGPL-.*|Apache-.*|Artistic-2\.0|BSD-.*|BSL-1\.0|C-UDA-1\.0|O-UDA-1\.0|CC0-1\.0|CC-PDM-1\.0|"
    r"CC-BY-\d.*|CC-BY-SA-\d.*|CC-BY-ND-\d.*|CDDL-.*|CDLA-.*|CECILL-.*|DL-DE-.*|EPL-.*|EUPL-.*|etalab-2\.0|HPND|ISC|"
    r"MIT|MIT-.*|MPL-.*|MS-PL|MulanPSL-.*|NCSA|NIST-PD|NLOD-.*|ODbL-1\.0|ODC-By-1\.0|OFL-.*|OGL-.*|PDDL-1\.0|"
    r"PostgreSQL|PSF-2\.0|Python-2\.0.*|Unlicense|UPL-1\.0|WTFPL|X11|Zlib"
)
NON_COMMERCIAL = re.compile(r"CC-BY-NC-.*|PolyForm-Noncommercial-.*|NCGL-.*|.*[Nn]on-?[Cc]ommercial.*")

#: What else a licence asks for, by its name.
DUTIES = (
    (re.compile(r"CC-BY-(NC-)?SA-.*|ODbL-.*|CDLA-Sharing-.*"), "what is made from it is shared under the same licence"),
    (re.compile(r"CC-BY-(NC-)?ND-.*"), "it must not be passed on changed, and fine-tuning changes it"),
    (re.compile(r"AGPL-.*"), "who offers it over a network gives out the source"),
    (re.compile(r"GPL-.*"), "who passes it on gives out the source"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """Whether several licences together allow commercial use, and why, a clause a licence."""

    commercial: Answer
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        said = {"yes": "commercial use: yes", "no": "not for commercial use", "depends": "commercial use: depends"}
        return "; ".join((said[self.commercial], *self.reasons))


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of data without an SPDX licence: whose they are, where they stand, what they allow and say."""

    title: str
    url: str
    commercial: Answer
    says: str


@functools.cache
def terms() -> Mapping[str, Terms]:
    """Return the known terms of data by their names, LicenseRef-…"""
    import yaml

    table = yaml.safe_load(Path(__file__).with_name("data_terms.yaml").read_text(encoding="utf-8"))
    return {name: Terms(**facts) for name, facts in table.items()}


@functools.cache
def check(licence: str) -> str:
    """Return an SPDX expression in its canonical spelling, `unknown` or `none`; anything else is a ValueError."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if licence in (UNKNOWN, NONE):
        return licence
    try:
        return canonicalize_license_expression(licence)
    except InvalidLicenseExpression as error:
        close = near(licence, identifiers())
        raise ValueError(
            f"{licence!r} is no licence id{close}; allowed are SPDX ids (https://spdx.org/licenses),"
            " LicenseRef-NAME for a text of its own, 'none' where there is nothing to license, and 'unknown'"
        ) from error


def identifiers() -> Iterable[str]:
    """Return all SPDX identifiers."""
    from packaging.licenses._spdx import LICENSES  # the library shows its list nowhere else

    return (entry["id"] for entry in LICENSES.values())


def allows_commercial(licence: str) -> Answer:
    """Tell whether an SPDX expression allows commercial use: AND asks for all of its parts, OR for one."""
    if licence == NONE:
        return "yes"
    if "(" in licence:
        return "depends"  # rare enough to be read by a person
    if " OR " in licence:
        answers = {allows_commercial(part) for part in licence.split(" OR ")}
        return "yes" if "yes" in answers else "depends" if "depends" in answers else "no"
    if " AND " in licence:
        return combine(allows_commercial(part) for part in licence.split(" AND "))
    return terms()[licence].commercial if licence in terms() else _allowed_by_name(licence.partition(" WITH ")[0])


def _allowed_by_name(plain: str) -> Answer:
    """Tell it of one licence by the family that its name belongs to."""
    if NON_COMMERCIAL.fullmatch(plain):
        return "no"
    return "yes" if COMMERCIAL.fullmatch(plain) else "depends"


def combine(answers: Iterable[Answer]) -> Answer:
    """Return the strictest of several answers: no, else depends, else yes."""
    given = set(answers)
    return "no" if "no" in given else "depends" if "depends" in given else "yes"


def use(licences: Mapping[str, str] | Iterable[tuple[str, str]]) -> Use:
    """Combine the licences of several parts (code, weights, data, …): the strictest decides.

    Takes a mapping of part to licence, or `Card.licences`. The reasons name every part that forbids, does not say, or
    asks for more than naming its authors.
    """
    parts = dict(licences)
    reasons = [f"{part}: {reason}" for part, licence in parts.items() for reason in _reasons(licence)]
    return Use(combine(map(allows_commercial, parts.values())), tuple(reasons))


def _reasons(licence: str) -> Iterator[str]:
    """Yield what is to be said of a licence, of each part of an AND by itself."""
    if " AND " in licence and "(" not in licence:
        for part in licence.split(" AND "):
            yield from _reasons(part)
        return
    answer = allows_commercial(licence)
    if licence in terms():
        yield f"{terms()[licence].title}: {terms()[licence].says}"
    elif answer == "no":
        yield f"{licence}: not for commercial use"
    elif answer == "depends":
        yield "licence unknown" if licence == UNKNOWN else f"{licence}: read its text"
    yield from (f"{licence}: {duty}" for pattern, duty in DUTIES if pattern.fullmatch(licence))
