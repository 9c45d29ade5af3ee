//! SQL of staff.

use serde_json::{Value, json};

use super::model::{Person, PersonRow, SessionRow};
use crate::insight::rollup;
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission, Role, Saved};

/// What the list of people can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    pub text: String,
    pub role: String,
    /// A unit with its subtree.
    pub unit: String,
    /// Whether those who left are shown instead.
    pub left: bool,
}

/// One page of people within the actor's scope, by name.
pub async fn people(
    db: &Db,
    actor: &Actor,
    filter: &PeopleFilter,
    page: i64,
) -> Result<Page<PersonRow>, AppError> {
    let narrow = |query: &mut Query| {
        query.push(" FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE ");
        actor.scope(query, "s.id");
        query.push(if filter.left {
            " AND s.left_at IS NOT NULL"
        } else {
            " AND s.left_at IS NULL"
        });
        let text = filter.text.trim();
        if !text.is_empty() {
            let like = format!("%{}%", text.replace(['%', '_'], ""));
            query.push_with(
                " AND (s.name LIKE ? OR s.employee_no = ? OR u.name LIKE ?)",
                [&like, text, &like],
            );
        }
        if !filter.role.is_empty() {
            query.push_with(" AND s.role = ?", [&filter.role]);
        }
        if !filter.unit.is_empty() {
            query.push_with(
                " AND s.unit_id IN (SELECT descendant_id FROM org_closure WHERE ancestor_id = ?)",
                [&filter.unit],
            );
        }
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut rows =
        q("SELECT s.id, s.name, s.role, u.name AS unit, s.phone_masked, s.employee_no, s.left_at");
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY s.name COLLATE pinyin, s.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    Ok(Page {
        rows: rows.all(db).await?,
        total,
        page,
    })
}

/// One person within the actor's scope.
pub async fn person(db: &Db, actor: &Actor, id: &str) -> Result<Person, AppError> {
    let mut query = q(
        "SELECT s.id, s.name, s.role, u.name AS unit, s.phone_masked, s.employee_no, s.left_at \
         FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE ",
    );
    actor.scope(&mut query, "s.id");
    query.push_with(" AND s.id = ?", [id]);
    let row: PersonRow = query.one(db).await?;
    let (unit_id,): (String,) = q("SELECT unit_id FROM staff WHERE id = $1")
        .bind(id)
        .one(db)
        .await?;
    let manages: Vec<(String,)> =
        q("SELECT unit_id FROM unit_manager WHERE staff_id = $1 ORDER BY unit_id")
            .bind(id)
            .all(db)
            .await?;
    Ok(Person {
        row,
        unit_id,
        manages: manages.into_iter().map(|(u,)| u).collect(),
    })
}

/// What is typed about a person.
#[derive(Debug, Clone)]
pub struct PersonInput {
    pub name: String,
    pub role: Role,
    pub unit_id: String,
    /// 11 digits; `None` keeps the one on file.
    pub phone: Option<String>,
    pub employee_no: Option<String>,
    /// The unit they manage; only for managers.
    pub manages: Option<String>,
    /// Hash of a first password.
    pub password_hash: Option<String>,
}

/// [`enter_person`], with the audit event at once; gives the id.
pub async fn insert_person(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    input: &PersonInput,
) -> Result<String, AppError> {
    let (id, detail) = enter_person(state, tx, input).await?;
    let event = Event::new("person.create", "staff", &id).about(&id, detail);
    audit::record(&state.keys, tx, actor, event).await?;
    Ok(id)
}

/// Enters a person; gives the id, and the detail of the audit event `person.create`, which the caller writes. A phone
/// or employee number that is taken is an error on its field.
pub async fn enter_person(
    state: &AppState,
    tx: &mut Tx,
    input: &PersonInput,
) -> Result<(String, Value), AppError> {
    let phone = input
        .phone
        .as_deref()
        .ok_or_else(|| AppError::field("phone", "field.required"))?;
    let id = crypto::new_id();
    let now = time::now();
    free(state, tx, &id, phone, input.employee_no.as_deref()).await?;
    q("INSERT INTO staff (id, unit_id, name, role, employee_no, phone_cipher, phone_index, phone_masked, \
       password_hash, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)")
    .bind(&id)
    .bind(&input.unit_id)
    .bind(&input.name)
    .bind(input.role.code())
    .bind(&input.employee_no)
    .bind(state.keys.seal(phone))
    .bind(state.keys.phone_index(phone))
    .bind(super::rules::mask_phone(phone))
    .bind(&input.password_hash)
    .bind(now)
    .exec(&mut *tx)
    .await
    .map_err(taken)?;
    set_manages(tx, &id, input).await?;
    let detail = json!({ "name": input.name, "role": input.role.code(), "unit": input.unit_id });
    Ok((id, detail))
}

/// [`change_person`], with the audit event at once; gives whether anything changed.
pub async fn update_person(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    id: &str,
    input: &PersonInput,
) -> Result<bool, AppError> {
    let Some(detail) = change_person(state, tx, id, input).await? else {
        return Ok(false);
    };
    let event = Event::new("person.update", "staff", id).about(id, detail);
    audit::record(&state.keys, tx, actor, event).await?;
    Ok(true)
}

/// Changes a person; gives the detail of the audit event `person.update`, which the caller writes, or `None` if nothing
/// changed.
pub async fn change_person(
    state: &AppState,
    tx: &mut Tx,
    id: &str,
    input: &PersonInput,
) -> Result<Option<Value>, AppError> {
    let before = stored(tx, id).await?;
    if let Some(phone) = &input.phone {
        free(state, tx, id, phone, input.employee_no.as_deref()).await?;
        q("UPDATE staff SET phone_cipher = $1, phone_index = $2, phone_masked = $3 WHERE id = $4 AND phone_index <> $2")
            .bind(state.keys.seal(phone))
            .bind(state.keys.phone_index(phone))
            .bind(super::rules::mask_phone(phone))
            .bind(id)
            .exec(&mut *tx)
            .await
            .map_err(taken)?;
    }
    // Sums by unit go by today's tree (domain, Who uses it).
    let moves = before.unit_id != input.unit_id;
    if moves {
        rollup::moved(tx, &before.unit_id, &input.unit_id).await?;
    }
    q("UPDATE staff SET name = $1, role = $2, unit_id = $3, employee_no = $4 WHERE id = $5")
        .bind(&input.name)
        .bind(input.role.code())
        .bind(&input.unit_id)
        .bind(&input.employee_no)
        .bind(id)
        .exec(&mut *tx)
        .await
        .map_err(taken)?;
    set_manages(tx, id, input).await?;
    let after = stored(tx, id).await?;
    if before == after {
        return Ok(None);
    }
    q("UPDATE staff SET updated_at = $1 WHERE id = $2")
        .bind(time::now())
        .bind(id)
        .exec(&mut *tx)
        .await?;
    Ok(Some(json!({
        "before": { "name": before.name, "role": before.role, "unit": before.unit_id, "employee_no": before.employee_no },
        "after": { "name": after.name, "role": after.role, "unit": after.unit_id, "employee_no": after.employee_no },
        "phone_changed": before.phone_index != after.phone_index,
    })))
}

#[derive(sqlx::FromRow, PartialEq)]
struct Stored {
    name: String,
    role: String,
    unit_id: String,
    employee_no: Option<String>,
    phone_index: String,
    manages: Option<String>,
}

async fn stored(tx: &mut Tx, id: &str) -> DbResult<Stored> {
    q("SELECT name, role, unit_id, employee_no, phone_index, \
       (SELECT MIN(unit_id) FROM unit_manager m WHERE m.staff_id = s.id) AS manages FROM staff s WHERE id = $1")
    .bind(id)
    .one(tx)
    .await
}

async fn free(
    state: &AppState,
    tx: &mut Tx,
    id: &str,
    phone: &str,
    no: Option<&str>,
) -> Result<(), AppError> {
    let taken: Option<(bool,)> = q("SELECT phone_index = $1 FROM staff WHERE (phone_index = $1 OR employee_no = $2) AND id <> $3")
        .bind(state.keys.phone_index(phone))
        .bind(no)
        .bind(id)
        .optional(tx)
        .await?;
    match taken {
        None => Ok(()),
        Some((true,)) => Err(AppError::field("phone", "field.phone_taken")),
        Some((false,)) => Err(AppError::field("employee_no", "field.employee_no_taken")),
    }
}

fn taken(error: sqlx::Error) -> AppError {
    if is_unique_violation(&error) {
        AppError::field("phone", "field.phone_taken")
    } else {
        error.into()
    }
}

async fn set_manages(tx: &mut Tx, id: &str, input: &PersonInput) -> DbResult<()> {
    q("DELETE FROM unit_manager WHERE staff_id = $1")
        .bind(id)
        .exec(&mut *tx)
        .await?;
    if let (Role::Manager, Some(unit)) = (input.role, &input.manages) {
        q("INSERT INTO unit_manager (unit_id, staff_id) VALUES ($1, $2)")
            .bind(unit)
            .bind(id)
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Marks a person as having left: sessions end, and of their assignments yesterday was the last day, so that a successor
/// can begin today. Undone by entering them again under the phone.
pub async fn leave(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    if id == actor.id {
        return Err(AppError::Conflict("error.leave_self".into()));
    }
    let mut tx = state.db.begin().await?;
    let now = time::now();
    let left =
        q("UPDATE staff SET left_at = $1, updated_at = $1 WHERE id = $2 AND left_at IS NULL")
            .bind(now)
            .bind(id)
            .exec(&mut tx)
            .await?;
    if left == 1 {
        q("UPDATE session SET revoked_at = $1 WHERE staff_id = $2 AND revoked_at IS NULL")
            .bind(now)
            .bind(id)
            .exec(&mut tx)
            .await?;
        crate::terminal::assignment::end_all_of(&mut tx, id, &state.zone.today()).await?;
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new("person.leave", "staff", id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Takes back that a person left.
pub async fn rejoin(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let back =
        q("UPDATE staff SET left_at = NULL, updated_at = $1 WHERE id = $2 AND left_at IS NOT NULL")
            .bind(time::now())
            .bind(id)
            .exec(&mut tx)
            .await?;
    if back == 1 {
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new("person.rejoin", "staff", id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// What sign-in needs to know of the owner of a phone.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Credentials {
    pub id: String,
    pub name: String,
    pub password_hash: Option<String>,
}

/// The employed person with this phone.
pub async fn credentials(state: &AppState, phone: &str) -> DbResult<Option<Credentials>> {
    q("SELECT id, name, password_hash FROM staff WHERE phone_index = $1 AND left_at IS NULL")
        .bind(state.keys.phone_index(phone))
        .optional(&state.db)
        .await
}

/// One's own phone number in full.
pub async fn own_phone(state: &AppState, actor: &Actor) -> Result<String, AppError> {
    let (cipher,): (String,) = q("SELECT phone_cipher FROM staff WHERE id = $1")
        .bind(&actor.id)
        .one(&state.db)
        .await?;
    state
        .keys
        .open(&cipher)
        .ok_or_else(|| crate::server::db::internal("a phone number cannot be decrypted"))
}

/// Replaces one's own phone.
pub async fn set_own_phone(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    phone: &str,
) -> Result<(), AppError> {
    free(state, tx, &actor.id, phone, None).await?;
    q("UPDATE staff SET phone_cipher = $1, phone_index = $2, phone_masked = $3, updated_at = $4 WHERE id = $5")
        .bind(state.keys.seal(phone))
        .bind(state.keys.phone_index(phone))
        .bind(super::rules::mask_phone(phone))
        .bind(time::now())
        .bind(&actor.id)
        .exec(&mut *tx)
        .await
        .map_err(taken)?;
    audit::record(
        &state.keys,
        tx,
        actor,
        Event::new("person.phone", "staff", &actor.id),
    )
    .await?;
    Ok(())
}

/// Replaces a password and ends the person's other sessions.
pub async fn set_password(
    state: &AppState,
    actor: &Actor,
    id: &str,
    hash: &str,
) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    q("UPDATE staff SET password_hash = $1, updated_at = $2 WHERE id = $3")
        .bind(hash)
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    q("UPDATE session SET revoked_at = $1 WHERE staff_id = $2 AND id <> $3 AND revoked_at IS NULL")
        .bind(time::now())
        .bind(id)
        .bind(&actor.session_id)
        .exec(&mut tx)
        .await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("person.password", "staff", id),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Language and theme.
pub async fn set_preferences(
    state: &AppState,
    actor: &Actor,
    locale: &str,
    theme: &str,
) -> DbResult<()> {
    q("UPDATE staff SET locale = $1, theme = $2 WHERE id = $3")
        .bind(locale)
        .bind(theme)
        .bind(&actor.id)
        .exec(&state.db)
        .await?;
    Ok(())
}

/// One's own open sessions, the latest first.
pub async fn sessions(state: &AppState, actor: &Actor) -> DbResult<Vec<SessionRow>> {
    let rows: Vec<(String, String, String, i64)> = q("SELECT id, user_agent, address, last_seen_at FROM session \
         WHERE staff_id = $1 AND revoked_at IS NULL AND last_seen_at > $2 ORDER BY last_seen_at DESC LIMIT 50")
    .bind(&actor.id)
    .bind(time::now() - state.config.session.idle_days * time::DAY)
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, user_agent, address, last)| SessionRow {
            current: id == actor.session_id,
            id,
            user_agent,
            address,
            last_seen: state.zone.minute(last),
        })
        .collect())
}

/// Ends one of one's own sessions.
pub async fn revoke_session(state: &AppState, actor: &Actor, id: &str) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    let ended = q(
        "UPDATE session SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2 AND staff_id = $3",
    )
    .bind(time::now())
    .bind(id)
    .bind(&actor.id)
    .exec(&mut tx)
    .await?;
    if ended == 0 {
        return Err(AppError::NotFound);
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("session.revoke", "session", id),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The people who work here and whose role has a permission.
pub async fn holders(tx: &mut Tx, permission: Permission) -> DbResult<Vec<String>> {
    let mut query = q("SELECT id FROM staff WHERE left_at IS NULL AND role IN (''");
    for role in Role::ALL.into_iter().filter(|role| role.may(permission)) {
        query.push_with(", ?", [role.code()]);
    }
    query.push(") ORDER BY id");
    let found: Vec<(String,)> = query.all(tx).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Whether the database holds demo data.
pub async fn is_demo(db: &Db) -> DbResult<bool> {
    Ok(q("SELECT COUNT(*) FROM setting WHERE name = 'demo'")
        .count(db)
        .await?
        > 0)
}
