"""A pack on disk: as a folder or as one zip file, for its owner alone, and never over what is somebody else's."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from core.desk.replication.pack import MANIFEST, ReplicationPack
from core.errors import BadInput, StorageTrouble
from core.private_files import FILE, FOLDER, trouble

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_LEFT_BY_PYTHON: Final = "__pycache__"


def zipped(pack: ReplicationPack) -> bytes:
    """The pack as one zip file with one folder in it; the same pack gives the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(pack.files.items()):
            member = zipfile.ZipInfo(f"{pack.name}/{name}", _EPOCH)
            member.external_attr, member.compress_type, member.create_system = FILE << 16, zipfile.ZIP_DEFLATED, 3
            archive.writestr(member, content)
    return whole.getvalue()


def write_zip(pack: ReplicationPack, file: Path) -> None:
    """Write the pack as a zip file; an earlier pack of the same portfolio is replaced.

    Raises:
        BadInput: Something else stands there, or it cannot be written.
        StorageTrouble: The disk takes no more.
    """
    if file.is_symlink() or (file.exists() and not _is_zip_of(file, pack)):
        raise BadInput(f"'{file}' exists and is no earlier pack of this portfolio. Choose another name.")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _write(part, zipped(pack))
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _said(file, error) from error


def write_folder(pack: ReplicationPack, folder: Path) -> None:
    """Write the pack as a folder; an empty folder or an earlier pack of the same portfolio is replaced.

    Raises:
        BadInput: Something else is there, or it cannot be written.
        StorageTrouble: The disk takes no more; what was there is left as it was.
    """
    _refuse_others(pack, folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))  # for its owner alone
    except OSError as error:
        raise _said(folder, error) from error
    try:
        for name, content in pack.files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
            _write(made / name, content)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise _said(folder, error) from error


def _refuse_others(pack: ReplicationPack, folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(f"'{folder}' is no folder. Choose another name.")
    there = [one for one in folder.rglob("*") if not one.is_dir()] if folder.exists() else []
    if not there:
        return
    known = _named_in((folder / MANIFEST).read_bytes(), pack) if (folder / MANIFEST).is_file() else frozenset()
    strange = [one for one in there if one.relative_to(folder).as_posix() not in known and _is_foreign(one)]
    if strange or not known:
        named = strange[0] if strange else there[0]
        raise BadInput(
            f"'{folder}' is not empty and no earlier pack of this portfolio: '{named.relative_to(folder)}' is in it. "
            "Choose a folder that is empty or not there."
        )


def _is_foreign(path: Path) -> bool:
    return path.parent.name != _LEFT_BY_PYTHON


def _named_in(manifest: bytes, pack: ReplicationPack) -> frozenset[str]:
    """Files of an earlier pack of the same portfolio; none where it is something else."""
    try:
        found = json.loads(manifest)
        files = found["files"] if found["portfolio_id"] == pack.portfolio_id else {}
        return frozenset({*files, MANIFEST}) if files else frozenset()
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _is_zip_of(file: Path, pack: ReplicationPack) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            name = next((one for one in archive.namelist() if one.endswith(f"/{MANIFEST}")), "")
            return bool(name and _named_in(archive.read(name), pack))
    except (zipfile.BadZipFile, OSError):
        return False


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _said(target: Path, error: OSError) -> BadInput | StorageTrouble:
    return trouble(error) or BadInput(f"'{target}' cannot be written: {error.strerror}. Choose another place.")
