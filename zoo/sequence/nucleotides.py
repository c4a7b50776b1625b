"""Nucleotides as the first layer of a model: letters in, four shares a step out, ambiguous codes as what they allow.

The codes are IUPAC's, NC-IUB 1984, https://doi.org/10.1093/nar/13.9.3021: R is A or G, so half of each; N is a quarter of
each. Lower case (masked repeats) reads as upper case; U reads as T.
"""

import torch
from torch import Tensor, nn

from zoo.errors import ZooError
from zoo.sequence.masking import valid

#: What each code allows, of A, C, G, T.
CODES = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
BASES = "ACGT"
#: Numbers of characters that the table knows.
CHARACTERS = 128


class OneHot(nn.Module):
    """Makes of characters (B, T, 1), numbered as in ASCII, the shares of A, C, G, T (B, T, 4); 0 behind each length."""

    table: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        if features != 1:
            raise ZooError(f"a model of nucleotides takes one feature, the letter; the data have {features}")
        self.register_buffer("table", shares(), persistent=False)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Look the letters up; ZooError for a character that is no code."""
        if inputs.shape[2] != 1:
            raise ZooError(f"inputs of shape {tuple(inputs.shape)} have {inputs.shape[2]} features; this model takes 1")
        letters = inputs[..., 0].masked_fill(~valid(lengths, inputs.shape[1]), 0.0).round().long()
        return self.table[letters.clamp(0, CHARACTERS - 1)]


def shares() -> Tensor:
    """Return the table (characters, 4): rows of codes add up to 1, those of other characters are 0."""
    table = torch.zeros(CHARACTERS, len(BASES))
    for code, allowed in CODES.items():
        for base in allowed:
            for letter in (code, code.lower()):
                table[ord(letter), BASES.index(base)] = 1 / len(allowed)
    return table
