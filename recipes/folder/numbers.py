"""Numbers in text files, told from what is no number; nothing in a file can be too long for them."""

LONGEST = 9  # digits of a class number or of the side of an image


def is_number(text: str) -> bool:
    """Say whether `text` is a number; nan and inf are, and are judged as boxes."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def whole(text: str) -> int | None:
    """Return the whole number in `text` (1 and 1.0 are the same), None when there is none of at most nine digits."""
    digits = text.removesuffix(".0")
    return int(digits) if digits.isdecimal() and len(digits) <= LONGEST else None
