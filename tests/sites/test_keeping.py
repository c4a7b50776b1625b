"""Inputs are kept as often as the site says, and called like their records; what is older goes, but for what is out."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sites.made import site as made_site
from zoo.sites.keeping import is_drawn, keep_input, prune
from zoo.sites.labels import Item, LabelBook
from zoo.sites.records.record import new_id
from zoo.sites.settings import Keep
from zoo.sites.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return made_site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_the_share_is_kept_and_the_same_for_the_same_record(share: float) -> None:
    ids = [new_id() for _ in range(4000)]
    drawn = [is_drawn(one, share) for one in ids]
    assert abs(sum(drawn) / len(ids) - share) < 0.03
    assert drawn == [is_drawn(one, share) for one in ids]


def test_files_and_texts_are_kept_and_arrays_are_not(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.PNG").write_bytes(b"bytes")
    assert keep_input(site.folder, tmp_path / "a.PNG", "aa") == site.folder / "inbox" / "aa.png"
    assert (site.folder / "inbox" / "aa.png").read_bytes() == b"bytes"
    text = keep_input(site.folder, "the market\n rose", "bb")
    assert text is not None
    assert text.read_text() == "the market rose\n"
    assert keep_input(site.folder, object(), "cc") is None


def test_what_is_older_goes_but_for_what_is_out(site: Site) -> None:
    inbox, now = site.folder / "inbox", datetime(2026, 6, 1, tzinfo=UTC)
    for name, days in (("old.txt", 100), ("out.txt", 100), ("new.txt", 3)):
        (inbox / name).write_text("a b")
        stamp = (now - timedelta(days=days)).timestamp()
        os.utime(inbox / name, (stamp, stamp))
    for day in ("2026-01-01", "2026-05-31"):
        (site.folder / "records" / day).mkdir()
        (site.folder / "records" / day / "x.parquet").write_bytes(b"")
    LabelBook(site.folder).take_out([Item("out.txt", "0" * 64, "doubt", "v", {})], {"out": ""})
    assert prune(site, Keep(), now) == {"records": 0, "inputs": 0}
    assert prune(site, Keep(inputs_days=30, records_days=90), now) == {"records": 1, "inputs": 1}
    assert {path.name for path in inbox.iterdir()} >= {"out.txt", "new.txt"}
    assert not (inbox / "old.txt").exists()
    assert [path.name for path in (site.folder / "records").glob("2026*")] == ["2026-05-31"]
