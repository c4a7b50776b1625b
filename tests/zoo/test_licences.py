"""Licences: the ids, and what several of them together allow."""

import pytest

import zoo
from zoo.registry.licences import allows_commercial, check, terms, use


@pytest.mark.parametrize(
    ("licences", "commercial"),
    [
        ({"code": "MIT", "weights": "Apache-2.0", "data": "CC-BY-4.0"}, "yes"),
        ({"code": "MIT", "weights": "CC-BY-NC-4.0", "data": "unknown"}, "no"),
        ({"code": "MIT", "weights": "Apache-2.0", "data": "unknown"}, "depends"),
        ({"code": "LicenseRef-Shop"}, "depends"),
        ({"code": "BUSL-1.1"}, "depends"),
        ({"code": "LicenseRef-fair-noncommercial-research-license"}, "no"),
        ({"code": "MIT OR CC-BY-NC-4.0"}, "yes"),
        ({"code": "MIT AND CC-BY-NC-4.0"}, "no"),
        ({"code": "MIT AND (CC-BY-NC-4.0 OR Apache-2.0)"}, "depends"),
        ({"code": "GPL-2.0-only WITH Classpath-exception-2.0"}, "yes"),
        ({"code": "MIT", "weights": "MIT", "data": "none"}, "yes"),
        ({"weights": "BSD-3-Clause", "data": "LicenseRef-COCO"}, "depends"),
        ({"weights": "CC-BY-NC-4.0", "data": "LicenseRef-COCO"}, "no"),
        ({"weights": "Apache-2.0", "data": "CC0-1.0 AND LicenseRef-USGS"}, "yes"),
        ({}, "yes"),
    ],
)
def test_the_strictest_part_decides(licences: dict[str, str], commercial: str) -> None:
    assert use({part: check(licence) for part, licence in licences.items()}).commercial == commercial


def test_reasons_name_part_licence_and_what_it_asks() -> None:
    said = use({"code": "AGPL-3.0-only", "weights": "CC-BY-NC-SA-4.0", "data": "unknown"})
    assert str(said).startswith("not for commercial use; ")
    assert "weights: CC-BY-NC-SA-4.0: not for commercial use" in said.reasons
    assert "weights: CC-BY-NC-SA-4.0: what is made from it is shared under the same licence" in said.reasons
    assert "code: AGPL-3.0-only: who offers it over a network gives out the source" in said.reasons
    assert "data: licence unknown" in said.reasons


def test_an_id_is_spelled_right_or_refused_with_near_ones() -> None:
    assert check("apache-2.0 or mit") == "Apache-2.0 OR MIT"
    with pytest.raises(ValueError, match=r"'Apache2' is no licence id; did you mean Apache-2\.0"):
        check("Apache2")


def test_terms_of_data_say_why() -> None:
    said = use({"code": "MIT", "weights": "Apache-2.0", "data": "CC0-1.0 AND LicenseRef-USGS AND LicenseRef-ImageNet"})
    assert str(said).startswith("commercial use: depends; ")
    assert [reason.split(":")[1].strip() for reason in said.reasons] == [
        terms()[f"LicenseRef-{n}"].title for n in ("USGS", "ImageNet")
    ]


def test_terms_are_whole_and_cards_name_no_others() -> None:
    for name, facts in terms().items():
        assert check(name) == name
        assert facts.url.startswith("http")
        assert facts.commercial in ("yes", "no", "depends")
        assert allows_commercial(name) == facts.commercial
    for entry in zoo.cards().values():
        named = {part for licence in dict(entry.licences).values() for part in licence.split(" AND ")}
        assert {part for part in named if part.startswith("LicenseRef-")} <= set(terms()), entry.name


def test_a_card_says_none_only_without_weights_from_elsewhere() -> None:
    for entry in zoo.cards().values():
        assert not (entry.licences.data == "none" and entry.weights), entry.name
