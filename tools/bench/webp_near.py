"""Near-lossless WebP, by libwebp itself: Pillow has no such option.

libwebp's level of near-losslessness n (100: none, 0: strongest) takes (100 - n) / 20 bits, rounded
up, off values that are no part of flat areas.

Source: libwebp, src/webp/encode.h (WebPConfig, WebPPicture), src/enc/near_lossless_enc.c.
"""

import ctypes
import ctypes.util
from functools import cache

import numpy as np

ENCODER_ABI = 0x020F

Int, Float, Pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p


class Config(ctypes.Structure):
    """WebPConfig."""

    _fields_ = (
        ("lossless", Int),
        ("quality", Float),
        ("method", Int),
        ("image_hint", Int),
        ("target_size", Int),
        ("target_psnr", Float),
        ("unused", Int * 17),  # segments to low_memory
        ("near_lossless", Int),
        ("exact", Int),
        ("later", Int * 16),
    )


class Picture(ctypes.Structure):
    """WebPPicture."""

    _fields_ = (
        ("use_argb", Int),
        ("colorspace", Int),
        ("width", Int),
        ("height", Int),
        ("yuv", Pointer * 3),
        ("yuv_strides", Int * 2),
        ("alpha", Pointer),
        ("alpha_stride", Int),
        ("pad1", Int * 2),
        ("argb", Pointer),
        ("argb_stride", Int),
        ("pad2", Int * 3),
        ("writer", Pointer),
        ("custom", Pointer),
        ("rest", Pointer * 32),
    )


class Written(ctypes.Structure):
    """WebPMemoryWriter."""

    _fields_ = (
        ("data", Pointer),
        ("size", ctypes.c_size_t),
        ("most", ctypes.c_size_t),
        ("pad", ctypes.c_uint32),
    )


@cache
def library() -> ctypes.CDLL:
    """Libwebp of this system. Raises OSError where there is none."""
    name = ctypes.util.find_library("webp")
    if name is None:
        raise OSError("near-lossless WebP needs libwebp (Debian: libwebp7)")
    return ctypes.CDLL(name)


def encode(rgb: np.ndarray, level: int, method: int = 4, quality: float = 75) -> bytes:
    """(H, W, 3) uint8 -> a WebP file, near-lossless by `level` (100: lossless).

    Raises:
        ValueError: libwebp does not take the picture.
    """
    webp, config, picture, written = library(), Config(), Picture(), Written()
    pixels = np.ascontiguousarray(rgb)
    height, width = pixels.shape[:2]
    if not webp.WebPConfigInitInternal(ctypes.byref(config), 0, Float(quality), ENCODER_ABI):
        raise ValueError("libwebp has another interface")
    config.lossless, config.method, config.near_lossless = 1, method, level
    webp.WebPPictureInitInternal(ctypes.byref(picture), ENCODER_ABI)
    picture.use_argb, picture.width, picture.height = 1, width, height
    webp.WebPMemoryWriterInit(ctypes.byref(written))
    try:
        data = pixels.ctypes.data_as(Pointer)
        webp.WebPPictureImportRGB(ctypes.byref(picture), data, 3 * width)
        picture.writer = ctypes.cast(webp.WebPMemoryWrite, Pointer)
        picture.custom = ctypes.addressof(written)
        if not webp.WebPEncode(ctypes.byref(config), ctypes.byref(picture)):
            raise ValueError(f"libwebp does not take a picture of {width}x{height}")
        return ctypes.string_at(written.data, written.size)
    finally:
        webp.WebPPictureFree(ctypes.byref(picture))
        webp.WebPMemoryWriterClear(ctypes.byref(written))
