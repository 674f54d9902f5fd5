"""A note as a Word file (DOCX): real headings, header rows, alternative texts, British English, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from sacmap.publish.note_parts import Note, Paragraph, Picture, Table

if TYPE_CHECKING:
    from docx.document import Document as DocxDocument
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.table import _Cell, _Row
    from docx.text.paragraph import Paragraph as DocxParagraph

#: Characters that XML cannot hold.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FONT, INK = "Arial", RGBColor(0x1D, 0x1D, 0x1F)
#: Styles → letter size, space before and space after, in points.
STYLES = {
    "Normal": (11, 0, 6), "Title": (20, 0, 4), "Subtitle": (12, 0, 10), "Heading 1": (14, 14, 4),
    "List Bullet": (11, 0, 3), "List Number": (11, 0, 3), "Caption": (9.5, 6, 3), "Footer": (9, 0, 0),
    "Intense Quote": (12, 0, 8),
}  # fmt: skip
LISTS = {"bullet": "List Bullet", "number": "List Number"}
#: Centimetres: A4, its margins and what is left between them.
WIDE, HIGH, MARGIN = 21.0, 29.7, 2.2
#: Tables with this many columns or more have smaller letters.
MANY = 6
HEADER_FILL = "E9E7E0"
#: The earliest date in a ZIP.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def word_of(note: Note, made: datetime) -> bytes:
    """Return the note as DOCX; `made`, the date of its data, becomes the date of the file."""
    document = Document()
    _prepare(document, note, made.replace(tzinfo=None))
    if note.banner:
        document.add_paragraph(_clean(note.banner), "Intense Quote")
    document.add_paragraph(_clean(note.title), "Title")
    document.add_paragraph(_clean(note.subtitle), "Subtitle")
    pictures = 0
    for section in note.sections:
        document.add_heading(_clean(section.title), 1)
        numbered: int | None = None
        for part in section.parts:
            if isinstance(part, Paragraph):
                numbered = _paragraph(document, part, numbered)
                continue
            numbered = None
            if isinstance(part, Table):
                _table(document, part)
            else:
                pictures += 1
                _picture(document, part, pictures)
    stream = io.BytesIO()
    document.save(stream)
    return _same_bytes(stream.getvalue())


def _clean(text: str) -> str:
    return _UNFIT.sub("", text)


def _prepare(document: DocxDocument, note: Note, made: datetime) -> None:
    """Set the page, the styles, the language and the properties."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(WIDE), Cm(HIGH)
    section.left_margin = section.right_margin = Cm(MARGIN)
    section.top_margin = section.bottom_margin = Cm(2.0)
    for name, (size, before, after) in STYLES.items():
        style = document.styles[name]
        style.font.size, style.font.color.rgb = Pt(size), INK
        style.font.italic = False
        style.font.bold = name in {"Title", "Heading 1", "Intense Quote"}
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        _in_font(style.element.get_or_add_rPr())
    document.styles["Normal"].paragraph_format.line_spacing = 1.15
    for border in document.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    language = defaults.find(qn("w:lang"))
    language.set(qn("w:val"), "en-GB")
    properties = document.core_properties
    properties.title, properties.author, properties.subject = _clean(note.title)[:255], "sacmap", "PP06"
    properties.language, properties.keywords = "en-GB", "serious acquisitive crime, PP06"
    properties.comments = ""
    properties.created = properties.modified = made
    properties.last_modified_by, properties.revision = "sacmap", 1
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    foot.add_run("Page ")
    _field(foot, "PAGE")


def _in_font(run: BaseOxmlElement) -> None:
    """Set the font for every script, because not every office has the fonts of the theme."""
    fonts = run.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        run.insert(0, fonts)
    fonts.attrib.clear()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)


def _field(paragraph: DocxParagraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def _paragraph(document: DocxDocument, part: Paragraph, numbered: int | None) -> int | None:
    """Add a paragraph, and return the number of its list if it is numbered; each numbered list begins at 1."""
    added = document.add_paragraph(_clean(part.text), LISTS.get(part.style))
    if part.style != "number":
        if not part.style and part.text.endswith(":"):
            added.paragraph_format.keep_with_next = True
        return None
    number = numbered if numbered is not None else _new_numbering(document)
    properties = added._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = number
    return number


def _new_numbering(document: DocxDocument) -> int:
    """Return the number of a new list in the style List Number that begins at 1."""
    numbering = document.part.numbering_part.numbering_definitions._numbering
    style = document.styles["List Number"].element.pPr.numPr.numId.val
    of_style = next(num for num in numbering.num_lst if num.numId == style)
    made = numbering.add_num(of_style.abstractNumId.val)
    made.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(made.numId)


def _table(document: DocxDocument, part: Table) -> None:
    caption = document.add_paragraph(_clean(part.caption), "Caption")
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1 + len(part.rows), cols=len(part.header), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    properties = table._tbl.tblPr
    for tag, text in (
        ("w:tblCaption", part.caption),
        ("w:tblDescription", f"Columns: {', '.join(part.header)}."),
    ):
        element = OxmlElement(tag)
        element.set(qn("w:val"), _clean(text)[:255])
        properties.append(element)
    size = 10 if len(part.header) < MANY else 8.5
    widths = _widths(part)
    for at, cells in enumerate((part.header, *part.rows)):
        row = table.rows[at]
        _keep_together(row, header=at == 0)
        for column, text in enumerate(cells):
            cell = row.cells[column]
            cell.width = Cm(widths[column])
            said = cell.paragraphs[0]
            said.paragraph_format.space_before = said.paragraph_format.space_after = Pt(2)
            said.alignment = (
                WD_ALIGN_PARAGRAPH.RIGHT if column and _is_figure(text, at) else WD_ALIGN_PARAGRAPH.LEFT
            )
            run = said.add_run(_clean(text))
            run.bold, run.font.size = at == 0, Pt(size)
            if at == 0:
                _fill(cell)
    document.add_paragraph()


def _widths(part: Table) -> list[float]:
    """Return the widths of the columns in centimetres, in proportion to their longest words."""
    longest = [
        max(len(word) for row in (part.header, *part.rows) for word in (row[column].split() or [""]))
        for column in range(len(part.header))
    ]
    weights = [max(18, longest[0]), *(max(6, n) for n in longest[1:])]
    return [weight / sum(weights) * (WIDE - 2 * MARGIN) for weight in weights]


def _is_figure(text: str, at: int) -> bool:
    return at == 0 or text[:1].isdigit() or text[:1] in "+−–£"


def _keep_together(row: _Row, *, header: bool) -> None:
    """Keep a row on one page; a header row is repeated on each page."""
    properties = row._tr.get_or_add_trPr()
    for tag in ("w:cantSplit", *(["w:tblHeader"] if header else [])):
        properties.append(OxmlElement(tag))


def _fill(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", HEADER_FILL)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _picture(document: DocxDocument, part: Picture, n: int) -> None:
    shape = document.add_picture(io.BytesIO(part.png), width=Cm(WIDE - 2 * MARGIN))
    properties = shape._inline.docPr
    properties.set("descr", _clean(part.alternative))
    properties.set("title", f"Map {n}")
    properties.set("name", f"Map {n}")


def _same_bytes(content: bytes) -> bytes:
    """Return the file with fixed dates, because a ZIP holds the time at which each part was written."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for info in given.infolist():
            part = zipfile.ZipInfo(info.filename, _EPOCH)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            made.writestr(part, given.read(info.filename))
    return stream.getvalue()
