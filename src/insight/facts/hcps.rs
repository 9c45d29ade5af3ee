//! HCPs of the library, and how they come and go: onboarding, invitations, public codes, consents taken back.

use super::{CALLED, Col, Fact, NONE, Scope, When};

/// HCPs of the library as they stand now.
pub static HCP: Fact = Fact {
    tables: "hcp",
    from: "hcp h",
    base: "h.state IN ('listed', 'invited', 'onboarded')",
    person: "h.owner_id",
    scope: Scope::Library,
    province: "h.province = ?",
    specialty: "COALESCE(NULLIF(h.specialty, ''), h.department) = ?",
    hcp: "h.id",
    shown: "LEFT JOIN staff st ON st.id = h.owner_id",
    columns: &[
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.department", Col::Text("h.department")),
        ("insight.col.title", Col::Text("h.title")),
        (
            "insight.col.state",
            Col::Code("h.state", crate::hcp::model::state_label),
        ),
        ("insight.col.province", Col::Text("h.province")),
        ("insight.col.owner", Col::Text(CALLED)),
    ],
    order: "h.pinyin, h.id",
    ..NONE
};

/// HCPs who were onboarded, each of whoever owned them at that moment, or was the first to do so afterwards.
pub static ONBOARDED: Fact = Fact {
    tables: "hcp, hcp_ownership",
    // Looked up for those alone whose owner is asked for.
    from: "(SELECT h.*, (SELECT w.owner_id FROM hcp_ownership w WHERE w.hcp_id = h.id AND w.owner_id IS NOT NULL \
        AND (w.ends_at IS NULL OR w.ends_at > h.onboarded_at) ORDER BY w.starts_at, w.id LIMIT 1) AS owned_by FROM hcp h) h",
    base: "h.state = 'onboarded' AND h.onboarded_at IS NOT NULL",
    when: When::Moment("h.onboarded_at"),
    person: "h.owned_by",
    province: "h.province = ?",
    specialty: "COALESCE(NULLIF(h.specialty, ''), h.department) = ?",
    hcp: "h.id",
    shown: "LEFT JOIN staff st ON st.id = h.owned_by",
    columns: &[
        ("insight.col.at", Col::Moment("h.onboarded_at")),
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.department", Col::Text("h.department")),
        ("insight.col.rep", Col::Text(CALLED)),
    ],
    order: "h.onboarded_at DESC, h.id",
    ..NONE
};

/// Personal QR codes that reps made.
pub static INVITED: Fact = Fact {
    tables: "invitation",
    from: "invitation i",
    when: When::Moment("i.created_at"),
    person: "i.staff_id",
    province: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = i.hcp_id AND h.province = ?)",
    specialty: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = i.hcp_id \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
    hcp: "i.hcp_id",
    shown: "JOIN hcp h ON h.id = i.hcp_id JOIN staff st ON st.id = i.staff_id",
    columns: &[
        ("insight.col.at", Col::Moment("i.created_at")),
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.used", Col::Yes("i.used_at IS NOT NULL")),
    ],
    order: "i.created_at DESC, i.id",
    ..NONE
};

/// Steps of visitors who came by a public code.
pub static CODE_STEP: Fact = Fact {
    tables: "public_code_step, public_code",
    from: "public_code_step p JOIN public_code pc ON pc.id = p.code_id",
    when: When::Moment("p.at"),
    person: "pc.staff_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = pc.terminal_id AND t.province = ?)",
    shown: "JOIN staff st ON st.id = pc.staff_id LEFT JOIN hcp h ON h.id = p.hcp_id",
    columns: &[
        ("insight.col.at", Col::Moment("p.at")),
        ("insight.col.code", Col::Link("/codes/", "pc.id", "pc.name")),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.hcp", Col::Hcp),
    ],
    order: "p.at DESC, p.code_id, p.visitor",
    ..NONE
};

/// Consents that HCPs took back.
pub static WITHDRAWN: Fact = Fact {
    tables: "consent",
    from: "consent k JOIN hcp h ON h.id = k.hcp_id",
    // What another consent superseded at its own moment, or a merge settled, was withdrawn by nobody.
    base: "k.withdrawn_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM consent d WHERE d.hcp_id = k.hcp_id \
        AND d.purpose = k.purpose AND d.id <> k.id AND d.at = k.withdrawn_at) \
        AND NOT EXISTS (SELECT 1 FROM hcp_merge m JOIN hcp_merge_item i ON i.merge_id = m.id \
        WHERE m.at = k.withdrawn_at AND i.table_name = 'consent.withdrawn' AND i.row_key = k.id)",
    when: When::Moment("k.withdrawn_at"),
    person: "h.owner_id",
    scope: Scope::Library,
    province: "h.province = ?",
    specialty: "COALESCE(NULLIF(h.specialty, ''), h.department) = ?",
    hcp: "k.hcp_id",
    shown: "LEFT JOIN staff st ON st.id = h.owner_id",
    columns: &[
        ("insight.col.at", Col::Moment("k.withdrawn_at")),
        ("insight.col.hcp", Col::Hcp),
        (
            "insight.col.purpose",
            Col::Code("k.purpose", crate::onboarding::model::purpose_label),
        ),
        ("insight.col.owner", Col::Text(CALLED)),
    ],
    order: "k.withdrawn_at DESC, k.id",
    ..NONE
};
