"""Options of a model far beyond its card are refused before it is built, so that none is trained that cannot be opened."""

from typing import Any, cast

import pytest

import zoo
from zoo.errors import ZooError
from zoo.factory import fit_options
from zoo.profile import Profile
from zoo.registry.option_limits import MOST_TIMES, check_modest


@pytest.mark.parametrize("options", [{"channels": 10**7}, {"strides": [8, 16, 10**7]}])
def test_training_refuses_them(options: dict[str, Any]) -> None:
    with pytest.raises(ZooError, match=r"model\.\w+=.* is far from"):
        fit_options(zoo.card("kestrel_nano"), options, cast(Profile, None))


def test_the_most_is_still_built() -> None:
    entry = zoo.card("kestrel_nano")
    check_modest(entry, {"channels": MOST_TIMES * entry.options["channels"]}, "model.")
    with pytest.raises(ZooError, match="at most 100 times as much"):
        check_modest(entry, {"channels": MOST_TIMES * entry.options["channels"] + 1}, "model.")
