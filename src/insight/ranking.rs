//! Rankings of units, people, content and courses: one measure decides who is first, the others are counted for those.

use std::collections::HashMap;

use super::count::By;
use super::model::{Cell, Ranking, Slice, address, shown};
use super::passes;
use super::plan::{Plan, Ranked, seen};
use super::registry::Measure;
use super::report::subjects::field_staff;
use super::slice::{self, Asker};
use crate::server::db::{DbResult, q};
use crate::server::facts::{Facts, read_both};
use crate::ui::chart::{ChartData, ChartKind, Series};

/// Rows of a ranking on a board.
const RANKED: usize = 10;

/// What a member of staff `x` of the unit `u` is called where several stand together: two may have one name.
pub const CALLED: &str = "(x.name || ' · ' || u.name)";

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

/// The rankings of a board.
pub async fn rankings(asker: &Asker<'_>, plan: &Plan, slice: &Slice) -> DbResult<Vec<Ranking>> {
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
        Ranked::Units => ("org_unit x", "x.name"),
        Ranked::People => ("staff x JOIN org_unit u ON u.id = x.unit_id", CALLED),
        Ranked::Articles => ("article x", "x.title"),
        Ranked::Courses => ("course x", "x.title"),
    };
    let mut query = q(format!("SELECT x.id, {name} FROM {table} WHERE "));
    query.push_among("x.id", ids);
    Ok(query
        .all::<(String, String)>(&asker.state.db)
        .await?
        .into_iter()
        .collect())
}

/// The units right below the one asked for, or below the top of the scope.
async fn children(asker: &Asker<'_>, slice: &Slice) -> DbResult<Vec<String>> {
    let tops: Vec<String> = if slice.unit.is_empty() {
        // The first of each indent of none.
        let units = asker.units().await?;
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
        query.push(" ORDER BY name COLLATE pinyin, id LIMIT 100");
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
    let mut both = [Facts::default(), Facts::default()];
    passes::groups(asker, measures, slice, by, ids, &mut both);
    for found in read_both(both, &asker.state.db).await? {
        for measure in measures {
            for fact in found.of(measure.id) {
                table.insert((fact.id.clone(), measure.id), fact.n);
            }
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

/// Field staff of a slice who fill up what some leave of a ranking, by name; and how many of those some are field staff.
async fn other_field_staff(
    asker: &Asker<'_>,
    slice: &Slice,
    some: &[String],
) -> DbResult<(Vec<String>, i64)> {
    let mut known = field_staff(asker, slice, "COUNT(*)");
    known.push(" AND ").push_among("s.id", some);
    let known = known.count(&asker.state.db).await?;
    let mut query = field_staff(asker, slice, "s.id");
    if !some.is_empty() {
        query.push(" AND NOT (").push_among("s.id", some).push(")");
    }
    let most = RANKED - some.len();
    query.push_with(
        " ORDER BY s.name COLLATE pinyin, s.id LIMIT ?",
        [most as i64],
    );
    let rows: Vec<(String,)> = query.all(&asker.state.db).await?;
    Ok((rows.into_iter().map(|(id,)| id).collect(), known))
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
    // The first measure decides who is among the first; the others are counted for them alone, but for those that its
    // rows tell anyway.
    let (first, mut rest) = (bases(&measures[..1]), bases(&measures[1..]));
    let decides = |id: &str| first.iter().any(|f| f.id == id);
    rest.retain(|m| !decides(m.id));
    let along = passes::along(asker, &first, &rest, slice, by);
    rest.retain(|m| !along.iter().any(|a| a.id == m.id));
    let mut table = Table::new();
    let mut total = 0;
    let whole = ranked == Ranked::Units || measures[0].share().is_some();
    if whole {
        let counted = [first.as_slice(), &along].concat();
        count_into(asker, &counted, slice, by, None, &mut table).await?;
    } else if let Some(query) = passes::first(asker, measures[0], &along, slice, by, RANKED) {
        let mut facts = Facts::default();
        facts.many(query);
        for fact in facts.read(&asker.state.db).await?.all() {
            let known = first.iter().chain(&along).find(|m| m.id == fact.kind);
            if let Some(measure) = known {
                table.insert((fact.id.clone(), measure.id), fact.n);
            }
            total = fact.text.parse().unwrap_or(0);
        }
    }
    let some = table.keys().filter(|(_, measure)| decides(measure));
    let mut ids: Vec<String> = some.map(|(id, _)| id.clone()).collect();
    if ranked == Ranked::Units {
        ids.extend(units.iter().cloned());
    }
    ids.sort();
    ids.dedup();
    // Best first; of what is bad the most, so that it is seen.
    ids.sort_by_key(|id| std::cmp::Reverse(weight(measures[0], id, &table)));
    if whole {
        total = ids.len() as i64;
    }
    ids.truncate(if ranked == Ranked::Units { 100 } else { RANKED });
    if ranked == Ranked::People {
        let all = field_staff(asker, slice, "COUNT(*)");
        let all = all.count(&asker.state.db).await?;
        // Few who have something are no field staff.
        total = total.max(all);
        if ids.len() < RANKED {
            // Who has nothing is what some look for.
            let (others, known) = other_field_staff(asker, slice, &ids).await?;
            total = all + ids.len() as i64 - known;
            // What the rows of the first told was told of them alone.
            if !(others.is_empty() || along.is_empty()) {
                count_into(asker, &along, slice, by, Some(&others), &mut table).await?;
            }
            ids.extend(others);
        }
    }
    if ids.is_empty() {
        return Ok(None);
    }
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
            ..Series::default()
        }],
        ..ChartData::default()
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
        note: slice::not_narrowed(measures, slice),
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
