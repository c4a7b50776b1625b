"""What stands for a training: it validates after each epoch, writes what a run writes, and can be gone on with."""

import csv
import json
import sys
import time
from pathlib import Path

words = dict(word.split("=", 1) for word in sys.argv[1:])
folder = Path(words.get("run") or words["resume"])
rate, epochs = float(words["optimizer.lr"]), int(words["trainer.max_epochs"])
if words.get("augment") == "broken":
    sys.exit("error: this cannot be trained")
(folder / "logs").mkdir(parents=True, exist_ok=True)
(folder / "checkpoints").mkdir(exist_ok=True)
kept = folder / "checkpoints" / "last.ckpt"
done = json.loads(kept.read_text()) if "resume" in words else []
for epoch in range(len(done), epochs):
    time.sleep(float(words.get("pause", 0.02)))
    done.append({"epoch": epoch, "val/iou": (1 - rate) * (epoch + 1) / epochs})
    kept.write_text(json.dumps(done))
    with (folder / "logs" / "metrics.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "val/iou"])
        writer.writeheader()
        writer.writerows(done)
(folder / "config.yaml").write_text("task: {name: segmentation}\n")
(folder / "weights.safetensors").write_bytes(b"")
metrics = {"headline": "test/iou", "val/iou": done[-1]["val/iou"], "test/iou": 0.5 - rate / 2, "begun": len(done)}
(folder / "metrics.json").write_text(json.dumps(metrics))
