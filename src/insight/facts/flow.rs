//! The flow of goods: lines that are credited to reps, and appeals about them.

use super::{CALLED, Col, Fact, NONE, When};

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
        ("insight.col.quantity", Col::Number("l.quantity")),
        ("insight.col.distributor", Col::Text("fd.name")),
        (
            "insight.col.state",
            Col::Code("l.state", crate::flow::model::line_label),
        ),
        ("insight.col.rep", Col::Text(CALLED)),
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
        ("insight.col.rep", Col::Text(CALLED)),
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
