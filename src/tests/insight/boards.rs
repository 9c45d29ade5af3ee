//! Every number of a board against its recount, and the ways from there to its rows.

use std::collections::BTreeMap;

use mailuo::insight::board;
use mailuo::insight::model::{Board, BoardFilter, Cell, Counted, Number, Ranking, Slice};
use mailuo::insight::registry::{MEASURES, measure};
use mailuo::server::guard::Actor;
use mailuo::server::time::{days_between, shift_day};
use mailuo::shared::AppError;
use mailuo::ui::chart::{ChartData, ChartKind, Series};

use super::recount::{How, Recount, fact_of, how, stands, unknown};
use crate::support::TestApp;

/// What was found on boards and reports.
#[derive(Default)]
pub struct Found<'a> {
    /// Without one, nothing is compared.
    pub recount: Option<&'a Recount<'a>>,
    pub place: String,
    pub wrong: Vec<String>,
    /// Addresses of rows and the numbers that lead there.
    pub shown: BTreeMap<String, i64>,
}

/// The measure and the slice of an address of rows.
pub fn asked(href: &str) -> (String, Slice) {
    let query = href
        .strip_prefix("/insight/rows?")
        .unwrap_or_else(|| panic!("{href} leads to rows"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("pairs");
    let measure = pairs.into_iter().find(|(name, _)| name == "measure");
    let slice = serde_urlencoded::from_str(query).expect("a slice");
    (measure.expect("a measure").1, slice)
}

impl Found<'_> {
    fn say(&mut self, what: impl Into<String>) {
        self.wrong.push(format!("{}: {}", self.place, what.into()));
    }

    pub fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.say(what());
        }
    }

    /// A number with the way to its rows.
    pub fn leads(&mut self, n: i64, href: &str) {
        let before = self.shown.insert(href.to_owned(), n);
        self.expect(before.is_none_or(|before| before == n), || {
            format!("{href} is {n} here and {before:?} elsewhere")
        });
        self.is(n, href);
    }

    /// A number is what its address counts.
    fn is(&mut self, n: i64, href: &str) {
        if let Some(recount) = self.recount {
            let (measure, slice) = asked(href);
            let counted = recount.count(&measure, &slice);
            self.expect(n == counted, || format!("{href} shows {n}, is {counted}"));
        }
    }

    fn counted(&mut self, counted: &Counted, id: &str, slice: &Slice) {
        // What the measure does not know does not stand in its address.
        let (_, slice) = asked(&measure(id).expect("is a measure").rows_of(slice));
        let (measure, of) = asked(&counted.href);
        self.expect(measure == id && of == slice, || {
            format!("{id} over {slice:?} leads to {}", counted.href)
        });
        self.leads(counted.n, &counted.href);
    }

    fn pair(&mut self, id: &str, shown: (&Counted, Option<&Counted>), slice: &Slice) {
        match (how(id), shown.1) {
            (How::Share(part, whole), Some(of)) => {
                self.counted(shown.0, part, slice);
                self.counted(of, whole, slice);
            }
            (How::Share(..), None) => self.say(format!("{id} has no whole")),
            (_, Some(_)) => self.say(format!("{id} has a whole")),
            (_, None) => self.counted(shown.0, id, slice),
        }
    }

    fn number(&mut self, number: &Number, slice: &Slice, other: &Slice, by_unit: bool) {
        let id = number.meaning.id.as_str();
        self.pair(id, (&number.now, number.of.as_ref()), slice);
        let (ignored, unknown) = (&number.ignores, unknown(id, slice));
        self.expect(ignored.len() == unknown.len(), || {
            format!("{id} ignores {ignored:?}, knows nothing of {unknown:?}")
        });
        // What stands as it is now was the same before.
        // Two ranges of days may share a month.
        let compares = by_unit || !(stands(fact_of(id)) || fact_of(id) == "line");
        match &number.before {
            Some((n, of)) if compares => self.pair(id, (n, of.as_ref()), other),
            None if !compares => {}
            before => self.say(format!("{id} is compared with {before:?}")),
        }
    }

    fn series(&mut self, series: &Series, unit: &str) {
        for (value, href) in series.values.iter().zip(&series.hrefs) {
            let (Some(value), Some(href)) = (value, href) else {
                let both = value.is_none();
                self.expect(both || href.is_some(), || {
                    format!("{value:?} with {href:?}")
                });
                continue;
            };
            if unit.is_empty() {
                self.leads(*value as i64, href);
            } else if let Some(recount) = self.recount {
                let (part, slice) = asked(href);
                let whole = MEASURES.iter().find_map(|m| match how(m.id) {
                    How::Share(of, whole) if of == part => Some(whole),
                    _ => None,
                });
                let n = recount.count(&part, &slice) as f64;
                let of = recount.count(whole.expect("a share"), &slice) as f64;
                self.expect((n * 100.0 / of - value).abs() < 0.001, || {
                    format!("{href} is drawn as {value}, is {n} of {of}")
                });
            }
        }
    }

    fn chart(&mut self, chart: &ChartData, slice: &Slice, other: &Slice) {
        for series in &chart.series {
            self.series(series, &chart.unit);
            self.expect(series.values.len() == chart.labels.len(), || {
                format!("{} has other labels", chart.title)
            });
        }
        if chart.kind != ChartKind::Line {
            return;
        }
        // The days follow upon each other from the first asked for to the last.
        for (series, of) in chart.series.iter().zip([slice, other]) {
            let parts: Vec<Slice> = series.hrefs.iter().flatten().map(|h| asked(h).1).collect();
            let days = days_between(&of.from, &of.to).len();
            let ends = parts.last().map(|p| p.to.clone());
            let whole = parts.first().is_some_and(|p| p.from == of.from)
                && parts
                    .windows(2)
                    .all(|w| w[1].from == shift_day(&w[0].to, 1))
                && parts.iter().all(|p| p.from <= p.to);
            // What the measure does not know does not stand in the addresses.
            let known = series.hrefs.iter().flatten().next().map(|href| {
                let id = asked(href).0;
                asked(&measure(&id).expect("is a measure").rows_of(of)).1
            });
            let same = parts.iter().all(|p| {
                let (from, to) = (of.from.clone(), of.to.clone());
                Some(Slice {
                    from,
                    to,
                    ..p.clone()
                }) == known
            });
            // What is compared is cut where the other one ends.
            let complete = ends.as_ref() == Some(&of.to) || std::ptr::eq(of, other);
            let many = days > 31 || std::ptr::eq(of, other) || parts.len() == days;
            self.expect(whole && same && complete && many, || {
                format!("{} does not cover {of:?}", chart.title)
            });
        }
    }

    /// A cell of a table: a count, or a share with its fraction; `head` is the name of its measure.
    pub fn cell(&mut self, cell: &Cell, head: &str) {
        let Some(href) = &cell.href else {
            self.say(format!("{head}: {cell:?} leads nowhere"));
            return;
        };
        let (id, slice) = asked(href);
        let found = MEASURES.iter().find(|m| {
            m.name() == head
                && (m.id == id || matches!(how(m.id), How::Share(part, _) if part == id))
        });
        let Some(found) = found else {
            self.say(format!("{head} leads to {href}"));
            return;
        };
        match how(found.id) {
            How::Share(_, whole) => {
                let (n, of) = fraction(&cell.text);
                self.leads(n, href);
                self.is(of, &measure(whole).expect("is a measure").rows_of(&slice));
            }
            _ => match cell.text.replace(',', "").parse() {
                Ok(n) => self.leads(n, href),
                Err(_) => self.say(format!("{head}: {cell:?} is no number")),
            },
        }
    }

    fn ranking(&mut self, ranking: &Ranking, whole: &Slice) {
        for row in &ranking.rows {
            for (cell, head) in row.iter().zip(&ranking.heads).skip(1) {
                self.cell(cell, head);
            }
        }
        self.chart(&ranking.chart, &Slice::default(), &Slice::default());
        self.expect(ranking.total >= ranking.rows.len() as i64, || {
            format!("{} of {}", ranking.rows.len(), ranking.total)
        });
        let Some(recount) = self.recount else { return };
        let Some(first) = ranking.rows.first().and_then(|row| row[1].href.clone()) else {
            self.say(format!("{} is empty", ranking.title));
            return;
        };
        let (measure, slice) = asked(&first);
        let id = MEASURES
            .iter()
            .find(|m| {
                m.name() == ranking.heads[1]
                    && (m.id == measure
                        || matches!(how(m.id), How::Share(part, _) if part == measure))
            })
            .expect("is a measure")
            .id;
        let of = |whose: &str| {
            let mut slice = slice.clone();
            *subject(&mut slice, &ranking.by) = whose.to_owned();
            weight(recount, id, &slice)
        };
        let listed: Vec<String> = ranking
            .rows
            .iter()
            .map(|row| {
                let (_, mut slice) = asked(row[1].href.as_deref().expect("leads to rows"));
                subject(&mut slice, &ranking.by).clone()
            })
            .collect();
        let data = recount.data;
        let names: BTreeMap<&str, &str> = match ranking.by.as_str() {
            "person" => data
                .staff
                .iter()
                .map(|s| (s.id.as_str(), s.called.as_str()))
                .collect(),
            "unit" => data
                .units
                .iter()
                .map(|(id, name)| (id.as_str(), name.as_str()))
                .collect(),
            by => (if by == "course" {
                &data.courses
            } else {
                &data.articles
            })
            .iter()
            .map(|(id, name, _)| (id.as_str(), name.as_str()))
            .collect(),
        };
        for (id, row) in listed.iter().zip(&ranking.rows) {
            self.expect(
                names.get(id.as_str()) == Some(&row[0].text.as_str()),
                || format!("{id} is called {}", row[0].text),
            );
        }
        let shown: Vec<i64> = listed.iter().map(|id| of(id)).collect();
        self.expect(shown.is_sorted_by(|a, b| a >= b), || {
            format!("{} comes in the order {shown:?}", ranking.title)
        });
        if ranking.by != "unit" {
            // Where one is asked for, no other is ranked.
            let one = subject(&mut whole.clone(), &ranking.by).clone();
            let mut best: Vec<i64> = names
                .keys()
                .filter(|id| one.is_empty() || **id == one)
                .map(|id| of(id))
                .filter(|n| *n > 0)
                .collect();
            best.sort_unstable_by(|a, b| b.cmp(a));
            best.truncate(10);
            let shown: Vec<i64> = shown.into_iter().filter(|n| *n > 0).collect();
            self.expect(shown == best, || {
                format!("{} shows {shown:?}, the best are {best:?}", ranking.title)
            });
        }
    }

    /// All of a board.
    pub fn board(&mut self, board: &Board, other: &Slice) {
        let slice = &board.filter.slice;
        let by_unit = board.filter.compare == "unit";
        for (_, numbers) in &board.groups {
            for number in numbers {
                self.number(number, slice, other, by_unit);
            }
        }
        for chart in &board.charts {
            self.chart(chart, slice, other);
        }
        for ranking in &board.rankings {
            self.ranking(ranking, slice);
        }
        self.expect(!board.groups.is_empty(), || "has no numbers".into());
    }
}

/// What a slice says of whom a table is on.
pub fn subject<'s>(slice: &'s mut Slice, by: &str) -> &'s mut String {
    match by {
        "unit" => &mut slice.unit,
        "article" => &mut slice.article,
        "course" => &mut slice.course,
        "hcp" => &mut slice.hcp,
        _ => &mut slice.person,
    }
}

/// By what a measure is ordered: shares by their part of a million, those of nothing last.
pub fn weight(recount: &Recount<'_>, id: &str, slice: &Slice) -> i64 {
    match how(id) {
        How::Share(part, whole) => match recount.count(whole, slice) {
            0 => -1,
            of => recount.count(part, slice) * 1_000_000 / of,
        },
        _ => recount.count(id, slice),
    }
}

/// Part and whole of `12.5% (1/8)`; none of either of a dash.
pub fn fraction(text: &str) -> (i64, i64) {
    let Some((_, rest)) = text.split_once('(') else {
        assert_eq!(text, "—");
        return (0, 0);
    };
    let (n, of) = rest
        .trim_end_matches(')')
        .split_once('/')
        .expect("a fraction");
    (n.parse().expect("a number"), of.parse().expect("a number"))
}

/// The days with which a board is compared.
pub fn compared(filter: &BoardFilter) -> Slice {
    let mut other = filter.slice.clone();
    let days = days_between(&other.from, &other.to).len() as i64;
    match filter.compare.as_str() {
        "unit" => other.unit.clone_from(&filter.unit2),
        "days" => {
            other.from.clone_from(&filter.from2);
            other.to.clone_from(&filter.to2);
        }
        "year" => {
            let before = |day: &str| {
                let year: i64 = day[..4].parse().expect("a year");
                format!("{}{}", year - 1, &day[4..]).replace("-02-29", "-02-28")
            };
            other.from = before(&other.from);
            other.to = before(&other.to);
        }
        _ => {
            let end = shift_day(&filter.slice.from, -1);
            let month = format!("{}01", &end[..8]);
            (other.from, other.to) = match filter.span.as_str() {
                "last_month" => (month, end),
                "month" => {
                    let same = format!("{}{}", &end[..8], &other.to[8..]);
                    (month, same.min(end))
                }
                _ => (shift_day(&other.from, -days), end),
            };
        }
    }
    other
}

/// The boards of whoever asks over a filter, with the days that each is compared with.
pub async fn boards(app: &TestApp, actor: &Actor, filter: &BoardFilter) -> Vec<(Board, Slice)> {
    let mut out = Vec::new();
    let first = read(app, actor, filter).await;
    let codes: Vec<String> = first.boards.iter().map(|(code, _)| code.clone()).collect();
    for code in codes {
        let filter = BoardFilter {
            board: code,
            ..filter.clone()
        };
        let board = read(app, actor, &filter).await;
        let other = compared(&board.filter);
        out.push((board, other));
    }
    out
}

async fn read(app: &TestApp, actor: &Actor, filter: &BoardFilter) -> Board {
    let board: Result<Board, AppError> = board::board(&app.state, actor, filter.clone()).await;
    board.unwrap_or_else(|error| panic!("{:?} over {filter:?}: {error}", actor.role))
}
