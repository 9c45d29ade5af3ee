//! Hints while an HCP is entered: who on file may be the same person.
//!
//! Hints tell somebody about HCPs outside their scope, so they tell nothing that the asker did not type, and not often.

use serde::{Deserialize, Serialize};

use super::finder::{Candidate, candidates_for};
use super::model::{EntryHint, MaskedHcp};
use super::rules::{Probe, Reason, explain};
use crate::hcp::model::HcpRow;
use crate::hcp::store::{FROM, ROW, scope};
use crate::identity::rules::{clean, mask_name};
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// Hints shown at most.
const MOST: usize = 5;
/// Look-ups an hour for who does not see the company.
const HOURLY: i64 = 60;
/// How long a hint's token is good.
const VALID: i64 = time::HOUR;

/// What is being entered.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub name: &'a str,
    /// 11 digits.
    pub phone: Option<&'a str>,
    pub terminal_id: Option<&'a str>,
    pub department: &'a str,
    /// The HCP that is being changed; not a duplicate of themselves.
    pub except: Option<&'a str>,
}

/// What a hint's token holds, sealed.
#[derive(Serialize, Deserialize)]
struct Token {
    hint: String,
    actor: String,
    at: i64,
}

/// Who on file may be the one that is being entered: at most five, the likeliest first. Those within the actor's scope
/// are shown as they are, the others masked. `TooMany` beyond 60 look-ups an hour.
///
/// Call it outside a transaction: it counts the look-up in one of its own.
pub async fn on_entry(
    state: &AppState,
    actor: &Actor,
    entry: &Entry<'_>,
) -> Result<Vec<EntryHint>, AppError> {
    limit(state, actor).await?;
    hints(state, actor, entry).await
}

/// The same for a question that was counted before: showing its answer again writes nothing.
pub async fn hints(
    state: &AppState,
    actor: &Actor,
    entry: &Entry<'_>,
) -> Result<Vec<EntryHint>, AppError> {
    let terminal: Option<(String, String)> = match entry.terminal_id {
        Some(id) => {
            q("SELECT name, city FROM terminal WHERE id = $1")
                .bind(id)
                .optional(&state.db)
                .await?
        }
        None => None,
    };
    let (hospital, city) = terminal.unwrap_or_default();
    let probe = Probe {
        name: clean(entry.name),
        phone_index: entry.phone.map(|phone| state.keys.phone_index(phone)),
        terminal_id: entry.terminal_id.map(str::to_owned),
        hospital,
        city,
        department: clean(entry.department),
        ..Probe::default()
    };
    let mut found = candidates_for(&state.db, &probe, entry.except).await?;
    found.truncate(MOST);
    let own = rows(state, Some(actor), &found).await?;
    let all = rows(state, None, &found).await?;
    let by_id = |rows: &[HcpRow], id: &str| rows.iter().find(|row| row.id == id).cloned();
    let mut hints = Vec::new();
    for candidate in found {
        let Some(whole) = by_id(&all, &candidate.id) else {
            continue;
        };
        let row = by_id(&own, &candidate.id);
        let same_phone = candidate.reasons.contains(&Reason::SamePhone);
        let token = Token {
            hint: candidate.id.clone(),
            actor: actor.id.clone(),
            at: time::now(),
        };
        let token = serde_json::to_string(&token).map_err(crate::server::db::internal)?;
        hints.push(EntryHint {
            score: candidate.score,
            reasons: candidate.reasons.iter().map(|r| explain(*r)).collect(),
            same_phone,
            masked: row.is_none().then(|| masked(&whole, &probe, same_phone)),
            row,
            token: state.keys.seal(&token),
        });
    }
    Ok(hints)
}

/// What may be said of an HCP outside the scope.
fn masked(row: &HcpRow, typed: &Probe, same_phone: bool) -> MaskedHcp {
    let echo = |there: &str, typed: &str| {
        if there == typed {
            typed.to_owned()
        } else {
            String::new()
        }
    };
    MaskedHcp {
        name: mask_name(&row.name),
        hospital: echo(&row.hospital, &typed.hospital),
        department: echo(&row.department, &typed.department),
        phone: if same_phone {
            row.phone_masked.clone()
        } else {
            String::new()
        },
    }
}

/// Rows of candidates, only those within the scope of `actor` if one is given.
async fn rows(
    state: &AppState,
    actor: Option<&Actor>,
    found: &[Candidate],
) -> DbResult<Vec<HcpRow>> {
    let mut query = q(format!("{ROW}{FROM}"));
    match actor {
        Some(actor) => scope(actor, &mut query),
        None => {
            query.push("1 = 1");
        }
    }
    query.push(" AND h.id IN (''");
    for candidate in found {
        query.push_with(", ?", [&candidate.id]);
    }
    query.push(")");
    let rows: Vec<HcpRow> = query.all(&state.db).await?;
    Ok(rows.into_iter().map(|row| row.dated(&state.zone)).collect())
}

/// Counts a question whose answer tells whether somebody is on file; `TooMany` beyond 60 an hour. Who sees the company
/// is told nothing by it that the list does not show. Call it outside a transaction.
pub async fn limit(state: &AppState, actor: &Actor) -> Result<(), AppError> {
    if actor.role.sees_company() {
        return Ok(());
    }
    let now = time::now();
    let counted = q(
        "INSERT INTO throttle (id, bucket, at) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) \
         WHERE (SELECT COUNT(*) FROM throttle WHERE bucket = $2 AND at > $4) < $5",
    )
    .bind(crypto::new_id())
    .bind(format!("hint:{}", actor.id))
    .bind(now)
    .bind(now - time::HOUR)
    .bind(HOURLY)
    .exec(&state.db)
    .await?;
    if counted == 0 {
        return Err(AppError::TooMany((time::HOUR / 1000) as u64));
    }
    Ok(())
}

/// The HCP of a hint that this actor was given within the hour; `NotFound` for any other token.
pub async fn open_hint(state: &AppState, actor: &Actor, token: &str) -> Result<String, AppError> {
    let token: Token = state
        .keys
        .open(token)
        .and_then(|json| serde_json::from_str(&json).ok())
        .ok_or(AppError::NotFound)?;
    let age = time::now() - token.at;
    if token.actor != actor.id || !(0..=VALID).contains(&age) {
        return Err(AppError::NotFound);
    }
    let (id,): (String,) =
        q("SELECT id FROM hcp WHERE id = $1 AND state IN ('listed', 'invited', 'onboarded')")
            .bind(token.hint)
            .one(&state.db)
            .await?;
    Ok(id)
}
