//! Workbooks with one sheet: a title if there is one, a line of heads, and rows.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

/// A workbook. `row` writes the row at a line (from 0); widths are of columns that need more than the usual.
pub fn workbook<T>(
    title: &str,
    heads: &[String],
    widths: &[(u16, f64)],
    rows: &[T],
    row: impl Fn(&mut Worksheet, u32, &T) -> Result<(), XlsxError>,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    for (column, width) in widths {
        sheet.set_column_width(*column, *width)?;
    }
    let top = u32::from(!title.is_empty());
    if !title.is_empty() {
        sheet.write_with_format(0, 0, title, &bold)?;
    }
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(top, column, head.as_str(), &bold)?;
    }
    for (at, item) in (top + 1..).zip(rows) {
        row(sheet, at, item)?;
    }
    book.save_to_buffer()
}
