"""Learning rate schedules over the whole run, in steps."""

import math
from typing import Annotated

from pydantic import Field
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

Share = Annotated[float, Field(ge=0, le=1)]


def warmup_cosine(optimizer: Optimizer, steps: int, warmup: Share = 0.05, final: Share = 0.01) -> LambdaLR:
    """Rise linearly over the share `warmup` of `steps`, then fall as a cosine to `final` of the peak.

    Source: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, with linear warm-up as in Goyal et al. 2017.
    """
    rising = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        progress = min(1.0, (step - rising) / max(1, steps - rising))
        return final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2

    return LambdaLR(optimizer, factor)
