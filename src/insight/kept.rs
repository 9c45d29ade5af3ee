//! The numbers that kept sums can answer: where days, units and people alone narrow them, and of content over the company.

use super::count::{By, bucket_of, days, group, push_whose};
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
    if let Kept::Flow(sum) = measure.kept {
        let mut query = q(format!(
            "SELECT CAST(COALESCE(SUM({sum}), 0) AS BIGINT) FROM {} s WHERE ",
            flow_sums(slice)
        ));
        push_flow(asker, slice, &mut query);
        return Some(query);
    }
    if !only_people(slice) {
        return of_content(asker, measure, slice);
    }
    let (from, to) = days(measure, slice);
    let mut query;
    match measure.kept {
        Kept::Share(column) if slice.person.is_empty() && asker.unit_of(slice).is_some() => {
            query = q(format!(
                "SELECT CAST(COALESCE(SUM(z.{column}), 0) AS BIGINT) FROM unit_day z WHERE "
            ));
            query.push_with(
                "z.unit_id = ? AND z.day >= ? AND z.day <= ?",
                [asker.unit_of(slice)?, from.as_str(), to],
            );
        }
        Kept::Share(column) => {
            query = q(format!(
                "SELECT CAST(COALESCE(SUM(z.{column}), 0) AS BIGINT) FROM share_day z WHERE "
            ));
            asker.actor.scope(&mut query, "z.staff_id");
            push_whose("z.staff_id", slice, &mut query);
            query.push_with(" AND z.day >= ? AND z.day <= ?", [from.as_str(), to]);
        }
        Kept::Reach { hcps_only } => {
            if !slice.person.is_empty() {
                return None;
            }
            // Who was seen on some of the days, at the first of them: the day before on which the unit had them lies
            // before the range.
            query = q("SELECT CAST(COALESCE(SUM(z.n), 0) AS BIGINT) FROM reach z WHERE ");
            query.push_with(
                "z.unit_id = ? AND z.day >= ? AND z.day <= ? AND z.prev_on < ?",
                [asker.unit_of(slice)?, from.as_str(), to, from.as_str()],
            );
            if hcps_only {
                query.push(" AND z.kind = 'hcp'");
            }
        }
        Kept::Flow(_) | Kept::Nothing => return None,
    }
    Some(query)
}

/// Sums by content, over the company or a unit: `SELECT {head} FROM … z WHERE …` with the content of the slice, without
/// its days. `None` where no such sums are kept.
fn by_content(asker: &Asker<'_>, slice: &Slice, head: &str) -> Option<Query> {
    if !slice.person.is_empty() || !no_reader(slice) {
        return None;
    }
    let mut query;
    if asker.actor.role.sees_company() && slice.unit.is_empty() {
        query = q(format!("SELECT {head} FROM article_day z WHERE 1 = 1"));
    } else {
        query = q(format!("SELECT {head} FROM unit_article_day z WHERE "));
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

/// Sums of some content.
fn of_content(asker: &Asker<'_>, measure: &Measure, slice: &Slice) -> Option<Query> {
    let Kept::Share(column) = measure.kept else {
        return None;
    };
    let sum = format!("CAST(COALESCE(SUM(z.{column}), 0) AS BIGINT)");
    let mut query = by_content(asker, slice, &sum)?;
    let (from, to) = days(measure, slice);
    query.push_with(" AND z.day >= ? AND z.day <= ?", [from.as_str(), to]);
    Some(query)
}

/// PV of each day, of all that the asker sees: rows of day and number, without the days on which nothing happened.
pub fn pv_by_day(asker: &Asker<'_>, from: &str, to: &str) -> Query {
    let everything = Slice::default();
    let unit = asker.unit_of(&everything);
    let table = if unit.is_some() {
        "unit_day"
    } else {
        "share_day"
    };
    let mut query = q(format!(
        "SELECT z.day, CAST(SUM(z.pv) AS BIGINT) FROM {table} z WHERE "
    ));
    match unit {
        Some(unit) => {
            query.push_with("z.unit_id = ?", [unit]);
        }
        None => asker.actor.scope(&mut query, "z.staff_id"),
    }
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
    let content = !slice.article.is_empty() || !slice.product.is_empty();
    if let Kept::Flow(sum) = measure.kept {
        return of_flow(asker, sum, slice, by, ids);
    }
    if !no_reader(slice) {
        return None;
    }
    let shown = |group: &str, column: &str| {
        format!("CAST({group} AS TEXT) AS id, '' AS text, CAST(SUM(z.{column}) AS BIGINT) AS n")
    };
    let head = |group: &str, column: &str, table: &str| {
        q(format!(
            "SELECT {} FROM {table} z WHERE ",
            shown(group, column)
        ))
    };
    let units_fresh = |units: &[String]| units.iter().all(|unit| asker.is_fresh(unit));
    let of_unit = slice
        .person
        .is_empty()
        .then(|| asker.unit_of(slice))
        .flatten();
    let (mut query, group): (Query, String) = match (measure.kept, by) {
        (Kept::Share(column), By::Buckets(buckets)) if content => {
            let group = bucket_of(asker, When::Day("z.day"), buckets)?;
            (by_content(asker, slice, &shown(&group, column))?, group)
        }
        (Kept::Share(column), By::Article) => {
            let group = "z.article_id".to_owned();
            (by_content(asker, slice, &shown(&group, column))?, group)
        }
        _ if content => return None,
        (Kept::Share(column), By::Buckets(buckets)) if of_unit.is_some() => {
            let group = bucket_of(asker, When::Day("z.day"), buckets)?;
            let mut query = head(&group, column, "unit_day");
            query.push_with("z.unit_id = ?", [of_unit?]);
            (query, group)
        }
        (Kept::Share(column), By::Buckets(buckets)) => {
            let group = bucket_of(asker, When::Day("z.day"), buckets)?;
            let mut query = head(&group, column, "share_day");
            asker.actor.scope(&mut query, "z.staff_id");
            push_whose("z.staff_id", slice, &mut query);
            (query, group)
        }
        (Kept::Share(column), By::Person) => {
            let mut query = head("z.staff_id", column, "share_day");
            asker.actor.scope(&mut query, "z.staff_id");
            push_whose("z.staff_id", slice, &mut query);
            (query, "z.staff_id".into())
        }
        (Kept::Share(column), By::Units(units))
            if slice.person.is_empty() && units_fresh(units) =>
        {
            let mut query = head("z.unit_id", column, "unit_day");
            query.push_among("z.unit_id", units);
            (query, "z.unit_id".into())
        }
        (Kept::Reach { hcps_only }, By::Buckets(buckets)) => {
            let group = bucket_of(asker, When::Day("z.day"), buckets)?;
            let earlier = bucket_of(asker, When::Day("z.prev_on"), buckets)?;
            let mut query = head(&group, "n", "reach");
            query.push_with("z.unit_id = ?", [of_unit?]);
            // Each bucket counts its own: seen in it for the first time.
            query.push_with(" AND (z.prev_on < ? OR ", [&from]);
            query.push(&format!("{group} <> {earlier})"));
            if hcps_only {
                query.push(" AND z.kind = 'hcp'");
            }
            (query, group)
        }
        (Kept::Reach { hcps_only }, By::Units(units))
            if slice.person.is_empty() && units_fresh(units) =>
        {
            let mut query = head("z.unit_id", "n", "reach");
            query.push_among("z.unit_id", units);
            query.push_with(" AND z.prev_on < ?", [&from]);
            if hcps_only {
                query.push(" AND z.kind = 'hcp'");
            }
            (query, "z.unit_id".into())
        }
        _ => return None,
    };
    query.push_with(" AND z.day >= ? AND z.day <= ?", [from.as_str(), to]);
    if let Some(ids) = ids {
        query.push(" AND ").push_among(&group, ids);
    }
    query.push(&format!(" GROUP BY {group}"));
    if let (Kept::Share(column), By::Person | By::Article) = (measure.kept, by) {
        // Who has only something else on these days is not among them.
        query.push(&format!(" HAVING SUM(z.{column}) <> 0"));
    }
    Some(query)
}

/// Sums of flow by a group of people.
fn of_flow(
    asker: &Asker<'_>,
    sum: &str,
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
) -> Option<Query> {
    let line = &LINE;
    let (group, joins) = match by {
        By::Person | By::Units(_) | By::HomeUnit | By::Role => group(asker, line, by)?,
        _ => return None,
    };
    // The sums stand under the names of the lines that they are of.
    let (group, joins) = (
        group.replace(line.person, "s.credited_id"),
        joins.replace(line.person, "s.credited_id"),
    );
    let mut query = q(format!(
        "SELECT CAST({group} AS TEXT) AS id, '' AS text, CAST(SUM({sum}) AS BIGINT) AS n \
         FROM {} s {joins} WHERE ",
        flow_sums(slice)
    ));
    push_flow(asker, slice, &mut query);
    query.push(" AND s.credited_id <> ''");
    if let Some(ids) = ids {
        query.push(" AND ").push_among(&group, ids);
    }
    query.push(&format!(" GROUP BY {group} HAVING SUM({sum}) <> 0"));
    Some(query)
}
