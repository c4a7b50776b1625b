"""The page of a server in a real Chromium, as wide as a phone and as a desk: a file, a text, a refusal."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.sites.made import site
from tests.sites.test_serve import running
from tests.tools.test_catalogue_browser import Browser
from tools.bench import made

by = pytest.importorskip("selenium.webdriver.common.by", reason="the package selenium is not installed").By
support = pytest.importorskip("selenium.webdriver.support.ui")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("nothing"), tmp_path_factory.mktemp("profile"))
    yield browser
    browser.driver.quit()


def said(driver: Any) -> str:
    """Wait for an answer."""
    found = driver.find_element(by.ID, "said")
    support.WebDriverWait(driver, 30).until(lambda _: found.text and found.text != "asking …")
    return str(found.text)


@pytest.mark.parametrize("width", [375, 1280])
def test_a_picture_and_a_text(browser: Browser, tmp_path: Path, width: int) -> None:
    driver = browser.driver
    browser.emulate(width)
    made.run(tmp_path / "run", "segmentation", 3)
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 800, 3), np.uint8)).save(file, "PNG")
    (tmp_path / "new.png").write_bytes(file.getvalue())
    (tmp_path / "new.txt").write_text("no picture")
    with running(tmp_path / "run", tmp_path / "bodies") as found:
        driver.get(f"http://localhost:{found.port}/")
        support.WebDriverWait(driver, 30).until(lambda _: "segmentation" in driver.find_element(by.ID, "title").text)
        driver.find_element(by.ID, "file").send_keys(str(tmp_path / "new.png"))
        assert "background" in said(driver)
        canvas = driver.find_element(by.ID, "canvas")
        support.WebDriverWait(driver, 30).until(lambda _: canvas.is_displayed())
        assert driver.execute_script("return arguments[0].width", canvas) == 800
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        driver.find_element(by.ID, "file").send_keys(str(tmp_path / "new.txt"))
        support.WebDriverWait(driver, 30).until(lambda _: "does not end" in driver.find_element(by.ID, "said").text)
        asked = driver.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert all(f"localhost:{found.port}" in name for name in asked), asked
    opened = site(tmp_path / "texts")
    with running(opened.folder, tmp_path / "more") as found:
        driver.get(f"http://localhost:{found.port}/")
        text = driver.find_element(by.ID, "text")
        support.WebDriverWait(driver, 30).until(lambda _: text.is_displayed())
        text.send_keys("the market rose")
        driver.find_element(by.ID, "ask").click()
        assert any(name in said(driver) for name in opened.settings.classes)
        assert len(driver.find_elements(by.CSS_SELECTOR, "#table tr")) == len(opened.settings.classes)
