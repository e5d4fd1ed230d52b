"""The libraries people have, each run for real: docs/pipelines.md has the same lines."""

import io
import mimetypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid import CgxImageFile
from pillow_colorgrid.contrib import file_types
from tests.conftest import ROOT, photograph

SIGNATURE = b"\x89CGX\r\n\x1a\n"


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.asarray(photograph("coffee", 96, 80))


@pytest.fixture
def cgx(tmp_path: Path, pixels: np.ndarray) -> Path:
    path = tmp_path / "photograph.cgx"
    Image.fromarray(pixels).save(path, effort=1)
    return path


def assert_is_cgx(path: Path, pixels: np.ndarray) -> None:
    assert path.read_bytes().startswith(SIGNATURE)
    with Image.open(path) as picture:
        assert isinstance(picture, CgxImageFile)
        assert (np.asarray(picture) == pixels).all()


# -- arrays ---------------------------------------------------------------------------------------


def test_imageio_v2(tmp_path: Path, cgx: Path, pixels: np.ndarray) -> None:
    import imageio.v2 as imageio

    assert (np.asarray(imageio.imread(cgx)) == pixels).all()
    imageio.imwrite(tmp_path / "new.cgx", pixels, coding="decolorized")
    assert_is_cgx(tmp_path / "new.cgx", pixels)


def test_imageio_v3(tmp_path: Path, cgx: Path, pixels: np.ndarray) -> None:
    import imageio.v3 as imageio

    assert (imageio.imread(cgx) == pixels).all()
    assert imageio.improps(cgx).shape == pixels.shape
    assert imageio.immeta(cgx)["mode"] == "RGB"
    imageio.imwrite(tmp_path / "new.cgx", pixels, coding="lossless", effort=1)
    assert_is_cgx(tmp_path / "new.cgx", pixels)
    deep = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    imageio.imwrite(tmp_path / "deep.cgx", deep)
    found = imageio.imread(tmp_path / "deep.cgx")
    assert found.dtype == np.uint16
    assert (found == deep).all()


def test_scikit_image(tmp_path: Path, cgx: Path, pixels: np.ndarray) -> None:
    import skimage.io

    assert (skimage.io.imread(cgx) == pixels).all()
    skimage.io.imsave(tmp_path / "new.cgx", pixels)
    assert_is_cgx(tmp_path / "new.cgx", pixels)


def test_matplotlib(tmp_path: Path, cgx: Path, pixels: np.ndarray) -> None:
    import matplotlib.image

    assert (matplotlib.image.imread(cgx) == pixels).all()
    matplotlib.image.imsave(tmp_path / "new.cgx", pixels)
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    assert_is_cgx(tmp_path / "new.cgx", np.concatenate([pixels, opaque], axis=2))


def test_without_the_import_another_format_is_written(tmp_path: Path) -> None:
    """The trap that the README names: who writes must import pillow_colorgrid first."""
    path = tmp_path / "trap.cgx"
    script = f"""
import imageio.v3, numpy
try:
    imageio.v3.imwrite({str(path)!r}, numpy.zeros((4, 4), "uint8"))
except Exception:
    pass
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)
    assert not path.exists() or not path.read_bytes().startswith(SIGNATURE)


# -- Django ---------------------------------------------------------------------------------------


@pytest.fixture
def django(tmp_path: Path) -> Any:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(INSTALLED_APPS=[], USE_TZ=True, DATABASES={})
        django.setup()
    from django.test import override_settings

    with override_settings(MEDIA_ROOT=str(tmp_path)):
        yield django


@pytest.mark.usefixtures("django")
def test_django_form_takes_an_upload(cgx: Path) -> None:
    from django import forms
    from django.core.files.uploadedfile import SimpleUploadedFile

    class Upload(forms.Form):
        picture = forms.ImageField()

    upload = SimpleUploadedFile("photograph.cgx", cgx.read_bytes())
    form = Upload(files={"picture": upload})
    assert form.is_valid(), form.errors
    cleaned = form.cleaned_data["picture"]
    assert cleaned.image.format == "CGX"
    assert cleaned.image.size == (96, 80)
    assert cleaned.content_type == "image/x-cgx"
    damaged = cgx.read_bytes()[:-50]
    form = Upload(files={"picture": SimpleUploadedFile("photograph.cgx", damaged)})
    assert not form.is_valid()
    assert "corrupted" in str(form.errors)


@pytest.mark.usefixtures("django")
def test_django_dimensions(cgx: Path) -> None:
    from django.core.files.images import ImageFile, get_image_dimensions

    assert get_image_dimensions(cgx) == (96, 80)
    with cgx.open("rb") as file:
        image = ImageFile(file)
        assert (image.width, image.height) == (96, 80)


@pytest.mark.usefixtures("django")
def test_django_model_field_fills_its_dimension_fields(cgx: Path, tmp_path: Path) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import models

    class Photograph(models.Model):
        width = models.IntegerField(default=0)
        height = models.IntegerField(default=0)
        file = models.ImageField(upload_to="p", width_field="width", height_field="height")

        class Meta:
            app_label = "test_pipelines"

    row = Photograph(file=SimpleUploadedFile("a.cgx", cgx.read_bytes()))
    assert (row.width, row.height) == (96, 80)
    row.file.save("a.cgx", row.file, save=False)
    assert (tmp_path / "p" / "a.cgx").read_bytes() == cgx.read_bytes()
    row.file.close()


@pytest.mark.usefixtures("django")
def test_willow(cgx: Path, tmp_path: Path, pixels: np.ndarray) -> None:
    # With Django installed, Willow asks it for its settings: hence the fixture.
    import willow

    from pillow_colorgrid.contrib import willow as for_willow

    for_willow.register()
    for_willow.register()
    with cgx.open("rb") as file:
        picture = willow.Image.open(file)
        assert picture.format_name == "cgx"
        assert picture.mime_type == "image/x-cgx"
        assert picture.get_size() == (96, 80)
        cropped = picture.crop((10, 10, 40, 30))
        with (tmp_path / "new.cgx").open("wb") as out:
            saved = cropped.save_as_cgx(out)
        assert saved.format_name == "cgx"
        with (tmp_path / "new.png").open("wb") as out:
            picture.save("png", out)
    assert_is_cgx(tmp_path / "new.cgx", pixels[10:30, 10:40])
    with Image.open(tmp_path / "new.png") as png:
        assert (np.asarray(png) == pixels).all()


# -- training -------------------------------------------------------------------------------------


def load_rgb(path: str) -> Image.Image:
    """The loader of docs/pipelines.md; torchvision's own does the same."""
    with Path(path).open("rb") as file:
        return Image.open(file).convert("RGB")


class DatasetFolder:
    """torchvision.datasets.DatasetFolder in few lines: same arguments, same items."""

    def __init__(self, root: str, loader: Any, extensions: tuple[str, ...]) -> None:
        self.loader = loader
        classes = sorted(entry.name for entry in Path(root).iterdir())
        self.samples = [
            (str(path), classes.index(name))
            for name in classes
            for path in sorted((Path(root) / name).rglob("*"))
            if path.name.lower().endswith(extensions)
        ]

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        path, target = self.samples[index]
        return np.array(self.loader(path)), target

    def __len__(self) -> int:
        return len(self.samples)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on, of any fork
def test_dataset_folder_in_worker_processes(tmp_path: Path, pixels: np.ndarray) -> None:
    from torch.utils.data import DataLoader

    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.cgx", effort=1)
    dataset = DatasetFolder(str(tmp_path), loader=load_rgb, extensions=(".cgx",))
    assert len(dataset) == 6
    _ = dataset[0]  # networks are used before the workers are forked
    loader = DataLoader(dataset, batch_size=2, num_workers=2)  # type: ignore[arg-type]
    batches = [(images.numpy(), targets.tolist()) for images, targets in loader]
    assert [target for _, targets in batches for target in targets] == [0, 0, 0, 1, 1, 1]
    assert all((image == pixels).all() for images, _ in batches for image in images)


def test_hugging_face_datasets(cgx: Path, pixels: np.ndarray) -> None:
    import datasets

    features = datasets.Features({"image": datasets.Image()})
    files = datasets.Dataset.from_dict({"image": [str(cgx)]}, features=features)
    found = files[0]["image"]
    assert isinstance(found, Image.Image)
    assert (np.asarray(found) == pixels).all()
    with Image.open(cgx) as picture:
        # Saved again in its own format, with its default options: they must be lossless.
        again = datasets.Dataset.from_dict({"image": [picture]}, features=features)
    stored = again.cast_column("image", datasets.Image(decode=False))[0]["image"]
    assert stored["path"] is None or stored["path"] == str(cgx)
    if stored["bytes"] is not None:
        assert stored["bytes"].startswith(SIGNATURE)
    assert (np.asarray(again[0]["image"]) == pixels).all()


def test_hugging_face_datasets_of_pictures_in_memory(cgx: Path, pixels: np.ndarray) -> None:
    import datasets

    with Image.open(io.BytesIO(cgx.read_bytes())) as picture:
        features = datasets.Features({"image": datasets.Image()})
        table = datasets.Dataset.from_dict({"image": [picture]}, features=features)
    stored = table.cast_column("image", datasets.Image(decode=False))[0]["image"]
    assert stored["bytes"].startswith(SIGNATURE)
    assert (np.asarray(table[0]["image"]) == pixels).all()


# -- the page -------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "pipelines.md"

RUNNABLE = ("imageio", "scikit-image", "matplotlib", "Hugging Face datasets", "Names", "fsspec")


@pytest.mark.parametrize("heading", RUNNABLE)
def test_recipe_runs_as_printed(
    heading: str, cgx: Path, monkeypatch: pytest.MonkeyPatch, pixels: np.ndarray
) -> None:
    monkeypatch.chdir(cgx.parent)
    cgx.rename("photo.cgx")
    (section,) = [s for s in PAGE.read_text("utf-8").split("\n## ") if s.startswith(heading)]
    recipe = section.split("```python\n")[1].split("```")[0]
    names = {"picture": Image.fromarray(pixels)}
    try:
        exec(compile(recipe, str(PAGE), "exec"), names)
    finally:
        mimetypes.init()
    if "array" in names:
        assert_is_cgx(Path("photo.cgx"), np.asarray(names["array"]))
        assert Path("copy.cgx").read_bytes().startswith(SIGNATURE)


# -- files ----------------------------------------------------------------------------------------


def test_fsspec_memory_file_system(pixels: np.ndarray) -> None:
    import fsspec

    with fsspec.open("memory://pictures/a.cgx", "wb") as file:
        Image.fromarray(pixels).save(file, "CGX", effort=1)
    with fsspec.open("memory://pictures/a.cgx", "rb") as file, Image.open(file) as picture:
        assert picture.size == (96, 80)
        assert (np.asarray(picture) == pixels).all()


def test_mimetypes_after_opting_in(cgx: Path) -> None:
    mimetypes.init()
    assert mimetypes.guess_type(cgx.name) == (None, None)
    try:
        file_types.register_mimetypes()
        assert mimetypes.guess_type(cgx.name) == ("image/x-cgx", None)
        assert mimetypes.guess_extension("image/x-cgx") == ".cgx"
    finally:
        mimetypes.init()


def test_filetype_after_opting_in(cgx: Path) -> None:
    script = f"""
import filetype
assert filetype.guess({str(cgx)!r}) is None
from pillow_colorgrid.contrib import file_types
file_types.register_filetype()
before = len(filetype.types)
file_types.register_filetype()
assert len(filetype.types) == before
found = filetype.guess({str(cgx)!r})
assert (found.mime, found.extension) == ("image/x-cgx", "cgx")
assert filetype.guess(b"\\x89PNG\\r\\n\\x1a\\n").extension == "png"
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
