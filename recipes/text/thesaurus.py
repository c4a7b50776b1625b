"""Words of like meaning: a small English thesaurus written for this project, and WordNet where it is installed."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from zoo.errors import ZooError

#: A line is a group of words that can stand for one another, apart by commas.
FILE = Path(__file__).with_name("thesaurus.txt")


@functools.cache
def groups() -> dict[str, tuple[str, ...]]:
    """Return for every word of the file the others of its lines."""
    found: dict[str, tuple[str, ...]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        together = [word.strip() for word in line.split(",") if word.strip()]
        for word in together:
            found[word] = (*found.get(word, ()), *(other for other in together if other != word))
    return found


def inside(word: str) -> tuple[str, ...]:
    """Return what the thesaurus of this project has for a word."""
    return groups().get(word.lower(), ())


@functools.lru_cache(maxsize=50_000)
def wordnet(word: str) -> tuple[str, ...]:
    """Return the single words of WordNet's synsets of a word, the most usual meaning first."""
    try:
        from nltk.corpus import wordnet as net

        synsets = net.synsets(word.lower())
    except (ImportError, LookupError) as error:
        raise ZooError(
            "augment: source=wordnet needs NLTK and its WordNet; install them with `pip install nltk` and"
            " `python -m nltk.downloader wordnet`, or take source=inside"
        ) from error
    names = [name for synset in synsets for name in synset.lemma_names()]
    return tuple(dict.fromkeys(name for name in names if name.isalpha() and name.lower() != word.lower()))


SOURCES: Mapping[str, Callable[[str], tuple[str, ...]]] = {"inside": inside, "wordnet": wordnet}
