"""cgx inspect: a page that needs nothing else, as a real browser shows it."""

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile

from pillow_colorgrid import container
from pillow_colorgrid.codings.jpeg import strips
from pillow_colorgrid.codings.jpeg.account import examine
from pillow_colorgrid.codings.jpeg.description import STRIP
from pillow_colorgrid.codings.lossless import predict
from pillow_colorgrid.codings.lossless.model import Model
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.inspection import PICTURES_BYTES, page_of
from pillow_colorgrid.commands.page_pictures import data_uri
from pillow_colorgrid.jpeg import render
from tests.conftest import GOLDEN, noise, photograph

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
    if kind == "jpeg":
        picture.save(path.with_suffix(".jpg"), quality=85)
        picture = Image.open(path.with_suffix(".jpg"))
    if kind == "icon":
        picture = icon()
    if kind == "screen":
        picture = Image.new("RGB", picture.size, "white")
        picture.paste(photograph("coffee", 60, 40), (120, 10))
    if kind == "grid":
        picture.save(path, mode="grid", n=20)
    elif kind == "decolorized":
        # An inner codec chosen by name: the colour is always predicted.
        picture.save(path, mode="decolorized", inner="webp", predict="always")
    else:
        picture.save(path, effort=1)
    return picture


def icon() -> Image.Image:
    """32 x 32 pixels, transparent at the edge, half so below."""
    picture = Image.new("RGBA", (32, 32))
    ImageDraw.Draw(picture).ellipse((2, 2, 29, 29), fill=(240, 150, 40, 255))
    ImageDraw.Draw(picture).rectangle((8, 18, 23, 22), fill=(40, 30, 20, 128))
    return picture


LAYERS = {
    "lossless": (
        "luminance",
        "preview",
        "prediction",
        "residual of luminance",
        "residual of colour",
        "bits per pixel",
    ),
    "transparent": (
        "luminance",
        "preview",
        "prediction",
        "residual of luminance",
        "residual of colour",
        "bits per pixel",
        "alpha",
    ),
    "grey": ("preview", "prediction", "residual of luminance", "bits per pixel"),
    "decolorized": ("luminance", "bottleneck", "prediction", "residual of colour"),
    "palette": ("luminance",),
    "icon": ("luminance", "alpha"),
    "screen": ("luminance",),
    "grid": ("luminance", "stored colours", "without the network", "what the network adds"),
    "jpeg": (
        "luminance",
        "means of blocks",
        "prediction",
        "residual",
        "bits per pixel, by block",
    ),
}
"""All of them, in their order: none is blank, and none is the picture once more."""


def layers_in(page: str) -> dict[str, Image.Image]:
    """The layers of a page by their names."""
    found = {}
    for tag in re.findall(r'<img class="layer[^>]*>', page):
        name = re.search(r'alt="([^"]*)"', tag)[1]  # type: ignore[index]
        data = base64.b64decode(tag.split("base64,")[1].split('"')[0])
        with Image.open(io.BytesIO(data)) as image:
            image.load()
        found[name] = image
    return found


@pytest.mark.parametrize("kind", LAYERS)
def test_page_holds_the_layers_and_nothing_from_elsewhere(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.cgx"
    save(kind, path)
    page = page_of(path)
    layers = layers_in(page)
    if kind == "grid" and "what the network adds" not in layers:
        assert "eighths" not in page  # switched off where it does not help
        layers["what the network adds"] = photograph("coffee", 9, 9)
    assert tuple(layers) == LAYERS[kind]
    assert not [name for name, image in layers.items() if image.getcolors(1)]
    told = re.sub(r"base64,[^\"]*", "", page)
    assert set(re.findall(r"\b[A-Z]{4}\b", told)) <= {"RGBA", "JPEG"}  # no types of sections
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


@pytest.mark.parametrize("picture", [Image.new("RGB", (40, 30), "red"), Image.new("L", (1, 1))])
def test_nothing_to_see(picture: Image.Image, tmp_path: Path) -> None:
    picture.save(tmp_path / "x.cgx")
    page = page_of(tmp_path / "x.cgx")
    assert layers_in(page) == {}
    assert "nothing to see" in page
    assert 'id="slider" type="range" min="0" max="100" step="0.5" value="0" hidden' in page


def test_transparency_is_the_same_on_both_sides(tmp_path: Path) -> None:
    icon().save(tmp_path / "x.cgx")
    layers = layers_in(page_of(tmp_path / "x.cgx"))
    assert layers["luminance"].getchannel("A").tobytes() == icon().getchannel("A").tobytes()


def test_icons_are_sharp_and_photographs_are_not(tmp_path: Path) -> None:
    icon().save(tmp_path / "icon.cgx")
    photograph("coffee", 300, 200).save(tmp_path / "photo.cgx", effort=1)
    small, large = page_of(tmp_path / "icon.cgx"), page_of(tmp_path / "photo.cgx")
    assert '<img id="picture" class="sharp"' in small
    assert '<img id="picture" class=""' in large
    assert 'class="layer sharp" style="width:101.333%;height:100.000%" alt="preview"' in large


@pytest.mark.parametrize("options", [{}, {"origin": "none"}, {"mode": "near", "max_error": 2}])
def test_the_networks_run_once(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For what a page shows of the inside, and the picture beside it, there is one decoding."""
    photograph("coffee", 300, 280).save(tmp_path / "x.cgx", effort=1, **options)
    calls = []
    run = predict.sessions

    def counted(model: Model) -> predict.Run:
        inner = run(model)

        def once(name: str, inputs: np.ndarray) -> Seen:
            calls.append(name)
            return inner(name, inputs)

        return once

    monkeypatch.setattr(predict, "sessions", counted)
    with Image.open(tmp_path / "x.cgx") as image:
        image.load()
    decoding = sorted(calls)
    calls.clear()
    # the layer of the preview decodes that once more
    preview = [name for name in decoding if "coarse" in name]
    page_of(tmp_path / "x.cgx")
    assert decoding
    assert len(decoding) <= len(calls) <= len(decoding) + len(preview)


def test_a_jpeg_file_tells_what_its_parts_took(tmp_path: Path) -> None:
    save("jpeg", tmp_path / "x.cgx")
    page = page_of(tmp_path / "x.cgx")
    for part in ("luminance, detail (AC)", "colour, means of blocks (DC)", "the rest of the JPEG"):
        assert part in page
    assert "jpeg restorable" in page


def test_a_jpeg_file_that_is_kept_as_it_is(tmp_path: Path) -> None:
    file = io.BytesIO()
    photograph("coffee", 64, 48).save(file, "JPEG")
    data = file.getvalue()
    (tmp_path / "x.jpg").write_bytes(data[:-200] + b"\xff\xd9")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        with Image.open(tmp_path / "x.jpg") as broken:
            broken.save(tmp_path / "x.cgx")
        assert "JPEG file as it is" in page_of(tmp_path / "x.cgx")


def test_beside_the_original(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = photograph("coffee", 200, 136)
    picture.save(tmp_path / "o.png")
    picture.save(tmp_path / "grid.cgx", mode="grid")
    picture.save(tmp_path / "exact.cgx", effort=1)
    picture.crop((0, 0, 10, 10)).save(tmp_path / "small.png")
    page = page_of(tmp_path / "grid.cgx", picture)
    assert {"original", "difference from the original"} <= set(layers_in(page))
    errors = re.findall(r"<td>([^<]*)</td><td>PSNR ([\d.]+) dB", page)
    assert errors[0][0] == "this file"
    assert 25 < float(errors[0][1]) < 50
    if len(errors) > 1:
        assert float(errors[0][1]) > float(errors[1][1])  # the network is followed where it helps
    assert "every pixel as in the original" in page_of(tmp_path / "exact.cgx", picture)
    command = ["inspect", str(tmp_path / "grid.cgx"), "-o", str(tmp_path / "r.html"), "--original"]
    assert main([*command, str(tmp_path / "o.png")]) == 0
    assert main([*command, str(tmp_path / "small.png")]) == 1
    assert "the original has 10 x 10 pixels" in capsys.readouterr().err


def test_an_animation_shows_its_frames(tmp_path: Path) -> None:
    still = photograph("coffee", 96, 80)
    frames = [still.copy() for _ in range(30)]
    for number, frame in enumerate(frames[1:], 1):
        ImageDraw.Draw(frame).rectangle((2 * number, 9, 2 * number + 5, 20), fill="yellow")
    frames[7] = frames[6].copy()
    frames[0].save(
        tmp_path / "x.cgx", save_all=True, append_images=frames[1:], duration=40, loop=0, effort=1
    )
    page = page_of(tmp_path / "x.cgx")
    assert "30 frames, 1.20 s, for ever" in page
    assert "1 repeat an earlier one" in page
    assert "frames after the first" in page
    shown = re.findall(r'alt="frame (\d+)"', page)
    assert (len(shown), shown[0], shown[-1]) == (12, "0", "29")
    chart = re.search(r'class="chart"[^>]*>(.*?)</div>', page)[1]  # type: ignore[index]
    assert chart.count("<span") == 30


def test_large_pages_are_small(tmp_path: Path) -> None:
    """1.5 megapixels of noise and photographs: the worst that the pictures on it can be."""
    picture = noise("RGB", (1500, 1000))
    picture.paste(photograph("astronaut"), (100, 100))
    uri = data_uri(picture, PICTURES_BYTES // 7)
    assert 7 * len(uri) < 3e6
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as shown:
        assert shown.width / shown.height == pytest.approx(1.5, abs=0.01)


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


@pytest.mark.parametrize("kind", ["lossless", "icon", "grid", "jpeg", "palette"])
def test_on_a_phone_and_at_night(kind: str, browser, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    save(kind, tmp_path / "x.cgx")
    (tmp_path / "r.html").write_text(page_of(tmp_path / "x.cgx"))
    shape = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        backgrounds = []
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            browser.get((tmp_path / "r.html").as_uri())
            backgrounds.append(
                browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            )
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide == 400  # nothing to scroll sideways
        assert backgrounds[0] != backgrounds[1]
        box = browser.find_element(By.ID, "stage").rect
        y = box["y"] + box["height"] / 2
        for event, part in (("touchStart", 0.5), ("touchMove", 0.4), ("touchMove", 0.25)):
            point = {"x": box["x"] + part * box["width"], "y": y}
            browser.execute_cdp_cmd(
                "Input.dispatchTouchEvent", {"type": event, "touchPoints": [point]}
            )
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        moved = float(browser.find_element(By.ID, "slider").get_attribute("value"))
        assert moved == pytest.approx(25, abs=2)
        assert browser.get_log("browser") == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.cgx")), ids=lambda path: path.stem)
def test_every_golden_file_has_a_page(path: Path) -> None:
    """Of every coding, mode and kind of JPEG file; what the parts take is what the file has."""
    page = page_of(path)
    assert not [name for name, image in layers_in(page).items() if image.getcolors(1)]
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%;background", page)]
    assert sum(widths) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("sampling", [0, 1, 2])
def test_strips_of_a_jpeg_file_are_put_together(
    sampling: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account reads each strip to its end, and the whole costs what the file takes."""
    monkeypatch.setattr(strips, "STRIP_PIXELS", 96 * 32)
    photograph("coffee", 93, 75).save(tmp_path / "x.jpg", quality=90, subsampling=sampling)
    with Image.open(tmp_path / "x.jpg") as jpeg:
        jpeg.save(tmp_path / "x.cgx")
    with (tmp_path / "x.cgx").open("rb") as file:
        header, sections = container.read_header(file), list(container.read_sections(file))
    found = examine(header, sections)
    assert found.strips > 1
    bits = sum(float(part.sum()) for part in (*found.dc_bits, *found.ac_bits))
    taken = sum(len(s.payload) for s in sections if s.type == STRIP.type)
    assert bits / 8 == pytest.approx(taken, rel=0.1)
    expected = render.pixels(found.expected).astype(int)
    with Image.open(tmp_path / "x.cgx") as picture:
        pixels = np.asarray(picture).astype(int)
    assert abs(expected - pixels).mean() < abs(pixels.mean() - pixels).mean() / 2
