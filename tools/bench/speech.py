"""`zoo bench speech`: how much faster than real time models hear on one core, and what batches of one length are worth."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tools.bench.harness import Timing, Way, one_thread, report, take_turns
from tools.terminal.columns import table

if TYPE_CHECKING:
    import torch

#: Models of single words, timed over one second; a stream is heard in pieces of 100 ms for ten seconds.
WORDS, PIECE, STREAMED = ("ds_cnn_s", "bc_resnet_1", "matchboxnet"), 0.1, 10.0
RATE = 8000
STREAMING = "deep_speech2, streaming"
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

    with one_thread():
        torch.set_flush_denormal(True)
        ways = {**{name: word(name) for name in WORDS}, STREAMING: stream()}
        timings = take_turns({name: way for name, (way, _) in ways.items()}, rounds)
        factors = {name: timing.median / ways[name][1] for name, timing in timings.items()}
        rows = [(name, f"{factor:.4f}", f"{1 / factor:.0f}") for name, factor in factors.items()]
        text = table(("model", "real-time factor", "times faster than real time"), rows, right=("real-time factor",))
    epochs = train_epochs(max(1, rounds // 2)) if batches else {}
    speeds = {name: seconds / timing.median for name, (timing, seconds) in epochs.items()}
    if speeds:
        said = ", ".join(f"{name} {speed:.0f}" for name, speed in speeds.items())
        text += f"\n\ntraining on data=prompts, seconds of speech a second: {said}"
    report({"real_time_factor": factors, "audio_s_per_s": speeds}, text, json_)


def word(name: str) -> tuple[Way, float]:
    """Return a way to hear a second of sound with a model of single words, and those seconds."""
    import torch

    import zoo

    model = zoo.create(name, classes=12, bands=("waveform",), sample_rate=RATE).eval()
    wave, lengths = torch.rand(1, RATE, 1) - 0.5, torch.tensor([RATE])
    return torch.inference_mode()(lambda: model(wave, lengths)), 1.0


def stream() -> tuple[Way, float]:
    """Return a way to hear a stream with Deep Speech 2, 100 ms at a time, and its seconds."""
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

    return hear, STREAMED


def train_epochs(rounds: int) -> dict[str, tuple[Timing, float]]:
    """Return what loss and gradient of the same many batches take, sorted by length and not, and the seconds of speech in them.

    The making of batches is not counted.
    """
    made = {name: epoch(name == "sorted") for name in ("sorted", "unsorted")}
    timings = take_turns({name: way for name, (way, _) in made.items()}, rounds)
    return {name: (timings[name], seconds) for name, (_, seconds) in made.items()}


def epoch(by_length: bool) -> tuple[Way, float]:
    """Return a way to compute loss and gradient of an epoch of data=prompts, and the seconds of speech in it."""
    import torch

    from configuration.composition import compose
    from configuration.instantiation import data_of, model_of, task_of
    from zoo import hardware

    cfg = compose(["task=sequence", "data=prompts", f"data.sorted={by_length}", "data.workers=0"])
    data: Any = data_of(cfg)
    data.prepare_data()
    data.setup("fit")
    torch.manual_seed(0)
    model = model_of(cfg, data)
    task: Any = task_of(cfg, model, data.classes, False).train()
    loaded = list(islice(data.train_dataloader(), BATCHES))
    low = hardware.choose().precision == "bf16-mixed"

    def step() -> None:
        for batch in loaded:
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                loss = torch.stack(list(task.losses(batch).values())).sum()
            loss.backward()

    return step, sum(float(batch["lengths"].sum()) for batch in loaded) / RATE
