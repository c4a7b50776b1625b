"""Multiply-adds: what an answer of a network costs, whatever computes it."""

from collections.abc import Callable


def multiply_adds(work: Callable[[], object]) -> int:
    """Return the multiply-adds of what is done, without gradients."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode  # counts a multiplication and an addition as two

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops()) // 2
