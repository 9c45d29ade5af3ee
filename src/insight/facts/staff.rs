//! Staff: the days on which they used Mailuo, and who works here.

use super::{Col, Fact, NONE, When};

/// Days on which staff used Mailuo.
pub static ACTIVE: Fact = Fact {
    tables: "active_day",
    from: "active_day w",
    when: When::Day("w.day"),
    person: "w.staff_id",
    by_person: true,
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

fn role(code: &str) -> String {
    crate::shared::Role::parse(code).map_or_else(|| code.to_owned(), crate::shared::Role::label)
}
