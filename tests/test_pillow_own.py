"""Pillow's own tests, with this format in place of another, and with the plugin looking on."""

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from tests import pillow_source
from tests.format.corpus import corpus
from tests.format.test_fuzz import mutate

PICTURES = ("hopper.ppm", "hopper.jpg", "hopper.tif", "flower.jpg", "flower2.jpg", "flower.webp")
PICTURES += ("flower2.webp", "p_trns_single.png", "test-card.png", "itxt_chunks.png", "pil123p.png")


@pytest.fixture(scope="module")
def tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pillow's helpers; its pictures as they are, and each as .cgx too."""
    folder = pillow_source.suite_beside(tmp_path_factory.mktemp("pillow"))
    original = pillow_source.source() / "Tests" / "images"
    for name in PICTURES:
        shutil.copy(original / name, folder / "images" / name)
        with Image.open(original / name) as picture:
            picture.save(folder / "images" / Path(name).with_suffix(".cgx"), effort=1)
    with Image.open(original / "hopper.webp") as picture:
        picture.save(folder / "images" / "hopper.cgx", effort=1)
    return folder


def swap(tests: Path, name: str, changes: Mapping[str, str]) -> str:
    """Take one of Pillow's test files, with other words; each of them must have been there."""
    text = (pillow_source.source() / "Tests" / name).read_text("utf-8")
    for old, new in changes.items():
        assert old in text, f"Pillow's {name} has changed: it does not say {old!r}"
        text = text.replace(old, new)
    (tests / name).write_text(text, "utf-8")
    return f"Tests/{name}"


def assert_all_pass(outcomes: Mapping[str, str], at_least: int) -> None:
    assert set(outcomes.values()) == {"passed"}, outcomes
    assert len(outcomes) >= at_least


def test_webp_lossless_with_the_format_swapped(tests: Path) -> None:
    path = swap(
        tests,
        "test_file_webp_lossless.py",
        {
            'pytest.importorskip("PIL._webp", reason="WebP support not installed")': "",
            "temp.webp": "temp.cgx",
            '"WEBP"': '"CGX"',
        },
    )
    assert_all_pass(pillow_source.run(tests.parent, [path], with_plugin=True), 1)


def test_webp_metadata_with_the_format_swapped(tests: Path) -> None:
    path = swap(
        tests,
        "test_file_webp_metadata.py",
        {
            "from PIL import Image, WebPImagePlugin": (
                "from PIL import Image\nfrom pillow_colorgrid import CgxImageFile"
            ),
            'pytestmark = skip_unless_feature("webp")': "",
            "WebPImagePlugin.WebPImageFile": "CgxImageFile",
            "flower.webp": "flower.cgx",
            "flower2.webp": "flower2.cgx",
            '"WEBP"': '"CGX"',
            # WebP leaves out the prefix "Exif\0\0"; this format keeps all bytes.
            "expected_exif[6:]": "expected_exif",
            # WebP drops what is not asked for; this format keeps it unless told otherwise.
            'assert "exif" in image.info\n\n        image.save(test_buffer, "webp")': (
                'assert "exif" in image.info\n\n        image.save(test_buffer, "cgx", exif=None)'
            ),
            'image.save(test_buffer, "webp", exif': 'image.save(test_buffer, "cgx", exif',
            'image.save(test_buffer, "webp", icc': 'image.save(test_buffer, "cgx", icc',
        },
    )
    keep = ["-k", "not animated"]
    assert_all_pass(pillow_source.run(tests.parent, [path, *keep], with_plugin=True), 7)


def test_pickle_with_the_format_swapped(tests: Path) -> None:
    path = swap(
        tests,
        "test_pickle.py",
        {
            '"Tests/images/hopper.jpg"': '"Tests/images/hopper.cgx"',
            '"Tests/images/hopper.webp"': '"Tests/images/flower2.cgx"',
            '"Tests/images/hopper.tif"': '"Tests/images/flower.cgx"',
            '"Tests/images/test-card.png"': '"Tests/images/test-card.cgx"',
            '"Tests/images/p_trns_single.png"': '"Tests/images/p_trns_single.cgx"',
            '"Tests/images/pil123p.png"': '"Tests/images/pil123p.cgx"',
            '"Tests/images/itxt_chunks.png"': '"Tests/images/itxt_chunks.cgx"',
        },
    )
    keep = ["-k", "(image or tell or palette) and not eps and not font"]
    assert_all_pass(pillow_source.run(tests.parent, [path, *keep], with_plugin=True), 50)


def test_parser_and_bomb_with_the_format_swapped(tests: Path) -> None:
    parser = swap(
        tests,
        "test_imagefile.py",
        {
            'assert_image_equal(*roundtrip("BMP"))': 'assert_image_equal(*roundtrip("CGX"))',
            "hopper.webp": "flower.cgx",
            "assert (128, 128) == p.image.size": "assert p.image.size in ((128, 128), (480, 360))",
            'tostring(im1, "PNG")': 'tostring(im1, "CGX")',
        },
    )
    bomb = swap(tests, "test_decompression_bomb.py", {"hopper.ppm": "hopper.cgx"})
    keep = ["-k", "test_parser or incremental or safeblock or small_file or no_limit or warning"]
    keep[1] += " or (TestDecompressionBomb and test_exception and not exception_)"
    arguments = [parser, bomb, "-W", "ignore::DeprecationWarning", *keep]
    assert_all_pass(pillow_source.run(tests.parent, arguments, with_plugin=True), 8)


def test_oss_fuzz_harness_finds_allowed_exceptions_only(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tests = pillow_source.suite_beside(tmp_path_factory.mktemp("oss-fuzz"))
    shutil.copytree(pillow_source.source() / "Tests" / "oss-fuzz", tests / "oss-fuzz")
    for name, (data, _) in corpus().items():
        (tests / "images" / f"{name}.cgx").write_bytes(data)
        for number in range(8):
            mutated = mutate(data, random.Random(f"oss-fuzz {name} {number}"))
            (tests / "images" / f"{name}_{number}.cgx").write_bytes(mutated)
    arguments = ["Tests/oss-fuzz/test_fuzzers.py", "-k", "images"]
    assert_all_pass(pillow_source.run(tests.parent, arguments, with_plugin=True), 180)


SELECTION = ("test_image.py", "test_imagefile.py", "test_file_png.py", "test_features.py")


def test_selection_of_pillows_suite_does_not_notice_the_plugin() -> None:
    arguments = [f"Tests/{name}" for name in SELECTION]
    without = pillow_source.run(pillow_source.source(), arguments, with_plugin=False)
    with_plugin = pillow_source.run(pillow_source.source(), arguments, with_plugin=True)
    assert differences(without, with_plugin) == {}
    assert len(without) > 300


@pytest.mark.pillow_suite
def test_the_whole_of_pillows_suite_does_not_notice_the_plugin() -> None:
    """Several minutes: ``make test-pillow``."""
    folder, minutes = pillow_source.source(), 40 * 60
    without = pillow_source.run(folder, ["Tests"], with_plugin=False, timeout_s=minutes)
    with_plugin = pillow_source.run(folder, ["Tests"], with_plugin=True, timeout_s=minutes)
    assert differences(without, with_plugin) == {}
    assert len(without) > 3000


CANNOT_PASS = {
    # It demands that each registered extension is of a plugin in Pillow's own table.
    "Tests.test_image.TestImage::test_registered_extensions_uninitialized": ("passed", "failure"),
}
"""Fails with any plugin that is not part of Pillow."""


def differences(
    without: Mapping[str, str], with_plugin: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    names = without.keys() | with_plugin.keys()
    return {
        name: (without.get(name), with_plugin.get(name))
        for name in sorted(names)
        if without.get(name) != with_plugin.get(name)
        and (without.get(name), with_plugin.get(name)) != CANNOT_PASS.get(name)
    }
