//! Writing what was decided, with statements for many rows at a time.

use super::plan::{ARGS, Changed, New, Record, Verdict, any_of};
use crate::hcp::store::Words;
use crate::server::audit::Who;
use crate::server::db::{Arg, Rows, Tx, insert_many, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, history, search, time};
use crate::shared::AppError;

/// What a record changed into, as columns of a row `x`: the text ones, `hcp` has them by the same names.
const COLUMNS: [&str; 19] = [
    "name",
    "pinyin",
    "initials",
    "kind",
    "sex",
    "phone_cipher",
    "phone_index",
    "phone_masked",
    "terminal_id",
    "department",
    "title",
    "specialty",
    "code",
    "province",
    "city",
    "email",
    "office_phone",
    "preferred_times",
    "owner_id",
];

/// Writes a chunk.
pub async fn chunk(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    verdicts: Vec<Verdict>,
) -> Result<(), AppError> {
    let (mut new, mut changed, mut freed) = (Vec::new(), Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Verdict::New(row) => new.push(*row),
            Verdict::Changed(row) => changed.push(*row),
            Verdict::Freed(id) => freed.push(id),
        }
    }
    for ids in freed.chunks(ARGS) {
        let mut query =
            q("UPDATE hcp SET phone_index = NULL, code = NULL WHERE state = 'merged' AND ");
        any_of(&mut query, "id", ids);
        query.exec(&mut *tx).await?;
    }
    let now = time::now();
    update(state, tx, actor, changed, now).await?;
    create(state, tx, actor, new, now).await
}

/// Somebody else entered the same phone or code, or gave the HCP away, since the rows were looked up.
fn raced(error: sqlx::Error) -> AppError {
    if is_unique_violation(&error) {
        AppError::Conflict("import.changed_meanwhile".into())
    } else {
        error.into()
    }
}

fn words(record: &Record) -> Words {
    Words {
        name: record.name.clone(),
        department: record.department.clone(),
        title: record.title.clone(),
        specialty: record.specialty.clone(),
        code: record.code.clone(),
    }
}

/// What an HCP is found by.
fn said(record: &Record) -> [&str; 5] {
    [
        &record.name,
        &record.department,
        &record.title,
        &record.specialty,
        record.code.as_deref().unwrap_or_default(),
    ]
}

fn owned(hcp: &str, owner: Option<&str>, reason: &str, by: &str, now: i64) -> Vec<Arg> {
    vec![
        crypto::new_id().into(),
        hcp.into(),
        owner.into(),
        now.into(),
        reason.into(),
        by.into(),
    ]
}

async fn own(tx: &mut Tx, rows: Rows) -> Result<(), AppError> {
    let head = "INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by)";
    insert_many(tx, head, rows, "").await.map_err(raced)?;
    Ok(())
}

fn tag_rows(hcp: &str, tags: Vec<String>) -> impl Iterator<Item = Vec<Arg>> {
    let hcp = hcp.to_owned();
    tags.into_iter()
        .map(move |tag| vec![(&hcp).into(), tag.into()])
}

async fn insert_tags(tx: &mut Tx, rows: Rows) -> Result<(), AppError> {
    let head = "INSERT INTO hcp_tag (hcp_id, tag)";
    insert_many(tx, head, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(())
}

async fn create(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    new: Vec<New>,
    now: i64,
) -> Result<(), AppError> {
    let (mut rows, mut terms, mut owners, mut tags): (Rows, Rows, Rows, Rows) = Default::default();
    for one in new {
        let (id, record) = (crypto::new_id(), one.record);
        let (pinyin, initials) = search::pinyin(&record.name);
        if let Some(owner) = &record.owner_id {
            let reason = if one.owner_named {
                "import"
            } else {
                "hospital"
            };
            owners.push(owned(&id, Some(owner), reason, &actor.id, now));
        }
        terms.extend(words(&record).rows(&id));
        tags.extend(tag_rows(&id, one.tags));
        rows.push(vec![
            id.into(),
            record.name.into(),
            pinyin.into(),
            initials.into(),
            record.kind.into(),
            record.sex.into(),
            one.phone.map(|phone| state.keys.seal(&phone)).into(),
            record.phone_index.into(),
            record.phone_masked.into(),
            record.terminal_id.into(),
            record.department.into(),
            record.title.into(),
            record.specialty.into(),
            record.code.into(),
            record.province.into(),
            record.city.into(),
            record.email.into(),
            record.office_phone.into(),
            record.preferred_times.into(),
            record.owner_id.into(),
            "listed".into(),
            "import".into(),
            now.into(),
            now.into(),
        ]);
    }
    let head = format!(
        "INSERT INTO hcp (id, {}, state, source, created_at, updated_at)",
        COLUMNS.join(", ")
    );
    insert_many(tx, &head, rows, "").await.map_err(raced)?;
    own(tx, owners).await?;
    insert_tags(tx, tags).await?;
    search::insert(tx, terms).await?;
    Ok(())
}

/// Changes records with one `UPDATE … FROM (SELECT … UNION ALL …)` for many, which both engines have. A record that
/// somebody else changed since it was looked up stops the import.
async fn update(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    mut changed: Vec<Changed>,
    now: i64,
) -> Result<(), AppError> {
    for one in &mut changed {
        if let Some(phone) = &one.phone {
            one.after.phone_cipher = Some(state.keys.seal(phone));
        }
    }
    // Two more than the columns: the id and the time at which the record was last changed.
    for some in changed.chunks(ARGS / (COLUMNS.len() + 2)) {
        write_records(tx, some, now).await?;
    }
    let by = Who::from(actor);
    let mut lines: Rows = Vec::new();
    let (mut owners, mut tags, mut terms): (Rows, Rows, Rows) = Default::default();
    let (mut reowned, mut retagged, mut moved, mut reworded) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in changed {
        let (id, before, after) = (one.before.id.clone(), one.before, one.after);
        lines.extend(history::rows(&by, "hcp", &id, "import", one.changes));
        if before.owner_id != after.owner_id {
            let owner = after.owner_id.as_deref();
            owners.push(owned(&id, owner, "import", &actor.id, now));
            reowned.push(id.clone());
        }
        if let Some(new) = one.tags {
            tags.extend(tag_rows(&id, new));
            retagged.push(id.clone());
        }
        if before.terminal_id != after.terminal_id {
            moved.push(id.clone());
        }
        if said(&before) != said(&after) {
            terms.extend(words(&after).rows(&id));
            reworded.push(id);
        }
    }
    history::insert(tx, lines).await?;
    for ids in reowned.chunks(ARGS - 1) {
        let mut query =
            q("UPDATE hcp_ownership SET ends_at = $1 WHERE ends_at IS NULL AND ").bind(now);
        any_of(&mut query, "hcp_id", ids);
        query.exec(&mut *tx).await?;
    }
    own(tx, owners).await?;
    delete(tx, "hcp_tag WHERE ", "hcp_id", &retagged).await?;
    insert_tags(tx, tags).await?;
    // What is the main workplace now is no further one any more.
    let main = "hcp_workplace WHERE terminal_id = (SELECT h.terminal_id FROM hcp h WHERE h.id = hcp_workplace.hcp_id) AND ";
    delete(tx, main, "hcp_id", &moved).await?;
    delete(
        tx,
        "search_term WHERE kind = 'hcp' AND ",
        "object_id",
        &reworded,
    )
    .await?;
    search::insert(tx, terms).await?;
    Ok(())
}

async fn delete(tx: &mut Tx, from: &str, column: &str, ids: &[String]) -> Result<(), AppError> {
    for ids in ids.chunks(ARGS) {
        let mut query = q(format!("DELETE FROM {from}"));
        any_of(&mut query, column, ids);
        query.exec(&mut *tx).await?;
    }
    Ok(())
}

async fn write_records(tx: &mut Tx, changed: &[Changed], now: i64) -> Result<(), AppError> {
    let sets: Vec<String> = COLUMNS.iter().map(|c| format!("{c} = x.{c}")).collect();
    let mut query = q(format!(
        "UPDATE hcp SET {}, updated_at = $1 FROM (",
        sets.join(", ")
    ))
    .bind(now);
    for (i, one) in changed.iter().enumerate() {
        let after = &one.after;
        let (pinyin, initials) = search::pinyin(&after.name);
        let values = [
            Some(&after.name),
            Some(&pinyin),
            Some(&initials),
            Some(&after.kind),
            Some(&after.sex),
            after.phone_cipher.as_ref(),
            after.phone_index.as_ref(),
            Some(&after.phone_masked),
            after.terminal_id.as_ref(),
            Some(&after.department),
            Some(&after.title),
            Some(&after.specialty),
            after.code.as_ref(),
            Some(&after.province),
            Some(&after.city),
            Some(&after.email),
            Some(&after.office_phone),
            Some(&after.preferred_times),
            after.owner_id.as_ref(),
        ];
        // Postgres must be told the types, since nothing else in the inner query does.
        let id = query.arg(&after.id);
        let seen = query.arg(one.before.updated_at);
        let mut line = format!(
            "{}SELECT CAST({id} AS TEXT) AS id, CAST({seen} AS BIGINT) AS seen",
            if i == 0 { "" } else { " UNION ALL " }
        );
        for (column, value) in COLUMNS.iter().zip(values) {
            let place = query.arg(value.map(String::as_str));
            line.push_str(&format!(", CAST({place} AS TEXT) AS {column}"));
        }
        query.push(&line);
    }
    query.push(") AS x WHERE hcp.id = x.id AND hcp.updated_at = x.seen");
    let written = query.exec(&mut *tx).await.map_err(raced)?;
    if written != changed.len() as u64 {
        return Err(AppError::Conflict("import.changed_meanwhile".into()));
    }
    Ok(())
}
