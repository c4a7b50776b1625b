"""A record: one answer, with what its input was like, in the columns of a table."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from zoo.errors import ZooError
from zoo.files import finite
from zoo.inference.answers import Anomalies, Answer, Detections, Label, Mask, Tags
from zoo.sites.extras import extra


@dataclass(frozen=True)
class Record:
    """One answer. `scores` (N,) and `labels` (N,) are those of its objects, or its label and steps; of a mask, shares.

    `time` is when the input was taken, `recorded` when it was answered, both with their zone; `milliseconds` were spent
    on the answer. `statistics` and `sketch` (D,) are those of `zoo.sites.records.statistics`.
    """

    id: str
    time: datetime
    recorded: datetime
    version: str
    place: str = ""
    longitude: float | None = None
    latitude: float | None = None
    milliseconds: float = 0.0
    statistics: Mapping[str, float] = field(default_factory=dict)
    sketch: Sequence[float] = ()
    labels: Sequence[str] = ()
    scores: Sequence[float] = ()

    def to_json(self) -> str:
        """Return the record as one line."""
        facts = asdict(self) | {"time": self.time.isoformat(), "recorded": self.recorded.isoformat()}
        return json.dumps(finite(facts), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def new_id() -> str:
    """Return a name that no other record has."""
    return secrets.token_hex(12)


def row_of(line: str) -> dict[str, Any]:
    """Return a line of a journal as a row of the table."""
    facts: dict[str, Any] = json.loads(line)
    for name in ("time", "recorded"):
        facts[name] = datetime.fromisoformat(facts[name]).astimezone(UTC)
    facts["statistics"] = [(key, value) for key, value in facts["statistics"].items() if value is not None]
    return facts


def schema() -> Any:
    """Return the columns of the table, as Arrow has them."""
    pa = extra("pyarrow")
    stamp, number = pa.timestamp("us", tz="UTC"), pa.float32()
    columns = {
        "id": pa.string(),
        "time": stamp,
        "recorded": stamp,
        "version": pa.string(),
        "place": pa.string(),
        "longitude": pa.float64(),
        "latitude": pa.float64(),
        "milliseconds": number,
        "statistics": pa.map_(pa.string(), number),
        "sketch": pa.list_(number),
        "labels": pa.list_(pa.string()),
        "scores": pa.list_(number),
    }
    return pa.schema(list(columns.items()))


def time_of(text: str) -> datetime:
    """Return the time that ISO 8601 writes; one without a zone is refused, since it could be any of them."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ZooError(f"time={text!r} is no time; it is written as 2026-01-31T12:00:00+01:00") from error
    if time.tzinfo is None:
        raise ZooError(f"time={text!r} names no zone; write 2026-01-31T12:00:00+01:00, or Z for UTC")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ZooError(f"time={text!r} is out of the calendar in UTC") from error


def scored(answer: Answer) -> tuple[list[str], list[float]]:
    """Return the labels (N,) of an answer and their scores (N,); nothing of answers that have none."""
    if isinstance(answer, Detections):
        return list(answer.labels), [float(score) for score in answer.scores]
    if isinstance(answer, Label):
        return [answer.label], [float(answer.probability)]
    if isinstance(answer, Mask):
        pixels = answer.facts()
        whole = max(1, sum(pixels.values()))
        return list(pixels), [count / whole for count in pixels.values()]
    if isinstance(answer, Tags) and answer.probabilities is not None:
        return list(answer.tags), [float(p) for p in answer.probabilities]
    if isinstance(answer, Anomalies):
        return ["anomalous" if alarm else "usual" for alarm in answer.anomalous], [float(s) for s in answer.scores]
    return [], []
