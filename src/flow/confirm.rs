//! Confirmation by a terminal's owner: all of a terminal or single lines, due days, reminders.

use std::collections::BTreeSet;

use serde_json::json;

use super::lines::{self, sees_sums};
use super::model::{ConfirmPage, ConfirmRow, Sums, TerminalLines};
use super::rules::shift_month;
use super::store;
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Saved};

/// A month, its state and the last day for confirming.
type Month = (String, String, Option<String>);

/// Months that can be chosen, the latest first.
async fn months(state: &AppState) -> DbResult<Vec<Month>> {
    q("SELECT month, state, confirm_by FROM flow_period ORDER BY month DESC LIMIT 24")
        .all(&state.db)
        .await
}

/// The month that is asked for, else the one that is being confirmed, else the latest that is open.
fn chosen(months: &[Month], asked: &str) -> Month {
    let of = |wanted: &dyn Fn(&Month) -> bool| months.iter().rev().find(|m| wanted(m)).cloned();
    of(&|m| m.0 == asked)
        .or_else(|| of(&|m| m.1 == "confirming"))
        .or_else(|| months.iter().find(|m| m.1 == "open").cloned())
        .or_else(|| months.first().cloned())
        .unwrap_or_default()
}

/// Terminals within scope with lines in a month, those with something to confirm first.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    month: &str,
    text: &str,
    page: i64,
) -> Result<ConfirmPage, AppError> {
    let months = months(state).await?;
    let today = state.zone.today();
    let asked = if month.is_empty() {
        store::due_month(state, actor).await?.unwrap_or_default()
    } else {
        month.to_owned()
    };
    let (month, period, confirm_by) = chosen(&months, &asked);
    let narrow = |query: &mut Query| {
        query.push_with(
            " FROM flow_sum s JOIN terminal t ON t.id = s.terminal_id WHERE s.month = ? AND ",
            [&month],
        );
        lines::visible(actor, &today, "s.terminal_id", query);
        crate::server::search::condition(query, text, &[("s.terminal_id", "terminal")]);
    };
    let mut count = q(
        "SELECT COUNT(DISTINCT s.terminal_id), COALESCE(CAST(SUM(s.open_count) AS BIGINT), 0), \
         COALESCE(CAST(SUM(s.confirmed_count) AS BIGINT), 0)",
    );
    narrow(&mut count);
    let (total, open, confirmed): (i64, i64, i64) = count.one(&state.db).await?;
    let mut query = q(
        "SELECT s.terminal_id, t.name, CASE WHEN t.city = '' THEN t.province ELSE t.city END, \
         CAST(SUM(s.line_count) AS BIGINT), CAST(SUM(s.open_count) AS BIGINT), CAST(SUM(s.appealed_count) AS BIGINT), \
         CAST(SUM(s.quantity) AS BIGINT), CAST(SUM(s.fen) AS BIGINT)",
    );
    narrow(&mut query);
    query.push_with(
        " GROUP BY s.terminal_id, t.name, t.city, t.province ORDER BY CASE WHEN SUM(s.open_count) > 0 THEN 0 ELSE 1 END, \
         t.name, s.terminal_id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    type Row = (String, String, String, i64, i64, i64, i64, i64);
    let found: Vec<Row> = query.all(&state.db).await?;
    let ids: Vec<String> = found.iter().map(|row| row.0.clone()).collect();
    let mut due = q(
        "SELECT terminal_id, MIN(due_on) FROM flow_line WHERE state = 'open' AND due_on IS NOT NULL AND ",
    );
    due.push_with("month = ? AND ", [&month]);
    crate::hcp::list::push_among(&mut due, "terminal_id", &ids);
    due.push(" GROUP BY terminal_id");
    let due: Vec<(String, String)> = due.all(&state.db).await?;
    let earlier = earlier(state, actor, &ids, &month).await?;
    let rows = found
        .into_iter()
        .map(|(id, name, city, lines, open, appealed, quantity, fen)| {
            let day = due
                .iter()
                .find(|(of, _)| *of == id)
                .map(|(_, day)| day.clone());
            let of = |month: &str| {
                earlier
                    .iter()
                    .find(|(terminal, of, _)| *terminal == id && of == month)
                    .map_or(0, |(_, _, n)| *n)
            };
            ConfirmRow {
                overdue: day.as_ref().is_some_and(|day| *day < today),
                due: day,
                sums: sees_sums(actor.role).then(|| Sums {
                    quantity,
                    fen,
                    before: of(&shift_month(&month, -1)),
                    year_ago: of(&shift_month(&month, -12)),
                }),
                terminal_id: id,
                terminal: name,
                city,
                lines,
                open,
                appealed,
            }
        })
        .collect();
    Ok(ConfirmPage {
        months: months.into_iter().map(|(m, ..)| m).collect(),
        month,
        state: period,
        confirm_by,
        page: Page { rows, total, page },
        open,
        confirmed,
    })
}

/// Quantities of terminals in the month before and a year ago; nothing for who sees no sums.
async fn earlier(
    state: &AppState,
    actor: &Actor,
    ids: &[String],
    month: &str,
) -> DbResult<Vec<(String, String, i64)>> {
    if !sees_sums(actor.role) || ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query =
        q("SELECT terminal_id, month, CAST(SUM(quantity) AS BIGINT) FROM flow_sum WHERE ");
    query.push_with(
        "month IN (?, ?) AND ",
        [shift_month(month, -1), shift_month(month, -12)],
    );
    crate::hcp::list::push_among(&mut query, "terminal_id", ids);
    query.push(" GROUP BY terminal_id, month");
    query.all(&state.db).await
}

/// A terminal's lines in a month; `NotFound` outside scope.
pub async fn terminal(
    state: &AppState,
    actor: &Actor,
    id: &str,
    month: &str,
    page: i64,
) -> Result<TerminalLines, AppError> {
    let today = state.zone.today();
    let mut query = q(format!(
        "SELECT t.name, s.id, s.name FROM terminal t LEFT JOIN staff s ON s.id = {} WHERE ",
        lines::owner_on("t.id", "$1")
    ))
    .bind(&today);
    lines::visible(actor, &today, "t.id", &mut query);
    query.push_with(" AND t.id = ?", [id]);
    let (name, owner_id, owner): (String, Option<String>, Option<String>) =
        query.one(&state.db).await?;
    let months = months(state).await?;
    let (month, period, confirm_by) = chosen(&months, month);
    let (total, open): (i64, i64) = q(
        "SELECT COUNT(*), COALESCE(CAST(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS BIGINT), 0) \
         FROM flow_line WHERE month = $1 AND terminal_id = $2",
    )
    .bind(&month)
    .bind(id)
    .one(&state.db)
    .await?;
    let mut query = lines::shown();
    query.push_with("l.month = ? AND l.terminal_id = ?", [month.as_str(), id]);
    query.push_with(
        " ORDER BY CASE l.state WHEN 'open' THEN 0 WHEN 'appealed' THEN 1 ELSE 2 END, l.sold_on, l.document_no, l.id \
         LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows = lines::rows(actor, query, &state.db).await?;
    Ok(TerminalLines {
        sums: if sees_sums(actor.role) {
            Some(lines::sums_of(&state.db, id, &month).await?)
        } else {
            None
        },
        terminal_id: id.to_owned(),
        terminal: name,
        months: months.into_iter().map(|(m, ..)| m).collect(),
        state: period,
        confirm_by,
        mine: owner_id.as_deref() == Some(actor.id.as_str()),
        owner,
        open,
        page: Page { rows, total, page },
        month,
    })
}

/// Whether somebody looks after a terminal today.
pub async fn is_owner<'a>(
    state: &AppState,
    on: impl Into<crate::server::db::Exec<'a>>,
    actor: &Actor,
    terminal_id: &str,
) -> DbResult<bool> {
    let owner: Option<(Option<String>,)> = q(format!("SELECT {}", lines::owner_on("$1", "$2")))
        .bind(terminal_id)
        .bind(state.zone.today())
        .optional(on)
        .await?;
    Ok(owner.and_then(|(id,)| id).as_deref() == Some(actor.id.as_str()))
}

/// Confirms all open lines of a terminal's month, or the one named; with `undo` takes that back. Only the terminal's
/// owner of today does; sent twice it changes nothing more.
pub async fn confirm(
    state: &AppState,
    actor: &Actor,
    terminal_id: &str,
    month: &str,
    line: &str,
    undo: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let known = q("SELECT COUNT(*) FROM flow_period WHERE month = $1")
        .bind(month)
        .count(&mut tx)
        .await?;
    if known == 0 || !is_owner(state, &mut tx, actor, terminal_id).await? {
        return Err(AppError::NotFound);
    }
    let held = lines::hold(&mut tx, [month.to_owned()]).await?;
    lines::refuse_closed(&held, month)?;
    let mut query = if undo {
        q("UPDATE flow_line SET state = 'open', confirmed_by = NULL, confirmed_at = NULL WHERE month = $1 \
           AND terminal_id = $2 AND state = 'confirmed'")
            .bind(month)
            .bind(terminal_id)
    } else {
        q("UPDATE flow_line SET state = 'confirmed', confirmed_by = $3, confirmed_at = $4 WHERE month = $1 \
           AND terminal_id = $2 AND state = 'open'")
            .bind(month)
            .bind(terminal_id)
            .bind(&actor.id)
            .bind(time::now())
    };
    if undo || !line.is_empty() {
        query.push_with(" AND id = ?", [line]);
    }
    let changed = query.exec(&mut tx).await?;
    if !line.is_empty() {
        // Somebody else's line is none of theirs.
        let there =
            q("SELECT COUNT(*) FROM flow_line WHERE id = $1 AND month = $2 AND terminal_id = $3")
                .bind(line)
                .bind(month)
                .bind(terminal_id)
                .count(&mut tx)
                .await?;
        if there == 0 {
            return Err(AppError::NotFound);
        }
    }
    if changed > 0 {
        let cells = BTreeSet::from([(month.to_owned(), Some(terminal_id.to_owned()))]);
        lines::resum(&mut tx, &cells).await?;
        let action = if undo {
            "flow.unconfirm"
        } else {
            "flow.confirm"
        };
        let event = Event::new(action, "terminal", terminal_id)
            .detail(json!({ "month": month, "line": line, "lines": changed }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    state.live.tell(&actor.id);
    Ok(Saved::stay(if undo {
        "notice.flow_unconfirmed"
    } else {
        "notice.flow_confirmed"
    }))
}

/// Reminds owners of lines that are due within three days or late, once for each day by which.
pub async fn remind(state: &AppState) -> Result<(), AppError> {
    let today = state.zone.today();
    let soon = time::shift_day(&today, 3);
    let due: Vec<(String, String, i64)> = q(
        "SELECT a.staff_id, l.due_on, COUNT(*) FROM flow_line l JOIN terminal_assignment a ON a.terminal_id = l.terminal_id \
         AND a.business_line = 'default' AND a.starts_on <= $1 AND (a.ends_on IS NULL OR a.ends_on >= $1) \
         JOIN staff s ON s.id = a.staff_id AND s.left_at IS NULL \
         WHERE l.state = 'open' AND l.due_on <= $2 AND l.due_on >= $3 \
         AND l.month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed') GROUP BY a.staff_id, l.due_on",
    )
    .bind(&today)
    .bind(&soon)
    .bind(time::shift_day(&today, -30))
    .all(&state.db)
    .await?;
    for (staff, day, n) in due {
        let late = day < today;
        let kind = if late {
            "message.flow_late"
        } else {
            "message.flow_due"
        };
        let n = n.to_string();
        let dedupe = format!("{kind}:{staff}:{day}");
        let message = Message {
            staff_id: &staff,
            kind,
            args: &[("n", n.as_str()), ("day", day.as_str())],
            path: "/flow",
            about: "",
            dedupe: &dedupe,
        };
        let mut tx = state.db.begin().await?;
        let sent = inbox::send(&mut tx, &[message]).await?;
        tx.commit().await?;
        if sent > 0 {
            state.live.tell(&staff);
        }
    }
    Ok(())
}
