//! The SQL of the rows behind a number: where they lie, which of them, and what groups them.

use super::facts::{Fact, Scope, When, filled};
use super::kept;
use super::model::Slice;
use super::registry::{Count, Key, Measure};
use super::slice::Asker;
use crate::server::db::{Query, q};
use crate::server::time;
use crate::shared::AppError;

/// Days of a chart that belong together, both included, and their name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub label: String,
    pub from: String,
    pub to: String,
}

/// By what numbers are told apart.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    Person,
    /// These units, each with all below it.
    Units(&'a [String]),
    /// The unit in which somebody is.
    HomeUnit,
    Role,
    Article,
    Audience,
    Course,
    Category,
    Hcp,
    HcpProvince,
    HcpSpecialty,
    /// The group's id is the bucket's place in the list, from 0, or its one day: see [`place`].
    Buckets(&'a [Bucket]),
}

/// The days of a slice as a measure takes them.
pub fn days<'a>(measure: &Measure, slice: &'a Slice) -> (String, &'a str) {
    let from = measure
        .window
        .map_or_else(|| slice.from.clone(), |n| time::shift_day(&slice.to, 1 - n));
    (from, &slice.to)
}

/// Appends what keeps the rows of a fact that lie within the asker's scope and the slice, by whose they are.
fn push_where(
    asker: &Asker<'_>,
    measure: &Measure,
    only: &str,
    person: &str,
    slice: &Slice,
    query: &mut Query,
) {
    let (state, fact) = (asker.state, measure.fact());
    query.push(" WHERE ").push(&filled(state, fact.base));
    if !only.is_empty() {
        query.push(" AND ").push(&filled(state, only));
    }
    query.push(" AND ");
    match fact.scope {
        Scope::People => asker.actor.scope(query, person),
        Scope::Library => crate::hcp::store::scope(asker.actor, query),
        Scope::Company => {
            query.push(if asker.actor.role.sees_company() {
                "1 = 1"
            } else {
                "1 = 0"
            });
        }
    }
    push_when(asker, measure, fact.when, slice, query);
    if !person.is_empty() {
        push_whose(person, slice, query);
    }
    for (condition, value) in [
        (fact.province, &slice.province),
        (fact.specialty, &slice.specialty),
        (fact.product, &slice.product),
    ] {
        if !condition.is_empty() && !value.is_empty() {
            query.push(" AND ");
            query.push_with(&filled(state, condition), [value]);
        }
    }
    for (column, value) in [
        (fact.article, &slice.article),
        (fact.course, &slice.course),
        (
            if fact.named.is_empty() { fact.hcp } else { "" },
            &slice.hcp,
        ),
    ] {
        if !column.is_empty() && !value.is_empty() {
            query.push_with(&format!(" AND {column} = ?"), [value]);
        }
    }
    if !fact.named.is_empty() && !slice.hcp.is_empty() {
        query.push(" AND ");
        query.push_with(&filled(state, fact.named), [&slice.hcp]);
    }
}

fn push_when(asker: &Asker<'_>, measure: &Measure, when: When, slice: &Slice, query: &mut Query) {
    let (from, to) = days(measure, slice);
    match when {
        When::Now => {}
        When::Day(column) => {
            query.push_with(
                &format!(" AND {column} >= ? AND {column} <= ?"),
                [from.as_str(), to],
            );
        }
        When::Month(column) => {
            query.push_with(
                &format!(" AND {column} >= ? AND {column} <= ?"),
                [&from[..7], &to[..7]],
            );
        }
        When::Moment(column) => {
            let zone = &asker.state.zone;
            let begins = zone.start_of(&from).unwrap_or_default();
            let ends = zone.start_of(&time::shift_day(to, 1)).unwrap_or(i64::MAX);
            query.push_with(
                &format!(" AND {column} >= ? AND {column} < ?"),
                [begins, ends],
            );
        }
    }
}

/// Keeps what belongs to the unit and person of a slice.
pub fn push_whose(person: &str, slice: &Slice, query: &mut Query) {
    if !slice.unit.is_empty() {
        query.push_with(
            &format!(
                " AND {person} IN (SELECT in_s.id FROM staff in_s JOIN org_closure in_c \
                 ON in_c.descendant_id = in_s.unit_id WHERE in_c.ancestor_id = ?)"
            ),
            [&slice.unit],
        );
    }
    if !slice.person.is_empty() {
        query.push_with(&format!(" AND {person} = ?"), [&slice.person]);
    }
}

/// `Invalid` where a list of rows is narrowed by what its fact does not know: the rows would be others than those meant.
pub fn refuse_ignored(fact: &Fact, slice: &Slice) -> Result<(), AppError> {
    for (value, known, field) in [
        (&slice.article, fact.article, "article"),
        (&slice.course, fact.course, "course"),
        (&slice.hcp, fact.hcp, "hcp"),
    ] {
        if !value.is_empty() && known.is_empty() {
            return Err(AppError::field(field, "field.not_narrowed"));
        }
    }
    Ok(())
}

/// The parts of a count that lists the rows behind a measure: the fact, its condition, the key of a distinct count.
pub fn parts(measure: &Measure) -> Option<(&'static Fact, &'static str, Option<Key>)> {
    match measure.count {
        Count::Rows(fact, only) => Some((fact, only, None)),
        Count::Distinct(fact, only, key) => Some((fact, only, Some(key))),
        Count::Share(..) => None,
    }
}

/// Appends `FROM … WHERE` of the rows behind measures of one fact and window; `joins` stand between.
pub fn push_from(
    asker: &Asker<'_>,
    measures: &[&Measure],
    slice: &Slice,
    joins: &str,
    query: &mut Query,
) {
    let Some(first) = measures.first() else {
        return;
    };
    query
        .push(" FROM ")
        .push(&filled(asker.state, first.fact().from))
        .push(" ")
        .push(joins);
    let mut some: Vec<&str> = measures
        .iter()
        .filter_map(|m| parts(m).map(|(_, only, _)| only))
        .collect();
    some.dedup();
    let only = if some.contains(&"") {
        String::new()
    } else {
        format!("({})", some.join(" OR "))
    };
    push_where(asker, first, &only, first.fact().person, slice, query);
}

/// Appends ` FROM … WHERE … ORDER BY …` of the rows behind a measure of one table; so many that walking along their order
/// is the shortest way, if it is said.
pub fn push_listed(
    asker: &Asker<'_>,
    measure: &Measure,
    slice: &Slice,
    many: bool,
    query: &mut Query,
) {
    let fact = measure.fact();
    let walks = many && !fact.walked.is_empty();
    let person = if walks { fact.walked } else { fact.person };
    let only = parts(measure).map_or("", |(_, only, _)| only);
    query.push(" FROM ").push(&filled(asker.state, fact.from));
    if walks && asker.state.db.engine() == "sqlite" {
        query.push(" INDEXED BY ").push(fact.walked_by);
    }
    push_where(asker, measure, only, person, slice, query);
    query.push(" ORDER BY ").push(fact.order);
}

/// What counts a measure among rows of its fact; `alone` where no others are among them.
pub fn what(asker: &Asker<'_>, measure: &Measure, alone: bool) -> String {
    let only = match parts(measure) {
        Some((_, only, _)) if !alone => filled(asker.state, only),
        _ => String::new(),
    };
    let key = parts(measure)
        .and_then(|(_, _, key)| key)
        .map(|k| k.column());
    match (key, only.as_str()) {
        (None, "") => "COUNT(*)".to_owned(),
        (None, only) => format!("COUNT(CASE WHEN {only} THEN 1 END)"),
        (Some(key), "") => format!("COUNT(DISTINCT {key})"),
        (Some(key), only) => format!("COUNT(DISTINCT CASE WHEN {only} THEN {key} END)"),
    }
}

/// The one number of a measure that is no share: `SELECT` of one BIGINT.
pub fn total(asker: &Asker<'_>, measure: &Measure, slice: &Slice) -> Query {
    if let Some(query) = kept::total(asker, measure, slice) {
        return query;
    }
    let mut query = q(format!("SELECT {}", what(asker, measure, true)));
    push_from(asker, &[measure], slice, "", &mut query);
    query
}

/// Joins that lead from a person to those of some units, as `gc.ancestor_id`, that they are in or below.
pub fn above(person: &str, units: &[String]) -> String {
    // Ids of units are this server's own.
    let list = units
        .iter()
        .map(|id| format!("'{}'", id.replace('\'', "")))
        .collect::<Vec<_>>()
        .join(", ");
    let list = if list.is_empty() { "NULL" } else { &list };
    // From the unit to the few above it, not to each of the list.
    format!(
        "JOIN staff gs ON gs.id = {person} JOIN org_closure gc ON gc.descendant_id = gs.unit_id \
         AND (gc.ancestor_id || '') IN ({list})"
    )
}

/// The expression by which rows of a fact are grouped, and the joins that it needs.
pub fn group(asker: &Asker<'_>, fact: &Fact, by: By<'_>) -> Option<(String, String)> {
    let known = |column: &'static str| (!column.is_empty()).then_some(column);
    let plain = |column: &'static str| Some((known(column)?.to_owned(), String::new()));
    let staff = |column: &'static str| -> Option<String> {
        Some(format!("JOIN staff gs ON gs.id = {}", known(column)?))
    };
    match by {
        By::Person => plain(fact.person),
        By::Article => plain(fact.article),
        By::Course => plain(fact.course),
        By::HomeUnit => Some(("gs.unit_id".into(), staff(fact.person)?)),
        By::Role => Some(("gs.role".into(), staff(fact.person)?)),
        By::Units(units) => Some(("gc.ancestor_id".into(), above(known(fact.person)?, units))),
        By::Audience => Some((
            "ga.audience".into(),
            format!("JOIN article ga ON ga.id = {}", known(fact.article)?),
        )),
        By::Category => Some((
            "gk.category".into(),
            format!("JOIN course gk ON gk.id = {}", known(fact.course)?),
        )),
        By::Hcp | By::HcpProvince | By::HcpSpecialty => {
            let hcp = known(fact.hcp)?;
            // Facts of the library have the HCP as `h` already.
            let join = if hcp.starts_with("h.") || fact.from.contains("JOIN hcp h ") {
                String::new()
            } else {
                format!("JOIN hcp h ON h.id = {hcp}")
            };
            let group = match by {
                By::Hcp => "h.id",
                By::HcpProvince => "h.province",
                _ => "COALESCE(NULLIF(h.specialty, ''), h.department)",
            };
            Some((group.into(), join))
        }
        By::Buckets(buckets) => Some((bucket_of(asker, fact.when, buckets)?, String::new())),
    }
}

/// Whether each bucket is one day.
pub fn are_days(buckets: &[Bucket]) -> bool {
    buckets.iter().all(|b| b.from == b.to)
}

/// The place in the list of a bucket by the id of its group.
pub fn place(buckets: &[Bucket], id: &str) -> Option<usize> {
    let place = id.parse().ok().filter(|place| *place < buckets.len());
    place.or_else(|| buckets.iter().position(|b| b.from == id))
}

/// SQL that tells a row's bucket, as [`place`] understands it. Days are this server's own.
pub fn bucket_of(asker: &Asker<'_>, when: When, buckets: &[Bucket]) -> Option<String> {
    if let When::Day(column) = when
        && are_days(buckets)
    {
        // Indexes have the rows by it.
        return Some(column.to_owned());
    }
    let mut sql = "CASE".to_owned();
    for (i, bucket) in buckets.iter().enumerate() {
        let before = match when {
            When::Now => return None,
            When::Day(column) => format!("{column} <= '{}'", bucket.to),
            When::Month(column) => format!("{column} <= '{}'", &bucket.to[..7]),
            When::Moment(column) => {
                let ends = asker.state.zone.start_of(&time::shift_day(&bucket.to, 1))?;
                format!("{column} < {ends}")
            }
        };
        sql.push_str(&format!(" WHEN {before} THEN {i}"));
    }
    Some(sql + " END")
}

/// The days of a slice as a chart shows them: each, by week from 32 days on, by month from 190 on.
pub fn buckets(from: &str, to: &str) -> Vec<Bucket> {
    sized_buckets(from, to, time::days_between(from, to).len())
}

/// The same, as large as those of so many days are: what is compared is drawn over as much.
pub fn sized_buckets(from: &str, to: &str, many: usize) -> Vec<Bucket> {
    let days = time::days_between(from, to);
    let mut out: Vec<Bucket> = Vec::new();
    for day in &days {
        let fresh = match many {
            0..=31 => true,
            32..=189 => day
                .parse::<jiff::civil::Date>()
                .is_ok_and(|d| d.weekday() == jiff::civil::Weekday::Monday),
            _ => day.ends_with("-01"),
        };
        match out.last_mut() {
            Some(last) if !fresh => last.to.clone_from(day),
            _ => out.push(Bucket {
                label: if many > 189 {
                    day[..7].to_owned()
                } else {
                    day[5..].to_owned()
                },
                from: day.clone(),
                to: day.clone(),
            }),
        }
    }
    out
}

/// Whether flow or other months are asked for: a bucket of days would count a month many times.
pub fn in_buckets(measure: &Measure, buckets: &[Bucket]) -> bool {
    match measure.fact().when {
        When::Now => false,
        When::Month(_) => buckets.iter().all(|b| b.label.len() == 7),
        _ => measure.window.is_none(),
    }
}
