//! Numbers of many measures at once, or by a group: out of the sums that are kept where they can answer, else out of the
//! rows, those of one fact in one pass.

use super::count::{Bucket, By, above, are_days, days, group, push_from, what};
use super::facts::{Fact, Scope, When};
use super::kept;
use super::model::Slice;
use super::registry::{Count, Kept, Key, Measure};
use super::slice::Asker;
use crate::onboarding::consent::{AGREED, TRACKED};
use crate::server::db::{Query, q};
use crate::server::facts::Facts;
use crate::server::time;

/// Days from which on different people are looked for one by one.
const BY_PERSON: usize = 10;

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

/// Different people of a pass, each looked for by themselves, where an index has theirs: sooner than through all rows.
fn people(asker: &Asker<'_>, pass: &Pass, slice: &Slice) -> Option<Query> {
    let [measure] = pass[..] else { return None };
    let Count::Distinct(fact, "", Key::Staff(column)) = measure.count else {
        return None;
    };
    // Of few days their rows are fewer than the people.
    let (from, to) = days(measure, slice);
    if !fact.by_person || time::days_between(&from, to).len() < BY_PERSON {
        return None;
    }
    let mut query = q("SELECT '' AS id, COUNT(*) AS n0 FROM staff ks WHERE EXISTS (SELECT 1");
    push_from(asker, pass, slice, "", &mut query);
    query.push(&format!(" AND {column} = ks.id)"));
    Some(query)
}

/// Different people of a pass by bucket: rows of a day are different people; longer buckets are counted each by itself.
fn people_by_bucket(
    asker: &Asker<'_>,
    pass: &Pass,
    slice: &Slice,
    buckets: &[Bucket],
) -> Option<Query> {
    let [measure] = pass[..] else { return None };
    let Count::Distinct(fact, "", Key::Staff(_)) = measure.count else {
        return None;
    };
    let (true, When::Day(day)) = (fact.by_person, fact.when) else {
        return None;
    };
    if are_days(buckets) {
        let mut query = q(format!("SELECT CAST({day} AS TEXT) AS id, COUNT(*) AS n0"));
        push_from(asker, pass, slice, "", &mut query);
        query.push(&format!(" GROUP BY {day}"));
        return Some(query);
    }
    let mut query = Query::default();
    for (i, bucket) in buckets.iter().enumerate() {
        let part = Slice {
            from: bucket.from.clone(),
            to: bucket.to.clone(),
            ..slice.clone()
        };
        let between = if i > 0 { " UNION ALL " } else { "" };
        query
            .push(&format!("{between}SELECT '{i}' AS id, k.n0 FROM ("))
            .append(all(asker, pass, &part))
            .push(") k");
    }
    Some(query)
}

/// The numbers of a pass over a slice, in one row.
fn all(asker: &Asker<'_>, pass: &Pass, slice: &Slice) -> Query {
    people(asker, pass, slice).unwrap_or_else(|| {
        counted(asker, pass, None, |query| {
            push_from(asker, pass, slice, "", query);
        })
    })
}

/// The numbers of a pass as rows with `kind`, `id`, `text` and `n`, without those that are none; `text` is SQL over `g`.
fn unfolded(pass: &Pass, counted: Query, text: &str) -> Query {
    let (mut kinds, mut numbers, mut places) = (String::new(), String::new(), Vec::new());
    for (i, measure) in pass.iter().enumerate() {
        kinds.push_str(&format!(" WHEN {i} THEN '{}'", measure.id));
        numbers.push_str(&format!(" WHEN {i} THEN g.n{i}"));
        places.push(format!("SELECT {i} AS i"));
    }
    let places = places.join(" UNION ALL ");
    let mut query = q(format!(
        "SELECT CASE j.i{kinds} END AS kind, g.id AS id, {text} AS text, CASE j.i{numbers} END AS n FROM ("
    ));
    query.append(counted).push(&format!(
        ") g CROSS JOIN ({places}) j WHERE CASE j.i{numbers} END <> 0"
    ));
    query
}

/// Statements that are sent side by side, each with the numbers of some facts: what is shared stands in the same as what
/// it is a share of, so that both are of one moment.
struct Spread<'a> {
    statements: &'a mut [Facts],
    facts: Vec<&'static Fact>,
}

impl Spread<'_> {
    /// The statement of a measure.
    fn of(&mut self, measure: &Measure) -> &mut Facts {
        let fact = measure.fact();
        let known = self.facts.iter().position(|f| std::ptr::eq(*f, fact));
        let place = known.unwrap_or_else(|| {
            self.facts.push(fact);
            self.facts.len() - 1
        });
        let most = self.statements.len();
        &mut self.statements[place % most]
    }
}

/// Asks for the one number of each measure that is no share, spread over statements.
pub fn totals(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    statements: &mut [Facts],
) {
    let facts = Vec::new();
    let mut spread = Spread { statements, facts };
    let mut rest = Pass::new();
    for measure in measures {
        match kept::total(asker, measure, slice) {
            Some(query) => spread.of(measure).count(measure.id, query),
            None => rest.push(measure),
        }
    }
    for pass in &passes(rest) {
        let counted = all(asker, pass, slice);
        spread.of(pass[0]).many(unfolded(pass, counted, "''"));
    }
}

/// Asks for the numbers of measures by a group, only of the given ids if they are, spread over statements; of measures
/// that cannot be told apart so, and of shares, for nothing.
pub fn groups(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
    statements: &mut [Facts],
) {
    let facts = Vec::new();
    let mut spread = Spread { statements, facts };
    let mut rest = Pass::new();
    let of_flow = |m: &&'static Measure| matches!(m.kept, Kept::Flow(_));
    let (flow, mut others): (Pass, Pass) = measures.iter().copied().partition(of_flow);
    match kept::flow(asker, &flow, slice, by, ids) {
        Some(sums) => spread.of(flow[0]).many(unfolded(&flow, sums, "''")),
        None => others.extend(&flow),
    }
    for measure in others {
        match kept::grouped(asker, measure, slice, by, ids) {
            Some(query) => spread.of(measure).rows(measure.id, query),
            None => rest.push(measure),
        }
    }
    for pass in &passes(rest) {
        if let Some(counted) = grouped(asker, pass, slice, by, ids) {
            spread.of(pass[0]).many(unfolded(pass, counted, "''"));
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

/// The first by a measure that is no share, the most first: rows with `kind`, `id` and `n`, and in `text` how many there
/// are in all; with each the numbers of `along`, which its rows tell anyway.
pub fn first(
    asker: &Asker<'_>,
    measure: &'static Measure,
    along: &[&'static Measure],
    slice: &Slice,
    by: By<'_>,
    most: usize,
) -> Option<Query> {
    let cut = |query: Query, number: &str| {
        let mut first = q("SELECT k.*, CAST(COUNT(*) OVER () AS TEXT) AS many FROM (");
        first.append(query).push(&format!(
            ") k WHERE k.{number} <> 0 ORDER BY k.{number} DESC, k.id LIMIT {most}"
        ));
        first
    };
    if let Some(query) = kept::grouped(asker, measure, slice, by, None) {
        let id = measure.id;
        let mut rows = q(format!(
            "SELECT '{id}' AS kind, g.id, g.many AS text, g.n FROM ("
        ));
        rows.append(cut(query, "n")).push(") g");
        return Some(rows);
    }
    let pass = [&[measure], along].concat();
    let counted = grouped(asker, &pass, slice, by, None)?;
    Some(unfolded(&pass, cut(counted, "n0"), "g.many"))
}

/// Ids of the groups that have something in any of some measures, by one measure, the most first or last: at most so many.
/// By groups that no kept sums know.
pub fn ordered(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    (sorted, down): (&'static Measure, bool),
    slice: &Slice,
    by: By<'_>,
    most: i64,
) -> Query {
    let (part, whole) = sorted
        .share()
        .map_or((sorted, None), |(part, whole)| (part, Some(whole)));
    let mut some = Query::default();
    for pass in &passes(measures.to_vec()) {
        let Some(counted) = grouped(asker, pass, slice, by, None) else {
            continue;
        };
        let number = |measure: &Measure| {
            let place = pass.iter().position(|m| m.id == measure.id);
            place.map_or_else(|| "0".to_owned(), |i| format!("g.n{i}"))
        };
        let any: Vec<String> = (0..pass.len()).map(|i| format!("g.n{i} <> 0")).collect();
        if !some.is_empty() {
            some.push(" UNION ALL ");
        }
        some.push(&format!(
            "SELECT g.id, {} AS part, {} AS whole FROM (",
            number(part),
            whole.map_or_else(|| "0".to_owned(), number),
        ))
        .append(counted)
        .push(&format!(") g WHERE {}", any.join(" OR ")));
    }
    // As `ranking::weight` has it.
    let weight = match whole {
        None => "SUM(x.part)",
        Some(_) => {
            "CASE WHEN SUM(x.whole) > 0 THEN CAST(SUM(x.part) AS BIGINT) * 1000000 / CAST(SUM(x.whole) AS BIGINT) ELSE -1 END"
        }
    };
    let order = if down { "DESC" } else { "ASC" };
    let mut query = q("SELECT x.id FROM (");
    query.append(some).push(&format!(
        ") x GROUP BY x.id ORDER BY {weight} {order}, x.id LIMIT {most}"
    ));
    query
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
    match by {
        By::Hcp if !joins.is_empty() => return Some(by_hcp(asker, pass, slice, ids)),
        By::Buckets(buckets) => {
            if let Some(query) = people_by_bucket(asker, pass, slice, buckets) {
                return Some(query);
            }
        }
        By::Units(units) if ids.is_none() && is_by_person(pass) => {
            return Some(by_units(asker, pass, slice, units));
        }
        _ => {}
    }
    Some(counted(asker, pass, Some(&group), |query| {
        push_from(asker, pass, slice, &joins, query);
        query.push(&format!(" AND {group} IS NOT NULL"));
        if matches!(by, By::Hcp | By::HcpProvince | By::HcpSpecialty) {
            query.push(" AND ");
            push_named(asker, fact, query);
        }
        if matches!(by, By::Person | By::HomeUnit | By::Role | By::Units(_)) {
            push_own(asker, fact, query);
        }
        if let Some(ids) = ids {
            // From the readers who are asked for to what they read, not from all that was read of an article.
            let by_reader = !(slice.province.is_empty() && slice.specialty.is_empty());
            let group = match by {
                By::Article if by_reader => format!("({group} || '')"),
                _ => group.clone(),
            };
            query.push(" AND ").push_among(&group, ids);
        }
    }))
}

/// Keeps what belongs to the asker's people: HCPs who are shared with the team belong to somebody else's.
fn push_own(asker: &Asker<'_>, fact: &Fact, query: &mut Query) {
    if fact.scope == Scope::Library {
        query.push(" AND ");
        asker.actor.scope(query, fact.person);
    }
}

/// Whether the numbers of several people add up: rows do, and people themselves.
fn is_by_person(pass: &Pass) -> bool {
    pass.iter().all(|measure| match measure.count {
        Count::Rows(..) => true,
        Count::Distinct(fact, _, Key::Staff(column)) => column == fact.person,
        _ => false,
    })
}

/// Numbers by unit: counted by person first, so that each person's units are looked up once.
fn by_units(asker: &Asker<'_>, pass: &Pass, slice: &Slice, units: &[String]) -> Query {
    let fact = pass[0].fact();
    let mut query = q("SELECT gc.ancestor_id AS id");
    for i in 0..pass.len() {
        query.push(&format!(", CAST(SUM(k.n{i}) AS BIGINT) AS n{i}"));
    }
    query
        .push(" FROM (")
        .append(counted(asker, pass, Some(fact.person), |query| {
            push_from(asker, pass, slice, "", query);
            push_own(asker, fact, query);
        }))
        .push(&format!(
            ") k {} GROUP BY gc.ancestor_id",
            above("k.id", units)
        ));
    query
}

/// Keeps the HCPs `h` that the asker sees; who reads is told of by name only while they agree.
fn push_named(asker: &Asker<'_>, fact: &Fact, query: &mut Query) {
    crate::hcp::store::scope(asker.actor, query);
    if !fact.named.is_empty() {
        query.push(" AND ").push(TRACKED);
    }
}

/// Numbers by HCP: counted first, by the column that has them, and then looked up, each once.
fn by_hcp(asker: &Asker<'_>, pass: &Pass, slice: &Slice, ids: Option<&[String]>) -> Query {
    let fact = pass[0].fact();
    let (column, of_hcps) = match fact.reader {
        Some((column, of_hcps)) => (column, of_hcps.to_owned()),
        None => (fact.hcp, format!("{} IS NOT NULL", fact.hcp)),
    };
    let mark = if fact.reader.is_some() { "hcp:" } else { "" };
    let id = format!("SUBSTR(k.id, {})", mark.len() + 1);
    let numbers = (0..pass.len())
        .map(|i| format!(", k.n{i}"))
        .collect::<String>();
    let mut query = q(format!("SELECT {id} AS id{numbers} FROM ("));
    query.append(counted(asker, pass, Some(column), |query| {
        push_from(asker, pass, slice, "", query);
        query.push(" AND ").push(&of_hcps);
        if let Some(ids) = ids {
            let marked: Vec<String> = ids.iter().map(|id| format!("{mark}{id}")).collect();
            query.push(" AND ").push_among(column, &marked);
        } else if !fact.named.is_empty() {
            // Of all, from those who agreed to theirs.
            query.push(&format!(
                " AND {column} IN (SELECT '{mark}' || a.hcp_id FROM ({AGREED}) a)"
            ));
        }
    }));
    query.push(&format!(") k JOIN hcp h ON h.id = {id} WHERE "));
    if ids.is_some() {
        push_named(asker, fact, &mut query);
    } else {
        crate::hcp::store::scope(asker.actor, &mut query);
    }
    query
}
