"""Waveforms of recordings: read once, by several threads at once, and kept as long as they fit into memory."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from recipes.speech import wav


class Waveforms:
    """Waveforms (T,) float32 by path, at `sample_rate` (None: as recorded), kept while `memory` bytes last."""

    def __init__(self, sample_rate: int | None, memory: int) -> None:
        self.sample_rate, self.memory = sample_rate, memory
        self.kept: dict[Path, Tensor] = {}
        self.faults: dict[Path, str] = {}

    def load(self, paths: Sequence[Path]) -> None:
        """Read these now, before worker processes begin, so that they share them."""
        with ThreadPoolExecutor(8) as pool:
            for path, wave in zip(paths, pool.map(self.heard, paths), strict=True):
                self.memory -= wave.nbytes
                if self.memory < 0:
                    pool.shutdown(cancel_futures=True)
                    return
                self.kept[path] = wave

    def get(self, path: Path) -> Tensor:
        """Return one waveform."""
        kept = self.kept.get(path)
        return torch.from_numpy(wav.read(path, self.sample_rate)) if kept is None else kept

    def heard(self, path: Path) -> Tensor:
        """Read a waveform, and keep what is wrong with it as it was recorded: resampling hides that it is clipped."""
        rate, wave = wav.recorded(path)
        self.faults[path] = "silent" if wav.is_silent(wave) else "clipped" if wav.is_clipped(wave) else ""
        return torch.from_numpy(wave if self.sample_rate is None else wav.resample(wave, rate, self.sample_rate))

    def fault(self, path: Path) -> str:
        """Return `silent`, `clipped`, or nothing."""
        if path not in self.faults:
            self.heard(path)
        return self.faults[path]
