//! The thread of an appeal: what was said, photos, steps, and whom each is told.

use std::collections::BTreeSet;

use serde_json::json;

use super::{STEP_DAYS, Stored, get, is_open, stored};
use crate::flow::{lines, sums};
use crate::identity;
use crate::inbox::{self, Message};
use crate::learning::workdays;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Permission, Saved};

/// Photos of one appeal at most.
const PHOTOS_MOST: i64 = 12;

/// What a step brings beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub struct With<'a> {
    /// A photo's id and media type.
    pub file: Option<(&'a str, &'a str)>,
    /// A correction and what it made of the quantity or the terminal.
    pub corrected: Option<(&'a str, &'a str)>,
}

/// Writes a step of an appeal; gives its id.
pub async fn note(
    tx: &mut Tx,
    actor: &Actor,
    appeal: &str,
    act: &str,
    body: &str,
    with: With<'_>,
) -> DbResult<String> {
    let (id, file) = (crypto::new_id(), with.file);
    let (correction, corrected) = with.corrected.unwrap_or_default();
    q(
        "INSERT INTO flow_appeal_step (id, appeal_id, staff_id, act, body, file_id, file_type, at, correction, corrected) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&id)
    .bind(appeal)
    .bind(&actor.id)
    .bind(act)
    .bind(body.trim())
    .bind(file.map(|(id, _)| id))
    .bind(file.map(|(_, kind)| kind))
    .bind(time::now())
    .bind(correction)
    .bind(corrected)
    .exec(tx)
    .await?;
    Ok(id)
}

/// Those whom a word said in an appeal concerns beside its speaker: who raised it, who has said something, and who takes
/// the next step.
async fn listeners(tx: &mut Tx, actor: &Actor, appeal: &Stored) -> DbResult<Vec<String>> {
    let spoken: Vec<(String,)> =
        q("SELECT DISTINCT staff_id FROM flow_appeal_step WHERE appeal_id = $1")
            .bind(&appeal.id)
            .all(&mut *tx)
            .await?;
    let mut people: BTreeSet<String> = spoken.into_iter().map(|(id,)| id).collect();
    people.insert(appeal.staff_id.clone());
    if is_open(&appeal.state) {
        people.extend(next_people(tx, &appeal.state, &appeal.staff_id).await?);
    }
    people.remove(&actor.id);
    Ok(people.into_iter().collect())
}

/// Tells people of an appeal, each once for each kind and mark; gives how many messages are new.
pub async fn tell(
    tx: &mut Tx,
    to: &[String],
    kind: &str,
    appeal: &str,
    mark: &str,
    by: &str,
) -> DbResult<u64> {
    let path = format!("/flow/appeals/{appeal}");
    let marks: Vec<String> = to
        .iter()
        .map(|person| format!("{kind}:{appeal}:{mark}:{person}"))
        .collect();
    let args = [("by", by)];
    let messages: Vec<Message<'_>> = to
        .iter()
        .zip(&marks)
        .map(|(person, dedupe)| Message {
            staff_id: person,
            kind,
            args: &args,
            path: &path,
            about: "",
            dedupe,
        })
        .collect();
    inbox::send(tx, &messages).await
}

/// Those who look at an appeal next: the managers above, or else operations.
pub async fn next_people(tx: &mut Tx, state_of: &str, staff_id: &str) -> DbResult<Vec<String>> {
    if state_of == "manager" {
        let managers: Vec<(String,)> = q(
            "SELECT DISTINCT m.staff_id FROM staff s JOIN org_closure c ON c.descendant_id = s.unit_id \
             JOIN unit_manager m ON m.unit_id = c.ancestor_id JOIN staff b ON b.id = m.staff_id AND b.left_at IS NULL \
             WHERE s.id = $1 AND m.staff_id <> $1 AND b.role = 'manager' AND c.depth = (SELECT MIN(c2.depth) \
             FROM org_closure c2 JOIN unit_manager m2 ON m2.unit_id = c2.ancestor_id \
             JOIN staff b2 ON b2.id = m2.staff_id AND b2.left_at IS NULL AND b2.role = 'manager' \
             WHERE c2.descendant_id = s.unit_id AND m2.staff_id <> $1)",
        )
        .bind(staff_id)
        .all(&mut *tx)
        .await?;
        return Ok(managers.into_iter().map(|(id,)| id).collect());
    }
    identity::store::holders(tx, Permission::OperateFlow).await
}

/// Says something, or takes the next step: `comment`, `support`, `oppose`, `withdraw`, `again`.
pub async fn step(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    act: &str,
    body: &str,
) -> Result<Saved, AppError> {
    let appeal = get(state, actor, id).await?;
    let stored = stored(state, actor, id).await?;
    let allowed = match act {
        "comment" => true,
        "support" | "oppose" => appeal.may_support,
        "withdraw" => appeal.may_withdraw,
        "again" => appeal.may_raise_again,
        _ => return Err(AppError::NotFound),
    };
    let mut checks = Checks::default();
    if matches!(act, "comment" | "oppose" | "again") {
        checks.text(body, "body", 2_000);
    }
    checks
        .ensure(body.chars().count() <= 2_000, "body", "field.too_long")
        .done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    if !allowed {
        return Err(AppError::Conflict("flow.appeal_moved".into()));
    }
    let (to, kept): (&str, &str) = match act {
        "support" => ("operations", "supported"),
        "oppose" => ("rejected", "opposed"),
        "withdraw" => ("withdrawn", "withdrawn"),
        "again" => ("operations", "again"),
        _ => (appeal.row.state.as_str(), "comment"),
    };
    let mut people = Vec::new();
    if act != "comment" {
        let now = time::now();
        let ended = !is_open(to);
        let held = q("UPDATE flow_appeal SET state = $1, round = $2, due_on = $3, decided_at = $4 WHERE id = $5 AND state = $6")
            .bind(to)
            .bind(if act == "again" { 2 } else { appeal.row.round })
            .bind(workdays::shift(&state.zone.today(), STEP_DAYS))
            .bind(ended.then_some(now))
            .bind(id)
            .bind(&appeal.row.state)
            .exec(&mut tx)
            .await;
        match held {
            Err(error) if is_unique_violation(&error) => {
                return Err(AppError::Conflict("flow.appeal_open".into()));
            }
            other => {
                if other? == 0 {
                    return Err(AppError::Conflict("flow.appeal_moved".into()));
                }
            }
        }
        mark_line(&mut tx, &stored, if ended { "open" } else { "appealed" }).await?;
        let kind = if ended {
            "message.flow_appeal_ended"
        } else {
            "message.flow_appeal"
        };
        people = if ended {
            vec![stored.staff_id.clone()]
        } else {
            next_people(&mut tx, to, &stored.staff_id).await?
        };
        people.retain(|person| *person != actor.id);
        tell(&mut tx, &people, kind, id, kept, &actor.name).await?;
        let event = Event::new("flow.appeal_step", "flow_appeal", id).detail(json!({ "act": act }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    let step = note(&mut tx, actor, id, kept, body, With::default()).await?;
    if act == "comment" {
        people = listeners(&mut tx, actor, &stored).await?;
        let kind = "message.flow_appeal_said";
        tell(&mut tx, &people, kind, id, &step, &actor.name).await?;
    }
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    state.live.tell_all(people);
    Ok(saved)
}

/// Marks the line of an appeal as appealed or open again, unless its month has closed.
pub async fn mark_line(tx: &mut Tx, appeal: &Stored, to: &str) -> Result<(), AppError> {
    let Some(line) = &appeal.line_id else {
        return Ok(());
    };
    let line = lines::find(&mut *tx, line).await?;
    let held = lines::hold(tx, [line.month.clone()]).await?;
    let from = if to == "open" { "appealed" } else { "open" };
    if held.is_closed(&line.month) {
        return Ok(());
    }
    q(
        "UPDATE flow_line SET state = $1, confirmed_by = NULL, confirmed_at = NULL WHERE id = $2 \
       AND (state = $3 OR (state = 'confirmed' AND $1 = 'appealed'))",
    )
    .bind(to)
    .bind(&line.id)
    .bind(from)
    .exec(&mut *tx)
    .await?;
    sums::resum(tx, &BTreeSet::from([(line.month, line.terminal_id)])).await?;
    Ok(())
}

/// Adds a photo as evidence to an appeal that is open, by whoever sees it, with what they say of it.
pub async fn evidence(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    body: &str,
    bytes: Vec<u8>,
) -> Result<(), AppError> {
    let stored = stored(state, actor, id).await?;
    if !is_open(&stored.state) {
        return Err(AppError::Conflict("flow.appeal_moved".into()));
    }
    Checks::default()
        .ensure(body.chars().count() <= 2_000, "body", "field.too_long")
        .done()?;
    let (bare, kind) = crate::visit::photo::bare_photo(bytes)?;
    let file = files::put_sealed(state, &bare).await?;
    let mut tx = state.db.begin().await?;
    if form_key::earlier(&mut tx, actor, key).await?.is_some() {
        return Ok(());
    }
    // One after the other, so that the bound holds.
    q("UPDATE flow_appeal SET round = round WHERE id = $1")
        .bind(id)
        .exec(&mut tx)
        .await?;
    let there =
        q("SELECT COUNT(*) FROM flow_appeal_step WHERE appeal_id = $1 AND file_id IS NOT NULL")
            .bind(id)
            .count(&mut tx)
            .await?;
    let same = q("SELECT COUNT(*) FROM flow_appeal_step WHERE appeal_id = $1 AND file_id = $2")
        .bind(id)
        .bind(&file)
        .count(&mut tx)
        .await?;
    if same > 0 && body.trim().is_empty() {
        // Sent twice.
        return Ok(());
    }
    if same == 0 && there >= PHOTOS_MOST {
        return Err(AppError::Conflict("flow.photos_many".into()));
    }
    // A photo that is there already brings its new words only.
    let (act, with) = if same > 0 {
        ("comment", With::default())
    } else {
        let file = Some((file.as_str(), kind));
        (
            "evidence",
            With {
                file,
                ..With::default()
            },
        )
    };
    let step = note(&mut tx, actor, id, act, body, with).await?;
    let people = listeners(&mut tx, actor, &stored).await?;
    let kind = "message.flow_appeal_said";
    tell(&mut tx, &people, kind, id, &step, &actor.name).await?;
    let event = Event::new("flow.appeal_step", "flow_appeal", id).detail(json!({ "act": act }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    form_key::keep(&mut tx, actor, key, &Saved::stay("notice.saved")).await?;
    tx.commit().await?;
    state.live.tell_all(people);
    Ok(())
}

/// Reminds those whose step of an appeal is due today or late, once for each day by which. What waits for a manager who is
/// gone goes on to operations.
pub async fn remind(state: &AppState) -> Result<(), AppError> {
    let mut after = String::new();
    loop {
        let due: Vec<(String, String, String, String, String)> = q(
            "SELECT a.id, a.state, a.staff_id, s.name, a.due_on FROM flow_appeal a JOIN staff s ON s.id = a.staff_id \
             WHERE a.state IN ('manager', 'operations') AND a.due_on <= $1 AND a.id > $2 ORDER BY a.id LIMIT 50",
        )
        .bind(state.zone.today())
        .bind(&after)
        .all(&state.db)
        .await?;
        let Some((last, ..)) = due.last() else {
            return Ok(());
        };
        after.clone_from(last);
        let mut tx = state.db.begin().await?;
        let mut told = BTreeSet::new();
        for (id, step, staff, name, day) in &due {
            let mut people = next_people(&mut tx, step, staff).await?;
            if people.is_empty() && step == "manager" {
                q("UPDATE flow_appeal SET state = 'operations' WHERE id = $1 AND state = 'manager'")
                    .bind(id)
                    .exec(&mut tx)
                    .await?;
                people = next_people(&mut tx, "operations", staff).await?;
            }
            if tell(&mut tx, &people, "message.flow_appeal_due", id, day, name).await? > 0 {
                told.extend(people);
            }
        }
        tx.commit().await?;
        state.live.tell_all(told.into_iter().collect());
    }
}

/// The photo of a step of an appeal within scope: its media type and its bytes.
pub async fn photo(
    state: &AppState,
    actor: &Actor,
    step: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let mut query = q(
        "SELECT p.file_id, p.file_type FROM flow_appeal_step p JOIN flow_appeal a ON a.id = p.appeal_id WHERE ",
    );
    actor.scope(&mut query, "a.staff_id");
    query.push_with(" AND p.id = ?", [step]);
    let (file, kind): (Option<String>, Option<String>) = query.one(&state.db).await?;
    let file = file.ok_or(AppError::NotFound)?;
    Ok((
        kind.unwrap_or_default(),
        files::get_sealed(state, &file).await?,
    ))
}
