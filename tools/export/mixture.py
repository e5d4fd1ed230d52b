"""Name networks of two trainings in one group of tables: for small pictures.

    python -m tools.export.mixture --wide 60 --narrow 44 --id 200

Takes a second. Networks that have few cells to compute, or gain little by their width, are the
narrow ones: on 76 crops of training pictures of 64 to 256 pixels a side this costs 0.1 % of bytes
and saves an eighth (256) to a quarter (64) of the CPU time of decoding.
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np

from pillow_colorgrid.codings.lossless.model import NAMES, TABLES
from pillow_colorgrid.runtime import networks
from tools.export.onnx_files import MODELS, register_group

WIDE = (*(name for name in NAMES if "_fine_" in name), "color_second_cross")
"""The others cost little or nothing as narrow ones: all of `second` and `coarse` 0.2 %, half of it
this one."""


def mixed(wide: int, narrow: int) -> tuple[list[int], np.ndarray]:
    """Ids of networks in the order of NAMES, and the frequencies of the wide ones' tables."""
    found = {}
    for number in (wide, narrow):
        with np.load(BytesIO(networks.file_bytes(networks.index()[number]))) as tables:
            found[number] = dict(zip(NAMES, tables["networks"].tolist(), strict=True))
            if number == wide:
                frequencies = tables["frequencies"]
    return [found[wide if name in WIDE else narrow][name] for name in NAMES], frequencies


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--wide", type=int, required=True, help="id of tables")
    parser.add_argument("--narrow", type=int, required=True, help="id of tables")
    parser.add_argument("--id", type=int, required=True)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of index.json")
    options = parser.parse_args()
    ids, frequencies = mixed(options.wide, options.narrow)
    path = options.models / f"lossless_tables_{options.id}.npz"
    with path.open("xb") as file:  # an id never changes its meaning
        np.savez_compressed(file, networks=np.array(ids, np.uint16), frequencies=frequencies)
    index = networks.index()
    register_group(
        "lossless_tables",
        TABLES,
        path,
        [{"hash": index[number].hash, "date": "2026-11-29"} for number in ids],
        options.id,
        f"of tables {options.wide} and {options.narrow}",
        more=frequencies,
        reach=max(index[number].reach for number in (options.wide, options.narrow)),
    )


if __name__ == "__main__":
    main()
