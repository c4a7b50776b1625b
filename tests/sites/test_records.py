"""Records outlive their writer, are there once, and cost those who answer nothing."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ZooError
from zoo.sites.records import journal
from zoo.sites.records.journal import Recorder, lines_in, segments
from zoo.sites.records.record import Record, new_id, row_of, time_of
from zoo.sites.records.statistics import sketch, statistics
from zoo.sites.records.table import compact, connect


def record(name: str = "", **facts: Any) -> Record:
    now = datetime.now(UTC)
    return Record(**{"id": name or new_id(), "time": now, "recorded": now, "version": "v", "labels": ["car"], **facts})


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    yield made
    if made.thread.is_alive():
        made.close()


def ids(folder: Path) -> list[str]:
    return [row[0] for row in connect(folder).execute("SELECT id FROM records ORDER BY id").fetchall()]


def test_what_is_put_is_read_from_the_journal_and_from_parquet(recorder: Recorder, tmp_path: Path) -> None:
    for number in range(5):
        done = recorder.put(record(f"{number}", statistics={"mean": 0.5}, scores=[0.9], place="it's"))
        assert done is not None
        done.result(5)
    assert ids(tmp_path) == list("01234")
    assert compact(tmp_path) == 0, "its writer lives"
    recorder.close()
    assert compact(tmp_path) == 1
    assert not segments(tmp_path)
    found = connect(tmp_path).execute("SELECT place, statistics['mean'], scores[1], labels[1] FROM records").fetchall()
    assert found == [("it's", 0.5, pytest.approx(0.9), "car")] * 5
    assert compact(tmp_path) == 0


@given(place=st.text(max_size=20), labels=st.lists(st.text(max_size=5), max_size=3), mean=st.floats(allow_nan=True))
def test_a_record_is_what_its_line_says(place: str, labels: list[str], mean: float) -> None:
    made = record(place=place, labels=labels, statistics={"mean": mean})
    row = row_of(made.to_json())
    assert (row["place"], row["labels"], row["time"]) == (place, labels, made.time)
    assert row["statistics"] == ([("mean", mean)] if np.isfinite(mean) else [])


def test_a_kill_while_compacting_leaves_each_record_once(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.put(record("a"))
    recorder.close()
    unlink = Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".log":
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            compact(tmp_path)
    assert len(segments(tmp_path)) == 1
    assert list(tmp_path.glob("*/*.parquet"))
    assert ids(tmp_path) == ["a"]
    compact(tmp_path)
    assert ids(tmp_path) == ["a"]
    assert not segments(tmp_path)


def test_a_full_queue_loses_and_counts_but_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = [True]
    append = journal.Segment.append

    def refused(self: journal.Segment, lines: bytes, count: int) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, lines, count)

    monkeypatch.setattr(journal.Segment, "append", refused)
    monkeypatch.setattr(journal, "RETRY", 0.02)
    recorder = Recorder(tmp_path, capacity=3)
    began = time.perf_counter()
    done = [recorder.put(record(str(number))) for number in range(5)]
    assert time.perf_counter() - began < 0.5
    assert [one is None for one in done] == [False, False, False, True, True]
    assert recorder.lost == 2
    time.sleep(0.1)
    assert "No space left" in recorder.trouble
    full[0] = False
    for one in done[:3]:
        assert one is not None
        one.result(5)
    assert recorder.trouble == ""
    recorder.close()
    assert ids(tmp_path) == ["0", "1", "2"], "it caught up"


def test_a_disk_that_stays_full_is_said_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: journal.Segment, lines: bytes, count: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal.Segment, "append", refused)
    recorder = Recorder(tmp_path)
    recorder.put(record())
    with pytest.raises(ZooError, match="1 records were not written: .*No space left"):
        recorder.close()


def test_half_a_batch_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = journal.Segment(tmp_path)
    segment.append(journal.line_of(record("a")), 1)
    write, calls = os.write, []

    def cut(number: int, data: Any) -> int:
        calls.append(1)
        if len(calls) == 1:
            return write(number, data[:10])
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", cut)
        with pytest.raises(OSError, match="full"):
            segment.append(journal.line_of(record("b")), 1)
    segment.append(journal.line_of(record("c")), 1)
    segment.close()
    assert [row_of(line)["id"] for line in lines_in(segment.path)] == ["a", "c"]


def test_a_torn_end_is_no_record_and_damage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    whole = journal.line_of(record("a")) + journal.line_of(record("b"))
    for cut in range(1, len(journal.line_of(record("b")))):
        path.write_bytes(whole[:-cut])
        assert [row_of(line)["id"] for line in lines_in(path)] == ["a"]
    path.write_bytes(b"x" + whole)
    with pytest.raises(ZooError, match=r"a\.log, line 1: the record is damaged"):
        list(lines_in(path))


def test_files_of_a_size_and_times_that_jump(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, segment=2)
    for number in range(5):
        done = recorder.put(record(str(number), time=datetime.now(UTC) + timedelta(days=400 * (number - 2))))
        assert done is not None
        done.result(5)
    recorder.close()
    assert len(segments(tmp_path)) == 3
    compact(tmp_path)
    assert ids(tmp_path) == list("01234")


WRITING = """
import sys
from pathlib import Path
from tests.sites.test_records import record
from zoo.sites.records.journal import Recorder
recorder = Recorder(Path(sys.argv[1]), segment=50)
number = 0
while True:
    waiting = [(name, recorder.put(record(name))) for name in (f"{sys.argv[2]}-{number + i}" for i in range(7))]
    number += 7
    for name, done in waiting:
        done.result(10)
        print(name, flush=True)
"""


@pytest.mark.parametrize("attempts", [3, pytest.param(100, marks=pytest.mark.kills)])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_kills_lose_nothing_acknowledged_and_double_nothing(
    tmp_path: Path, number: signal.Signals, attempts: int
) -> None:
    acknowledged: set[str] = set()
    for attempt in range(attempts):
        command = [sys.executable, "-c", WRITING, str(tmp_path), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged.add(process.stdout.readline().strip())
            time.sleep(0.03 * (attempt % 4))
            process.send_signal(number)
            rest, _ = process.communicate()
            acknowledged |= (
                set(rest.splitlines(keepends=False)) - {""} if rest.endswith("\n") else set(rest.splitlines()[:-1])
            )
        if attempt % 2:
            compact(tmp_path)
    found = ids(tmp_path)
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    assert len(acknowledged) >= attempts


def test_time_needs_a_zone() -> None:
    assert time_of("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    for text, said in (
        ("yesterday", "is no time"),
        ("2026-01-31T12:00:00", "names no zone"),
        ("0001-01-01T00:00:00+14:00", "calendar"),
    ):
        with pytest.raises(ZooError, match=said):
            time_of(text)


def test_statistics_see_what_changed() -> None:
    rng = np.random.default_rng(0)
    image = np.kron(rng.random((3, 16, 16)), np.ones((1, 8, 8))).astype(np.float32)
    own = statistics(image)
    noisy = statistics(image + rng.normal(0, 0.1, image.shape))
    assert noisy["noise"] - own["noise"] == pytest.approx(0.1, rel=0.2)
    assert statistics(image * 0.5)["mean"] == pytest.approx(own["mean"] / 2)
    holes = image.copy()
    holes[:, :64] = np.nan
    assert statistics(holes)["missing"] == pytest.approx(0.5)
    assert statistics(None) == {}
    assert len(sketch(image)) == 16 + 6
    assert len(sketch(np.zeros((1, 1, 5000)))) == 4 + 2
    assert statistics(np.zeros((1, 1, 2)))["noise"] == 0
