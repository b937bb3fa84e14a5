"""Containers written by hand, so that a test says exactly what is in the file."""

from __future__ import annotations

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


def write_ods(path, rows, prologue="", manifest=""):
    content = (
        f'<?xml version="1.0"?>{prologue}<office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Blatt">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
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


def cells_of(path, **options):
    sheet = read_workbook(path, **options).sheets[0]
    return {cell_address(*place): cell for place, cell in sheet.cells.items()}
