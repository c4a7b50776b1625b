"""What a worker refuses reaches the user as the sentence that it is."""

import pytest
from torch.utils.data import Dataset

from recipes.kit.loader import Loader
from zoo.errors import ZooError


class Refusing(Dataset):
    """Refuses its third sample."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        if index == 2:
            raise ZooError("scene a.tif has no data: remove it")
        return index


@pytest.mark.parametrize("workers", [0, 1])
def test_a_refusal_is_one_sentence_with_workers_too(workers: int) -> None:
    batches = iter(Loader(Refusing(), 2, num_workers=workers))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(ZooError, match=r"^scene a\.tif has no data: remove it$"):
        next(batches)
