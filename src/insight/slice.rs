//! What a number is narrowed to: days out of spans, whose it may be, the choices of the filters.

use jiff::ToSpan;
use jiff::civil::Date;
use tokio::sync::OnceCell;

use super::facts::Fact;
use super::model::{BoardFilter, Choices, Slice, meant_span};
use super::registry::Measure;
use crate::server::AppState;
use crate::server::db::{DbResult, Query, q};
use crate::server::facts::Facts;
use crate::server::guard::Actor;
use crate::server::time;
use crate::shared::{AppError, Permission, Role};

/// Days that may be asked for at once.
const MOST_DAYS: i64 = 400;
/// Entries of a filter.
const MOST_CHOICES: i64 = 500;

/// Who asks, with what the sums that are kept by unit can answer.
pub struct Asker<'a> {
    pub state: &'a AppState,
    pub actor: &'a Actor,
    /// The unit that with all below it is the actor's scope, if there is one.
    root: Option<String>,
    /// Units whose kept sums wait to be written anew.
    stale: Vec<String>,
    /// The units that the actor sees, once they were asked for.
    units: OnceCell<Vec<(String, String)>>,
}

impl<'a> Asker<'a> {
    /// Looks up the scope and the units that wait, in one statement.
    pub async fn new(state: &'a AppState, actor: &'a Actor) -> DbResult<Asker<'a>> {
        let roots = if actor.role.sees_company() {
            q("SELECT id, '' AS text, 0 AS n FROM org_unit WHERE parent_id IS NULL LIMIT 2")
        } else {
            // Somebody who manages one unit and works in it: then nothing of their own lies outside.
            q("SELECT m.unit_id AS id, '' AS text, 0 AS n FROM unit_manager m WHERE m.staff_id = $1 \
               AND EXISTS (SELECT 1 FROM org_closure c WHERE c.ancestor_id = m.unit_id AND c.descendant_id = $2) \
               AND (SELECT COUNT(*) FROM unit_manager n WHERE n.staff_id = $1) = 1")
                .bind(&actor.id)
                .bind(&actor.unit_id)
        };
        let mut facts = Facts::default();
        facts.rows("root", roots);
        facts.rows(
            "stale",
            q("SELECT unit_id AS id, '' AS text, 0 AS n FROM rollup_stale"),
        );
        let found = facts.read(&state.db).await?;
        let ids =
            |kind: &str| -> Vec<String> { found.of(kind).map(|fact| fact.id.clone()).collect() };
        Ok(Asker {
            state,
            actor,
            root: match &ids("root")[..] {
                [root] => Some(root.clone()),
                _ => None,
            },
            stale: ids("stale"),
            units: OnceCell::new(),
        })
    }

    /// The units that the actor sees, read once for all who ask: id, name with the indent of its depth.
    pub async fn units(&self) -> DbResult<&[(String, String)]> {
        let units = self.units.get_or_try_init(|| units(self)).await?;
        Ok(units.as_slice())
    }

    /// The unit whose kept sums are those of a slice that days, units and content narrow.
    pub fn unit_of<'b>(&'b self, slice: &'b Slice) -> Option<&'b str> {
        let unit = if slice.unit.is_empty() {
            self.root.as_deref()?
        } else {
            slice.unit.as_str()
        };
        self.is_fresh(unit).then_some(unit)
    }

    /// Whether the kept sums of a unit can be read.
    pub fn is_fresh(&self, unit: &str) -> bool {
        !self.stale.iter().any(|stale| stale == unit)
    }
}

/// Fills the days of a slice: those of the span, or those asked for, up to today; the last 30 where there are none.
/// Says so where other days were asked for.
pub fn settle(
    state: &AppState,
    slice: &mut Slice,
    span: &mut String,
    span0: &str,
) -> Option<String> {
    let today = state.zone.today();
    let date: Date = today.parse().unwrap_or_default();
    let first = date.first_of_month();
    *span = meant_span(span, span0, slice);
    let back = |days: i64| time::shift_day(&today, 1 - days);
    let mut why = None;
    (slice.from, slice.to) = match span.as_str() {
        "days" => {
            let (days, changed) = asked_days(slice, &today);
            why = changed;
            days
        }
        "week" => {
            let monday = i64::from(date.weekday().to_monday_zero_offset());
            (back(1 + monday), today)
        }
        "month" => (first.to_string(), today),
        "last_month" => {
            let last = first.checked_sub(1.day()).unwrap_or(first);
            (last.first_of_month().to_string(), last.to_string())
        }
        "quarter" => {
            let months = i64::from((first.month() - 1) % 3);
            let from = first.checked_sub(months.months()).unwrap_or(first);
            (from.to_string(), today)
        }
        "year" => (first.first_of_year().to_string(), today),
        _ => {
            *span = "days30".into();
            (back(30), today)
        }
    };
    why.map(|why| {
        tr!(
            "insight.changed.days",
            why = why,
            from = slice.from,
            to = slice.to
        )
    })
}

/// The days that somebody asked for as far as they can be shown, and why they are others.
fn asked_days(slice: &Slice, today: &str) -> ((String, String), Option<String>) {
    let to = if time::is_day(&slice.to) && slice.to.as_str() <= today {
        slice.to.clone()
    } else {
        today.to_owned()
    };
    let earliest = time::shift_day(&to, 1 - MOST_DAYS);
    let ahead = [&slice.from, &slice.to]
        .into_iter()
        .any(|day| time::is_day(day) && day.as_str() > today);
    let mut why = ahead.then(|| tr!("insight.changed.ahead"));
    let no_day = |day: &String| !day.is_empty() && !time::is_day(day);
    if no_day(&slice.from) || no_day(&slice.to) {
        why = Some(tr!("insight.changed.no_day"));
    }
    let from = if !time::is_day(&slice.from) {
        time::shift_day(&to, -29)
    } else if slice.from > to {
        why = why.or_else(|| Some(tr!("insight.changed.order")));
        time::shift_day(&to, -29)
    } else if slice.from < earliest {
        why = Some(tr!("insight.changed.most", n = MOST_DAYS));
        earliest
    } else {
        slice.from.clone()
    };
    ((from, to), why)
}

/// Whether a board is asked to compare with something else than the period before.
pub fn asks_to_compare(filter: &BoardFilter) -> bool {
    match filter.compare.as_str() {
        "" => [&filter.from2, &filter.to2, &filter.unit2]
            .into_iter()
            .any(|asked| !asked.is_empty()),
        how => how != "before",
    }
}

/// The time before some days: of a span of the calendar the same part of the one before, else as many days before.
fn before(span: &str, from: &str, to: &str) -> (String, String) {
    let by_calendar = || {
        let (first, last): (Date, Date) = (from.parse().ok()?, to.parse().ok()?);
        // A month may be shorter than the one after it: up to its end then.
        Some(match span {
            "week" => (first.checked_sub(1.week()), last.checked_sub(1.week())),
            "month" => (first.checked_sub(1.month()), last.checked_sub(1.month())),
            "last_month" => (first.checked_sub(1.month()), first.checked_sub(1.day())),
            "quarter" => (first.checked_sub(3.months()), last.checked_sub(3.months())),
            "year" => (first.checked_sub(1.year()), last.checked_sub(1.year())),
            _ => return None,
        })
    };
    match by_calendar() {
        Some((Ok(first), Ok(last))) => (first.to_string(), last.to_string()),
        _ => {
            let days = time::days_between(from, to).len() as i64;
            (time::shift_day(from, -days), time::shift_day(from, -1))
        }
    }
}

/// The slice with which a board is compared.
pub fn other(filter: &mut BoardFilter, today: &str) -> Slice {
    let mut slice = filter.slice.clone();
    let year_before = |day: &str| {
        day.parse::<Date>()
            .ok()
            .and_then(|d| d.checked_sub(1.year()).ok())
            .map_or_else(|| day.to_owned(), |d| d.to_string())
    };
    // What is compared with says by itself how.
    if filter.compare.is_empty() && !filter.unit2.is_empty() {
        filter.compare = "unit".into();
    }
    if filter.compare.is_empty() && !filter.from2.is_empty() && !filter.to2.is_empty() {
        filter.compare = "days".into();
    }
    match filter.compare.as_str() {
        "unit" if !filter.unit2.is_empty() => slice.unit.clone_from(&filter.unit2),
        "year" => {
            slice.from = year_before(&slice.from);
            slice.to = year_before(&slice.to);
        }
        "days"
            if time::is_day(&filter.from2)
                && time::is_day(&filter.to2)
                && filter.from2 <= filter.to2
                && filter.to2.as_str() <= today =>
        {
            slice.from = filter
                .from2
                .clone()
                .max(time::shift_day(&filter.to2, 1 - MOST_DAYS));
            slice.to.clone_from(&filter.to2);
        }
        _ => {
            filter.compare = "before".into();
            (slice.from, slice.to) = before(&filter.span, &slice.from, &slice.to);
        }
    }
    slice
}

/// Appends the ids of the units that the actor sees: all, or those below what they manage.
fn push_units(actor: &Actor, query: &mut Query) {
    if actor.role.sees_company() {
        query.push("1 = 1");
    } else if actor.role == Role::Manager {
        query.push_with(
            "u.id IN (SELECT c.descendant_id FROM unit_manager m JOIN org_closure c ON c.ancestor_id = m.unit_id \
             WHERE m.staff_id = ?)",
            [&actor.id],
        );
    } else {
        query.push_with("u.id = ?", [&actor.unit_id]);
    }
}

/// `NotFound` where a slice names somebody or something that the actor does not see.
pub async fn check(asker: &Asker<'_>, slice: &Slice) -> Result<(), AppError> {
    let db = &asker.state.db;
    let mut queries = Vec::new();
    if !slice.unit.is_empty() {
        let mut query = q("SELECT COUNT(*) FROM org_unit u WHERE ");
        query.push_with("u.id = ? AND ", [&slice.unit]);
        push_units(asker.actor, &mut query);
        queries.push(query);
    }
    if !slice.person.is_empty() {
        let mut query = q("SELECT COUNT(*) FROM staff s WHERE ");
        query.push_with("s.id = ? AND ", [&slice.person]);
        asker.actor.scope(&mut query, "s.id");
        queries.push(query);
    }
    if !slice.hcp.is_empty() {
        if !asker.actor.role.may(Permission::ReadHcps) {
            return Err(AppError::NotFound);
        }
        let mut query = q("SELECT COUNT(*) FROM hcp h WHERE ");
        query.push_with("h.id = ? AND ", [&slice.hcp]);
        crate::hcp::store::scope(asker.actor, &mut query);
        queries.push(query);
    }
    for (table, id) in [
        ("article", &slice.article),
        ("course", &slice.course),
        ("product", &slice.product),
    ] {
        if !id.is_empty() {
            let mut query = q(format!("SELECT COUNT(*) FROM {table} x WHERE "));
            query.push_with("x.id = ?", [id]);
            // Drafts are their writers' and reviewers'.
            if table == "article" && !crate::content::store::sees_drafts(asker.actor.role) {
                query.push(" AND x.status IN ('published', 'withdrawn')");
            }
            queries.push(query);
        }
    }
    for query in queries {
        if query.count(db).await? == 0 {
            return Err(AppError::NotFound);
        }
    }
    Ok(())
}

/// Names of the filters that a slice sets and a fact does not know.
pub fn ignored(fact: &Fact, slice: &Slice) -> Vec<String> {
    [
        (&slice.unit, fact.person, tr!("insight.unit")),
        (&slice.person, fact.person, tr!("insight.person")),
        (&slice.province, fact.province, tr!("insight.province")),
        (&slice.specialty, fact.specialty, tr!("insight.specialty")),
        (&slice.product, fact.product, tr!("insight.product")),
        (&slice.article, fact.article, tr!("insight.article")),
        (&slice.course, fact.course, tr!("insight.course")),
        (&slice.hcp, fact.hcp, tr!("insight.hcp")),
    ]
    .into_iter()
    .filter(|(value, known, _)| !value.is_empty() && known.is_empty())
    .map(|(_, _, name)| name)
    .collect()
}

/// Which of some measures are not narrowed by all that a slice sets, in words; nothing where all are.
pub fn not_narrowed(measures: &[&'static Measure], slice: &Slice) -> String {
    let mut by_filters: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for measure in measures {
        let filters = ignored(measure.fact(), slice);
        if filters.is_empty() {
            continue;
        }
        match by_filters.iter_mut().find(|(known, _)| *known == filters) {
            Some((_, names)) => names.push(measure.name()),
            None => by_filters.push((filters, vec![measure.name()])),
        }
    }
    let comma = tr!("ui.comma");
    by_filters
        .into_iter()
        .map(|(filters, names)| {
            let text = tr!("insight.ignores", names = filters.join(&comma));
            [names.join(&comma), text].join(&tr!("ui.colon"))
        })
        .collect::<Vec<_>>()
        .join(&tr!("ui.semicolon"))
}

/// The units that the actor sees: id, name with the indent of its depth.
async fn units(asker: &Asker<'_>) -> DbResult<Vec<(String, String)>> {
    let mut query = q(
        "SELECT u.id, u.name, COALESCE(u.parent_id, ''), (SELECT COUNT(*) FROM org_closure d WHERE d.descendant_id = u.id) \
         FROM org_unit u WHERE ",
    );
    push_units(asker.actor, &mut query);
    query.push_with(
        " ORDER BY u.name COLLATE pinyin, u.id LIMIT ?",
        [MOST_CHOICES],
    );
    let found: Vec<(String, String, String, i64)> = query.all(&asker.state.db).await?;
    // Each below its parent.
    fn below(
        found: &[(String, String, String, i64)],
        parent: &str,
        depth: usize,
        out: &mut Vec<(String, String)>,
    ) {
        for (id, name, _, _) in found.iter().filter(|unit| unit.2 == parent) {
            out.push((id.clone(), format!("{}{name}", "\u{3000}".repeat(depth))));
            below(found, id, depth + 1, out);
        }
    }
    let mut out = Vec::new();
    let tops = found
        .iter()
        .filter(|unit| !found.iter().any(|other| other.0 == unit.2));
    for top in tops {
        out.push((top.0.clone(), top.1.clone()));
        below(&found, &top.0, 1, &mut out);
    }
    Ok(out)
}

/// The specialties of HCPs: from each to the next along their index. For `DISTINCT` Postgres would read all HCPs.
const SPECIALTIES: &str = "WITH RECURSIVE known (s) AS (\
     SELECT MIN(COALESCE(NULLIF(specialty, ''), department)) FROM hcp UNION ALL \
     SELECT (SELECT MIN(COALESCE(NULLIF(h.specialty, ''), h.department)) FROM hcp h \
     WHERE COALESCE(NULLIF(h.specialty, ''), h.department) > known.s) FROM known WHERE known.s IS NOT NULL) \
     SELECT s FROM known WHERE s IS NOT NULL ORDER BY s LIMIT 300";

/// What the filters can be set to.
pub async fn choices(asker: &Asker<'_>) -> DbResult<Choices> {
    let db = &asker.state.db;
    let same = |rows: Vec<(String,)>| {
        rows.into_iter()
            .filter(|(value,): &(String,)| !value.is_empty())
            .map(|(value,)| (value.clone(), value))
            .collect()
    };
    let (units, provinces, specialties, products) = tokio::try_join!(
        asker.units(),
        q("SELECT DISTINCT province FROM terminal WHERE province <> '' ORDER BY province LIMIT 100").all(db),
        q(SPECIALTIES).all(db),
        q("SELECT id, name || ' ' || specification FROM product WHERE discontinued_at IS NULL ORDER BY name COLLATE pinyin, id LIMIT 500").all(db),
    )?;
    Ok(Choices {
        units: units.to_vec(),
        provinces: same(provinces),
        specialties: same(specialties),
        products,
    })
}

/// What a slice is narrowed by, in words, without its days; and what that means for some of the measures shown.
pub async fn narrowed(
    asker: &Asker<'_>,
    slice: &Slice,
    measures: &[&'static Measure],
) -> DbResult<Vec<String>> {
    let db = &asker.state.db;
    let mut out = Vec::new();
    for (sql, id, name) in [
        (
            "SELECT name FROM org_unit WHERE id = $1",
            &slice.unit,
            tr!("insight.unit"),
        ),
        (
            "SELECT name FROM staff WHERE id = $1",
            &slice.person,
            tr!("insight.person"),
        ),
        (
            "SELECT title FROM article WHERE id = $1",
            &slice.article,
            tr!("insight.article"),
        ),
        (
            "SELECT title FROM course WHERE id = $1",
            &slice.course,
            tr!("insight.course"),
        ),
        (
            "SELECT name FROM product WHERE id = $1",
            &slice.product,
            tr!("insight.product"),
        ),
        (
            "SELECT name FROM hcp WHERE id = $1",
            &slice.hcp,
            tr!("insight.hcp"),
        ),
    ] {
        if !id.is_empty()
            && let Some((text,)) = q(sql).bind(id).optional::<(String,)>(db).await?
        {
            out.push([name, text].join(&tr!("ui.colon")));
        }
    }
    for (value, name) in [
        (&slice.province, tr!("insight.province")),
        (&slice.specialty, tr!("insight.specialty")),
    ] {
        if !value.is_empty() {
            out.push([name.as_str(), value].join(&tr!("ui.colon")));
        }
    }
    let by_reader = !(slice.province.is_empty() && slice.specialty.is_empty());
    if by_reader && measures.iter().any(|m| !m.fact().named.is_empty()) {
        out.push(tr!("insight.named_only"));
    }
    Ok(out)
}

/// Who makes a file, and when, in words.
pub fn made_by(asker: &Asker<'_>) -> String {
    let at = asker.state.zone.minute(time::now());
    tr!("insight.note.made", name = asker.actor.name, at = at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_calendar_is_compared_with_the_same_part_before() {
        let cases = [
            (
                "week",
                "2026-11-23",
                "2026-11-28",
                "2026-11-16",
                "2026-11-21",
            ),
            (
                "month",
                "2026-11-01",
                "2026-11-28",
                "2026-10-01",
                "2026-10-28",
            ),
            (
                "month",
                "2026-03-01",
                "2026-03-31",
                "2026-02-01",
                "2026-02-28",
            ),
            (
                "last_month",
                "2026-10-01",
                "2026-10-31",
                "2026-09-01",
                "2026-09-30",
            ),
            (
                "quarter",
                "2026-10-01",
                "2026-11-28",
                "2026-07-01",
                "2026-08-28",
            ),
            (
                "year",
                "2026-01-01",
                "2026-11-28",
                "2025-01-01",
                "2025-11-28",
            ),
            (
                "days30",
                "2026-10-30",
                "2026-11-28",
                "2026-09-30",
                "2026-10-29",
            ),
            (
                "days",
                "2026-11-28",
                "2026-11-28",
                "2026-11-27",
                "2026-11-27",
            ),
        ];
        for (span, from, to, first, last) in cases {
            let found = before(span, from, to);
            assert_eq!(found, (first.to_owned(), last.to_owned()), "{span}");
        }
    }
}
