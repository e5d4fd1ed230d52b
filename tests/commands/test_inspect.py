"""cgx inspect: a page that needs nothing else, as a real browser shows it."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.inspection import page_of
from tests.conftest import noise, photograph

BROWSER_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,1400",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    webdriver = pytest.importorskip("selenium.webdriver")
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        pytest.skip("no chromium and chromedriver here")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in BROWSER_OPTIONS:
        options.add_argument(option)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    opened = webdriver.Chrome(options=options, service=service)
    yield opened
    opened.quit()
    service.stop()


def save(kind: str, path: Path) -> Image.Image:
    """A file of each coding."""
    picture = photograph("coffee", 200, 136)
    if kind == "grey":
        picture = picture.convert("L")
    if kind == "palette":
        picture = picture.quantize(16)
    if kind == "transparent":
        picture.putalpha(noise("L", picture.size))
    if kind == "decolorized":
        # An inner codec chosen by name: the colour is always predicted.
        picture.save(path, mode="decolorized", inner="webp", predict="always")
    else:
        picture.save(path, effort=1)
    return picture


LAYERS = {
    "lossless": ("luminance", "preview", "prediction", "residual of colour", "bits per pixel"),
    "transparent": ("prediction", "bits per pixel"),
    "grey": ("luminance", "prediction", "residual of luminance", "bits per pixel"),
    "decolorized": ("luminance", "bottleneck", "prediction", "bits per pixel, by tile"),
    "palette": ("luminance", "bits per pixel, by tile"),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_page_holds_the_layers_and_nothing_from_elsewhere(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.cgx"
    save(kind, path)
    page = page_of(path)
    for name in LAYERS[kind]:
        assert f'alt="{name}"' in page
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(source.startswith("data:") for source in sources)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)


def test_parts_add_up_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.cgx"
    save("transparent", path)
    page = page_of(path)
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%;background", page)]
    assert sum(widths) == pytest.approx(100, abs=0.1)
    for name in ("luminance", "Co", "Cg", "alpha", "file structure"):
        assert f"</i>{name}</td>" in page


def test_file_names_are_not_taken_for_html(tmp_path: Path) -> None:
    path = tmp_path / "<b>x&y.cgx"
    save("grey", path)
    assert "<h1>&lt;b&gt;x&amp;y.cgx</h1>" in page_of(path)


def test_what_cannot_be_inspected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "r.html"
    (tmp_path / "x.cgx").write_bytes(b"no picture")
    assert main(["inspect", str(tmp_path / "x.cgx"), "-o", str(target)]) == 1
    assert main(["inspect", str(tmp_path / "missing.cgx"), "-o", str(target)]) == 1
    said = capsys.readouterr().err
    assert "not a CGX file" in said
    assert "No such file" in said
    assert not target.exists()


def test_a_browser_shows_it_and_the_slider_moves(browser, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    save("lossless", tmp_path / "x.cgx")
    page = tmp_path / "report.html"
    assert main(["inspect", str(tmp_path / "x.cgx"), "-o", str(page)]) == 0
    browser.get(page.as_uri())
    assert browser.get_log("browser") == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
        and message["params"]["documentURL"] == page.as_uri()
    ]
    assert page.as_uri() in urls
    assert [url for url in urls if not url.startswith(("file:", "data:"))] == []
    assert browser.execute_script(
        "return [...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )

    stage = browser.find_element(By.ID, "stage")
    slider = browser.find_element(By.ID, "slider")

    def shown() -> np.ndarray:
        with Image.open(io.BytesIO(stage.screenshot_as_png)) as image:
            return np.asarray(image.convert("RGB")).astype(int)

    def colourful(pixels: np.ndarray) -> np.ndarray:
        return (pixels.max(axis=2) - pixels.min(axis=2)).mean(axis=0)

    middle = shown()
    width = middle.shape[1]
    left, right = slice(5, width // 2 - 5), slice(width // 2 + 5, width - 5)
    assert colourful(middle)[left].mean() < 2  # luminance on the left
    assert colourful(middle)[right].mean() > 20  # the picture on the right
    slider.send_keys(Keys.HOME)
    assert colourful(shown())[left].mean() > 20
    slider.send_keys(Keys.END)
    assert colourful(shown())[right].mean() < 2

    before = shown()
    for choice in browser.find_elements(By.NAME, "layer")[1:]:
        choice.click()
        after = shown()
        assert (before != after).any()
        before = after
    assert "bits and more" in browser.find_element(By.ID, "caption").text
    parts = browser.find_elements(By.CSS_SELECTOR, "#bar span")
    total = browser.find_element(By.ID, "bar").size["width"]
    assert sum(part.size["width"] for part in parts) == pytest.approx(total, abs=len(parts))
    assert browser.get_log("browser") == []
    assert browser.save_screenshot(str(tmp_path / "screen.png"))
    assert (tmp_path / "screen.png").stat().st_size > 20_000
