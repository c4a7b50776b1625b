"""A foreign tokenizer as part of a model: its description, a JSON text, is a buffer that travels with the weights.

The library `tokenizers` (https://github.com/huggingface/tokenizers, Apache-2.0) reads it; it is data, and nothing in it runs.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from zoo.errors import ZooError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class PretrainedTokenizer(nn.Module):
    """Text to tokens and back, once weights brought the description; `description` is uint8 (N,), empty without."""

    description: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("description", torch.zeros(0, dtype=torch.uint8))
        self.tool: Tokenizer | None = None

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        """Take a description of any length; PyTorch asks for equal shapes otherwise."""
        if (found := state_dict.get(f"{prefix}description")) is not None:
            self.description, self.tool = found.new_empty(found.shape), None
        super()._load_from_state_dict(state_dict, prefix, *rest)

    @property
    def reader(self) -> "Tokenizer":
        """The library's tokenizer. Raises ZooError without a description, or with one that does not read."""
        if self.tool is None:
            if not len(self.description):
                raise ZooError("the model has no vocabulary: it comes with the weights, so say pretrained=True")
            from tokenizers import Tokenizer

            try:
                self.tool = Tokenizer.from_str(bytes(self.description.cpu().numpy()).decode("utf-8"))
                self.tool.no_padding()  # as the models that use it pad and cut by themselves
                self.tool.no_truncation()
            except Exception as error:  # the library raises bare exceptions
                raise ZooError(
                    f"the vocabulary beside the weights does not read ({error}); fetch them again"
                ) from error
        return self.tool

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without marks around it."""
        return self.reader.encode(text, add_special_tokens=False).ids

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens; marks are left out."""
        return self.reader.decode(list(tokens), skip_special_tokens=True)
