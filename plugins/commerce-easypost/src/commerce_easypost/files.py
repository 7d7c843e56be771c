"""Labels as files: what they are by their own first bytes, and several of them in one."""

import io
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

__all__ = ["format_of", "joined"]


def format_of(file: bytes) -> str:
    """``pdf``, ``png``, ``zpl``; empty, if it is none of them."""
    if file.startswith(b"%PDF-"):
        return "pdf"
    if file.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    # A format begins with ^XA (Zebra, ZPL II Programming Guide); settings may stand before it.
    return "zpl" if file.lstrip()[:1] in (b"^", b"~") and b"^XA" in file else ""


def joined(format: str, files: Sequence[bytes]) -> bytes | None:
    """The labels one after the other: ZPL as text, PDFs page by page. Nothing, if they cannot be joined.

    The same labels give the same bytes.
    """
    if len(files) == 1:
        return files[0]
    if format == "zpl":
        return b"\n".join(files)
    return _pages(files) if format == "pdf" else None


def _pages(files: Sequence[bytes]) -> bytes | None:
    writer, out = PdfWriter(), io.BytesIO()
    try:
        for file in files:
            writer.append(PdfReader(io.BytesIO(file)), import_outline=False)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return None  # it begins as a PDF and is none
    writer.write(out)
    return out.getvalue()
