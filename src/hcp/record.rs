//! Entering and changing an HCP: the form's way into the library, and what is known of them out of it.

pub mod create;
pub mod draft;
pub mod input;
pub mod update;
pub mod view;

use self::input::{LABEL, Place};
use super::model::{HcpInput, HcpRecord, Workplace};
use super::store;
use crate::server::AppState;
use crate::server::db::{DbResult, Exec, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::shared::AppError;

/// An HCP's row as a change needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Stored {
    name: String,
    kind: String,
    sex: String,
    phone_cipher: Option<String>,
    phone_index: Option<String>,
    phone_masked: String,
    terminal_id: Option<String>,
    /// Label of the terminal, or what a self-registration typed.
    hospital: String,
    department: String,
    title: String,
    specialty: String,
    preferred_times: String,
    email: String,
    office_phone: String,
    code: Option<String>,
    province: String,
    city: String,
    state: String,
    updated_at: i64,
}

async fn stored<'a>(on: impl Into<Exec<'a>>, actor: &Actor, id: &str) -> Result<Stored, AppError> {
    let mut query = q(format!(
        "SELECT h.name, h.kind, h.sex, h.phone_cipher, h.phone_index, h.phone_masked, h.terminal_id, \
         COALESCE({LABEL}, h.hospital_text) AS hospital, h.department, h.title, h.specialty, h.preferred_times, \
         h.email, h.office_phone, h.code, h.province, h.city, h.state, h.updated_at \
         FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id WHERE "
    ));
    store::scope(actor, &mut query);
    query.push_with(" AND h.id = ?", [id]);
    Ok(query.one(on).await?)
}

/// The tags of an HCP, in order.
async fn tags<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Vec<String>> {
    let tags: Vec<(String,)> = q("SELECT tag FROM hcp_tag WHERE hcp_id = $1 ORDER BY tag")
        .bind(id)
        .all(on)
        .await?;
    Ok(tags.into_iter().map(|(tag,)| tag).collect())
}

/// The workplaces of an HCP beside the main one. After a merge one of them can be the main one too.
async fn places<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Vec<Place>> {
    q(format!(
        "SELECT w.terminal_id, {LABEL} AS hospital, w.department FROM hcp_workplace w \
         JOIN hcp h ON h.id = w.hcp_id JOIN terminal t ON t.id = w.terminal_id WHERE w.hcp_id = $1 \
         AND (h.terminal_id IS NULL OR h.terminal_id <> w.terminal_id) ORDER BY t.name COLLATE pinyin, t.id"
    ))
    .bind(id)
    .all(on)
    .await
}

/// An HCP within scope for their form.
pub async fn record(state: &AppState, actor: &Actor, id: &str) -> Result<HcpRecord, AppError> {
    let row = stored(&state.db, actor, id).await?;
    if row.state == "merged" {
        return Err(AppError::Conflict("error.hcp_merged".into()));
    }
    let workplaces = places(&state.db, id).await?;
    let mut kinds = kinds(actor);
    if !kinds.contains(&row.kind) {
        kinds.push(row.kind.clone());
    }
    Ok(HcpRecord {
        id: id.to_owned(),
        input: HcpInput {
            name: row.name,
            kind: row.kind,
            sex: row.sex,
            phone: String::new(),
            no_phone: false,
            hospital: row.hospital,
            terminal_id: String::new(),
            department: row.department,
            title: row.title,
            specialty: row.specialty,
            workplaces: workplaces
                .into_iter()
                .map(|p| Workplace {
                    hospital: p.hospital,
                    department: p.department,
                })
                .collect(),
            tags: tags(&state.db, id).await?.join("、"),
            preferred_times: row.preferred_times,
            email: row.email,
            office_phone: row.office_phone,
            code: row.code.unwrap_or_default(),
        },
        may_empty_phone: !row.phone_masked.is_empty() && row.state != "onboarded",
        phone_masked: row.phone_masked,
        updated_at: row.updated_at,
        kinds,
    })
}

fn kinds(actor: &Actor) -> Vec<String> {
    input::kinds_of(actor.role)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Refuses a phone or a code that another HCP has, without telling whose it is.
async fn check_free(
    tx: &mut Tx,
    id: &str,
    phone_index: Option<&String>,
    code: Option<&String>,
) -> Result<(), AppError> {
    for (column, value, field, key) in [
        ("phone_index", phone_index, "phone", "field.hcp_phone_taken"),
        ("code", code, "code", "field.hcp_code_taken"),
    ] {
        let Some(value) = value else { continue };
        let taken = q(format!(
            "SELECT COUNT(*) FROM hcp WHERE {column} = $1 AND id <> $2"
        ))
        .bind(value)
        .bind(id)
        .count(&mut *tx)
        .await?;
        if taken > 0 {
            return Err(AppError::field(field, key));
        }
    }
    Ok(())
}

async fn insert_tags(tx: &mut Tx, id: &str, tags: &[String]) -> DbResult<()> {
    let rows = tags.iter().map(|tag| vec![id.into(), tag.into()]).collect();
    insert_many(
        tx,
        "INSERT INTO hcp_tag (hcp_id, tag)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

async fn insert_places(tx: &mut Tx, id: &str, places: &[Place]) -> DbResult<()> {
    let rows = places
        .iter()
        .map(|p| vec![id.into(), (&p.terminal_id).into(), (&p.department).into()])
        .collect();
    let head = "INSERT INTO hcp_workplace (hcp_id, terminal_id, department)";
    insert_many(tx, head, rows, "").await?;
    Ok(())
}
