"""Files that notifconf reads and writes: what may be opened, how, and what must not be overwritten.

- Only a regular file is read, and nothing is opened that could wait for ever: a FIFO waits for its other end.
- A file is written whole or not at all (`write_atomically`, `write_new`), or by appending whole lines
  (`open_log`, `append_text`). Beside regular files, character devices such as /dev/null can be written, and the
  process's own descriptors (/dev/stdout, /dev/fd/N), which are used as they are.
- A symbolic link at the end of an output's path is followed only if it is trusted: see `_follow`.
- A command claims its outputs (`claim_outputs`) before it reads anything. Reading a claimed file is an error:
  the result would overwrite what it was made of.

All functions raise OSError, whose `strerror` is a reason that can be shown, unless they say otherwise.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from notifconf.errors import OutputConflictError, UsageError

KINDS: Final = {
    stat.S_IFIFO: "a FIFO (a named pipe)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a device",
}

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
MAX_LINKS: Final = 40

# A folder that takes no new file, and a file that is a mount of its own (as containers have them).
_IRREPLACEABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY})

_OWN_DESCRIPTOR: Final = re.compile(
    r"/dev/(?:(?P<name>stdin|stdout|stderr)|fd/(?P<dev>\d+))|/proc/self/fd/(?P<proc>\d+)"
)
_STANDARD: Final = {"stdin": 0, "stdout": 1, "stderr": 2}

Identity = tuple[int, int] | str
"""A file's device and inode, or the real path of one that does not exist yet."""


class _Claims(NamedTuple):
    """The outputs of a command: `options` name them, `conflicts` are those that were to be read."""

    options: dict[Identity, str]
    conflicts: set[Identity]


_claims: ContextVar[_Claims | None] = ContextVar("claims", default=None)

_unfinished: set[str] = set()
"""Temporary files that this process is writing."""


# Reading


def open_to_read(path: str | os.PathLike[str], *, claimed: bool = False) -> BinaryIO:
    """Open a regular file, or one of the process's own descriptors.

    Raises `OutputConflictError` for a file that this command is going to write, unless `claimed`.
    """
    descriptor = _open(os.fspath(path), os.O_RDONLY)
    try:
        if _own_descriptor(path) is None:
            _require_kind(os.fstat(descriptor), stat.S_IFREG)
        if not claimed:
            refuse_claimed(descriptor, os.fspath(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def refuse_claimed(file: int | str, name: str) -> None:
    """Raise `OutputConflictError` where a descriptor or a path is a file that this command is going to write."""
    claims = _claims.get()
    if claims is None or not claims.options:
        return
    with suppress(OSError):
        found = os.fstat(file) if isinstance(file, int) else os.stat(file)  # noqa: PTH116 -- by descriptor too
        option = claims.options.get((found.st_dev, found.st_ino))
        if option is not None:
            claims.conflicts.add((found.st_dev, found.st_ino))
            raise OutputConflictError(f"{option} would overwrite {name}, which is read: name another file")


@contextmanager
def usage_errors(what: str) -> Iterator[None]:
    """Raise `UsageError` for an OSError inside: `what` says what can't be done."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{what}: {error.strerror}") from error


@contextmanager
def open_log(path: Path, name: str) -> Iterator[Callable[[bytes], None]]:
    """Give what appends lines to a file that only its owner can read; one that others can read is closed to them.

    Lines are written in one piece: several runs may share the file, and one that is killed leaves whole lines. Raises
    `UsageError`, as does what it gives, where that can't be.
    """
    what = f"can't write the {name} file {path}"
    with usage_errors(what):
        destination = str(_find_writable(path))
        descriptor = _open(destination, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)

    def append(lines: bytes) -> None:
        with usage_errors(what):
            if os.write(descriptor, lines) != len(lines):
                raise OSError(errno.ENOSPC, "there is no room for a whole line")

    try:
        with usage_errors(what):
            if _own_descriptor(destination) is None:
                _make_private(descriptor)
        yield append
    finally:
        os.close(descriptor)


@contextmanager
def claim_outputs(outputs: Mapping[str, Path]) -> Iterator[None]:
    """Declare the outputs of a command, by option, for as long as it runs.

    Raises `OutputConflictError` for two of them that are one file, `UsageError` for one that is no file or a link that
    is not followed.
    """
    claims = _Claims({}, set())
    for option, path in outputs.items():
        with usage_errors(f"{option} can't write {path}"):
            identity = _identity(path)
        if identity in claims.options:
            raise OutputConflictError(f"{claims.options[identity]} and {option} name the same file, {path}: name two")
        if identity is not None:
            claims.options[identity] = option
    token = _claims.set(claims)
    try:
        yield
    finally:
        _claims.reset(token)


def _identity(path: Path) -> Identity | None:
    """Return what tells a file from others; None for a device or a descriptor, which nothing can overwrite."""
    destination = _find_destination(path)
    if _is_stream(destination):
        return None
    try:
        found = destination.stat()
    except FileNotFoundError:
        return os.path.realpath(destination)
    return found.st_dev, found.st_ino


# Writing


def check_output(path: Path) -> None:
    """Raise OSError where `path` can't be written; nothing is changed."""
    destination = _find_destination(path)
    if destination.exists() or _is_stream(destination):
        os.close(_open(str(destination), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW))
        return
    descriptor, name = _create_beside(destination, 0o600)
    os.close(descriptor)
    _remove(name)


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace the file at `path`, by way of a hidden one beside it. On failure the old one stays as it is.

    Without a `mode` the file keeps its own, and a new one gets what the umask leaves.
    """
    destination = _find_writable(path)
    data = _encode(text)
    if _is_stream(destination):
        _write_all(_open(str(destination), os.O_WRONLY), data)
        return
    try:
        existing = destination.stat().st_mode
    except FileNotFoundError:
        existing = None
    kept = mode if mode is not None else None if existing is None else stat.S_IMODE(existing)
    try:
        name = _write_beside(destination, data, kept)
        _finish(name, lambda: os.replace(name, destination))  # noqa: PTH105 -- a name, not a path
    except OSError as error:
        if existing is None or error.errno not in _IRREPLACEABLE:
            raise
        _overwrite(destination, data, mode)


def write_new(texts: Mapping[Path, str]) -> None:
    """Write files that must not exist, all of them or none. Raises FileExistsError for one that does."""
    written: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            name = _write_beside(path, _encode(text), None)
            _finish(name, lambda name=name, path=path: _put(name, path))  # type: ignore[misc]
            written.append(path)
    except BaseException:
        for path in written:
            _remove(str(path))
        raise


def append_text(path: Path, text: str) -> None:
    """Append to a file that another program provides; links are followed."""
    _write_all(_open(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND), _encode(text))


def remove_unfinished() -> None:
    """Remove the temporary files of this process, which is about to end."""
    for name in tuple(_unfinished):
        _remove(name)


# The mechanism


def _open(path: str, flags: int, mode: int = 0o666) -> int:
    """Open a file without waiting for anybody; one of the process's own descriptors is duplicated."""
    own = _own_descriptor(path)
    if own is not None:
        return os.dup(own)
    writes = flags & os.O_WRONLY
    # Before it is opened too: a FIFO without a reader would give an error that says nothing.
    with suppress(FileNotFoundError):
        _require_kind(os.stat(path), stat.S_IFREG, *([stat.S_IFCHR] if writes else []))  # noqa: PTH116 -- a name
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode)
    try:
        _require_kind(os.fstat(descriptor), stat.S_IFREG, *([stat.S_IFCHR] if writes else []))
        os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_kind(found: os.stat_result, *kinds: int) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if kind not in kinds:
        raise OSError(errno.EINVAL, f"it is {KINDS.get(kind, 'something else')}, and no regular file")


def _own_descriptor(path: str | os.PathLike[str]) -> int | None:
    """Return the number of the descriptor that a path such as /dev/stdout or /dev/fd/3 means."""
    found = _OWN_DESCRIPTOR.fullmatch(os.fspath(path))
    if found is None:
        return None
    return _STANDARD[found["name"]] if found["name"] else int(found["dev"] or found["proc"])


def _is_stream(destination: Path) -> bool:
    """Say whether what is written there is passed on rather than kept."""
    if _own_descriptor(destination) is not None:
        return True
    try:
        return stat.S_ISCHR(destination.stat().st_mode)
    except FileNotFoundError:
        return False


def _find_destination(path: Path) -> Path:
    """Return the path that is written for `path`: the end of its links. Raises OSError for what is not written."""
    destination = path
    for _ in range(MAX_LINKS):
        if _own_descriptor(destination) is not None:
            return destination
        try:
            found = destination.lstat()
        except FileNotFoundError:
            return destination
        if not stat.S_ISLNK(found.st_mode):
            _require_kind(found, stat.S_IFREG, stat.S_IFCHR)
            return destination
        destination = _follow(destination, found)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _find_writable(path: Path) -> Path:
    """Return the path that is written for `path`. Raises OSError for an output that was to be read, too."""
    claims = _claims.get()
    if claims is not None and claims.conflicts and _identity(path) in claims.conflicts:
        raise OSError(errno.EBUSY, "this command reads it")
    return _find_destination(path)


def _follow(link: Path, found: os.stat_result) -> Path:
    """Return where a trusted link leads. Raises OSError for any other: somebody may have planted it.

    A link is trusted if it is the user's, lies in a folder in which nobody else can put anything, and stays in or below
    that folder. The last condition is for links that come with a repository: they are the user's by then, too.
    """
    folder = link.parent.stat()
    target = link.parent / link.readlink()
    user = os.geteuid()
    if found.st_uid != user:
        reason = "it is another user's link"
    elif folder.st_uid not in (user, 0) or folder.st_mode & WRITABLE_BY_OTHERS:
        reason = "it is a link in a folder that others can write"
    elif not Path(os.path.realpath(target)).is_relative_to(os.path.realpath(link.parent)):
        reason = "it is a link that leads out of its folder"
    else:
        return target
    raise OSError(errno.ELOOP, f"{reason}, and is not followed: name the file itself")


def _make_private(descriptor: int) -> None:
    """Let only the owner read a regular file. Raises OSError where that can't be done."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "it is another user's file, who could read it: name another")
    if found.st_mode & OTHERS:
        with suppress(OSError):
            os.fchmod(descriptor, 0o600)
        if os.fstat(descriptor).st_mode & OTHERS:
            raise OSError(errno.EPERM, "others can read it, and its mode can't be changed to 0600")


def _encode(text: str) -> bytes:
    """Encode a text; what is no Unicode (a byte of a file's name) is shown as its escape."""
    return text.encode("utf-8", "backslashreplace")


def _create_beside(destination: Path, mode: int) -> tuple[int, str]:
    name = str(destination.parent / f".notifconf-{os.urandom(8).hex()}")
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    _unfinished.add(name)
    return descriptor, name


def _write_beside(destination: Path, data: bytes, mode: int | None) -> str:
    """Write a temporary file in the folder of `destination` and return its name."""
    descriptor, name = _create_beside(destination, 0o666 if mode is None else 0o600)
    try:
        _write_all(descriptor, data, mode)
    except BaseException:
        _remove(name)
        raise
    return name


def _finish(name: str, put: Callable[[], None]) -> None:
    """Put a temporary file in its place; whatever happens, none is left."""
    try:
        put()
    finally:
        _remove(name)


def _put(name: str, path: Path) -> None:
    """Give a file its name, which must not exist."""
    try:
        os.link(name, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # Some file systems have no second names. Between these two lines somebody else may write the file.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.rename(name, path)  # noqa: PTH104 -- a name, not a path


def _overwrite(destination: Path, data: bytes, mode: int | None) -> None:
    """Write a file in place, for what can't be replaced."""
    descriptor = _open(str(destination), os.O_WRONLY | os.O_NOFOLLOW)
    if mode is not None and stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        try:
            os.fchmod(descriptor, mode)
        except BaseException:
            os.close(descriptor)
            raise
    os.ftruncate(descriptor, 0)
    _write_all(descriptor, data)


def _write_all(descriptor: int, data: bytes, mode: int | None = None) -> None:
    """Write data, and close the descriptor."""
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            written = file.write(rest)
            if written is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            rest = rest[written:]
        if mode is not None:
            os.fchmod(descriptor, mode)


def _remove(name: str) -> None:
    with suppress(OSError):
        os.unlink(name)  # noqa: PTH108 -- a name, not a path
    _unfinished.discard(name)
