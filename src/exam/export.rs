//! The results of an exam as XLSX.

use rust_xlsxwriter::XlsxError;
use serde_json::json;

use super::model::ResultRow;
use super::results::{self, Filter};
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::sheet;
use crate::shared::AppError;

/// The workbook of an exam's results within scope; audited.
pub async fn workbook(
    state: &AppState,
    actor: &Actor,
    exam: &str,
    filter: &Filter,
) -> Result<Vec<u8>, AppError> {
    let (title, rows) = results::all(state, actor, exam, filter).await?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("exam.export", "exam", exam).detail(json!({ "rows": rows.len() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    sheet(&title, &rows).map_err(internal)
}

fn sheet(title: &str, rows: &[ResultRow]) -> Result<Vec<u8>, XlsxError> {
    let heads = [
        tr!("people.name"),
        tr!("people.employee_no"),
        tr!("people.unit"),
        tr!("exam.attempts_used"),
        tr!("exam.percent"),
        tr!("exam.outcome"),
        tr!("exam.submitted_at"),
        tr!("exam.left"),
    ];
    let widths = [(0, 14.0), (6, 18.0)];
    sheet::workbook(title, &heads, &widths, rows, |sheet, at, row| {
        sheet.write_string(at, 0, &row.name)?;
        sheet.write_string(at, 1, &row.employee_no)?;
        sheet.write_string(at, 2, &row.unit)?;
        sheet.write(at, 3, row.attempts)?;
        if let Some(percent) = row.percent {
            sheet.write(at, 4, (percent * 10.0).round() / 10.0)?;
        }
        sheet.write_string(at, 5, row.outcome())?;
        sheet.write_string(at, 6, row.at.as_deref().unwrap_or_default())?;
        sheet.write(at, 7, row.left)?;
        Ok(())
    })
}
