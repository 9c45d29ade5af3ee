//! Reading a spreadsheet: CSV (UTF-8 with or without BOM, or GB18030) and XLSX or XLS, told apart by content.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;

use calamine::{Data, Reader};

use super::model::Invalid;
use crate::identity::rules::{self, clean};
use crate::shared::{AppError, FieldError};

/// The two columns that the workbook of refused rows has at its end; an import passes over them.
pub const REASON_COLUMN: &str = "失败原因";
pub const ROW_COLUMN: &str = "行号";

/// The most rows that one file may have.
const MOST_ROWS: usize = 200_000;

/// A table of texts with its header.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub header: Vec<String>,
    /// Each with its number as a spreadsheet shows it: the header is row 1.
    pub rows: Vec<(i64, Vec<String>)>,
    /// Of a table made out of a text: the line in which each row begins, or is faulty.
    pub lines: HashMap<i64, i64>,
    /// Rows that could not be read.
    pub faults: Vec<Invalid>,
    /// What was passed over as no row at all.
    pub skipped: i64,
    /// SHA-256 and name of the file it came from, where the importer keeps them.
    pub sha256: String,
    pub file_name: String,
}

/// One row, by column names.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// As a spreadsheet shows it.
    pub number: i64,
    header: &'a [String],
    cells: &'a [String],
}

impl Row<'_> {
    /// The cell of a column, cleaned; empty where there is none.
    pub fn get(&self, column: &str) -> String {
        let found = self
            .header
            .iter()
            .position(|h| h == column)
            .and_then(|i| self.cells.get(i));
        found.map(|cell| clean(cell)).unwrap_or_default()
    }

    /// The cell of a column as it stands, without blanks around it.
    pub fn get_text(&self, column: &str) -> String {
        let found = self
            .header
            .iter()
            .position(|h| h == column)
            .and_then(|i| self.cells.get(i));
        found.map(|cell| cell.trim().to_owned()).unwrap_or_default()
    }

    /// The mobile number of column 手机号, or why the row is refused: missing, malformed, or in `seen` already.
    pub fn phone(&self, seen: &mut HashSet<String>) -> Result<String, Invalid> {
        let text = self.get("手机号");
        let fault = match rules::phone(&text) {
            Some(phone) if seen.insert(phone.clone()) => return Ok(phone),
            Some(_) => tr!("import.phone_repeated"),
            None if text.is_empty() => tr!("import.phone_missing"),
            None => tr!("import.phone_format"),
        };
        Err(self.invalid("手机号", fault))
    }

    /// A reason to refuse this row.
    pub fn invalid(&self, field: &str, reason: impl Into<String>) -> Invalid {
        Invalid {
            row: self.number,
            line: None,
            field: field.into(),
            reason: reason.into(),
        }
    }
}

impl Table {
    /// Reads bytes of any of the known forms.
    pub fn read(bytes: &[u8]) -> Result<Table, AppError> {
        let mut all = read_rows(bytes)?.into_iter();
        let Some((_, header)) = all.next() else {
            return Err(AppError::field("", "import.no_rows"));
        };
        let rows: Vec<_> = all.collect();
        Ok(Table {
            header: header.iter().map(|h| clean(h)).collect(),
            rows,
            ..Table::default()
        })
    }

    /// A reason with the line of its row, where the table was made out of a text.
    pub fn at(&self, mut invalid: Invalid) -> Invalid {
        invalid.line = self.lines.get(&invalid.row).copied();
        invalid
    }

    /// Gives columns their own names where the file has another for them; a column that is there stays.
    pub fn rename(&mut self, names: &[(&str, &[&str])]) {
        for (name, others) in names {
            if self.has(name) {
                continue;
            }
            let found = self
                .header
                .iter_mut()
                .find(|h| others.iter().any(|other| h.eq_ignore_ascii_case(other)));
            if let Some(header) = found {
                *header = (*name).to_owned();
            }
        }
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.header.iter().any(|h| h == column)
    }

    /// An error that names the columns which are missing.
    pub fn require(&self, columns: &[&str]) -> Result<(), AppError> {
        let missing: Vec<&str> = columns.iter().copied().filter(|c| !self.has(c)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let args = vec![("columns".to_owned(), missing.join("、"))];
        Err(AppError::Invalid(vec![FieldError {
            field: String::new(),
            key: "import.columns_missing".into(),
            args,
        }]))
    }

    /// The rows by column names.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(move |row| self.row(row))
    }

    /// The rows by column names, `size` at a time.
    pub fn chunks(&self, size: usize) -> impl Iterator<Item = Vec<Row<'_>>> {
        self.rows
            .chunks(size)
            .map(move |rows| rows.iter().map(move |row| self.row(row)).collect())
    }

    fn row<'a>(&'a self, (number, cells): &'a (i64, Vec<String>)) -> Row<'a> {
        Row {
            number: *number,
            header: &self.header,
            cells,
        }
    }
}

/// All rows that are not empty, each with its number, of bytes of any of the known forms.
pub fn read_rows(bytes: &[u8]) -> Result<Vec<(i64, Vec<String>)>, AppError> {
    let mut all = if is_workbook(bytes) {
        spreadsheet(bytes)?
    } else {
        text(bytes)?
    };
    all.retain(|(_, cells)| cells.iter().any(|c| !c.trim().is_empty()));
    if all.len() > MOST_ROWS + 1 {
        return Err(AppError::field("", "import.too_many_rows"));
    }
    Ok(all)
}

/// Whether bytes may be a spreadsheet, told by their beginning: a workbook, or text.
pub fn is_spreadsheet(bytes: &[u8]) -> bool {
    // A page or a PDF by the name of a spreadsheet is text to its first bytes.
    let begins = bytes.trim_ascii_start();
    let other = begins.starts_with(b"%PDF-") || begins.starts_with(b"<");
    let head = &bytes[..bytes.len().min(4096)];
    is_workbook(bytes) || is_utf16(bytes) || (!other && !head.contains(&0))
}

/// Whether bytes begin as Excel's "Unicode text" does.
fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// Whether bytes begin like XLSX or XLS.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
}

fn unreadable(_: impl std::fmt::Display) -> AppError {
    AppError::field("", "import.unreadable")
}

fn spreadsheet(bytes: &[u8]) -> Result<Vec<(i64, Vec<String>)>, AppError> {
    let mut book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let range = book
        .worksheet_range_at(0)
        .ok_or_else(|| unreadable(""))?
        .map_err(unreadable)?;
    let first = range.start().map_or(0, |(row, _)| row);
    Ok(range
        .rows()
        .enumerate()
        .map(|(i, cells)| {
            (
                i64::from(first) + i as i64 + 1,
                cells.iter().map(cell).collect(),
            )
        })
        .collect())
}

fn cell(data: &Data) -> String {
    match data {
        // Phone numbers come as floats.
        Data::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => format!("{}", *f as i64),
        other => other.to_string(),
    }
}

fn text(bytes: &[u8]) -> Result<Vec<(i64, Vec<String>)>, AppError> {
    let decoded = match std::str::from_utf8(bytes) {
        Ok(utf8) => utf8.trim_start_matches('\u{FEFF}').to_owned(),
        Err(_) => {
            let (text, _, broken) = encoding_rs::GB18030.decode(bytes);
            if broken {
                return Err(unreadable(""));
            }
            text.into_owned()
        }
    };
    if decoded.contains('\0') {
        return Err(unreadable(""));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(decoded.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.map_err(unreadable)?;
            // By position, since the reader skips blank lines and a spreadsheet does not: a record begins where the
            // one before ended, and its row is that of the first byte which is no line break.
            let (line, byte) = record
                .position()
                .map_or((1, 0), |p| (p.line(), p.byte() as usize));
            let blank = decoded.as_bytes()[byte.min(decoded.len())..]
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n'))
                .filter(|b| **b == b'\n')
                .count();
            let row = line + blank as u64;
            Ok((row as i64, record.iter().map(str::to_owned).collect()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_give_the_same_table() {
        let text = "姓名,手机号\n王威, １３９００００００００ \n\n李丽,13800000000\n";
        let utf8 = Table::read(text.as_bytes()).expect("UTF-8");
        let (gbk, _, _) = encoding_rs::GB18030.encode(text);
        assert_eq!(Table::read(&gbk).expect("GB18030"), utf8);
        let phones: Vec<_> = utf8.iter().map(|r| (r.number, r.get("手机号"))).collect();
        assert_eq!(
            phones,
            [(2, "13900000000".to_owned()), (4, "13800000000".to_owned())]
        );
        assert!(utf8.require(&["医院"]).is_err());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(Table::read(b"\x89PNG\r\n\x1a\n\0\0\0\xff\xff").is_err());
        assert!(Table::read(b"PK\x03\x04nonsense").is_err());
        assert!(Table::read(b"").is_err());
        assert!(!is_spreadsheet(b"\x89PNG\r\n\x1a\n\0\0\0\xff\xff"));
        assert!(is_spreadsheet("姓名\n".as_bytes()));
        assert!(!is_spreadsheet(b"%PDF-1.7\n"));
        assert!(!is_spreadsheet(b"\n<html><table>"));
        let wide: Vec<u8> = "\u{feff}姓名,手机号\n王威,13900000000\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(is_spreadsheet(&wide));
        assert_eq!(
            Table::read(&wide).expect("UTF-16").header,
            ["姓名", "手机号"]
        );
    }

    #[test]
    fn columns_go_by_other_names_too() {
        let mut table =
            Table::read("医生姓名,Mobile,手机\n王威,13900000000,\n".as_bytes()).expect("is read");
        table.rename(&[
            ("姓名", &["客户姓名", "医生姓名"]),
            ("手机号", &["mobile", "手机"]),
        ]);
        assert_eq!(table.header, ["姓名", "手机号", "手机"]);
    }
}
