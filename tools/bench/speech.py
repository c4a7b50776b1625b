"""`zoo bench speech`: how much faster than real time models hear on one core, and what batches of one length are worth."""

import json
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import torch

#: Models of single words, timed over one second; a stream is heard in pieces of 100 ms for ten seconds.
WORDS, PIECE, STREAMED = ("ds_cnn_s", "bc_resnet_1", "matchboxnet"), 0.1, 10.0
RATE = 8000
#: Batches of a turn, at most.
BATCHES = 27


def command(
    rounds: Annotated[int, typer.Option(min=1, help="how often each is measured; the median counts")] = 5,
    batches: Annotated[bool, typer.Option(help="train on data=prompts, sorted by length and not")] = True,
    json_: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure the real-time factor of keyword spotting and of a stream on one core, and batches sorted by length.

    Example: `zoo bench speech --rounds 3`
    """
    import torch

    from zoo import hardware

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    factors = {**{name: word(name, rounds) for name in WORDS}, "deep_speech2, streaming": stream(rounds)}
    torch.set_num_threads(threads)
    rates = epoch_rates(max(1, rounds // 2)) if batches else {}
    if json_:
        print(
            json.dumps(
                {"processor": hardware.processor(), "real_time_factor": factors, "audio_s_per_s": rates}, indent=2
            )
        )
        return
    table = Table(box=None, title=f"one core of {hardware.processor()}", title_justify="left")
    for name in ("model", "real-time factor", "times faster than real time"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for name, factor in factors.items():
        table.add_row(name, f"{factor:.4f}", f"{1 / factor:.0f}")
    console = Console()
    console.print(table)
    if rates:
        ratio = rates["sorted"] / rates["unsorted"]
        said = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
        console.print(f"training on data=prompts, seconds of speech a second: {said}; sorted is {ratio:.2f}× faster")


def median_seconds(call: Callable[[], object], rounds: int) -> float:
    """Return the median time of a call, after one that warms up."""
    call()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def word(name: str, rounds: int) -> float:
    """Return the real-time factor of a model over one second of sound."""
    import torch

    import zoo

    model = zoo.create(name, classes=12, bands=("waveform",), sample_rate=RATE).eval()
    wave, lengths = torch.rand(1, RATE, 1) - 0.5, torch.tensor([RATE])
    with torch.inference_mode():
        return median_seconds(lambda: model(wave, lengths), 4 * rounds)


def stream(rounds: int) -> float:
    """Return the real-time factor of a streaming Deep Speech 2 that gets 100 ms at a time."""
    import torch

    import zoo
    from zoo.sequence.deep_speech2 import DeepSpeech2
    from zoo.sequence.stream import Stream

    model = zoo.create("deep_speech2", classes=29, bands=("waveform",), sample_rate=RATE, streaming=True)
    assert isinstance(model, DeepSpeech2)
    pieces = (torch.rand(round(STREAMED * RATE), 1) - 0.5).split(round(PIECE * RATE))

    def hear() -> list["torch.Tensor"]:
        heard = Stream(model)
        return [*(heard.push(piece) for piece in pieces), heard.finish()]

    return median_seconds(hear, rounds) / STREAMED


def epoch_rates(rounds: int) -> dict[str, float]:
    """Return how many seconds of speech a second training takes in, with batches sorted by length and not; they take turns."""
    import torch

    import zoo
    from configuration.composition import compose
    from configuration.instantiation import data_of, task_of

    found: dict[str, list[float]] = {"sorted": [], "unsorted": []}
    for _ in range(rounds):
        for name, rates in found.items():
            cfg = compose(["task=sequence", "data=prompts", f"data.sorted={name == 'sorted'}", "data.workers=0"])
            data: Any = data_of(cfg)
            data.prepare_data()
            data.setup("fit")
            options = {key: value for key, value in cfg.model.items() if key not in ("name", "pretrained")}
            torch.manual_seed(0)
            model = zoo.create(cfg.model.name, classes=len(data.classes), bands=data.bands, **options)
            rates.append(rate(task_of(cfg, model, data.classes, False), data.train_dataloader()))
    return {name: statistics.median(rates) for name, rates in found.items()}


def rate(task: Any, loader: Any) -> float:
    """Return seconds of speech for each second of loss and gradient over an epoch; the making of batches is not counted."""
    import torch

    from zoo import hardware

    low = hardware.choose().precision == "bf16-mixed"
    task.train()
    speech, seconds = 0.0, 0.0
    for index, batch in enumerate(loader):
        if index == BATCHES:
            break
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            loss = torch.stack(list(task.losses(batch).values())).sum()
        loss.backward()
        seconds += time.perf_counter() - began
        speech += float(batch["lengths"].sum()) / RATE
    return speech / seconds
