//! SQL of to-dos.

use super::model::TaskRow;
use crate::hcp;
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};
use crate::terminal::rules::time_of_day;

/// Characters of a title and of a note at most.
pub const TITLE_MOST: usize = 100;
const NOTE_MOST: usize = 1_000;

/// A to-do as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewTask {
    pub title: String,
    pub note: String,
    /// `YYYY-MM-DD` or empty.
    pub day: String,
    /// A time of the day, or empty.
    pub starts: String,
}

/// A to-do that another feature makes for somebody.
#[derive(Debug)]
pub struct Made<'a> {
    pub staff_id: &'a str,
    pub title: &'a str,
    pub day: Option<&'a str>,
    pub hcp_id: Option<&'a str>,
    pub visit_id: Option<&'a str>,
}

/// Makes a to-do within the transaction of what it comes from.
pub async fn make(tx: &mut Tx, made: &Made<'_>) -> DbResult<()> {
    q(
        "INSERT INTO task (id, staff_id, title, note, day, starts, hcp_id, visit_id, created_at) \
       VALUES ($1, $2, $3, '', $4, '', $5, $6, $7)",
    )
    .bind(crypto::new_id())
    .bind(made.staff_id)
    .bind(made.title)
    .bind(made.day)
    .bind(made.hcp_id)
    .bind(made.visit_id)
    .bind(time::now())
    .exec(tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    title: String,
    note: String,
    day: Option<String>,
    starts: String,
    hcp_id: Option<String>,
    hcp: Option<String>,
    visit_id: Option<String>,
    memo_id: Option<String>,
    done_at: Option<i64>,
}

/// Begins a query of somebody's own to-dos `k`, with the HCP's name only while they are within scope.
fn own(actor: &Actor) -> Query {
    let mut query = q(
        "SELECT k.id, k.title, k.note, k.day, k.starts, h.id AS hcp_id, h.name AS hcp, k.visit_id, \
        k.memo_id, k.done_at FROM task k LEFT JOIN hcp h ON h.id = k.hcp_id AND ",
    );
    hcp::store::scope(actor, &mut query);
    query.push_with(" WHERE k.staff_id = ?", [&actor.id]);
    query
}

fn row(today: &str, stored: Stored) -> TaskRow {
    let from = stored
        .visit_id
        .map(|id| format!("/visits/{id}"))
        .or(stored.memo_id.map(|id| format!("/memos/{id}")));
    let done = stored.done_at.is_some();
    TaskRow {
        overdue: !done && stored.day.as_deref().is_some_and(|day| day < today),
        id: stored.id,
        title: stored.title,
        note: stored.note,
        day: stored.day,
        starts: stored.starts,
        hcp: stored.hcp_id.zip(stored.hcp),
        from,
        done,
    }
}

/// One page of somebody's to-dos: open ones by their day, those without one last; or finished ones, the latest first.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    done: bool,
    page: i64,
) -> Result<Page<TaskRow>, AppError> {
    let which = if done {
        "done_at IS NOT NULL"
    } else {
        "done_at IS NULL"
    };
    let total = q(format!(
        "SELECT COUNT(*) FROM task WHERE staff_id = $1 AND {which}"
    ))
    .bind(&actor.id)
    .count(&state.db)
    .await?;
    let page = within(page, total);
    let mut query = own(actor);
    query.push(" AND k.").push(which);
    query.push(if done {
        " ORDER BY k.done_at DESC, k.id"
    } else {
        " ORDER BY COALESCE(k.day, '9999'), k.starts, k.id"
    });
    query.push_with(" LIMIT ? OFFSET ?", [PAGE_SIZE, offset(page)]);
    let rows: Vec<Stored> = query.all(&state.db).await?;
    let today = state.zone.today();
    Ok(Page {
        rows: rows.into_iter().map(|r| row(&today, r)).collect(),
        total,
        page,
    })
}

/// Somebody's dated to-dos from one day to another, both included.
pub async fn between(
    state: &AppState,
    actor: &Actor,
    from: &str,
    to: &str,
) -> DbResult<Vec<TaskRow>> {
    let mut query = own(actor);
    query.push_with(
        " AND k.day >= ? AND k.day <= ? ORDER BY k.day, k.starts, k.id LIMIT 500",
        [from, to],
    );
    let rows: Vec<Stored> = query.all(&state.db).await?;
    let today = state.zone.today();
    Ok(rows.into_iter().map(|r| row(&today, r)).collect())
}

/// Adds a to-do, or changes an open one of somebody's own.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    new: NewTask,
) -> Result<Saved, AppError> {
    let starts = time_of_day(&new.starts);
    let day = Some(new.day.as_str()).filter(|day| !day.is_empty());
    Checks::default()
        .text(&new.title, "title", TITLE_MOST)
        .ensure(
            new.note.chars().count() <= NOTE_MOST,
            "note",
            "field.too_long",
        )
        .ensure(day.is_none_or(time::is_day), "day", "field.day")
        .ensure(
            new.starts.trim().is_empty() || starts.is_some(),
            "starts",
            "field.time",
        )
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (query, notice) = if id.is_empty() {
        let insert = q("INSERT INTO task (id, created_at, staff_id, title, note, day, starts) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(crypto::new_id())
            .bind(time::now());
        (insert, "notice.task_added")
    } else {
        let update = q(
            "UPDATE task SET title = $4, note = $5, day = $6, starts = $7 \
            WHERE id = $1 AND created_at <= $2 AND staff_id = $3 AND done_at IS NULL",
        )
        .bind(id)
        .bind(time::now());
        (update, "notice.saved")
    };
    let written = query
        .bind(&actor.id)
        .bind(new.title.trim())
        .bind(new.note.trim())
        .bind(day)
        .bind(starts.unwrap_or_default())
        .exec(&mut tx)
        .await?;
    if written == 0 {
        return Err(AppError::NotFound);
    }
    let saved = Saved::stay(notice);
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell(&actor.id);
    Ok(saved)
}

/// Notes that somebody's own to-do is done, or that it is not after all.
pub async fn finish(
    state: &AppState,
    actor: &Actor,
    id: &str,
    undo: bool,
) -> Result<Saved, AppError> {
    // Done twice it keeps the first moment.
    let changed = q(if undo {
        "UPDATE task SET done_at = CAST(NULL AS BIGINT) WHERE created_at <= $1 AND id = $2 AND staff_id = $3"
    } else {
        "UPDATE task SET done_at = COALESCE(done_at, $1) WHERE id = $2 AND staff_id = $3"
    })
    .bind(time::now())
    .bind(id)
    .bind(&actor.id)
    .exec(&state.db)
    .await?;
    if changed == 0 {
        return Err(AppError::NotFound);
    }
    state.live.tell(&actor.id);
    Ok(Saved::stay(if undo {
        "notice.task_reopened"
    } else {
        "notice.task_done"
    }))
}

/// Deletes one of somebody's own to-dos.
pub async fn delete(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let gone = q("DELETE FROM task WHERE id = $1 AND staff_id = $2")
        .bind(id)
        .bind(&actor.id)
        .exec(&state.db)
        .await?;
    if gone == 0 {
        return Err(AppError::NotFound);
    }
    state.live.tell(&actor.id);
    Ok(Saved::stay("notice.task_deleted"))
}

/// Counts somebody's to-dos that are open and due by today.
pub fn due(state: &AppState, actor: &Actor) -> Query {
    q("SELECT COUNT(*) FROM task WHERE staff_id = $1 AND done_at IS NULL AND day <= $2")
        .bind(&actor.id)
        .bind(state.zone.today())
}
