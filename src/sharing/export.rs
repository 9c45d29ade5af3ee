//! The report of layer 1 as XLSX.

use axum::extract::{Query, State};
use axum::response::Response;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use serde_json::json;

use super::metrics::{self, Range};
use super::model::RepRow;
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::internal;
use crate::server::web::{self, Visit};
use crate::shared::{AppError, Permission};

/// What the page had filtered by.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    to: String,
    text: String,
    sort: String,
}

/// The workbook of the report within the asker's scope.
pub async fn report(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    build(&state, &visit, &asked)
        .await
        .unwrap_or_else(|error| visit.error(&error))
}

async fn build(state: &AppState, visit: &Visit, asked: &Asked) -> Result<Response, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::ReadShares)?;
    let range = Range::asked(&asked.from, &asked.to, &state.zone.today());
    let sort = if asked.sort.is_empty() {
        "-pv"
    } else {
        &asked.sort
    };
    let rows = metrics::reps(&state.db, actor, &range, &asked.text, sort).await?;
    let formula = metrics::weights(&state.db).await?.formula();
    let owner = leptos::prelude::Owner::new();
    let bytes = owner.with(|| {
        leptos::prelude::provide_context(visit.locale);
        workbook(&rows, &range, &formula).map_err(internal)
    })?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("shares.export", "report", "shares")
        .detail(json!({ "from": range.from, "to": range.to, "rows": rows.len() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    web::xlsx(
        &format!("mailuo-shares-{}-{}.xlsx", range.from, range.to),
        bytes,
    )
}

fn workbook(rows: &[RepRow], range: &Range, formula: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    sheet.set_name(tr!("shares.title"))?;
    let head = [
        tr!("people.name"),
        tr!("people.unit"),
        tr!("metrics.created"),
        tr!("metrics.shares"),
        tr!("metrics.pv"),
        tr!("metrics.uv"),
        tr!("metrics.rereads"),
        tr!("metrics.self_views"),
        tr!("metrics.dwell_seconds"),
        tr!("metrics.dwell_views"),
        tr!("metrics.finished"),
        tr!("metrics.index"),
    ];
    for (column, text) in head.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, text, &bold)?;
    }
    for (i, row) in rows.iter().enumerate() {
        let (line, m) = (i as u32 + 1, &row.metrics);
        sheet.write_string(line, 0, &row.name)?;
        sheet.write_string(line, 1, &row.unit)?;
        let numbers = [m.created, m.shares, m.pv, m.uv, m.rereads, m.self_views];
        for (j, number) in numbers.into_iter().enumerate() {
            sheet.write_number(line, j as u16 + 2, number as f64)?;
        }
        if let Some(ms) = m.dwell_median_ms {
            sheet.write_number(line, 8, ms as f64 / 1000.0)?;
        }
        sheet.write_number(line, 9, m.dwell_views as f64)?;
        sheet.write_number(line, 10, m.finished as f64)?;
        sheet.write_number(line, 11, row.index)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofit();
    let notes = book.add_worksheet();
    notes.set_name(tr!("shares.notes"))?;
    let lines = [
        format!("{} – {}", range.from, range.to),
        tr!("metrics.pv_means"),
        tr!("metrics.uv_means"),
        tr!("metrics.rereads_means"),
        tr!("metrics.shares_means"),
        tr!("metrics.dwell_means"),
        tr!("metrics.finished_means"),
        formula.to_owned(),
    ];
    for (i, line) in lines.iter().enumerate() {
        notes.write_string(i as u32, 0, line)?;
    }
    book.save_to_buffer()
}
