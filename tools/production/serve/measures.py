"""What is measured of a server, in Prometheus' text: requests by address and status, seconds, who waits, records."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zoo.sites.extras import extra

#: Bounds of the histogram, seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Measures:
    """The counters of one server."""

    def __init__(self) -> None:
        client = extra("prometheus_client")
        self.client, self.registry = client, client.CollectorRegistry()
        own = {"registry": self.registry}
        self.requests = client.Counter("zoo_requests", "Requests by address and status.", ["path", "status"], **own)
        self.seconds = client.Histogram("zoo_request_seconds", "Seconds of a request.", ["path"], buckets=BOUNDS, **own)
        self.inside = client.Gauge("zoo_requests_inside", "Requests that wait or are answered.", **own)
        self.waiting = client.Gauge("zoo_records_waiting", "Records that are not written yet.", **own)
        self.lost = client.Gauge("zoo_records_lost", "Records that found the queue full.", **own)
        self.model = client.Gauge("zoo_model", "1 for the version that answers.", ["version"], **own)

    @contextmanager
    def timed(self, path: str) -> Iterator[list[int]]:
        """Count a request; who answers it appends the status to the list."""
        began, status = time.perf_counter(), list[int]()
        try:
            yield status
        finally:
            self.requests.labels(path, str(status[0] if status else 500)).inc()
            self.seconds.labels(path).observe(time.perf_counter() - began)

    def text(self, service: Any) -> bytes:
        """Return all as text, as it is now."""
        self.inside.set(service.inside)
        recorder = service.recorder
        self.waiting.set(len(recorder.waiting) if recorder else 0)
        self.lost.set(recorder.lost if recorder else 0)
        self.model.clear()
        self.model.labels(service.models.now.version).set(1)
        text: bytes = self.client.generate_latest(self.registry)
        return text
