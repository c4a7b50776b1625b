"""`zoo data check` of any data set: its annotations are read, split and measured, and every sample of it is made once."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress

from recipes.kit.split import SPLITS
from tools.data.report import Finding, Report
from zoo.errors import ZooError, agreeing
from zoo.profile import Profile
from zoo.registry.tasks import task


def samples_report(cfg: Any, data: Any) -> Report:
    """Return what there is to say about the data of a composed configuration."""
    try:
        data.prepare_data()
        data.setup()
        profile = data.profile()
    except ZooError as error:
        return report(cfg, {}, None, [Finding("error", "data", str(error))])
    datasets: dict[str, Any] = {split: data.dataset(split) for split in SPLITS}
    failures = tuple(broken(datasets))
    findings = [Finding("note", "note", note) for note in profile.notes]
    if failures:
        sentence = agreeing(len(failures), "[sample|samples] cannot be read; mend or remove [it|them]")
        findings.insert(0, Finding("error", "samples", sentence, failures))
    return report(cfg, {split: len(data.split.parts[split]) for split in SPLITS}, profile, findings)


def report(cfg: Any, splits: dict[str, int], profile: Profile | None, findings: Sequence[Finding]) -> Report:
    """Return a report in the terms of the task."""
    counts, record = dict(profile.classes) if profile else {}, task(cfg.task.name)
    return Report(
        str(cfg.data.get("root") or cfg.data.name),
        f"data={cfg.data.name}",
        sum(splits.values()),
        sum(counts.values()),
        splits,
        {name: {"train": count} for name, count in counts.items()},
        {},
        tuple(findings),
        sample=record.sample,
        label=record.label,
    )


def broken(datasets: dict[str, Any]) -> Iterator[str]:
    """Make every sample once, as the first epoch does, and yield why one cannot be made."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        keys = [(split, index) for split, those in datasets.items() for index in range(len(those))]
        for split, index in bar.track(keys, description="reading"):
            try:
                datasets[split][(0, index) if split == "train" else index]
            except ZooError as error:
                yield f"{split} {index}: {error}"
