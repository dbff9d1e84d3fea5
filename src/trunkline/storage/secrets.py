"""Small secret files in the data folder: made once, readable by their owner alone."""

import os
from collections.abc import Callable
from pathlib import Path

from trunkline.kernel.ids import Entropy

PEPPER_FILE = "pepper"
NODE_FILE = "node"
ADMIN_KEY_FILE = "admin-key"
_PEPPER_BYTES = 32
_OWNER_ONLY = 0o600


def load_pepper(folder: Path, entropy: Entropy) -> bytes:
    """The 32 bytes under which keys are hashed. Losing the file invalidates every key."""
    pepper = load_or_create(folder / PEPPER_FILE, lambda: entropy(_PEPPER_BYTES), entropy)
    if len(pepper) != _PEPPER_BYTES:
        # An HMAC under a short or empty key verifies forgeries: CVE-2026-41432 was that.
        raise ValueError(f"{folder / PEPPER_FILE} must hold exactly {_PEPPER_BYTES} bytes")
    return pepper


def load_node(folder: Path, entropy: Entropy) -> str:
    """
    What tells this data folder from the others that share its database.

    No secret; and not to be copied to another machine with the rest.
    """
    return load_or_create(folder / NODE_FILE, lambda: entropy(6).hex().encode(), entropy).decode()


def load_or_create(path: Path, make: Callable[[], bytes], entropy: Entropy) -> bytes:
    """
    The file's bytes, first writing `make()` where there is no file.

    Several processes may start at once: the first to link its file into place wins, the
    others read that one. Permissions that let others read are taken away.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    fresh = path.with_name(f"{path.name}.{entropy(8).hex()}")
    _write(fresh, make())
    try:
        os.link(fresh, path)
        _sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return _read(path)


def replace(path: Path, content: bytes, entropy: Entropy) -> None:
    """The file's bytes are `content` from now on: a reader finds the old or the new, never a part."""
    fresh = path.with_name(f"{path.name}.{entropy(8).hex()}")
    _write(fresh, content)
    try:
        fresh.replace(path)
    except OSError:
        fresh.unlink()
        raise
    _sync_folder(path.parent)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            os.fchmod(file.fileno(), _OWNER_ONLY)
        return file.read()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
