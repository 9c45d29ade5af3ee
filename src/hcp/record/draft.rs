//! Forms that need another look before they are carried out: several hospitals fit what was typed, or somebody like
//! that is on file already.

use serde::{Deserialize, Serialize};

use super::input::{self, Found, Hospital};
use super::{kinds, record};
use crate::duplicate::entry::{self, Entry};
use crate::duplicate::model::EntryHint;
use crate::hcp::model::{EntryCheck, HcpInput};
use crate::identity::rules::phone;
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Saved};

/// How long such a form can be sent again.
const DRAFT_VALID: i64 = time::DAY;

/// A form that needs another look, sealed into the address of the page that shows it again: no personal data stand
/// there in clear, and it is good for its sender alone.
#[derive(Debug, Serialize, Deserialize)]
struct Draft {
    by: String,
    at: i64,
    /// The HCP that is being changed, and as of when; none for a new one.
    record: Option<(String, i64)>,
    input: HcpInput,
}

/// Keeps a form in the address of the page that shows it again.
pub(super) fn draft(
    state: &AppState,
    actor: &Actor,
    record: Option<(&str, i64)>,
    input: HcpInput,
    notice: &str,
) -> Result<Saved, AppError> {
    let path = match record {
        Some((id, _)) => format!("/hcps/{id}/edit"),
        None => "/hcps/new".to_owned(),
    };
    let draft = Draft {
        by: actor.id.clone(),
        at: time::now(),
        record: record.map(|(id, seen)| (id.to_owned(), seen)),
        input,
    };
    let json = serde_json::to_string(&draft).map_err(internal)?;
    Ok(Saved::go(
        notice,
        format!("{path}?check={}", state.keys.seal(&json)),
    ))
}

/// The empty form of a new HCP, with the first kind that the actor enters.
pub fn blank(actor: &Actor) -> EntryCheck {
    let kinds = kinds(actor);
    EntryCheck {
        input: HcpInput {
            kind: kinds.first().cloned().unwrap_or_default(),
            ..HcpInput::default()
        },
        record: None,
        kinds,
        hospitals: Vec::new(),
        hints: Vec::new(),
    }
}

/// A form that the actor sent before, with what it needs to be looked at again.
pub async fn entry_check(
    state: &AppState,
    actor: &Actor,
    check: &str,
) -> Result<EntryCheck, AppError> {
    let draft: Draft = state
        .keys
        .open(check)
        .and_then(|json| serde_json::from_str(&json).ok())
        .filter(|draft: &Draft| draft.by == actor.id && time::now() - draft.at < DRAFT_VALID)
        .ok_or(AppError::NotFound)?;
    let record = match &draft.record {
        Some((id, seen)) => {
            let mut record = record(state, actor, id).await?;
            record.updated_at = *seen;
            Some(record)
        }
        None => None,
    };
    let input = draft.input;
    let mut hospitals = Vec::new();
    let mut hints = Vec::new();
    match input::find(&state.db, &input.hospital, &input.terminal_id).await? {
        Found::Several(choices) => hospitals = choices,
        Found::One(hospital) if record.is_none() => {
            hints = match hints_of(state, actor, &input, &hospital).await {
                // What was typed must come back even to who has looked up too much; saving says so.
                Err(AppError::TooMany(_)) => Vec::new(),
                hints => hints?,
            };
        }
        Found::One(_) | Found::None => {}
    }
    Ok(EntryCheck {
        kinds: record
            .as_ref()
            .map_or_else(|| kinds(actor), |r| r.kinds.clone()),
        input,
        record,
        hospitals,
        hints,
    })
}

/// Those on file who may be whom the form means.
pub(super) async fn hints_of(
    state: &AppState,
    actor: &Actor,
    input: &HcpInput,
    hospital: &Hospital,
) -> Result<Vec<EntryHint>, AppError> {
    let phone = phone(&input.phone);
    let asked = Entry {
        name: &input.name,
        phone: phone.as_deref(),
        terminal_id: Some(&hospital.id),
        department: &input.department,
        except: None,
    };
    entry::hints(state, actor, &asked).await
}
