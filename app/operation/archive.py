"""One file per backup: a packed folder with a manifest of what must be in it, encrypted with age where there is a key.

The manifest says what the database holds and what each file's digest is. Nothing is believed that does not agree
with it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import pyrage

from ..errors import Problem

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files"
_PIECE = 1 << 20

Told = Callable[[int], None]
"""Is told of so many further bytes, often; may raise to end the work."""


@dataclass
class Manifest:
    """What is in a backup.

    Attributes:
        database: `sqlite` or `postgresql`; the dump is called `database` and is of that kind.
        rows: by the names of tables.
        digests: SHA-256 of every file in it by its path.
        key_id: of the secret that the journal's seals were made with.
    """

    made_at: str
    installation: str
    database: str
    revision: str
    key_id: str
    rows: dict[str, int]
    digests: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def row_count(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())

    @property
    def file_count(self) -> int:
        """Files besides the database."""
        return sum(1 for name in self.digests if name.startswith(f"{FILES}/"))


def damaged() -> Problem:
    """409: the file is not what it was when it was made."""
    return Problem(409, "backup-damaged")


class _Hashing:
    """A file that is being read: its digest, and who is told of what was read."""

    def __init__(self, file: IO[bytes], told: Told) -> None:
        self._file, self._told = file, told
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        self._told(len(piece))
        return piece


def pack(target: Path, dump: Path, folder: Path, names: Iterator[Path], manifest: Manifest, told: Told) -> None:
    """Write a packed archive; the manifest comes last, when all digests are known.

    Args:
        target: the file to make.
        dump: of the database.
        folder: the data folder.
        names: of its files, within it; one that goes away meanwhile was deleted, and is left out.
        manifest: its digests are filled in.
        told: is told of what was read.
    """
    with target.open("xb") as raw, gzip.GzipFile("", "wb", 3, raw) as packed:  # noqa: SIM117 - they close in order
        with tarfile.open(fileobj=packed, mode="w|") as archive:
            _add(archive, dump, "database", manifest, told)
            for name in names:
                _add(archive, folder / name, f"{FILES}/{name.as_posix()}", manifest, told)
            told_in_full = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(told_in_full)
            archive.addfile(head, _Memory(told_in_full))


class _Memory:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        piece, self._content = self._content[:size], self._content[size:]
        return piece


def _add(archive: tarfile.TarFile, path: Path, name: str, manifest: Manifest, told: Told) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        found = os.fstat(file.fileno())
        head = tarfile.TarInfo(name)
        head.size, head.mtime, head.mode = found.st_size, int(found.st_mtime), 0o600
        reading = _Hashing(file, told)
        archive.addfile(head, reading)
        manifest.digests[name] = reading.digest.hexdigest()


def unpack(source: Path, target: Path, told: Told) -> Manifest:
    """Unpack an archive and compare it with its manifest.

    Args:
        source: the packed archive.
        target: an empty folder.
        told: is told of what was written.

    Raises:
        Problem: 409, it is damaged, or was made by a newer version.
    """
    try:
        with gzip.open(source, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                if not member.isfile():
                    raise damaged()
                archive.extract(member, target, filter="data")
                told(member.size)
        if not (target / MANIFEST).is_file():
            raise damaged()
        content = json.loads((target / MANIFEST).read_text("utf-8"))
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, gzip.BadGzipFile):
            raise
        raise damaged() from error
    manifest = _manifest_of(content)
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} - {MANIFEST}
    if found != set(manifest.digests):
        raise damaged()
    for name, digest in manifest.digests.items():
        if digest_of(target / name, told) != digest:
            raise damaged()
    return manifest


def _manifest_of(content: Mapping[str, Any]) -> Manifest:
    if content.get("format") != FORMAT:
        raise Problem(409, "backup-newer")
    try:
        return Manifest(**content)
    except TypeError as error:
        raise damaged() from error


def digest_of(path: Path, told: Told) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        reading = _Hashing(file, told)
        while reading.read(_PIECE):
            pass
    return reading.digest.hexdigest()


class _Watched:
    """A file for the encrypting library; what its watcher raises comes out again."""

    def __init__(self, file: IO[bytes], told: Told) -> None:
        self._file, self._told = file, told
        self.raised: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self._file.read(size)
            self._told(len(piece))
        except BaseException as error:
            self.raised = error
            raise
        return piece


def key_of(text: str) -> Any:
    """The key of a text such as `AGE-SECRET-KEY-1...`.

    Raises:
        Problem: 409, it is none.
    """
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise Problem(409, "backup-key-wrong") from error


def new_key() -> str:
    """A new key: with it alone encrypted backups can be read."""
    return str(pyrage.x25519.Identity.generate())


def encrypt(source: Path, target: Path, key: str, told: Told) -> None:
    """Write a file encrypted, in the format of age, which the tool of that name reads too."""
    _run(source, target, told, lambda reader, writer: pyrage.encrypt_io(reader, writer, [key_of(key).to_public()]))


def decrypt(source: Path, target: Path, key: str, told: Told) -> None:
    """Write an encrypted file plain.

    Raises:
        Problem: 409, the key is another one, or the file is damaged.
    """
    identity = key_of(key)
    try:
        _run(source, target, told, lambda reader, writer: pyrage.decrypt_io(reader, writer, [identity]))
    except pyrage.DecryptError as error:
        raise Problem(409, "backup-key-wrong") from error


def _run(source: Path, target: Path, told: Told, work: Callable[[Any, Any], None]) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        watched = _Watched(reader, told)
        try:
            work(watched, writer)
        except Exception:
            if watched.raised is not None:
                raise watched.raised from None
            raise
