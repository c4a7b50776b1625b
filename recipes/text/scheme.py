"""Schemes of labels of entities: BIO as it is, BIOES, BILOU and BMES brought to it, others taken as labels of single words.

Ramshaw and Marcus 1995, https://aclanthology.org/W95-0107 (BIO); Ratinov and Roth 2009, https://aclanthology.org/W09-1119.
"""

from collections.abc import Iterable

OUTSIDE = "O"
#: What the positions of BIOES, BILOU and BMES are in BIO: an only word begins, a middle, an end or a last word is inside.
TO_BIO = {"B": "B", "I": "I", "M": "I", "E": "I", "L": "I", "S": "B", "U": "B"}


def converter(labels: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what each label becomes, and a note where it is another or where the labels name no entities."""
    names = set(labels)
    inside = names - {OUTSIDE}
    same = {label: label for label in names}
    split = {label: label.partition("-") for label in inside}
    if not inside or any(position not in TO_BIO or not type_ for position, _, type_ in split.values()):
        return same, (
            "the labels have no B- and I- before them: words are judged one by one, and there is no F1 of entities",
        )
    changed = {label: f"{TO_BIO[position]}-{type_}" for label, (position, _, type_) in split.items()}
    if all(label == other for label, other in changed.items()):
        return same, ()
    others = ", ".join(sorted({position for position, _, _ in split.values()} - {"B", "I"}))
    return same | changed, (f"labels of the scheme with {others} are read as BIO: an only word is B, a last one I",)
