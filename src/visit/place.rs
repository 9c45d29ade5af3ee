//! Where terminals lie: their coordinates, the nearest of one's own, and what check-ins teach.

use super::rules::Position;
use super::store::{PLACE, Place, limits};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::server::{AppState, collation, time};
use crate::shared::AppError;

/// A terminal's coordinates in WGS-84, whatever datum they are kept in.
pub fn position(
    latitude: Option<f64>,
    longitude: Option<f64>,
    datum: Option<&str>,
) -> Option<Position> {
    let (latitude, longitude) = (latitude?, longitude?);
    if datum == Some("GCJ-02") {
        let (longitude, latitude) = coordtransform::gcj02_to_wgs84(longitude, latitude);
        return Position::new(latitude, longitude);
    }
    Position::new(latitude, longitude)
}

/// Terminals that somebody looks after today, the nearest first where a position is known: id, name, metres.
pub async fn near(
    state: &AppState,
    actor: &Actor,
    from: Option<Position>,
) -> DbResult<Vec<(String, String, Option<f64>)>> {
    let mut query = q(PLACE);
    query.push(
        "t.status <> 'closed' AND EXISTS (SELECT 1 FROM terminal_assignment a WHERE a.terminal_id = t.id",
    );
    let today = state.zone.today();
    query.push_with(
        " AND a.starts_on <= ? AND (a.ends_on IS NULL OR a.ends_on >= ?) AND ",
        [&today, &today],
    );
    actor.scope(&mut query, "a.staff_id");
    query.push(") ORDER BY t.name COLLATE pinyin, t.id LIMIT 3000");
    let places: Vec<Place> = query.all(&state.db).await?;
    let mut found: Vec<(String, String, Option<f64>)> = places
        .into_iter()
        .map(|p| {
            let there = position(p.latitude, p.longitude, p.datum.as_deref());
            let metres = from.zip(there).map(|(a, b)| a.metres_to(b));
            (p.id, p.name, metres)
        })
        .collect();
    found.sort_by(|a, b| {
        let far = |m: &Option<f64>| m.unwrap_or(f64::MAX);
        far(&a.2)
            .total_cmp(&far(&b.2))
            .then_with(|| collation::compare(&a.1, &b.1))
    });
    found.truncate(if from.is_some() { 50 } else { 500 });
    Ok(found)
}

/// How many confirmed check-ins on different days it takes to learn where a terminal lies, and within how many metres of
/// their middle they must be.
const LEARN_FROM: usize = 3;
const LEARN_WITHIN_M: f64 = 200.0;

/// Gives a terminal without coordinates those of its confirmed check-ins: precise ones that a visit's record bears out, on
/// three days, all near their middle.
pub async fn learn_place(
    state: &AppState,
    actor: &Actor,
    terminal_id: &str,
) -> Result<(), AppError> {
    let known = q("SELECT COUNT(*) FROM terminal WHERE id = $1 AND latitude IS NOT NULL")
        .bind(terminal_id)
        .count(&state.db)
        .await?;
    if known > 0 {
        return Ok(());
    }
    let limits = limits(&state.db).await?;
    let found: Vec<(String, f64, f64)> = q(
        "SELECT c.day, AVG(c.latitude), AVG(c.longitude) FROM checkin c WHERE c.terminal_id = $1 AND c.latitude IS NOT NULL \
         AND c.accuracy_m <= $2 AND c.source = 'phone' AND EXISTS (SELECT 1 FROM visit v WHERE v.checkin_id = c.id) \
         GROUP BY c.day ORDER BY c.day DESC LIMIT 20",
    )
    .bind(terminal_id)
    .bind(limits.accuracy_m)
    .all(&state.db)
    .await?;
    if found.len() < LEARN_FROM {
        return Ok(());
    }
    let n = found.len() as f64;
    let middle = Position::new(
        found.iter().map(|f| f.1).sum::<f64>() / n,
        found.iter().map(|f| f.2).sum::<f64>() / n,
    );
    let Some(middle) = middle else {
        return Ok(());
    };
    let near = |(_, lat, long): &(String, f64, f64)| {
        Position::new(*lat, *long).is_some_and(|p| p.metres_to(middle) <= LEARN_WITHIN_M)
    };
    if !found.iter().all(near) {
        return Ok(());
    }
    let mut tx = state.db.begin().await?;
    let learnt = q(
        "UPDATE terminal SET latitude = $1, longitude = $2, datum = 'WGS-84', updated_at = $3 \
        WHERE id = $4 AND latitude IS NULL",
    )
    .bind(middle.latitude)
    .bind(middle.longitude)
    .bind(time::now())
    .bind(terminal_id)
    .exec(&mut tx)
    .await?;
    if learnt > 0 {
        let event = Event::new("terminal.learn_place", "terminal", terminal_id)
            .detail(serde_json::json!({ "checkins": found.len() }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    Ok(())
}
