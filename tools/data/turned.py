"""Pictures turned into other modes, to measure these: pages of one bit, and CMYK.

    python -m tools.data.turned bits FOLDER --out FOLDER
    python -m tools.data.turned cmyk FOLDER --profile CMYK.icc --out FOLDER [--every N]

Pages of one bit are by turns what is darker than its half, and dithered, as faxes and scanners make
them. CMYK is what ImageCms makes of sRGB by an ICC profile of a press, at its default intent; the
table in `tools/results` was made with "Artifex CMYK SWOP Profile" (`default_cmyk.icc` of
Ghostscript, in Debian's package libgs-common; AGPL, not part of this repository). TIFF files.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms

from tools.data.images import pictures

Named = Iterator[tuple[str, Image.Image]]


def bits(folder: Path) -> Named:
    """Each page in mode 1: the first cut at its half, the second dithered, and so on."""
    for number, picture in enumerate(pictures(folder)):
        dither = (Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG)[number % 2]
        yield picture.path.stem, picture.open().convert("L").convert("1", dither=dither)


def cmyk(folder: Path, profile: Path, every: int) -> Named:
    """The first of each `every` pictures in mode CMYK, by the ICC profile of that file."""
    turn = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), str(profile), "RGB", "CMYK")
    for picture in pictures(folder)[::every]:
        turned = ImageCms.applyTransform(picture.open().convert("RGB"), turn)
        if turned is not None:
            yield picture.path.stem, turned


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("mode", choices=("bits", "cmyk"))
    parser.add_argument("folder", type=Path, help="of pictures")
    parser.add_argument("--profile", type=Path, help="the ICC profile of CMYK")
    parser.add_argument("--every", type=int, default=1, help="take one of so many pictures")
    parser.add_argument("--out", type=Path, required=True, help="the folder for what they become")
    arguments = parser.parse_args()
    if arguments.mode == "cmyk" and arguments.profile is None:
        parser.error("cmyk needs --profile")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.mode == "bits":
        found = bits(arguments.folder)
    else:
        found = cmyk(arguments.folder, arguments.profile, arguments.every)
    for name, image in found:
        image.info.clear()
        image.save(arguments.out / f"{name}.tif", compression="tiff_adobe_deflate")


if __name__ == "__main__":
    main()
