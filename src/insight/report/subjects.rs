//! Those that a report is on: who is listed, what each is called, what each is grouped under.

use std::collections::{HashMap, HashSet};

use super::super::count;
use super::super::facts::HCP_CALLED;
use super::super::model::{ReportFilter, Slice};
use super::super::ranking::CALLED;
use super::super::slice::Asker;
use super::MOST;
use super::kinds::Kind;
use crate::server::db::{DbResult, Query, containing, q};

/// One that a report is on: id, name, what it is grouped under.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(super) struct Subject {
    pub id: String,
    pub name: String,
    pub group_id: String,
    pub group_name: String,
}

fn like(query: &mut Query, column: &str, text: &str) {
    if !text.trim().is_empty() {
        query.push_with(
            &format!(" AND {column} LIKE ? ESCAPE '!'"),
            [containing(text)],
        );
    }
}

/// Names and groups of those that have a number; within scope.
pub(super) async fn subjects(
    asker: &Asker<'_>,
    kind: &Kind,
    filter: &ReportFilter,
    ids: &[String],
) -> DbResult<HashMap<String, Subject>> {
    let group = match filter.group.as_str() {
        "unit" => "u.id AS group_id, u.name AS group_name",
        "role" => "x.role AS group_id, x.role AS group_name",
        "audience" => "x.audience AS group_id, x.audience AS group_name",
        "category" => "x.category AS group_id, x.category AS group_name",
        "province" => "h.province AS group_id, h.province AS group_name",
        "specialty" => {
            "COALESCE(NULLIF(h.specialty, ''), h.department) AS group_id, \
             COALESCE(NULLIF(h.specialty, ''), h.department) AS group_name"
        }
        _ => "'' AS group_id, '' AS group_name",
    };
    let mut out = HashMap::new();
    for some in ids.chunks(400) {
        let mut query = match kind.id {
            "article" => q(format!(
                "SELECT x.id, x.title AS name, {group} FROM article x WHERE "
            )),
            "course" => q(format!(
                "SELECT x.id, x.title AS name, {group} FROM course x WHERE "
            )),
            "hcp" => q(format!(
                "SELECT h.id, {HCP_CALLED} AS name, {group} FROM hcp h WHERE "
            )),
            _ => q(format!(
                "SELECT x.id, {CALLED} AS name, {group} FROM staff x JOIN org_unit u ON u.id = x.unit_id WHERE "
            )),
        };
        let (id, name) = match kind.id {
            "article" | "course" => ("x.id", "x.title"),
            "hcp" => ("h.id", HCP_CALLED),
            _ => ("x.id", CALLED),
        };
        query.push_among(id, some);
        if kind.id == "hcp" {
            query.push(" AND ");
            crate::hcp::store::scope(asker.actor, &mut query);
        }
        if kind.id == "rep" {
            query.push(" AND ");
            asker.actor.scope(&mut query, "x.id");
        }
        like(&mut query, name, &filter.text);
        let found: Vec<Subject> = query.all(&asker.state.db).await?;
        out.extend(found.into_iter().map(|s| (s.id.clone(), s)));
    }
    Ok(out)
}

/// What a group is called.
pub(super) fn group_name(group: &str, subject: &Subject) -> String {
    let name = &subject.group_name;
    match group {
        "role" => crate::shared::Role::parse(name)
            .map_or_else(|| name.clone(), crate::shared::Role::label),
        "audience" => crate::content::model::audience_label(name),
        "category" => crate::course::model::category_label(name),
        _ if name.is_empty() => tr!("insight.none"),
        _ => name.clone(),
    }
}

/// The units among the groups of some people that have others below them: such a group holds its own people alone.
pub(super) async fn with_units_below(
    asker: &Asker<'_>,
    people: &[Subject],
) -> DbResult<HashSet<String>> {
    let mut groups: Vec<String> = people.iter().map(|s| s.group_id.clone()).collect();
    groups.dedup();
    let mut out = HashSet::new();
    for some in groups.chunks(400) {
        let mut query = q("SELECT DISTINCT parent_id FROM org_unit WHERE ");
        query.push_among("parent_id", some);
        let rows: Vec<(String,)> = query.all(&asker.state.db).await?;
        out.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(out)
}

/// The field staff and managers of a slice, as staff `s`: `SELECT {head} FROM … WHERE …`.
pub(in crate::insight) fn field_staff(asker: &Asker<'_>, slice: &Slice, head: &str) -> Query {
    let mut query = q(format!(
        "SELECT {head} FROM staff s WHERE s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep', 'manager') AND "
    ));
    asker.actor.scope(&mut query, "s.id");
    count::push_whose("s.id", slice, &mut query);
    query
}

/// Ids of those that are listed whatever their numbers: field staff, content and courses that are out.
pub(super) async fn everybody(
    asker: &Asker<'_>,
    kind: &Kind,
    slice: &Slice,
) -> DbResult<Vec<String>> {
    let mut query = match kind.id {
        "rep" => field_staff(asker, slice, "s.id"),
        "article" => q("SELECT x.id FROM article x WHERE x.status = 'published'"),
        "course" => q(
            "SELECT x.id FROM course x WHERE x.published_at IS NOT NULL AND x.archived_at IS NULL",
        ),
        _ => return Ok(Vec::new()),
    };
    let only = match kind.id {
        "article" => &slice.article,
        "course" => &slice.course,
        _ => "",
    };
    if !only.is_empty() {
        query.push_with(" AND x.id = ?", [only]);
    }
    if kind.id == "article" && !slice.product.is_empty() {
        query.push_with(
            " AND x.id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
            [&slice.product],
        );
    }
    query.push_with(" LIMIT ?", [MOST]);
    let rows: Vec<(String,)> = query.all(&asker.state.db).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
