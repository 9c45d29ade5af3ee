//! What an administrator sets.

use super::rules::{Goals, Limits};
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::{internal, q};
use crate::server::guard::Actor;
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// Sets limits and goals out of what was typed, each under the name of its field.
pub async fn save(
    state: &AppState,
    actor: &Actor,
    texts: &[(&str, String)],
) -> Result<Saved, AppError> {
    let read = |name: &str| -> Option<f64> {
        let text = texts.iter().find(|(n, _)| *n == name)?.1.trim().to_owned();
        text.parse::<f64>()
            .ok()
            .filter(|n| n.is_finite() && *n > 0.0 && *n <= 100_000.0)
    };
    let whole = |name: &str| read(name).filter(|n| n.fract() == 0.0 && *n <= 1_000.0);
    let mut checks = Checks::default();
    for name in ["radius_m", "accuracy_m", "speed_kmh"] {
        checks.ensure(read(name).is_some(), name, "field.positive");
    }
    for name in ["same_place", "goal", "cap"] {
        checks.ensure(whole(name).is_some(), name, "field.positive_whole");
    }
    checks.ensure(read("goal") <= read("cap"), "cap", "field.cap_below_goal");
    checks.done()?;
    let number = |name: &str| read(name).unwrap_or_default();
    let limits = Limits {
        radius_m: number("radius_m"),
        accuracy_m: number("accuracy_m"),
        speed_kmh: number("speed_kmh"),
        same_place: number("same_place") as i64,
    };
    let goals = Goals {
        goal: number("goal") as i64,
        cap: number("cap") as i64,
    };
    let mut tx = state.db.begin().await?;
    for (name, json) in [
        ("checkin_limits", serde_json::to_string(&limits)),
        ("visit_goals", serde_json::to_string(&goals)),
    ] {
        q("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2")
            .bind(name)
            .bind(json.map_err(internal)?)
            .exec(&mut tx)
            .await?;
    }
    let event = Event::new("settings.field", "setting", "field")
        .detail(serde_json::json!({ "limits": limits, "goals": goals }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}
