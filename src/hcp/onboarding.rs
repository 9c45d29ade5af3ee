//! Onboarding (入库): personal codes, self-registration, consent, and the steward's decisions.

use serde_json::json;

use super::store;
use crate::identity::rules;
use crate::server::audit::{self, Event, Who};
use crate::server::db::{Db, DbResult, Tx, q};
use crate::server::guard::Actor;
use crate::server::otp::{self, Pass};
use crate::server::{AppState, crypto, search, time};
use crate::shared::{AppError, Saved};

/// Version of the consent texts in the locale files; change it with them.
pub const TEXT_VERSION: &str = "2026-11";

/// What an HCP agreed to; only `profile` is needed to be onboarded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Consents {
    pub profile: bool,
    pub push: bool,
    pub tracking: bool,
}

/// How a personal code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    Used,
    Expired,
    Revoked,
}

/// A personal code with what its page shows.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Scanned {
    pub id: String,
    pub hcp_id: String,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub used_at: Option<i64>,
    pub rep: String,
    pub hcp_name: String,
    pub hospital: String,
    pub phone_masked: String,
    pub phone_cipher: Option<String>,
}

impl Scanned {
    /// How the code stands now.
    pub fn standing(&self) -> Standing {
        if self.used_at.is_some() {
            Standing::Used
        } else if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at <= time::now() {
            Standing::Expired
        } else {
            Standing::Open
        }
    }
}

/// The personal code of a token.
pub async fn scan(db: &Db, token: &str) -> Result<Scanned, AppError> {
    Ok(q("SELECT i.id, i.hcp_id, i.expires_at, i.revoked_at, i.used_at, s.name AS rep, h.name AS hcp_name, \
        COALESCE(t.name, h.hospital_text) AS hospital, h.phone_masked, h.phone_cipher \
        FROM invitation i JOIN hcp h ON h.id = i.hcp_id JOIN staff s ON s.id = i.staff_id \
        LEFT JOIN terminal t ON t.id = h.terminal_id WHERE i.token = $1")
    .bind(token)
    .one(db)
    .await?)
}

/// Where an act of an HCP comes from.
#[derive(Debug, Clone)]
pub struct From<'a> {
    pub address: &'a str,
    pub user_agent: &'a str,
    /// personal_code or self_registration.
    pub channel: &'a str,
}

/// Uses a personal code up and binds the browser; gives the device token. Of many at once one succeeds, the others
/// get `Conflict`.
pub async fn confirm(
    state: &AppState,
    scanned: &Scanned,
    pass: Pass,
    consents: Consents,
    from: &From<'_>,
) -> Result<String, AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let won = q("UPDATE invitation SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $1")
        .bind(now)
        .bind(&scanned.id)
        .exec(&mut tx)
        .await?;
    if won == 0 {
        return Err(AppError::Conflict("invite.used_explain".into()));
    }
    otp::consume(&mut tx, pass).await?;
    let token = bind(state, &mut tx, &scanned.hcp_id, consents, from).await?;
    tx.commit().await?;
    Ok(token)
}

/// Binds a browser to an HCP with their consents.
async fn bind(
    state: &AppState,
    tx: &mut Tx,
    hcp_id: &str,
    consents: Consents,
    from: &From<'_>,
) -> Result<String, AppError> {
    let now = time::now();
    q(
        "UPDATE hcp SET state = CASE WHEN state = 'pending' THEN state ELSE 'onboarded' END, \
       onboarded_at = COALESCE(onboarded_at, $1), updated_at = $1 WHERE id = $2",
    )
    .bind(now)
    .bind(hcp_id)
    .exec(&mut *tx)
    .await?;
    // What was agreed to before is superseded, whatever it was.
    q("UPDATE consent SET withdrawn_at = $1 WHERE hcp_id = $2 AND granted AND withdrawn_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    for (purpose, granted) in [
        ("profile", consents.profile),
        ("push", consents.push),
        ("tracking", consents.tracking),
    ] {
        q("INSERT INTO consent (id, hcp_id, purpose, text_version, granted, channel, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(crypto::new_id())
            .bind(hcp_id)
            .bind(purpose)
            .bind(TEXT_VERSION)
            .bind(granted)
            .bind(from.channel)
            .bind(now)
            .exec(&mut *tx)
            .await?;
    }
    let token = crypto::random_token(32);
    q("INSERT INTO hcp_device (id, token_hash, hcp_id, user_agent, bound_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(crypto::new_id())
        .bind(crypto::sha256_hex(token.as_bytes()))
        .bind(hcp_id)
        .bind(from.user_agent.chars().take(300).collect::<String>())
        .bind(now)
        .exec(&mut *tx)
        .await?;
    let event = Event::new("hcp.bind", "hcp", hcp_id).detail(json!({
        "channel": from.channel, "text_version": TEXT_VERSION,
        "profile": consents.profile, "push": consents.push, "tracking": consents.tracking,
    }));
    audit::record(&state.keys, tx, Who::hcp(hcp_id, from.address), event).await?;
    Ok(token)
}

/// The HCP on file with this phone, who can be bound at once: id and name.
pub async fn by_phone(state: &AppState, phone: &str) -> DbResult<Option<(String, String, String)>> {
    q("SELECT id, name, state FROM hcp WHERE phone_index = $1 AND state <> 'merged'")
        .bind(state.keys.phone_index(phone))
        .optional(&state.db)
        .await
}

/// What a self-registering HCP typed.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    pub name: String,
    /// A terminal's id, or empty where the hospital was not found.
    pub terminal_id: String,
    pub hospital: String,
    pub department: String,
    pub title: String,
    /// The HCP of a personal code whose phone was missing or had changed.
    pub claims: Option<String>,
}

/// Registers an HCP whose phone was verified: bound at once if the phone is on file, else waiting for a steward.
/// Gives the device token and whether it waits.
pub async fn register(
    state: &AppState,
    phone: &str,
    input: &Registration,
    consents: Consents,
    from: &From<'_>,
) -> Result<(String, bool), AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let index = state.keys.phone_index(phone);
    let known: Option<(String, String)> = q("SELECT id, state FROM hcp WHERE phone_index = $1")
        .bind(&index)
        .optional(&mut tx)
        .await?;
    let (id, waits) = match known {
        Some((id, hcp_state)) => (id, hcp_state == "pending"),
        None => {
            let id = crypto::new_id();
            let (pinyin, initials) = search::pinyin(&input.name);
            let terminal = Some(input.terminal_id.as_str()).filter(|t| !t.is_empty());
            q("INSERT INTO hcp (id, name, pinyin, initials, sex, phone_cipher, phone_index, phone_masked, terminal_id, \
               hospital_text, department, title, province, city, state, claims_id, source, created_at, updated_at) \
               SELECT $1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10, $11, COALESCE(t.province, ''), COALESCE(t.city, ''), \
               'pending', $12, 'self', $13, $13 FROM (SELECT 1 AS one) x LEFT JOIN terminal t ON t.id = $8")
            .bind(&id)
            .bind(&input.name)
            .bind(&pinyin)
            .bind(&initials)
            .bind(state.keys.seal(phone))
            .bind(&index)
            .bind(rules::mask_phone(phone))
            .bind(terminal)
            .bind(&input.hospital)
            .bind(&input.department)
            .bind(&input.title)
            .bind(&input.claims)
            .bind(now)
            .exec(&mut tx)
            .await?;
            index_terms(&mut tx, &id, &input.name, &input.department, &input.title).await?;
            (id, true)
        }
    };
    let token = bind(state, &mut tx, &id, consents, from).await?;
    tx.commit().await?;
    Ok((token, waits))
}

/// Makes an HCP findable by name, pinyin, department and title.
pub async fn index_terms(
    tx: &mut Tx,
    id: &str,
    name: &str,
    department: &str,
    title: &str,
) -> DbResult<()> {
    let (pinyin, initials) = search::pinyin(name);
    search::index(
        tx,
        "hcp",
        id,
        &[name, &pinyin, &initials, department, title],
    )
    .await
}

/// A steward lets a registration stand as a new HCP, who goes to the hospital's owner.
pub async fn approve(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE hcp SET state = 'onboarded', claims_id = NULL, updated_at = $1 WHERE id = $2 AND state = 'pending'")
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if done == 0 {
        return Err(AppError::Conflict("error.decided".into()));
    }
    let owner: Option<(String,)> = q(
        "SELECT a.staff_id FROM hcp h JOIN terminal_assignment a ON a.terminal_id = h.terminal_id \
         AND a.ends_on IS NULL AND a.business_line = 'default' WHERE h.id = $1",
    )
    .bind(id)
    .optional(&mut tx)
    .await?;
    if let Some((owner,)) = owner {
        store::set_owner(&mut tx, id, &owner, "registration", &actor.id).await?;
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.approve", "hcp", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// A steward finds that a registration is a person on file: what hangs on it moves there, with the verified phone.
pub async fn merge(
    state: &AppState,
    actor: &Actor,
    id: &str,
    into: &str,
) -> Result<Saved, AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let phone: Option<(Option<String>, Option<String>, String)> =
        q("SELECT phone_cipher, phone_index, phone_masked FROM hcp WHERE id = $1 AND state = 'pending'")
            .bind(id)
            .optional(&mut tx)
            .await?;
    let Some((cipher, index, masked)) = phone else {
        return Err(AppError::Conflict("error.decided".into()));
    };
    let target =
        q("SELECT COUNT(*) FROM hcp WHERE id = $1 AND state IN ('listed', 'invited', 'onboarded')")
            .bind(into)
            .count(&mut tx)
            .await?;
    if target == 0 {
        return Err(AppError::NotFound);
    }
    q("UPDATE hcp SET state = 'merged', merged_into = $1, phone_index = NULL, updated_at = $2 WHERE id = $3")
        .bind(into)
        .bind(now)
        .bind(id)
        .exec(&mut tx)
        .await?;
    q("UPDATE hcp SET state = 'onboarded', onboarded_at = COALESCE(onboarded_at, $1), phone_cipher = $2, \
       phone_index = $3, phone_masked = $4, updated_at = $1 WHERE id = $5")
    .bind(now)
    .bind(cipher)
    .bind(index)
    .bind(masked)
    .bind(into)
    .exec(&mut tx)
    .await?;
    for table in ["hcp_device", "consent"] {
        q(format!("UPDATE {table} SET hcp_id = $1 WHERE hcp_id = $2"))
            .bind(into)
            .bind(id)
            .exec(&mut tx)
            .await?;
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.merge", "hcp", into).detail(json!({ "from": id })),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.merged"))
}

/// A steward turns a registration down: its browsers are unbound and its phone is free again.
pub async fn reject(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE hcp SET state = 'merged', phone_index = NULL, updated_at = $1 WHERE id = $2 AND state = 'pending'")
        .bind(now)
        .bind(id)
        .exec(&mut tx)
        .await?;
    if done == 0 {
        return Err(AppError::Conflict("error.decided".into()));
    }
    q("UPDATE hcp_device SET revoked_at = $1 WHERE hcp_id = $2")
        .bind(now)
        .bind(id)
        .exec(&mut tx)
        .await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.reject", "hcp", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Condition on `hcp h`: their reading may be shown under their name. Withdrawal stops that at once, for earlier
/// reading too.
pub const TRACKED: &str = "EXISTS (SELECT 1 FROM consent agreed WHERE agreed.hcp_id = h.id \
     AND agreed.purpose = 'tracking' AND agreed.granted AND agreed.withdrawn_at IS NULL)";

/// Whether an HCP's reading may be counted under their name now.
pub async fn may_track(db: &Db, hcp_id: &str) -> DbResult<bool> {
    Ok(q(format!(
        "SELECT COUNT(*) FROM hcp h WHERE h.id = $1 AND {TRACKED}"
    ))
    .bind(hcp_id)
    .count(db)
    .await?
        > 0)
}

/// Whether an HCP may see professional content.
pub async fn is_onboarded(db: &Db, hcp_id: &str) -> DbResult<bool> {
    Ok(
        q("SELECT COUNT(*) FROM hcp WHERE id = $1 AND state = 'onboarded'")
            .bind(hcp_id)
            .count(db)
            .await?
            > 0,
    )
}

/// An HCP withdraws a consent; without `profile` they are no longer onboarded and their browsers are unbound.
pub async fn withdraw(
    state: &AppState,
    hcp_id: &str,
    purpose: &str,
    address: &str,
) -> Result<(), AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE consent SET withdrawn_at = $1 WHERE hcp_id = $2 AND purpose = $3 AND granted AND withdrawn_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .bind(purpose)
        .exec(&mut tx)
        .await?;
    if done > 0 {
        if purpose == "profile" {
            q("UPDATE hcp SET state = 'listed', onboarded_at = NULL, updated_at = $1 WHERE id = $2 AND state = 'onboarded'")
                .bind(now)
                .bind(hcp_id)
                .exec(&mut tx)
                .await?;
            q("UPDATE hcp_device SET revoked_at = $1 WHERE hcp_id = $2 AND revoked_at IS NULL")
                .bind(now)
                .bind(hcp_id)
                .exec(&mut tx)
                .await?;
        }
        let event =
            Event::new("consent.withdraw", "hcp", hcp_id).detail(json!({ "purpose": purpose }));
        audit::record(&state.keys, &mut tx, Who::hcp(hcp_id, address), event).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends the binding of one browser.
pub async fn unbind(db: &Db, token: &str) -> DbResult<()> {
    q("UPDATE hcp_device SET revoked_at = $1 WHERE token_hash = $2 AND revoked_at IS NULL")
        .bind(time::now())
        .bind(crypto::sha256_hex(token.as_bytes()))
        .exec(db)
        .await?;
    Ok(())
}

/// An HCP grants push or tracking later, on their own page.
pub async fn grant(
    state: &AppState,
    hcp_id: &str,
    purpose: &str,
    address: &str,
) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    let stands = q("SELECT COUNT(*) FROM consent WHERE hcp_id = $1 AND purpose = $2 AND granted AND withdrawn_at IS NULL")
        .bind(hcp_id)
        .bind(purpose)
        .count(&mut tx)
        .await?;
    if stands > 0 {
        return Ok(());
    }
    q("INSERT INTO consent (id, hcp_id, purpose, text_version, granted, channel, at) VALUES ($1, $2, $3, $4, $5, 'own_page', $6)")
        .bind(crypto::new_id())
        .bind(hcp_id)
        .bind(purpose)
        .bind(TEXT_VERSION)
        .bind(true)
        .bind(time::now())
        .exec(&mut tx)
        .await?;
    let event = Event::new("consent.grant", "hcp", hcp_id).detail(json!({ "purpose": purpose }));
    audit::record(&state.keys, &mut tx, Who::hcp(hcp_id, address), event).await?;
    tx.commit().await?;
    Ok(())
}
