"""The monitor compares what was recorded with its reference, says it, draws it, and tells cron."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sites.made import site
from tests.sites.test_records import record
from tools.cli import main
from zoo.sites.drift.samples import sample_of
from zoo.sites.extras import extra
from zoo.sites.records.journal import Recorder
from zoo.sites.records.record import schema
from zoo.sites.records.table import connect
from zoo.sites.site import Site

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with a good week, another, and one in which inputs are brighter at one place."""
    made = site(tmp_path_factory.mktemp("monitor"))
    rng, recorder = np.random.default_rng(0), Recorder(made.folder / "records")
    for number in range(450):
        week, place = number // 150, "<north>" if number % 2 else "south"
        mean = rng.normal(0.5, 0.1) + (0.4 if week == 2 and place == "<north>" else 0)
        recorder.put(
            record(
                f"r{number}", version=made.current(), place=place,
                time=START + timedelta(weeks=week, minutes=67 * (number % 150)),
                statistics={"mean": mean, "noise": rng.random()}, sketch=rng.random(4).tolist(), milliseconds=rng.random(),
                labels=["a"] * int(rng.integers(0, 3)), scores=[],
            )
        )  # fmt: skip
    recorder.close()
    return made


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["monitor", *words])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


def week(number: int) -> str:
    return (START + timedelta(weeks=number)).isoformat()


def test_a_good_week_is_quiet_and_a_bright_place_is_found(
    opened: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, out = str(opened.folder), tmp_path / "reports" / "report.html"
    assert "has no reference" in called(capsys, name)[1]
    assert called(capsys, name, "--learn", "--until", week(1))[0] == 0
    assert "is there already" in called(capsys, name, "--learn")[1]
    code, said = called(capsys, name, "--until", week(2))
    assert code == 0, said
    code, said = called(capsys, name, "--since", week(2), "--json", "--out", str(out))
    facts = json.loads(said)
    families = {one["name"]: one for one in facts["families"]}
    assert (code, facts["alarm"], families["place <north>"]["alarm"]) == (1, True, True)
    assert families["place <north>"]["findings"][0]["name"] == "mean"
    assert not families["place south"]["alarm"]
    page = out.read_text()
    assert "place &lt;north&gt;" in page
    assert "<north>" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<polyline") >= 4
    code, said = called(capsys, name)
    assert (code, said.count("ALARM") > 0) == (1, True), "all after the reference"
    assert "records; 30 at the least" in called(capsys, name, "--since", week(9))[1]
    assert "names no zone" in called(capsys, name, "--since", "2026-01-01")[1]
    assert "is none" in called(capsys, name, "--rate", "2")[1]


def test_shuffled_records_alarm_as_often_as_the_rate_says(opened: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "alarms", str(opened.folder), "--windows", "40", "--rate", "0.1"])
    facts = json.loads(capsys.readouterr().out)
    assert facts["share"] <= 0.1 + 3 * facts["error"]
    with pytest.raises(SystemExit) as ended:
        main(["bench", "alarms", str(opened.folder), "--reference", "4000"])
    assert ended.value.code == 2


def test_columns_are_those_of_the_records(opened: Site) -> None:
    found = sample_of(connect(opened.folder / "records"), "Europe/Berlin", "id IN ('r0', 'r1', 'r2')")
    assert found.hours.tolist() == [1, 2, 3], "midnight, 1:07 and 2:14 of UTC"
    assert found.places.tolist() == ["south", "<north>", "south"]
    assert found.sketches.shape == (3, 4)
    assert set(found.columns) >= {"mean", "noise", "answers", "confidence", "milliseconds"}


def test_many_records_are_reported_in_seconds(opened: Site, tmp_path: Path) -> None:
    """A hundred thousand here; what grows with them is read by DuckDB."""
    count, pa = 100_000, extra("pyarrow")
    times: list[Any] = [START + timedelta(seconds=i) for i in range(count)]
    columns = {
        "id": [f"m{i}" for i in range(count)], "time": times, "recorded": times, "version": ["v"] * count,
        "place": ["p"] * count,
        "longitude": pa.nulls(count, pa.float64()), "latitude": pa.nulls(count, pa.float64()),
        "milliseconds": np.random.default_rng(0).random(count).astype(np.float32),
        "statistics": [[("mean", 0.5)]] * count, "sketch": [[0.1] * 4] * count, "labels": [["a"]] * count,
        "scores": [[0.5]] * count,
    }  # fmt: skip
    folder = tmp_path / "records" / "2026-03-01"
    folder.mkdir(parents=True)
    extra("pyarrow.parquet").write_table(pa.table(columns, schema()), folder / "many.parquet")
    began = time.perf_counter()
    where = "id IN (SELECT id FROM records ORDER BY hash(id) LIMIT 2000)"
    assert len(sample_of(connect(tmp_path / "records"), "UTC", where)) == 2000
    assert time.perf_counter() - began < 10
