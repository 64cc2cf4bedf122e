"""The binary formats of older office programs, converted by LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.docx import read_docx
from ingest.readers.html import read_html
from ingest.readers.pptx import read_pptx
from ingest.readers.xlsx import read_xlsx

_MOST_SECONDS = 180
_DEAD_PROXY = "http://127.0.0.1:9"  # nothing listens on the port that is set aside for throwing things away
_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _DEAD_PROXY) | {"no_proxy": ""}
_HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container that these formats are kept in
_READERS = {"docx": read_docx, "pptx": read_pptx, "xlsx": read_xlsx}
_TARGETS: Mapping[str, str] = {".doc": "docx", ".ppt": "pptx", ".xls": "xlsx"}
_NO_MACROS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution">
<value>true</value></prop><prop oor:name="MacroSecurityLevel"><value>3</value></prop>
<prop oor:name="DisableActiveContent"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetProxyType"><value>2</value></prop>
<prop oor:name="ooInetHTTPProxyName"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPProxyPort"><value>9</value></prop>
<prop oor:name="ooInetHTTPSProxyName"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPSProxyPort"><value>9</value></prop>
<prop oor:name="ooInetNoProxy"><value></value></prop></item>
</oor:items>
"""
"""LibreOffice's settings in a profile of our own: nothing in a document is run, nothing it refers to is fetched."""


def read_legacy(data: bytes, name: str) -> Document:
    """A `.doc`, `.ppt` or `.xls` file. Raises `UnreadableFile`, also where LibreOffice is not installed."""
    suffix = PurePath(name).suffix.lower()
    target = _TARGETS[suffix]
    if data.startswith(b"PK"):
        return _READERS[target](data, name)
    if b"<html" in data[:1000].lower():
        return read_html(data, name)
    if not data.startswith(_OLE):
        # LibreOffice would take anything for a text, and invent one.
        raise UnreadableFile(f"This is no {suffix} file.", "Give it the suffix of its real format.")
    office = next(filter(None, map(shutil.which, ("soffice", "libreoffice"))), None)
    if office is None:
        raise UnreadableFile(
            f"The old {suffix} format can be read only with LibreOffice, which is not installed.",
            f"Install LibreOffice, or save the file as .{target}.",
        )
    folder = Path(tempfile.mkdtemp(prefix="lessons-"))
    try:
        converted = _convert(os.path.realpath(office), data, suffix, target, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _READERS[target](converted, name)


def _convert(office: str, data: bytes, suffix: str, target: str, folder: Path) -> bytes:
    """The file in the newer format; LibreOffice sees a copy and a profile of its own in `folder`."""
    source, profile, out = folder / f"document{suffix}", folder / "profile", folder / "out"
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(_NO_MACROS, encoding="utf-8")
    source.write_bytes(data)
    command = [
        office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck",
        "--nodefault", "--convert-to", target, "--outdir", str(out), str(source),
    ]  # fmt: skip
    remedy = f"Open the file in the program it was made with and save it as .{target}."
    try:
        with (folder / "messages").open("wb") as messages:
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, timeout=_MOST_SECONDS, check=False,
                env=os.environ | _NO_NETWORK | dict.fromkeys(_HOMES, str(folder)),
            )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(f"LibreOffice did not convert it within {_MOST_SECONDS} seconds.", remedy) from error
    result = out / f"document.{target}"
    if not result.is_file():
        said = " ".join((folder / "messages").read_text("utf-8", "replace").split())[:200]
        raise UnreadableFile(f"LibreOffice could not convert it ({said or 'it says nothing'}).", remedy)
    return result.read_bytes()
