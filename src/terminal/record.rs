//! A terminal's master data: reading it whole, entering and changing it, with its history.

use serde_json::json;

use super::model::{
    AssignmentRow, Master, Record, TerminalView, Window, status_label, weekday_label,
};
use super::rules::ALIASES;
use super::{assignment, store};
use crate::server::audit::{self, Event, Who};
use crate::server::db::{DbResult, Exec, Rows, Tx, insert_many, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::{AppError, Saved};

/// The columns of a [`Master`] of `terminal t`.
pub const MASTER: &str = "SELECT t.id, t.code, t.name, t.kind, t.level, t.province, t.city, t.address, t.phone, t.note, \
    t.status, COALESCE(g.code, '') AS parent, t.latitude, t.longitude, t.datum, t.updated_at \
    FROM terminal t LEFT JOIN terminal g ON g.id = t.parent_id";

/// Branches that a group's page names.
const BRANCHES: i64 = 100;

/// One terminal with its aliases, departments and reception windows.
pub async fn of(tx: &mut Tx, id: &str) -> DbResult<Record> {
    let master = q(format!("{MASTER} WHERE t.id = $1"))
        .bind(id)
        .one::<Master>(&mut *tx)
        .await?;
    Ok(Record {
        master,
        aliases: words(ALIAS_SQL, &mut *tx, id).await?,
        departments: words(DEPARTMENT_SQL, &mut *tx, id).await?,
        windows: windows(&mut *tx, id).await?,
    })
}

const ALIAS_SQL: &str = "SELECT alias FROM terminal_alias WHERE terminal_id = $1 ORDER BY alias";
const DEPARTMENT_SQL: &str =
    "SELECT name FROM terminal_department WHERE terminal_id = $1 ORDER BY name COLLATE pinyin";

async fn words<'a>(sql: &'static str, on: impl Into<Exec<'a>>, id: &str) -> DbResult<Vec<String>> {
    let rows: Vec<(String,)> = q(sql).bind(id).all(on).await?;
    Ok(rows.into_iter().map(|(word,)| word).collect())
}

/// When and where a terminal receives reps, by weekday and hour.
pub async fn windows<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Vec<Window>> {
    q("SELECT weekday, starts, ends, place, appointment FROM terminal_window WHERE terminal_id = $1 \
       ORDER BY weekday, starts")
    .bind(id)
    .all(on)
    .await
}

/// A terminal's page, with a page of its history.
pub async fn view(
    state: &AppState,
    actor: &Actor,
    id: &str,
    page: i64,
) -> Result<TerminalView, AppError> {
    let db = &state.db;
    let record = Record {
        master: q(format!("{MASTER} WHERE t.id = $1"))
            .bind(id)
            .one::<Master>(db)
            .await?,
        aliases: words(ALIAS_SQL, db, id).await?,
        departments: words(DEPARTMENT_SQL, db, id).await?,
        windows: windows(db, id).await?,
    };
    let assignments: Vec<AssignmentRow> = q(
        "SELECT s.name AS staff, a.business_line, a.starts_on AS \"from\", \
         a.ends_on AS \"to\" FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id \
         WHERE a.terminal_id = $1 ORDER BY a.starts_on DESC, a.id DESC LIMIT 100",
    )
    .bind(id)
    .all(db)
    .await?;
    let parent = q(
        "SELECT g.id, g.name FROM terminal t JOIN terminal g ON g.id = t.parent_id WHERE t.id = $1",
    )
    .bind(id)
    .optional(db)
    .await?;
    let branches =
        q("SELECT id, name FROM terminal WHERE parent_id = $1 ORDER BY name COLLATE pinyin, id LIMIT $2")
            .bind(id)
            .bind(BRANCHES)
            .all(db)
            .await?;
    let mut hcps = q("SELECT COUNT(*) FROM hcp h WHERE ");
    crate::hcp::store::scope(actor, &mut hcps);
    hcps.push_with(" AND h.terminal_id = ? AND h.state <> 'merged'", [id]);
    Ok(TerminalView {
        record,
        assignments,
        hcps: hcps.count(db).await?,
        changes: history::of(state, id, page).await?,
        parent,
        branches,
        reps: assignment::reps(db, actor).await?,
        lines: crate::product::store::lines(db).await?,
    })
}

/// Enters a terminal; one form is one terminal. The id and time of `record.master` are not looked at.
pub async fn create(
    state: &AppState,
    actor: &Actor,
    key: &str,
    record: &Record,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let (id, now, master) = (crypto::new_id(), time::now(), &record.master);
    code_is_free(&mut tx, &master.code, "").await?;
    let parent = group(&mut tx, &master.parent, "").await?;
    q("INSERT INTO terminal (id, code, name, kind, level, province, city, address, phone, note, latitude, longitude, \
       datum, status, parent_id, created_at, updated_at) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)")
    .bind(&id)
    .bind(&master.code)
    .bind(&master.name)
    .bind(&master.kind)
    .bind(&master.level)
    .bind(&master.province)
    .bind(&master.city)
    .bind(&master.address)
    .bind(&master.phone)
    .bind(&master.note)
    .bind(master.latitude)
    .bind(master.longitude)
    .bind(&master.datum)
    .bind(&master.status)
    .bind(parent)
    .bind(now)
    .exec(&mut tx)
    .await
    .map_err(taken)?;
    write_parts(&mut tx, &id, &Record::default(), record).await?;
    store::reindex(&mut tx, &id).await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("terminal.create", "terminal", &id),
    )
    .await?;
    let saved = Saved::go("notice.saved", format!("/terminals/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Changes a terminal that nobody changed since `seen` (its `updated_at` in the form); else `Conflict`. The name that
/// it had stays as an alias. One form is one change.
pub async fn update(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    seen: i64,
    record: &Record,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let before = of(&mut tx, id).await?;
    let mut after = record.clone();
    keep_name(&before, &mut after);
    if after.aliases.len() > ALIASES {
        return Err(AppError::field("aliases", "field.aliases"));
    }
    let changes = changes(&before, &after);
    let saved = Saved::go("notice.saved", format!("/terminals/{id}"));
    if changes.is_empty() {
        return Ok(saved);
    }
    if before.master.updated_at != seen {
        return Err(AppError::Conflict("error.changed_meanwhile".into()));
    }
    code_is_free(&mut tx, &after.master.code, id).await?;
    group(&mut tx, &after.master.parent, id).await?;
    let fields: Vec<&str> = changes.iter().map(|c| c.field).collect();
    let detail = json!({ "fields": fields });
    if !write(&mut tx, actor, &before, &after, "form", changes).await? {
        return Err(AppError::Conflict("error.changed_meanwhile".into()));
    }
    let event = Event::new("terminal.update", "terminal", id).detail(detail);
    audit::record(&state.keys, &mut tx, actor, event).await?;
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// A terminal that gets another name is found by the one before, too.
pub fn keep_name(before: &Record, after: &mut Record) {
    if after.master.name != before.master.name && !after.aliases.contains(&before.master.name) {
        after.aliases.push(before.master.name.clone());
    }
    after.aliases.retain(|alias| *alias != after.master.name);
    after.aliases.sort_unstable();
}

/// What differs, field by field, as people read it.
pub fn changes(before: &Record, after: &Record) -> Vec<Change> {
    let (a, b) = (&before.master, &after.master);
    let degrees = |value: Option<f64>, datum: &Option<String>| {
        value.map_or_else(String::new, |v| {
            format!("{v} {}", datum.as_deref().unwrap_or_default())
        })
    };
    let joined = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words.join("、")
    };
    [
        Change::of("code", &a.code, &b.code),
        Change::of("name", &a.name, &b.name),
        Change::of("kind", &a.kind, &b.kind),
        Change::of("level", &a.level, &b.level),
        Change::of("province", &a.province, &b.province),
        Change::of("city", &a.city, &b.city),
        Change::of("address", &a.address, &b.address),
        Change::of("office_phone", &a.phone, &b.phone),
        Change::of("note", &a.note, &b.note),
        Change::of("status", &status_name(&a.status), &status_name(&b.status)),
        Change::of("parent", &a.parent, &b.parent),
        Change::of(
            "latitude",
            &degrees(a.latitude, &a.datum),
            &degrees(b.latitude, &b.datum),
        ),
        Change::of(
            "longitude",
            &degrees(a.longitude, &a.datum),
            &degrees(b.longitude, &b.datum),
        ),
        Change::of("aliases", &joined(&before.aliases), &joined(&after.aliases)),
        Change::of(
            "departments",
            &joined(&before.departments),
            &joined(&after.departments),
        ),
        Change::of(
            "windows",
            &windows_text(&before.windows),
            &windows_text(&after.windows),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn status_name(status: &str) -> String {
    if status.is_empty() {
        String::new()
    } else {
        status_label(status)
    }
}

fn windows_text(windows: &[Window]) -> String {
    let one = |w: &Window| {
        let mut text = format!("{} {}–{}", weekday_label(w.weekday), w.starts, w.ends);
        if !w.place.is_empty() {
            text = format!("{text} {}", w.place);
        }
        if w.appointment {
            text = format!("{text} ({})", tr!("terminals.appointment"));
        }
        text
    };
    windows.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Writes a terminal as `after` with the history of what changed, unless somebody changed it since `before` was read;
/// gives whether it did. The HCPs whose region was the terminal's go with it.
pub async fn write(
    tx: &mut Tx,
    by: impl Into<Who>,
    before: &Record,
    after: &Record,
    source: &str,
    changes: Vec<Change>,
) -> Result<bool, AppError> {
    let (old, new, id) = (&before.master, &after.master, before.master.id.as_str());
    let by = by.into();
    let written = q("UPDATE terminal SET code = $1, name = $2, kind = $3, level = $4, province = $5, city = $6, \
         address = $7, phone = $8, note = $9, latitude = $10, longitude = $11, datum = $12, updated_at = $13, \
         status = $16, parent_id = (SELECT g.id FROM terminal g WHERE g.code = $17) WHERE id = $14 AND updated_at = $15")
    .bind(&new.code)
    .bind(&new.name)
    .bind(&new.kind)
    .bind(&new.level)
    .bind(&new.province)
    .bind(&new.city)
    .bind(&new.address)
    .bind(&new.phone)
    .bind(&new.note)
    .bind(new.latitude)
    .bind(new.longitude)
    .bind(&new.datum)
    // Later than before even where the clock stands.
    .bind(time::now().max(old.updated_at + 1))
    .bind(id)
    .bind(old.updated_at)
    .bind(&new.status)
    .bind(&new.parent)
    .exec(&mut *tx)
    .await
    .map_err(taken)?;
    if written == 0 {
        return Ok(false);
    }
    write_parts(tx, id, before, after).await?;
    let mut rows = history::rows(&by, "terminal", id, source, changes);
    if (&old.province, &old.city) != (&new.province, &new.city) {
        rows.extend(move_hcps(tx, &by, old, new, source).await?);
    }
    history::insert(tx, rows).await?;
    if (&old.name, &old.city, &old.code) != (&new.name, &new.city, &new.code)
        || before.aliases != after.aliases
    {
        store::reindex(tx, id).await?;
    }
    if old.name != new.name {
        crate::hcp::store::reindex_of_workplace(tx, id).await?;
    }
    Ok(true)
}

/// Gives the HCPs of a terminal its new region where they had its old one; rows of their history.
async fn move_hcps(
    tx: &mut Tx,
    by: &Who,
    old: &Master,
    new: &Master,
    source: &str,
) -> DbResult<Rows> {
    let same: Vec<(String,)> =
        q("SELECT id FROM hcp WHERE terminal_id = $1 AND province = $2 AND city = $3 AND state <> 'merged'")
            .bind(&old.id)
            .bind(&old.province)
            .bind(&old.city)
            .all(&mut *tx)
            .await?;
    q("UPDATE hcp SET province = $1, city = $2 WHERE terminal_id = $3 AND province = $4 AND city = $5 \
       AND state <> 'merged'")
    .bind(&new.province)
    .bind(&new.city)
    .bind(&old.id)
    .bind(&old.province)
    .bind(&old.city)
    .exec(tx)
    .await?;
    let changes = || {
        [
            Change::of("province", &old.province, &new.province),
            Change::of("city", &old.city, &new.city),
        ]
        .into_iter()
        .flatten()
    };
    Ok(same
        .into_iter()
        .flat_map(|(id,)| history::rows(by, "hcp", &id, source, changes()))
        .collect())
}

/// Aliases, departments and windows, each replaced where it differs.
async fn write_parts(tx: &mut Tx, id: &str, before: &Record, after: &Record) -> DbResult<()> {
    let pairs = |words: &[String]| -> Rows {
        words
            .iter()
            .map(|word| vec![id.into(), word.into()])
            .collect()
    };
    if before.aliases != after.aliases {
        q("DELETE FROM terminal_alias WHERE terminal_id = $1")
            .bind(id)
            .exec(&mut *tx)
            .await?;
        let head = "INSERT INTO terminal_alias (terminal_id, alias)";
        insert_many(tx, head, pairs(&after.aliases), "").await?;
    }
    if before.departments != after.departments {
        q("DELETE FROM terminal_department WHERE terminal_id = $1")
            .bind(id)
            .exec(&mut *tx)
            .await?;
        let head = "INSERT INTO terminal_department (terminal_id, name)";
        insert_many(tx, head, pairs(&after.departments), "").await?;
    }
    if before.windows != after.windows {
        q("DELETE FROM terminal_window WHERE terminal_id = $1")
            .bind(id)
            .exec(&mut *tx)
            .await?;
        let rows: Rows = after
            .windows
            .iter()
            .map(|w| {
                vec![
                    crypto::new_id().into(),
                    id.into(),
                    w.weekday.into(),
                    (&w.starts).into(),
                    (&w.ends).into(),
                    (&w.place).into(),
                    w.appointment.into(),
                ]
            })
            .collect();
        let head = "INSERT INTO terminal_window (id, terminal_id, weekday, starts, ends, place, appointment)";
        insert_many(tx, head, rows, "").await?;
    }
    Ok(())
}

/// The id of the group that a terminal is to be a branch of, by its code; nothing where there is none. A group is no
/// branch itself, and a terminal with branches is none.
async fn group(tx: &mut Tx, code: &str, of: &str) -> Result<Option<String>, AppError> {
    if code.is_empty() {
        return Ok(None);
    }
    let found: Option<(String, bool)> =
        q("SELECT id, parent_id IS NULL FROM terminal WHERE code = $1")
            .bind(code)
            .optional(&mut *tx)
            .await?;
    let Some((id, is_top)) = found else {
        return Err(AppError::field("parent", "field.terminal_unknown"));
    };
    let branches = q("SELECT COUNT(*) FROM terminal WHERE parent_id = $1")
        .bind(of)
        .count(tx)
        .await?;
    if id == of || !is_top || branches > 0 {
        return Err(AppError::field("parent", "field.parent_level"));
    }
    Ok(Some(id))
}

async fn code_is_free(tx: &mut Tx, code: &str, except: &str) -> Result<(), AppError> {
    let others = q("SELECT COUNT(*) FROM terminal WHERE code = $1 AND id <> $2")
        .bind(code)
        .bind(except)
        .count(tx)
        .await?;
    if others > 0 {
        return Err(AppError::field("code", "field.terminal_code_taken"));
    }
    Ok(())
}

/// Two forms with the same new code at once: the second meets the index.
fn taken(error: sqlx::Error) -> AppError {
    if is_unique_violation(&error) {
        AppError::field("code", "field.terminal_code_taken")
    } else {
        error.into()
    }
}

/// Adds an alias, unless it is one or the name already; gives whether it was added.
pub async fn add_alias(tx: &mut Tx, by: &Actor, id: &str, alias: &str) -> Result<bool, AppError> {
    let before = of(tx, id).await?;
    if alias.is_empty() || before.master.name == alias || before.aliases.iter().any(|a| a == alias)
    {
        return Ok(false);
    }
    let mut after = before.clone();
    after.aliases.push(alias.to_owned());
    after.aliases.sort_unstable();
    let changed = changes(&before, &after);
    if write(tx, by, &before, &after, "flow", changed).await? {
        Ok(true)
    } else {
        Err(AppError::Conflict("error.changed_meanwhile".into()))
    }
}

/// Takes an alias away; harmless if it is gone.
pub async fn remove_alias(tx: &mut Tx, by: &Actor, id: &str, alias: &str) -> Result<(), AppError> {
    let before = of(tx, id).await?;
    let mut after = before.clone();
    after.aliases.retain(|known| known != alias);
    let changed = changes(&before, &after);
    if after.aliases == before.aliases || write(tx, by, &before, &after, "flow", changed).await? {
        Ok(())
    } else {
        Err(AppError::Conflict("error.changed_meanwhile".into()))
    }
}
