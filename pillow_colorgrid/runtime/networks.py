"""Networks by id: ONNX sessions of this process, hash-checked and self-tested.

Nothing here happens at ``import pillow_colorgrid``: onnxruntime is imported when the first picture
is encoded or decoded. Its telemetry is switched off before that unless the user has chosen.
"""

import ctypes
import hashlib
import json
import logging
import os
import struct
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.container import NETWORKS, Section
from pillow_colorgrid.errors import DamagedError, NetworkError
from pillow_colorgrid.runtime.execution import wanted_providers
from pillow_colorgrid.runtime.forks import ForkLock
from pillow_colorgrid.runtime.heads import INPUTS_KEY, Head, as_rows, head_of
from pillow_colorgrid.runtime.workers import threads_here

if TYPE_CHECKING:
    import onnxruntime

logger = logging.getLogger(__name__)

REFERENCE = struct.Struct("<H8s")
"""id, first 8 bytes of the hash of the integer parameters."""

PACKED = ".zst"
"""Ends the name of a file that zstd made smaller: weights of 7 bits leave room in a byte."""

CPU = "CPUExecutionProvider"

DISABLED_OPTIMIZERS = ("QDQFinalCleanupTransformer",)
"""onnxruntime 1.24 to 1.30 break graphs with it that end DequantizeLinear -> QuantizeLinear."""

PROVIDER_OPTIONS: Mapping[str, Mapping[str, str]] = {
    # TF32 and Winograd are not exact for integers in float32; implicit GEMM is.
    "CUDAExecutionProvider": {"use_tf32": "0", "cudnn_conv_algo_search": "DEFAULT"},
}


@dataclass(frozen=True)
class Network:
    """An entry of models/index.json.

    Attributes:
        id: the number in files; it never changes its meaning.
        role: what a file or a group may name it as (FORMAT.md).
        file: ONNX file beside the index.
        sha256: of that file, as it lies there.
        hash: first 16 hex digits of the hash of the integer parameters (FORMAT.md).
        integer: computed exactly, so its output may steer a decoder.
        self_test: SHA-256 of the `answers` to `known_inputs`, or "" for a float network.
        features: so many its head sees (`heads`); of tables: the most of one of their networks.
        reach: of tables: so many rows of cells away an input changes an output, the most 3x3
            convolutions of one of their networks.
    """

    id: int
    name: str
    role: str
    file: str
    sha256: str
    hash: str
    integer: bool
    self_test: str
    features: int = 0
    reach: int = 0

    @property
    def reference(self) -> bytes:
        return REFERENCE.pack(self.id, bytes.fromhex(self.hash))


@cache
def index() -> dict[int, Network]:
    """All networks of this release by id."""
    text = (resources.files("pillow_colorgrid.models") / "index.json").read_text("utf-8")
    fields = Network.__dataclass_fields__
    entries = (
        Network(**{key: value for key, value in entry.items() if key in fields})
        for entry in json.loads(text)["networks"]
    )
    return {network.id: network for network in entries}


def model_bytes(file: str) -> bytes:
    """A file of models/ as it lies there."""
    return (resources.files("pillow_colorgrid.models") / file).read_bytes()


def file_bytes(network: Network) -> bytes:
    """What the file of `network` holds, unpacked where its name ends with PACKED.

    Raises:
        NetworkError: the file is damaged.
    """
    data = model_bytes(network.file)
    if hashlib.sha256(data).hexdigest() != network.sha256:
        raise NetworkError(f"{network.file} is damaged: its SHA-256 is not {network.sha256}")
    if network.file.endswith(PACKED):
        import zstandard

        return zstandard.ZstdDecompressor().decompress(data)
    return data


# -- references in files ------------------------------------------------------------------------


def pack_references(ids: Sequence[int]) -> Section:
    return Section(NETWORKS, b"".join(index()[number].reference for number in ids))


def with_role(role: str) -> list[int]:
    """Ids of the networks that have a role."""
    return [number for number, network in index().items() if network.role == role]


def read_roles(payload: bytes, roles: Sequence[str]) -> list[Network]:
    """The networks a file names, one for each of `roles`.

    Raises:
        NetworkError: as `read_references`.
        DamagedError: more or fewer, or one that is for something else.
    """
    found = read_references(payload)
    if len(found) != len(roles):
        raise DamagedError(f"{len(found)} networks named, allowed: {', '.join(roles)}")
    for network, role in zip(found, roles, strict=True):
        if network.role != role:
            raise DamagedError(
                f"network {network.id} is for the role {network.role}, needed here: {role} "
                f"(networks {', '.join(map(str, with_role(role)))})"
            )
    return found


def read_references(payload: bytes) -> list[Network]:
    """The networks a file names, in its order, whatever they are for.

    Raises:
        NetworkError: an id that this release does not have, or with another hash.
    """
    if not payload or len(payload) % REFERENCE.size:
        raise DamagedError(
            f"{NETWORKS.decode()} has {len(payload)} bytes, allowed: multiples of "
            f"{REFERENCE.size} from {REFERENCE.size}"
        )
    networks = []
    for number, wanted in REFERENCE.iter_unpack(payload):
        network = index().get(number)
        if network is None or bytes.fromhex(network.hash) != wanted:
            known = f"hash {network.hash}" if network else f"ids {sorted(index())}"
            raise NetworkError(
                f"this file needs network {number} with hash {wanted.hex()}; "
                f"pillow_colorgrid here has {known}: please update it"
            )
        networks.append(network)
    return networks


# -- sessions -------------------------------------------------------------------------------------

_lock = ForkLock()
Key = tuple[int | str, tuple[str, ...], int]
"""What is computed, by which providers, on how many threads."""

_sessions: dict[Key, "onnxruntime.InferenceSession"] = {}
_heads: dict[int, Head] = {}
_warned_of: set[str] = set()


def _forget_sessions_in_child() -> None:
    """A session does not survive fork, and a child that destroys one with threads hangs at exit.

    So each gets a reference that nobody gives back, and new ones are made where they are needed.
    """
    for inherited in _sessions.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
    _sessions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_sessions_in_child)


def _import_onnxruntime() -> Any:
    if "onnxruntime" not in sys.modules:
        # From 1.29 on it reports model names and hashes unless this is set before its import.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _providers(onnxruntime: Any) -> tuple[str, ...]:
    wanted = wanted_providers()
    available = onnxruntime.get_available_providers()
    missing = [provider for provider in wanted if provider not in available]
    if not _warned_of.issuperset(missing):
        _warned_of.update(missing)  # once, not for each network
        told = (
            f"{', '.join(missing)} not available in this onnxruntime "
            f"(it has {', '.join(available)}); the CPU computes instead"
        )
        logger.warning(told)
        warnings.warn(told, RuntimeWarning, stacklevel=2)
    return (*(p for p in wanted if p not in missing and p != CPU), CPU)


def session(network: Network, threads: int | None = None) -> "onnxruntime.InferenceSession":
    """The session of `network` in this process, made and tested on first use.

    Args:
        threads: that one run computes with; default: as many as the caller may use.

    Raises:
        NetworkError: the ONNX file is damaged, or this machine computes other integers.
    """
    key = (network.id, wanted_providers(), threads or threads_here())
    return kept(key, lambda onnxruntime: _open_session(onnxruntime, network, key[-1]))


def kept(
    key: Key, open_now: Callable[[Any], "onnxruntime.InferenceSession"]
) -> "onnxruntime.InferenceSession":
    """A session of this process; `open_now` makes it, of onnxruntime, on first use."""
    onnxruntime = _import_onnxruntime()
    with _lock.current:
        if key not in _sessions:
            _sessions[key] = open_now(onnxruntime)
        return _sessions[key]


def new_session(
    onnxruntime: Any, data: bytes, providers: Sequence[str], threads: int
) -> "onnxruntime.InferenceSession":
    """A session of an ONNX file, with the options that all have."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena keeps, for each session, the memory of its largest run for ever.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        data,
        options,
        providers=[(name, dict(PROVIDER_OPTIONS.get(name, {}))) for name in providers],
        disabled_optimizers=list(DISABLED_OPTIMIZERS),
    )


def head(network: Network, threads: int | None = None) -> Head:
    """The head of a network that has one; read once from its `session`."""
    if network.id not in _heads:
        found = head_of(session(network, threads))
        if found is None:
            raise NetworkError(f"network {network.id} has no head")
        _heads[network.id] = found
    return _heads[network.id]


def _open_session(
    onnxruntime: Any, network: Network, threads: int
) -> "onnxruntime.InferenceSession":
    began = time.perf_counter()
    providers = _providers(onnxruntime)
    opened = new_session(onnxruntime, file_bytes(network), providers, threads)
    if network.integer:
        found = self_test(opened)
        if found != network.self_test:
            raise NetworkError(
                f"{providers[0]} computes network {network.id} wrongly here "
                f"(known answer {network.self_test[:16]}, got {found[:16]})"
            )
    _tell(network, opened, providers, threads, time.perf_counter() - began)
    return opened


def _tell(
    network: Network,
    opened: "onnxruntime.InferenceSession",
    asked: Sequence[str],
    threads: int,
    seconds: float,
) -> None:
    """Log what computes a network: onnxruntime may have taken another provider than asked."""
    used = opened.get_providers()
    logger.debug(
        "network %d (%s) loaded in %.0f ms: %s, threads: %d",
        network.id, network.name, 1000 * seconds, used[0], threads,
    )  # fmt: skip
    if used[0] != asked[0] and asked[0] not in _warned_of:
        _warned_of.add(asked[0])
        logger.warning("onnxruntime could not start %s; %s computes instead", asked[0], used[0])


def known_inputs(opened: "onnxruntime.InferenceSession") -> dict[str, npt.NDArray[np.uint8]]:
    """Fixed bytes for the inputs of an integer network: 2 pictures, each side 2 times its least.

    A side named ``NAME_height`` that belongs to the bottleneck is 32 times smaller than the
    luminance's; ``session`` files carry the least side as metadata ``side_NAME``.
    """
    sides = opened.get_modelmeta().custom_metadata_map
    inputs = {}
    for number, argument in enumerate(opened.get_inputs()):
        side = int(sides[f"side_{argument.name}"])
        shape = (2, planes_of(opened, argument), side, side)
        counted = np.arange(np.prod(shape), dtype=np.uint32) + np.uint32(number)
        scrambled = counted * np.uint32(2654435761) >> np.uint32(24)
        inputs[argument.name] = scrambled.astype(np.uint8).reshape(shape)
    return inputs


def planes_of(opened: "onnxruntime.InferenceSession", argument: "onnxruntime.NodeArg") -> int:
    """How many planes an input has of those that it looks at."""
    metadata = opened.get_modelmeta().custom_metadata_map
    return int(metadata.get(INPUTS_KEY, argument.shape[1]))


def answers(
    opened: "onnxruntime.InferenceSession", inputs: Mapping[str, npt.NDArray[np.uint8]]
) -> list[npt.NDArray[Any]]:
    """What a network tells of `inputs`, (N, planes, rows, columns) each: its outputs.

    With a head (`heads`): the features, then the outputs.
    """
    found: list[npt.NDArray[Any]] = opened.run(None, taken(opened, inputs))
    head = head_of(opened)
    if head is None:
        return found
    features, _ = found
    return [features.transpose(0, 3, 1, 2), head.outputs(features)]


def taken(
    opened: "onnxruntime.InferenceSession", inputs: Mapping[str, npt.NDArray[np.uint8]]
) -> dict[str, npt.NDArray[np.uint8]]:
    """`inputs`, (N, planes, rows, columns) each, as the graph takes them (`heads`)."""
    by_rows = INPUTS_KEY in opened.get_modelmeta().custom_metadata_map
    return {name: as_rows(planes) if by_rows else planes for name, planes in inputs.items()}


def self_test(opened: "onnxruntime.InferenceSession") -> str:
    """SHA-256 of a session's `answers` to `known_inputs`."""
    digest = hashlib.sha256()
    for output in answers(opened, known_inputs(opened)):
        digest.update(np.ascontiguousarray(output).tobytes())
    return digest.hexdigest()
