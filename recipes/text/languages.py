"""In which language a telephone prompt is written: 2,000 words and sentences in English, Spanish, French, Italian, Russian.

The transcripts of the sounds of Asterisk, https://packages.debian.org/source/bookworm/asterisk-core-sounds; English,
Spanish and French are CC-BY-SA 3.0, Italian and Russian CC-BY 3.0. All are translations of the English ones and are taken
as they are: the Spanish have hardly an accent, the Italian some that broke (“sar?”), the Russian are Cyrillic. What a voice
does not say would tell the writer, not the language: signs, digits and capitals are left out.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import SPLITS, Split, check_ratios, draw
from recipes.text.asterisk import VERSION, Line, unpack, without_remarks
from recipes.text.text import Text
from recipes.text.texts import Texts
from zoo.errors import ZooError
from zoo.sequence.vocabulary import words
from zoo.sources import Source, fetch_files

#: The sha256 of the list of each language.
LISTS: Mapping[str, str | None] = {
    "en": "436538195b7c7361bd227036686f1a4039f694648c76573bdaca956655d34450",
    "es": "870e4ddf27b115ee22774fc4b35d62d13534a49ec41081f3ca6017931fceb076",
    "fr": "24830a518a6ee3b2bdeb97dbe6131f84ab21a864f4395ffeee076be6cff32882",
    "it": "5abad27c280741e0635c46745c7829f45ccd5922b7914c35f2f2136f22779bda",
    "ru": "88fd9a9b50bc546e45c1a6d8c4c486879ff94129db3e769bbb1998de5c532b9c",
}


@dataclass(frozen=True)
class Prompt:
    """The words of a prompt in a language; `group` is the same for what must stay in one part."""

    name: str
    language: str
    words: tuple[str, ...]
    group: Hashable


class Languages(Texts):
    """Prompts with their language; the classes are the languages that were asked for."""

    def __init__(
        self,
        name: str,
        augment: Change | None = None,
        languages: Sequence[str] = tuple(LISTS),
        longest: int | None = None,
        ratios: Sequence[float] = (0.7, 0.1, 0.2),
        split_seed: int = 0,
        **settings: Any,
    ) -> None:
        """Prompts of more than `longest` words are left out."""
        super().__init__(name, augment, **settings)
        for language in languages:
            one_of("data.languages", language, LISTS)
        if len(set(languages)) < max(2, len(languages)):
            raise ZooError(f"data.languages={list(languages)} must be two or more, each once")
        if longest is not None and longest < 1:
            raise ZooError(f"data.longest={longest} must be 1 word or more, or null for all prompts")
        self.languages, self.longest = tuple(languages), longest
        self.ratios, self.split_seed = check_ratios(ratios), split_seed

    def sources(self) -> Sequence[Source]:
        """Return the list of every language, so that the split is the same whichever are asked for."""
        return [Source(uri(language), sha256) for language, sha256 in LISTS.items()]

    def read_split(self) -> Split[Text]:
        """Read the lists, draw the split, and take the languages that are asked for."""
        lists = dict(zip(LISTS, map(unpack, fetch_files(self.sources())), strict=True))
        prompts, notes = different(prompts_of(lists))
        parts = draw(prompts, self.ratios, self.split_seed, lambda prompt: prompt.group, weight=lambda group: 1)
        classes = self.known or self.languages
        texts = {part: [text(prompt, classes) for prompt in parts[part] if self.asked(prompt)] for part in SPLITS}
        notes.append(
            f"split drawn by data.ratios={list(self.ratios)}: a prompt is in one part in all its languages, and so is"
            " a text under all its names"
        )
        if self.longest is not None:
            notes.append(f"only prompts of at most {self.longest} words were taken")
        return Split(texts, classes, notes=tuple(notes), licence="CC-BY-SA-3.0")

    def asked(self, prompt: Prompt) -> bool:
        """Say whether a prompt is of a language that was asked for, and not too long."""
        fits = self.longest is None or len(prompt.words) <= self.longest
        return prompt.language in self.languages and fits


def uri(language: str) -> str:
    """Return where the list of a language comes from."""
    package = f"asterisk-core-sounds-{language}"
    return f"debian://{package}=={VERSION}/usr/share/doc/{package}/core-sounds-{language}.txt.gz"


def prompts_of(lists: Mapping[str, Sequence[Line]]) -> list[Prompt]:
    """Return the lines that hold words, small letters alone; those of one name or of one text are of one group."""
    said = {
        (language, line): tuple(word for word in words(without_remarks(line.text).lower()) if word.isalpha())
        for language, lines in lists.items()
        for line in lines
    }
    leads: dict[Hashable, Hashable] = {}

    def group(key: Hashable) -> Hashable:
        while leads.setdefault(key, key) != key:
            key = leads[key]
        return key

    for (_, line), text_ in said.items():
        if text_:
            leads[group(line.name)] = group(text_)
    return [
        Prompt(f"{language}/{line.name}:{line.number}", language, text_, group(line.name))
        for (language, line), text_ in said.items()
        if text_
    ]


def different(prompts: Sequence[Prompt]) -> tuple[list[Prompt], list[str]]:
    """Return each text once, without those that are the same in two languages, and notes on how many these were."""
    languages: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for prompt in prompts:
        languages[prompt.words].add(prompt.language)
    shared = [" ".join(text_) for text_, among in languages.items() if len(among) > 1]
    first = {prompt.words: prompt for prompt in reversed(prompts) if len(languages[prompt.words]) == 1}
    kept = [prompt for prompt in prompts if first.get(prompt.words) is prompt]
    notes = []
    if shared:
        longest = ", ".join(sorted(shared, key=len)[-3:])
        notes.append(f"{len(shared)} texts are the same in two languages or more ({longest}) and were left out")
    again = sum(len(languages[prompt.words]) == 1 for prompt in prompts) - len(kept)
    if again:
        notes.append(f"{again} prompts say what another of their language says and were left out")
    return kept, notes


def text(prompt: Prompt, classes: Sequence[str]) -> Text:
    """Return a prompt as a sample."""
    if prompt.language not in classes:
        raise ZooError(f"data.languages has {prompt.language!r}, which training had not; it had {', '.join(classes)}")
    return Text(prompt.name, prompt.words, classes.index(prompt.language))
