"""Containers written by hand, so that a test says exactly what is in the file."""

from __future__ import annotations

import struct
import zipfile

from digistrat.intake.workbooks import cell_address, read_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relation(number, kind, target, extra=""):
    return f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}" {extra}/>'


def relations(*entries):
    return "<Relationships>" + "".join(entries) + "</Relationships>"


def sheet_xml(rows, before="", after=""):
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def write_xlsx(path, sheet, **parts):
    """Write a container by hand; ``parts`` replace or add to the ordinary ones, None leaves one out."""
    content = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(relation(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            relation(1, "worksheet", "worksheets/sheet1.xml"),
            relation(2, "sharedStrings", "sharedStrings.xml"),
            relation(3, "styles", "styles.xml"),
        ),
        "xl/worksheets/sheet1.xml": sheet,
        **parts,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, text in content.items():
            if text is not None:
                container.writestr(name, text)
    return path


ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"


OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS_NAMES = " ".join(
    [f'xmlns:{name}="{OASIS}:{name}:1.0"' for name in ("office", "table", "text", "style")]
    + [f'xmlns:number="{OASIS}:datastyle:1.0"', f'xmlns:draw="{OASIS}:drawing:1.0"']
    + ['xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"']
)


def write_ods(path, rows, prologue="", manifest="", *, styles="", after=""):
    content = (
        f'<?xml version="1.0"?>{prologue}<office:document-content {ODS_NAMES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="Blatt" table:style-name="ta1">{rows}</table:table>{after}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as container:
        container.writestr("mimetype", ODS_MIME)
        container.writestr("content.xml", content)
        container.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return path


ODS_ROWS = (
    "<table:table-row><table:table-cell/></table:table-row><table:table-row><table:table-cell/>"
    '<table:table-cell office:value-type="string"><text:p>Köln</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p></table:table-cell>'
    '<table:table-cell office:value-type="date" office:date-value="2018-04-01"><text:p/></table:table-cell>'
    "</table:table-row>"
)


def record(number, content=b""):
    """Return one record of an xlsb part."""
    head = [number] if number < 128 else [(number & 0x7F) | 0x80, number >> 7]
    length = len(content)
    while length > 0x7F:
        head.append((length & 0x7F) | 0x80)
        length >>= 7
    return bytes([*head, length]) + content


def wide(text):
    return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def row_record(row, *, hidden=False, height=300):
    return record(0, struct.pack("<IIHBBB4x", row, 0, height, 0, 0x10 if hidden else 0, 0))


def cell_record(number, column, content=b"", style=0):
    return record(number, struct.pack("<II", column, style) + content)


def write_xlsb(path, sheet, **parts):
    """Write an xlsb container by hand: one sheet, given by its records."""
    content = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.bin": record(153, bytes(12))
        + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Blatt")),
        "xl/_rels/workbook.bin.rels": relations(
            relation(1, "worksheet", "worksheets/sheet1.bin"),
            relation(2, "sharedStrings", "sharedStrings.bin"),
            relation(3, "styles", "styles.bin"),
        ),
        "xl/worksheets/sheet1.bin": sheet,
        **parts,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in content.items():
            container.writestr(name, data)
    return path


def cells_of(path, **options):
    sheet = read_workbook(path, **options).sheets[0]
    return {cell_address(*place): cell for place, cell in sheet.cells.items()}
