"""A report's folder: a new report is built beside the old one and takes its place at once.

In `out` lie a folder for each language, `notebooks/` and the manifest; what is being built lies in
`out/.next`. Whoever is stopped, or killed, at any moment leaves the old report or the new one.
"""

import ctypes
import errno
import glob
import json
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from filelock import FileLock, Timeout

from hwlib import log
from hwlib.errors import DEFAULT_LANGUAGE, UserError
from hwlib.io import flush, write_json
from hwlib.text import word

Files = Mapping[str, Mapping[str, str]]  # by a file's name below `out` its SHA-256 and its key

NEXT, NOTEBOOKS, MANIFEST, LOCK = ".next", "notebooks", ".report.json", ".lock"
NEW, OLD = ".new-report", ".old-report"  # ends of names beside `out`, for the moment of the swap
# All that a manifest can name: a page or a PDF, one folder down.
FILE = re.compile(r"[\w-]+/[\w-][\w.-]*\.(?:html|pdf)", re.ASCII)
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
# The system calls that swap two folders: Linux, macOS. Both take this flag.
SWAP, AT_FDCWD = 2, -100
CANNOT_SWAP = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}  # a network's file system, many a time


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the folder for this process, made or mended if need be; a UserError if another has it.

    What a report that was killed has left there is removed, but for the notebooks that it executed.
    """
    _recover(out)
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError("report_busy", out=out) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        log.info_once(word("page.no_lock", DEFAULT_LANGUAGE, out=out))
    try:
        _clean(out)
        yield
    finally:
        lock.release()


def read_manifest(out: Path) -> dict[str, dict[str, str]]:
    """Return what the manifest says of the report in a folder; what it cannot say is left out."""
    try:
        found = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # there is none, or it is damaged
        return {}
    return {
        name: {"key": about["key"], "sha256": about["sha256"]}
        for name, about in (found.items() if isinstance(found, dict) else ())
        if FILE.fullmatch(name) and not (out / name).parent.is_symlink()
        if isinstance(about, dict)
        if all(isinstance(about.get(part), str) for part in ("key", "sha256"))
    }


def write_manifest(folder: Path, files: Files) -> None:
    """Write the manifest of the report in a folder."""
    write_json(folder / MANIFEST, dict(sorted(files.items())))


def borrow_notebooks(out: Path) -> Path:
    """Return the folder of the next report's notebooks, with those of the present one in it."""
    folder = out / NEXT / NOTEBOOKS
    if not folder.exists():
        fresh = folder.with_name(f"{NOTEBOOKS}.{token_hex(4)}")
        fresh.mkdir(parents=True)
        _carry(out / NOTEBOOKS, fresh)
        os.rename(fresh, folder)
    return folder


def publish(out: Path, files: Files) -> None:
    """Let the next report take the place of the present one, which is removed.

    `files` are those of the next report: what is not in `out/.next` is the present one's own, and
    unchanged. What lies in the folder and is no part of a report stays. A folder that holds nothing
    else is swapped whole, in one step; otherwise, and where the system does not let its parent be
    written, each folder of a language is.
    """
    following, known = out / NEXT, read_manifest(out)
    gone = known.keys() - files.keys()
    write_manifest(following, files)
    folders = {name.partition("/")[0] for name in (*files, *known)} | {NOTEBOOKS}
    for name in folders:
        _carry(out / name, following / name, without={out / file for file in gone})
        if not any((following / name).iterdir()):  # of a language that is no more
            (following / name).rmdir()
    assert all((following / name).is_file() for name in files)
    if (out / LOCK).exists():
        _link(out / LOCK, following / LOCK)
    for folder in (following, *filter(Path.is_dir, following.iterdir())):
        flush(folder)
    if {*os.listdir(out)} <= folders | {NEXT, MANIFEST, LOCK} and _swap_whole(out):
        return
    for name in sorted(folders, key=NOTEBOOKS.__eq__):  # which are last
        if (following / name).exists():
            (out / name).mkdir(exist_ok=True)
            _swap(following / name, out / name)
        elif (out / name).exists():
            os.rename(out / name, following / name)
    os.replace(following / MANIFEST, out / MANIFEST)
    shutil.rmtree(following)


def _swap_whole(out: Path) -> bool:
    """Swap the folder for its `.next` and remove the old one; whether the system allows it."""
    place = out.resolve()
    new = place.with_name(f".{place.name}.{token_hex(4)}{NEW}")
    try:
        os.rename(place / NEXT, new)
    except OSError:  # the parent is another's, or the folder a mount
        return False
    try:
        _swap(new, place)
    except OSError:
        os.rename(new, place / NEXT)
        return False
    shutil.rmtree(new)
    return True


def _swap(one: Path, other: Path) -> None:
    """Let two folders change places, in one step where the file system can do it."""
    libc, names = ctypes.CDLL(None, use_errno=True), (os.fsencode(one), os.fsencode(other))
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(*names, SWAP)
        else:
            failed = libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], SWAP)
        number = ctypes.get_errno() if failed else 0
    except AttributeError:  # an old C library
        number = errno.ENOSYS
    if number in CANNOT_SWAP:
        aside = one.with_name(one.name.removesuffix(NEW) + OLD)
        os.rename(other, aside)
        os.rename(one, other)
        os.rename(aside, one)
    elif number:
        raise OSError(number, os.strerror(number), str(other))


def _carry(source: Path, target: Path, without: Collection[Path] = ()) -> None:
    """Give `target` what `source` has and it has not, as further names of the same files."""
    target.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() or not source.is_dir():
        return
    for entry in os.scandir(source):
        here, there = Path(entry), target / entry.name
        if entry.is_dir(follow_symlinks=False):
            _carry(here, there, without)
        elif here not in without and not os.path.lexists(there):
            _link(here, there)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without links
        shutil.copy2(source, target, follow_symlinks=False)


def _leftovers(out: Path, end: str) -> list[Path]:
    """Return our own folders beside `out` that a swap has left; another user's are not ours."""
    place = out.resolve()
    found = (p for p in place.parent.glob(f".{glob.escape(place.name)}.*{end}") if p.is_dir())
    return [p for p in found if not p.is_symlink() and p.stat().st_uid == os.getuid()]


def _recover(out: Path) -> None:
    """Put a report in its place again that was being swapped in two steps."""
    if not out.exists():
        for left in (*_leftovers(out, NEW), *_leftovers(out, OLD))[:1]:
            os.rename(left, out.resolve())


def _clean(out: Path) -> None:
    following = out / NEXT
    for left in _leftovers(out, NEW):  # not swapped: its notebooks are as good as ever
        if (left / NOTEBOOKS).is_dir() and not (left / NEXT).exists() and not following.exists():
            os.rename(left, following)
    for left in (*_leftovers(out, NEW), *_leftovers(out, OLD)):
        shutil.rmtree(left)
    for aside in following.glob(f"*{OLD}"):  # a folder that was being swapped in two steps
        if not (place := out / aside.name.removesuffix(OLD)).exists():
            os.rename(aside, place)
    for entry in os.scandir(following) if following.is_dir() else ():
        if entry.name != NOTEBOOKS:
            path = Path(entry)
            shutil.rmtree(path) if entry.is_dir(follow_symlinks=False) else path.unlink()
