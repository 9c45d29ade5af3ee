//! What a report can be by: its usual columns, its groups, which measures fit it.

use super::super::count::By;
use super::super::model::Slice;
use super::super::registry::{Count, Key, Measure};
use crate::server::guard::Actor;
use crate::shared::{AppError, Permission};

/// What a report is by.
pub(super) struct Kind {
    pub id: &'static str,
    pub name: &'static str,
    pub permission: Permission,
    /// Columns where none are chosen.
    pub usual: &'static [&'static str],
    /// What rows can be grouped by: code, name.
    pub groups: &'static [(&'static str, &'static str)],
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        id: "rep",
        name: "insight.by.person",
        permission: Permission::ReadInsight,
        usual: &[
            "visits",
            "plan_rate",
            "created",
            "shares",
            "pv",
            "uv",
            "rereads",
            "onboarded",
            "coverage",
        ],
        groups: &[("unit", "insight.unit"), ("role", "insight.col.role")],
    },
    Kind {
        id: "article",
        name: "insight.by.article",
        permission: Permission::ReadShares,
        usual: &[
            "created",
            "shares",
            "pv",
            "uv",
            "rereads",
            "finished",
            "finish_rate",
            "passed",
        ],
        groups: &[("audience", "insight.audience")],
    },
    Kind {
        id: "course",
        name: "insight.by.course",
        permission: Permission::ReadResults,
        usual: &[
            "coverage",
            "assigned",
            "completed",
            "missing",
            "lessons",
            "learners",
        ],
        groups: &[("category", "insight.category")],
    },
    Kind {
        id: "hcp",
        name: "insight.by.hcp",
        permission: Permission::ReadHcps,
        usual: &["pv", "rereads", "finished", "created", "passed", "meetings"],
        groups: &[
            ("province", "insight.province"),
            ("specialty", "insight.specialty"),
        ],
    },
];

pub(super) fn kind(actor: &Actor, id: &str) -> Result<&'static Kind, AppError> {
    KINDS
        .iter()
        .find(|kind| kind.id == id && actor.role.may(kind.permission))
        .ok_or(AppError::NotFound)
}

/// How a report tells its rows apart.
pub(super) fn by(kind: &Kind) -> By<'static> {
    match kind.id {
        "article" => By::Article,
        "course" => By::Course,
        "hcp" => By::Hcp,
        _ => By::Person,
    }
}

/// How its groups are counted: anew, since distinct counts do not add up.
pub(super) fn by_group(group: &str) -> Option<By<'static>> {
    Some(match group {
        "unit" => By::HomeUnit,
        "role" => By::Role,
        "audience" => By::Audience,
        "category" => By::Category,
        "province" => By::HcpProvince,
        "specialty" => By::HcpSpecialty,
        _ => return None,
    })
}

/// Whether a measure can be told apart by a report's rows.
pub(super) fn fits(kind: &Kind, measure: &Measure) -> bool {
    let fact = measure.fact();
    let known = match kind.id {
        "article" => fact.article,
        "course" => fact.course,
        "hcp" => fact.hcp,
        _ => fact.person,
    };
    // What could only be none or one.
    let one_each = match (kind.id, measure.count) {
        ("hcp", Count::Distinct(_, _, key)) => !matches!(key, Key::Staff(_)),
        ("hcp", _) => fact.tables == "hcp",
        ("rep", Count::Distinct(_, _, key)) => matches!(key, Key::Staff(_)),
        ("rep", _) => fact.tables == "staff",
        ("article", _) => fact.tables == "article",
        _ => false,
    };
    !known.is_empty() && !one_each
}

/// The slice of one that a report is on.
pub(super) fn part(kind: &Kind, slice: &Slice, id: &str) -> Slice {
    let mut part = slice.clone();
    let field = match kind.id {
        "article" => &mut part.article,
        "course" => &mut part.course,
        "hcp" => &mut part.hcp,
        _ => &mut part.person,
    };
    id.clone_into(field);
    part
}
