"""The model that answers: opened from a run or a site, and replaced when the pointer of the site names another version."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.inference.load import load, opened_as, predictor_of
from zoo.inference.opened import of_run
from zoo.inference.predictor import Predictor
from zoo.sites.policy import Policy
from zoo.sites.site import Site, is_site

#: Seconds between two looks at the pointer.
LOOK = 0.5


@dataclass(frozen=True)
class Model:
    """A predictor, the version that it is of, and the policy under which it answers."""

    version: str
    predictor: Predictor[Any]
    policy: Policy | None = None


def model_of_run(name: str) -> Model:
    """Open a run, or a model with whole weights."""
    return Model(opened_as(name).digest, load(name))


def model_of_site(site: Site, version: str) -> Model:
    """Open a version of a site, with what its policy may ask for: objects down to the least score in it."""
    opened, policy = of_run(site.versions.run(version)), Policy.load(site.folder, site.settings)
    predictor = predictor_of(opened)
    own, least = predictor.metadata.thresholds.get("score"), policy.lowest() if policy else None
    if own is not None and least is not None and least < own:
        predictor = predictor_of(opened, score=least)
    return Model(version, predictor, policy)


class Models:
    """The model of now; whoever answers takes it once, and ends with it, whatever comes after."""

    def __init__(self, name: str) -> None:
        self.site = Site(Path(name)) if is_site(Path(name)) else None
        self.trouble = ""
        if self.site:
            self.site.check()
        self.now = model_of_site(self.site, self.site.current()) if self.site else model_of_run(name)

    def refresh(self) -> None:
        """Open the version that the pointer names, if it is another; one that cannot be opened leaves the old one at work."""
        if self.site is None:
            return
        try:
            wanted = self.site.current()
            if wanted != self.now.version:
                self.now = model_of_site(self.site, wanted)
            self.trouble = ""
        except ZooError as error:
            self.trouble = str(error)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Look at the pointer in a thread of its own, beside what answers."""
        ended = threading.Event()

        def follow() -> None:
            while not ended.wait(LOOK):
                self.refresh()

        thread = threading.Thread(target=follow, name="pointer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
