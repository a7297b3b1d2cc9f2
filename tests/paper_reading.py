"""Reading a printed paper back: its text with the columns kept, and the numbers in it as its language writes them."""

import io
import re
from decimal import Decimal

import pypdf

_NUMBER = {
    "en": re.compile(r"−?\d{1,3}(?:,\d{3})*(?:\.\d+)?"),
    "de": re.compile(r"−?\d{1,3}(?:\.\d{3})*(?:,\d+)?"),
}


def pages_of(pdf: bytes) -> list[list[str]]:
    """The lines of every page, with runs of blanks where the columns part."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return [
        [line.rstrip() for line in page.extract_text(extraction_mode="layout").splitlines() if line.strip()]
        for page in reader.pages
    ]


def lines_of(pdf: bytes) -> list[str]:
    """The lines of all pages."""
    return [line for page in pages_of(pdf) for line in page]


def number_of(text: str, language: str) -> Decimal:
    """What a printed number is worth. ValueError where it is none of that language."""
    text = text.strip()
    if not _NUMBER[language].fullmatch(text):
        raise ValueError(text)
    thousands, mark = (",", ".") if language == "en" else (".", ",")
    return Decimal(text.replace(thousands, "").replace(mark, ".").replace("−", "-"))


def cells_of(line: str) -> list[str]:
    """The cells of a printed row."""
    return re.split(r"\s{2,}", line.strip())


def last_number(line: str, language: str) -> Decimal:
    """The number in the last column of a printed row."""
    return number_of(re.split(r"\s+", line.strip())[-1], language)


def table_rows(pdf: bytes, head: str) -> list[list[str]]:
    """The cells of the rows that begin with a line number, below a head whose first word is `head`."""
    rows, inside = [], False
    for line in lines_of(pdf):
        if line.strip().startswith(head + " "):
            inside = True
        elif inside and re.match(r"\s{0,4}\d+\s{2,}\S", line):
            rows.append(cells_of(line))
    return rows


def labelled(pdf: bytes, label: str, language: str) -> Decimal:
    """The amount beside a label, such as `Total EUR`."""
    (found,) = [line for line in lines_of(pdf) if line.strip().startswith(label)]
    return last_number(found, language)


def fonts_of(pdf: bytes) -> set[str]:
    """The names of the fonts in it, without the mark of their subset; each must be embedded."""
    found = set()
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & described.keys(), "not embedded"
            found.add(font.get_object()["/BaseFont"].lstrip("/").partition("+")[2])
    return found
