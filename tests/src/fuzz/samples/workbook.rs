//! A workbook of one sheet.

use std::io::{Cursor, Write};

/// The sheet of a small workbook.
pub(in crate::fuzz) const SHEET: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:C3"/><sheetData>"#,
    r#"<row r="1"><c r="A1" t="inlineStr"><is><t>来访时间</t></is></c><c r="B1" t="inlineStr"><is><t>人数</t></is></c>"#,
    r#"<c r="C1" t="inlineStr"><is><t>反映内容</t></is></c></row><row r="2"><c r="A2"><v>46115.4</v></c><c r="B2"><v>2</v></c>"#,
    r#"<c r="C2" t="inlineStr"><is><t>路灯坏了</t></is></c></row><row r="3"><c r="A3" t="inlineStr"><is><t>2026-04-03</t></is></c>"#,
    r#"<c r="B3" t="b"><v>1</v></c><c r="C3" t="e"><v>#N/A</v></c></row></sheetData><mergeCells count="1">"#,
    r#"<mergeCell ref="A2:A3"/></mergeCells></worksheet>"#
);

/// A workbook whose only sheet is `sheet`, whatever that says.
pub(in crate::fuzz) fn workbook(sheet: impl AsRef<[u8]>) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let workbook = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let links = |kind: &str, to: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/{kind}" Target="{to}"/></Relationships>"#
        )
    };
    let types = format!(
        r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
    );
    let parts: [(&str, Vec<u8>); 5] = [
        ("[Content_Types].xml", types.into_bytes()),
        (
            "_rels/.rels",
            links("officeDocument", "xl/workbook.xml").into_bytes(),
        ),
        ("xl/workbook.xml", workbook.into_bytes()),
        (
            "xl/_rels/workbook.xml.rels",
            links("worksheet", "worksheets/sheet1.xml").into_bytes(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_ref().to_vec()),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        zip.start_file(name, stored).expect("a name");
        zip.write_all(&bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}
