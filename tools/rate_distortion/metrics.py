"""How far is a decoded picture from the original? Figures of well-kept libraries, settings stated.

Two pictures are compared as 8-bit sRGB. What is published and by whom:

- RGB PSNR: scikit-image, one mean squared error over the three channels, peak 255.
- Colour PSNR: the same over Cb and Cr of BT.601 (`chroma`), both planes together, peak 255.
- CIEDE2000: scikit-image, kL = kC = kH = 1, over CIELAB (D65, 2 degrees); the mean over the pixels
  and the value that 95 % of them stay under. About 2.3 is just noticeable, below 1 is not seen.
- SSIM: scikit-image, mean over the three channels, with the weights of its paper.

CSIM, the colour-tone similarity that the Crayon paper reports (Kikuchi et al., ICIP 2013,
doi 10.1109/ICIP.2013.6738081), is not here: its formula is in none of the texts that we have, and
no kept library offers it. A figure of another formula would not be comparable.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Rgb = npt.NDArray[np.uint8]

PEAK = 255

SSIM_SIDE = 11
"""A Gaussian of sigma 1.5, cut off at 3.5 sigma: the 11 x 11 window of the SSIM paper."""

PERCENTILE = 95


@dataclass(frozen=True)
class Distortion:
    """What `compare` finds.

    Attributes:
        rgb_psnr_db: infinite where every pixel is the same; so is `chroma_psnr_db`.
        chroma_psnr_db: of Cb and Cr.
        ciede2000_mean: over the pixels.
        ciede2000_p95: the 95th percentile.
        ssim: 1 where every pixel is the same; not a number where a side is below SSIM_SIDE.
    """

    rgb_psnr_db: float
    chroma_psnr_db: float
    ciede2000_mean: float
    ciede2000_p95: float
    ssim: float


NAMES = tuple(field.name for field in fields(Distortion))

SMALLER_IS_BETTER = ("ciede2000_mean", "ciede2000_p95")


def compare(original: Rgb, decoded: Rgb) -> Distortion:
    """All figures of two pictures, each (H, W, 3) uint8.

    Raises:
        ValueError: if either is something else, or their sizes differ.
    """
    for rgb in (original, decoded):
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
            raise ValueError(f"{rgb.dtype} of shape {rgb.shape}, allowed: uint8, (H, W, 3)")
    if original.shape != decoded.shape:
        raise ValueError(f"sizes differ: {original.shape[1::-1]} and {decoded.shape[1::-1]}")
    difference = ciede2000(original, decoded)
    return Distortion(
        rgb_psnr_db=psnr_db(original, decoded),
        chroma_psnr_db=psnr_db(chroma(original), chroma(decoded)),
        ciede2000_mean=float(difference.mean(dtype=np.float64)),
        ciede2000_p95=float(np.percentile(difference, PERCENTILE)),
        ssim=ssim(original, decoded),
    )


def psnr_db(original: np.ndarray, decoded: np.ndarray) -> float:
    """Peak signal-to-noise ratio of all values together; infinite where they are equal."""
    if np.array_equal(original, decoded):
        return float("inf")
    return float(peak_signal_noise_ratio(original, decoded, data_range=PEAK))


def chroma(rgb: Rgb) -> npt.NDArray[np.float64]:
    """(H, W, 3) uint8 -> (2, H, W): Cb and Cr in -127.5..127.5, full range, not rounded.

    Rounded to bytes, as files hold them, they would hide errors below one step.

    Source: ITU-R BT.601's luminance, in the range of ITU-T T.871 (JFIF), section 7.
    """
    red, green, blue = np.moveaxis(rgb.astype(np.float64), -1, 0)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([(blue - luminance) / 1.772, (red - luminance) / 1.402])


def ciede2000(original: Rgb, decoded: Rgb) -> npt.NDArray[np.float32]:
    """The colour difference of each pixel, (H, W).

    float32 differs from float64 in the sixth digit, at a third of the time.

    Source: Sharma, Wu & Dalal, "The CIEDE2000 color-difference formula", Color Research and
    Application 30, 2005.
    """
    one, other = (rgb2lab(rgb.astype(np.float32) / PEAK) for rgb in (original, decoded))
    difference: npt.NDArray[np.float32] = deltaE_ciede2000(one, other)
    return difference


def ssim(original: Rgb, decoded: Rgb) -> float:
    """Structural similarity: the mean over pixels and channels.

    Settings are those that scikit-image's manual names for agreement with the paper: Gaussian
    weights, sigma 1.5, population covariance, K1 = 0.01, K2 = 0.03, range 255.

    Source: Wang, Bovik, Sheikh & Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE Transactions on Image Processing 13, 2004.
    """
    if min(original.shape[:2]) < SSIM_SIDE:
        return float("nan")
    return float(
        structural_similarity(
            original,
            decoded,
            channel_axis=2,
            data_range=PEAK,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            K1=0.01,
            K2=0.03,
        )
    )
