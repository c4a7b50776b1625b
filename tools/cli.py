"""The command line `zoo`: one table of commands, of which only the invoked one is imported.

A command is a function with annotated parameters, as typer reads them; its docstring is its help. To add one, write the
function in a module of `tools` and add a line to `COMMANDS`: the words that call it, where it is, and what it does.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from zoo.errors import ZooError, near
from zoo.errors.memory import short_of_memory
from zoo.errors.streams import accept_any_terminal
from zoo.hardware.process import prepare_process

#: words → (module:function, help in one line). Two words make a group: `zoo card check`.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "accrete": (
        "tools.production.accrete.command:command",
        "A challenger that learnt from new labels and forgot little.",
    ),
    "ablate": ("tools.experiments.ablate:command", "What each choice is worth when all else stays the same."),
    "bench backends": ("tools.bench.backends:command", "One tile by PyTorch and by OpenVINO, in turns."),
    "bench alarms": ("tools.bench.alarms:command", "How often zoo monitor alarms where nothing changed."),
    "bench cards": ("tools.bench.registry:cards", "How long the registry takes with many cards, cold and warm."),
    "bench compression": (
        "tools.compress.comparison:command",
        "Low rank, pruning, 8 to 5 bits: bytes and metrics, in a table.",
    ),
    "bench collect": ("tools.bench.collect:command", "How many labels zoo collect saves against random ones."),
    "bench data": ("tools.bench.data:command", "Whether training waits for its batches, and what each takes."),
    "bench fit": ("tools.bench.registry:fit", "How long a profile and a fit check take."),
    "bench geometry": (
        "tools.bench.geometry:command",
        "Rotated overlap and suppression, beside torchvision and shapely.",
    ),
    "bench promotions": ("tools.bench.promotions:command", "How often zoo promote is wrong, of either kind."),
    "bench pull": ("tools.bench.pull:command", "What zoo pull costs against the bare client of the hub."),
    "bench scene": (
        "tools.bench.scene.command:command",
        "What the prediction of a large scene costs beside its network.",
    ),
    "bench noise": ("tools.bench.noise:command", "How well runs hear through noise, from clean to 0 dB."),
    "bench serve": (
        "tools.bench.serving:command",
        "What serving costs beside the bare predictor; how overload is met.",
    ),
    "bench speakers": (
        "tools.bench.speakers:command",
        "Train for every choice of speakers to hold out: median, worst.",
    ),
    "bench speech": ("tools.bench.speech:command", "Real-time factors on one core; what sorted batches are worth."),
    "bench startup": (
        "tools.bench.startup:command",
        "How soon commands answer, and the first training step is done.",
    ),
    "bench train": ("tools.bench.train:command", "Training steps: what trainer=cpu is worth against plain PyTorch."),
    "bench turned": ("tools.bench.turned:command", "A detector on its test scenes, turned by any angle."),
    "bench voice": ("tools.bench.voice:command", "How well speech is told from pauses and noise, beside loudness."),
    "bench windows": (
        "tools.bench.windows:command",
        "Random windows of a raster, as training reads them: how many a second.",
    ),
    "bundle": ("tools.hub.bundle:command", "Models and recipes with all they need, for a machine without a network."),
    "cache": ("tools.hub.cache:command", "What was fetched and is kept, and when it was last used."),
    "cache prune": ("tools.hub.cache:prune", "Remove files from the cache."),
    "card check": (
        "tools.registry.card_check:command",
        "Cards against their schema, and against the models they describe.",
    ),
    "collect": (
        "tools.production.collect.command:command",
        "What to annotate next out of a site, and the labels back.",
    ),
    "compare": ("tools.registry.compare:command", "Models side by side, where they differ."),
    "compare-domains": (
        "tools.experiments.compare_domains:command",
        "One model on many domains of segmentation, in one picture.",
    ),
    "compare-models": (
        "tools.experiments.compare_models:compare",
        "Train models under one budget; draw speed and accuracy.",
    ),
    "compress": (
        "tools.compress.command:command",
        "A trained model made faster or smaller, kept only if it loses little.",
    ),
    "data check": ("tools.data.check:command", "All that is wrong with a data set, or a folder of one's own."),
    "data convert": ("tools.data.convert:command", "Annotated images from one format into another, rotated boxes too."),
    "data profile": (
        "tools.data.profile:command",
        "What a data set is like, in the numbers that the fit check asks for.",
    ),
    "data generate": ("tools.data.generate:command", "Write a generated satellite scene of any size, with its truth."),
    "docs": ("tools.docs.command:command", "Write the generated pages of the documentation, or check them."),
    "doctor": ("tools.bench.doctor:command", "What this machine offers and what a run would choose."),
    "evaluate": ("tools.predict.evaluate:command", "Test a run's weights, on its own data or on other data."),
    "export": (
        "tools.export.command:command",
        "A trained model for OpenVINO, ONNX or PyTorch, proven to say what it says.",
    ),
    "fit": ("tools.registry.fit:command", "A model held against data before training, or the zoo ranked for the data."),
    "listen": ("tools.predict.listen:command", "Where someone speaks in a recording of any length, and what is said."),
    "list": ("tools.registry.list:command", "The models: task, size, licence, and how they fit data."),
    "predict": ("tools.predict.command:command", "New images of any size, recordings, texts, series: what a run says."),
    "monitor": ("tools.production.monitor:command", "What is asked and answered now against when all was well."),
    "policy fit": ("tools.production.policy:fit_command", "Thresholds by class, place and hour from labelled answers."),
    "policy test": (
        "tools.production.policy:replay_command",
        "What the policy of a site keeps of all that was recorded.",
    ),
    "promote": ("tools.production.promote:command", "Let a challenger answer, if it is proven better; signed."),
    "pull": ("tools.hub.pull:command", "Bring a model's weights, or a run that someone pushed, onto this machine."),
    "push": ("tools.hub.push:command", "Upload a finished run as a repository of the hub."),
    "recipes": ("tools.registry.recipes:command", "The recipes, with their measured results."),
    "recipes show": ("tools.registry.recipes:show", "A recipe: its facts and what it changes."),
    "readme": ("tools.registry.readme:command", "Write the parts of README.md that are facts, or check them."),
    "reproduce": (
        "tools.experiments.reproduce:command",
        "Run a recipe again under several seeds and write what came out.",
    ),
    "catalogue": ("tools.catalogue.command:command", "Write the catalogue as static pages, check it, or look at it."),
    "search": ("tools.registry.search:command", "Models and recipes by words, forgiving slips."),
    "select": ("tools.experiments.compare_models:select", "The best model of a comparison within your limits."),
    "serve": ("tools.production.serve.command:command", "Answers of a run or a site over HTTP, recorded and measured."),
    "rollback": ("tools.production.promote:rollback", "Let the version of a site answer that did before."),
    "simulate": (
        "tools.production.simulate.command:command",
        "A year of production in minutes: the loop against others.",
    ),
    "site add": ("tools.production.site:add", "Copy a run into a site, where it may challenge the one that answers."),
    "site create": ("tools.production.site:create", "Make a site: a folder in which a run is in use."),
    "site prune": ("tools.production.site:prune", "Remove what is older than a site keeps."),
    "site repair": ("tools.production.site:repair", "Let the version answer that was decided last."),
    "site show": ("tools.production.site:show", "What is in a site, and whether it is as it was left."),
    "show": ("tools.registry.show:command", "The card of a model, as a person wants to read it."),
    "sweep": ("tools.experiments.sweep.command:command", "Search settings by many trainings, hopeless ones cut short."),
    "train": ("tools.train:command", "Train a model for a task on data; the program of train.py."),
    "tune": ("tools.bench.tune.command:command", "Which settings of this machine are fastest for a model; kept."),
    "verify": ("tools.hub.verify:command", "Hash what is on this machine again and compare."),
}

#: What a group of commands is about, by its word.
GROUPS: Mapping[str, str] = {
    "bench": "Measure speed, on this machine.",
    "cache": "What was fetched: list it, remove some of it.",
    "card": "Cards: check them and recompute what they promise.",
    "data": "Data: check a folder of your own before training, convert it, measure it.",
    "policy": "Thresholds of a site by place and time.",
    "recipes": "Tested combinations of data and model, with their measured results.",
    "site": "A site: the folder in which a model is in use.",
}

EPILOG = "Try `zoo list`, then `zoo show NAME`; training is `zoo train task=… data=…`."
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
#: Of a command that reads its words, help too, by itself: that whose only parameter is typer's context.
UNREAD: dict[str, Any] = {"help_option_names": [], "ignore_unknown_options": True, "allow_extra_args": True}


class LazyGroup(TyperGroup):
    """A group whose commands are lines of a table until one of them is called."""

    def __init__(self, words: str, table: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(name=words or "zoo", context_settings=SETTINGS, **settings)
        self.words, self.table = words, table

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the next words, sorted."""
        start = f"{self.words} " if self.words else ""
        return sorted({key[len(start) :].split()[0] for key in self.table if key.startswith(start)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command or the group that this word calls, or None."""
        words = f"{self.words} {cmd_name}".strip()
        if any(key.startswith(f"{words} ") for key in self.table):
            return LazyGroup(words, self.table, help=GROUPS.get(words), no_args_is_help=True)
        if words not in self.table:
            return None
        target, line = self.table[words]
        return LazyCommand(target, name=cmd_name, help=line)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that `args` call; an unknown word is answered with those that are near."""
        words, rest = f"{self.words} {args[0]}".strip(), args[1:]
        options_only = not rest or (rest[0].startswith("-") and rest[0] not in SETTINGS["help_option_names"])
        if words in self.table and options_only:  # `zoo recipes` is a group and a command
            return args[0], LazyCommand(self.table[words][0], name=args[0]).load(), rest
        if args[0].startswith("-") or self.get_command(ctx, args[0]) is not None:
            name, command, rest = super().resolve_command(ctx, args)
            return name, command.load() if isinstance(command, LazyCommand) else command, rest
        called = f"zoo {self.words}".strip()
        close = near(args[0], self.list_commands(ctx))
        raise ZooError(f"no command {args[0]!r} in `{called}`{close}; `{called} --help` lists them")


class LazyCommand(TyperCommand):
    """A line of the table: what the overview shows without an import, and the way to the command itself."""

    def __init__(self, target: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.target = target

    def load(self) -> Any:
        """Import the function and make a command of it."""
        module, function = self.target.split(":")
        return as_command(getattr(import_module(module), function))


def as_command(function: Callable[..., Any]) -> Any:
    """Make a command of an annotated function."""
    settings = UNREAD if "context" in function.__annotations__ else SETTINGS
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown", context_settings=settings)
    app.command()(function)
    return typer.main.get_command(app)


def group(table: Mapping[str, tuple[str, str]] = COMMANDS) -> LazyGroup:
    """Return the whole command line over a table of commands."""
    return LazyGroup(
        "", table, help="Task-oriented models with provenance, for CPUs.", epilog=EPILOG, no_args_is_help=True
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `zoo` and exit: 0 done, 2 a mistake of the user, 130 interrupted, 143 ended, 1 a failed check or a cut pipe."""
    accept_any_terminal()
    prepare_process()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what it has started ends with it
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"task-zoo {version('task-zoo')}")
        sys.exit(0)
    try:
        try:
            group().main(words, prog_name="zoo")
        finally:
            sys.stdout.flush()
    except ZooError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (MemoryError, RuntimeError) as error:
        if (short := short_of_memory(error, words[0] if words else "")) is None:
            raise
        print(short, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe left: nothing to say, and nothing more to write at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
