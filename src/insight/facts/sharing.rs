//! What is read and passed on below reps' links: views, links, links of deeper levels.

use super::{CALLED, Col, Fact, NONE, When};

/// Views below reps' links that count (PV).
pub static VIEW: Fact = Fact {
    tables: "article_view",
    from: "article_view v",
    base: "v.kind = 'pv' AND v.root_staff_id IS NOT NULL",
    when: When::Day("v.viewed_on"),
    person: "v.root_staff_id",
    // `LIKE` and `IN` so that the index of HCPs' views is taken, from the HCPs to theirs. A province may have most HCPs, of
    // whom few agreed: from these.
    province: "v.reader LIKE 'hcp:%' AND v.reader IN (SELECT 'hcp:' || h.id FROM ({agreed}) a \
        JOIN hcp h ON h.id = a.hcp_id WHERE h.province = ?)",
    specialty: "v.reader LIKE 'hcp:%' AND v.reader IN (SELECT 'hcp:' || h.id FROM hcp h \
        WHERE COALESCE(NULLIF(h.specialty, ''), h.department) = ? AND {tracked})",
    product: "v.article_id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
    article: "v.article_id",
    hcp: "CASE WHEN v.reader LIKE 'hcp:%' THEN SUBSTR(v.reader, 5) END",
    reader: Some(("v.reader", "v.reader LIKE 'hcp:%'")),
    named: "v.reader = 'hcp:' || ? AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(v.reader, 5) AND {tracked})",
    shown: "JOIN article ar ON ar.id = v.article_id JOIN staff st ON st.id = v.root_staff_id \
        LEFT JOIN share_link sl ON sl.token = v.link \
        LEFT JOIN hcp h ON v.reader LIKE 'hcp:%' AND h.id = SUBSTR(v.reader, 5)",
    columns: &[
        ("insight.col.at", Col::Moment("v.at")),
        (
            "insight.col.article",
            Col::Link("/articles/", "ar.id", "ar.title"),
        ),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.reader", Col::Reader),
        ("insight.col.level", Col::Number("sl.level")),
        ("insight.col.reread", Col::Yes("v.reread")),
        ("insight.col.finished", Col::Yes("v.finished")),
        ("insight.col.seconds", Col::Number("v.dwell_ms / 1000")),
    ],
    walked: "(v.root_staff_id || '')",
    walked_by: "article_view_day",
    // As the index of days has them.
    order: "v.viewed_on DESC, v.at DESC, v.id",
    ..NONE
};

/// Links that reps made.
pub static LINK: Fact = Fact {
    base: "l.parent IS NULL AND l.root_staff_id IS NOT NULL",
    province: "l.recipient_id IN (SELECT h.id FROM hcp h WHERE h.province = ?)",
    specialty: "l.recipient_id IN (SELECT h.id FROM hcp h WHERE COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
    hcp: "l.recipient_id",
    named: "l.recipient_id = ? AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = l.recipient_id AND {tracked})",
    shown: "JOIN article ar ON ar.id = l.article_id JOIN staff st ON st.id = l.root_staff_id \
        LEFT JOIN hcp h ON h.id = l.recipient_id",
    // Whether a link was opened tells of the HCP for whom it was made: named only while they agree.
    columns: &[
        ("insight.col.at", Col::Moment("l.created_at")),
        (
            "insight.col.article",
            Col::Link("/articles/", "ar.id", "ar.title"),
        ),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.recipient", Col::Reader),
        ("insight.col.opened", Col::Yes("l.opened_at IS NOT NULL")),
        ("insight.col.read", Col::Yes("l.was_read")),
        ("insight.col.passed", Col::Yes("l.was_passed")),
        ("insight.col.reopened", Col::Yes("l.was_reopened")),
    ],
    ..LINK_PARTS
};

/// Links of level 2 and deeper below reps' links that another visitor opened.
pub static PASSED: Fact = Fact {
    base: "l.parent IS NOT NULL AND l.root_staff_id IS NOT NULL AND l.opened_at IS NOT NULL",
    province: "l.sharer IN (SELECT 'hcp:' || h.id FROM ({agreed}) a JOIN hcp h ON h.id = a.hcp_id WHERE h.province = ?)",
    specialty: "l.sharer IN (SELECT 'hcp:' || h.id FROM hcp h \
        WHERE COALESCE(NULLIF(h.specialty, ''), h.department) = ? AND {tracked})",
    hcp: "CASE WHEN l.sharer LIKE 'hcp:%' THEN SUBSTR(l.sharer, 5) END",
    // From `hcp:` to what comes after `:`.
    reader: Some(("l.sharer", "l.sharer >= 'hcp:' AND l.sharer < 'hcp;'")),
    named: "l.sharer = 'hcp:' || ? AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(l.sharer, 5) AND {tracked})",
    shown: "JOIN article ar ON ar.id = l.article_id JOIN staff st ON st.id = l.root_staff_id \
        LEFT JOIN hcp h ON l.sharer LIKE 'hcp:%' AND h.id = SUBSTR(l.sharer, 5)",
    columns: &[
        ("insight.col.at", Col::Moment("l.created_at")),
        (
            "insight.col.article",
            Col::Link("/articles/", "ar.id", "ar.title"),
        ),
        ("insight.col.rep", Col::Text(CALLED)),
        ("insight.col.sharer", Col::Reader),
        ("insight.col.level", Col::Number("l.level")),
    ],
    ..LINK_PARTS
};

/// What [`LINK`] and [`PASSED`] share.
const LINK_PARTS: Fact = Fact {
    tables: "share_link",
    from: "share_link l",
    when: When::Day("l.created_on"),
    person: "l.root_staff_id",
    product: "l.article_id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
    article: "l.article_id",
    order: "l.created_at DESC, l.token",
    ..NONE
};
