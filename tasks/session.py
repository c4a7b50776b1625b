"""A run from built parts to its folder: fit check, training, test, pictures, metrics, card."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger
from rich.markup import escape
from rich.table import Table
from torch import nn

import zoo
from tasks import budget, machine
from tasks.agreement import refuse_other_geometry, refuse_other_objective, resolve_settings
from tasks.base import Task
from tasks.callbacks.checkpoint import Checkpoint, seed_for
from tasks.callbacks.progress import CONSOLE, ProgressLines
from tasks.plots import curves
from tasks.trainer import HARDWARE, make_trainer
from tasks.versions import revision, versions
from zoo import hardware, quantities
from zoo.errors import ZooError, clean
from zoo.factory import WIDTHS, fit_options
from zoo.files import atomic_write, ensure_dir, write_json
from zoo.fit import adapt
from zoo.fit.remedies import with_settings, words_of
from zoo.hardware import memory
from zoo.registry import tasks
from zoo.runs.beginning import begin
from zoo.runs.card import write_card
from zoo.runs.configuration import check_resume
from zoo.runs.run import Run


class Session:
    """One run: `build_model`, `fit`, `finish`, in this order, inside `open_run`."""

    def __init__(self, config: dict[str, Any], data: Any) -> None:
        refuse_other_objective(config)
        self.config, self.data = config, data
        self.run = Run(Path(config["run"]))
        self.console = CONSOLE
        self.console.export_text(clear=True)  # of an earlier run in this process
        self.winner = machine.winner_of(config, self.run)
        self.hardware = machine.choose(config, self.winner)
        hardware.apply(self.hardware)
        self.began = time.perf_counter()

    @contextmanager
    def open_run(self) -> Iterator[None]:
        """Prepare the data and the folder of the run; say how to go on when the run is interrupted."""
        with self.run.claim():
            self.begin()
            self.console.print(f"run       {self.run.folder}\nhardware  {self.hardware.processor}: {self.hardware.why}")
            if busy := hardware.busy_note(self.hardware.threads):
                self.console.print(f"note      {busy}")
            for note in self.profile.notes:  # how the data were split, and what was set aside or mended
                self.console.print(f"note      {clean(note)}", markup=False)
            try:
                yield
            except KeyboardInterrupt:
                self.console.print(
                    f"interrupted; the same command with resume={self.run.folder} goes on from the last epoch"
                )
                raise

    def begin(self) -> None:
        """Look whether the folder is this run's, prepare the data, and write what is known before training."""
        if self.config["resume"] is None:
            self.run.refuse_trained()
        else:
            self.config["command"] = check_resume(self.run, self.config)
        self.resuming = self.run.begun and self.config["resume"] is not None
        planned = budget.of_run(self.run.config) if self.resuming else {}
        pl.seed_everything(self.config["seed"], verbose=False)
        self.data.prepare_data()
        self.data.setup()
        self.take(planned)
        self.config = resolve_settings(self.config, self.data)
        self.profile = self.data.profile()
        self.write_config()
        machine.begin(self.run, self.winner, self.data, self.hardware.workers)
        with atomic_write(self.run.folder / "profile.json") as part:
            self.profile.save(part)

    def build_model(self) -> nn.Module:
        """Build the model by its registered name, after its card was held against the data."""
        self.card = zoo.card(self.config["model"]["name"], self.config["task"]["name"])
        self.check_fit()
        settings = {key: value for key, value in self.config["model"].items() if key != "name"}
        refuse_other_geometry(self.card, self.config)
        asked = {key: value for key, value in settings.items() if key != "pretrained"}
        self.options = fit_options(self.card, asked, self.profile)
        for key in sorted(key for key in asked if asked[key] != self.options[key]):
            self.console.print(f"fitted    {key}={asked[key]}: {self.options[key]}")
        model = zoo.create(
            self.card.name,
            classes=len(self.data.classes),
            bands=self.data.bands,
            pretrained=False if self.resuming or self.config.get("begin") else settings["pretrained"],  # or their tag
            **self.options,
        )
        self.widths: Mapping[str, Any] = {}
        if name := self.config.get("begin"):
            self.widths = begin(model, Run.find(name), self.head())
        before, self.hardware = self.hardware, machine.choose(self.config, self.winner, model)
        if self.hardware != before:
            self.console.print(f"settled   {self.hardware.why}")
        self.provenance = self.recall(model)
        for entry in self.provenance:
            self.console.print(
                f"weights   {entry['model']} {entry['tag']} ({entry['licence']}) from {entry['source']} ({entry['origin']})"
            )
        if not self.provenance:
            self.console.print("weights   random")
        return model

    def check_fit(self) -> None:
        """Print and keep how the card fits the profile of the data; `fit=strict` refuses a mismatch."""
        mode = self.config["fit"]
        self.fitness, taken = adapt(self.card, self.profile, self.config, words_of(self.config["command"]))
        self.change(taken)
        with atomic_write(self.run.folder / "fit.json") as part:
            part.write_text(self.fitness.to_json() + "\n", encoding="utf-8")
        if mode != "off":
            self.console.print(self.fitness.table())
        self.fitness.enforce(mode)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Take other settings, by dotted key, than the run was composed with; keep what these were, and say so."""
        if not settings:
            return
        before = {key: self.config[key.partition(".")[0]][key.partition(".")[2]] for key in settings}
        self.take(settings)
        self.data.change({key[5:]: value for key, value in settings.items() if key.startswith("data.")})
        for key, value in settings.items():
            self.console.print(
                f"adapted   {key}={value} in place of {before[key]}; {key}=… or fit=warn decides otherwise"
            )

    def take(self, settings: Mapping[str, Any]) -> None:
        """Take other settings by dotted key, and keep in `adapted` what these were."""
        if settings:
            before = {key: self.config[key.partition(".")[0]].get(key.partition(".")[2]) for key in settings}
            kept = with_settings(self.config.get("adapted") or {}, before)
            self.config = {**with_settings(self.config, settings), "adapted": kept}
            self.write_config()

    def write_config(self) -> None:
        """Write the configuration as it is now."""
        self.run.open({**self.config, "resume": None, "resume_changed": False})

    def recall(self, model: Any) -> list[dict[str, Any]]:
        """Return where the weights came from that training began with; a resumed run reads it from its first part."""
        path = self.run.folder / "provenance.json"
        if not self.resuming:
            write_json(path, [asdict(entry) for entry in model.provenance])
        return json.loads(path.read_text(encoding="utf-8"))

    def fit(self, task: Task, callbacks: Sequence[pl.Callback], logger: Logger) -> None:
        """Train, or go on with training; a model that is solved for needs no steps, and whole weights may be left alone."""
        self.callbacks = list(callbacks)
        if self.solve(task) or self.leave_alone():
            return
        self.plan_epochs(task)
        settings = {key: value for key, value in self.config["trainer"].items() if key not in (*HARDWARE, "minutes")}
        self.trainer = make_trainer(self.hardware, logger, self.callbacks, default_root_dir=self.run.folder, **settings)
        try:
            self.trainer.fit(task, datamodule=self.data, ckpt_path=self.run.checkpoint if self.resuming else None)
        except SystemExit:  # what Lightning makes of Ctrl-C, after it has shut down its workers
            raise KeyboardInterrupt from None

    def plan_epochs(self, task: Task) -> None:
        """Plan the epochs where the run has a time budget in their place; say it, and end early where nothing improves."""
        trainer = self.config["trainer"]
        if trainer["max_epochs"] is None:
            costs = budget.measure(task, self.data, self.hardware.precision, trainer["minutes"])
            pl.seed_everything(self.config["seed"], verbose=False)
            planned = budget.plan(trainer["minutes"], costs)
            self.take(planned.settings())
            self.console.print(f"plan      {planned}")
        if "trainer" in (self.config.get("adapted") or {}):
            self.callbacks.append(budget.patience(task))
        elif trainer.get("minutes") and any(w.startswith("trainer.minutes=") for w in words_of(self.config["command"])):
            said = f"trainer.max_epochs={trainer['max_epochs']} decides, and trainer.minutes is not looked at"
            self.console.print(f"plan      {said}; leave one out")

    def solve(self, task: Task) -> bool:
        """Let the task solve for the weights, where its model is of that kind; tell whether it was."""
        began = time.perf_counter()
        samples = task.solve(self.data.train_dataloader())
        if samples:
            progress = self.callback(ProgressLines)
            progress.samples, progress.seconds = samples, time.perf_counter() - began
            self.console.print(f"solved    for {samples:,} samples at once, {progress.seconds:.1f} s")
        return samples > 0

    def leave_alone(self) -> bool:
        """Tell whether the weights are judged as they are, without training; random ones are refused."""
        if self.config["trainer"]["max_epochs"] != 0:  # none yet: they are planned
            return False
        if not self.provenance:
            raise ZooError(
                f"trainer.max_epochs=0 judges weights as they are, and those of {self.card.name} are random;"
                " take a model with weights of its own, or train it"
            )
        return True

    def finish(self, task: Task) -> dict[str, Any]:
        """Test the selected weights, draw, and write the folder whole, metrics.json last; return the metrics.

        What a run before wrote of this, which was killed within, is written again as it was.
        """
        seed_for(self.config["seed"], -1)  # as at the end of training, whether there was any in this process or not
        selected = self.callback(Checkpoint).load_selected(task)
        # a trainer of its own: the one that fitted would put the averaged weights of the last epoch in again
        tester = make_trainer(self.hardware)
        judged = [run(task, datamodule=self.data, verbose=False)[0] for run in (tester.validate, tester.test)]
        self.run.save_model(task.model, {**self.head(), "learnt": task.learned_state()})
        results = {name: float(value) for part in judged[::-1] for name, value in part.items()}
        beside = [f"test/{name}" for name in task.baselines]
        metrics = {**results, "headline": f"test/{task.monitor.name}", "baselines": beside, "selected": selected}
        metrics |= self.facts()
        self.draw(task)
        write_card(self.run, self.card, self.profile, self.fitness, metrics)
        self.report(task, metrics)
        ensure_dir(self.run.folder / "logs")  # a logger makes it where there are steps enough to log
        with atomic_write(self.run.folder / "logs" / "console.txt") as part:
            part.write_text(self.console.export_text(), encoding="utf-8")
        self.run.save_metrics(metrics)
        return metrics

    def facts(self) -> dict[str, Any]:
        """Return what the run cost, on what, and with what."""
        progress = self.callback(ProgressLines)
        return {
            "seconds": round(progress.before + time.perf_counter() - self.began, 1),
            "samples_per_second": round(progress.samples / max(progress.seconds, 1e-9), 2),
            "peak_memory_mb": round(memory.peak_memory() / 2**20),
            "hardware": self.hardware.facts(),
            "versions": versions(),
            "seed": self.config["seed"],
            "git": revision(),
            "weights": self.provenance,
        }

    def callback(self, kind: type) -> Any:
        """Return the run's callback of a kind."""
        for callback in self.callbacks:
            if isinstance(callback, kind):
                return callback
        raise ZooError(f"the group callbacks must hold a {kind.__name__}; take callbacks=default")

    def head(self) -> dict[str, Any]:
        """Return what builds the model again, and what its data module learnt from the training split."""
        return {
            "model": self.card.name,
            "options": self.options,
            "classes": list(self.data.classes),
            "bands": list(self.data.bands),
            "fitted": self.data.fitted(),
            **({WIDTHS: self.widths} if self.widths else {}),
        }

    def draw(self, task: Task) -> None:
        """Draw the pictures of the test and of the training."""
        folder = self.run.folder / "plots"
        folder.mkdir(exist_ok=True)
        task.draw(folder, self.data)
        seconds = self.callback(ProgressLines).seconds
        curves.draw(
            folder / "training.png",
            self.run.folder / "logs" / "metrics.csv",
            (task.monitor.name, *task.also_plotted),
            seconds,
        )

    def report(self, task: Task, metrics: Mapping[str, Any]) -> None:
        """Say how it went, where it is, and what to type next."""
        table = Table(box=None, title="test", title_justify="left")
        table.add_column("metric")
        table.add_column("value", justify="right")
        for name, value in sorted(metrics.items()):
            if name.startswith("test/"):
                table.add_row(escape(clean(name.removeprefix("test/"))), quantities.metric(value))
        self.console.print(table)
        headline, record = f"test/{task.monitor.name}", tasks.task(self.card.task)
        naive = "".join(f", {name} {metrics[f'test/{name}']:.3f}" for name in task.baselines)
        self.console.print(
            f"{metrics['seconds']:.0f} s, {metrics['samples_per_second']} {record.sample}s a second, "
            f"{metrics['peak_memory_mb']} MB at most\n"
            f"folder    {self.run.folder}\npictures  {self.run.folder}/plots\n"
            f"result    {headline} {task.in_words(metrics[headline])}{naive}\n"
            f"next      {record.next_command.format(run=self.run.folder, new=self.data.new_input)}"
        )
