//! Which HCPs a transfer moves. Preview and transfer ask the same set.

use super::model::{GROUPS_MOST, MoveGroup, MovedHcp, NAMES_MOST, TransferPreview};
use super::people::{OWNER, named};
use crate::server::AppState;
use crate::server::db::{DbResult, Query, q};
use crate::server::guard::Actor;

/// What is to move where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// From one colleague to another; of one hospital or department where these are given.
    Person {
        from: String,
        to: String,
        hospital: String,
        department: String,
    },
    /// To today's owner of the main hospital: HCPs without an owner, or all.
    Rule { all: bool },
    /// What the actor has picked, or one HCP, to one colleague.
    Selection { to: String, hcp: Option<String> },
}

impl Plan {
    /// The kind as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Plan::Person { .. } => "person",
            Plan::Rule { .. } => "rule",
            Plan::Selection { .. } => "selection",
        }
    }

    /// The reason that stands in the history of ownership.
    pub fn reason(&self) -> &'static str {
        match self {
            Plan::Rule { .. } => "rule",
            Plan::Person { .. } | Plan::Selection { .. } => "transfer",
        }
    }

    /// The one giver and the one receiver, where there is one.
    pub fn ends(&self) -> (Option<&String>, Option<&String>) {
        match self {
            Plan::Person { from, to, .. } => (Some(from), Some(to)),
            Plan::Rule { .. } => (None, None),
            Plan::Selection { to, .. } => (None, Some(to)),
        }
    }
}

/// Appends a subquery of `(hcp_id, from_id, to_id, why)`: every HCP that the plan speaks of, with why it stays; those
/// that move have an empty `why`. `today` is a day of the configured zone.
pub fn set(query: &mut Query, actor: &Actor, plan: &Plan, today: &str) {
    let to = match plan {
        Plan::Person { to, .. } | Plan::Selection { to, .. } => {
            format!("CAST({} AS TEXT)", query.arg(to))
        }
        Plan::Rule { .. } => "a.staff_id".to_owned(),
    };
    query.push(&format!(
        "(SELECT h.id AS hcp_id, h.owner_id AS from_id, {to} AS to_id, CASE WHEN h.state = 'merged' THEN 'merged' \
         WHEN h.state = 'pending' THEN 'pending' WHEN h.owner_id = {to} THEN 'same' WHEN "
    ));
    actor.scope(query, "h.owner_id");
    query.push(" THEN '' ELSE 'scope' END AS why FROM ");
    match plan {
        Plan::Person {
            from,
            hospital,
            department,
            ..
        } => {
            query.push_with("hcp h WHERE h.owner_id = ?", [from]);
            if !hospital.is_empty() {
                query.push_with(
                    " AND (h.terminal_id IN (SELECT t.id FROM terminal t WHERE t.name = ?) \
                     OR (h.terminal_id IS NULL AND h.hospital_text = ?))",
                    [hospital, hospital],
                );
            }
            if !department.is_empty() {
                query.push_with(" AND h.department = ?", [department]);
            }
        }
        Plan::Rule { all } => {
            query.push_with(
                "hcp h JOIN terminal_assignment a ON a.terminal_id = h.terminal_id AND a.business_line = 'default' \
                 AND a.starts_on <= ? AND (a.ends_on IS NULL OR a.ends_on >= ?) \
                 JOIN staff s ON s.id = a.staff_id WHERE ",
                [today, today],
            );
            query.push(OWNER).push(" AND ");
            actor.scope(query, "s.id");
            if !all {
                query.push(" AND h.owner_id IS NULL");
            }
        }
        Plan::Selection { hcp, .. } => {
            match hcp {
                Some(id) => query.push_with("hcp h WHERE h.id = ?", [id]),
                None => query.push_with(
                    "hcp_selection x JOIN hcp h ON h.id = x.hcp_id WHERE x.staff_id = ?",
                    [&actor.id],
                ),
            };
        }
    }
    query.push(")");
}

/// What the plan would do now.
pub async fn preview(state: &AppState, actor: &Actor, plan: &Plan) -> DbResult<TransferPreview> {
    let today = state.zone.today();
    let over = |head: &str, tail: &str| {
        let mut query = q(head);
        set(&mut query, actor, plan, &today);
        query.push(tail);
        query
    };
    let counts: Vec<(String, i64)> = over(
        "SELECT m.why, COUNT(*) FROM ",
        " m GROUP BY m.why ORDER BY m.why",
    )
    .all(&state.db)
    .await?;
    let moving = counts
        .iter()
        .find(|(why, _)| why.is_empty())
        .map_or(0, |(_, n)| *n);
    let mut groups: Vec<MoveGroup> = over(
        &format!(
            "SELECT {} AS from_name, {} AS to_name, g.n FROM (SELECT m.from_id, m.to_id, COUNT(*) AS n FROM ",
            named("f"),
            named("s")
        ),
        &format!(
            " m WHERE m.why = '' GROUP BY m.from_id, m.to_id) g LEFT JOIN staff f ON f.id = g.from_id \
             JOIN staff s ON s.id = g.to_id ORDER BY g.n DESC, g.to_id, COALESCE(g.from_id, '') LIMIT {}",
            GROUPS_MOST + 1
        ),
    )
    .all(&state.db)
    .await?;
    let more_groups = groups.len() > GROUPS_MOST;
    groups.truncate(GROUPS_MOST);
    let hcps: Vec<MovedHcp> = over(
        "SELECT h.id, h.name, COALESCE(t.name, h.hospital_text) AS hospital, h.department, f.name AS from_name, \
         s.name AS to_name FROM ",
        &format!(
            " m JOIN hcp h ON h.id = m.hcp_id LEFT JOIN terminal t ON t.id = h.terminal_id \
             LEFT JOIN staff f ON f.id = m.from_id LEFT JOIN staff s ON s.id = m.to_id \
             WHERE m.why = '' ORDER BY h.pinyin, h.id LIMIT {NAMES_MOST}"
        ),
    )
    .all(&state.db)
    .await?;
    Ok(TransferPreview {
        moving,
        groups,
        more_groups,
        hcps,
        left_out: counts
            .into_iter()
            .filter(|(why, _)| !why.is_empty())
            .collect(),
    })
}
