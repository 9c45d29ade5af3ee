//! Changing an HCP.

use serde_json::json;

use super::draft::draft;
use super::input::{self, Found, Hospital, Place};
use super::{Stored, check_free, insert_places, insert_tags, places, stored, tags};
use crate::duplicate::finder::check_one;
use crate::hcp::model::{HcpInput, kind_label};
use crate::hcp::store;
use crate::identity::rules::{clean, mask_phone, phone};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Tx, is_unique_violation, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, form_key, search, time};
use crate::shared::{AppError, Permission, Saved};

/// Changes an HCP within scope, who must stand as they did at `seen` (`updated_at` in the form); else `Conflict`.
pub async fn update(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    input: &HcpInput,
    seen: i64,
) -> Result<Saved, AppError> {
    let before = stored(&state.db, actor, id).await?;
    if before.state == "merged" {
        return Err(AppError::Conflict("error.hcp_merged".into()));
    }
    let input = input::tidy(input);
    input::check(&input, actor.role, Some(&before.kind))?;
    // The hospital on file stays while its text does, also where others read alike or where it is no terminal.
    let moved = if input.hospital == clean(&before.hospital) {
        None
    } else if input.hospital.is_empty() {
        return Err(AppError::field("hospital", "field.required"));
    } else {
        match input::find(&state.db, &input.hospital, &input.terminal_id).await? {
            Found::One(hospital) => Some(hospital),
            Found::Several(_) => {
                let record = Some((id, seen));
                return draft(state, actor, record, input, "notice.choose_hospital");
            }
            Found::None => return Err(AppError::field("hospital", "field.hcp_hospital_unknown")),
        }
    };
    if moved.is_some() || input.kind != before.kind {
        let at = match (&moved, &before.terminal_id) {
            (None, Some(id)) => Some(input::by_id(&state.db, id).await?),
            _ => moved.clone(),
        };
        input::check_place(&input.kind, at.as_ref())?;
    }
    let terminal_id = moved
        .as_ref()
        .map_or_else(|| before.terminal_id.clone(), |h| Some(h.id.clone()));
    let on_file = places(&state.db, id).await?;
    let workplaces = input::places(&state.db, &input, terminal_id.as_deref(), &on_file).await?;

    if !input.phone.is_empty() || input.code != before.code.clone().unwrap_or_default() {
        crate::duplicate::entry::limit(state, actor).await?;
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let before = stored(&mut tx, actor, id).await?;
    let changed_meanwhile = || AppError::Conflict("error.changed_meanwhile".into());
    if before.updated_at != seen || before.state == "merged" {
        return Err(changed_meanwhile());
    }
    let after = changed(state, actor, &before, &input, moved.as_ref())?;
    check_free(&mut tx, id, after.phone_index.as_ref(), after.code.as_ref()).await?;
    let (old_tags, new_tags) = (tags(&mut tx, id).await?, input::tags(&input.tags));
    let old_places = places(&mut tx, id).await?;
    let mut changes = changes(&before, &after);
    changes.extend(Change::of(
        "tags",
        &old_tags.join("、"),
        &new_tags.join("、"),
    ));
    changes.extend(Change::of(
        "workplaces",
        &places_text(&old_places),
        &places_text(&workplaces),
    ));
    if !changes.is_empty() {
        let done = write(&mut tx, id, seen, &after).await;
        let done = done.map_err(|e| {
            if is_unique_violation(&e) {
                changed_meanwhile()
            } else {
                e.into()
            }
        })?;
        if done == 0 {
            return Err(changed_meanwhile());
        }
        replace_tags(&mut tx, id, &old_tags, &new_tags).await?;
        q("DELETE FROM hcp_workplace WHERE hcp_id = $1")
            .bind(id)
            .exec(&mut tx)
            .await?;
        insert_places(&mut tx, id, &workplaces).await?;
        store::reindex(&mut tx, id).await?;
        check_one(&mut tx, id).await?;
        let fields: Vec<&str> = changes.iter().map(|c| c.field).collect();
        let event = Event::new("hcp.update", "hcp", id).detail(json!({ "fields": fields }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
        history::record(&mut tx, actor, "hcp", id, "form", changes).await?;
    }
    let saved = Saved::go("notice.saved", format!("/hcps/{id}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Takes away the tags that the form no longer has and adds its new ones; those given by others meanwhile stay.
async fn replace_tags(tx: &mut Tx, id: &str, old: &[String], new: &[String]) -> DbResult<()> {
    let mut gone = q("DELETE FROM hcp_tag WHERE hcp_id = $1 AND tag IN (''").bind(id);
    for tag in old.iter().filter(|tag| !new.contains(tag)) {
        gone.push_with(", ?", [tag]);
    }
    gone.push(")");
    gone.exec(&mut *tx).await?;
    let fresh: Vec<String> = new
        .iter()
        .filter(|tag| !old.contains(tag))
        .cloned()
        .collect();
    insert_tags(tx, id, &fresh).await
}

fn places_text(places: &[Place]) -> String {
    let lines: Vec<String> = places
        .iter()
        .map(|p| format!("{} {}", p.hospital, p.department).trim().to_owned())
        .collect();
    lines.join("；")
}

/// The row as the form wants it. The region follows a new hospital; an empty phone keeps the one on file.
fn changed(
    state: &AppState,
    actor: &Actor,
    before: &Stored,
    input: &HcpInput,
    moved: Option<&Hospital>,
) -> Result<Stored, AppError> {
    let mut after = Stored {
        name: input.name.clone(),
        kind: input.kind.clone(),
        sex: input.sex.clone(),
        department: input.department.clone(),
        title: input.title.clone(),
        specialty: input.specialty.clone(),
        preferred_times: input.preferred_times.clone(),
        email: input.email.clone(),
        office_phone: input.office_phone.clone(),
        code: Some(input.code.clone()).filter(|code| !code.is_empty()),
        ..before.clone()
    };
    if let Some(hospital) = moved {
        after.terminal_id = Some(hospital.id.clone());
        after.hospital.clone_from(&hospital.label);
        after.province.clone_from(&hospital.province);
        after.city.clone_from(&hospital.city);
    }
    if let Some(phone) = phone(&input.phone) {
        let index = state.keys.phone_index(&phone);
        if before.phone_index.as_ref() != Some(&index) {
            // domain: the one-time code goes to the phone on file; one that its owner verified only a steward changes.
            if before.state == "onboarded" && !actor.role.may(Permission::StewardHcps) {
                return Err(AppError::field("phone", "field.phone_verified"));
            }
            after.phone_cipher = Some(state.keys.seal(&phone));
            after.phone_index = Some(index);
            after.phone_masked = mask_phone(&phone);
        }
    }
    if input.no_phone {
        // It is how an onboarded HCP proves who they are.
        if before.state == "onboarded" {
            return Err(AppError::field("no_phone", "field.phone_needed"));
        }
        after.phone_cipher = None;
        after.phone_index = None;
        after.phone_masked = String::new();
    }
    Ok(after)
}

async fn write(tx: &mut Tx, id: &str, seen: i64, after: &Stored) -> DbResult<u64> {
    let (pinyin, initials) = search::pinyin(&after.name);
    q(
        "UPDATE hcp SET name = $1, pinyin = $2, initials = $3, kind = $4, sex = $5, phone_cipher = $6, \
         phone_index = $7, phone_masked = $8, terminal_id = $9, department = $10, title = $11, specialty = $12, \
         preferred_times = $13, email = $14, office_phone = $15, code = $16, province = $17, city = $18, \
         updated_at = $19 WHERE id = $20 AND updated_at = $21 AND state <> 'merged'",
    )
    .bind(&after.name)
    .bind(pinyin)
    .bind(initials)
    .bind(&after.kind)
    .bind(&after.sex)
    .bind(&after.phone_cipher)
    .bind(&after.phone_index)
    .bind(&after.phone_masked)
    .bind(&after.terminal_id)
    .bind(&after.department)
    .bind(&after.title)
    .bind(&after.specialty)
    .bind(&after.preferred_times)
    .bind(&after.email)
    .bind(&after.office_phone)
    .bind(&after.code)
    .bind(&after.province)
    .bind(&after.city)
    // Later than what was seen, even within the same millisecond.
    .bind(time::now().max(seen + 1))
    .bind(id)
    .bind(seen)
    .exec(tx)
    .await
}

/// What differs between two rows, as people read it; phones masked.
fn changes(before: &Stored, after: &Stored) -> Vec<Change> {
    let kind = |row: &Stored| kind_label(&row.kind);
    let code = |row: &Stored| row.code.clone().unwrap_or_default();
    let mut changes: Vec<Change> = [
        Change::of("name", &before.name, &after.name),
        Change::of("kind", &kind(before), &kind(after)),
        Change::of("sex", &before.sex, &after.sex),
        Change::of("terminal_id", &before.hospital, &after.hospital),
        Change::of("department", &before.department, &after.department),
        Change::of("title", &before.title, &after.title),
        Change::of("specialty", &before.specialty, &after.specialty),
        Change::of("province", &before.province, &after.province),
        Change::of("city", &before.city, &after.city),
        Change::of(
            "preferred_times",
            &before.preferred_times,
            &after.preferred_times,
        ),
        Change::of("email", &before.email, &after.email),
        Change::of("office_phone", &before.office_phone, &after.office_phone),
        Change::of("code", &code(before), &code(after)),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Two numbers can look alike once masked.
    if before.phone_index != after.phone_index {
        changes.push(Change {
            field: "phone",
            before: before.phone_masked.clone(),
            after: after.phone_masked.clone(),
        });
    }
    changes
}
