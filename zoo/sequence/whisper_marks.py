"""Whisper's marks: the tokens beside text, which follow one another behind the 50,257 or 50,256 of the vocabulary."""

from dataclasses import dataclass

from zoo.errors import ZooError

#: Sizes of the vocabularies: of the models for English alone, and of those for many languages.
ENGLISH, MANY = 51864, 51865
LANGUAGES = ("en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it")
#: Seconds between two marks of time; the longest piece has 1,500 of them.
STEP = 0.02


@dataclass(frozen=True)
class Marks:
    """The numbers of the marks: end and begin of a text, nothing said, no times, the first time; what a text begins with."""

    end: int
    silence: int
    no_times: int
    first_time: int
    begin: tuple[int, ...]

    @classmethod
    def of(cls, vocabulary: int, language: str = "en") -> "Marks":
        """Return the marks of a vocabulary of this size; ZooError for a language that it does not know."""
        if vocabulary not in (ENGLISH, MANY):
            raise ZooError(
                f"model.vocabulary={vocabulary} is none of Whisper's: {ENGLISH} for English, {MANY} for more"
            )
        known = LANGUAGES if vocabulary == MANY else ("en",)
        if language not in known:
            raise ZooError(f"model.language={language!r} is not known to these weights; they know {', '.join(known)}")
        end = 50256 + vocabulary - ENGLISH
        prompt = (end + 2 + LANGUAGES.index(language), end + 102) if vocabulary == MANY else ()  # language, transcribe
        return cls(end, end + 105, end + 106, end + 107, (end + 1, *prompt))

    def seconds(self, token: int) -> float:
        """Return the time that a mark of time names."""
        return (token - self.first_time) * STEP
