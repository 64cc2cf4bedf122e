"""Excel workbooks: the values as they were last calculated; macros, links and hidden sheets are left alone."""

from __future__ import annotations

import io
import re
import warnings
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from ingest.model import Document
from ingest.readers.archive import open_office
from ingest.readers.properties import real_title
from ingest.readers.sheets import Sheet, sheets_document

if TYPE_CHECKING:
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

_PERCENT = re.compile(r"0(?:\.(0+))?%")


def read_xlsx(data: bytes, name: str) -> Document:
    """An `.xlsx` or `.xlsm` file. Raises `UnreadableFile`."""
    import openpyxl

    open_office(data, "Excel workbook", "xl/", ".xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that it does not keep
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets, hidden = [], []
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                hidden.append(sheet.title)
                continue
            sheet.reset_dimensions()  # some programs state them wrongly
            sheets.append(Sheet(sheet.title, [[_shown(cell) for cell in row] for row in sheet.iter_rows()]))
    notes = [f"Hidden sheets were left out: {', '.join(hidden)}."] if hidden else []
    return sheets_document(sheets, name, real_title(book.properties.title), notes)


def _shown(cell: ReadOnlyCell | EmptyCell) -> str:
    """The value as text: dates in ISO 8601, numbers with the digits that Excel shows, no error values."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, (int, float)):
        if percent := _PERCENT.fullmatch(cell.number_format or ""):
            return f"{value:.{len(percent[1] or '')}%}"
        return f"{value:.15g}"
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n").strip()
