"""Three ways through a year: the whole loop on a site, random labels with blind updates on another, and nothing at all."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.production.accrete.command import Options, accrete
from tools.production.collect.bring_back import Inward, bring_back
from tools.production.collect.take_out import Outward, take_out
from tools.production.monitor import samples
from tools.production.promote import consider
from tools.production.serve.application import record_of
from tools.production.serve.models import Models
from tools.production.serve.worker import Worker
from tools.production.simulate.world import LATER, Shot, Year, said_wrongly
from zoo.errors import ZooError
from zoo.sites.drift.families import watch
from zoo.sites.drift.reference import learn, reference_of
from zoo.sites.policy import Moment
from zoo.sites.records.journal import Recorder
from zoo.sites.records.record import new_id
from zoo.sites.records.table import compact
from zoo.sites.site import INBOX, Site

ANNOTATOR = "a made-up person"
#: False alarms of the monitor: a step of the year is a window.
RATE = 0.05
#: A blind update may forget what it likes.
ANYTHING = 1e9


@dataclass
class Arm:
    """A site, and what became of it: events by step."""

    site: Site
    year: Year
    rng: np.random.Generator
    epochs: int | None = None
    truths: dict[str, str] = field(default_factory=dict)
    out: list[tuple[int, Path]] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)

    def serve(self, shots: Sequence[Shot]) -> float:
        """Answer pictures as a server does, record the answers, keep the pictures; return the share of right ones."""
        right = []
        with served(self.site) as (worker, recorder):
            for shot in shots:
                path = self.site.folder / INBOX / f".{new_id()}.png"  # a name of its own: files are remembered by it
                Image.fromarray(shot.picture).save(path)
                answer = worker.submit(path).result()
                record = record_of(answer, Moment(shot.time, shot.place))
                recorder.put(record)
                kept = path.rename(path.with_name(f"{record.id}.png"))
                self.truths[kept.name] = shot.label
                right.append(answer.answers[0].answer.facts()["label"] == shot.label)
        compact(self.site.folder / "records")
        return float(np.mean(right))

    def known(self) -> list[str]:
        """Return the classes that people have seen, by which they may be wrong."""
        return sorted({*self.truths.values()})

    def say(self, step: int, what: str) -> None:
        """Note an event."""
        self.events.append((step, what))


@contextmanager
def served(site: Site) -> Iterator[tuple[Worker, Recorder]]:
    """Give what answers and what records."""
    worker = Worker(Models(str(site.folder)), site.settings.limits)
    recorder = Recorder(site.folder / "records")
    try:
        yield worker, recorder
    finally:
        worker.close()
        recorder.close()


class Loop(Arm):
    """Collect, label, accrete, promote, watched by the monitor."""

    def step(self, number: int) -> None:
        """Do what is done once a step, after its inputs were answered."""
        self.watch(number)
        if self.label(number):
            self.learn(number)
        facts = take_out(self.site, Outward(budget=self.year.budget, random=0.4, seed=number))
        self.out.append((number, Path(facts["out"])))

    def watch(self, number: int) -> None:
        """Hold the inputs against those of when all was well; the first of a version become its reference."""
        version = self.site.current()
        try:
            if not reference_of(self.site, version).exists():
                learn(self.site, None, None, False)
                return
            alarms = [one.name for one in watch(*samples(self.site, None, None), RATE) if one.alarm]
        except ZooError:
            return  # too few records of a version that is new
        if alarms:
            self.say(number, f"alarm: {', '.join(alarms)}")

    def label(self, number: int) -> bool:
        """Bring back the labels that people were given `delay` steps ago; tell whether there were any."""
        due = [folder for step, folder in self.out if step + self.year.delay == number]
        for folder in due:
            fill_in(folder / "labels.csv", self)
            bring_back(self.site, folder, Inward(labels=folder, by=ANNOTATOR, new=[LATER]))
        return bool(due)

    def learn(self, number: int) -> None:
        """Accrete a challenger, and promote it if it is proven better."""
        try:
            made = accrete(self.site, Options(epochs=self.epochs, seed=number))
            if not made["kept"]:
                self.say(number, "accrete: forgot too much")
                return
            if made["new_classes"]:
                self.say(number, f"new class {', '.join(made['new_classes'])}")
            found = consider(self.site, made["version"], shadow=0)
        except ZooError as error:
            self.say(number, str(error))
            return
        self.say(number, found["verdict"])


class Blind(Arm):
    """Inputs drawn at random; what was labelled last is learnt from, nothing is replayed, and whatever comes out answers."""

    def step(self, number: int) -> None:
        """Do what is done once a step, after its inputs were answered."""
        due = [folder for step, folder in self.out if step + self.year.delay == number]
        for folder in due:
            shutil.rmtree(self.site.folder / "labels")
            fill_in(folder / "labels.csv", self)
            bring_back(self.site, folder, Inward(labels=folder, by=ANNOTATOR, new=[LATER]))
        if due:
            made = accrete(self.site, Options(epochs=self.epochs, seed=number, replay=0, max_drop=ANYTHING))
            with self.site.lock():
                self.site.serve(made["version"], "update", {})
            self.say(number, "updated")
        self.out.append((number, self.draw(number)))

    def draw(self, number: int) -> Path:
        """Return a folder with inputs of this step that were drawn at random."""
        folder = self.site.folder / "out" / f"{number:06d}"
        (folder / "files").mkdir(parents=True)
        fresh = list(self.truths)[-self.year.inputs :]
        chosen = [fresh[i] for i in self.rng.permutation(len(fresh))[: self.year.budget].tolist()]
        for name in chosen:
            (folder / "files" / name).write_bytes((self.site.folder / INBOX / name).read_bytes())
        (folder / "labels.csv").write_text("file,label\n" + "".join(f"files/{name},\n" for name in chosen))
        return folder


def fill_in(path: Path, arm: Arm) -> None:
    """Write labels into a table as a person does, who is wrong now and then."""
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row["label"] = said_wrongly(arm.truths[Path(row["file"]).name], arm.known(), arm.year.noise, arm.rng)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
