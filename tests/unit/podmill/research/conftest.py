"""Documents and a context for the tests of research."""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from podmill.context import StepContext
from podmill.settings import Settings
from podmill.store.local import LocalStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", fetch_max_mb=1, fetch_timeout_s=10)


@pytest.fixture
def context(tmp_path: Path, settings: Settings) -> StepContext:
    temp_dir = tmp_path / "step"
    temp_dir.mkdir()
    return StepContext(
        settings=settings,
        store=LocalStore(tmp_path / "store"),
        takes=None,  # type: ignore[arg-type]  # research speaks nothing
        scratch=temp_dir,
        progress=lambda *_: None,
    )


@pytest.fixture
def make_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Writes a PDF of lines of text, one list of lines per page."""

    def make(pages: Sequence[Sequence[str]], *, title: str = "", author: str = "", trailer: str = "") -> Path:
        count = len(pages)
        kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(count))
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        ]
        for index, lines in enumerate(pages):
            shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
            content = zlib.compress(f"BT /F1 11 Tf 50 780 Td {shown}ET".encode("cp1252"))
            objects.append(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * index} 0 R "
                f"/Resources << /Font << /F1 3 0 R >> >> >>".encode()
            )
            head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
            objects.append(head + content + b"\nendstream")
        info = f"<< /Title ({title}) /Author ({author}) /CreationDate (D:20240301120000Z) >>"
        objects.append(info.encode())
        data = b"%PDF-1.4\n"
        offsets = []
        for number, body in enumerate(objects, start=1):
            offsets.append(len(data))
            data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start = len(data)
        data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
        data += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
        data += (
            f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R {trailer} >>\n"
            f"startxref\n{start}\n%%EOF\n"
        ).encode()
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        return path

    return make
