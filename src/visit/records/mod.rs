//! Records of visits (学术拜访): stored once, read within scope.

mod read;

use serde_json::json;

pub use self::read::{Filter, get, list, voice, within};
use super::model::{CHANNELS, FEEDBACK, TOPICS};
use super::rules::moment;
use super::{place, plans, watch};
use crate::hcp;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Rows, Tx, insert_many, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::AppError;
use crate::shared::error::Checks;
use crate::task;

/// Characters of the free text at most.
pub const NOTE_MOST: usize = 2_000;
/// HCPs met in one visit at most.
const HCPS_MOST: usize = 50;
/// Bytes of a voice note at most.
pub const VOICE_MOST: usize = 5 * 1024 * 1024;

/// A record as it comes.
#[derive(Debug, Clone, Default)]
pub struct NewVisit {
    /// Made by the phone: 16 to 64 letters, digits and dashes.
    pub id: String,
    pub terminal_id: Option<String>,
    pub channel: String,
    pub hcps: Vec<String>,
    pub topics: Vec<String>,
    /// Ids of articles, each with the seconds it was shown, where it was opened from the record.
    pub materials: Vec<(String, Option<i64>)>,
    pub feedback: String,
    pub note: String,
    /// What an HCP wishes for; it becomes a to-do.
    pub wish: String,
    /// The day of the next visit, `YYYY-MM-DD` or `+` and days, or empty.
    pub next_day: String,
    pub accompanied_by: Option<String>,
    pub plan_id: Option<String>,
    /// The device's clock, in epoch milliseconds.
    pub device_at: Option<i64>,
    pub voice: Option<Vec<u8>>,
}

/// The media type of a voice note, told by its bytes.
pub fn voice_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Some("audio/webm"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("audio/mp4"),
        _ => None,
    }
}

/// Whether an id is one that a phone makes.
pub fn valid_id(id: &str) -> bool {
    (16..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What a record must be; a message for each field at fault.
fn check(new: &NewVisit, today: &str) -> Result<(), AppError> {
    let alone = matches!(new.channel.as_str(), "department" | "group");
    Checks::default()
        .ensure(
            CHANNELS.contains(&new.channel.as_str()),
            "channel",
            "field.required",
        )
        .ensure(alone || !new.hcps.is_empty(), "hcps", "field.visit_hcps")
        .ensure(new.hcps.len() <= HCPS_MOST, "hcps", "field.too_long")
        .ensure(
            new.topics.iter().all(|t| TOPICS.contains(&t.as_str())),
            "topics",
            "field.required",
        )
        .ensure(
            new.feedback.is_empty() || FEEDBACK.contains(&new.feedback.as_str()),
            "feedback",
            "field.required",
        )
        .ensure(
            new.note.chars().count() <= NOTE_MOST,
            "note",
            "field.too_long",
        )
        .ensure(
            new.wish.chars().count() <= task::store::TITLE_MOST,
            "wish",
            "field.too_long",
        )
        .ensure(
            new.next_day.is_empty()
                || (time::is_day(&new.next_day) && new.next_day.as_str() > today),
            "next_day",
            "field.later_day",
        )
        .ensure(
            new.voice
                .as_ref()
                .is_none_or(|v| v.len() <= VOICE_MOST && voice_type(v).is_some()),
            "voice",
            "field.voice",
        )
        .done()
}

/// Managers of somebody's units, who may come along.
pub async fn companions(state: &AppState, actor: &Actor) -> DbResult<Vec<(String, String)>> {
    q("SELECT s.id, s.name FROM org_closure c JOIN unit_manager m ON m.unit_id = c.ancestor_id \
       JOIN staff s ON s.id = m.staff_id WHERE c.descendant_id = $1 AND s.left_at IS NULL AND s.id <> $2 \
       GROUP BY s.id, s.name ORDER BY s.name COLLATE pinyin, s.id")
        .bind(&actor.unit_id)
        .bind(&actor.id)
        .all(&state.db)
        .await
}

/// Stores a record, once: the same id again changes nothing.
pub async fn save(state: &AppState, actor: &Actor, new: NewVisit) -> Result<(), AppError> {
    if !valid_id(&new.id) {
        return Err(AppError::Conflict("error.visit_broken".into()));
    }
    let db = &state.db;
    let known: Option<(String,)> = q("SELECT staff_id FROM visit WHERE id = $1")
        .bind(&new.id)
        .optional(db)
        .await?;
    if let Some((by,)) = known {
        // Somebody else's id is nobody's business.
        return if by == actor.id {
            Ok(())
        } else {
            Err(AppError::NotFound)
        };
    }
    let received_at = time::now();
    let at = moment(new.device_at, received_at);
    let day = state.zone.day(at);
    let mut new = new;
    // So many days after the record's.
    if let Some(days) = new
        .next_day
        .strip_prefix('+')
        .and_then(|n| n.parse::<i64>().ok())
    {
        new.next_day = time::shift_day(&day, days.clamp(1, 366));
    }
    check(&new, &day)?;
    let mut hcps: Vec<String> = Vec::new();
    for hcp in &new.hcps {
        if !hcps.contains(hcp) {
            hcps.push(hcp.clone());
        }
    }
    let places = met(state, actor, &hcps).await?;
    let terminal_id = match &new.terminal_id {
        Some(id) if places.iter().flatten().any(|place| place == id) => Some(id.clone()),
        Some(id) => {
            assigned(state, actor, id, &day).await?;
            Some(id.clone())
        }
        None => places.into_iter().flatten().next(),
    };
    shown(state, &new.materials, &day).await?;
    if let Some(companion) = &new.accompanied_by {
        let possible = companions(state, actor).await?;
        if !possible.iter().any(|(id, _)| id == companion) {
            return Err(AppError::NotFound);
        }
    }
    let voice = match &new.voice {
        Some(bytes) => Some((files::put_sealed(state, bytes).await?, voice_type(bytes))),
        None => None,
    };
    let flags = watch::watch(&format!("{}\n{}", new.note, new.wish));

    let mut tx = db.begin().await?;
    let checkin: Option<(String,)> = q(
        "SELECT id FROM checkin WHERE staff_id = $1 AND day = $2 AND terminal_id = $3 AND kind = 'in' ORDER BY at DESC LIMIT 1",
    )
    .bind(&actor.id)
    .bind(&day)
    .bind(terminal_id.as_deref().unwrap_or_default())
    .optional(&mut tx)
    .await?;
    let stored = q("INSERT INTO visit (id, staff_id, terminal_id, channel, topics, feedback, note, voice_id, voice_type, \
        accompanied_by, checkin_id, flags, device_at, received_at, at, day, next_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
        $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING")
    .bind(&new.id)
    .bind(&actor.id)
    .bind(&terminal_id)
    .bind(&new.channel)
    .bind(serde_json::to_string(&new.topics).map_err(internal)?)
    .bind(&new.feedback)
    .bind(new.note.trim())
    .bind(voice.as_ref().map(|(id, _)| id.clone()))
    .bind(voice.as_ref().and_then(|(_, kind)| *kind))
    .bind(&new.accompanied_by)
    .bind(checkin.map(|(id,)| id))
    .bind(serde_json::to_string(&flags).map_err(internal)?)
    .bind(new.device_at)
    .bind(received_at)
    .bind(at)
    .bind(&day)
    .bind(Some(&new.next_day).filter(|day| !day.is_empty()).cloned())
    .exec(&mut tx)
    .await?;
    if stored == 0 {
        // The same record came at the same moment.
        return Ok(());
    }
    if let Some(terminal) = &terminal_id {
        crate::flow::store::visited(&mut tx, terminal, &day).await?;
    }
    let rows: Rows = hcps
        .iter()
        .map(|hcp| vec![(&new.id).into(), hcp.into()])
        .collect();
    insert_many(
        &mut tx,
        "INSERT INTO visit_hcp (visit_id, hcp_id)",
        rows,
        "",
    )
    .await?;
    let rows: Rows = new
        .materials
        .iter()
        .map(|(article, seconds)| {
            let seconds = seconds.map(|s| s.clamp(0, 3_600));
            vec![(&new.id).into(), article.into(), seconds.into()]
        })
        .collect();
    insert_many(
        &mut tx,
        "INSERT INTO visit_material (visit_id, article_id, seconds)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    hcp::store::touch_all(&mut tx, &hcps, at).await?;
    plans::carried_out(
        &mut tx,
        actor,
        &new.id,
        new.plan_id.as_deref(),
        &day,
        terminal_id.as_deref(),
        &hcps,
    )
    .await?;
    follow_up(&mut tx, actor, &new, terminal_id.as_deref(), &hcps).await?;
    let event = Event::new("visit.record", "visit", &new.id).detail(json!({ "flags": flags }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    if let Some(terminal) = &terminal_id {
        place::learn_place(state, actor, terminal).await?;
    }
    state.live.tell(&actor.id);
    for (manager, _) in companions(state, actor).await? {
        state.live.tell(&manager);
    }
    Ok(())
}

/// The next visit and the HCP's wish, as a plan and a to-do of the one who met them.
async fn follow_up(
    tx: &mut Tx,
    actor: &Actor,
    new: &NewVisit,
    terminal_id: Option<&str>,
    hcps: &[String],
) -> DbResult<()> {
    // Of several nobody is singled out, but where there is no place either.
    let hcp = hcps
        .first()
        .filter(|_| hcps.len() == 1 || terminal_id.is_none())
        .map(String::as_str);
    if !new.next_day.is_empty() {
        q("INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, created_at) \
           VALUES ($1, $2, $3, $4, $5, '', $6, '', $7)")
        .bind(crypto::new_id())
        .bind(&actor.id)
        .bind(terminal_id)
        .bind(hcp)
        .bind(&new.next_day)
        .bind(&new.channel)
        .bind(time::now())
        .exec(&mut *tx)
        .await?;
    }
    if !new.wish.trim().is_empty() {
        let made = task::store::Made {
            staff_id: &actor.id,
            title: new.wish.trim(),
            day: Some(new.next_day.as_str()).filter(|day| !day.is_empty()),
            hcp_id: hcp,
            visit_id: Some(&new.id),
        };
        task::store::make(tx, &made).await?;
    }
    Ok(())
}

/// The terminals of the HCPs met, who must all be within scope.
async fn met(
    state: &AppState,
    actor: &Actor,
    hcps: &[String],
) -> Result<Vec<Option<String>>, AppError> {
    if hcps.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = q("SELECT h.id, h.terminal_id FROM hcp h WHERE ");
    hcp::store::scope(actor, &mut query);
    query.push(" AND h.state <> 'merged'");
    query.push(" AND ");
    query.push_among("h.id", hcps);
    let found: Vec<(String, Option<String>)> = query.all(&state.db).await?;
    if found.len() != hcps.len() {
        return Err(AppError::NotFound);
    }
    Ok(found.into_iter().map(|(_, terminal)| terminal).collect())
}

/// A terminal must be looked after by somebody within scope on that day.
pub async fn assigned(
    state: &AppState,
    actor: &Actor,
    terminal_id: &str,
    day: &str,
) -> Result<(), AppError> {
    let mut query = q("SELECT COUNT(*) FROM terminal_assignment a WHERE ");
    query.push_with(
        "a.terminal_id = ? AND a.starts_on <= ? AND (a.ends_on IS NULL OR a.ends_on >= ?) AND ",
        [terminal_id, day, day],
    );
    actor.scope(&mut query, "a.staff_id");
    if query.count(&state.db).await? == 0 {
        return Err(AppError::NotFound);
    }
    Ok(())
}

/// What was shown must have been published, and not have expired on that day (domain, Compliance).
async fn shown(
    state: &AppState,
    materials: &[(String, Option<i64>)],
    day: &str,
) -> Result<(), AppError> {
    if materials.is_empty() {
        return Ok(());
    }
    let ids: std::collections::BTreeSet<&str> =
        materials.iter().map(|(id, _)| id.as_str()).collect();
    let mut query = q(
        "SELECT COUNT(*) FROM article a WHERE a.published_at IS NOT NULL AND a.status IN ('published', 'withdrawn')",
    );
    query.push_with(" AND a.expires_on >= ? AND a.id IN (''", [day]);
    for id in &ids {
        query.push_with(", ?", [*id]);
    }
    query.push(")");
    if query.count(&state.db).await? != ids.len() as i64 {
        return Err(AppError::field("materials", "field.visit_materials"));
    }
    Ok(())
}
