"""Files that are there whole or not at all, whoever is killed and however full the disk is."""

import errno
import os
import secrets
import stat
import time
from pathlib import Path

TEMPORARY = ".tmp-"
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def stage(folder: Path, data: bytes) -> Path:
    """Write `data` to a new temporary file in `folder` (made if need be), down to the disk.

    Raises:
        OSError: it could not be written; then nothing is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def read_regular(path: Path, most: int | None = None) -> bytes:
    """The content of a regular file, or of the one that a link leads to.

    Whatever else may lie in a folder that others wrote to is not waited for: a pipe would never
    end, nor would a device.

    Args:
        path: of the file.
        most: bytes that it may have; None is no limit.

    Raises:
        OSError: it could not be read.
        ValueError: it is no regular file, or larger.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        if most is not None and found.st_size > most:
            raise ValueError(f"it has {found.st_size} bytes, more than {most}")
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            return bytes(file.read())
    finally:
        os.close(descriptor)


def publish(staged: Path, final: Path, *, replace: bool) -> bool:
    """Give a staged file its name, in one step; the staged name is gone afterwards.

    On a file system without hard links the check for an existing file and the step are two:
    then of two simultaneous writers of one name both may believe they came first, and the later
    one's file, which is whole, stays.

    Returns:
        False if there was a file of that name and `replace` is off: it is left as it was.
    """
    try:
        if replace:
            staged.replace(final)
            return True
        try:
            os.link(staged, final)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if final.exists():
                return False
            staged.replace(final)
        return True
    finally:
        staged.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the folder's entries down to the disk, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network and FUSE file systems cannot
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EROFS}:
            raise
    finally:
        os.close(descriptor)


def sweep_temporary(folder: Path, *, older_than: float) -> int:
    """Delete what killed writers left in `folder`, if it is older than so many seconds.

    Returns:
        How many files were deleted.
    """
    limit = time.time() - older_than
    deleted = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(TEMPORARY):
                continue
            try:
                if entry.stat(follow_symlinks=False).st_mtime < limit:
                    Path(entry.path).unlink()
                    deleted += 1
            except FileNotFoundError:  # its writer, or another sweeper, was faster
                continue
    return deleted
