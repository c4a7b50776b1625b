"""Memory: what the prediction of a whole scene takes above its model, in a process of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

#: Pixels of tiles that are seen at the least, by predicting a small scene again: how much is resident at most depends on
#: which layers the streams compute at the same moment, and a few tiles do not show the worst of it.
PIXELS = 40_000_000


def measure(run: Path, scene: Path, overlap: int) -> dict[str, Any]:
    """Predict a scene in a new process; returns bytes `above` the loaded model, `model`, seconds, tiles and how often."""
    words = [sys.executable, "-m", "tools.bench.scene.memory", str(run), str(scene), str(overlap)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def child(run: str, scene: str, overlap: str) -> dict[str, Any]:
    """Predict the scene in this process, and say what it took."""
    from zoo.hardware.memory import keep_memory, peak_memory

    keep_memory()
    import zoo
    from tools.bench.scene import speed

    predictor: Any = zoo.load(run)
    work = predictor.prepare(scene, overlap=int(overlap))
    model = psutil.Process().memory_info().rss
    predict, began = speed.way(predictor), time.perf_counter()
    times = -(-PIXELS // (len(work.tiles) * work.size**2))
    for _ in range(times):
        predict(work)
    facts = {"seconds": round((time.perf_counter() - began) / times, 1), "tiles": len(work.tiles), "times": times}
    return {"above": peak_memory() - model, "model": model, **facts}


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:])))
