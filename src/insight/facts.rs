//! The facts that measures count: where their rows lie, when each happened, whose it is, and what a list of them shows.
//!
//! In conditions `{tracked}`, `{assigned}`, `{today}`, `{soon}` and `{now}` are filled in by [`filled`].

use crate::course::store::ASSIGNED;
use crate::onboarding::consent::TRACKED;
use crate::server::AppState;
use crate::server::time;

/// When a row happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A day `YYYY-MM-DD` of the configured zone.
    Day(&'static str),
    /// Epoch milliseconds.
    Moment(&'static str),
    /// A month `YYYY-MM`: all months that the asked days touch.
    Month(&'static str),
    /// It is as it stands now, whatever days are asked for.
    Now,
}

/// What of it somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What belongs to people within their scope, by the column `person`.
    People,
    /// The HCPs `h` that they see in the library.
    Library,
    /// All of it, for roles that see the company.
    Company,
}

/// What a column of a list shows.
#[derive(Debug, Clone, Copy)]
pub enum Col {
    Text(&'static str),
    /// Epoch milliseconds, shown to the minute.
    Moment(&'static str),
    /// A code of the table, with what it is called.
    Code(&'static str, fn(&str) -> String),
    Yes(&'static str),
    /// A text that leads to a page: path up to the id, the id, the text.
    Link(&'static str, &'static str, &'static str),
    /// The HCP joined as `h`, named where the asker may see them.
    Hcp,
    /// The same, named only while they agree to be (domain, Share tracking).
    Reader,
}

/// Rows that can be counted.
#[derive(Debug)]
pub struct Fact {
    /// Tables that the numbers come from, as the page of measures names them.
    pub tables: &'static str,
    pub from: &'static str,
    /// What always holds.
    pub base: &'static str,
    pub when: When,
    /// Staff id of whose it is; empty where it is nobody's.
    pub person: &'static str,
    pub scope: Scope,
    /// Conditions with one `?`; empty where the fact does not know it.
    pub province: &'static str,
    pub specialty: &'static str,
    pub product: &'static str,
    /// Ids; empty where the fact has none.
    pub article: &'static str,
    pub course: &'static str,
    pub hcp: &'static str,
    /// A condition with one `?` for an HCP's id, where the id alone would tell of reading that may not be told of by
    /// name; else the id is compared.
    pub named: &'static str,
    /// Joins that only a list needs; they add and drop no row.
    pub shown: &'static str,
    /// Columns of a list, at most eight.
    pub columns: &'static [(&'static str, Col)],
    pub order: &'static str,
}

/// What most facts do not have.
const NONE: Fact = Fact {
    tables: "",
    from: "",
    base: "1 = 1",
    when: When::Now,
    person: "",
    scope: Scope::People,
    province: "",
    specialty: "",
    product: "",
    article: "",
    course: "",
    hcp: "",
    named: "",
    shown: "",
    columns: &[],
    order: "1",
};

/// Views below reps' links that count (PV).
pub static VIEW: Fact = Fact {
    tables: "article_view",
    from: "article_view v",
    base: "v.kind = 'pv' AND v.root_staff_id IS NOT NULL",
    when: When::Day("v.viewed_on"),
    person: "v.root_staff_id",
    province: "v.reader LIKE 'hcp:%' AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(v.reader, 5) AND h.province = ? AND {tracked})",
    specialty: "v.reader LIKE 'hcp:%' AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(v.reader, 5) \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ? AND {tracked})",
    product: "v.article_id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
    article: "v.article_id",
    hcp: "CASE WHEN v.reader LIKE 'hcp:%' THEN SUBSTR(v.reader, 5) END",
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
        ("insight.col.rep", Col::Text("st.name")),
        ("insight.col.reader", Col::Reader),
        ("insight.col.level", Col::Text("sl.level")),
        ("insight.col.reread", Col::Yes("v.reread")),
        ("insight.col.finished", Col::Yes("v.finished")),
        ("insight.col.seconds", Col::Text("v.dwell_ms / 1000")),
    ],
    order: "v.at DESC, v.id",
    ..NONE
};

/// Links that reps made.
pub static LINK: Fact = Fact {
    base: "l.parent IS NULL AND l.root_staff_id IS NOT NULL",
    province: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = l.recipient_id AND h.province = ?)",
    specialty: "EXISTS (SELECT 1 FROM hcp h WHERE h.id = l.recipient_id \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ?)",
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
        ("insight.col.rep", Col::Text("st.name")),
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
    province: "l.sharer LIKE 'hcp:%' AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(l.sharer, 5) AND h.province = ? AND {tracked})",
    specialty: "l.sharer LIKE 'hcp:%' AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(l.sharer, 5) \
        AND COALESCE(NULLIF(h.specialty, ''), h.department) = ? AND {tracked})",
    hcp: "CASE WHEN l.sharer LIKE 'hcp:%' THEN SUBSTR(l.sharer, 5) END",
    named: "l.sharer = 'hcp:' || ? AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = SUBSTR(l.sharer, 5) AND {tracked})",
    shown: "JOIN article ar ON ar.id = l.article_id JOIN staff st ON st.id = l.root_staff_id \
        LEFT JOIN hcp h ON l.sharer LIKE 'hcp:%' AND h.id = SUBSTR(l.sharer, 5)",
    columns: &[
        ("insight.col.at", Col::Moment("l.created_at")),
        (
            "insight.col.article",
            Col::Link("/articles/", "ar.id", "ar.title"),
        ),
        ("insight.col.rep", Col::Text("st.name")),
        ("insight.col.sharer", Col::Reader),
        ("insight.col.level", Col::Text("l.level")),
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
    shown: "LEFT JOIN terminal t ON t.id = h.terminal_id LEFT JOIN staff st ON st.id = h.owner_id",
    columns: &[
        ("insight.col.hcp", Col::Hcp),
        (
            "insight.col.hospital",
            Col::Text("COALESCE(t.name, h.hospital_text)"),
        ),
        ("insight.col.department", Col::Text("h.department")),
        ("insight.col.title", Col::Text("h.title")),
        (
            "insight.col.state",
            Col::Code("h.state", crate::hcp::model::state_label),
        ),
        ("insight.col.province", Col::Text("h.province")),
        ("insight.col.owner", Col::Text("st.name")),
    ],
    order: "h.pinyin, h.id",
    ..NONE
};

/// HCPs who were onboarded, each of whoever owned them at that moment, or was the first to do so afterwards.
pub static ONBOARDED: Fact = Fact {
    tables: "hcp, hcp_ownership",
    from: "hcp h LEFT JOIN hcp_ownership o ON o.id = (SELECT w.id FROM hcp_ownership w WHERE w.hcp_id = h.id \
        AND w.owner_id IS NOT NULL AND (w.ends_at IS NULL OR w.ends_at > h.onboarded_at) ORDER BY w.starts_at, w.id LIMIT 1)",
    base: "h.state = 'onboarded' AND h.onboarded_at IS NOT NULL",
    when: When::Moment("h.onboarded_at"),
    person: "o.owner_id",
    province: "h.province = ?",
    specialty: "COALESCE(NULLIF(h.specialty, ''), h.department) = ?",
    hcp: "h.id",
    shown: "LEFT JOIN terminal t ON t.id = h.terminal_id LEFT JOIN staff st ON st.id = o.owner_id",
    columns: &[
        ("insight.col.at", Col::Moment("h.onboarded_at")),
        ("insight.col.hcp", Col::Hcp),
        (
            "insight.col.hospital",
            Col::Text("COALESCE(t.name, h.hospital_text)"),
        ),
        ("insight.col.department", Col::Text("h.department")),
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.owner", Col::Text("st.name")),
    ],
    order: "k.withdrawn_at DESC, k.id",
    ..NONE
};

/// Required courses with each person to whom they are set today.
pub static ASSIGNMENT: Fact = Fact {
    tables: "course, course_audience, course_completion",
    from: "course c JOIN staff s ON {assigned} LEFT JOIN course_completion d ON d.course_id = c.id \
        AND d.version = c.version AND d.learner = 'staff:' || s.id",
    base: "c.required AND c.published_at IS NOT NULL AND c.archived_at IS NULL",
    person: "s.id",
    course: "c.id",
    shown: "JOIN org_unit u ON u.id = s.unit_id",
    columns: &[
        ("insight.col.person", Col::Text("s.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
        ("insight.col.completed", Col::Moment("d.completed_at")),
    ],
    order: "c.title, c.id, s.name, s.id",
    ..NONE
};

/// Lessons that staff completed.
pub static LESSON: Fact = Fact {
    tables: "lesson_progress",
    from: "lesson_progress p",
    base: "p.completed_at IS NOT NULL AND p.learner LIKE 'staff:%'",
    when: When::Moment("p.completed_at"),
    person: "SUBSTR(p.learner, 7)",
    course: "p.course_id",
    shown: "JOIN staff st ON st.id = SUBSTR(p.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN course c ON c.id = p.course_id",
    columns: &[
        ("insight.col.at", Col::Moment("p.completed_at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
    ],
    order: "p.completed_at DESC, p.learner, p.lesson_id, p.version",
    ..NONE
};

/// Courses that staff completed.
pub static COMPLETION: Fact = Fact {
    tables: "course_completion",
    from: "course_completion d",
    base: "d.learner LIKE 'staff:%'",
    when: When::Moment("d.completed_at"),
    person: "SUBSTR(d.learner, 7)",
    course: "d.course_id",
    shown: "JOIN staff st ON st.id = SUBSTR(d.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN course c ON c.id = d.course_id",
    columns: &[
        ("insight.col.at", Col::Moment("d.completed_at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        (
            "insight.col.course",
            Col::Link("/courses/", "c.id", "c.title"),
        ),
        ("insight.col.version", Col::Text("d.version")),
    ],
    order: "d.completed_at DESC, d.learner, d.course_id, d.version",
    ..NONE
};

/// First answers of staff to questions.
pub static ANSWER: Fact = Fact {
    tables: "first_answer",
    from: "first_answer f",
    base: "f.learner LIKE 'staff:%'",
    when: When::Moment("f.at"),
    person: "SUBSTR(f.learner, 7)",
    shown: "JOIN staff st ON st.id = SUBSTR(f.learner, 7) JOIN org_unit u ON u.id = st.unit_id \
        JOIN question qu ON qu.id = f.question_id",
    columns: &[
        ("insight.col.at", Col::Moment("f.at")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.unit", Col::Text("u.name")),
        ("insight.col.question", Col::Text("qu.stem")),
        ("insight.col.correct", Col::Yes("f.correct")),
    ],
    order: "f.at DESC, f.learner, f.question_id, f.version",
    ..NONE
};

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
        ("insight.col.at", Col::Link("/visits/", "v.id", "v.day")),
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.at", Col::Link("/visits/", "v.id", "v.day")),
        ("insight.col.hcp", Col::Hcp),
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.rep", Col::Text("st.name")),
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
        ("insight.col.rep", Col::Text("st.name")),
        ("insight.col.place", Col::Text("k.place")),
        (
            "insight.col.metres",
            Col::Text("CAST(ROUND(k.distance_m) AS BIGINT)"),
        ),
        ("insight.col.flags", Col::Code("k.flags", flags)),
    ],
    order: "k.at DESC, k.id",
    ..NONE
};

/// Lines of goods that are to be confirmed or were.
pub static LINE: Fact = Fact {
    tables: "flow_line",
    from: "flow_line l",
    base: "l.state IN ('open', 'confirmed', 'appealed')",
    when: When::Month("l.month"),
    person: "l.credited_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = l.terminal_id AND t.province = ?)",
    product: "l.product_id = ?",
    shown: "LEFT JOIN terminal t ON t.id = l.terminal_id JOIN flow_distributor fd ON fd.id = l.distributor_id \
        LEFT JOIN staff st ON st.id = l.credited_id",
    columns: &[
        ("insight.col.day", Col::Text("l.sold_on")),
        (
            "insight.col.terminal",
            Col::Text("COALESCE(t.name, l.terminal_name)"),
        ),
        ("insight.col.product", Col::Text("l.product_name")),
        ("insight.col.quantity", Col::Text("l.quantity")),
        ("insight.col.distributor", Col::Text("fd.name")),
        (
            "insight.col.state",
            Col::Code("l.state", crate::flow::model::line_label),
        ),
        ("insight.col.rep", Col::Text("st.name")),
    ],
    // As the index of months and terminals has them.
    order: "l.month DESC, l.terminal_id DESC, l.state DESC, l.id DESC",
    ..NONE
};

/// What [`APPEAL`] and [`OPEN_APPEAL`] share.
const APPEAL_PARTS: Fact = Fact {
    tables: "flow_appeal",
    from: "flow_appeal y",
    when: When::Moment("y.created_at"),
    person: "y.staff_id",
    province: "EXISTS (SELECT 1 FROM terminal t WHERE t.id = y.terminal_id AND t.province = ?)",
    product: "y.product_id = ?",
    shown: "JOIN terminal t ON t.id = y.terminal_id JOIN staff st ON st.id = y.staff_id",
    columns: &[
        ("insight.col.at", Col::Moment("y.created_at")),
        (
            "insight.col.terminal",
            Col::Link("/flow/appeals/", "y.id", "t.name"),
        ),
        (
            "insight.col.reason",
            Col::Code("y.reason", crate::flow::model::appeal_reason_label),
        ),
        (
            "insight.col.state",
            Col::Code("y.state", crate::flow::model::appeal_label),
        ),
        ("insight.col.due", Col::Text("y.due_on")),
        ("insight.col.rep", Col::Text("st.name")),
    ],
    order: "y.created_at DESC, y.id",
    ..NONE
};

/// Appeals that were raised.
pub static APPEAL: Fact = APPEAL_PARTS;

/// Appeals that wait for a decision now.
pub static OPEN_APPEAL: Fact = Fact {
    base: "y.state IN ('manager', 'operations')",
    when: When::Now,
    order: "y.due_on, y.id",
    ..APPEAL_PARTS
};

/// Articles as they stand now.
pub static ARTICLE: Fact = Fact {
    tables: "article",
    from: "article ar",
    scope: Scope::Company,
    product: "ar.id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
    article: "ar.id",
    columns: &[
        (
            "insight.col.article",
            Col::Link("/articles/", "ar.id", "ar.title"),
        ),
        (
            "insight.col.state",
            Col::Code("ar.status", crate::content::model::status_label),
        ),
        ("insight.col.approval", Col::Text("ar.approval_no")),
        ("insight.col.expires", Col::Text("ar.expires_on")),
    ],
    order: "ar.expires_on, ar.id",
    ..NONE
};

/// What [`EVENT`] and [`OPEN_EVENT`] share.
const EVENT_PARTS: Fact = Fact {
    tables: "adverse_event",
    from: "adverse_event e",
    when: When::Moment("e.created_at"),
    person: "e.staff_id",
    scope: Scope::Company,
    shown: "JOIN staff st ON st.id = e.staff_id",
    columns: &[
        (
            "insight.col.at",
            Col::Link("/adverse-events/", "e.id", "e.day_zero"),
        ),
        (
            "insight.col.severity",
            Col::Code("e.severity", crate::safety::model::severity_label),
        ),
        ("insight.col.due", Col::Text("e.due_day")),
        ("insight.col.person", Col::Text("st.name")),
        ("insight.col.first_step", Col::Moment("e.first_step_at")),
        ("insight.col.submitted", Col::Moment("e.submitted_at")),
        ("insight.col.closed", Col::Moment("e.closed_at")),
    ],
    order: "e.created_at DESC, e.id",
    ..NONE
};

/// Adverse events by the moment of their report.
pub static EVENT: Fact = EVENT_PARTS;

/// Adverse events that are not closed.
pub static OPEN_EVENT: Fact = Fact {
    base: "e.closed_at IS NULL",
    when: When::Now,
    order: "e.due_day, e.id",
    ..EVENT_PARTS
};

/// Rows of the audit log.
pub static AUDIT: Fact = Fact {
    tables: "audit_log",
    from: "audit_log g",
    when: When::Moment("g.at"),
    person: "g.actor_id",
    scope: Scope::Company,
    columns: &[
        ("insight.col.at", Col::Moment("g.at")),
        ("insight.col.person", Col::Text("g.actor_name")),
        ("insight.col.act", Col::Code("g.action", act)),
        ("insight.col.row", Col::Text("g.seq")),
    ],
    order: "g.seq DESC",
    ..NONE
};

/// Days on which staff used Mailuo.
pub static ACTIVE: Fact = Fact {
    tables: "active_day",
    from: "active_day w",
    when: When::Day("w.day"),
    person: "w.staff_id",
    ..NONE
};

/// Staff who work here.
pub static STAFF: Fact = Fact {
    tables: "staff",
    from: "staff s",
    base: "s.left_at IS NULL",
    person: "s.id",
    shown: "JOIN org_unit u ON u.id = s.unit_id",
    columns: &[
        ("insight.col.person", Col::Text("s.name")),
        ("insight.col.unit", Col::Text("u.name")),
        ("insight.col.role", Col::Code("s.role", role)),
    ],
    order: "s.name, s.id",
    ..NONE
};

fn flags(json: &str) -> String {
    let flags: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    flags
        .iter()
        .map(|flag| crate::visit::model::flag_label(flag))
        .collect::<Vec<_>>()
        .join("、")
}

fn role(code: &str) -> String {
    crate::shared::Role::parse(code).map_or_else(|| code.to_owned(), crate::shared::Role::label)
}

fn act(code: &str) -> String {
    crate::ui::locale::lookup(&format!("acts.{code}"))
}

/// SQL with its places filled. Days and numbers of this server only: nothing that somebody typed.
pub fn filled(state: &AppState, sql: &str) -> String {
    if !sql.contains('{') {
        return sql.to_owned();
    }
    let (now, today) = (time::now(), state.zone.today());
    sql.replace("{tracked}", TRACKED)
        .replace("{assigned}", &ASSIGNED)
        .replace("{soon}", &time::shift_day(&today, 30))
        .replace("{today}", &today)
        .replace("{now}", &now.to_string())
}
