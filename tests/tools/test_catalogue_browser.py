"""The pages in a real browser: search, sort, copy, keyboard, narrow screens, themes, and no word to the network.

Needs Debian's chromium and chromium-driver and the package selenium; without them the tests are skipped and say so.
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.catalogue_cards import head, measurement, put, varied, weights
from tools.catalogue import catalogue, folder, pages

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
webdriver = pytest.importorskip(
    "selenium.webdriver", reason="the package selenium is not installed: pip install '.[dev]'"
)
if not (CHROMIUM and DRIVER):
    pytest.skip(
        "no chromium or no chromedriver: as root, apt-get install chromium chromium-driver", allow_module_level=True
    )

from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


class Browser:
    """A Chromium with the few gestures that the tests make."""

    def __init__(self, root: Path, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        self.root = root

    def open(self, page: str) -> None:
        """Open a page of the catalogue anew, from the disk."""
        self.driver.get("about:blank")
        self.driver.get(f"file://{self.root}/{page}")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def names(self) -> list[str]:
        """Return the models that are shown, in their order."""
        return self.run("return [...document.querySelectorAll('#rows [data-f=name]')].map(a => a.textContent)")

    def choose(self, field: str, value: str) -> None:
        """Choose a value of a filter, as a hand would."""
        self.run(
            "const f = document.getElementById(arguments[0]); f.value = arguments[1];"
            "f.dispatchEvent(new Event('input', {bubbles: true}))",
            field,
            value,
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> str:
        return self.run("return document.activeElement.textContent.trim() || document.activeElement.id")

    def emulate(self, width: int = 1280, theme: str = "light") -> None:
        """Set the width of the screen, pixels, and what the system prefers."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if url != "about:blank"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of varied models beside the zoo's own."""
    root = tmp_path_factory.mktemp("site")
    varied(root / "card_root")
    put(
        root / "card_root",
        head("long", summary="Long. " * 30, weights=[weights("tag_" * 12)], measured=[measurement("long", 0.3)]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_PATH", str(root / "card_root"))
        folder.write(root / "site", pages.build(catalogue.load(None)))
    return root / "site"


@pytest.fixture(scope="module")
def opened(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(site, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(opened: Browser) -> Iterator[Browser]:
    """The browser as a new visitor has it; at the end its console must be empty and the network untouched."""
    opened.open("about.html")
    opened.run("localStorage.clear()")
    opened.emulate()
    opened.driver.get_log("browser")
    opened.requests()
    yield opened
    assert [entry["message"] for entry in opened.driver.get_log("browser")] == []
    assert [url for url in opened.requests() if not url.startswith("file://")] == []


def test_search_and_filters_narrow_the_list_and_stand_in_the_address(browser: Browser) -> None:
    browser.open("index.html")
    every = browser.names()
    assert {"alpha", "beta", "ssd300"} <= set(every)
    assert browser.find("#shown").text == f"{len(every)} models"
    browser.find("#q").send_keys("MODEL beta")
    assert browser.names() == ["beta"]
    assert browser.find("#shown").text == f"1 of {len(every)} models"
    browser.choose("q", "")
    browser.choose("commercial", "no")
    assert browser.names() == ["delta"]
    browser.choose("commercial", "")
    browser.choose("status", "deprecated")
    browser.choose("domain", "medical")
    assert browser.names() == ["gamma"]
    address = browser.driver.current_url
    assert "status=deprecated" in address
    browser.open("index.html")
    assert browser.names() == every
    browser.driver.get("about:blank")
    browser.driver.get(address)
    assert browser.names() == ["gamma"]
    assert browser.find("#domain").get_attribute("value") == "medical"


def test_a_largest_size_leaves_out_what_is_unknown(browser: Browser) -> None:
    browser.open("index.html#size=1e6")
    shown = browser.names()
    assert {"alpha", "delta"} <= set(shown)
    assert not {"beta", "upon_plinth"} & set(shown)  # larger
    assert not {"gamma", "plinth"} & set(shown)  # nobody has counted


def test_when_no_model_matches_the_page_says_so_and_clears(browser: Browser) -> None:
    browser.open("index.html#q=no_such_model_anywhere")
    assert browser.names() == []
    assert browser.find("#none").is_displayed()
    assert not browser.find("#models").is_displayed()
    browser.find("#clear-none").click()
    assert "alpha" in browser.names()
    assert not browser.find("#none").is_displayed()
    assert browser.focused() == "q"
    assert "#" not in browser.driver.current_url


def test_columns_sort_both_ways_with_the_unknown_last(browser: Browser) -> None:
    browser.open("index.html#q=invented model")
    assert browser.names() == ["alpha", "beta", "delta", "gamma", "plinth", "upon_plinth"]
    button = browser.find("button[data-sort=parameters]")
    button.click()
    assert browser.names() == ["delta", "alpha", "upon_plinth", "beta", "gamma", "plinth"]
    assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") == "ascending"
    button.click()
    assert browser.names() == ["beta", "upon_plinth", "alpha", "delta", "gamma", "plinth"]
    assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") == "descending"
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, "th[aria-sort=none]")) == 6
    browser.find("button[data-sort=rank]").click()
    assert browser.names()[:2] == ["beta", "alpha"]
    assert "sort=rank" in browser.driver.current_url


def test_a_model_opens_and_goes_back_to_the_same_view(browser: Browser) -> None:
    browser.open("index.html")
    browser.choose("task", "sequence")
    browser.choose("q", "delta")
    browser.find("#rows a").click()
    assert browser.find("h1").text == "delta"
    assert browser.driver.current_url.endswith("/models/delta.html")
    browser.driver.back()
    assert browser.names() == ["delta"]


def test_a_command_is_copied(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    browser.open("models/alpha.html")
    button = browser.find(".command .copy")
    wanted = button.get_attribute("data-copy")
    button.click()
    wait(lambda: browser.find("#said").text == "Copied to the clipboard.")
    assert wanted.startswith("python train.py")
    pasted = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert pasted == wanted


def test_a_command_is_copied_where_the_clipboard_is_refused(browser: Browser) -> None:
    browser.open("models/alpha.html")
    browser.run(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));"
        "document.addEventListener('copy', () => { window.copied = String(document.activeElement.value) })"
    )
    button = browser.find(".command .copy")
    button.click()
    wait(lambda: browser.find("#said").text == "Copied to the clipboard.")
    assert browser.run("return window.copied") == button.get_attribute("data-copy")
    assert browser.run("return document.activeElement.className") == "copy"


def test_the_keyboard_alone_reaches_skips_sorts_and_opens(browser: Browser) -> None:
    browser.open("index.html")
    browser.press(Keys.TAB)
    assert browser.focused() == "Skip to the content"
    assert browser.run("return document.activeElement.getBoundingClientRect().top") >= 0
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "main"
    browser.press(Keys.TAB)
    assert browser.focused() == "q"
    browser.press("upon_plinth")
    reached = []
    while "upon_plinth" not in reached and len(reached) < 30:
        browser.press(Keys.TAB)
        reached.append(browser.focused())
        shown = browser.run(
            "const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && s.outlineWidth"
        )
        assert shown == "3px", reached
    assert "Task" in reached
    browser.press(Keys.ENTER)
    assert browser.find("h1").text == "upon_plinth"


def test_a_point_of_a_chart_tells_its_values_by_keyboard_and_mouse(browser: Browser) -> None:
    browser.open("tasks/detection.html")
    point = browser.find("svg.wide .point")
    assert "map_50" in point.get_attribute("aria-label")
    browser.run("arguments[0].focus()", point)
    tip = browser.find(".tooltip")
    assert tip.is_displayed()
    assert "time of the whole run" in tip.text
    browser.press(Keys.ESCAPE)
    assert not tip.is_displayed()
    browser.press(Keys.ENTER)
    assert "/models/" in browser.driver.current_url


@pytest.mark.parametrize("width", [320, 360, 768])
def test_no_page_is_wider_than_the_screen(browser: Browser, site: Path, width: int) -> None:
    browser.emulate(width)
    names = ("index", "recipes", "about", "tasks/detection", "models/alpha", "models/upon_plinth", "models/long")
    every = [f"{name}.html" for name in names] + [f"recipes/{next((site / 'recipes').iterdir()).name}"]
    for page in every:
        browser.open(page)
        wide = browser.run(
            "return [document.documentElement.scrollWidth, ...[...document.querySelectorAll('main *')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, .hidden, pre, thead'))"
            ".map(e => e.outerHTML.slice(0, 80))]"
        )
        assert wide[0] <= width, page
        assert wide[1:] == [], page


def test_the_system_theme_is_followed_and_a_choice_is_remembered(browser: Browser) -> None:
    def lightness() -> float:
        colour = browser.run("return getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(",")) / 765

    browser.emulate(theme="dark")
    browser.open("index.html")
    assert lightness() < 0.2
    browser.emulate(theme="light")
    assert lightness() > 0.9
    button = browser.find("#theme")
    button.click()
    button.click()
    assert button.text == "Theme: dark"
    assert lightness() < 0.2
    browser.open("models/alpha.html")
    assert lightness() < 0.2
    assert browser.find("#theme").text == "Theme: dark"


#: WCAG 2.2, 1.4.3: the ratio of the relative luminances of text and what is behind it.
CONTRAST = """
const luminance = c => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
  const v = c[i] / 255; return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
const parse = text => text.match(/[\\d.]+/g).map(Number);
const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; };
const low = [];
for (const e of document.querySelectorAll('body *')) {
  if (e.closest('svg, template, script') || !e.checkVisibility()) continue;
  if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.push([e.outerHTML.slice(0, 90), ratio]);
}
return low;
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser: Browser, theme: str) -> None:
    browser.emulate(theme=theme)
    for page in ("index.html", "models/alpha.html", "tasks/detection.html", "recipes.html", "about.html"):
        browser.open(page)
        assert browser.run(CONTRAST) == [], page


def test_without_storage_the_page_works(browser: Browser) -> None:
    script = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden') }})"
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        browser.open("index.html")
        browser.find("#theme").click()
        assert browser.find("#theme").text == "Theme: light"
        assert "alpha" in browser.names()
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_ten_thousand_models_answer_at_once(browser: Browser, site: Path, tmp_path: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    start, end = text.index('id="data">') + len('id="data">'), text.rindex("</script>")
    first = json.loads(text[start:end])[0]
    rows = [{**first, "name": f"model_{i}", "summary": f"Summary number {i}."} for i in range(10_000)]
    copy = site / "many.html"
    copy.write_text(text[:start] + json.dumps(rows) + text[end:], encoding="utf-8")
    try:
        browser.open("many.html")
        assert len(browser.names()) <= 200
        browser.find("#q").send_keys("number 7777")
        assert len(browser.names()) == 1
        took = browser.run(
            "const began = performance.now(), f = document.getElementById('q'); f.value = '';"
            "f.dispatchEvent(new Event('input')); document.querySelector('[data-sort=name]').click();"
            "document.body.offsetHeight; return performance.now() - began"
        )
        assert browser.names()[0] == "model_9999"
        assert took < 1000, f"{took} ms"
        browser.run("document.getElementById('more').focus()")
        browser.press(Keys.ENTER)
        assert len(browser.names()) >= 200
        assert browser.focused().startswith("model_")  # where the new rows begin
    finally:
        copy.unlink()


def wait(condition: Any) -> None:
    """Wait until `condition` holds, at most five seconds."""
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until, "it did not come to pass in five seconds"
        time.sleep(0.05)
