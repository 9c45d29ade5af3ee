//! Consents: the texts by version, what stands, and giving and withdrawing them.

use serde_json::json;

use super::model::{ConsentRow, PURPOSES, PurposeTexts, TextVersion};
use crate::hcp::model::state_label;
use crate::server::audit::{self, Event, Who};
use crate::server::db::{Db, DbResult, Exec, Tx, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, crypto, form_key, search, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};
use crate::ui::locale::{self, Locale};

/// Version of the consent texts that the program brings (in the locale files); change it with them.
pub const TEXT_VERSION: &str = "2026-11";

/// Condition on `hcp h`: their reading may be shown under their name. Withdrawal stops that at once, for earlier
/// reading too.
pub const TRACKED: &str = "EXISTS (SELECT 1 FROM consent agreed WHERE agreed.hcp_id = h.id \
     AND agreed.purpose = 'tracking' AND agreed.granted AND agreed.withdrawn_at IS NULL)";

/// The ids (`hcp_id`) of all for whom [`TRACKED`] holds; somebody's may be there twice.
pub const AGREED: &str = "SELECT agreed.hcp_id FROM consent agreed \
     WHERE agreed.purpose = 'tracking' AND agreed.granted AND agreed.withdrawn_at IS NULL";

/// Condition on `hcp h`: content may be sent to them. Who was asked must have agreed; who was never asked, because
/// they are not onboarded yet, may be given a link by hand.
pub const PUSHABLE: &str = "(EXISTS (SELECT 1 FROM consent agreed WHERE agreed.hcp_id = h.id \
     AND agreed.purpose = 'push' AND agreed.granted AND agreed.withdrawn_at IS NULL) \
     OR (h.state <> 'onboarded' AND NOT EXISTS (SELECT 1 FROM consent asked WHERE asked.hcp_id = h.id \
     AND asked.purpose = 'push')))";

/// The text of [`WITHDREW`], for constants that it is a part of.
macro_rules! withdrew {
    () => {
        "CASE WHEN h.state IN ('listed', 'invited') THEN (SELECT MAX(withdrawn.withdrawn_at) \
         FROM consent withdrawn WHERE withdrawn.hcp_id = h.id AND withdrawn.purpose = 'profile' AND withdrawn.granted) END"
    };
}
pub(crate) use withdrew;

/// When `hcp h` withdrew the registration, of those who have not registered again: a column, null for all others.
pub const WITHDREW: &str = withdrew!();

/// One version of the text of a purpose, with `%{company}` where the company's name goes.
#[derive(Debug, Clone)]
pub struct Text {
    pub purpose: String,
    pub version: String,
    zh: String,
    en: String,
    by: Option<String>,
    at: Option<i64>,
}

impl Text {
    /// The text in the current language.
    pub fn body(&self, company: &str) -> String {
        let text = match locale::current() {
            Locale::ZhCn => &self.zh,
            Locale::En => &self.en,
        };
        text.replace("%{company}", company)
    }
}

/// All versions of all texts, the oldest first. They are few and short.
#[derive(Debug, Clone)]
pub struct Texts(Vec<Text>);

impl Texts {
    /// The text of a purpose in force.
    pub fn latest(&self, purpose: &str) -> Option<&Text> {
        self.0.iter().rev().find(|t| t.purpose == purpose)
    }

    /// The text of a purpose in a version.
    pub fn find(&self, purpose: &str, version: &str) -> Option<&Text> {
        self.0
            .iter()
            .find(|t| t.purpose == purpose && t.version == version)
    }

    /// The version in force.
    pub fn version(&self, purpose: &str) -> &str {
        self.latest(purpose).map_or(TEXT_VERSION, |t| &t.version)
    }

    /// The versions in force of all purposes, by which a form tells whether its texts are still those.
    pub fn shown(&self) -> String {
        PURPOSES.map(|purpose| self.version(purpose)).join("|")
    }
}

/// The texts: those that the program brings, and after them the company's own.
pub async fn texts<'a>(on: impl Into<Exec<'a>>) -> DbResult<Texts> {
    type Row = (String, String, String, String, Option<String>, i64);
    let stored: Vec<Row> = q("SELECT x.purpose, x.version, x.text_zh, x.text_en, s.name, x.in_force_at FROM consent_text x \
         LEFT JOIN staff s ON s.id = x.created_by ORDER BY x.in_force_at, x.version")
    .all(on)
    .await?;
    let brought = [
        ("profile", "consent.profile"),
        ("push", "consent.push"),
        ("tracking", "consent.tracking"),
    ]
    .map(|(purpose, key)| Text {
        purpose: purpose.into(),
        version: TEXT_VERSION.into(),
        zh: rust_i18n::t!(key, locale = Locale::ZhCn.code()).into_owned(),
        en: rust_i18n::t!(key, locale = Locale::En.code()).into_owned(),
        by: None,
        at: None,
    });
    let own = stored
        .into_iter()
        .map(|(purpose, version, zh, en, by, at)| Text {
            purpose,
            version,
            zh,
            en,
            by,
            at: Some(at),
        });
    Ok(Texts(brought.into_iter().chain(own).collect()))
}

/// All versions by purpose for the page of texts, the one in force first.
pub async fn list(state: &AppState) -> DbResult<Vec<PurposeTexts>> {
    let texts = texts(&state.db).await?;
    Ok(PURPOSES
        .iter()
        .map(|purpose| PurposeTexts {
            purpose: (*purpose).into(),
            versions: texts
                .0
                .iter()
                .rev()
                .filter(|t| t.purpose == *purpose)
                .map(|t| TextVersion {
                    version: t.version.clone(),
                    zh: t.zh.clone(),
                    en: t.en.clone(),
                    by: t.by.clone(),
                    at: t.at.map(|at| state.zone.minute(at)),
                })
                .collect(),
        })
        .collect())
}

/// A new version as its form brings it.
#[derive(Debug, Clone, Default)]
pub struct NewText {
    /// Whether the box that asks for a second thought is ticked.
    pub sure: bool,
    pub purpose: String,
    pub version: String,
    pub zh: String,
    pub en: String,
}

impl NewText {
    fn check(&self) -> Result<(), AppError> {
        let mut checks = Checks::default();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        checks.text(&self.version, "version", 20).ensure(
            self.version.chars().all(plain),
            "version",
            "field.version_shape",
        );
        for (text, field) in [(&self.zh, "text_zh"), (&self.en, "text_en")] {
            checks.text(text, field, 2_000).ensure(
                text.is_empty() || text.contains("%{company}"),
                field,
                "field.text_company",
            );
        }
        checks.ensure(self.sure, "sure", "field.text_sure").done()
    }
}

/// Puts a new version in force at once. It is never changed afterwards; who agreed earlier stays with what they
/// agreed to.
pub async fn publish(
    state: &AppState,
    actor: &Actor,
    key: &str,
    text: &NewText,
) -> Result<Saved, AppError> {
    if !PURPOSES.contains(&text.purpose.as_str()) {
        return Err(AppError::NotFound);
    }
    text.check()?;
    let taken = || AppError::field("version", "field.version_taken");
    if text.version == TEXT_VERSION {
        return Err(taken());
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let new = q(
        "INSERT INTO consent_text (purpose, version, text_zh, text_en, created_by, in_force_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&text.purpose)
    .bind(&text.version)
    .bind(&text.zh)
    .bind(&text.en)
    .bind(&actor.id)
    .bind(time::now())
    .exec(&mut tx)
    .await?;
    if new == 0 {
        return Err(taken());
    }
    let event = Event::new("consent.text", "consent_text", &text.purpose)
        .detail(json!({ "version": text.version }));
    let saved = Saved::stay("notice.text_in_force");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(saved)
}

/// What an HCP agreed to that still stands, by purpose, each in the version in force.
pub async fn standing(db: &Db, hcp_id: &str, texts: &Texts) -> DbResult<Vec<String>> {
    let rows: Vec<(String, String)> = q(
        "SELECT purpose, text_version FROM consent WHERE hcp_id = $1 AND granted AND withdrawn_at IS NULL",
    )
    .bind(hcp_id)
    .all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter(|(purpose, version)| version == texts.version(purpose))
        .map(|(purpose, _)| purpose)
        .collect())
}

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

/// How many of these HCPs must not be sent content.
pub async fn refusing(tx: &mut Tx, hcps: &[String]) -> DbResult<i64> {
    let mut query = q("SELECT COUNT(*) FROM hcp h WHERE h.id IN (''");
    for hcp in hcps {
        query.push_with(", ?", [hcp]);
    }
    query.push(&format!(") AND NOT {PUSHABLE}"));
    query.count(tx).await
}

/// The latest consent for each purpose that the HCP was asked about.
pub async fn consents(state: &AppState, hcp_id: &str) -> DbResult<Vec<ConsentRow>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        purpose: String,
        granted: bool,
        text_version: String,
        channel: String,
        at: i64,
        withdrawn_at: Option<i64>,
        withdrawn_by: Option<String>,
        withdrawn_note: Option<String>,
    }
    let rows: Vec<Row> = q("SELECT c.purpose, c.granted, c.text_version, c.channel, c.at, c.withdrawn_at, \
         s.name AS withdrawn_by, c.withdrawn_note FROM consent c LEFT JOIN staff s ON s.id = c.withdrawn_by \
         WHERE c.hcp_id = $1 AND NOT EXISTS (SELECT 1 FROM consent d WHERE d.hcp_id = c.hcp_id \
         AND d.purpose = c.purpose AND (d.at > c.at OR (d.at = c.at AND d.id > c.id))) ORDER BY c.purpose")
    .bind(hcp_id)
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ConsentRow {
            purpose: row.purpose,
            granted: row.granted,
            text_version: row.text_version,
            channel: row.channel,
            at: state.zone.minute(row.at),
            withdrawn_at: row.withdrawn_at.map(|at| state.zone.minute(at)),
            withdrawn_by: row.withdrawn_by,
            withdrawn_note: row.withdrawn_note.filter(|n| !n.is_empty()),
        })
        .collect())
}

/// Who withdraws a consent.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The HCP, from this network address.
    Hcp { address: &'a str },
    /// Staff on the HCP's request; the note says how and when they asked.
    Staff { actor: &'a Actor, note: &'a str },
}

/// Withdraws a consent; gives whether one stood. Without `profile` nothing stands: the HCP is no longer onboarded,
/// their browsers are unbound, and a registration that waits is over.
pub async fn withdraw(
    state: &AppState,
    hcp_id: &str,
    purpose: &str,
    by: By<'_>,
) -> Result<bool, AppError> {
    let (who, note) = match by {
        By::Hcp { address } => (Who::hcp(hcp_id, address), None),
        By::Staff { actor, note } => (Who::from(actor), Some(note)),
    };
    let mut tx = state.db.begin().await?;
    // The row's lock keeps a consent given at the same time apart.
    let found: Option<(String, String)> = lock(&mut tx, hcp_id).await?;
    let Some((name, before)) = found else {
        return Err(AppError::NotFound);
    };
    let now = time::now();
    if end(&mut tx, hcp_id, Some(purpose), &who.id, note, now).await? == 0 {
        return Ok(false);
    }
    if purpose == "profile" {
        end(&mut tx, hcp_id, None, &who.id, note, now).await?;
        let (after, source) = match (before.as_str(), by) {
            ("pending", _) => ("merged", "registration"),
            ("onboarded", By::Hcp { .. }) => ("listed", "self"),
            ("onboarded", By::Staff { .. }) => ("listed", "form"),
            (state, _) => (state, "self"),
        };
        leave(&mut tx, hcp_id, after).await?;
        let changes = Change::of("state", &state_label(&before), &state_label(after));
        let by = match by {
            By::Hcp { .. } => Who {
                name,
                ..who.clone()
            },
            By::Staff { .. } => who.clone(),
        };
        history::record(&mut tx, by, "hcp", hcp_id, source, changes).await?;
    }
    let event = Event::new("consent.withdraw", "hcp", hcp_id)
        .detail(json!({ "purpose": purpose, "on_request": note.is_some() }));
    audit::record(&state.keys, &mut tx, who, event).await?;
    tx.commit().await?;
    Ok(true)
}

/// Locks an HCP's row; gives their name and state.
pub(super) async fn lock(tx: &mut Tx, hcp_id: &str) -> DbResult<Option<(String, String)>> {
    q("UPDATE hcp SET updated_at = updated_at WHERE id = $1")
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    q("SELECT name, state FROM hcp WHERE id = $1")
        .bind(hcp_id)
        .optional(tx)
        .await
}

/// Ends the consents that stand, of one purpose or of all, at a moment; gives how many there were. One that another
/// supersedes ends at the very moment at which that is given: so it is told from one that was withdrawn.
pub async fn end(
    tx: &mut Tx,
    hcp_id: &str,
    purpose: Option<&str>,
    by: &str,
    note: Option<&str>,
    at: i64,
) -> DbResult<u64> {
    let mut query = q(
        "UPDATE consent SET withdrawn_at = $1, withdrawn_by = $2, withdrawn_note = $3 \
         WHERE hcp_id = $4 AND granted AND withdrawn_at IS NULL",
    )
    .bind(at)
    .bind(by)
    .bind(note)
    .bind(hcp_id);
    if let Some(purpose) = purpose {
        query.push_with(" AND purpose = ?", [purpose]);
    }
    query.exec(tx).await
}

/// An HCP is no longer onboarded: `listed` again, or `merged` for a registration that is over, whose phone is free.
pub async fn leave(tx: &mut Tx, hcp_id: &str, state: &str) -> DbResult<()> {
    let now = time::now();
    q("UPDATE hcp SET state = $1, onboarded_at = NULL, \
       phone_index = CASE WHEN $1 = 'merged' THEN NULL ELSE phone_index END, updated_at = $2 WHERE id = $3")
    .bind(state)
    .bind(now)
    .bind(hcp_id)
    .exec(&mut *tx)
    .await?;
    q("UPDATE hcp_device SET revoked_at = $1 WHERE hcp_id = $2 AND revoked_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    if state == "merged" {
        search::remove(tx, "hcp", hcp_id).await?;
    }
    Ok(())
}

/// Writes down what was agreed to or declined at a moment, in the version in force.
pub async fn insert(
    tx: &mut Tx,
    texts: &Texts,
    hcp_id: &str,
    purpose: &str,
    granted: bool,
    channel: &str,
    address: &str,
    at: i64,
) -> DbResult<()> {
    q(
        "INSERT INTO consent (id, hcp_id, purpose, text_version, granted, channel, at, address) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(crypto::new_id())
    .bind(hcp_id)
    .bind(purpose)
    .bind(texts.version(purpose))
    .bind(granted)
    .bind(channel)
    .bind(at)
    .bind(address)
    .exec(tx)
    .await?;
    Ok(())
}

/// An HCP agrees on their own page: to a purpose they had declined or withdrawn, or to the new version of a text.
/// The registration itself is not given back here, only its new version.
pub async fn grant(
    state: &AppState,
    hcp_id: &str,
    purpose: &str,
    address: &str,
) -> Result<(), AppError> {
    if !PURPOSES.contains(&purpose) {
        return Err(AppError::NotFound);
    }
    let mut tx = state.db.begin().await?;
    lock(&mut tx, hcp_id).await?;
    let texts = texts(&mut tx).await?;
    let standing: Option<(String,)> = q(
        "SELECT text_version FROM consent WHERE hcp_id = $1 AND purpose = $2 \
         AND granted AND withdrawn_at IS NULL ORDER BY at DESC LIMIT 1",
    )
    .bind(hcp_id)
    .bind(purpose)
    .optional(&mut tx)
    .await?;
    match &standing {
        Some((version,)) if version == texts.version(purpose) => return Ok(()),
        None if purpose == "profile" => return Ok(()),
        _ => {}
    }
    // The earlier version is superseded.
    let now = time::now();
    end(&mut tx, hcp_id, Some(purpose), hcp_id, None, now).await?;
    insert(
        &mut tx, &texts, hcp_id, purpose, true, "own_page", address, now,
    )
    .await?;
    let event = Event::new("consent.grant", "hcp", hcp_id)
        .detail(json!({ "purpose": purpose, "text_version": texts.version(purpose) }));
    audit::record(&state.keys, &mut tx, Who::hcp(hcp_id, address), event).await?;
    tx.commit().await?;
    Ok(())
}
