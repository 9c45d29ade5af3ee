//! Entering an HCP.

use serde_json::json;

use super::draft::{draft, hints_of};
use super::input::{self, Found, Hospital};
use super::{check_free, insert_places, insert_tags};
use crate::duplicate::finder::check_one;
use crate::hcp::model::HcpInput;
use crate::hcp::store;
use crate::identity::rules::{mask_phone, phone};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::{AppError, Role, Saved};

/// Enters an HCP. Where several hospitals fit, or somebody like that is on file and the actor has not confirmed that
/// this is another person, nothing is written and the form comes back.
///
/// The owner is the rep who enters; for others the owner of the main hospital, if there is one.
pub async fn create(
    state: &AppState,
    actor: &Actor,
    key: &str,
    input: &HcpInput,
    confirmed: bool,
) -> Result<Saved, AppError> {
    let mut input = input::tidy(input);
    input::check(&input, actor.role, None)?;
    if input.hospital.is_empty() {
        return Err(AppError::field("hospital", "field.required"));
    }
    let hospital = match input::find(&state.db, &input.hospital, &input.terminal_id).await? {
        Found::One(hospital) => hospital,
        Found::Several(_) => return draft(state, actor, None, input, "notice.choose_hospital"),
        Found::None => return Err(AppError::field("hospital", "field.hcp_hospital_unknown")),
    };
    // Whatever the form comes back for, the hospital that was picked is not asked for again.
    input.hospital.clone_from(&hospital.label);
    input.terminal_id.clone_from(&hospital.id);
    input::check_place(&input.kind, Some(&hospital))?;
    let workplaces = input::places(&state.db, &input, Some(&hospital.id), &[]).await?;
    // Refused as taken or shown as similar: either answer tells whether somebody is on file.
    crate::duplicate::entry::limit(state, actor).await?;
    if !confirmed && !hints_of(state, actor, &input, &hospital).await?.is_empty() {
        // Sent a second time, the form finds the very HCP that it made.
        let mut tx = state.db.begin().await?;
        if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
            return Ok(saved);
        }
        return draft(state, actor, None, input, "notice.similar_found");
    }

    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let id = insert(state, &mut tx, &input, &hospital).await?;
    insert_tags(&mut tx, &id, &input::tags(&input.tags)).await?;
    insert_places(&mut tx, &id, &workplaces).await?;
    store::reindex(&mut tx, &id).await?;
    check_one(&mut tx, &id).await?;
    let today = state.zone.today();
    if let Some((owner, reason)) = first_owner(&mut tx, actor, &hospital.id, &today).await? {
        store::set_owner(&mut tx, &id, &owner, reason, &actor.id).await?;
    }
    let entered = Change::of("name", "", &input.name);
    history::record(&mut tx, actor, "hcp", &id, "form", entered).await?;
    let event = Event::new("hcp.create", "hcp", &id).detail(json!({ "kind": input.kind }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let mut seen = q("SELECT COUNT(*) FROM hcp h WHERE ");
    store::scope(actor, &mut seen);
    seen.push_with(" AND h.id = ?", [&id]);
    let saved = if seen.count(&mut tx).await? > 0 {
        Saved::go("notice.hcp_created", format!("/hcps/{id}"))
    } else {
        // A manager may enter an HCP of a hospital that somebody beyond their team, or nobody, looks after.
        Saved::go("notice.hcp_created_elsewhere", "/hcps")
    };
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Writes the row of a new HCP; a phone or code that somebody has is said beside its field.
async fn insert(
    state: &AppState,
    tx: &mut Tx,
    input: &HcpInput,
    hospital: &Hospital,
) -> Result<String, AppError> {
    let id = crypto::new_id();
    let now = time::now();
    let (pinyin, initials) = search::pinyin(&input.name);
    let phone = phone(&input.phone);
    let index = phone.as_ref().map(|p| state.keys.phone_index(p));
    let code = Some(input.code.clone()).filter(|code| !code.is_empty());
    let fresh = q(
        "INSERT INTO hcp (id, name, pinyin, initials, sex, phone_cipher, phone_index, phone_masked, terminal_id, \
         department, title, province, city, state, source, kind, specialty, code, email, office_phone, \
         preferred_times, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         'listed', 'form', $14, $15, $16, $17, $18, $19, $20, $20) ON CONFLICT DO NOTHING",
    )
    .bind(&id)
    .bind(&input.name)
    .bind(pinyin)
    .bind(initials)
    .bind(&input.sex)
    .bind(phone.as_ref().map(|p| state.keys.seal(p)))
    .bind(&index)
    .bind(phone.as_deref().map_or_else(String::new, mask_phone))
    .bind(&hospital.id)
    .bind(&input.department)
    .bind(&input.title)
    .bind(&hospital.province)
    .bind(&hospital.city)
    .bind(&input.kind)
    .bind(&input.specialty)
    .bind(&code)
    .bind(&input.email)
    .bind(&input.office_phone)
    .bind(&input.preferred_times)
    .bind(now)
    .exec(&mut *tx)
    .await?;
    if fresh == 0 {
        check_free(tx, &id, index.as_ref(), code.as_ref()).await?;
        return Err(internal("an HCP was not stored"));
    }
    Ok(id)
}

/// Who gets a new HCP, and why. `today` is a day of the configured zone.
async fn first_owner(
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    today: &str,
) -> DbResult<Option<(String, &'static str)>> {
    if matches!(actor.role, Role::Rep | Role::OtcRep | Role::TradeRep) {
        return Ok(Some((actor.id.clone(), "entry")));
    }
    let owner: Option<(String,)> = q(
        "SELECT staff_id FROM terminal_assignment WHERE terminal_id = $1 AND business_line = 'default' \
         AND starts_on <= $2 AND (ends_on IS NULL OR ends_on >= $2)",
    )
    .bind(terminal_id)
    .bind(today)
    .optional(tx)
    .await?;
    Ok(owner.map(|(owner,)| (owner, "hospital")))
}
