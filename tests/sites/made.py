"""Sites of tiny runs, whose weights are random: what is tested is all but what they say."""

import json
from pathlib import Path

from tests.tools.predict.untrained import kind, untrained
from zoo.runs.run import Run
from zoo.sites.site import Site


def finished(folder: Path, words_of: str = "topics", seed: int = 0) -> Run:
    """Return a finished run; another seed is another version."""
    source = folder.with_name(f"{folder.name}_data")
    source.mkdir()
    words, _ = kind(words_of, source)
    run, _ = untrained(folder, *words)
    (folder / "metrics.json").write_text(json.dumps({"test/accuracy": 0.5, "seed": seed}))
    return run


def site(folder: Path) -> Site:
    """Return a site in which a run that labels texts answers."""
    folder.mkdir(exist_ok=True)
    return Site.create(folder / "site", finished(folder / "run"))
