//! A table as an Excel workbook, with notes on a second sheet.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::super::model::Cell;

/// A workbook of text and numbers; `bold` names rows that stand out.
pub fn workbook(
    title: &str,
    heads: &[String],
    rows: &[Vec<Cell>],
    bold: &[usize],
    notes: &[String],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let strong = Format::new().set_bold();
    let sheet = book.add_worksheet();
    // Excel takes 31 characters, and not these.
    let name: String = title
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\'))
        .take(31)
        .collect();
    sheet.set_name(name)?;
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(0, column, head.as_str(), &strong)?;
    }
    for (at, row) in rows.iter().enumerate() {
        let line = at as u32 + 1;
        let plain = Format::new();
        let format = if bold.contains(&at) { &strong } else { &plain };
        for (column, cell) in (0..).zip(row) {
            let digits = cell.text.replace(',', "");
            match digits.parse::<f64>() {
                // A number keeps to be one; the first column is a name.
                Ok(number) if column > 0 && digits.len() < 15 => {
                    sheet.write_with_format(line, column, number, format)?;
                }
                _ => {
                    sheet.write_with_format(line, column, cell.text.as_str(), format)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofit();
    let second = book.add_worksheet();
    second.set_name(tr!("insight.notes"))?;
    for (line, note) in (0..).zip(notes) {
        second.write(line, 0, note.as_str())?;
    }
    second.set_column_width(0, 100)?;
    book.save_to_buffer()
}
