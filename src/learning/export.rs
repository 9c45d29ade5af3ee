//! Coverage and records as XLSX; each export is audited.

use rust_xlsxwriter::XlsxError;
use serde_json::json;

use super::coverage::{self, Filter};
use super::model::{PersonCoverage, Record};
use super::record;
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::sheet::workbook;
use crate::shared::AppError;

async fn audited(state: &AppState, actor: &Actor, event: Event<'_>) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(())
}

/// The workbook of a course's coverage within scope.
pub async fn coverage(
    state: &AppState,
    actor: &Actor,
    course: &str,
    filter: &Filter,
) -> Result<Vec<u8>, AppError> {
    let (title, rows) = coverage::all(state, actor, course, filter).await?;
    let event = Event::new("course.export", "course", course).detail(json!({ "rows": rows.len() }));
    audited(state, actor, event).await?;
    people(&title, &rows).map_err(internal)
}

fn people(title: &str, rows: &[PersonCoverage]) -> Result<Vec<u8>, XlsxError> {
    let heads = [
        tr!("people.name"),
        tr!("people.employee_no"),
        tr!("people.unit"),
        tr!("learn_coverage.completed_at"),
        tr!("learn_coverage.lessons_done"),
        tr!("learn.due"),
        tr!("learn_coverage.overdue"),
        tr!("learn_coverage.reminded_at"),
    ];
    let widths = [(2, 20.0), (3, 18.0), (7, 18.0)];
    workbook(title, &heads, &widths, rows, |sheet, at, row| {
        sheet.write_string(at, 0, &row.name)?;
        sheet.write_string(at, 1, &row.employee_no)?;
        sheet.write_string(at, 2, &row.unit)?;
        sheet.write_string(at, 3, row.completed.as_deref().unwrap_or_default())?;
        sheet.write(at, 4, row.lessons_done)?;
        sheet.write_string(at, 5, row.due.as_deref().unwrap_or_default())?;
        let late = if row.overdue {
            tr!("ui.is_so")
        } else {
            tr!("ui.is_not")
        };
        sheet.write_string(at, 6, late)?;
        let reminded = row.reminded.as_ref().map(|(at, _)| at.as_str());
        sheet.write_string(at, 7, reminded.unwrap_or_default())?;
        Ok(())
    })
}

/// The workbook of a person's record.
pub async fn record(state: &AppState, actor: &Actor, person: &str) -> Result<Vec<u8>, AppError> {
    let record = record::record(state, actor, person, None).await?;
    let event = Event::new("record.export", "staff", &record.staff_id)
        .detail(json!({ "rows": record.rows.rows.len() }));
    audited(state, actor, event).await?;
    sheet(&record).map_err(internal)
}

fn sheet(record: &Record) -> Result<Vec<u8>, XlsxError> {
    let who = format!("{} {} {}", record.name, record.employee_no, record.unit);
    let heads = [
        tr!("learn_record.kind"),
        tr!("learn_record.title_of"),
        tr!("learn_record.number"),
        tr!("learn_record.at"),
        tr!("exam.percent"),
        tr!("exam.outcome"),
    ];
    let widths = [(1, 36.0), (3, 18.0)];
    workbook(
        &who,
        &heads,
        &widths,
        &record.rows.rows,
        |sheet, at, row| {
            let kind = if row.kind == "exam" {
                tr!("learn_record.exam")
            } else {
                tr!("learn_record.course")
            };
            sheet.write_string(at, 0, kind)?;
            sheet.write_string(at, 1, &row.title)?;
            sheet.write(at, 2, row.version)?;
            sheet.write_string(at, 3, &row.at)?;
            if let Some(percent) = row.percent {
                sheet.write(at, 4, (percent * 10.0).round() / 10.0)?;
            }
            sheet.write_string(at, 5, row.outcome())?;
            Ok(())
        },
    )
}
