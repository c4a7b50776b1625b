"""MoveNet's published weights say here what they say in their own runtime."""

import pytest
import torch
from skimage import data
from torch.nn.functional import interpolate

import zoo
from tests.known_answers import picture

#: Of `picture` by TensorFlow.js 4 from the package's graph, values rounded to whole numbers: x and y in pixels, and the score,
#: of the nose, the left shoulder and the right ankle.
SAID: dict[str, tuple[int, list[list[float]]]] = {
    "movenet_lightning": (192, [[112.884, 3.721, 0.049788], [116.63, 53.509, 0.036681], [78.053, 158.422, 0.009715]]),
    "movenet_thunder": (256, [[135.977, 50.133, 0.022093], [203.054, 43.218, 0.017263], [180.96, 244.709, 0.006511]]),
}


@pytest.mark.real
@pytest.mark.parametrize("name", SAID)
def test_known_answer(name: str) -> None:
    size, said = SAID[name]
    model = zoo.create(name, classes=17, pretrained=True).eval()
    with torch.no_grad():
        found = model((picture(3, size) * 255).round() / 255)[0, 0]
    # TensorFlow.js has the size of a cell in half precision, of which an answer at the far edge is 0.05 pixels off
    torch.testing.assert_close(found[[0, 5, 16], :2], torch.tensor(said)[:, :2], atol=0.06, rtol=0)
    torch.testing.assert_close(found[[0, 5, 16], 2], torch.tensor(said)[:, 2], atol=2e-4, rtol=1e-3)


@pytest.mark.real
@pytest.mark.parametrize("name", SAID)
def test_a_person_is_found_without_training(name: str) -> None:
    model = zoo.create(name, classes=17, pretrained=True).eval()
    image = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        found = model(interpolate(image, (model.size, model.size), mode="bilinear", antialias=True))[0, 0]
    places = found[:, :2] * 512 / model.size
    for number, x, y in ((0, 224, 122), (1, 247, 101), (2, 203, 101), (5, 318, 275), (6, 104, 266)):
        assert float((places[number] - torch.tensor([x, y])).norm()) < 15
        assert float(found[number, 2]) > 0.4


#: Of two persons side by side by TensorFlow.js 4 from the package's graph: x and y in pixels, and the score, of the nose, the
#: left shoulder and the right ankle. The other four that it gives score less than 0.05, and are none.
TWO = [
    [[200.1227, 94.1917, 0.59927], [229.2879, 125.0394, 0.53290], [215.2581, 188.6388, 0.23681]],
    [[55.3697, 94.0028, 0.61136], [82.0382, 132.6016, 0.77460], [39.3400, 191.7421, 0.09052]],
]


@pytest.mark.real
def test_two_persons_are_found_at_once() -> None:
    model = zoo.create("movenet_multipose", classes=17, pretrained=True).eval()
    image = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None] / 255
    small = interpolate(image, (128, 128), mode="bilinear", antialias=True)
    both = torch.zeros(1, 3, 256, 256)
    both[..., 64:192, :] = torch.cat((small, small.flip(3)), dim=3)
    with torch.no_grad():
        found = model((both * 255).round() / 255)[0]
    assert (found[..., 2].amax(dim=1) > 0).tolist() == [True, True, False, False, False, False]
    for one in TWO:
        nearest = min(found[:2], key=lambda person: abs(float(person[0, 0]) - one[0][0]))
        torch.testing.assert_close(nearest[[0, 5, 16], :2], torch.tensor(one)[:, :2], atol=0.01, rtol=0)
        torch.testing.assert_close(nearest[[0, 5, 16], 2], torch.tensor(one)[:, 2], atol=2e-4, rtol=1e-3)
