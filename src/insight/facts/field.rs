//! What reps do in the field: visits, HCPs met, plans, check-ins.

use super::{CALLED, Col, Fact, NONE, When};

/// Records of visits.
pub static VISIT: Fact = Fact {
    tables: "visit",
    from: "visit v",
    when: When::Day("v.day"),
    person: "v.staff_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = v.terminal_id AND t.province = ?)",
    specialty: "EXISTS (SELECT 1 FROM visit_hcp vh JOIN hcp h ON h.id = vh.hcp_id WHERE vh.visit_id = v.id \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
    shown: "JOIN staff st ON st.id = v.staff_id LEFT JOIN terminal t ON t.id = v.terminal_id",
    columns: &[
        ("insight.col.day", Col::Link("/visits/", "v.id", "v.day")),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.terminal", Col::Text("t.name")),
        (
            "insight.col.channel",
            Col::Code("v.channel", crate::visit::model::channel_label),
        ),
        (
            "insight.col.review",
            Col::Code("v.review", crate::visit::model::review_label),
        ),
        ("insight.col.flagged", Col::Yes("v.flags <> '[]'")),
    ],
    order: "v.at DESC, v.id",
    ..NONE
};

/// HCPs met on visits.
pub static MET: Fact = Fact {
    tables: "visit_hcp, visit",
    from: "visit_hcp x JOIN visit v ON v.id = x.visit_id",
    when: When::Day("v.day"),
    person: "v.staff_id",
    province: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = x.hcp_id AND h.province = ?)",
    specialty: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = x.hcp_id \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
    hcp: "x.hcp_id",
    shown: "JOIN hcp h ON h.id = x.hcp_id JOIN staff st ON st.id = v.staff_id",
    columns: &[
        ("insight.col.day", Col::Link("/visits/", "v.id", "v.day")),
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.rep", Col::Text(CALLED)),
    ],
    order: "v.at DESC, v.id, x.hcp_id",
    ..NONE
};

/// Visits that were planned for days up to today.
pub static PLAN: Fact = Fact {
    tables: "visit_plan",
    from: "visit_plan p",
    base: "p.cancelled_at IS NULL AND p.day <= '{today}'",
    when: When::Day("p.day"),
    person: "p.staff_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = p.terminal_id AND t.province = ?)",
    specialty: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = p.hcp_id \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
    hcp: "p.hcp_id",
    shown: "JOIN staff st ON st.id = p.staff_id LEFT JOIN hcp h ON h.id = p.hcp_id \
        LEFT JOIN terminal t ON t.id = p.terminal_id",
    columns: &[
        ("insight.col.day", Col::Text("p.day")),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.terminal", Col::Text("t.name")),
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.kept", Col::Yes("p.visit_id IS NOT NULL")),
    ],
    order: "p.day DESC, p.starts, p.id",
    ..NONE
};

/// Check-ins on arrival.
pub static CHECKIN: Fact = Fact {
    tables: "checkin",
    from: "checkin k",
    base: "k.kind = 'in'",
    when: When::Day("k.day"),
    person: "k.staff_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = k.terminal_id AND t.province = ?)",
    shown: "JOIN staff st ON st.id = k.staff_id",
    columns: &[
        ("insight.col.at", Col::Moment("k.at")),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.place", Col::Text("k.place")),
        (
            "insight.col.metres",
            Col::Number("CAST(ROUND(k.distance_m) AS BIGINT)"),
        ),
        ("insight.col.flags", Col::Code("k.flags", flags)),
    ],
    order: "k.at DESC, k.id",
    ..NONE
};

fn flags(json: &str) -> String {
    let flags: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    flags
        .iter()
        .map(|flag| crate::visit::model::flag_label(flag))
        .collect::<Vec<_>>()
        .join(&tr!("ui.comma"))
}
