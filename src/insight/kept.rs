//! The numbers that kept sums can answer: where days, units and people alone narrow them, and of content over the company
//! or a unit.

use super::count::{By, above, bucket_of, days, group, push_whose};
use super::facts::{LINE, When};
use super::model::Slice;
use super::registry::{Kept, Measure};
use super::slice::Asker;
use crate::server::db::{Query, q};

/// Whether days, units and people alone narrow a slice.
fn only_people(slice: &Slice) -> bool {
    slice.article.is_empty() && slice.product.is_empty() && no_reader(slice)
}

/// Whether nothing narrows a slice that sums by unit and content do not know.
fn no_reader(slice: &Slice) -> bool {
    [&slice.province, &slice.specialty, &slice.course, &slice.hcp]
        .iter()
        .all(|value| value.is_empty())
}

/// The sums of flow that know what narrows a slice: people and terminals, or products too. What else may narrow it, lines
/// do not know.
fn flow_sums(slice: &Slice) -> &'static str {
    if slice.product.is_empty() {
        "flow_terminal_sum"
    } else {
        "flow_sum"
    }
}

/// Appends what keeps the sums of flow `s` of a slice.
fn push_flow(asker: &Asker<'_>, slice: &Slice, query: &mut Query) {
    asker.actor.scope(query, "s.credited_id");
    push_whose("s.credited_id", slice, query);
    query.push_with(
        " AND s.month >= ? AND s.month <= ?",
        [&slice.from[..7], &slice.to[..7]],
    );
    if !slice.province.is_empty() {
        query.push_with(
            " AND s.terminal_id IN (SELECT t.id FROM terminal t WHERE t.province = ?)",
            [&slice.province],
        );
    }
    if !slice.product.is_empty() {
        query.push_with(" AND s.product_id = ?", [&slice.product]);
    }
}

/// The one number of a measure out of kept sums, if they can answer.
pub fn total(asker: &Asker<'_>, measure: &Measure, slice: &Slice) -> Option<Query> {
    let (from, to) = days(measure, slice);
    let sum = |column: &str| format!("CAST(COALESCE(SUM(z.{column}), 0) AS BIGINT)");
    let mut query;
    match measure.kept {
        Kept::Nothing => return None,
        Kept::Flow(sum) => {
            query = q(format!(
                "SELECT CAST(COALESCE(SUM({sum}), 0) AS BIGINT) FROM {} s WHERE ",
                flow_sums(slice)
            ));
            push_flow(asker, slice, &mut query);
            return Some(query);
        }
        Kept::Reach { hcps_only } => {
            query = readers(asker, slice, &sum("n"))?;
            push_first(&mut query, &from, hcps_only);
        }
        Kept::Share(column) => query = shared(asker, slice, &sum(column))?,
    }
    query.push_with(" AND z.day >= ? AND z.day <= ?", [from.as_str(), to]);
    Some(query)
}

/// Sums of a slice: `SELECT {head} FROM … z WHERE …` without its days. `None` where no such sums are kept.
fn shared(asker: &Asker<'_>, slice: &Slice, head: &str) -> Option<Query> {
    if !only_people(slice) {
        return by_content(asker, "unit_article_day", slice, head);
    }
    let Some(unit) = asker.unit_of(slice).filter(|_| slice.person.is_empty()) else {
        return Some(by_people(asker, slice, head));
    };
    let mut query = q(format!("SELECT {head} FROM unit_day z WHERE "));
    query.push_with("z.unit_id = ?", [unit]);
    Some(query)
}

/// Sums by person: `SELECT {head} FROM … z WHERE …` without their days.
fn by_people(asker: &Asker<'_>, slice: &Slice, head: &str) -> Query {
    let mut query = q(format!("SELECT {head} FROM share_day z WHERE "));
    asker.actor.scope(&mut query, "z.staff_id");
    push_whose("z.staff_id", slice, &mut query);
    query
}

/// Sums by content over a unit out of `table`, or over the company: `SELECT {head} FROM … z WHERE …` with the content of
/// the slice, without its days. `None` where no such sums are kept.
fn by_content(asker: &Asker<'_>, table: &str, slice: &Slice, head: &str) -> Option<Query> {
    if !slice.person.is_empty() || !no_reader(slice) {
        return None;
    }
    let company = asker.actor.role.sees_company() && slice.unit.is_empty();
    let mut query;
    if company && table == "unit_article_day" {
        query = q(format!("SELECT {head} FROM article_day z WHERE 1 = 1"));
    } else {
        query = q(format!("SELECT {head} FROM {table} z WHERE "));
        query.push_with("z.unit_id = ?", [asker.unit_of(slice)?]);
    }
    if !slice.article.is_empty() {
        query.push_with(" AND z.article_id = ?", [&slice.article]);
    }
    if !slice.product.is_empty() {
        query.push_with(
            " AND z.article_id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
            [&slice.product],
        );
    }
    Some(query)
}

/// Readers' days of all that a unit shared, or of one article: `SELECT {head} FROM … z WHERE …` without the days. `None`
/// for several articles: who reads two of them would count twice.
fn readers(asker: &Asker<'_>, slice: &Slice, head: &str) -> Option<Query> {
    if !slice.article.is_empty() {
        return by_content(asker, "unit_article_reach", slice, head);
    }
    if !slice.person.is_empty() || !only_people(slice) {
        return None;
    }
    let mut query = q(format!("SELECT {head} FROM reach z WHERE "));
    query.push_with("z.unit_id = ?", [asker.unit_of(slice)?]);
    Some(query)
}

/// Keeps of readers' days `z` the first of each reader from a day on: the day before it lies before.
fn push_first(query: &mut Query, from: &str, hcps_only: bool) {
    query.push_with(" AND z.prev_on < ?", [from]);
    push_kind(query, hcps_only);
}

/// Keeps of readers' days `z` those of HCPs, if only they are asked for.
fn push_kind(query: &mut Query, hcps_only: bool) {
    if hcps_only {
        query.push(" AND z.kind = 'hcp'");
    }
}

/// PV of each day, of all that the asker sees: rows of day and number, without the days on which nothing happened.
pub fn pv_by_day(asker: &Asker<'_>, from: &str, to: &str) -> Query {
    let (everything, head) = (Slice::default(), "z.day, CAST(SUM(z.pv) AS BIGINT)");
    let query = shared(asker, &everything, head);
    let mut query = query.unwrap_or_else(|| by_people(asker, &everything, head));
    query.push_with(" AND z.day >= ? AND z.day <= ? GROUP BY z.day", [from, to]);
    query
}

/// Numbers by a group out of kept sums, if they can answer.
pub fn grouped(
    asker: &Asker<'_>,
    measure: &Measure,
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
) -> Option<Query> {
    let (from, to) = days(measure, slice);
    let column = match measure.kept {
        Kept::Nothing => return None,
        Kept::Flow(_) => {
            let mut query = q("SELECT k.id, '' AS text, k.n0 AS n FROM (");
            query
                .append(flow(asker, &[measure], slice, by, ids)?)
                .push(") k");
            return Some(query);
        }
        Kept::Share(column) => column,
        Kept::Reach { .. } => "n",
    };
    let group = match by {
        By::Buckets(buckets) => bucket_of(asker, When::Day("z.day"), buckets)?,
        By::Article => "z.article_id".into(),
        By::Person => "z.staff_id".into(),
        By::Units(_) => "z.unit_id".into(),
        _ => return None,
    };
    let head =
        format!("CAST({group} AS TEXT) AS id, '' AS text, CAST(SUM(z.{column}) AS BIGINT) AS n");
    let of_units = |table: &str, units: &[String]| {
        let fresh = units.iter().all(|unit| asker.is_fresh(unit));
        if !fresh || !slice.person.is_empty() || !only_people(slice) {
            return None;
        }
        let mut query = q(format!("SELECT {head} FROM {table} z WHERE "));
        query.push_among("z.unit_id", units);
        Some(query)
    };
    let mut query = match (measure.kept, by) {
        (Kept::Share(_), By::Article) => by_content(asker, "unit_article_day", slice, &head)?,
        (Kept::Share(_), By::Buckets(_)) => shared(asker, slice, &head)?,
        (Kept::Share(_), By::Person) if only_people(slice) => by_people(asker, slice, &head),
        (Kept::Share(_), By::Units(units)) => of_units("unit_day", units)?,
        (Kept::Reach { hcps_only }, By::Buckets(buckets)) => {
            let mut query = readers(asker, slice, &head)?;
            // Each bucket counts its own: seen in it for the first time.
            let earlier = bucket_of(asker, When::Day("z.prev_on"), buckets)?;
            query.push_with(" AND (z.prev_on < ? OR ", [&from]);
            query.push(&format!("{group} <> {earlier})"));
            push_kind(&mut query, hcps_only);
            query
        }
        (Kept::Reach { hcps_only }, By::Article) => {
            let mut query = by_content(asker, "unit_article_reach", slice, &head)?;
            push_first(&mut query, &from, hcps_only);
            query
        }
        (Kept::Reach { hcps_only }, By::Units(units)) => {
            let mut query = of_units("reach", units)?;
            push_first(&mut query, &from, hcps_only);
            query
        }
        _ => return None,
    };
    query.push_with(" AND z.day >= ? AND z.day <= ?", [from.as_str(), to]);
    if let Some(ids) = ids {
        query.push(" AND ").push_among(&group, ids);
    }
    query.push(&format!(" GROUP BY {group}"));
    if matches!(by, By::Person | By::Article) {
        // Who has only something else on these days is not among them.
        query.push(&format!(" HAVING SUM(z.{column}) <> 0"));
    }
    Some(query)
}

/// Sums of flow by a group of people: `id`, `n0`, `n1` … of measures that all are such sums, without groups that have
/// none. `None` for other groups, and for no measures.
pub fn flow(
    asker: &Asker<'_>,
    measures: &[&Measure],
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
) -> Option<Query> {
    let sums = measures.iter().map(|measure| match measure.kept {
        Kept::Flow(sum) => Some(sum),
        _ => None,
    });
    let sums = sums.collect::<Option<Vec<_>>>().filter(|s| !s.is_empty())?;
    let line = &LINE;
    let (group, joins) = match by {
        // Each person's units are looked up once.
        By::Person | By::Units(_) => ("s.credited_id".to_owned(), String::new()),
        By::HomeUnit | By::Role => {
            // The sums stand under the names of the lines that they are of.
            let (group, joins) = group(asker, line, by)?;
            (group, joins.replace(line.person, "s.credited_id"))
        }
        _ => return None,
    };
    let mut query = q(format!("SELECT CAST({group} AS TEXT) AS id"));
    for (i, sum) in sums.iter().enumerate() {
        query.push(&format!(", CAST(SUM({sum}) AS BIGINT) AS n{i}"));
    }
    query.push(&format!(" FROM {} s {joins} WHERE ", flow_sums(slice)));
    push_flow(asker, slice, &mut query);
    query.push(" AND s.credited_id <> ''");
    if let (Some(ids), false) = (ids, matches!(by, By::Units(_))) {
        query.push(" AND ").push_among(&group, ids);
    }
    let any: Vec<String> = sums.iter().map(|sum| format!("SUM({sum}) <> 0")).collect();
    query.push(&format!(" GROUP BY {group} HAVING {}", any.join(" OR ")));
    let By::Units(units) = by else {
        return Some(query);
    };
    let mut of_units = q("SELECT CAST(gc.ancestor_id AS TEXT) AS id");
    for i in 0..sums.len() {
        of_units.push(&format!(", CAST(SUM(k.n{i}) AS BIGINT) AS n{i}"));
    }
    of_units
        .push(" FROM (")
        .append(query)
        .push(&format!(") k {} WHERE 1 = 1", above("k.id", units)));
    if let Some(ids) = ids {
        of_units.push(" AND ").push_among("gc.ancestor_id", ids);
    }
    of_units.push(" GROUP BY gc.ancestor_id");
    Some(of_units)
}
