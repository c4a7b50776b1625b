"""The settings that every run has and that no constructor describes, by full key, with what each may be."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from zoo.fit.report import Mode
from zoo.hardware import PRECISIONS

Positive = Annotated[int, Field(ge=1)]
Auto = Literal["auto"]

SETTINGS: Mapping[str, Any] = {
    "seed": Annotated[int, Field(ge=0, le=2**32 - 1)],
    "fit": Mode,
    "run": str | None,
    "begin": str | None,
    "resume": str | None,
    "resume_changed": bool,
    "trainer.threads": Auto | Annotated[int, Field(ge=1, le=1024)],  # far more than any machine has; each takes memory
    "trainer.workers": Auto | Annotated[int, Field(ge=0, le=256)],
    "trainer.precision": Literal[("auto", *PRECISIONS)],
    "trainer.channels_last": Auto | bool,
    "trainer.max_epochs": Annotated[int, Field(ge=0)] | None,  # 0: pretrained weights are judged as they are
    "trainer.minutes": Annotated[float, Field(gt=0)] | None,
    "trainer.gradient_clip_val": Annotated[float, Field(gt=0)] | None,
    "trainer.check_val_every_n_epoch": Positive | None,
    "trainer.log_every_n_steps": Positive,
    "optimizer.lr": Annotated[float, Field(gt=0)],
    "optimizer.weight_decay": Annotated[float, Field(ge=0)],
}
