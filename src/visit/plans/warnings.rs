//! What plans warn of: reception windows, appointments, the company's cap, clashes.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::Stored;
use crate::server::AppState;
use crate::server::db::q;
use crate::server::facts::Facts;
use crate::shared::AppError;
use crate::visit::rules::Goals;

/// What the open plans from today on warn of, by their ids.
pub(super) async fn warnings(
    state: &AppState,
    staff_id: &str,
    plans: &[Stored],
    today: &str,
) -> Result<HashMap<String, Vec<String>>, AppError> {
    let open: Vec<&Stored> = plans
        .iter()
        .filter(|p| p.visit_id.is_none() && p.day.as_str() >= today)
        .collect();
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    if open.is_empty() {
        return Ok(out);
    }
    let ids = |pick: fn(&Stored) -> Option<&String>| -> Vec<String> {
        let set: HashSet<&String> = open.iter().filter_map(|p| pick(p)).collect();
        set.into_iter().cloned().collect()
    };
    let (first, last) = (
        format!("{}-01", &open[0].day[..7]),
        format!("{}-31", &open[open.len() - 1].day[..7]),
    );
    let hcps = ids(|p| p.hcp_id.as_ref());
    let mut facts = Facts::default();
    facts.rows("goals", q(super::GOALS));
    // `id` the terminal, `text` from and to, `n` the weekday, and ten more for an appointment.
    let mut windows = q(
        "SELECT terminal_id AS id, starts || ' ' || ends AS text, weekday + CASE WHEN appointment THEN 10 ELSE 0 END AS n \
         FROM terminal_window WHERE ",
    );
    windows.push_among("terminal_id", &ids(|p| p.terminal_id.as_ref()));
    facts.rows("window", windows);
    let mut met = q(
        "SELECT x.hcp_id AS id, SUBSTR(v.day, 1, 7) AS text, COUNT(*) AS n FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE ",
    );
    met.push_among("x.hcp_id", &hcps);
    met.push_with(
        " AND v.day >= ? AND v.day <= ? GROUP BY x.hcp_id, SUBSTR(v.day, 1, 7)",
        [&first, &last],
    );
    facts.rows("met", met);
    let mut planned =
        q("SELECT p.hcp_id AS id, p.day AS text, COUNT(*) AS n FROM visit_plan p WHERE ");
    planned.push_among("p.hcp_id", &hcps);
    planned.push_with(
        " AND p.day >= ? AND p.day <= ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND p.staff_id = ? AND p.day >= ? \
         GROUP BY p.hcp_id, p.day",
        [first.as_str(), last.as_str(), staff_id, today],
    );
    facts.rows("planned", planned);
    let found = facts.read(&state.db).await?;
    let cap = found
        .of("goals")
        .find_map(|fact| serde_json::from_str::<Goals>(&fact.text).ok())
        .unwrap_or_default()
        .cap;
    // Visits of the plan's month, with those planned up to its day.
    let often = |hcp: &str, day: &str| -> i64 {
        let visited = found
            .of("met")
            .filter(|m| m.id == hcp && m.text == day[..7]);
        let before = found
            .of("planned")
            .filter(|p| p.id == hcp && p.text[..7] == day[..7] && p.text.as_str() <= day);
        visited.chain(before).map(|fact| fact.n).sum()
    };
    for plan in &open {
        let mut said = Vec::new();
        let weekday = plan
            .day
            .parse::<Date>()
            .map_or(0, |d| i64::from(d.weekday().to_monday_one_offset()));
        let mut known = found
            .of("window")
            .filter(|w| Some(&w.id) == plan.terminal_id.as_ref())
            .peekable();
        // Windows are for those who come: a call needs none.
        if known.peek().is_some() && !matches!(plan.channel.as_str(), "phone" | "online") {
            let fits: Vec<_> = known
                .filter(|window| {
                    window.n % 10 == weekday
                        && (plan.starts.is_empty()
                            || window.text.split_once(' ').is_some_and(|(starts, ends)| {
                                starts <= plan.starts.as_str() && plan.starts.as_str() < ends
                            }))
                })
                .collect();
            if fits.is_empty() {
                said.push("window".to_owned());
            } else if fits.iter().all(|window| window.n > 10) {
                said.push("appointment".to_owned());
            }
        }
        if let Some(hcp) = &plan.hcp_id
            && often(hcp, &plan.day) > cap
        {
            said.push("cap".to_owned());
        }
        let clashes = open.iter().any(|other| {
            other.id != plan.id
                && other.day == plan.day
                && other.terminal_id != plan.terminal_id
                && minutes(&other.starts)
                    .zip(minutes(&plan.starts))
                    .is_some_and(|(a, b)| (a - b).abs() < 30)
        });
        if clashes {
            said.push("conflict".to_owned());
        }
        if !said.is_empty() {
            out.insert(plan.id.clone(), said);
        }
    }
    Ok(out)
}

/// Minutes since midnight of `HH:MM`.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?)
}
