//! Boards: the numbers, lines, funnels and rankings that a role begins with.

use std::collections::HashMap;

use super::count::{self, Bucket, By};
use super::model::{Board, BoardFilter, Cell, Counted, Number, Ranking, Slice, address, shown};
use super::registry::{Measure, allowed};
use super::slice::{self, Asker};
use crate::server::AppState;
use crate::server::db::{DbResult, q};
use crate::server::facts::Facts;
use crate::server::guard::Actor;
use crate::shared::{AppError, Role};
use crate::ui::chart::{ChartData, ChartKind, Series};
use crate::ui::locale::lookup;

/// Rows of a ranking on a board.
const RANKED: usize = 10;

/// What a board is made of.
struct Plan {
    id: &'static str,
    name: &'static str,
    roles: &'static [Role],
    /// Headings with the numbers below them.
    groups: &'static [(&'static str, &'static [&'static str])],
    /// Measures drawn over the days.
    lines: &'static [&'static str],
    /// Headings of funnels with their steps.
    funnels: &'static [(&'static str, &'static [&'static str])],
    /// What is ranked, and by which measures; the first decides.
    rankings: &'static [(Ranked, &'static [&'static str])],
}

/// What is ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ranked {
    Units,
    People,
    Articles,
    Courses,
}

impl Ranked {
    fn code(self) -> &'static str {
        match self {
            Ranked::Units => "unit",
            Ranked::People => "person",
            Ranked::Articles => "article",
            Ranked::Courses => "course",
        }
    }

    fn title(self) -> String {
        match self {
            Ranked::Units => tr!("insight.by.unit"),
            Ranked::People => tr!("insight.by.person"),
            Ranked::Articles => tr!("insight.by.article"),
            Ranked::Courses => tr!("insight.by.course"),
        }
    }
}

const SHARING: (&str, &[&str]) = (
    "insight.group.sharing",
    &[
        "shares",
        "pv",
        "uv",
        "hcp_readers",
        "rereads",
        "finish_rate",
    ],
);
const ONBOARDING: (&str, &[&str]) = (
    "insight.group.onboarding",
    &["hcps", "onboarded", "onboarding_rate", "invitations"],
);
const LEARNING: (&str, &[&str]) = (
    "insight.group.learning",
    &["coverage", "missing", "lessons", "learners", "accuracy"],
);
const FIELD: (&str, &[&str]) = (
    "insight.group.field",
    &[
        "visits",
        "met",
        "plan_rate",
        "review_rate",
        "checkins",
        "flagged_checkins",
    ],
);
const FLOW: (&str, &[&str]) = (
    "insight.group.flow",
    &["confirm_rate", "appeals", "open_appeals"],
);
const ACTIVITY: (&str, &[&str]) = ("insight.group.activity", &["dau", "wau", "mau", "people"]);
const CONTENT_FUNNEL: (&str, &[&str]) = (
    "insight.funnel.content",
    &[
        "created",
        "shares",
        "links_read",
        "links_passed",
        "links_reopened",
    ],
);
const CODE_FUNNEL: (&str, &[&str]) = (
    "insight.funnel.codes",
    &[
        "code_scanned",
        "code_verified",
        "code_completed",
        "code_confirmed",
    ],
);
const LIBRARY_FUNNEL: (&str, &[&str]) = ("insight.funnel.library", &["hcps", "hcps_onboarded"]);

const PLANS: &[Plan] = &[
    Plan {
        id: "manager",
        name: "insight.board.manager",
        roles: &[Role::Manager, Role::Admin],
        groups: &[FIELD, SHARING, ONBOARDING, LEARNING, FLOW, ACTIVITY],
        lines: &["visits", "pv", "uv", "onboarded"],
        funnels: &[CONTENT_FUNNEL, LIBRARY_FUNNEL],
        rankings: &[
            (
                Ranked::Units,
                &[
                    "visits",
                    "plan_rate",
                    "shares",
                    "pv",
                    "uv",
                    "onboarded",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (
                Ranked::People,
                &[
                    "visits",
                    "plan_rate",
                    "shares",
                    "pv",
                    "uv",
                    "onboarded",
                    "coverage",
                    "confirm_rate",
                ],
            ),
        ],
    },
    Plan {
        id: "marketer",
        name: "insight.board.marketer",
        roles: &[Role::Marketer, Role::Admin],
        groups: &[
            SHARING,
            (
                "insight.group.passing",
                &["created", "open_rate", "passed", "links_reopened"],
            ),
            (
                "insight.group.content",
                &[
                    "articles_published",
                    "articles_in_review",
                    "articles_expiring",
                ],
            ),
            ONBOARDING,
            ACTIVITY,
        ],
        lines: &["pv", "uv", "shares", "onboarded"],
        funnels: &[CONTENT_FUNNEL, CODE_FUNNEL],
        rankings: &[
            (
                Ranked::Articles,
                &["pv", "uv", "shares", "rereads", "finish_rate", "passed"],
            ),
            (
                Ranked::Units,
                &["pv", "uv", "shares", "hcp_readers", "onboarded"],
            ),
            (
                Ranked::People,
                &["pv", "uv", "shares", "hcp_readers", "onboarded"],
            ),
        ],
    },
    Plan {
        id: "trainer",
        name: "insight.board.trainer",
        roles: &[Role::Trainer, Role::Admin],
        groups: &[
            (
                "insight.group.coverage",
                &["coverage", "assigned", "completed", "missing"],
            ),
            (
                "insight.group.learning",
                &["lessons", "learners", "completions", "answers", "accuracy"],
            ),
            ACTIVITY,
        ],
        lines: &["lessons", "learners", "completions", "answers"],
        funnels: &[],
        rankings: &[
            (
                Ranked::Courses,
                &["coverage", "assigned", "completed", "missing"],
            ),
            (
                Ranked::Units,
                &["coverage", "missing", "lessons", "learners", "accuracy"],
            ),
            (
                Ranked::People,
                &["missing", "coverage", "lessons", "accuracy"],
            ),
        ],
    },
    Plan {
        id: "compliance",
        name: "insight.board.compliance",
        roles: &[Role::Compliance, Role::Admin],
        groups: &[
            (
                "insight.group.events",
                &["late_events", "open_events", "events"],
            ),
            (
                "insight.group.content",
                &[
                    "articles_in_review",
                    "articles_expiring",
                    "articles_published",
                ],
            ),
            (
                "insight.group.field",
                &["flagged_visits", "flagged_checkins", "visits", "checkins"],
            ),
            (
                "insight.group.privacy",
                &["withdrawals", "reveals", "exports"],
            ),
            (
                "insight.group.flow",
                &["open_appeals", "appeals", "confirm_rate"],
            ),
            ("insight.group.learning", &["coverage", "missing"]),
        ],
        lines: &[
            "flagged_visits",
            "flagged_checkins",
            "withdrawals",
            "exports",
        ],
        funnels: &[],
        rankings: &[
            (
                Ranked::Units,
                &["flagged_visits", "flagged_checkins", "visits", "coverage"],
            ),
            (
                Ranked::People,
                &["flagged_visits", "flagged_checkins", "visits", "exports"],
            ),
        ],
    },
    Plan {
        id: "headquarters",
        name: "insight.board.headquarters",
        roles: &[Role::Admin, Role::Compliance],
        groups: &[ACTIVITY, ONBOARDING, SHARING, FIELD, LEARNING, FLOW],
        lines: &["active_staff", "pv", "visits", "onboarded"],
        funnels: &[CONTENT_FUNNEL, CODE_FUNNEL, LIBRARY_FUNNEL],
        rankings: &[
            (
                Ranked::Units,
                &[
                    "pv",
                    "uv",
                    "shares",
                    "onboarded",
                    "visits",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (
                Ranked::People,
                &[
                    "pv",
                    "uv",
                    "shares",
                    "onboarded",
                    "visits",
                    "coverage",
                    "confirm_rate",
                ],
            ),
            (Ranked::Articles, &["pv", "uv", "shares", "finish_rate"]),
        ],
    },
];

/// Numbers of measures, by their ids.
type Sums = HashMap<String, i64>;

/// The base measures of some: of shares their part and whole.
pub fn bases(measures: &[&'static Measure]) -> Vec<&'static Measure> {
    let mut out: Vec<&'static Measure> = Vec::new();
    for measure in measures {
        let some = measure
            .share()
            .map_or_else(|| vec![*measure], |(part, whole)| vec![part, whole]);
        for one in some {
            if !out.iter().any(|m| m.id == one.id) {
                out.push(one);
            }
        }
    }
    out
}

/// Counts measures over a slice: those out of kept sums in one statement, those out of rows beside it.
async fn totals(asker: &Asker<'_>, measures: &[&'static Measure], slice: &Slice) -> DbResult<Sums> {
    // Two statements side by side: as many as a small machine has cores.
    let (mut quick, mut slow) = (Facts::default(), Facts::default());
    for (i, measure) in measures.iter().enumerate() {
        let facts = if i % 2 == 0 { &mut quick } else { &mut slow };
        facts.count(measure.id, count::total(asker, measure, slice));
    }
    let (quick, slow) = tokio::try_join!(quick.read(&asker.state.db), slow.read(&asker.state.db))?;
    Ok(measures
        .iter()
        .map(|m| (m.id.to_owned(), quick.n(m.id) + slow.n(m.id)))
        .collect())
}

fn counted(measure: &Measure, sums: &Sums, slice: &Slice) -> Counted {
    Counted {
        n: sums.get(measure.id).copied().unwrap_or(0),
        href: measure.rows_of(slice),
    }
}

fn pair(measure: &Measure, sums: &Sums, slice: &Slice) -> (Counted, Option<Counted>) {
    match measure.share() {
        Some((part, whole)) => (
            counted(part, sums, slice),
            Some(counted(whole, sums, slice)),
        ),
        None => (counted(measure, sums, slice), None),
    }
}

fn number(
    measure: &Measure,
    now: (&Sums, &Slice),
    before: Option<(&Sums, &Slice)>,
    by_unit: bool,
) -> Number {
    let (n, of) = pair(measure, now.0, now.1);
    Number {
        meaning: measure.meaning(),
        now: n,
        of,
        before: before.map(|(sums, slice)| pair(measure, sums, slice)),
        // Units differ in size: more or less is no judgement there.
        good: if by_unit { 0 } else { measure.good },
        over: if measure.is_compared() && measure.window.is_none() {
            String::new()
        } else {
            measure.span(&now.1.from, &now.1.to)
        },
        ignores: slice::ignored(measure.fact(), now.1),
    }
}

/// The boards of a role: code and name.
fn boards(actor: &Actor) -> Vec<&'static Plan> {
    PLANS
        .iter()
        .filter(|plan| plan.roles.contains(&actor.role))
        .collect()
}

/// Where a role begins.
fn first(actor: &Actor) -> &'static str {
    match actor.role {
        Role::Manager => "manager",
        Role::Marketer => "marketer",
        Role::Trainer => "trainer",
        Role::Compliance => "compliance",
        _ => "headquarters",
    }
}

fn seen(actor: &Actor, ids: &[&str]) -> Vec<&'static Measure> {
    ids.iter().filter_map(|id| allowed(actor, id)).collect()
}

/// A board over a filter. `NotFound` for a board of another role, and for what lies outside the scope.
pub async fn board(
    state: &AppState,
    actor: &Actor,
    mut filter: BoardFilter,
) -> Result<Board, AppError> {
    let plans = boards(actor);
    if filter.board.is_empty() {
        filter.board = first(actor).into();
    }
    let plan = plans
        .iter()
        .find(|plan| plan.id == filter.board)
        .ok_or(AppError::NotFound)?;
    let asker = Asker::new(state, actor).await?;
    let span0 = std::mem::take(&mut filter.span0);
    slice::settle(state, &mut filter.slice, &mut filter.span, &span0);
    slice::check(&asker, &filter.slice).await?;
    let other = slice::other(&mut filter, &state.zone.today());
    slice::check(&asker, &other).await?;
    let by_unit = filter.compare == "unit";

    let steps = plan.funnels.iter().flat_map(|(_, steps)| *steps);
    let wanted: Vec<&str> = plan
        .groups
        .iter()
        .flat_map(|(_, ids)| *ids)
        .chain(steps)
        .copied()
        .collect();
    let all = bases(&seen(actor, &wanted));
    // What stands as it is now was the same before.
    let compared: Vec<&'static Measure> = all
        .iter()
        .copied()
        .filter(|m| by_unit || m.is_compared())
        .collect();
    let (now, before, charts, rankings, choices) = tokio::try_join!(
        totals(&asker, &all, &filter.slice),
        totals(&asker, &compared, &other),
        lines(&asker, plan, &filter.slice, &other),
        rankings(&asker, plan, &filter.slice),
        slice::choices(&asker),
    )?;
    let groups = plan
        .groups
        .iter()
        .map(|(head, ids)| {
            let numbers = seen(actor, ids)
                .into_iter()
                .map(|m| {
                    let before = (by_unit || m.is_compared()).then_some((&before, &other));
                    number(m, (&now, &filter.slice), before, by_unit)
                })
                .collect::<Vec<_>>();
            (lookup(head), numbers)
        })
        .filter(|(_, numbers)| !numbers.is_empty())
        .collect();
    let mut all_charts: Vec<ChartData> = plan
        .funnels
        .iter()
        .filter_map(|(head, ids)| {
            let steps = seen(actor, ids);
            (steps.len() == ids.len()).then(|| funnel(head, &steps, &now, &filter.slice))
        })
        .collect();
    all_charts.extend(charts);
    let days = tr!(
        "insight.days",
        from = filter.slice.from,
        to = filter.slice.to
    );
    let named = |id: &str| {
        let found = choices.units.iter().find(|(unit, _)| unit == id);
        found.map_or_else(
            || tr!("insight.any_unit"),
            |(_, name)| name.trim_start().to_owned(),
        )
    };
    let compared = if by_unit {
        named(&other.unit)
    } else {
        tr!("insight.days", from = other.from, to = other.to)
    };
    Ok(Board {
        boards: plans
            .iter()
            .map(|plan| (plan.id.to_owned(), lookup(plan.name)))
            .collect(),
        days,
        compared,
        narrowed: slice::narrowed(&asker, &filter.slice).await?,
        unfinished: filter.slice.to == state.zone.today(),
        choices,
        groups,
        charts: all_charts,
        rankings,
        filter,
    })
}

fn funnel(head: &str, steps: &[&'static Measure], sums: &Sums, slice: &Slice) -> ChartData {
    let counted: Vec<Counted> = steps.iter().map(|m| counted(m, sums, slice)).collect();
    // Bars: a step may be greater than the one before it, and nothing is drawn for none.
    let first = counted.first().map_or(0, |c| c.n);
    ChartData {
        kind: ChartKind::Hbar,
        title: lookup(head),
        axis: tr!("insight.step"),
        labels: steps
            .iter()
            .zip(&counted)
            .map(|(m, c)| match first {
                0 => m.name(),
                _ => format!("{} {}", m.name(), shown(c.n, Some(first))),
            })
            .collect(),
        unit: String::new(),
        series: vec![Series {
            name: tr!("insight.number"),
            values: counted.iter().map(|c| Some(c.n as f64)).collect(),
            hrefs: counted.into_iter().map(|c| Some(c.href)).collect(),
        }],
    }
}

/// The lines of a board: each measure over the days, beside what it is compared with.
async fn lines(
    asker: &Asker<'_>,
    plan: &Plan,
    slice: &Slice,
    other: &Slice,
) -> DbResult<Vec<ChartData>> {
    let buckets = count::buckets(&slice.from, &slice.to);
    let earlier = count::buckets(&other.from, &other.to);
    // One day is no line.
    let drawn: Vec<&'static Measure> = seen(asker.actor, plan.lines)
        .into_iter()
        .filter(|m| buckets.len() > 1 && m.share().is_none() && count::in_buckets(m, &buckets))
        .collect();
    let (now, before) = tokio::try_join!(
        line(asker, &drawn, slice, &buckets),
        line(asker, &drawn, other, &earlier),
    )?;
    let series =
        |name: String, measure: &Measure, values: &[i64], buckets: &[Bucket], slice: &Slice| {
            Series {
                name,
                values: values.iter().map(|n| Some(*n as f64)).collect(),
                hrefs: buckets
                    .iter()
                    .map(|b| {
                        let part = Slice {
                            from: b.from.clone(),
                            to: b.to.clone(),
                            ..slice.clone()
                        };
                        Some(measure.rows_of(&part))
                    })
                    .collect(),
            }
        };
    Ok(drawn
        .iter()
        .zip(now.iter().zip(&before))
        // Nothing in either is told by the number above.
        .filter(|(_, (now, before))| now.iter().chain(before.iter()).any(|n| *n != 0))
        .map(|(measure, (now, before))| {
            // Both begin at the left; what is longer is cut, what is shorter ends earlier.
            let fits = earlier.len().min(buckets.len());
            let mut compared = series(
                tr!("insight.compared"),
                measure,
                &before[..fits],
                &earlier[..fits],
                other,
            );
            compared.values.resize(buckets.len(), None);
            compared.hrefs.resize(buckets.len(), None);
            ChartData {
                kind: ChartKind::Line,
                title: measure.name(),
                axis: tr!("insight.day"),
                labels: buckets.iter().map(|b| b.label.clone()).collect(),
                unit: String::new(),
                series: vec![
                    series(tr!("insight.now"), measure, now, &buckets, slice),
                    compared,
                ],
            }
        })
        .collect())
}

/// The numbers of measures in buckets.
async fn line(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    buckets: &[Bucket],
) -> DbResult<Vec<Vec<i64>>> {
    let mut facts = Facts::default();
    for measure in measures {
        if let Some(query) = count::grouped(asker, measure, slice, By::Buckets(buckets), None) {
            facts.rows(measure.id, query);
        }
    }
    let found = facts.read(&asker.state.db).await?;
    Ok(measures
        .iter()
        .map(|measure| {
            let mut values = vec![0; buckets.len()];
            for fact in found.of(measure.id) {
                if let Some(value) = fact.id.parse().ok().and_then(|i: usize| values.get_mut(i)) {
                    *value = fact.n;
                }
            }
            values
        })
        .collect())
}

async fn rankings(asker: &Asker<'_>, plan: &Plan, slice: &Slice) -> DbResult<Vec<Ranking>> {
    let made = plan.rankings.iter().map(|(ranked, ids)| async move {
        let measures = seen(asker.actor, ids);
        if measures.is_empty() {
            return Ok(None);
        }
        ranking(asker, plan, *ranked, &measures, slice).await
    });
    let made = futures::future::try_join_all(made).await?;
    Ok(made.into_iter().flatten().collect())
}

/// Ids with names, of what is ranked.
async fn names(
    asker: &Asker<'_>,
    ranked: Ranked,
    ids: &[String],
) -> DbResult<HashMap<String, String>> {
    let (table, name) = match ranked {
        Ranked::Units => ("org_unit", "name"),
        Ranked::People => ("staff", "name"),
        Ranked::Articles => ("article", "title"),
        Ranked::Courses => ("course", "title"),
    };
    let mut query = q(format!("SELECT id, {name} FROM {table} WHERE "));
    query.push_among("id", ids);
    Ok(query
        .all::<(String, String)>(&asker.state.db)
        .await?
        .into_iter()
        .collect())
}

/// The units right below the one asked for, or below the top of the scope.
async fn children(asker: &Asker<'_>, slice: &Slice) -> DbResult<Vec<String>> {
    let units = slice::units(asker).await?;
    let tops: Vec<String> = if slice.unit.is_empty() {
        // The first of each indent of none.
        units
            .iter()
            .filter(|(_, name)| !name.starts_with('\u{3000}'))
            .map(|(id, _)| id.clone())
            .collect()
    } else {
        vec![slice.unit.clone()]
    };
    // A unit that has only one below it would be compared with nothing.
    let mut above = tops;
    loop {
        let mut query = q("SELECT id FROM org_unit WHERE ");
        query.push_among("parent_id", &above);
        query.push(" ORDER BY name, id LIMIT 100");
        let below: Vec<(String,)> = query.all(&asker.state.db).await?;
        match below.len() {
            0 => return Ok(above),
            1 => above = below.into_iter().map(|(id,)| id).collect(),
            _ => return Ok(below.into_iter().map(|(id,)| id).collect()),
        }
    }
}

/// Parts and wholes of measures by id of the group.
pub type Table = HashMap<(String, &'static str), i64>;

/// Counts base measures by a group into `table`; only of some ids, if they are given.
pub async fn count_into(
    asker: &Asker<'_>,
    measures: &[&'static Measure],
    slice: &Slice,
    by: By<'_>,
    ids: Option<&[String]>,
    table: &mut Table,
) -> DbResult<()> {
    let mut facts = Facts::default();
    for measure in measures {
        if let Some(query) = count::grouped(asker, measure, slice, by, ids) {
            facts.rows(measure.id, query);
        }
    }
    let found = facts.read(&asker.state.db).await?;
    for measure in measures {
        for fact in found.of(measure.id) {
            table.insert((fact.id.clone(), measure.id), fact.n);
        }
    }
    Ok(())
}

/// The value of a measure for a group, to order by: shares in millionths, none as the least.
pub fn weight(measure: &Measure, id: &str, table: &Table) -> i64 {
    let n = |m: &Measure| table.get(&(id.to_owned(), m.id)).copied().unwrap_or(0);
    match measure.share() {
        None => n(measure),
        Some((part, whole)) if n(whole) > 0 => n(part) * 1_000_000 / n(whole),
        Some(_) => -1,
    }
}

async fn ranking(
    asker: &Asker<'_>,
    plan: &Plan,
    ranked: Ranked,
    measures: &[&'static Measure],
    slice: &Slice,
) -> DbResult<Option<Ranking>> {
    let units = if ranked == Ranked::Units {
        children(asker, slice).await?
    } else {
        Vec::new()
    };
    let by = match ranked {
        Ranked::Units => By::Units(&units),
        Ranked::People => By::Person,
        Ranked::Articles => By::Article,
        Ranked::Courses => By::Course,
    };
    // The first measure decides who is among the first; the others are counted for them alone.
    let (first, rest) = (bases(&measures[..1]), bases(&measures[1..]));
    let mut table = Table::new();
    count_into(asker, &first, slice, by, None, &mut table).await?;
    let mut ids: Vec<String> = table.keys().map(|(id, _)| id.clone()).collect();
    if ranked == Ranked::Units {
        ids.extend(units.iter().cloned());
    }
    ids.sort();
    ids.dedup();
    // Best first; of what is bad the most, so that it is seen.
    ids.sort_by_key(|id| std::cmp::Reverse(weight(measures[0], id, &table)));
    let total = ids.len() as i64;
    ids.truncate(if ranked == Ranked::Units { 100 } else { RANKED });
    if ids.is_empty() {
        return Ok(None);
    }
    let rest: Vec<&'static Measure> = rest
        .into_iter()
        .filter(|m| !first.iter().any(|f| f.id == m.id))
        .collect();
    if ranked == Ranked::Units {
        count_into(asker, &rest, slice, by, None, &mut table).await?;
    } else {
        count_into(asker, &rest, slice, by, Some(&ids), &mut table).await?;
    }
    let names = names(asker, ranked, &ids).await?;
    let of = |id: &str| {
        let mut part = slice.clone();
        let field = match ranked {
            Ranked::Units => &mut part.unit,
            Ranked::People => &mut part.person,
            Ranked::Articles => &mut part.article,
            Ranked::Courses => &mut part.course,
        };
        id.clone_into(field);
        part
    };
    let rows = ids
        .iter()
        .map(|id| {
            let part = of(id);
            let name = names.get(id).cloned().unwrap_or_else(|| id.clone());
            let opens = match ranked {
                Ranked::Units => Some(address("/insight", &[("board", plan.id)], &part)),
                Ranked::People => None,
                Ranked::Articles => Some(format!("/articles/{id}")),
                Ranked::Courses => Some(format!("/courses/{id}")),
            };
            let mut cells = vec![Cell {
                text: name,
                href: opens,
            }];
            cells.extend(measures.iter().map(|m| value_cell(m, id, &table, &part)));
            cells
        })
        .collect();
    let chart = ChartData {
        kind: ChartKind::Hbar,
        title: format!("{} · {}", ranked.title(), measures[0].name()),
        axis: ranked.title(),
        labels: ids
            .iter()
            .take(RANKED)
            .map(|id| names.get(id).cloned().unwrap_or_default())
            .collect(),
        unit: if measures[0].share().is_some() {
            "%".into()
        } else {
            String::new()
        },
        series: vec![Series {
            name: measures[0].name(),
            values: ids
                .iter()
                .take(RANKED)
                .map(
                    |id| match (measures[0].share(), weight(measures[0], id, &table)) {
                        (Some(_), -1) => None,
                        (Some(_), millionths) => Some(millionths as f64 / 10_000.0),
                        (None, n) => Some(n as f64),
                    },
                )
                .collect(),
            hrefs: ids
                .iter()
                .take(RANKED)
                .map(|id| {
                    let counted = measures[0].share().map_or(measures[0], |(part, _)| part);
                    Some(counted.rows_of(&of(id)))
                })
                .collect(),
        }],
    };
    let mut heads = vec![ranked.title()];
    heads.extend(measures.iter().map(|m| m.name()));
    let report = match ranked {
        Ranked::Units => None,
        Ranked::People => Some("rep"),
        Ranked::Articles => Some("article"),
        Ranked::Courses => Some("course"),
    };
    Ok(Some(Ranking {
        by: ranked.code().to_owned(),
        title: ranked.title(),
        heads,
        rows,
        total,
        more: report.map(|by| address("/insight/report", &[("by", by)], slice)),
        chart,
    }))
}

/// A number of a table with the way to its rows: of a share, to its part.
pub fn value_cell(measure: &Measure, id: &str, table: &Table, slice: &Slice) -> Cell {
    let n = |m: &Measure| table.get(&(id.to_owned(), m.id)).copied().unwrap_or(0);
    match measure.share() {
        None => Cell {
            text: shown(n(measure), None),
            href: Some(measure.rows_of(slice)),
        },
        Some((part, whole)) => Cell {
            text: match n(whole) {
                0 => shown(0, Some(0)),
                of => format!("{} ({}/{of})", shown(n(part), Some(of)), n(part)),
            },
            href: Some(part.rows_of(slice)),
        },
    }
}
