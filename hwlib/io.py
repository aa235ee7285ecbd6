"""The one place where files of ours are named, written, locked and read.

A file or a folder is written beside its place, brought to the disk and renamed: it is whole or not
there. Its mode is the one that the system gives a new file there. Text is UTF-8 whatever the locale
is; names of files in it that are no UTF-8 keep their bytes (surrogateescape). An OSError leaves
with the path that it is about: `hwlib.errors.explain` says the rest at the edge of the command.
"""

import errno
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from filelock import FileLock, Timeout

from hwlib import log
from hwlib.errors import UserError

TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}
SEAL = "seal.json"
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
CANNOT_FLUSH = {errno.EACCES, errno.EINVAL, errno.EOPNOTSUPP}  # a folder: Windows, some networks


# ---- names --------------------------------------------------------------------------------------


def user_path(given: str | Path) -> Path:
    """Return the path that a user gave, `~` expanded.

    A home that is not known here, and a name that this process or a text file cannot write, are a
    UserError: such a folder could be made, but not be named in its own run.
    """
    path = os.path.expanduser(given)
    whole = os.path.abspath(path)
    try:
        os.fsencode(whole), whole.encode()
    except UnicodeEncodeError:
        shown = whole.encode(errors="backslashreplace").decode()
        encoding = sys.getfilesystemencoding()
        raise UserError("path_encoding", path=shown, encoding=encoding) from None
    if path.startswith("~") and not os.path.exists(path):
        raise UserError("no_home", path=path)
    return Path(path)


def cache_root() -> Path:
    """Return `$HWLIB_CACHE`, else the user's cache folder; without a home it is a UserError."""
    try:
        return user_path(os.environ.get("HWLIB_CACHE") or platformdirs.user_cache_path("hwlib"))
    except RuntimeError:  # no HOME, and a user that the system does not know
        raise UserError("no_home", path="~") from None


# ---- writing ------------------------------------------------------------------------------------


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an OSError that names no file, as that of a full disk, the name of `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def workshop(path: Path) -> Iterator[Path]:
    """Yield a new folder `.<name>.<digits>.tmp` beside `path`, and remove what is left of it.

    What a library leaves there when it is killed bears our name, and not one of its own. An error
    about a file in it is one about `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir()  # not tempfile's, which is for the owner alone
        yield temporary
    except OSError as error:
        if error.filename is None or str(error.filename).startswith(str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(folder: Path, name: str = "*") -> None:
    """Remove what killed processes left of files of that name; nobody may be writing them now."""
    for left in folder.glob(f".{name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def settle(written: Path, path: Path) -> None:
    """Bring a written file or folder to the disk and rename it to `path`."""
    flush(written)
    os.replace(written, path)
    try:
        flush(path.parent)
    except OSError as error:
        if error.errno not in CANNOT_FLUSH:
            raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write a file at; on success it takes the place of `path`."""
    with workshop(path) as folder:
        written = folder / path.name
        written.touch()
        mode = written.stat().st_mode  # by the umask, or by what the folder asks for
        yield written
        written.chmod(mode)  # a library may have put one of its own there, for the owner alone
        settle(written, path)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill; on success it takes the place of `path`.

    `path` may be an empty folder already; one that holds anything is an OSError at the end.
    """
    with workshop(path) as folder:
        yield folder
        if path.exists():
            path.rmdir()
        settle(folder, path)


def flush(path: Path) -> None:
    """Bring a file or a folder's list of names to the disk."""
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, whole or not at all."""
    write_bytes(path, to_json(value))


def to_json(value: Any) -> bytes:
    """Return `value` as JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode(**TEXT)


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote; a ValueError where it is no JSON."""
    return json.loads(path.read_text(**TEXT))


def read_lines(path: Path) -> list[Any]:
    """Read a file of a JSON value a line."""
    return [json.loads(line) for line in path.read_text(**TEXT).splitlines()]


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as one .npz, whole or not at all."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a .npz."""
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def can_write(folder: Path) -> bool:
    """Whether files can be made in a folder that is there: not in another user's, or read-only."""
    return os.access(folder, os.W_OK | os.X_OK)


# ---- seals --------------------------------------------------------------------------------------


def seal(folder: Path, names: Iterable[str], **coming: bytes) -> None:
    """Write the SHA-256 of the files of a folder that are there, and of those that are coming.

    A flipped bit in a file of numbers or pixels reads well: only this tells.
    """
    digests = {name: sha256_of(folder / name) for name in names if (folder / name).exists()}
    digests |= {name: hashlib.sha256(content).hexdigest() for name, content in coming.items()}
    write_json(folder / SEAL, digests)


def damaged(folder: Path, *names: str) -> list[str]:
    """Return which files of a sealed folder are not what they were; of all, or of `names`.

    A folder without a seal was made by an earlier version, or by hand: there is nothing to tell by.
    """
    try:
        digests = read_json(folder / SEAL)
        digests = {name: digests[name] for name in names or digests}
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError):
        return [SEAL]
    files = {folder / name: digest for name, digest in digests.items()}
    return [f.name for f, digest in files.items() if not f.is_file() or sha256_of(f) != digest]


# ---- locks, hashes ------------------------------------------------------------------------------


@contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold the lock file `path`; where another process holds it, log the line `waiting` first.

    A file system without locks, as many a cluster's homes are, gets one warning and no lock: to
    refuse would shut those users out, while two trainings of one run at once are rare.
    """
    lock = FileLock(path)
    with naming(path):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.info(waiting)
            lock.acquire()
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            log.info_once(log.line("no_locks", folder=path.parent))
    try:
        yield
    finally:
        lock.release()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
