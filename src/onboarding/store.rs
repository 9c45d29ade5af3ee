//! Onboarding (入库): using up personal codes, self-registration, binding browsers.

use serde_json::json;

use super::codes::{self, PublicCode, Step};
use super::consent::{self, texts};
pub use super::consent::{TEXT_VERSION, TRACKED, consents, may_track};
use crate::hcp::model::state_label;
use crate::hcp::store;
use crate::identity::rules;
use crate::server::audit::{self, Event, Who};
use crate::server::db::{Db, DbResult, Tx, q};
use crate::server::history::{self, Change};
use crate::server::otp::{self, Pass};
use crate::server::{AppState, crypto, search, time};
use crate::shared::AppError;

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
    pub hcp_state: String,
    pub hospital: String,
    pub phone_masked: String,
    pub phone_cipher: Option<String>,
}

impl Scanned {
    /// How the code stands now.
    pub fn standing(&self) -> Standing {
        if self.used_at.is_some() {
            Standing::Used
        } else if self.revoked_at.is_some() || self.hcp_state == "merged" {
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
        h.state AS hcp_state, COALESCE(t.name, h.hospital_text) AS hospital, h.phone_masked, h.phone_cipher \
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
    /// personal_code, self_registration or public_code.
    pub channel: &'a str,
}

/// Uses a personal code up and binds the browser; gives the device token. Of many at once one succeeds, the others
/// get `Conflict`. Bound is whose code it is now: a merge since the scan took it along to the one that was kept.
pub async fn confirm(
    state: &AppState,
    scanned: &Scanned,
    pass: Pass,
    consents: Consents,
    from: &From<'_>,
) -> Result<String, AppError> {
    let mut tx = state.db.begin().await?;
    let (hcp_id,): (String,) = q("SELECT hcp_id FROM invitation WHERE id = $1")
        .bind(&scanned.id)
        .one(&mut tx)
        .await?;
    // The HCP's row first, as every act on an HCP does; a merge that held it has taken the code away.
    consent::lock(&mut tx, &hcp_id).await?;
    let won = q(
        "UPDATE invitation SET used_at = $1 WHERE id = $2 AND hcp_id = $3 AND used_at IS NULL \
         AND revoked_at IS NULL AND expires_at > $1",
    )
    .bind(time::now())
    .bind(&scanned.id)
    .bind(&hcp_id)
    .exec(&mut tx)
    .await?;
    if won == 0 {
        return Err(AppError::Conflict("invite.used_explain".into()));
    }
    otp::consume(&mut tx, pass).await?;
    let token = bind(state, &mut tx, &hcp_id, consents, from).await?;
    tx.commit().await?;
    Ok(token)
}

/// Binds a browser to an HCP with their consents; `Conflict` where they were merged away or turned down meanwhile.
/// What hangs on the row is written before the audit log, which all transactions share.
async fn bind(
    state: &AppState,
    tx: &mut Tx,
    hcp_id: &str,
    consents: Consents,
    from: &From<'_>,
) -> Result<String, AppError> {
    let there = q(
        "UPDATE hcp SET onboarded_at = COALESCE(onboarded_at, $1), updated_at = $1 WHERE id = $2 AND state <> 'merged'",
    )
    .bind(time::now())
    .bind(hcp_id)
    .exec(&mut *tx)
    .await?;
    if there == 0 {
        return Err(AppError::Conflict("onboard.just_changed".into()));
    }
    // Read under the row's lock, the clock too: of two acts the later one has the later time.
    let now = time::now();
    let (name, before): (String, String) = q("SELECT name, state FROM hcp WHERE id = $1")
        .bind(hcp_id)
        .one(&mut *tx)
        .await?;
    if before != "pending" && before != "onboarded" {
        q("UPDATE hcp SET state = 'onboarded' WHERE id = $1")
            .bind(hcp_id)
            .exec(&mut *tx)
            .await?;
        let who = Who {
            name,
            ..Who::hcp(hcp_id, from.address)
        };
        let change = Change::of("state", &state_label(&before), &state_label("onboarded"));
        history::record(tx, who, "hcp", hcp_id, "registration", change).await?;
    }
    store::touch(tx, hcp_id, now).await?;
    // What was agreed to before is superseded, whatever it was, at the moment of what comes after it.
    consent::end(tx, hcp_id, None, hcp_id, None, now).await?;
    let texts = texts(&mut *tx).await?;
    for (purpose, granted) in [
        ("profile", consents.profile),
        ("push", consents.push),
        ("tracking", consents.tracking),
    ] {
        consent::insert(
            tx,
            &texts,
            hcp_id,
            purpose,
            granted,
            from.channel,
            from.address,
            now,
        )
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
        "channel": from.channel, "text_versions": texts.shown(),
        "profile": consents.profile, "push": consents.push, "tracking": consents.tracking,
    }));
    audit::record(&state.keys, tx, Who::hcp(hcp_id, from.address), event).await?;
    Ok(token)
}

/// The HCP on file with this phone, who can be bound at once: id, name and state.
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

/// The public code through which somebody registers, and the visitor as whom its funnel counts them.
#[derive(Debug, Clone, Copy)]
pub struct Through<'a> {
    pub code: &'a PublicCode,
    /// `None` for those who do not count (staff trying the code out).
    pub visitor: Option<&'a str>,
}

/// Whether a steward still has to look at the registration of an HCP.
pub async fn waits(db: &Db, hcp_id: &str) -> DbResult<bool> {
    let waiting = q("SELECT COUNT(*) FROM hcp WHERE id = $1 AND state = 'pending'")
        .bind(hcp_id)
        .count(db)
        .await?;
    Ok(waiting > 0)
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
    register_through(state, phone, input, None, consents, from).await
}

/// [`register`] through a public code, which stays with those who are newly entered.
pub async fn register_through(
    state: &AppState,
    phone: &str,
    input: &Registration,
    through: Option<Through<'_>>,
    consents: Consents,
    from: &From<'_>,
) -> Result<(String, bool), AppError> {
    let index = state.keys.phone_index(phone);
    let mut tx = state.db.begin().await?;
    let mut known = known_by(&mut tx, &index).await?;
    if known.is_none() {
        known = match enter(state, &mut tx, phone, input, through, from).await? {
            Some(id) => Some((id, "pending".to_owned())),
            // Somebody with this phone came first, a moment ago.
            None => known_by(&mut tx, &index).await?,
        };
    }
    let (id, hcp_state) = known.ok_or(AppError::NotFound)?;
    if let Some(through) = through
        && let Some(visitor) = through.visitor
    {
        codes::note(
            &mut tx,
            &through.code.id,
            visitor,
            Step::Confirmed,
            Some(&id),
        )
        .await?;
    }
    let token = bind(state, &mut tx, &id, consents, from).await?;
    tx.commit().await?;
    Ok((token, hcp_state == "pending"))
}

/// Id and state of the HCP with this phone. Their row is locked, so that they are not merged away before they are
/// bound.
async fn known_by(tx: &mut Tx, phone_index: &str) -> DbResult<Option<(String, String)>> {
    q("UPDATE hcp SET updated_at = updated_at WHERE phone_index = $1")
        .bind(phone_index)
        .exec(&mut *tx)
        .await?;
    q("SELECT id, state FROM hcp WHERE phone_index = $1")
        .bind(phone_index)
        .optional(tx)
        .await
}

/// Enters an HCP who waits for a steward; `None` if the phone was entered meanwhile.
async fn enter(
    state: &AppState,
    tx: &mut Tx,
    phone: &str,
    input: &Registration,
    through: Option<Through<'_>>,
    from: &From<'_>,
) -> DbResult<Option<String>> {
    let id = crypto::new_id();
    let (pinyin, initials) = search::pinyin(&input.name);
    let terminal = Some(input.terminal_id.as_str()).filter(|t| !t.is_empty());
    let masked = rules::mask_phone(phone);
    // The condition keeps SQLite from reading ON CONFLICT as part of the join.
    let entered = q("INSERT INTO hcp (id, name, pinyin, initials, sex, phone_cipher, phone_index, phone_masked, terminal_id, \
         hospital_text, department, title, province, city, state, claims_id, source, created_at, updated_at, public_code_id) \
         SELECT $1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10, $11, COALESCE(t.province, ''), COALESCE(t.city, ''), \
         'pending', $12, $13, $14, $14, $15 FROM (SELECT 1 AS one) x LEFT JOIN terminal t ON t.id = $8 WHERE 1 = 1 \
         ON CONFLICT DO NOTHING")
    .bind(&id)
    .bind(&input.name)
    .bind(&pinyin)
    .bind(&initials)
    .bind(state.keys.seal(phone))
    .bind(state.keys.phone_index(phone))
    .bind(&masked)
    .bind(terminal)
    .bind(&input.hospital)
    .bind(&input.department)
    .bind(&input.title)
    .bind(&input.claims)
    .bind(if through.is_some() { "code" } else { "self" })
    .bind(time::now())
    .bind(through.map(|t| t.code.id.as_str()))
    .exec(&mut *tx)
    .await?;
    if entered == 0 {
        return Ok(None);
    }
    store::reindex(tx, &id).await?;
    let who = Who {
        name: input.name.clone(),
        ..Who::hcp(&id, from.address)
    };
    let changes = [
        Change::of("name", "", &input.name),
        Change::of("phone", "", &masked),
        Change::of("hospital", "", &input.hospital),
        Change::of("department", "", &input.department),
        Change::of("title", "", &input.title),
    ];
    history::record(
        tx,
        who,
        "hcp",
        &id,
        "registration",
        changes.into_iter().flatten(),
    )
    .await?;
    Ok(Some(id))
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

/// Ends the binding of one browser.
pub async fn unbind(db: &Db, token: &str) -> DbResult<()> {
    q("UPDATE hcp_device SET revoked_at = $1 WHERE token_hash = $2 AND revoked_at IS NULL")
        .bind(time::now())
        .bind(crypto::sha256_hex(token.as_bytes()))
        .exec(db)
        .await?;
    Ok(())
}
