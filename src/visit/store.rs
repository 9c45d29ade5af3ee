//! SQL of check-ins.

use std::collections::HashMap;

use super::model::{CheckinRow, Offset, Sheet, SheetDay};
use super::photo::bare_photo;
use super::place::{near, position};
use super::rules::{Evidence, Limits, Position, flags, moment};
use crate::server::db::{Db, DbResult, Query, containing, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, files, time};
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page};

/// A check-in as it comes.
#[derive(Debug, Clone, Default)]
pub struct NewCheckin {
    /// Made by the phone: 16 to 64 letters, digits and dashes.
    pub id: String,
    /// in or out.
    pub kind: String,
    pub terminal_id: Option<String>,
    pub position: Option<(f64, f64)>,
    pub accuracy_m: Option<f64>,
    /// The device's clock, in epoch milliseconds.
    pub device_at: Option<i64>,
    pub photo: Option<Vec<u8>>,
}

/// The limits in force.
pub async fn limits(db: &Db) -> DbResult<Limits> {
    let found: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'checkin_limits'")
        .optional(db)
        .await?;
    Ok(found
        .and_then(|(json,)| serde_json::from_str(&json).ok())
        .unwrap_or_default())
}

/// Whether somebody agreed that their place is read.
pub async fn agreed(db: &Db, actor: &Actor) -> DbResult<bool> {
    let n = q("SELECT COUNT(*) FROM location_consent WHERE staff_id = $1")
        .bind(&actor.id)
        .count(db)
        .await?;
    Ok(n > 0)
}

/// Notes that somebody agrees.
pub async fn agree(db: &Db, actor: &Actor) -> DbResult<()> {
    q("INSERT INTO location_consent (staff_id, agreed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(&actor.id)
        .bind(time::now())
        .exec(db)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(super) struct Place {
    pub id: String,
    pub name: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub datum: Option<String>,
    pub checkin_radius_m: Option<i64>,
}

pub(super) const PLACE: &str = "SELECT t.id, t.name, t.latitude, t.longitude, t.datum, t.checkin_radius_m FROM terminal t WHERE ";

/// How near the nearest of one's terminals must be, in metres, to be meant where none was chosen.
const MEANT_M: f64 = 1_000.0;

/// Stores a check-in, once: the same id again changes nothing. Gives it as it stands.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    new: &NewCheckin,
) -> Result<CheckinRow, AppError> {
    let valid = (16..=64).contains(&new.id.len())
        && new
            .id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !valid || !matches!(new.kind.as_str(), "in" | "out") {
        return Err(AppError::Conflict("error.checkin_broken".into()));
    }
    let db = &state.db;
    if let Some(known) = one(state, actor, &new.id).await? {
        return Ok(known);
    }
    let here = new
        .position
        .and_then(|(lat, long)| Position::new(lat, long));
    let terminal_id = match (&new.terminal_id, here) {
        (None, Some(here)) => near(state, actor, Some(here))
            .await?
            .into_iter()
            .next()
            .filter(|(_, _, metres)| metres.is_some_and(|m| m < MEANT_M))
            .map(|(id, _, _)| id),
        (chosen, _) => chosen.clone(),
    };
    let place: Option<Place> = match &terminal_id {
        Some(id) => {
            let mut query = q(PLACE);
            query.push_with("t.id = ?", [id]);
            query.push(
                " AND EXISTS (SELECT 1 FROM terminal_assignment a WHERE a.terminal_id = t.id AND ",
            );
            actor.scope(&mut query, "a.staff_id");
            query.push(")");
            Some(query.one(db).await?)
        }
        None => None,
    };
    let received_at = time::now();
    let at = moment(new.device_at, received_at);
    let last: Option<(Option<f64>, Option<f64>, i64)> = q(
        "SELECT latitude, longitude, at FROM checkin WHERE staff_id = $1 AND at <= $2 AND latitude IS NOT NULL \
         ORDER BY at DESC LIMIT 1",
    )
    .bind(&actor.id)
    .bind(at)
    .optional(db)
    .await?;
    let repeats = match here {
        Some(here) => {
            q("SELECT COUNT(*) FROM checkin WHERE staff_id = $1 AND latitude = $2 AND longitude = $3 AND day < $4")
                .bind(&actor.id)
                .bind(here.latitude)
                .bind(here.longitude)
                .bind(state.zone.day(at))
                .count(db)
                .await?
        }
        None => 0,
    };
    let there = place
        .as_ref()
        .and_then(|p| position(p.latitude, p.longitude, p.datum.as_deref()));
    let distance = here.zip(there).map(|(a, b)| a.metres_to(b));
    let evidence = Evidence {
        position: here,
        accuracy_m: new.accuracy_m.filter(|a| a.is_finite() && *a >= 0.0),
        distance_m: distance,
        radius_m: place
            .as_ref()
            .and_then(|p| p.checkin_radius_m)
            .map(|m| m as f64),
        last: last.and_then(|(lat, long, then)| Some((Position::new(lat?, long?)?, at - then))),
        repeats,
        // A clock that is not believed is late all the same.
        late_ms: new.device_at.map_or(0, |device| received_at - device),
    };
    let flags = flags(&evidence, &limits(db).await?);
    let photo = match new.photo.clone() {
        Some(bytes) => {
            let (bytes, kind) = bare_photo(bytes)?;
            Some((files::put_sealed(state, &bytes).await?, kind))
        }
        None => None,
    };
    q("INSERT INTO checkin (id, staff_id, kind, terminal_id, place, latitude, longitude, datum, accuracy_m, distance_m, \
       flags, device_at, received_at, at, day, photo_id, photo_type, source) VALUES ($1, $2, $3, $4, $5, $6, $7, 'WGS-84', \
       $8, $9, $10, $11, $12, $13, $14, $15, $16, 'phone') ON CONFLICT DO NOTHING")
    .bind(&new.id)
    .bind(&actor.id)
    .bind(&new.kind)
    .bind(place.as_ref().map(|p| p.id.clone()))
    .bind(place.map(|p| p.name).unwrap_or_default())
    .bind(here.map(|p| p.latitude))
    .bind(here.map(|p| p.longitude))
    .bind(evidence.accuracy_m)
    .bind(distance)
    .bind(serde_json::to_string(&flags).map_err(internal)?)
    .bind(new.device_at)
    .bind(received_at)
    .bind(at)
    .bind(state.zone.day(at))
    .bind(photo.as_ref().map(|(id, _)| id.clone()))
    .bind(photo.map(|(_, kind)| kind))
    .exec(db)
    .await?;
    // Somebody else's id is nobody's business.
    one(state, actor, &new.id).await?.ok_or(AppError::NotFound)
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    staff_id: String,
    kind: String,
    terminal_id: Option<String>,
    place: String,
    accuracy_m: Option<f64>,
    distance_m: Option<f64>,
    flags: String,
    received_at: i64,
    at: i64,
    day: String,
    photo_id: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    there_latitude: Option<f64>,
    there_longitude: Option<f64>,
    there_datum: Option<String>,
    radius: Option<i64>,
}

const ROW: &str = "SELECT c.id, c.staff_id, c.kind, c.terminal_id, c.place, c.accuracy_m, c.distance_m, c.flags, \
    c.received_at, c.at, c.day, c.photo_id, c.latitude, c.longitude, t.latitude AS there_latitude, \
    t.longitude AS there_longitude, t.datum AS there_datum, t.checkin_radius_m AS radius FROM checkin c \
    LEFT JOIN terminal t ON t.id = c.terminal_id ";

fn row(state: &AppState, limits: &Limits, stored: Stored) -> CheckinRow {
    let second = state.zone.second(stored.at);
    let whole = |lat: Option<f64>, long: Option<f64>| Position::new(lat?, long?);
    let offset = whole(stored.latitude, stored.longitude)
        .zip(position(
            stored.there_latitude,
            stored.there_longitude,
            stored.there_datum.as_deref(),
        ))
        .map(|(here, there)| {
            let (east, north) = here.offset_from(there);
            let radius = stored
                .radius
                .map_or(limits.radius_m, |metres| metres as f64);
            Offset {
                east,
                north,
                radius,
            }
        });
    CheckinRow {
        photo: stored.photo_id.is_some(),
        offset,
        id: stored.id,
        kind: stored.kind,
        day: stored.day,
        time: second.split(' ').nth(1).unwrap_or_default().to_owned(),
        place: stored.place,
        terminal_id: stored.terminal_id,
        distance: stored.distance_m,
        accuracy: stored.accuracy_m,
        flags: serde_json::from_str(&stored.flags).unwrap_or_default(),
        received: (stored.received_at - stored.at > super::rules::LATE_MS)
            .then(|| state.zone.minute(stored.received_at)),
    }
}

async fn one(state: &AppState, actor: &Actor, id: &str) -> DbResult<Option<CheckinRow>> {
    let mut query = q(ROW);
    query.push_with("WHERE c.id = ? AND c.staff_id = ?", [id, &actor.id]);
    let found: Option<Stored> = query.optional(&state.db).await?;
    let limits = limits(&state.db).await?;
    Ok(found.map(|stored| row(state, &limits, stored)))
}

/// A check-in of somebody, for who may see it with what it belongs to.
pub async fn of_person(state: &AppState, staff_id: &str, id: &str) -> DbResult<Option<CheckinRow>> {
    let mut query = q(ROW);
    query.push_with("WHERE c.id = ? AND c.staff_id = ?", [id, staff_id]);
    let found: Option<Stored> = query.optional(&state.db).await?;
    let limits = limits(&state.db).await?;
    Ok(found.map(|stored| row(state, &limits, stored)))
}

/// Withdraws the agreement that one's place is read.
pub async fn disagree(db: &Db, actor: &Actor) -> DbResult<()> {
    q("DELETE FROM location_consent WHERE staff_id = $1")
        .bind(&actor.id)
        .exec(db)
        .await?;
    Ok(())
}

/// One's own check-ins of a day, in their order.
pub async fn of_day(state: &AppState, actor: &Actor, day: &str) -> DbResult<Vec<CheckinRow>> {
    let mut query = q(ROW);
    query.push_with(
        "WHERE c.staff_id = ? AND c.day = ? ORDER BY c.at, c.id",
        [&actor.id, day],
    );
    let found: Vec<Stored> = query.all(&state.db).await?;
    let limits = limits(&state.db).await?;
    Ok(found
        .into_iter()
        .map(|stored| row(state, &limits, stored))
        .collect())
}

/// Which check-ins a sheet holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `YYYY-MM`.
    pub month: String,
    /// Part of a name or a number.
    pub text: String,
    /// A unit with all below it.
    pub unit: String,
}

/// The first and the last day of a month `YYYY-MM`; none if it is no month.
pub fn days_of(month: &str) -> Option<(String, String)> {
    let first: jiff::civil::Date = format!("{month}-01").parse().ok()?;
    (month.len() == 7).then(|| (first.to_string(), first.last_of_month().to_string()))
}

/// Appends the check-ins of a sheet within scope: `c` and the person `s` with the unit `u`.
fn within(query: &mut Query, actor: &Actor, filter: &Filter, from: &str, to: &str) {
    query.push(" FROM checkin c JOIN staff s ON s.id = c.staff_id JOIN org_unit u ON u.id = s.unit_id WHERE ");
    query.push_with("c.day >= ? AND c.day <= ? AND ", [from, to]);
    actor.scope(query, "c.staff_id");
    push_people(query, &filter.unit, &filter.text);
}

/// Narrows to people `s` of a unit with all below it, and to a part of their name or their number; empty for all.
pub fn push_people(query: &mut Query, unit: &str, text: &str) {
    if !unit.is_empty() {
        query.push_with(
            " AND EXISTS (SELECT 1 FROM org_closure k WHERE k.ancestor_id = ? AND k.descendant_id = s.unit_id)",
            [unit],
        );
    }
    let text = text.trim();
    if !text.is_empty() {
        query.push_with(
            " AND (s.name LIKE ? ESCAPE '!' OR s.employee_no = ?)",
            [containing(text), text.to_owned()],
        );
    }
}

/// The monthly sheet within scope: one page of people's days, or with `None` all of them.
pub async fn sheet(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    page: Option<i64>,
) -> Result<Sheet, AppError> {
    let db = &state.db;
    let (from, to) =
        days_of(&filter.month).ok_or_else(|| AppError::field("month", "field.month"))?;
    let mut sums = q(
        "SELECT COUNT(*), COUNT(DISTINCT c.staff_id), COUNT(CASE WHEN c.flags <> '[]' THEN 1 END)",
    );
    within(&mut sums, actor, filter, &from, &to);
    let (checkins, people, flagged): (i64, i64, i64) = sums.one(db).await?;
    let mut count = q("SELECT COUNT(*) FROM (SELECT DISTINCT c.staff_id, c.day");
    within(&mut count, actor, filter, &from, &to);
    count.push(") d");
    let total = count.count(db).await?;
    let page = page.map(|page| crate::shared::page::within(page, total));
    let mut query = q(
        "SELECT d.* FROM (SELECT DISTINCT s.id, s.name, COALESCE(s.employee_no, ''), u.name AS unit, c.day",
    );
    within(&mut query, actor, filter, &from, &to);
    query.push(") d ORDER BY d.unit COLLATE pinyin, d.name COLLATE pinyin, d.id, d.day");
    if let Some(page) = page {
        query.push_with(" LIMIT ? OFFSET ?", [PAGE_SIZE, offset(page)]);
    }
    let heads: Vec<(String, String, String, String, String)> = query.all(db).await?;
    let mut days: Vec<SheetDay> = heads
        .into_iter()
        .map(|(staff_id, name, account, unit, day)| SheetDay {
            staff_id,
            name,
            account,
            unit,
            day,
            rows: Vec::new(),
        })
        .collect();
    let places: HashMap<(String, String), usize> = days
        .iter()
        .enumerate()
        .map(|(i, d)| ((d.staff_id.clone(), d.day.clone()), i))
        .collect();
    let limits = limits(db).await?;
    for some in days
        .chunks(100)
        .map(<[SheetDay]>::to_vec)
        .collect::<Vec<_>>()
    {
        let mut rows = q(ROW);
        rows.push("JOIN (VALUES ");
        for (i, day) in some.iter().enumerate() {
            rows.push_with(
                if i == 0 { "(?, ?)" } else { ", (?, ?)" },
                [&day.staff_id, &day.day],
            );
        }
        rows.push(") w ON c.staff_id = w.column1 AND c.day = w.column2 ORDER BY c.at, c.id");
        let found: Vec<Stored> = rows.all(db).await?;
        for stored in found {
            let key = (stored.staff_id.clone(), stored.day.clone());
            if let Some(i) = places.get(&key) {
                days[*i].rows.push(row(state, &limits, stored));
            }
        }
    }
    Ok(Sheet {
        month: filter.month.clone(),
        days: Page {
            rows: days,
            total,
            page: page.unwrap_or(1),
        },
        checkins,
        people,
        flagged,
    })
}
