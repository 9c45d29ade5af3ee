//! Files that were imported, their originals, what was refused, and rows that differ from a known line.

use std::collections::BTreeSet;

use serde_json::json;

use super::import::Values;
use super::lines::{self, Corrected, LINE, Line};
use super::model::{ConflictRow, FileRow};
use super::sums;
use crate::server::audit::{self, Event};
use crate::server::db::{internal, q};
use crate::server::guard::Actor;
use crate::server::sheet::workbook;
use crate::server::{AppState, files, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};
use crate::ui::money::yuan;

/// One page of files, the latest first.
pub async fn list(state: &AppState, page: i64) -> Result<Page<FileRow>, AppError> {
    let total = q("SELECT COUNT(*) FROM flow_file").count(&state.db).await?;
    let page = within(page, total);
    let mut rows: Vec<FileRow> = q(
        "SELECT id, name, sha256, row_count, line_count, repeat_count, conflict_count, invalid_count, staff_name, at \
         FROM flow_file ORDER BY at DESC, id DESC LIMIT $1 OFFSET $2",
    )
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    for row in &mut rows {
        row.imported = state.zone.minute(row.at);
    }
    Ok(Page { rows, total, page })
}

/// The original of a file: its name and bytes. Each download is written to the audit log.
pub async fn original(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let (name, sha256): (String, String) = q("SELECT name, sha256 FROM flow_file WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    let bytes = files::get_sealed(state, &sha256).await?;
    let mut tx = state.db.begin().await?;
    let event = Event::new("flow.download", "flow_file", id).detail(json!({ "sha256": sha256 }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok((name, bytes))
}

/// Row, cells under their heads, and reason of a refused row.
type Refused = (i64, Vec<(String, String)>, String);

/// The refused rows of a file with their reasons, as a workbook that can be mended and imported.
pub async fn refused(state: &AppState, id: &str) -> Result<Vec<u8>, AppError> {
    let rows: Vec<(i64, String, String)> = q(
        "SELECT row_no, cells, reason FROM flow_aside WHERE file_id = $1 AND kind = 'invalid' ORDER BY row_no",
    )
    .bind(id)
    .all(&state.db)
    .await?;
    if rows.is_empty() {
        return Err(AppError::NotFound);
    }
    let read: Vec<Refused> = rows
        .into_iter()
        .map(|(row, cells, reason)| {
            (
                row,
                serde_json::from_str(&cells).unwrap_or_default(),
                reason,
            )
        })
        .collect();
    let mut heads: Vec<String> = read
        .first()
        .map(|(_, cells, _)| cells.iter().map(|(head, _)| head.clone()).collect())
        .unwrap_or_default();
    let width = heads.len();
    heads.push(crate::importing::table::REASON_COLUMN.into());
    heads.push(crate::importing::table::ROW_COLUMN.into());
    workbook(
        "",
        &heads,
        &[(width as u16, 40.0)],
        &read,
        |sheet, at, (row, cells, reason)| {
            // Text throughout: nothing that somebody typed becomes a formula.
            for (column, (_, text)) in (0..).zip(cells.iter().take(width)) {
                sheet.write_string(at, column, text)?;
            }
            sheet.write_string(at, width as u16, reason)?;
            sheet.write_string(at, width as u16 + 1, row.to_string())?;
            Ok(())
        },
    )
    .map_err(internal)
}

/// One page of rows that differ from a known line and wait for a decision.
pub async fn conflicts(state: &AppState, page: i64) -> Result<Page<ConflictRow>, AppError> {
    let open = "FROM flow_aside x JOIN flow_line l ON l.id = x.line_id WHERE x.kind = 'conflict' AND x.decided_at IS NULL";
    let total = q(format!("SELECT COUNT(*) {open}"))
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let asides: Vec<(String, i64, String, String)> = q(format!(
        "SELECT x.file_id, x.row_no, x.cells, x.line_id {open} ORDER BY x.file_id DESC, x.row_no LIMIT $1 OFFSET $2"
    ))
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let ids: Vec<String> = asides.iter().map(|(.., line)| line.clone()).collect();
    let mut query = q(format!("{LINE} WHERE "));
    query.push_among("l.id", &ids);
    let known: Vec<Line> = query.all(&state.db).await?;
    let rows = asides
        .into_iter()
        .filter_map(|(file_id, row, cells, id)| {
            let line = known.iter().find(|line| line.id == id)?;
            let new: Values = serde_json::from_str(&cells).ok()?;
            Some(ConflictRow {
                file_id,
                row,
                terminal: line.terminal_name.clone(),
                product: format!("{} {}", line.product_name, line.specification),
                document_no: line.document_no.clone(),
                differs: differing(&Values::of(line), &new),
            })
        })
        .collect();
    Ok(Page { rows, total, page })
}

/// Names of fields with the value on file and that of the row, where they differ.
fn differing(known: &Values, new: &Values) -> Vec<(String, String, String)> {
    let product = |v: &Values| format!("{} {} {}", v.product_code, v.product_name, v.specification);
    let terminal = |v: &Values| format!("{} {}", v.terminal_code, v.terminal_name);
    let day = |v: &Values| v.expires_on.clone().unwrap_or_default();
    [
        (
            tr!("flow.line.quantity"),
            known.quantity.to_string(),
            new.quantity.to_string(),
        ),
        (
            tr!("flow.line.amount"),
            yuan(known.amount_fen),
            yuan(new.amount_fen),
        ),
        (tr!("flow.line.unit"), known.unit.clone(), new.unit.clone()),
        (
            tr!("flow.line.day"),
            known.sold_on.clone(),
            new.sold_on.clone(),
        ),
        (tr!("flow.report.product"), product(known), product(new)),
        (
            tr!("flow.line.batch"),
            known.batch.clone(),
            new.batch.clone(),
        ),
        (tr!("flow.line.expires"), day(known), day(new)),
        (tr!("flow.report.terminal"), terminal(known), terminal(new)),
    ]
    .into_iter()
    .filter(|(_, a, b)| a != b)
    .collect()
}

/// Decides about a row that differs: the known line is kept, or the row takes its place by a reversal and a new line.
pub async fn settle(
    state: &AppState,
    actor: &Actor,
    file_id: &str,
    row: i64,
    replace: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let (line_id, cells, value_key): (String, String, String) = q(
        "SELECT line_id, cells, value_key FROM flow_aside WHERE file_id = $1 AND row_no = $2 AND kind = 'conflict' \
         AND line_id IS NOT NULL",
    )
    .bind(file_id)
    .bind(row)
    .one(&mut tx)
    .await?;
    let won = q("UPDATE flow_aside SET decision = $1, decided_by = $2, decided_at = $3 WHERE file_id = $4 AND row_no = $5 \
         AND decided_at IS NULL")
    .bind(if replace { "replace" } else { "keep" })
    .bind(&actor.id)
    .bind(time::now())
    .bind(file_id)
    .bind(row)
    .exec(&mut tx)
    .await?;
    if won == 0 {
        return Ok(Saved::stay("notice.saved"));
    }
    if replace {
        let new: Values = serde_json::from_str(&cells).map_err(internal)?;
        // The line that stands for it now: it may have been corrected since.
        let mut current = line_id.clone();
        while let Some((next,)) = q("SELECT id FROM flow_line WHERE corrects_id = $1")
            .bind(&current)
            .optional::<(String,)>(&mut tx)
            .await?
        {
            current = next;
        }
        let line = lines::find(&mut tx, &current).await?;
        let held = lines::hold(
            &mut tx,
            [
                line.month.clone(),
                super::rules::month_of(&new.sold_on).to_owned(),
            ],
        )
        .await?;
        let line = lines::find(&mut tx, &line.id).await?;
        if line.state == "appealed" {
            return Err(AppError::Conflict("flow.appeal_open".into()));
        }
        let same_place =
            line.terminal_code == new.terminal_code && line.terminal_name == new.terminal_name;
        let model = Line {
            product_id: new.product_id,
            product_code: new.product_code,
            product_name: new.product_name,
            specification: new.specification,
            batch: new.batch,
            expires_on: new.expires_on,
            terminal_code: new.terminal_code,
            terminal_name: new.terminal_name,
            ..line.clone()
        };
        let to = Corrected {
            quantity: new.quantity,
            price_fen: new.price_fen,
            amount_fen: new.amount_fen,
            unit: new.unit,
            sold_on: new.sold_on,
            value_key,
            // What a person decided about the same printed name stays.
            terminal_id: if same_place {
                line.terminal_id.clone()
            } else {
                new.terminal_id
            },
            ..Corrected::of(&line)
        };
        let mut cells = BTreeSet::new();
        lines::correct(&mut tx, &held, &line, None, &mut cells).await?;
        lines::add(&mut tx, &held, &model, &to, Some(&line.id), &mut cells).await?;
        cells.retain(|(month, _)| !held.is_closed(month));
        sums::resum(&mut tx, &cells).await?;
    }
    let event = Event::new("flow.conflict", "flow_line", &line_id)
        .detail(json!({ "file": file_id, "row": row, "replace": replace }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}
