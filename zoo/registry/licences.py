"""Licences: SPDX identifiers, and what several of them together allow.

The identifiers are those of https://spdx.org/licenses, from the list that the library `packaging` carries. What is not
known is written `unknown` and stays unknown: nothing here defaults to a licence. This is a summary to start from, not
legal advice.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from zoo.errors import near

Answer = Literal["yes", "no", "unknown"]
UNKNOWN = "unknown"

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
        said = {"yes": "commercial use: yes", "no": "not for commercial use", "unknown": "commercial use: unknown"}
        return "; ".join((said[self.commercial], *self.reasons))


@functools.cache
def check(licence: str) -> str:
    """Return an SPDX expression in its canonical spelling, or `unknown`; anything else is a ValueError."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if licence == UNKNOWN:
        return licence
    try:
        return canonicalize_license_expression(licence)
    except InvalidLicenseExpression as error:
        close = near(licence, identifiers())
        raise ValueError(
            f"{licence!r} is no licence id{close}; allowed are SPDX ids (https://spdx.org/licenses),"
            " LicenseRef-NAME for a text of its own, and 'unknown'"
        ) from error


def identifiers() -> Iterable[str]:
    """Return all SPDX identifiers."""
    from packaging.licenses._spdx import LICENSES  # the library shows its list nowhere else

    return (entry["id"] for entry in LICENSES.values())


def allows_commercial(licence: str) -> Answer:
    """Tell whether an SPDX expression allows commercial use: AND asks for all of its parts, OR for one."""
    if "(" in licence:
        return "unknown"  # rare enough to be read by a person
    if " OR " in licence:
        answers = {allows_commercial(part) for part in licence.split(" OR ")}
        return "yes" if "yes" in answers else "unknown" if "unknown" in answers else "no"
    if " AND " in licence:
        return combine(allows_commercial(part) for part in licence.split(" AND "))
    plain = licence.partition(" WITH ")[0]
    if NON_COMMERCIAL.fullmatch(plain):
        return "no"
    return "yes" if COMMERCIAL.fullmatch(plain) else "unknown"


def combine(answers: Iterable[Answer]) -> Answer:
    """Return the strictest of several answers: no, else unknown, else yes."""
    given = set(answers)
    return "no" if "no" in given else "unknown" if "unknown" in given else "yes"


def use(licences: Mapping[str, str] | Iterable[tuple[str, str]]) -> Use:
    """Combine the licences of several parts (code, weights, data, …): the strictest decides.

    Takes a mapping of part to licence, or `Card.licences`. The reasons name every part that forbids, is unknown, or
    asks for more than naming its authors.
    """
    parts = dict(licences)
    answers = {part: allows_commercial(licence) for part, licence in parts.items()}
    reasons = []
    for part, licence in parts.items():
        if answers[part] == "no":
            reasons.append(f"{part}: {licence}: not for commercial use")
        elif answers[part] == "unknown":
            reasons.append(f"{part}: licence unknown" if licence == UNKNOWN else f"{part}: {licence}: read its text")
        reasons += [f"{part}: {licence}: {duty}" for pattern, duty in DUTIES if pattern.fullmatch(licence)]
    return Use(combine(answers.values()), tuple(reasons))
