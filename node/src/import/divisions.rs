//! A table of divisions from a sheet: `code,name,parent,valid_from`, with `valid_to` and `successors` where there are any.

use lianzhan_protocol::division::{Code, Division, Divisions};
use serde::{Deserialize, Serialize};

use super::ImportError;
use super::sheet::{CellValue, Row, Sheet};
use super::words::fold_heading;

/// A table as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DivisionTable {
    /// What can be used of it.
    pub divisions: Divisions,
    /// What is remarkable, by row.
    pub remarks: Vec<RowRemark>,
}

/// What is remarkable about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRemark {
    /// The row in the file, from 1.
    pub row: u32,
    /// The code as it stands there.
    pub code: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// Whether the row is left out for it.
    pub left_out: bool,
}

/// The columns, each with the headings that it may have.
const HEADINGS: [&[&str]; 6] = [
    &["code", "代码", "区划代码", "行政区划代码"],
    &["name", "名称", "单位名称"],
    &["parent", "上级", "上级代码"],
    &["valid_from", "启用日期", "生效日期"],
    &["valid_to", "停用日期", "失效日期"],
    &["successors", "变更后代码", "新代码"],
];

/// Reads the divisions of a sheet below its heading; none of a sheet without one that names codes and names.
pub fn read_divisions(sheet: &Sheet) -> Result<DivisionTable, ImportError> {
    let heading = |row: &Row| -> Option<[Option<usize>; 6]> {
        let find = |words: &[&str]| {
            row.cells.iter().position(|cell| {
                let heading = fold_heading(&cell.value.to_text());
                words.contains(&heading.as_str())
            })
        };
        let columns = HEADINGS.map(find);
        (columns[0].is_some() && columns[1].is_some()).then_some(columns)
    };
    let mut numbered = sheet.rows.iter().enumerate();
    let (at, columns) = numbered
        .find_map(|(at, row)| Some((at, heading(row)?)))
        .ok_or(ImportError::Empty)?;
    let (mut list, mut places, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
    for row in &sheet.rows[at + 1..] {
        let [code, name, parent, from, to, successors] =
            columns.map(|column| column.map_or_else(String::new, |at| text(&row.cell(at).value)));
        if code.is_empty() && name.is_empty() {
            continue;
        }
        let coded = |text: &str| {
            if text.is_empty() {
                Some(None)
            } else {
                Code::parse(text).map(Some)
            }
        };
        let after: Option<Vec<Code>> = successors
            .split(|c: char| c.is_whitespace() || ";；,，、".contains(c))
            .filter(|text| !text.is_empty())
            .map(Code::parse)
            .collect();
        let (Some(own), Some(parent), Some(successors)) = (Code::parse(&code), coded(&parent), after) else {
            remarks.push(RowRemark {
                row: row.number,
                code,
                zh: "代码须为 2、4、6、9 或 12 位数字".into(),
                en: "codes have 2, 4, 6, 9 or 12 digits".into(),
                left_out: true,
            });
            continue;
        };
        places.push((row.number, code));
        list.push(Division {
            code: own,
            name,
            parent,
            valid_from: from,
            valid_to: (!to.is_empty()).then_some(to),
            successors,
        });
    }
    let (divisions, found) = Divisions::new(list);
    remarks.extend(found.into_iter().filter_map(|(place, remark)| {
        let (row, code) = places.get(place)?.clone();
        Some(RowRemark {
            row,
            code,
            zh: remark.zh(),
            en: remark.to_string(),
            left_out: remark.is_fault(),
        })
    }));
    remarks.sort_by_key(|remark| remark.row);
    Ok(DivisionTable { divisions, remarks })
}

fn text(value: &CellValue) -> String {
    match value {
        CellValue::Date(day) => day.date().to_string(),
        value => super::words::line(&value.to_text()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_sheet;
    use super::*;

    #[test]
    fn a_table_is_read_by_its_headings_and_its_rows_are_told() {
        let text = "行政区划代码表\n\
                    区划代码,名称,上级代码,启用日期,停用日期,变更后代码\n\
                    99,试省,,,,\n\
                    9901,澜州市,99,,,\n\
                    990121,澄川县,9901,2000-01-01,2025-06-30,990104\n\
                    990104,澄川区,9901,2025-07-01,,\n\
                    99010x,错码,9901,,,\n\
                    990171,开发区,9901,,,\n\
                    990131,,9901,,,\n";
        let table = read_divisions(&read_sheet("codes.csv", text.as_bytes()).unwrap()).unwrap();
        assert_eq!(table.divisions.len(), 5);
        let told: Vec<_> = table
            .remarks
            .iter()
            .map(|remark| (remark.row, remark.left_out))
            .collect();
        assert_eq!(told, [(7, true), (8, false), (9, true)]);
        let code = Code::parse("990121").unwrap();
        let by = table.divisions.by(&code, "2024-01-01", "2026-01-01");
        assert_eq!(by[0].name, "澄川区");
        let none = read_sheet("codes.csv", "甲,乙\n1,2\n".as_bytes()).unwrap();
        assert_eq!(read_divisions(&none), Err(ImportError::Empty));
    }
}
