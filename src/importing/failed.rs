//! Workbooks for downloading: refused rows with their reasons, to be mended and uploaded again, and empty templates.

use std::collections::HashMap;

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::json;

use super::jobs;
use super::model::Kind;
use super::table::{REASON_COLUMN, ROW_COLUMN, Table};
use crate::question::formats::sheet::WHOLE;
use crate::server::audit::{self, Event};
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::{AppState, files};
use crate::shared::AppError;

/// The rows of a job that were refused, as they stood, with the reasons and the row numbers at the end. It holds
/// personal data: each download is written to the audit log.
pub async fn workbook(state: &AppState, actor: &Actor, id: &str) -> Result<Vec<u8>, AppError> {
    let job = jobs::find(state, actor, id).await?;
    let refused = jobs::kept(state, id)
        .await?
        .ok_or(AppError::NotFound)?
        .refused;
    let bytes = match files::get_sealed(state, &job.file_id).await {
        Err(AppError::NotFound) => return Err(AppError::Conflict("import.file_gone".into())),
        other => other?,
    };
    let rows = refused.len();
    let table = super::run::read(job.kind(), bytes).await?;
    let made = tokio::task::spawn_blocking(move || refused_rows(&table, refused).map_err(internal))
        .await
        .map_err(internal)??;
    let mut tx = state.db.begin().await?;
    let event = Event::new("import_job.download", "import_job", id).detail(json!({ "rows": rows }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(made)
}

fn refused_rows(table: &Table, refused: Vec<(i64, String)>) -> Result<Vec<u8>, XlsxError> {
    let reasons: HashMap<i64, String> = refused.into_iter().collect();
    // The file may itself be such a workbook: its last two columns are written anew.
    let columns: Vec<usize> = (0..table.header.len())
        .filter(|i| ![REASON_COLUMN, ROW_COLUMN, WHOLE].contains(&table.header[*i].as_str()))
        .collect();
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    let (reason_at, row_at) = (columns.len() as u16, columns.len() as u16 + 1);
    for (to, from) in columns.iter().enumerate() {
        sheet.write_string_with_format(0, to as u16, &table.header[*from], &bold)?;
    }
    sheet.write_string_with_format(0, reason_at, REASON_COLUMN, &bold)?;
    sheet.write_string_with_format(0, row_at, ROW_COLUMN, &bold)?;
    let mut line = 0;
    for (number, cells) in &table.rows {
        let Some(reason) = reasons.get(number) else {
            continue;
        };
        line += 1;
        // Text throughout: nothing that somebody typed becomes a formula or loses its leading zeros.
        for (to, from) in columns.iter().enumerate() {
            if let Some(cell) = cells.get(*from) {
                sheet.write_string(line, to as u16, cell)?;
            }
        }
        sheet.write_string(line, reason_at, reason)?;
        sheet.write_string(line, row_at, number.to_string())?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_column_width(reason_at, 40)?;
    book.save_to_buffer()
}

/// An empty spreadsheet of a kind: the columns, and what to know about them on a second sheet.
pub fn template(kind: Kind) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    // As text, so that a spreadsheet program does not write a phone as 1.39E+10.
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet();
    sheet.set_name(kind.label())?;
    for (i, (column, _)) in kind.columns().iter().enumerate() {
        let at = i as u16;
        sheet.set_column_width(at, 16)?;
        sheet.set_column_format(at, &text)?;
        sheet.write_string_with_format(0, at, *column, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let notes = book.add_worksheet();
    notes.set_name(tr!("import.columns_sheet"))?;
    notes.set_column_width(0, 16)?;
    notes.set_column_width(1, 10)?;
    notes.set_column_width(2, 80)?;
    for (i, (column, required)) in kind.columns().iter().enumerate() {
        let line = i as u32;
        notes.write_string_with_format(line, 0, *column, &bold)?;
        notes.write_string(
            line,
            1,
            if *required {
                tr!("import.required")
            } else {
                tr!("import.optional")
            },
        )?;
        notes.write_string(line, 2, kind.note(column).unwrap_or_default())?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_can_be_read_again() {
        let table = Table::read("姓名,失败原因,手机号\n王威,旧,=1+1\n李丽,,0138\n".as_bytes())
            .expect("is read");
        let bytes = refused_rows(&table, vec![(3, "手机号格式错误".into())]).expect("is written");
        let again = Table::read(&bytes).expect("is read");
        assert_eq!(again.header, ["姓名", "手机号", REASON_COLUMN, ROW_COLUMN]);
        assert_eq!(
            again.rows,
            [(
                2,
                ["李丽", "0138", "手机号格式错误", "3"]
                    .map(String::from)
                    .to_vec()
            )]
        );
    }

    #[test]
    fn templates_name_what_an_import_needs() {
        for kind in Kind::ALL {
            let bytes = template(kind).expect("is written");
            let table = Table::read(&bytes).expect("is read");
            let columns: Vec<&str> = kind.columns().iter().map(|(c, _)| *c).collect();
            assert_eq!(table.header, columns);
        }
    }
}
