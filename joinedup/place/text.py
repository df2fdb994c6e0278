"""The text of one file of a place folder, or why it can't be read as text."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from joinedup.findings import Finding

MOST_BYTES = 20_000_000
"""Every small area of England takes 5 MB; a larger file is an extract that strayed into the folder."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(folder: Path, file: str, most: int = MOST_BYTES) -> str | Finding:
    """The text of a file, without a byte-order mark, its line ends as they are; a finding where there is none."""
    try:
        about = (folder / file).stat()
        if not (folder / file).resolve().is_relative_to(folder.resolve()):
            return Finding(file, "file-elsewhere", "is a link to something outside the folder: put the file itself in its place")
        if not stat.S_ISREG(about.st_mode):
            return Finding(file, "file-unreadable", "is not a file but a folder or the like: put the file in its place")
        if about.st_size > most:
            return Finding(
                file, "file-too-large", f"holds {about.st_size:,} bytes, {most:,} at most: extracts lie outside the place folder"
            )
        content = (folder / file).read_bytes()
    except FileNotFoundError:
        return Finding(file, "file-missing", f"is not in the folder: a place needs {file}")
    except OSError as error:
        return Finding(file, "file-unreadable", f"can't be opened ({error.strerror}): make it a file that you may read")
    return decoded(file, content)


def decoded(file: str, content: bytes) -> str | Finding:
    """The bytes of a file as text."""
    if content.startswith(UTF16):
        return Finding(file, "wrong-encoding", "is UTF-16: save it as UTF-8 (in a spreadsheet: CSV UTF-8)", line=1)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = lines_before(content[: error.start].decode("latin-1"))
        return Finding(file, "wrong-encoding", "holds bytes that are not UTF-8: save it as UTF-8 (in a spreadsheet: CSV UTF-8)", line=line)
    if strange := CONTROL.search(text):
        line = lines_before(text[: strange.start()])
        return Finding(file, "not-text", "holds control characters, so it is no text: write it again as plain text", line=line)
    if not text.strip():
        return Finding(file, "file-blank", "is blank: write its contents, or take the file away if the place has none", line=1)
    return text


def lines_before(text: str) -> int:
    """The number of the line on which the text ends."""
    return len(re.findall(r"\r\n|\r|\n", text)) + 1
