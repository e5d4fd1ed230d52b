"""How much does the network save, and how much the colour transform? The question of the thesis.

    python -m tools.bench.share --images DIR... [--out tools/results/share.tsv]

For each inner codec three files of the same pixels: the picture itself, its modular YCoCg-R planes
without any network, and the decolorized picture with its bottleneck. Some seconds a picture.
"""

import argparse
import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zstandard
from PIL import Image
from tqdm import tqdm

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.decolorized import coding as decolorized
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.color import ycocg_bytes
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime import networks
from tools.data.images import bpp, pictures

LEVELS = 128


def plain_size(rgb: Bytes, codec: str) -> int:
    """Bytes of the RGB picture itself, without colour transform and network."""
    if codec == "zstd":
        planes = [inner.filter_plane(plane, (0, 1)).tobytes() for plane in rgb.transpose(2, 0, 1)]
        return len(zstandard.ZstdCompressor(level=inner.ZSTD_LEVEL).compress(b"".join(planes)))
    if codec == "webp":
        return len(inner.save_webp(rgb))
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, codec, optimize=True)
    return len(file.getvalue())


def tile_sizes(rgb: Bytes, codec: str) -> Iterator[tuple[int, int]]:
    """For each tile: bytes without a network, and with it (bottleneck included)."""
    no_alpha = np.zeros((*rgb.shape[:2], 0), np.uint8)
    network = networks.index()[decolorized.A_DECODER_ID]
    for tile in tiles(*rgb.shape[:2]):
        planes = ycocg_bytes.forward_modular(rgb[tile.place])
        alpha = no_alpha[tile.place]
        bottleneck = decolorized.find_bottleneck(planes, LEVELS)
        predicted = decolorized.predict_chroma(network, bottleneck, planes[0])
        residual = decolorized.residual(planes, predicted)
        yield (
            len(inner.encode(planes, alpha, codec)),
            len(inner.encode(residual, alpha, codec)) + len(bottleneck.pack()),
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", nargs="+", type=Path, required=True, help="folders")
    parser.add_argument("--codecs", nargs="+", default=list(inner.CODECS), choices=inner.CODECS)
    parser.add_argument("--every", type=int, default=1, help="only each N-th picture")
    parser.add_argument("--out", type=Path, help="TSV file")
    options = parser.parse_args()
    rows = []
    for folder in options.images:
        sums: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for picture in tqdm(pictures(folder)[:: options.every], desc=folder.name, disable=None):
            rgb = np.asarray(picture.open().convert("RGB"))
            pixels = rgb.shape[0] * rgb.shape[1]
            for codec in options.codecs:
                without, with_network = np.sum(list(tile_sizes(rgb, codec)), axis=0)
                sizes = (plain_size(rgb, codec), without, with_network)
                sums[codec].append(tuple(bpp(size, pixels) for size in sizes))
        for codec, values in sums.items():
            plain, without, with_network = np.mean(values, axis=0)
            rows.append(
                {
                    "folder": folder.name,
                    "pictures": len(values),
                    "inner": codec,
                    "rgb_bpp": f"{plain:.4f}",
                    "ycocg_bpp": f"{without:.4f}",
                    "decolorized_bpp": f"{with_network:.4f}",
                    "transform_share": f"{without / plain - 1:+.2%}",
                    "network_share": f"{with_network / without - 1:+.2%}",
                }
            )
            print("\t".join(map(str, rows[-1].values())), flush=True)
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
