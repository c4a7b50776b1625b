"""`zoo data check` of images with keypoints: every individual judged, every image made a sample once, the split tried."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from recipes.folder.keypoints.found import Found
from recipes.folder.keypoints.module import FolderPose
from recipes.folder.keypoints.reading import find, judge, passed
from recipes.folder.tree import Tree
from recipes.kit.split import SPLITS
from tools.data.check_samples import broken
from tools.data.image_looks import kind_finding
from tools.data.report import LEVELS, Finding, Report
from zoo.errors import ZooError


def keypoint_report(data: FolderPose) -> Report:
    """Look at all keypoints of a folder; only a folder in no known format is an error at once (ZooError)."""
    tree = Tree(data.root)
    found = find(tree, data.options)
    findings = [*problem_findings(tree, found, data), *split_findings(data)]
    counts = Counter(dict.fromkeys(found.names, 0))
    for _, one in found.every():
        counts.update(name for name, seen in zip(found.names, one.seen, strict=True) if seen)
    parts = data.split.parts if not any(finding.kind == "split" for finding in findings) else {}
    return Report(
        str(tree.root),
        found.format,
        len(found.images),
        sum(counts.values()),
        {part: len(those) for part, those in parts.items()},
        {name: {"all": count} for name, count in counts.items()},
        {},
        tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
        label="keypoint",
    )


def problem_findings(tree: Tree, found: Found, data: FolderPose) -> Iterator[Finding]:
    """Yield a finding for each kind of problem: a warning where the options pass it."""
    examples: dict[str, list[str]] = defaultdict(list)
    for problem in judge(tree, found)[1]:
        examples[problem.kind].append(str(problem))
    mild = passed(data.options)
    for kind, those in examples.items():
        yield kind_finding("warning" if kind in mild else "error", kind, those)


def split_findings(data: FolderPose) -> Iterator[Finding]:
    """Yield why there is no split of what can be read, else its notes, and the samples that cannot be made."""
    data.options = replace(data.options, orphans="drop", invalid="drop")
    try:
        data.setup()
    except ZooError as error:
        yield Finding("error", "split", str(error))
        return
    yield from (Finding("note", "note", note) for note in data.split.notes)
    if failures := tuple(broken({part: data.dataset(part) for part in SPLITS})):
        yield Finding("error", "samples", f"{len(failures)} samples cannot be read; mend or remove them", failures)
