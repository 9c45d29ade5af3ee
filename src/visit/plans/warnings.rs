//! What plans warn of: reception windows, appointments, the company's cap, clashes.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::{Stored, goals};
use crate::hcp;
use crate::server::AppState;
use crate::server::db::q;
use crate::shared::AppError;

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
    let mut query =
        q("SELECT terminal_id, weekday, starts, ends, appointment FROM terminal_window WHERE ");
    hcp::list::push_among(&mut query, "terminal_id", &ids(|p| p.terminal_id.as_ref()));
    let windows: Vec<(String, i64, String, String, bool)> = query.all(&state.db).await?;
    let cap = goals(&state.db).await?.cap;
    let (first, last) = (
        format!("{}-01", &open[0].day[..7]),
        format!("{}-31", &open[open.len() - 1].day[..7]),
    );
    let hcps = ids(|p| p.hcp_id.as_ref());
    let mut query = q(
        "SELECT x.hcp_id, SUBSTR(v.day, 1, 7) AS month, COUNT(*) FROM visit_hcp x JOIN visit v ON v.id = x.visit_id WHERE ",
    );
    hcp::list::push_among(&mut query, "x.hcp_id", &hcps);
    query.push_with(
        " AND v.day >= ? AND v.day <= ? GROUP BY x.hcp_id, SUBSTR(v.day, 1, 7)",
        [&first, &last],
    );
    let met: Vec<(String, String, i64)> = query.all(&state.db).await?;
    let mut query = q("SELECT p.hcp_id, p.day, COUNT(*) FROM visit_plan p WHERE ");
    hcp::list::push_among(&mut query, "p.hcp_id", &hcps);
    query.push_with(
        " AND p.day >= ? AND p.day <= ? AND p.visit_id IS NULL AND p.cancelled_at IS NULL AND p.staff_id = ? AND p.day >= ? \
         GROUP BY p.hcp_id, p.day",
        [first.as_str(), last.as_str(), staff_id, today],
    );
    let planned: Vec<(String, String, i64)> = query.all(&state.db).await?;
    // Visits of the plan's month, with those planned up to its day.
    let often = |hcp: &str, day: &str| -> i64 {
        let visited = met.iter().filter(|m| m.0 == hcp && m.1 == day[..7]);
        let before = planned
            .iter()
            .filter(|p| p.0 == hcp && p.1[..7] == day[..7] && p.1.as_str() <= day);
        visited.chain(before).map(|(_, _, n)| n).sum()
    };
    for plan in &open {
        let mut said = Vec::new();
        let weekday = plan
            .day
            .parse::<Date>()
            .map_or(0, |d| i64::from(d.weekday().to_monday_one_offset()));
        let mut known = windows
            .iter()
            .filter(|w| Some(&w.0) == plan.terminal_id.as_ref())
            .peekable();
        // Windows are for those who come: a call needs none.
        if known.peek().is_some() && !matches!(plan.channel.as_str(), "phone" | "online") {
            let fits: Vec<_> = known
                .filter(|(_, day, starts, ends, _)| {
                    *day == weekday
                        && (plan.starts.is_empty()
                            || (*starts <= plan.starts && plan.starts < *ends))
                })
                .collect();
            if fits.is_empty() {
                said.push("window".to_owned());
            } else if fits.iter().all(|w| w.4) {
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
