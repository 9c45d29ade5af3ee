//! SQL of adverse events. The texts lie sealed: they tell of a patient.

use super::model::{AdverseEvent, EventRow, Step};
use super::rules::{FIRST_STEP_MS, SEVERITIES, days};
use crate::hcp;
use crate::identity;
use crate::inbox::{self, Message};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Saved};

/// How many days ago one can have known of it at most: what is older was typed wrongly.
const OLDEST: i64 = 366;
/// Characters of each element at most.
const MOST: usize = 2_000;

/// An adverse event as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewEvent {
    pub patient: String,
    pub reporter: String,
    pub product: String,
    pub event: String,
    pub severity: String,
    /// `YYYY-MM-DD`; empty for today.
    pub day_zero: String,
    /// What it came up with, or empty.
    pub hcp_id: String,
    pub visit_id: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    by_name: String,
    hcp_id: Option<String>,
    hcp: Option<String>,
    visit_id: Option<String>,
    patient: String,
    reporter: String,
    product: String,
    event: String,
    severity: String,
    day_zero: String,
    due_day: String,
    created_at: i64,
    first_step_at: Option<i64>,
    submitted_at: Option<i64>,
    closed_at: Option<i64>,
}

/// Appends whose events somebody sees: all who handles them, else the own ones.
fn scope(actor: &Actor, query: &mut Query) {
    if actor.role.may(Permission::HandleAdverseEvents) {
        query.push("1 = 1");
    } else {
        query.push_with("e.staff_id = ?", [&actor.id]);
    }
}

fn select(actor: &Actor) -> Query {
    let mut query = q(
        "SELECT e.id, s.name AS by_name, h.id AS hcp_id, h.name AS hcp, v.id AS visit_id, e.patient, e.reporter, \
         e.product, e.event, e.severity, e.day_zero, e.due_day, e.created_at, e.first_step_at, e.submitted_at, e.closed_at \
         FROM adverse_event e JOIN staff s ON s.id = e.staff_id LEFT JOIN visit v ON v.id = e.visit_id AND v.staff_id = e.staff_id \
         LEFT JOIN hcp h ON h.id = e.hcp_id AND ",
    );
    hcp::store::scope(actor, &mut query);
    query.push(" WHERE ");
    scope(actor, &mut query);
    query
}

fn row(state: &AppState, stored: &Stored) -> EventRow {
    let code = match stored {
        Stored {
            closed_at: Some(_), ..
        } => "closed",
        Stored {
            submitted_at: Some(_),
            ..
        } => "submitted",
        Stored {
            first_step_at: Some(_),
            ..
        } => "first_step",
        _ => "open",
    };
    let step_late =
        stored.first_step_at.is_none() && time::now() > stored.created_at + FIRST_STEP_MS;
    let report_late = stored.submitted_at.is_none() && state.zone.today() > stored.due_day;
    EventRow {
        id: stored.id.clone(),
        product: state.keys.open(&stored.product).unwrap_or_default(),
        severity: stored.severity.clone(),
        day_zero: stored.day_zero.clone(),
        due: stored.due_day.clone(),
        by: stored.by_name.clone(),
        at: state.zone.minute(stored.created_at),
        state: code.to_owned(),
        late: stored.closed_at.is_none() && (step_late || report_late),
    }
}

/// One page of the events that somebody sees.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    closed: bool,
    page: i64,
) -> Result<Page<EventRow>, AppError> {
    let which = if closed {
        " AND e.closed_at IS NOT NULL"
    } else {
        " AND e.closed_at IS NULL"
    };
    let mut count = q("SELECT COUNT(*) FROM adverse_event e WHERE ");
    scope(actor, &mut count);
    count.push(which);
    let total = count.count(&state.db).await?;
    let page = within(page, total);
    let mut query = select(actor);
    query.push(which).push(if closed {
        " ORDER BY e.closed_at DESC, e.id"
    } else {
        " ORDER BY e.due_day, e.created_at, e.id"
    });
    query.push_with(" LIMIT ? OFFSET ?", [PAGE_SIZE, offset(page)]);
    let rows: Vec<Stored> = query.all(&state.db).await?;
    Ok(Page {
        rows: rows.iter().map(|stored| row(state, stored)).collect(),
        total,
        page,
    })
}

/// One event that somebody reported or handles.
pub async fn get(state: &AppState, actor: &Actor, id: &str) -> Result<AdverseEvent, AppError> {
    let mut query = select(actor);
    query.push_with(" AND e.id = ?", [id]);
    let stored: Stored = query.one(&state.db).await?;
    let steps: Vec<(String, String, String, i64)> = q(
        "SELECT p.kind, s.name, p.note, p.at FROM adverse_event_step p JOIN staff s ON s.id = p.staff_id \
         WHERE p.adverse_event_id = $1 ORDER BY p.at, p.id",
    )
    .bind(id)
    .all(&state.db)
    .await?;
    let open = |sealed: &str| state.keys.open(sealed).unwrap_or_default();
    Ok(AdverseEvent {
        row: row(state, &stored),
        patient: open(&stored.patient),
        reporter: open(&stored.reporter),
        event: open(&stored.event),
        first_step_due: state.zone.minute(stored.created_at + FIRST_STEP_MS),
        hcp: stored.hcp_id.zip(stored.hcp),
        visit_id: stored.visit_id,
        steps: steps
            .into_iter()
            .map(|(kind, by, note, at)| Step {
                kind,
                by,
                at: state.zone.minute(at),
                note: open(&note),
            })
            .collect(),
        may_handle: actor.role.may(Permission::HandleAdverseEvents),
    })
}

/// Tells those who handle adverse events of one, once for each `dedupe`.
async fn tell(tx: &mut Tx, id: &str, kind: &str, args: &[(&str, &str)]) -> DbResult<Vec<String>> {
    let handlers = identity::store::holders(tx, Permission::HandleAdverseEvents).await?;
    let path = format!("/adverse-events/{id}");
    let marks: Vec<String> = handlers
        .iter()
        .map(|to| format!("{kind}:{id}:{to}:{}", args.last().map_or("", |a| a.1)))
        .collect();
    let messages: Vec<Message<'_>> = handlers
        .iter()
        .zip(&marks)
        .map(|(to, dedupe)| Message {
            staff_id: to,
            kind,
            args,
            path: &path,
            about: "",
            dedupe,
        })
        .collect();
    inbox::send(tx, &messages).await?;
    Ok(handlers)
}

/// Stores a report and tells compliance.
pub async fn report(
    state: &AppState,
    actor: &Actor,
    key: &str,
    new: NewEvent,
) -> Result<Saved, AppError> {
    let today = state.zone.today();
    let day_zero = if new.day_zero.is_empty() {
        today.clone()
    } else {
        new.day_zero.clone()
    };
    Checks::default()
        .text(&new.patient, "patient", MOST)
        .text(&new.reporter, "reporter", MOST)
        .text(&new.product, "product", MOST)
        .text(&new.event, "event", MOST)
        .ensure(
            SEVERITIES.contains(&new.severity.as_str()),
            "severity",
            "field.required",
        )
        .ensure(
            time::is_day(&day_zero)
                && day_zero <= today
                && day_zero >= time::shift_day(&today, -OLDEST),
            "day_zero",
            "field.past_day",
        )
        .done()?;
    let hcp_id = Some(new.hcp_id.as_str()).filter(|id| !id.is_empty());
    if let Some(hcp) = hcp_id {
        actor.check(Permission::ReadHcps)?;
        hcp::store::row(&state.db, actor, hcp).await?;
    }
    // It may still wait on the phone, so that nothing but its form is known.
    let visit_id = Some(new.visit_id.as_str()).filter(|id| crate::visit::records::valid_id(id));
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (id, seal) = (crypto::new_id(), |text: &str| state.keys.seal(text.trim()));
    q("INSERT INTO adverse_event (id, staff_id, hcp_id, visit_id, patient, reporter, product, event, severity, day_zero, \
       due_day, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(&id)
        .bind(&actor.id)
        .bind(hcp_id)
        .bind(visit_id)
        .bind(seal(&new.patient))
        .bind(seal(&new.reporter))
        .bind(seal(&new.product))
        .bind(seal(&new.event))
        .bind(&new.severity)
        .bind(&day_zero)
        .bind(time::shift_day(&day_zero, days(&new.severity)))
        .bind(time::now())
        .exec(&mut tx)
        .await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("adverse_event.report", "adverse_event", &id),
    )
    .await?;
    let due = time::shift_day(&day_zero, days(&new.severity));
    let told = tell(
        &mut tx,
        &id,
        "message.adverse_event",
        &[("by", actor.name.as_str()), ("due", due.as_str())],
    )
    .await?;
    let saved = Saved::go("notice.event_reported", format!("/adverse-events/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    for handler in told {
        state.live.tell(&handler);
    }
    Ok(saved)
}

/// Takes a step.
pub async fn step(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    kind: &str,
    note: &str,
) -> Result<Saved, AppError> {
    get(state, actor, id).await?;
    Checks::default().text(note, "note", MOST).done()?;
    // Each once and in their order: the first step within its 24 h, then the authority or that nothing is to be reported,
    // then the end. A note can always be added.
    let set = match kind {
        "note" => None,
        "first_step" => Some("first_step_at = $1 WHERE first_step_at IS NULL"),
        "submitted" => {
            Some("submitted_at = $1 WHERE first_step_at IS NOT NULL AND submitted_at IS NULL")
        }
        "closed" => Some("closed_at = $1 WHERE submitted_at IS NOT NULL"),
        "dismissed" => {
            Some("closed_at = $1 WHERE first_step_at IS NOT NULL AND submitted_at IS NULL")
        }
        _ => return Err(AppError::field("kind", "field.required")),
    };
    let (reporter,): (String,) = q("SELECT staff_id FROM adverse_event WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let now = time::now();
    if let Some(set) = set {
        let done = q(format!(
            "UPDATE adverse_event SET {set} AND id = $2 AND closed_at IS NULL"
        ))
        .bind(now)
        .bind(id)
        .exec(&mut tx)
        .await?;
        if done == 0 {
            return Err(AppError::Conflict("error.event_step_taken".into()));
        }
    }
    q("INSERT INTO adverse_event_step (id, adverse_event_id, staff_id, kind, note, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(crypto::new_id())
        .bind(id)
        .bind(&actor.id)
        .bind(kind)
        .bind(state.keys.seal(note.trim()))
        .bind(now)
        .exec(&mut tx)
        .await?;
    let event = Event::new("adverse_event.step", "adverse_event", id)
        .detail(serde_json::json!({ "step": kind }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    // Who reported it hears how it goes on.
    let word = match kind {
        "first_step" => Some("message.event_taken_up"),
        "submitted" => Some("message.event_submitted"),
        "closed" | "dismissed" => Some("message.event_closed"),
        _ => None,
    };
    if let Some(word) = word.filter(|_| reporter != actor.id) {
        let message = Message {
            staff_id: &reporter,
            kind: word,
            args: &[],
            path: &format!("/adverse-events/{id}"),
            about: "",
            dedupe: &format!("{word}:{id}"),
        };
        inbox::send(&mut tx, &[message]).await?;
    }
    let saved = Saved::stay("notice.event_step");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell_all(vec![actor.id.clone(), reporter]);
    Ok(saved)
}

/// Counts the events that wait for a step of those who handle them.
pub fn waiting() -> Query {
    q("SELECT COUNT(*) FROM adverse_event WHERE closed_at IS NULL")
}

/// Reminds those who handle adverse events of a first step that is due within four hours or late, and each day of a report
/// that the authority must have by tomorrow.
pub async fn remind(state: &AppState) -> Result<(), AppError> {
    let (now, today) = (time::now(), state.zone.today());
    let mut tx = state.db.begin().await?;
    let first: Vec<(String, i64)> = q(
        "SELECT id, created_at FROM adverse_event WHERE closed_at IS NULL AND first_step_at IS NULL AND created_at <= $1",
    )
    .bind(now + 4 * time::HOUR - FIRST_STEP_MS)
    .all(&mut tx)
    .await?;
    for (id, at) in first {
        let due = state.zone.minute(at + FIRST_STEP_MS);
        tell(
            &mut tx,
            &id,
            "message.event_first_step",
            &[("due", due.as_str())],
        )
        .await?;
    }
    let report: Vec<(String, String)> = q(
        "SELECT id, due_day FROM adverse_event WHERE closed_at IS NULL AND submitted_at IS NULL AND due_day <= $1",
    )
    .bind(time::shift_day(&today, 1))
    .all(&mut tx)
    .await?;
    for (id, due) in report {
        tell(
            &mut tx,
            &id,
            "message.event_report_due",
            &[("due", due.as_str()), ("day", today.as_str())],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
