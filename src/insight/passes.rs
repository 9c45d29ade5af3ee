//! Numbers of many measures at once, or by a group: out of the sums that are kept where they can answer, else out of the
//! rows, those of one fact in one pass.

use super::count::{By, group, push_from, what};
use super::facts::{Fact, Scope};
use super::kept;
use super::model::Slice;
use super::registry::Measure;
use super::slice::Asker;
use crate::onboarding::consent::TRACKED;
use crate::server::db::{Query, q};
use crate::server::facts::Facts;

/// Measures of one fact over the same days.
type Pass = Vec<&'static Measure>;

/// Whether a measure can be counted along with a pass.
fn joins(pass: &[&'static Measure], measure: &Measure) -> bool {
    std::ptr::eq(pass[0].fact(), measure.fact()) && pass[0].window == measure.window
}

fn passes(measures: Vec<&'static Measure>) -> Vec<Pass> {
    let mut out: Vec<Pass> = Vec::new();
    for measure in measures.into_iter().filter(|m| m.share().is_none()) {
        match out.iter_mut().find(|pass| joins(pass, measure)) {
            Some(pass) => pass.push(measure),
            None => out.push(vec![measure]),
        }
    }
    out
}

/// `SELECT id, n0, n1 …` of a pass by `group`, or of all its rows; `rest` appends `FROM … WHERE …`.
fn counted(
    asker: &Asker<'_>,
    pass: &Pass,
    group: Option<&str>,
    rest: impl FnOnce(&mut Query),
) -> Query {
    let id = group.map_or_else(|| "''".to_owned(), |group| format!("CAST({group} AS TEXT)"));
    let mut query = q(format!("SELECT {id} AS id"));
    for (i, measure) in pass.iter().enumerate() {
        let what = what(asker, measure, pass.len() == 1);
        query.push(&format!(", {what} AS n{i}"));
    }
    rest(&mut query);
    if let Some(group) = group {
        query.push(&format!(" GROUP BY {group}"));
    }
    query
}

/// The numbers of a pass as rows with `kind`, `id`, `text` and `n`, without those that are none.
fn unfolded(pass: &Pass, counted: Query) -> Query {
    let (mut kinds, mut numbers, mut places) = (String::new(), String::new(), Vec::new());
    for (i, measure) in pass.iter().enumerate() {
        kinds.push_str(&format!(" WHEN {i} THEN '{}'", measure.id));
        numbers.push_str(&format!(" WHEN {i} THEN g.n{i}"));
        places.push(format!("SELECT {i} AS i"));
    }
    let places = places.join(" UNION ALL ");
    let mut query = q(format!(
        "SELECT CASE j.i{kinds} END AS kind, g.id AS id, '' AS text, CASE j.i{numbers} END AS n FROM ("
    ));
    query.append(counted).push(&format!(
        ") g CROSS JOIN ({places}) j WHERE CASE j.i{numbers} END <> 0"
    ));
    query
}

/// Asks for the one number of each measure that is no share, spread over statements that are sent side by side.
pub fn totals(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    statements: &mut [Facts],
) {
    let most = statements.len();
    let mut rest = Pass::new();
    for (i, measure) in measures.iter().enumerate() {
        match kept::total(asker, measure, slice) {
            Some(query) => statements[i % most].count(measure.id, query),
            None => rest.push(measure),
        }
    }
    for (i, pass) in passes(rest).iter().enumerate() {
        let counted = counted(asker, pass, None, |query| {
            push_from(asker, pass, slice, "", query);
        });
        statements[i % most].many(unfolded(pass, counted));
    }
}

/// Asks for the numbers of measures by a group, only of the given ids if they are; of measures that cannot be told apart
/// so, and of shares, for nothing.
pub fn groups(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
    facts: &mut Facts,
) {
    let mut rest = Pass::new();
    for measure in measures {
        match kept::grouped(asker, measure, slice, by, ids) {
            Some(query) => facts.rows(measure.id, query),
            None => rest.push(measure),
        }
    }
    for pass in &passes(rest) {
        if let Some(counted) = grouped(asker, pass, slice, by, ids) {
            facts.many(unfolded(pass, counted));
        }
    }
}

/// Those of `others` that the rows which are read for `first` tell anyway.
pub fn along(
    asker: &Asker<'_>,
    first: &[&'static Measure],
    others: &[&'static Measure],
    slice: &Slice,
    by: By<'_>,
) -> Vec<&'static Measure> {
    let from_rows = |m: &&'static Measure| kept::grouped(asker, m, slice, by, None).is_none();
    let read = passes(first.iter().copied().filter(|m| from_rows(m)).collect());
    let told = |m: &&'static Measure| {
        from_rows(m) && m.share().is_none() && read.iter().any(|pass| joins(pass, m))
    };
    others.iter().copied().filter(|m| told(m)).collect()
}

fn grouped(
    asker: &Asker<'_>,
    pass: &Pass,
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
) -> Option<Query> {
    let fact = pass.first()?.fact();
    let (group, joins) = group(asker, fact, by)?;
    if let (By::Hcp, false) = (by, joins.is_empty()) {
        return Some(by_hcp(asker, pass, slice, ids));
    }
    Some(counted(asker, pass, Some(&group), |query| {
        push_from(asker, pass, slice, &joins, query);
        query.push(&format!(" AND {group} IS NOT NULL"));
        if matches!(by, By::Hcp | By::HcpProvince | By::HcpSpecialty) {
            query.push(" AND ");
            push_named(asker, fact, query);
        }
        if fact.scope == Scope::Library
            && matches!(by, By::Person | By::HomeUnit | By::Role | By::Units(_))
        {
            // HCPs who are shared with the team belong to somebody else's people.
            query.push(" AND ");
            asker.actor.scope(query, fact.person);
        }
        if let Some(ids) = ids {
            query.push(" AND ").push_among(&group, ids);
        }
    }))
}

/// Keeps the HCPs `h` that the asker sees; who reads is told of by name only while they agree.
fn push_named(asker: &Asker<'_>, fact: &Fact, query: &mut Query) {
    crate::hcp::store::scope(asker.actor, query);
    if !fact.named.is_empty() {
        query.push(" AND ").push(TRACKED);
    }
}

/// Numbers by HCP: counted first, and then looked up, each once.
fn by_hcp(asker: &Asker<'_>, pass: &Pass, slice: &Slice, ids: Option<&[String]>) -> Query {
    let fact = pass[0].fact();
    let mut query = q("SELECT k.* FROM (");
    query
        .append(counted(asker, pass, Some(fact.hcp), |query| {
            push_from(asker, pass, slice, "", query);
            query.push(&format!(" AND {} IS NOT NULL", fact.hcp));
            if let Some(ids) = ids {
                query.push(" AND ").push_among(fact.hcp, ids);
            }
        }))
        .push(") k JOIN hcp h ON h.id = k.id WHERE ");
    push_named(asker, fact, &mut query);
    query
}
