//! SQL of messages of the business.

use super::model::{Memo, MemoRow, Receipt, Reply};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, FieldError, Page, Saved};

/// Characters at most.
const TITLE_MOST: usize = 100;
const BODY_MOST: usize = 4_000;
/// Named people of one message at most.
const PEOPLE_MOST: usize = 100;

/// A message as it is typed.
#[derive(Debug, Clone, Default)]
pub struct NewMemo {
    pub title: String,
    pub body: String,
    /// A unit with all below it, or empty.
    pub unit: String,
    /// A name or number a line.
    pub people: String,
    /// `YYYY-MM-DD`, or empty where it is no task.
    pub due: String,
}

type Head = (String, String, String, i64, Option<String>);

fn row(state: &AppState, head: Head, read: bool, receipts: Option<(i64, i64)>) -> MemoRow {
    let (id, title, by, at, due) = head;
    MemoRow {
        id,
        title,
        by,
        at: state.zone.minute(at),
        due,
        read,
        receipts,
    }
}

/// One page of messages to somebody, or of their own.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    sent: bool,
    page: i64,
) -> Result<Page<MemoRow>, AppError> {
    let db = &state.db;
    let (count, rows) = if sent {
        (
            "SELECT COUNT(*) FROM memo m WHERE m.staff_id = $1",
            "SELECT m.id, m.title, s.name, m.created_at, m.due_day, 1 AS read_at, \
             (SELECT COUNT(*) FROM memo_recipient r WHERE r.memo_id = m.id AND r.read_at IS NOT NULL) AS has_read, \
             (SELECT COUNT(*) FROM memo_recipient r WHERE r.memo_id = m.id) AS received \
             FROM memo m JOIN staff s ON s.id = m.staff_id WHERE m.staff_id = $1",
        )
    } else {
        (
            "SELECT COUNT(*) FROM memo_recipient r WHERE r.staff_id = $1",
            "SELECT m.id, m.title, s.name, m.created_at, m.due_day, r.read_at, 0 AS has_read, 0 AS received \
             FROM memo_recipient r JOIN memo m ON m.id = r.memo_id JOIN staff s ON s.id = m.staff_id WHERE r.staff_id = $1",
        )
    };
    let total = q(count).bind(&actor.id).count(db).await?;
    let page = within(page, total);
    type Found = (
        String,
        String,
        String,
        i64,
        Option<String>,
        Option<i64>,
        i64,
        i64,
    );
    let found: Vec<Found> = q(format!(
        "SELECT id, title, name, created_at, due_day, CAST(read_at AS BIGINT), CAST(has_read AS BIGINT), \
         CAST(received AS BIGINT) FROM ({rows}) x ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(&actor.id)
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(db)
    .await?;
    let rows = found
        .into_iter()
        .map(|(id, title, by, at, due, read_at, has_read, received)| {
            row(
                state,
                (id, title, by, at, due),
                read_at.is_some(),
                sent.then_some((has_read, received)),
            )
        })
        .collect();
    Ok(Page { rows, total, page })
}

/// Counts the messages that somebody has not read.
pub fn unread(actor: &Actor) -> Query {
    q("SELECT COUNT(*) FROM memo_recipient WHERE staff_id = $1 AND read_at IS NULL").bind(&actor.id)
}

/// The head of a message that somebody wrote or received: whether it is theirs, and whether they read it.
async fn head(
    db: &Db,
    actor: &Actor,
    id: &str,
) -> Result<(Head, String, String, bool, bool), AppError> {
    type Found = (
        String,
        String,
        String,
        i64,
        Option<String>,
        String,
        String,
        Option<i64>,
    );
    let (id, title, by, at, due, body, sender, read_at): Found = q(
        "SELECT m.id, m.title, s.name, m.created_at, m.due_day, m.body, m.staff_id, r.read_at FROM memo m \
         JOIN staff s ON s.id = m.staff_id LEFT JOIN memo_recipient r ON r.memo_id = m.id AND r.staff_id = $2 \
         WHERE m.id = $1 AND (m.staff_id = $2 OR r.staff_id = $2)",
    )
    .bind(id)
    .bind(&actor.id)
    .one(db)
    .await?;
    let mine = sender == actor.id;
    Ok((
        (id, title, by, at, due),
        body,
        sender,
        mine,
        mine || read_at.is_some(),
    ))
}

/// One message. The sender sees all replies and receipts; a receiver their own replies and the sender's.
pub async fn get(state: &AppState, actor: &Actor, id: &str, page: i64) -> Result<Memo, AppError> {
    let db = &state.db;
    let (head, body, sender, mine, read) = head(db, actor, id).await?;
    let mut query =
        q("SELECT s.name, p.at, p.body FROM memo_reply p JOIN staff s ON s.id = p.staff_id WHERE ");
    query.push_with("p.memo_id = ?", [id]);
    if !mine {
        query.push_with(
            " AND (p.staff_id = ? OR p.staff_id = ?)",
            [&actor.id, &sender],
        );
    }
    query.push(" ORDER BY p.at, p.id LIMIT 500");
    let replies: Vec<(String, i64, String)> = query.all(db).await?;
    let receipts = if mine {
        let total = q("SELECT COUNT(*) FROM memo_recipient WHERE memo_id = $1")
            .bind(id)
            .count(db)
            .await?;
        let page = within(page, total);
        let rows: Vec<(String, String, Option<i64>, Option<i64>)> = q(
            "SELECT s.name, u.name, r.read_at, CAST(CASE WHEN k.id IS NULL THEN NULL WHEN k.done_at IS NULL THEN 0 ELSE 1 END AS BIGINT) \
             FROM memo_recipient r JOIN staff s ON s.id = r.staff_id JOIN org_unit u ON u.id = s.unit_id \
             LEFT JOIN task k ON k.memo_id = r.memo_id AND k.staff_id = r.staff_id WHERE r.memo_id = $1 \
             ORDER BY CASE WHEN r.read_at IS NULL THEN 0 ELSE 1 END, u.name COLLATE pinyin, s.name COLLATE pinyin, s.id LIMIT $2 OFFSET $3",
        )
        .bind(id)
        .bind(PAGE_SIZE)
        .bind(offset(page))
        .all(db)
        .await?;
        Some(Page {
            rows: rows
                .into_iter()
                .map(|(name, unit, read_at, done)| Receipt {
                    name,
                    unit,
                    read: read_at.map(|at| state.zone.minute(at)),
                    done: done.map(|n| n == 1),
                })
                .collect(),
            total,
            page,
        })
    } else {
        None
    };
    Ok(Memo {
        row: row(state, head, read, None),
        body,
        mine,
        replies: replies
            .into_iter()
            .map(|(by, at, body)| Reply {
                by,
                at: state.zone.minute(at),
                body,
            })
            .collect(),
        receipts,
    })
}

/// Appends a condition on a unit's id that keeps the units whose people are within scope.
fn unit_scope(actor: &Actor, query: &mut Query, column: &str) {
    if actor.role.sees_company() {
        query.push("1 = 1");
        return;
    }
    query.push_with(
        &format!(
            "{column} IN (SELECT c.descendant_id FROM unit_manager m JOIN org_closure c ON c.ancestor_id = m.unit_id \
             WHERE m.staff_id = ?)"
        ),
        [&actor.id],
    );
}

/// The units whose people are within somebody's scope: id and name, indented by depth.
pub async fn units(db: &Db, actor: &Actor) -> DbResult<Vec<(String, String)>> {
    let mut query = q("SELECT u.id FROM org_unit u WHERE ");
    unit_scope(actor, &mut query, "u.id");
    let mine: Vec<(String,)> = query.all(db).await?;
    let mine: std::collections::HashSet<String> = mine.into_iter().map(|(id,)| id).collect();
    let all = crate::identity::units::units(db).await?;
    Ok(all
        .into_iter()
        .filter(|u| mine.contains(&u.id))
        .map(|u| {
            let indent = "　".repeat(u.depth.max(0) as usize);
            (u.id, format!("{indent}{}", u.name))
        })
        .collect())
}

/// Who is meant by a name or number a line, within scope; a line that fits nobody or several is named.
async fn meant(db: &Db, actor: &Actor, people: &str) -> Result<Vec<String>, AppError> {
    let lines: Vec<&str> = people
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let fault = |key: &str, line: &str| {
        AppError::Invalid(vec![FieldError {
            field: "people".into(),
            key: key.into(),
            args: vec![("line".into(), line.into())],
        }])
    };
    if lines.len() > PEOPLE_MOST {
        return Err(AppError::field("people", "field.too_long"));
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = q(
        "SELECT s.id, s.name, COALESCE(s.employee_no, '') FROM staff s WHERE s.left_at IS NULL AND ",
    );
    actor.scope(&mut query, "s.id");
    query.push(" AND (s.name IN (''");
    for line in &lines {
        query.push_with(", ?", [*line]);
    }
    query.push(") OR s.employee_no IN (''");
    for line in &lines {
        query.push_with(", ?", [*line]);
    }
    query.push("))");
    let found: Vec<(String, String, String)> = query.all(db).await?;
    let mut out = Vec::new();
    for line in lines {
        let by_number: Vec<&str> = found
            .iter()
            .filter(|(_, _, number)| number == line)
            .map(|(id, _, _)| id.as_str())
            .collect();
        let fits = if by_number.is_empty() {
            found
                .iter()
                .filter(|(_, name, _)| name == line)
                .map(|(id, _, _)| id.as_str())
                .collect()
        } else {
            by_number
        };
        match fits.as_slice() {
            [one] => out.push((*one).to_owned()),
            [] => return Err(fault("error.memo_nobody", line)),
            _ => return Err(fault("error.memo_several", line)),
        }
    }
    Ok(out)
}

/// Sends a message to all who are meant and within scope, oneself excepted.
pub async fn send(
    state: &AppState,
    actor: &Actor,
    key: &str,
    new: NewMemo,
) -> Result<Saved, AppError> {
    let today = state.zone.today();
    let due = Some(new.due.as_str()).filter(|day| !day.is_empty());
    Checks::default()
        .text(&new.title, "title", TITLE_MOST)
        .text(&new.body, "body", BODY_MOST)
        .ensure(
            due.is_none_or(|day| time::is_day(day) && day >= today.as_str()),
            "due",
            "field.future_day",
        )
        .ensure(
            !(new.unit.is_empty() && new.people.trim().is_empty()),
            "unit",
            "error.memo_to",
        )
        .done()?;
    let people = meant(&state.db, actor, &new.people).await?;
    if !new.unit.is_empty() {
        let mut query = q("SELECT COUNT(*) FROM org_unit u WHERE ");
        unit_scope(actor, &mut query, "u.id");
        query.push_with(" AND u.id = ?", [&new.unit]);
        if query.count(&state.db).await? == 0 {
            return Err(AppError::NotFound);
        }
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (id, now) = (crypto::new_id(), time::now());
    q("INSERT INTO memo (id, staff_id, title, body, due_day, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&id)
        .bind(&actor.id)
        .bind(new.title.trim())
        .bind(new.body.trim())
        .bind(due)
        .bind(now)
        .exec(&mut tx)
        .await?;
    let mut to = q("INSERT INTO memo_recipient (memo_id, staff_id) SELECT ");
    let place = to.arg(&id);
    to.push(&format!(
        "{place}, s.id FROM staff s WHERE s.left_at IS NULL AND "
    ));
    actor.scope(&mut to, "s.id");
    to.push_with(" AND s.id <> ? AND (1 = 0", [&actor.id]);
    if !new.unit.is_empty() {
        to.push_with(
            " OR s.unit_id IN (SELECT c.descendant_id FROM org_closure c WHERE c.ancestor_id = ?)",
            [&new.unit],
        );
    }
    for person in &people {
        to.push_with(" OR s.id = ?", [person]);
    }
    to.push(")");
    if to.exec(&mut tx).await? == 0 {
        return Err(AppError::field("unit", "error.memo_empty"));
    }
    if let Some(day) = due {
        q("INSERT INTO task (id, staff_id, title, note, day, starts, memo_id, created_at) \
           SELECT memo_id || ':' || staff_id, staff_id, $1, '', $2, '', memo_id, $3 FROM memo_recipient WHERE memo_id = $4")
            .bind(new.title.trim())
            .bind(day)
            .bind(now)
            .bind(&id)
            .exec(&mut tx)
            .await?;
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("memo.send", "memo", &id),
    )
    .await?;
    let told: Vec<(String,)> = q("SELECT staff_id FROM memo_recipient WHERE memo_id = $1")
        .bind(&id)
        .all(&mut tx)
        .await?;
    let saved = Saved::go("notice.memo_sent", format!("/memos/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state
        .live
        .tell_all(told.into_iter().map(|(person,)| person).collect());
    Ok(saved)
}

/// Notes that somebody read a message to them.
pub async fn mark_read(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let changed = q("UPDATE memo_recipient SET read_at = COALESCE(read_at, $1) WHERE memo_id = $2 AND staff_id = $3")
        .bind(time::now())
        .bind(id)
        .bind(&actor.id)
        .exec(&state.db)
        .await?;
    if changed == 0 {
        return Err(AppError::NotFound);
    }
    state.live.tell(&actor.id);
    Ok(Saved::stay("notice.memo_read"))
}

/// Replies to a message that somebody wrote or received; who replies has read it.
pub async fn reply(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    body: &str,
) -> Result<Saved, AppError> {
    let (_, _, sender, mine, _) = head(&state.db, actor, id).await?;
    Checks::default().text(body, "body", 1_000).done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let now = time::now();
    q("INSERT INTO memo_reply (id, memo_id, staff_id, body, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(crypto::new_id())
        .bind(id)
        .bind(&actor.id)
        .bind(body.trim())
        .bind(now)
        .exec(&mut tx)
        .await?;
    q("UPDATE memo_recipient SET read_at = COALESCE(read_at, $1) WHERE memo_id = $2 AND staff_id = $3")
        .bind(now)
        .bind(id)
        .bind(&actor.id)
        .exec(&mut tx)
        .await?;
    if !mine {
        let title: (String,) = q("SELECT title FROM memo WHERE id = $1")
            .bind(id)
            .one(&mut tx)
            .await?;
        let path = format!("/memos/{id}");
        let message = crate::inbox::Message {
            staff_id: &sender,
            kind: "message.memo_reply",
            args: &[("by", actor.name.as_str()), ("title", title.0.as_str())],
            path: &path,
            about: "",
            dedupe: &format!("memo_reply:{key}"),
        };
        crate::inbox::send(&mut tx, &[message]).await?;
    }
    let saved = Saved::stay("notice.memo_replied");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell(&sender);
    Ok(saved)
}
