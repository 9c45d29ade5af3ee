//! Names that wait for a terminal: suggestions, decisions that hold for lines past and to come, taking one back.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::columns;
use super::lines::{self, Corrected, LINE, Line, owner_on};
use super::matcher::Decision;
use super::model::{MatchRow, Matching, PrintedRow};
use super::store::WAITING;
use super::sums::{self, Cell};
use crate::server::audit::{self, Event};
use crate::server::db::{Exec, Query, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Saved};
use crate::terminal;

/// Names that wait, those with the most lines first, with suggestions; and the latest decisions.
pub async fn list(
    state: &AppState,
    text: &str,
    distributor: &str,
    page: i64,
) -> Result<Matching, AppError> {
    let narrow = |query: &mut Query| {
        query.push(&format!(" FROM flow_line l WHERE {WAITING}"));
        if !text.trim().is_empty() {
            let pattern = format!("%{}%", text.trim().replace(['%', '_'], ""));
            query.push_with(" AND l.terminal_name LIKE ?", [pattern]);
        }
        if !distributor.is_empty() {
            query.push_with(" AND l.distributor_id = ?", [distributor]);
        }
    };
    let mut count = q("SELECT COUNT(*) FROM (SELECT 1");
    narrow(&mut count);
    count.push(" GROUP BY l.terminal_name, l.terminal_code) n");
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = q(
        "SELECT l.terminal_name, l.terminal_code, COUNT(*), CAST(SUM(l.quantity) AS BIGINT), MIN(l.distributor_id), \
         COUNT(DISTINCT l.distributor_id)",
    );
    narrow(&mut query);
    query.push_with(
        " GROUP BY l.terminal_name, l.terminal_code ORDER BY COUNT(*) DESC, l.terminal_name, l.terminal_code LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows: Vec<(String, String, i64, i64, String, i64)> = query.all(&state.db).await?;
    let names = super::reports::distributors(&state.db).await?;
    let matcher = state.matcher.get(&state.db).await?;
    let mut delivered =
        q("SELECT DISTINCT distributor_id, terminal_id FROM flow_sum WHERE terminal_id <> '' AND ");
    let ids: Vec<String> = rows.iter().map(|(_, _, _, _, id, _)| id.clone()).collect();
    delivered.push_among("distributor_id", &ids);
    let mut near: HashMap<String, HashSet<String>> = HashMap::new();
    for (distributor, terminal) in delivered.all::<(String, String)>(&state.db).await? {
        near.entry(distributor).or_default().insert(terminal);
    }
    let mut out = Vec::with_capacity(rows.len());
    for (printed, code, lines, quantity, distributor, distributors) in rows {
        let none = HashSet::new();
        let near = near.get(&distributor).unwrap_or(&none);
        let suggestions = match matcher.decide(&code, &printed, near) {
            Decision::Suggested(found) => found,
            // A terminal that was entered since.
            Decision::Matched(_, at) => vec![matcher.exact(at)],
            Decision::Unknown => Vec::new(),
        };
        let first = names
            .iter()
            .find(|(id, _)| *id == distributor)
            .map(|(_, name)| name.clone())
            .unwrap_or_default();
        out.push(PrintedRow {
            printed,
            code,
            lines,
            quantity,
            distributors: if distributors > 1 {
                tr!("flow.match.and_others", name = first, n = distributors)
            } else {
                first
            },
            suggestions,
        });
    }
    let decided: Vec<(String, String, String, i64, String, i64)> = q(
        "SELECT m.id, m.printed, t.name, m.line_count, m.staff_name, m.at FROM flow_match m \
         JOIN terminal t ON t.id = m.terminal_id WHERE m.undone_at IS NULL ORDER BY m.at DESC, m.id DESC LIMIT 20",
    )
    .all(&state.db)
    .await?;
    Ok(Matching {
        names: out,
        total,
        page,
        decided: decided
            .into_iter()
            .map(|(id, printed, terminal, lines, by, at)| MatchRow {
                id,
                printed,
                terminal,
                lines,
                by,
                at: state.zone.minute(at),
            })
            .collect(),
        distributors: names,
    })
}

/// The terminal of a code or exact name that was typed.
pub async fn typed<'a>(on: impl Into<Exec<'a>>, text: &str) -> Result<String, AppError> {
    let text = crate::identity::rules::clean(text);
    let found: Vec<(String,)> = q("SELECT id FROM terminal WHERE code = $1 OR name = $1 LIMIT 2")
        .bind(&text)
        .all(on)
        .await?;
    match found.as_slice() {
        [(id,)] => Ok(id.clone()),
        [] => Err(AppError::field("terminal", "field.terminal_unknown")),
        _ => Err(AppError::field("terminal", "field.terminal_several")),
    }
}

/// Decides that lines printed with this code and name belong to a terminal: those that wait, and all to come. What is
/// in closed months is corrected in the next one that is not.
pub async fn accept(
    state: &AppState,
    actor: &Actor,
    key: &str,
    code: &str,
    printed: &str,
    terminal_id: &str,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    q("SELECT id FROM terminal WHERE id = $1")
        .bind(terminal_id)
        .one::<(String,)>(&mut tx)
        .await?;
    let waiting = format!("{WAITING} AND l.terminal_name = $1 AND l.terminal_code = $2");
    let months: Vec<(String,)> = q(format!(
        "SELECT DISTINCT l.month FROM flow_line l WHERE {waiting}"
    ))
    .bind(printed)
    .bind(code)
    .all(&mut tx)
    .await?;
    if months.is_empty() {
        return Err(AppError::Conflict("flow.nothing_waits".into()));
    }
    let held = lines::hold(&mut tx, months.iter().map(|(month,)| month.clone())).await?;
    let mut cells: BTreeSet<Cell> = BTreeSet::new();
    let id = crypto::new_id();
    // A decision that stands is not changed: where it names another terminal, these lines alone go elsewhere.
    let standing: Option<(String, String)> = q(
        "SELECT id, terminal_id FROM flow_match WHERE printed = $1 AND code = $2 AND undone_at IS NULL",
    )
    .bind(printed)
    .bind(code)
    .optional(&mut tx)
    .await?;
    let match_id = match standing {
        Some((id, terminal)) if terminal == terminal_id => Some(id),
        Some(_) => None,
        None => {
            // Not where a code stood beside it, which may be another terminal's.
            let alias = code.is_empty()
                && terminal::record::add_alias(&mut tx, actor, terminal_id, printed).await?;
            q("INSERT INTO flow_match (id, code, printed, terminal_id, alias_added, line_count, staff_id, staff_name, at) \
               VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)")
                .bind(&id)
                .bind(code)
                .bind(printed)
                .bind(terminal_id)
                .bind(alias)
                .bind(&actor.id)
                .bind(&actor.name)
                .bind(time::now())
                .exec(&mut tx)
                .await
                .map_err(|error| {
                    if is_unique_violation(&error) {
                        AppError::Conflict("flow.match_changed".into())
                    } else {
                        error.into()
                    }
                })?;
            Some(id.clone())
        }
    };
    let mut lines_moved = 0_i64;
    for (month,) in &months {
        if held.is_closed(month) {
            let closed: Vec<Line> = q(format!(
                "{LINE} WHERE {waiting} AND l.month = $3 ORDER BY l.id"
            ))
            .bind(printed)
            .bind(code)
            .bind(month)
            .all(&mut tx)
            .await?;
            for line in closed {
                let to = Corrected {
                    terminal_id: Some(terminal_id.to_owned()),
                    match_id: match_id.clone(),
                    ..Corrected::of(&line)
                };
                lines::correct(&mut tx, &held, &line, Some(to), &mut cells).await?;
                lines_moved += 1;
            }
            continue;
        }
        let due = lines::confirm_by(&mut tx, month).await?;
        let moved = q(format!(
            "UPDATE flow_line AS l SET terminal_id = $3, matched_by = 'person', match_id = $4, state = 'open', due_on = $5, \
             credited_id = {} WHERE {waiting} AND l.month = $6",
            owner_on("$3", "l.product_id", "l.sold_on")
        ))
        .bind(printed)
        .bind(code)
        .bind(terminal_id)
        .bind(&match_id)
        .bind(due)
        .bind(month)
        .exec(&mut tx)
        .await?;
        lines_moved += i64::try_from(moved).unwrap_or(0);
        cells.insert((month.clone(), None));
        cells.insert((month.clone(), Some(terminal_id.to_owned())));
    }
    // Closed months keep their sums.
    cells.retain(|(month, _)| !held.is_closed(month));
    sums::resum(&mut tx, &cells).await?;
    q("UPDATE flow_match SET line_count = line_count + $1 WHERE id = $2")
        .bind(lines_moved)
        .bind(&match_id)
        .exec(&mut tx)
        .await?;
    let event = Event::new("flow.match", "flow_match", &id)
        .detail(json!({ "printed": printed, "terminal": terminal_id, "lines": lines_moved }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::stay("notice.flow_matched");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Takes a decision back: its lines wait again and the alias is forgotten. Not once somebody has confirmed one of them
/// or appealed, and not where a month has closed over them.
pub async fn undo(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let (printed, terminal_id, alias): (String, String, bool) =
        q("SELECT printed, terminal_id, alias_added FROM flow_match WHERE id = $1")
            .bind(id)
            .one(&mut tx)
            .await?;
    let undone = q("UPDATE flow_match SET undone_at = $1 WHERE id = $2 AND undone_at IS NULL")
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if undone == 0 {
        return Ok(Saved::stay("notice.flow_unmatched"));
    }
    let months: Vec<(String,)> = q("SELECT DISTINCT month FROM flow_line WHERE match_id = $1")
        .bind(id)
        .all(&mut tx)
        .await?;
    let held = lines::hold(&mut tx, months.iter().map(|(month,)| month.clone())).await?;
    let fixed = q("SELECT COUNT(*) FROM flow_line WHERE match_id = $1 AND (state <> 'open' OR corrects_id IS NOT NULL)")
        .bind(id)
        .count(&mut tx)
        .await?;
    if fixed > 0 || months.iter().any(|(month,)| held.is_closed(month)) {
        return Err(AppError::Conflict("flow.match_used".into()));
    }
    q("UPDATE flow_line SET terminal_id = NULL, matched_by = '', match_id = NULL, state = 'waiting', due_on = NULL, \
       credited_id = NULL WHERE match_id = $1")
        .bind(id)
        .exec(&mut tx)
        .await?;
    if alias {
        terminal::record::remove_alias(&mut tx, actor, &terminal_id, &printed).await?;
    }
    let cells: BTreeSet<Cell> = months
        .into_iter()
        .flat_map(|(month,)| [(month.clone(), None), (month, Some(terminal_id.clone()))])
        .collect();
    sums::resum(&mut tx, &cells).await?;
    let event = Event::new("flow.unmatch", "flow_match", id)
        .detail(json!({ "printed": printed, "terminal": terminal_id }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.flow_unmatched"))
}

/// Remembers the columns of files with this header, and a distributor for those that name none.
pub async fn remember(
    state: &AppState,
    actor: &Actor,
    header: &[String],
    chosen: &[(String, String)],
    distributor: &str,
) -> Result<(), AppError> {
    let mut named: std::collections::BTreeMap<String, String> = chosen
        .iter()
        .filter(|(field, column)| {
            columns::FIELDS.iter().any(|(known, ..)| known == field)
                && (column.is_empty() || header.contains(column))
        })
        .cloned()
        .collect();
    let no_column = named.get("distributor").is_none_or(String::is_empty);
    if !distributor.is_empty() && no_column {
        named.insert("distributor".into(), format!("={distributor}"));
    }
    let json = serde_json::to_string(&named).map_err(crate::server::db::internal)?;
    let mut tx = state.db.begin().await?;
    q(
        "INSERT INTO flow_mapping (header, columns, staff_id, at) VALUES ($1, $2, $3, $4) \
       ON CONFLICT (header) DO UPDATE SET columns = $2, staff_id = $3, at = $4",
    )
    .bind(columns::key(header))
    .bind(&json)
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut tx)
    .await?;
    let key = columns::key(header);
    let event =
        Event::new("flow.columns", "flow_mapping", &key).detail(json!({ "columns": named }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(())
}
