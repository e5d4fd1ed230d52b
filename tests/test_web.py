"""docs/web.md, run as printed: Django, FastAPI, nginx in front; hostile files and names."""

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import types
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from pillow_colorgrid.contrib import web
from tests.conftest import ROOT, photograph
from tests.frames.mpo import jpeg, mpo

PAGE = (ROOT / "docs" / "web.md").read_text("utf-8")

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
OLD = "image/webp,*/*;q=0.8"
CURL = "*/*"

Got = tuple[int, dict[str, str], bytes]
Get = Callable[..., Got]
"""A name and headers -> status, headers (names in lower case), body."""


def recipe(heading: str, language: str) -> str:
    (section,) = [s for s in PAGE.split("\n## ") if s.startswith(heading)]
    return section.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good pictures and hostile ones, and one outside it."""
    folder = tmp_path_factory.mktemp("srv") / "pictures"
    folder.mkdir()
    photo = photograph("coffee", 64, 48)
    photo.save(folder.parent / "outside.cgx", effort=1)
    photo.save(folder / "photo.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a secret place"
    photo.save(folder / "photo.cgx", effort=1, exif=exif, icc_profile=PROFILE)
    (folder / "deep").mkdir()
    clear = photo.copy()
    clear.putalpha(Image.radial_gradient("L").resize(photo.size))
    clear.save(folder / "deep" / "clear.cgx", effort=1)
    photo.save(folder / "once.jpg", quality=80)
    with Image.open(folder / "once.jpg") as jpeg:
        jpeg.save(folder / "once.cgx")
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100).save(
        folder / "sixteen.cgx"
    )
    data = (folder / "photo.cgx").read_bytes()
    (folder / "cut.cgx").write_bytes(data[: len(data) // 2])
    flipped = bytearray(data)
    flipped[-100] ^= 1
    (folder / "flipped.cgx").write_bytes(flipped)
    (folder / "other.cgx").write_bytes((folder / "photo.png").read_bytes())
    (folder / "empty.cgx").write_bytes(b"")
    (folder / "bomb.cgx").write_bytes(bomb(data))
    (folder / "folder.cgx").mkdir()
    (folder / "link.cgx").symlink_to(folder.parent / "outside.cgx")
    return folder


def bomb(data: bytes) -> bytes:
    """The same file with a header that says 30,000 x 30,000 pixels, all its checksums right."""
    from pillow_colorgrid import container

    file = io.BytesIO(data)
    header = container.read_header(file)
    sections = list(container.read_sections(file))
    return container.pack(
        container.Header(header.coding, header.mode, (30_000, 30_000), header.checksum), sections
    )


HOSTILE = ("cut.cgx", "flipped.cgx", "other.cgx", "empty.cgx", "bomb.cgx")

ABSENT = (
    "nothing.cgx", "photo.png", "folder.cgx", "../outside.cgx", "link.cgx",
    "deep/../../outside.cgx", "photo.cgx/x.cgx", "\0.cgx", "",
)  # fmt: skip


def shown(got: Got) -> Image.Image:
    with Image.open(io.BytesIO(got[2])) as image:
        image.load()
    return image


# -- the answer, without a framework --------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "image/png"),
        ("", "image/png"),
        (CURL, "image/png"),
        (CHROME, "image/avif"),
        (OLD, "image/webp"),
        ("text/html, IMAGE/WEBP ; Q=0.9, */*;q=0.1", "image/webp"),
        ("image/avif;q=0, image/webp;q=0.5, image/png;q=0.9", "image/png"),
        ("image/webp;q=0.3,image/*;q=0.4", "image/png"),
        ("image/png;q=0, */*", None),
        ("image/x-cgx, */*", "image/x-cgx"),
        ("text/html", None),
        ("image/png;q=nan", None),
        ("image/png;q=1e9", None),
        (";;,,=;q", None),
        ("image/png;q=²", None),
    ],
)
def test_accept(accept: str | None, chosen: str | None) -> None:
    offered = ["image/x-cgx", "image/avif", "image/webp", "image/png"]
    assert web.best_of(offered, accept) == chosen


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(
    name: str, pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = web.answer(pictures, name, CHROME)
    assert found.status == 422
    assert str(pictures.parent).encode() not in found.body
    assert "max-age=60" in found.headers["Cache-Control"]
    assert f"{name} cannot be served" in caplog.text  # the reason is in the log


@pytest.mark.parametrize("name", ABSENT)
def test_nothing_outside_the_folder_nor_of_another_kind(name: str, pictures: Path) -> None:
    assert web.answer(pictures, name).status == 404
    assert web.answer(pictures, str(pictures.parent / "outside.cgx")).status == 404


def test_exact_where_it_says_so(pictures: Path) -> None:
    lossless = {"image/webp": {"lossless": True, "exact": True}, "image/png": {}}
    found = web.answer(pictures, "deep/clear.cgx", CHROME, ways=lossless)
    assert found.headers["Content-Type"] == "image/webp"
    with Image.open(pictures / "deep" / "clear.cgx") as picture:
        assert shown((200, {}, found.body)).tobytes() == picture.tobytes()


def test_upright_with_its_profile_and_without_exif(pictures: Path) -> None:
    for accept in (CHROME, OLD, CURL):
        image = shown((200, {}, web.answer(pictures, "photo.cgx", accept).body))
        assert image.size == (48, 64)
        assert image.info["icc_profile"] == PROFILE
        assert not image.getexif()
    with Image.open(pictures / "photo.cgx") as picture:
        assert ImageOps.exif_transpose(picture).tobytes() == image.tobytes()


@pytest.mark.parametrize("accept", [CHROME, OLD, CURL])
def test_animations_stay_such(accept: str, pictures: Path, tmp_path: Path) -> None:
    frames = [photograph("coffee", 40, 30)]
    frames += [ImageOps.mirror(frames[0]), ImageOps.flip(frames[0])]
    durations = [100, 200, 300]
    frames[0].save(
        tmp_path / "a.cgx", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    body = web.answer(tmp_path, "a.cgx", accept).body
    with Image.open(io.BytesIO(body)) as image:
        assert image.n_frames == 3
        for number, duration in enumerate(durations):
            image.seek(number)
            image.load()
            assert image.info["duration"] == duration
            change = ImageChops.difference(image.convert("RGB"), frames[number])
            assert ImageStat.Stat(change).mean[0] < 12
    assert web.answer(tmp_path, "a.cgx", accept, max_pixels=2 * 40 * 30).status == 422


def test_a_profile_of_a_converted_mode_is_dropped(pictures: Path, tmp_path: Path) -> None:
    cmyk = PROFILE[:16] + b"CMYK" + PROFILE[20:]
    Image.new("CMYK", (8, 8), (9, 99, 9, 9)).save(tmp_path / "a.cgx", icc_profile=cmyk)
    assert "icc_profile" not in shown((200, {}, web.answer(tmp_path, "a.cgx", CURL).body)).info


def test_a_jpeg_file_comes_back_as_it_was(pictures: Path) -> None:
    found = web.answer(pictures, "once.cgx", CHROME)
    assert found.headers["Content-Type"] == "image/jpeg"
    assert found.body == (pictures / "once.jpg").read_bytes()
    small = web.answer(pictures, "once.cgx", CHROME, longest=32)
    assert shown((200, {}, small.body)).size == (32, 24)
    assert small.headers["ETag"] != found.headers["ETag"]


def test_places_stay_here_where_originals_do(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a secret place", 6
    photograph("coffee", 64, 48).save(tmp_path / "a.jpg", exif=exif)
    with Image.open(tmp_path / "a.jpg") as image:
        image.save(tmp_path / "a.cgx")
    assert b"a secret place" in web.answer(tmp_path, "a.cgx", CHROME).body
    for accept in (CHROME, CURL):
        found = web.answer(tmp_path, "a.cgx", accept, originals=False)
        assert found.headers["Content-Type"] != "image/jpeg"
        assert b"a secret place" not in found.body
        assert shown((200, {}, found.body)).size == (48, 64)


@pytest.mark.parametrize("accept", [CURL, CHROME])
def test_of_what_is_no_animation_the_first_is_shown(tmp_path: Path, accept: str) -> None:
    first, second = photograph("coffee", 64, 48), photograph("coffee", 32, 24)
    (tmp_path / "phone.jpg").write_bytes(mpo([jpeg(first), jpeg(second)]))
    with Image.open(tmp_path / "phone.jpg") as image:
        image.save(tmp_path / "phone.cgx", save_all=True)
    first.save(tmp_path / "pages.cgx", save_all=True, append_images=[second])
    for name in ("phone.cgx", "pages.cgx"):
        for longest, size in ((None, (64, 48)), (32, (32, 24))):
            found = web.answer(tmp_path, name, accept, originals=False, longest=longest)
            assert found.status == 200
            image = shown((200, {}, found.body))
            assert (image.size, getattr(image, "n_frames", 1)) == (size, 1)
    whole = web.answer(tmp_path, "phone.cgx", accept)
    assert whole.body == (tmp_path / "phone.jpg").read_bytes()


def test_deep_pictures_are_as_bright_as_meant(pictures: Path) -> None:
    image = shown((200, {}, web.answer(pictures, "sixteen.cgx", CURL).body))
    assert image.getextrema() == (0, 255)


def test_etags_tell_format_and_file_apart(pictures: Path, tmp_path: Path) -> None:
    tags = {web.answer(pictures, "photo.cgx", accept).headers["ETag"] for accept in (CHROME, CURL)}
    shutil.copy(pictures / "photo.cgx", tmp_path)
    photograph("coffee", 40, 40).save(tmp_path / "photo.cgx", effort=1)
    tags.add(web.answer(tmp_path, "photo.cgx", CURL).headers["ETag"])
    assert len(tags) == 3


def test_a_known_picture_is_not_decoded(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = web.answer(pictures, "photo.cgx", CURL).headers["ETag"]
    monkeypatch.setattr(web, "_body", None)
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        found = web.answer(pictures, "photo.cgx", CURL, known)
        assert (found.status, found.body, found.headers["ETag"]) == (304, b"", tag)
        assert found.headers["Vary"] == "Accept"


def test_faults_of_the_disk_are_not_the_clients(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(web, "_body", broken)
    with pytest.raises(OSError, match="Input/output"):
        web.answer(pictures, "photo.cgx", CURL)


# -- the frameworks -------------------------------------------------------------------------------


def check(get: Get, pictures: Path) -> None:
    """What docs/web.md promises, of any server."""
    for accept, kind in ((CHROME, "avif"), (OLD, "webp"), (CURL, "png")):
        status, headers, _ = got = get("photo.cgx", Accept=accept)
        assert (status, headers["content-type"]) == (200, f"image/{kind}")
        assert shown(got).size == (48, 64)
        assert "Accept" in headers["vary"]
        assert "max-age=3600" in headers["cache-control"]
        again = get("photo.cgx", **{"Accept": accept, "If-None-Match": headers["etag"]})
        assert (again[0], again[2]) == (304, b"")
    assert get("deep/clear.cgx", Accept=CURL)[0] == 200
    assert get("once.cgx", Accept=CHROME)[2] == (pictures / "once.jpg").read_bytes()
    raw = get("photo.cgx", Accept="image/x-cgx")
    assert raw[2] == (pictures / "photo.cgx").read_bytes()
    assert [get(name, Accept=CHROME)[0] for name in HOSTILE] == [422] * len(HOSTILE)
    assert get("../outside.cgx")[0] == get("%2e%2e/outside.cgx")[0] == get("x.cgx")[0] == 404
    assert get("photo.cgx", Accept="text/html")[0] == 406


@pytest.fixture
def django(pictures: Path) -> Iterator[Any]:
    """Django with the recipe as its URLs."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(INSTALLED_APPS=[], USE_TZ=True, DATABASES={})
        django.setup()
    from django.test import override_settings

    urls = types.ModuleType("recipe_urls")
    sys.modules["recipe_urls"] = urls
    exec(compile(recipe("Django", "python"), "docs/web.md", "exec"), urls.__dict__)
    with override_settings(
        ROOT_URLCONF="recipe_urls", MEDIA_ROOT=str(pictures), ALLOWED_HOSTS=["*"]
    ):
        yield django
    del sys.modules["recipe_urls"]


@pytest.mark.usefixtures("django")
def test_django(pictures: Path) -> None:
    from django.test import Client

    client = Client()

    def get(name: str, **headers: str) -> Got:
        response = client.get(f"/pictures/{name}", headers=headers)
        told = {key.lower(): value for key, value in response.headers.items()}
        return response.status_code, told, response.content

    check(get, pictures)
    assert client.head("/pictures/photo.cgx").content == b""
    assert client.post("/pictures/photo.cgx").status_code == 405


def test_fastapi(pictures: Path) -> None:
    from fastapi.testclient import TestClient

    module = types.ModuleType("recipe_app")
    code = recipe("FastAPI", "python").replace('"/srv/pictures"', repr(str(pictures)))
    assert str(pictures) in code
    exec(compile(code, "docs/web.md", "exec"), module.__dict__)
    with TestClient(module.app) as client:

        def get(name: str, **headers: str) -> Got:
            response = client.get(f"/pictures/{name}", headers=headers)
            return response.status_code, dict(response.headers), response.content

        check(get, pictures)
        assert client.head("/pictures/photo.cgx").content == b""
        assert client.post("/pictures/photo.cgx").status_code == 405


# -- nginx ----------------------------------------------------------------------------------------

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{recipe}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nginx_configuration(folder: Path, port: int, upstream: int) -> str:
    """The recipe inside of what a distribution's nginx.conf has around it."""
    text = recipe("nginx", "nginx")
    for printed, here in (
        ("/var/cache/nginx/pictures", f"{folder}/cache"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{upstream}"),
    ):
        assert text.count(printed) == 1
        text = text.replace(printed, here)
    return NGINX.format(folder=folder, recipe=text)


def test_nginx_recipe_is_complete() -> None:
    """Where there is no nginx, too: braces, and what the cache must not lack."""
    text = recipe("nginx", "nginx")
    assert text.count("{") == text.count("}")
    for line in text.splitlines():
        assert not line.strip() or re.search(r"([;{}]|^\s*#.*)$", line), line
    for directive in ("proxy_cache_key", "proxy_set_header Accept", "proxy_ignore_headers Vary"):
        assert len(re.findall(rf"^ +{directive}\b", text, re.MULTILINE)) == 1
    assert "$picture_accept" in re.search(r"proxy_cache_key (.*);", text)[1]  # type: ignore[index]
    mapped = re.findall(r'"~(image/[a-z-]+)"\s+"([^"]+)"', text)
    for kind, accept in mapped:
        assert web.best_of(["image/x-cgx", *web.WAYS], accept) == kind


class Quiet(WSGIRequestHandler):
    """Without a line for each request, and counting those that were decoded."""

    asked: list[str] = []  # noqa: RUF012  one server at a time

    def log_message(self, *_: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def served(django: Any, pictures: Path) -> Iterator[int]:
    """The port at which the Django recipe is served."""
    from django.core.handlers.wsgi import WSGIHandler

    Quiet.asked.clear()
    with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def nginx(served: int, tmp_path: Path) -> Iterator[Get]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no nginx here")
    tmp_path.chmod(0o755)
    port = free_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(nginx_configuration(tmp_path, port, served))
    command = [program, "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", configuration]
    if os.geteuid() == 0:
        command += ["-g", "user root;"]  # its workers read what only root may
    subprocess.run([*command, "-t"], check=True, capture_output=True, text=True)
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def get(name: str, **headers: str) -> Got:
        url = f"http://127.0.0.1:{port}/pictures/{name}"
        request = urllib.request.Request(url, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, told, body = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, told, body = error.code, error.headers, error.read()
        return status, {key.lower(): value for key, value in told.items()}, body

    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                get("nothing.cgx")
                break
            except OSError:
                time.sleep(0.05)
        yield get
    finally:
        running.terminate()
        running.wait(30)


def test_nginx_decodes_once_for_all_browsers_of_a_kind(nginx: Get, pictures: Path) -> None:
    first = nginx("photo.cgx", Accept=CHROME)
    assert (first[0], first[1]["x-cache"], first[1]["content-type"]) == (200, "MISS", "image/avif")
    other = nginx("photo.cgx", Accept="image/avif,image/webp,*/*;q=0.5")
    assert (other[1]["x-cache"], other[2]) == ("HIT", first[2])
    assert "Accept" in other[1]["vary"]
    assert other[1]["etag"] == first[1]["etag"]
    png = nginx("photo.cgx", Accept=CURL)
    assert (png[1]["x-cache"], png[1]["content-type"]) == ("MISS", "image/png")
    assert nginx("photo.cgx", Accept="image/png")[1]["x-cache"] == "HIT"
    known = {"Accept": CHROME, "If-None-Match": first[1]["etag"]}
    assert nginx("photo.cgx", **known)[0] == 304
    assert Quiet.asked.count("/pictures/photo.cgx") == 2
    assert nginx("once.cgx", Accept=CHROME)[2] == (pictures / "once.jpg").read_bytes()
    for _ in range(3):
        assert nginx("flipped.cgx", Accept=CHROME)[0] == 422
    assert Quiet.asked.count("/pictures/flipped.cgx") == 1
    assert nginx("../outside.cgx")[0] in (400, 404)
