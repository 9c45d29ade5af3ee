//! Records of visits (学术拜访): stored once, read within scope.

use serde_json::json;

use super::model::{CHANNELS, FEEDBACK, ReviewRow, TOPICS, VisitRow, VisitView};
use super::rules::{LATE_MS, moment};
use super::{plans, store, watch};
use crate::hcp;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, Rows, Tx, insert_many, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission};
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
    q("SELECT DISTINCT s.id, s.name FROM org_closure c JOIN unit_manager m ON m.unit_id = c.ancestor_id \
       JOIN staff s ON s.id = m.staff_id WHERE c.descendant_id = $1 AND s.left_at IS NULL AND s.id <> $2 ORDER BY s.name, s.id")
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
    for hcp in &hcps {
        hcp::store::touch(&mut tx, hcp, at).await?;
    }
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
        store::learn_place(state, actor, terminal).await?;
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
    hcp::list::push_among(&mut query, "h.id", hcps);
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

/// Which records a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the name of who made it, or their number.
    pub text: String,
    /// A unit with all below it.
    pub unit: String,
    /// First and last day, `YYYY-MM-DD`; empty for no bound.
    pub from: String,
    pub to: String,
    /// new, reviewed, change or answered; flagged for those whose text suggests something.
    pub state: String,
    pub hcp: String,
    pub person: String,
}

/// Appends the records `v` within scope with their maker `s` and unit `u`.
pub fn within(query: &mut Query, actor: &Actor, filter: &Filter) {
    query.push(" FROM visit v JOIN staff s ON s.id = v.staff_id JOIN org_unit u ON u.id = s.unit_id WHERE ");
    actor.scope(query, "v.staff_id");
    if !filter.from.is_empty() {
        query.push_with(" AND v.day >= ?", [&filter.from]);
    }
    if !filter.to.is_empty() {
        query.push_with(" AND v.day <= ?", [&filter.to]);
    }
    if !filter.person.is_empty() {
        query.push_with(" AND v.staff_id = ?", [&filter.person]);
    }
    store::push_people(query, &filter.unit, &filter.text);
    match filter.state.as_str() {
        "" => {}
        "flagged" => {
            query.push(" AND v.flags <> '[]'");
        }
        // What waits for a review of somebody's team, and never for their own.
        "waiting" => {
            query.push_with(
                " AND v.review IN ('new', 'answered') AND v.staff_id <> ?",
                [&actor.id],
            );
        }
        state => {
            query.push_with(" AND v.review = ?", [state]);
        }
    }
    if !filter.hcp.is_empty() {
        query.push_with(
            " AND EXISTS (SELECT 1 FROM visit_hcp x WHERE x.visit_id = v.id AND x.hcp_id = ?)",
            [&filter.hcp],
        );
    }
}

#[derive(sqlx::FromRow)]
struct Head {
    id: String,
    staff_id: String,
    day: String,
    at: i64,
    by_name: String,
    unit: String,
    channel: String,
    place: String,
    met: i64,
    stars: Option<i64>,
    review: String,
    flags: String,
}

const HEAD: &str = "SELECT v.id, v.staff_id, v.day, v.at, s.name AS by_name, u.name AS unit, v.channel, \
    COALESCE((SELECT t.name FROM terminal t WHERE t.id = v.terminal_id), '') AS place, \
    (SELECT COUNT(*) FROM visit_hcp x WHERE x.visit_id = v.id) AS met, \
    (SELECT r.stars FROM visit_review r WHERE r.visit_id = v.id ORDER BY r.at DESC LIMIT 1) AS stars, v.review, v.flags";

/// One page of records within scope, the latest first.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    page: i64,
) -> Result<Page<VisitRow>, AppError> {
    if !filter.hcp.is_empty() {
        actor.check(Permission::ReadHcps)?;
        hcp::store::row(&state.db, actor, &filter.hcp).await?;
    }
    let mut count = q("SELECT COUNT(*)");
    within(&mut count, actor, filter);
    let total = count.count(&state.db).await?;
    let mut query = q(HEAD);
    within(&mut query, actor, filter);
    query.push_with(
        " ORDER BY v.day DESC, v.at DESC, v.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let heads: Vec<Head> = query.all(&state.db).await?;
    let rows = named(state, actor, heads).await?;
    Ok(Page { rows, total, page })
}

/// Rows out of their heads, with the names of those HCPs who are within scope.
async fn named(
    state: &AppState,
    actor: &Actor,
    heads: Vec<Head>,
) -> Result<Vec<VisitRow>, AppError> {
    let ids: Vec<String> = heads.iter().map(|h| h.id.clone()).collect();
    let mut names: std::collections::HashMap<String, Vec<(String, String)>> =
        std::collections::HashMap::new();
    if !ids.is_empty() && actor.role.may(Permission::ReadHcps) {
        let mut query = q(
            "SELECT x.visit_id, h.id, h.name FROM visit_hcp x JOIN hcp h ON h.id = x.hcp_id WHERE ",
        );
        hcp::store::scope(actor, &mut query);
        query.push(" AND ");
        hcp::list::push_among(&mut query, "x.visit_id", &ids);
        query.push(" ORDER BY h.pinyin, h.id");
        let found: Vec<(String, String, String)> = query.all(&state.db).await?;
        for (visit, id, name) in found {
            names.entry(visit).or_default().push((id, name));
        }
    }
    Ok(heads
        .into_iter()
        .map(|head| {
            let hcps = names.remove(&head.id).unwrap_or_default();
            let minute = state.zone.minute(head.at);
            VisitRow {
                others: head.met - hcps.len() as i64,
                hcps,
                mine: head.staff_id == actor.id,
                id: head.id,
                day: head.day,
                time: minute.split(' ').nth(1).unwrap_or_default().to_owned(),
                by: head.by_name,
                unit: head.unit,
                channel: head.channel,
                place: head.place,
                stars: head.stars,
                review: head.review,
                flags: serde_json::from_str(&head.flags).unwrap_or_default(),
            }
        })
        .collect())
}

#[derive(sqlx::FromRow)]
struct Rest {
    terminal_id: Option<String>,
    topics: String,
    feedback: String,
    note: String,
    supplement: String,
    supplemented_at: Option<i64>,
    voice_id: Option<String>,
    companion: Option<String>,
    checkin_id: Option<String>,
    received_at: i64,
    at: i64,
    next_day: Option<String>,
}

/// One record within scope.
pub async fn get(state: &AppState, actor: &Actor, id: &str) -> Result<VisitView, AppError> {
    let db = &state.db;
    let mut query = q(HEAD);
    within(&mut query, actor, &Filter::default());
    query.push_with(" AND v.id = ?", [id]);
    let head: Head = query.one(db).await?;
    let by = head.staff_id.clone();
    let row = named(state, actor, vec![head])
        .await?
        .pop()
        .ok_or(AppError::NotFound)?;
    let rest: Rest = q("SELECT v.terminal_id, v.topics, v.feedback, v.note, v.supplement, v.supplemented_at, v.voice_id, \
        c.name AS companion, v.checkin_id, v.received_at, v.at, v.next_day FROM visit v LEFT JOIN staff c ON c.id = v.accompanied_by \
        WHERE v.id = $1")
    .bind(id)
    .one(db)
    .await?;
    let materials: Vec<(String, String, Option<i64>)> = q(
        "SELECT a.id, a.title, m.seconds FROM visit_material m JOIN article a ON a.id = m.article_id WHERE m.visit_id = $1 \
         ORDER BY a.title, a.id",
    )
    .bind(id)
    .all(db)
    .await?;
    let reviews: Vec<(String, String, i64, i64, String, bool)> = q(
        "SELECT r.staff_id, s.name, r.at, r.stars, r.comment, r.change_asked FROM visit_review r \
         JOIN staff s ON s.id = r.staff_id WHERE r.visit_id = $1 ORDER BY r.at",
    )
    .bind(id)
    .all(db)
    .await?;
    let checkin = match &rest.checkin_id {
        Some(checkin) => store::of_person(state, &by, checkin).await?,
        None => None,
    };
    let wishes: Vec<(String,)> =
        q("SELECT title FROM task WHERE visit_id = $1 AND staff_id = $2 ORDER BY created_at, id LIMIT 20")
            .bind(id)
            .bind(&actor.id)
            .all(db)
            .await?;
    let report: Option<(String, String)> =
        q("SELECT id, staff_id FROM adverse_event WHERE visit_id = $1 AND staff_id = $2 ORDER BY created_at LIMIT 1")
            .bind(id)
            .bind(&by)
            .optional(db)
            .await?;
    let sees_reports = actor.role.may(Permission::HandleAdverseEvents);
    let may_review = by != actor.id && actor.role.may(Permission::ReviewVisits);
    let next = if may_review {
        let waiting = Filter {
            state: "waiting".into(),
            ..Filter::default()
        };
        let mut query = q("SELECT v.id");
        within(&mut query, actor, &waiting);
        query.push_with(" AND v.id <> ? ORDER BY v.day, v.at, v.id LIMIT 1", [id]);
        query.optional::<(String,)>(db).await?.map(|(next,)| next)
    } else {
        None
    };
    Ok(VisitView {
        row,
        terminal_id: rest.terminal_id,
        topics: serde_json::from_str(&rest.topics).unwrap_or_default(),
        feedback: rest.feedback,
        note: rest.note,
        supplement: rest
            .supplemented_at
            .map(|at| (rest.supplement, state.zone.minute(at))),
        materials,
        voice: rest.voice_id.is_some(),
        wishes: wishes.into_iter().map(|(title,)| title).collect(),
        next_day: rest.next_day,
        reported: report.is_some(),
        report_id: report
            .filter(|(_, by)| sees_reports || *by == actor.id)
            .map(|(id, _)| id),
        accompanied_by: rest.companion,
        checkin,
        received: (rest.received_at - rest.at > LATE_MS)
            .then(|| state.zone.minute(rest.received_at)),
        reviews: reviews
            .into_iter()
            .map(|(staff, by, at, stars, comment, change_asked)| ReviewRow {
                mine: staff == actor.id,
                by,
                at: state.zone.minute(at),
                stars,
                comment,
                change_asked,
            })
            .collect(),
        may_review,
        next,
    })
}

/// The voice note of a record within scope: its media type and its bytes.
pub async fn voice(
    state: &AppState,
    actor: &Actor,
    id: &str,
) -> Result<(String, Vec<u8>), AppError> {
    let mut query = q("SELECT v.voice_id, v.voice_type");
    within(&mut query, actor, &Filter::default());
    query.push_with(" AND v.id = ?", [id]);
    let (file, kind): (Option<String>, Option<String>) = query.one(&state.db).await?;
    let file = file.ok_or(AppError::NotFound)?;
    Ok((
        kind.unwrap_or_default(),
        files::get_sealed(state, &file).await?,
    ))
}
