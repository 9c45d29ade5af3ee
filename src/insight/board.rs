//! Boards: the numbers, lines, funnels and rankings that a role begins with.

use std::collections::HashMap;

use super::count::{self, Bucket, By};
use super::model::{Board, BoardFilter, Counted, Headline, Number, Slice, shown};
use super::passes;
use super::plan::{Plan, boards, first, headline, seen};
use super::ranking::{bases, rankings};
use super::registry::Measure;
use super::slice::{self, Asker};
use crate::server::AppState;
use crate::server::db::DbResult;
use crate::server::facts::{Facts, read_both};
use crate::server::guard::Actor;
use crate::server::time;
use crate::shared::AppError;
use crate::ui::chart::{ChartData, ChartKind, Series};
use crate::ui::locale::lookup;

/// Numbers of measures, by their ids.
type Sums = HashMap<String, i64>;

/// Counts measures over a slice.
async fn totals(asker: &Asker<'_>, measures: &[&'static Measure], slice: &Slice) -> DbResult<Sums> {
    let mut both = [Facts::default(), Facts::default()];
    passes::totals(asker, measures, slice, &mut both);
    let found = read_both(both, &asker.state.db).await?;
    let n = |m: &Measure| found.iter().map(|found| found.n(m.id)).sum();
    Ok(measures.iter().map(|m| (m.id.to_owned(), n(m))).collect())
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
    (by_unit, today): (bool, &str),
) -> Number {
    let (n, of) = pair(measure, now.0, now.1);
    // Units differ in size, and a day that is not over is compared with a whole one: more or less is no judgement there.
    let judged = !by_unit && (measure.window != Some(1) || now.1.to != today);
    Number {
        meaning: measure.meaning(),
        now: n,
        of,
        before: before.map(|(sums, slice)| pair(measure, sums, slice)),
        good: if judged { measure.good } else { 0 },
        over: if measure.is_compared() && measure.window.is_none() {
            String::new()
        } else {
            measure.span(&now.1.from, &now.1.to)
        },
        ignores: slice::ignored(measure.fact(), now.1),
    }
}

/// The numbers of somebody's board that stand on their first page, over the usual days; none for most roles.
pub async fn headlines(state: &AppState, actor: &Actor) -> DbResult<Vec<Headline>> {
    let measures = seen(actor, headline(actor));
    if measures.is_empty() {
        return Ok(Vec::new());
    }
    let asker = Asker::new(state, actor).await?;
    let mut slice = Slice::default();
    slice::settle(state, &mut slice, &mut String::new(), "");
    let sums = totals(&asker, &bases(&measures), &slice).await?;
    Ok(measures
        .into_iter()
        .map(|measure| {
            let (now, of) = pair(measure, &sums, &slice);
            Headline {
                name: measure.name(),
                text: shown(now.n, of.map(|of| of.n)),
                href: now.href,
            }
        })
        .collect())
}

/// A board over a filter. `NotFound` for a board of another role, and for what lies outside the scope.
pub async fn board(
    state: &AppState,
    actor: &Actor,
    mut filter: BoardFilter,
) -> Result<Board, AppError> {
    let (plans, today) = (boards(actor), state.zone.today());
    if filter.board.is_empty() {
        filter.board = first(actor).into();
    }
    let plan = plans
        .iter()
        .find(|plan| plan.id == filter.board)
        .ok_or(AppError::NotFound)?;
    let asker = Asker::new(state, actor).await?;
    let span0 = std::mem::take(&mut filter.span0);
    let settled = slice::settle(state, &mut filter.slice, &mut filter.span, &span0);
    let mut changed = Vec::from_iter(settled);
    slice::check(&asker, &filter.slice).await?;
    let compares = slice::asks_to_compare(&filter);
    let other = slice::other(&mut filter, &today);
    if compares && filter.compare == "before" {
        changed.push(tr!("insight.changed.compare"));
    }
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
    let units = asker.units().await?;
    let named = |id: &str| {
        let found = units.iter().find(|(unit, _)| unit == id);
        found.map_or_else(
            || tr!("insight.any_unit"),
            |(_, name)| name.trim_start().to_owned(),
        )
    };
    // Two units over the same days, or one over two times.
    let sides = if by_unit {
        [named(&filter.slice.unit), named(&other.unit)]
    } else {
        [tr!("insight.now"), tr!("insight.compared")]
    };
    let (now, before, charts, mut rankings, choices) = tokio::try_join!(
        totals(&asker, &all, &filter.slice),
        totals(&asker, &compared, &other),
        lines(&asker, plan, &filter.slice, &other, &sides),
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
                    number(m, (&now, &filter.slice), before, (by_unit, &today))
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
    let [_, against] = sides;
    let compared = if by_unit {
        against.clone()
    } else {
        tr!("insight.days", from = other.from, to = other.to)
    };
    let narrowed = slice::narrowed(&asker, &filter.slice, &all).await?;
    let about = std::iter::once(&days)
        .chain(&narrowed)
        .cloned()
        .collect::<Vec<_>>()
        .join(" · ");
    for chart in &mut all_charts {
        chart.about = match chart.kind {
            ChartKind::Line => {
                let against = tr!("insight.compared_with", what = compared);
                format!("{about} · {against}")
            }
            _ => about.clone(),
        };
        if !chart.note.is_empty() {
            chart.about = format!("{} · {}", chart.about, chart.note);
        }
    }
    for ranking in &mut rankings {
        let said = [about.as_str(), &ranking.note];
        let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
        ranking.chart.about = said.join(" · ");
    }
    Ok(Board {
        boards: plans
            .iter()
            .map(|plan| (plan.id.to_owned(), lookup(plan.name)))
            .collect(),
        days,
        compared,
        against,
        narrowed,
        changed,
        unfinished: filter.slice.to == today,
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
        note: slice::not_narrowed(steps, slice),
        axis: tr!("insight.step"),
        labels: steps
            .iter()
            .zip(&counted)
            .map(|(m, c)| match first {
                0 => m.name(),
                // Names are cut where there is no room; the share is not.
                _ => format!("{} {}", shown(c.n, Some(first)), m.name()),
            })
            .collect(),
        series: vec![Series {
            name: tr!("insight.number"),
            values: counted.iter().map(|c| Some(c.n as f64)).collect(),
            hrefs: counted.into_iter().map(|c| Some(c.href)).collect(),
            ..Series::default()
        }],
        ..ChartData::default()
    }
}

/// The days of a bucket in full: they stand beside those of another time.
fn in_full(bucket: &Bucket) -> String {
    if bucket.label.len() == "YYYY-MM".len() {
        bucket.label.clone()
    } else if bucket.from == bucket.to {
        bucket.from.clone()
    } else {
        tr!("insight.days", from = bucket.from, to = bucket.to)
    }
}

/// The lines of a board: each measure over the days, beside what it is compared with.
async fn lines(
    asker: &Asker<'_>,
    plan: &Plan,
    slice: &Slice,
    other: &Slice,
    [here, there]: &[String; 2],
) -> DbResult<Vec<ChartData>> {
    let buckets = count::buckets(&slice.from, &slice.to);
    let many = time::days_between(&slice.from, &slice.to).len();
    let earlier = count::sized_buckets(&other.from, &other.to, many);
    // One day is no line.
    let drawn: Vec<&'static Measure> = seen(asker.actor, plan.lines)
        .into_iter()
        .filter(|m| buckets.len() > 1 && m.share().is_none() && count::in_buckets(m, &buckets))
        .collect();
    let (now, before) = tokio::try_join!(
        line(asker, &drawn, slice, &buckets),
        line(asker, &drawn, other, &earlier),
    )?;
    let today = asker.state.zone.today();
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
                unfinished: buckets.last().is_some_and(|b| b.to >= today),
                ..Series::default()
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
                there.clone(),
                measure,
                &before[..fits],
                &earlier[..fits],
                other,
            );
            compared.values.resize(buckets.len(), None);
            compared.hrefs.resize(buckets.len(), None);
            if (&other.from, &other.to) != (&slice.from, &slice.to) {
                compared.labels = earlier[..fits].iter().map(in_full).collect();
                compared.labels.resize(buckets.len(), String::new());
            }
            let mut all = vec![series(here.clone(), measure, now, &buckets, slice)];
            // A line of noughts would hide the axis, and tell nothing.
            if before.iter().any(|n| *n != 0) {
                all.push(compared);
            }
            ChartData {
                kind: ChartKind::Line,
                title: measure.name(),
                note: slice::not_narrowed(&[measure], slice),
                axis: tr!("insight.day"),
                labels: buckets.iter().map(|b| b.label.clone()).collect(),
                series: all,
                ..ChartData::default()
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
    passes::groups(
        asker,
        measures,
        slice,
        By::Buckets(buckets),
        None,
        std::slice::from_mut(&mut facts),
    );
    let found = facts.read(&asker.state.db).await?;
    Ok(measures
        .iter()
        .map(|measure| {
            let mut values = vec![0; buckets.len()];
            for fact in found.of(measure.id) {
                if let Some(place) = count::place(buckets, &fact.id) {
                    values[place] = fact.n;
                }
            }
            values
        })
        .collect())
}
