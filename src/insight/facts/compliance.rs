//! What compliance watches over: articles, adverse events, the audit log.

use super::{Col, Fact, NONE, Scope, When};

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
            "insight.col.day",
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

fn act(code: &str) -> String {
    crate::ui::locale::lookup(&format!("acts.{code}"))
}
