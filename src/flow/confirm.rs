//! Confirmation by a terminal's owner: all of a terminal or single lines, due days, reminders.

use std::collections::BTreeSet;

use serde_json::json;

use super::lines::{self, sees_sums};
use super::model::{ConfirmPage, ConfirmRow, Sums, TerminalLines};
use super::rules::shift_month;
use super::{store, sums};
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
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

/// Terminals within scope with lines in a month, those with something to confirm first; with `none` those that have
/// lines in no month or not in this one.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    month: &str,
    text: &str,
    none: bool,
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
        lines::visible(actor, &today, "s", query);
        crate::server::search::condition(query, text, &[("s.terminal_id", "terminal")]);
    };
    let mut count = q(
        "SELECT COUNT(DISTINCT s.terminal_id), COALESCE(CAST(SUM(s.open_count) AS BIGINT), 0), \
         COALESCE(CAST(SUM(s.confirmed_count) AS BIGINT), 0)",
    );
    narrow(&mut count);
    let (total, open, confirmed): (i64, i64, i64) = count.one(&state.db).await?;
    let (rows, total) = if none {
        without_lines(state, actor, &month, text, page).await?
    } else {
        let page = within(page, total);
        (rows_of(state, actor, &month, narrow, page).await?, total)
    };
    let page = within(page, total);
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

/// Terminals within scope that have no lines in a month; for who looks at what may be missing.
async fn without_lines(
    state: &AppState,
    actor: &Actor,
    month: &str,
    text: &str,
    page: i64,
) -> Result<(Vec<ConfirmRow>, i64), AppError> {
    let today = state.zone.today();
    let narrow = |query: &mut Query| {
        query.push_with(
            " FROM terminal t WHERE t.status <> 'closed' AND NOT EXISTS (SELECT 1 FROM flow_sum s WHERE s.month = ? \
             AND s.terminal_id = t.id AND ",
            [month],
        );
        lines::visible(actor, &today, "s", query);
        query.push(") AND ");
        lines::visible_terminal(actor, &today, "t.id", query);
        crate::server::search::condition(query, text, &[("t.id", "terminal")]);
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = q("SELECT t.id, t.name, CASE WHEN t.city = '' THEN t.province ELSE t.city END");
    narrow(&mut query);
    query.push_with(
        " ORDER BY t.name COLLATE pinyin, t.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let found: Vec<(String, String, String)> = query.all(&state.db).await?;
    let rows = found
        .into_iter()
        .map(|(terminal_id, terminal, city)| ConfirmRow {
            terminal_id,
            terminal,
            city,
            lines: 0,
            open: 0,
            appealed: 0,
            due: None,
            overdue: false,
            sums: None,
        })
        .collect();
    Ok((rows, total))
}

/// A page of the terminals that `narrow` keeps of `flow_sum s`.
async fn rows_of(
    state: &AppState,
    actor: &Actor,
    month: &str,
    narrow: impl Fn(&mut Query),
    page: i64,
) -> Result<Vec<ConfirmRow>, AppError> {
    let today = state.zone.today();
    let mut query = q(
        "SELECT s.terminal_id, t.name, CASE WHEN t.city = '' THEN t.province ELSE t.city END, \
         CAST(SUM(s.line_count) AS BIGINT), CAST(SUM(s.open_count) AS BIGINT), CAST(SUM(s.appealed_count) AS BIGINT), \
         CAST(SUM(s.quantity) AS BIGINT), CAST(SUM(s.fen) AS BIGINT)",
    );
    narrow(&mut query);
    query.push_with(
        " GROUP BY s.terminal_id, t.name, t.city, t.province ORDER BY CASE WHEN SUM(s.open_count) > 0 THEN 0 ELSE 1 END, \
         t.name COLLATE pinyin, s.terminal_id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    type Row = (String, String, String, i64, i64, i64, i64, i64);
    let found: Vec<Row> = query.all(&state.db).await?;
    let ids: Vec<String> = found.iter().map(|row| row.0.clone()).collect();
    let mut due = q(
        "SELECT l.terminal_id, MIN(l.due_on) FROM flow_line l WHERE l.state = 'open' AND l.due_on IS NOT NULL AND ",
    );
    due.push_with("l.month = ? AND ", [month]);
    lines::visible(actor, &today, "l", &mut due);
    due.push(" AND ");
    due.push_among("l.terminal_id", &ids);
    due.push(" GROUP BY l.terminal_id");
    let due: Vec<(String, String)> = due.all(&state.db).await?;
    let earlier = earlier(state, actor, &ids, month).await?;
    Ok(found
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
                    before: of(&shift_month(month, -1)),
                    year_ago: of(&shift_month(month, -12)),
                }),
                terminal_id: id,
                terminal: name,
                city,
                lines,
                open,
                appealed,
            }
        })
        .collect())
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
        q("SELECT s.terminal_id, s.month, CAST(SUM(s.quantity) AS BIGINT) FROM flow_sum s WHERE ");
    query.push_with(
        "s.month IN (?, ?) AND ",
        [shift_month(month, -1), shift_month(month, -12)],
    );
    lines::visible(actor, &state.zone.today(), "s", &mut query);
    query.push(" AND ");
    query.push_among("s.terminal_id", ids);
    query.push(" GROUP BY s.terminal_id, s.month");
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
    let mut query = q("SELECT t.name FROM terminal t WHERE ");
    lines::visible_terminal(actor, &today, "t.id", &mut query);
    query.push_with(" AND t.id = ?", [id]);
    let (name,): (String,) = query.one(&state.db).await?;
    let owners: Vec<(String, String, String)> = q(
        "SELECT s.id, s.name, a.business_line FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id \
         WHERE a.terminal_id = $1 AND a.starts_on <= $2 AND (a.ends_on IS NULL OR a.ends_on >= $2) \
         ORDER BY CASE a.business_line WHEN 'default' THEN 0 ELSE 1 END, a.business_line LIMIT 20",
    )
    .bind(id)
    .bind(&today)
    .all(&state.db)
    .await?;
    let months = months(state).await?;
    let (month, period, confirm_by) = chosen(&months, month);
    let mut count = q(format!(
        "SELECT COUNT(*), COALESCE(CAST(SUM(CASE WHEN l.state = 'open' AND {} = $2 THEN 1 ELSE 0 END) AS BIGINT), 0) \
         FROM flow_line l WHERE ",
        lines::owner_on("l.terminal_id", "l.product_id", "$1")
    ))
    .bind(&today)
    .bind(&actor.id);
    count.push_with(
        "l.month = ? AND l.terminal_id = ? AND ",
        [month.as_str(), id],
    );
    lines::visible(actor, &today, "l", &mut count);
    let (total, open): (i64, i64) = count.one(&state.db).await?;
    let page = within(page, total);
    let mut query = lines::shown(actor, &today);
    query.push_with(
        "l.month = ? AND l.terminal_id = ? AND ",
        [month.as_str(), id],
    );
    lines::visible(actor, &today, "l", &mut query);
    query.push_with(
        " ORDER BY CASE l.state WHEN 'open' THEN 0 WHEN 'appealed' THEN 1 ELSE 2 END, l.sold_on, l.document_no, l.id \
         LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows = lines::rows(actor, query, &state.db).await?;
    Ok(TerminalLines {
        sums: if sees_sums(actor.role) {
            Some(lines::sums_of(&state.db, actor, &today, id, &month).await?)
        } else {
            None
        },
        terminal_id: id.to_owned(),
        terminal: name,
        months: months.into_iter().map(|(m, ..)| m).collect(),
        state: period,
        confirm_by,
        mine: owners.iter().any(|(staff, ..)| *staff == actor.id),
        owners: owners
            .into_iter()
            .map(|(_, name, line)| (name, line))
            .collect(),
        open,
        page: Page { rows, total, page },
        month,
    })
}

/// Whether somebody looks after a terminal today, in whatever business line.
pub async fn is_owner<'a>(
    state: &AppState,
    on: impl Into<crate::server::db::Exec<'a>>,
    actor: &Actor,
    terminal_id: &str,
) -> DbResult<bool> {
    let held = q(
        "SELECT COUNT(*) FROM terminal_assignment WHERE terminal_id = $1 AND staff_id = $2 \
         AND starts_on <= $3 AND (ends_on IS NULL OR ends_on >= $3)",
    )
    .bind(terminal_id)
    .bind(&actor.id)
    .bind(state.zone.today())
    .count(on)
    .await?;
    Ok(held > 0)
}

/// Confirms the open lines of a terminal's month that are the actor's, or the one named; with `undo` takes that back.
/// Only who looks after the terminal today for the line's product does; sent twice it changes nothing more.
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
    let mine = |query: &mut Query| {
        let day = query.arg(state.zone.today());
        let owner = lines::owner_on("flow_line.terminal_id", "flow_line.product_id", &day);
        query.push(&format!(" AND {owner}"));
        query.push_with(" = ?", [&actor.id]);
    };
    mine(&mut query);
    if undo || !line.is_empty() {
        query.push_with(" AND id = ?", [line]);
    }
    let changed = query.exec(&mut tx).await?;
    if !line.is_empty() {
        // Somebody else's line is none of theirs.
        let mut there =
            q("SELECT COUNT(*) FROM flow_line WHERE id = $1 AND month = $2 AND terminal_id = $3")
                .bind(line)
                .bind(month)
                .bind(terminal_id);
        mine(&mut there);
        if there.count(&mut tx).await? == 0 {
            return Err(AppError::NotFound);
        }
    }
    if changed > 0 {
        let cells = BTreeSet::from([(month.to_owned(), Some(terminal_id.to_owned()))]);
        sums::resum(&mut tx, &cells).await?;
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
    let due: Vec<(String, String, i64)> = q(format!(
        "SELECT x.staff_id, x.due_on, COUNT(*) FROM (SELECT {} AS staff_id, l.due_on FROM flow_line l \
         WHERE l.state = 'open' AND l.due_on <= $2 AND l.due_on >= $3 \
         AND l.month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')) x \
         JOIN staff s ON s.id = x.staff_id AND s.left_at IS NULL GROUP BY x.staff_id, x.due_on",
        lines::owner_on("l.terminal_id", "l.product_id", "$1")
    ))
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
