//! A table as an Excel workbook, with notes on a second sheet.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::super::model::Cell;

/// How wide a text is in letters of Latin: Han characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// A share as a cell of a page has it, `58.8% (10/17)`, as a fraction of one.
fn share(text: &str) -> Option<f64> {
    let (_, fraction) = text.strip_suffix(')')?.split_once("% (")?;
    let (part, whole) = fraction.split_once('/')?;
    let (part, whole): (f64, f64) = (part.parse().ok()?, whole.parse().ok()?);
    (whole > 0.0).then(|| part / whole)
}

/// A workbook of text and numbers; `bold` names rows that stand out. Excel filters the first so many of the rows.
pub fn workbook(
    title: &str,
    heads: &[String],
    (rows, filtered): (&[Vec<Cell>], usize),
    bold: &[usize],
    notes: &[String],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let strong = Format::new().set_bold();
    let percent = Format::new().set_num_format("0.0%");
    let strong_percent = strong.clone().set_num_format("0.0%");
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
        let (format, share_format) = if bold.contains(&at) {
            (&strong, &strong_percent)
        } else {
            (&plain, &percent)
        };
        for (column, cell) in (0..).zip(row) {
            if let (true, Some(share)) = (column > 0, share(&cell.text)) {
                sheet.write_with_format(line, column, share, share_format)?;
                continue;
            }
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
    if filtered > 0 && !heads.is_empty() {
        sheet.autofilter(0, 0, filtered as u32, (heads.len() - 1) as u16)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for (column, head) in heads.iter().enumerate() {
        let texts = rows.iter().filter_map(|row| row.get(column));
        let texts = texts.map(|cell| cell.text.as_str()).chain([head.as_str()]);
        let widest = texts.map(width).max().unwrap_or(0);
        sheet.set_column_width(column as u16, (widest + 3).clamp(8, 60) as f64)?;
    }
    let second = book.add_worksheet();
    second.set_name(tr!("insight.notes"))?;
    for (line, note) in (0..).zip(notes) {
        second.write(line, 0, note.as_str())?;
    }
    second.set_column_width(0, 100)?;
    book.save_to_buffer()
}
