//! SQL of complaints and suggestions.

use super::model::{ComplaintRow, KINDS};
use crate::identity;
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Saved};

/// Characters at most.
const MOST: usize = 2_000;

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    kind: String,
    by_name: String,
    unit: String,
    at: i64,
    body: String,
    answer: String,
    answered_by: Option<String>,
    answered_at: Option<i64>,
}

async fn page(
    state: &AppState,
    which: &str,
    order: &str,
    narrow: impl Fn(&mut Query),
    page: i64,
) -> Result<Page<ComplaintRow>, AppError> {
    let mut count = q(format!("SELECT COUNT(*) FROM complaint c WHERE {which}"));
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = q(format!(
        "SELECT c.id, c.kind, s.name AS by_name, u.name AS unit, c.at, c.body, c.answer, a.name AS answered_by, c.answered_at \
         FROM complaint c JOIN staff s ON s.id = c.staff_id JOIN org_unit u ON u.id = s.unit_id \
         LEFT JOIN staff a ON a.id = c.answered_by WHERE {which}"
    ));
    narrow(&mut query);
    query.push(order);
    query.push_with(" LIMIT ? OFFSET ?", [PAGE_SIZE, offset(page)]);
    let rows: Vec<Stored> = query.all(&state.db).await?;
    let rows = rows
        .into_iter()
        .map(|c| ComplaintRow {
            id: c.id,
            kind: c.kind,
            by: c.by_name,
            unit: c.unit,
            at: state.zone.minute(c.at),
            body: c.body,
            answer: c.answered_at.map(|at| {
                (
                    c.answer,
                    c.answered_by.unwrap_or_default(),
                    state.zone.minute(at),
                )
            }),
        })
        .collect();
    Ok(Page { rows, total, page })
}

/// One page of somebody's own, the latest first.
pub async fn mine(
    state: &AppState,
    actor: &Actor,
    number: i64,
) -> Result<Page<ComplaintRow>, AppError> {
    let own = |query: &mut Query| {
        query.push_with("c.staff_id = ?", [&actor.id]);
    };
    page(state, "", " ORDER BY c.at DESC, c.id DESC", own, number).await
}

/// One page of the queue.
pub async fn queue(
    state: &AppState,
    answered: bool,
    number: i64,
) -> Result<Page<ComplaintRow>, AppError> {
    let (which, order) = if answered {
        (
            "c.answered_at IS NOT NULL",
            " ORDER BY c.answered_at DESC, c.id DESC",
        )
    } else {
        ("c.answered_at IS NULL", " ORDER BY c.at, c.id")
    };
    page(state, which, order, |_| (), number).await
}

/// Counts those that wait for an answer.
pub fn waiting() -> Query {
    q("SELECT COUNT(*) FROM complaint WHERE answered_at IS NULL")
}

/// Sends one to the administrators.
pub async fn send(
    state: &AppState,
    actor: &Actor,
    key: &str,
    kind: &str,
    body: &str,
) -> Result<Saved, AppError> {
    Checks::default()
        .ensure(KINDS.contains(&kind), "kind", "field.required")
        .text(body, "body", MOST)
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    q("INSERT INTO complaint (id, staff_id, kind, body, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(crypto::new_id())
        .bind(&actor.id)
        .bind(kind)
        .bind(body.trim())
        .bind(time::now())
        .exec(&mut tx)
        .await?;
    let saved = Saved::stay("notice.complaint_sent");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    let told = identity::store::holders(&mut tx, Permission::AnswerComplaints).await?;
    tx.commit().await?;
    state.live.tell_all(told);
    Ok(saved)
}

/// Answers one that waits, and tells its writer.
pub async fn answer(
    state: &AppState,
    actor: &Actor,
    id: &str,
    text: &str,
) -> Result<Saved, AppError> {
    let (writer,): (String,) = q("SELECT staff_id FROM complaint WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    Checks::default().text(text, "answer", MOST).done()?;
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE complaint SET answer = $1, answered_by = $2, answered_at = $3 WHERE id = $4 AND answered_at IS NULL")
        .bind(text.trim())
        .bind(&actor.id)
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if done == 0 {
        return Err(AppError::Conflict("error.complaint_answered".into()));
    }
    let message = Message {
        staff_id: &writer,
        kind: "message.complaint_answered",
        args: &[],
        path: "/complaints",
        about: "",
        dedupe: &format!("complaint:{id}"),
    };
    inbox::send(&mut tx, &[message]).await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("complaint.answer", "complaint", id),
    )
    .await?;
    tx.commit().await?;
    state.live.tell(&writer);
    Ok(Saved::stay("notice.complaint_answered"))
}
