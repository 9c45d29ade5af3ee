//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::{Page, escaped};
use crate::ui::chart::ChartData;

/// What a number is of: the days, and who and what it is narrowed to. An empty text narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slice {
    /// Days `YYYY-MM-DD`, both included.
    pub from: String,
    pub to: String,
    /// A unit with all below it.
    pub unit: String,
    pub person: String,
    pub province: String,
    pub specialty: String,
    pub product: String,
    pub article: String,
    pub course: String,
    pub hcp: String,
}

impl Slice {
    /// Names and values of what it is narrowed by, as they stand in an address.
    pub fn pairs(&self) -> [(&'static str, &str); 10] {
        [
            ("from", &self.from),
            ("to", &self.to),
            ("unit", &self.unit),
            ("person", &self.person),
            ("province", &self.province),
            ("specialty", &self.specialty),
            ("product", &self.product),
            ("article", &self.article),
            ("course", &self.course),
            ("hcp", &self.hcp),
        ]
    }

    /// What of it holds on other boards and reports: the filters that they share, and the days where they were typed.
    pub fn kept(&self, span: &str) -> Slice {
        let typed = span.is_empty() || span == "days";
        let day = |day: &String| if typed { day.clone() } else { String::new() };
        Slice {
            from: day(&self.from),
            to: day(&self.to),
            unit: self.unit.clone(),
            province: self.province.clone(),
            specialty: self.specialty.clone(),
            product: self.product.clone(),
            ..Slice::default()
        }
    }
}

/// The span that is meant: days that are typed beside an unchanged span are.
pub fn meant_span(span: &str, span0: &str, slice: &Slice) -> String {
    let typed = !(slice.from.is_empty() && slice.to.is_empty());
    if typed && (span.is_empty() || span == span0) {
        return "days".to_owned();
    }
    span.to_owned()
}

/// An address with parameters and a slice; what is empty is left out.
pub fn address(path: &str, first: &[(&str, &str)], slice: &Slice) -> String {
    let pairs = first.iter().copied().chain(slice.pairs());
    let query: Vec<String> = pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", query.join("&"))
}

/// What a board is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoardFilter {
    pub board: String,
    /// `week`, `month`, `last_month`, `quarter`, `year`, `days30` (where nothing is asked), or `days` for those of the
    /// slice.
    pub span: String,
    /// The span with which the form was filled: days typed beside an unchanged span are meant.
    pub span0: String,
    #[serde(flatten)]
    pub slice: Slice,
    /// With what it is compared: `before` (the same part of the week, month, quarter or year before, or as many days
    /// before; where nothing is asked), `year` (a year ago), `days` (those below) or `unit`.
    pub compare: String,
    pub from2: String,
    pub to2: String,
    pub unit2: String,
}

impl BoardFilter {
    /// The address of a board over the same days, narrowed and compared in the same way.
    pub fn on(&self, board: &str) -> String {
        // The period before is compared with where nothing is asked.
        let compared = |value| match self.compare.as_str() {
            "before" => "",
            _ => value,
        };
        let first = [
            ("board", board),
            ("span", self.span.as_str()),
            ("compare", compared(self.compare.as_str())),
            ("from2", compared(&self.from2)),
            ("to2", compared(&self.to2)),
            ("unit2", compared(&self.unit2)),
        ];
        address("/insight", &first, &self.slice.kept(&self.span))
    }
}

/// A choice of a filter: value and name.
pub type Choice = (String, String);

/// What the filters can be set to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    pub units: Vec<Choice>,
    pub provinces: Vec<Choice>,
    pub specialties: Vec<Choice>,
    pub products: Vec<Choice>,
}

/// What a measure means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meaning {
    pub id: String,
    pub name: String,
    pub formula: String,
    /// Tables that it comes from.
    pub tables: String,
    /// What one row is, and by which the number can be broken down.
    pub grain: String,
    /// Whose rows somebody sees in it.
    pub scope: String,
}

/// A count with the way to its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub n: i64,
    pub href: String,
}

/// A number of one's board as it stands on the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    pub name: String,
    /// The count, or per cent.
    pub text: String,
    /// Where its rows are.
    pub href: String,
}

/// A number of a board: a count, or a share with its fraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    pub meaning: Meaning,
    /// The count, or the part of a share.
    pub now: Counted,
    /// The whole of a share.
    pub of: Option<Counted>,
    /// The same over what it is compared with; none for what stands as it is now.
    pub before: Option<(Counted, Option<Counted>)>,
    /// Whether more is better (1), worse (-1) or neither (0).
    pub good: i8,
    /// What it is over, where that is not the days asked for.
    pub over: String,
    /// Names of the filters that are set and that this number does not know.
    pub ignores: Vec<String>,
}

impl Number {
    /// The number as people read it: a count, or per cent.
    pub fn text(&self) -> String {
        shown(self.now.n, self.of.as_ref().map(|of| of.n))
    }
}

/// A count with its thousands set apart, or a share in per cent; a dash where there is nothing to share.
pub fn shown(n: i64, of: Option<i64>) -> String {
    match of {
        None => crate::ui::money::grouped(n),
        Some(0) => "—".to_owned(),
        Some(of) => format!("{:.1}%", n as f64 * 100.0 / of as f64),
    }
}

/// How a number moved against another one: per cent for counts, points of per cent for shares.
pub fn change(now: (i64, Option<i64>), before: (i64, Option<i64>)) -> Option<String> {
    match (now, before) {
        ((n, None), (m, None)) => crate::ui::money::growth(n, m).map(|g| format!("{g:+.1}%")),
        ((n, Some(of)), (m, Some(whole))) if of > 0 && whole > 0 => {
            // Of the shares as they are shown: one can do the sum.
            let shown = |part: i64, of: i64| (part as f64 * 1000.0 / of as f64).round() / 10.0;
            let points = shown(n, of) - shown(m, whole);
            Some(tr!("insight.points", n = format!("{points:+.1}")))
        }
        _ => None,
    }
}

/// A value of a table: text, and where it leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub text: String,
    pub href: Option<String>,
}

/// A ranking of a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// What is ranked: `unit`, `person`, `article` or `course`.
    pub by: String,
    pub title: String,
    pub heads: Vec<String>,
    /// The first cell of each is the name.
    pub rows: Vec<Vec<Cell>>,
    /// Which of its numbers are not narrowed by all that is asked for, in words.
    pub note: String,
    /// How many there are, of which the first are shown.
    pub total: i64,
    /// The report with all of them.
    pub more: Option<String>,
    pub chart: ChartData,
}

/// A board with all that stands on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// The boards of the role: code and name.
    pub boards: Vec<Choice>,
    /// The filter with its gaps filled.
    pub filter: BoardFilter,
    /// In words: the days, and those that it is compared with.
    pub days: String,
    pub compared: String,
    /// What a number of those is called beside today's: the comparison period, or the name of the other unit.
    pub against: String,
    /// What it is narrowed by, in words.
    pub narrowed: Vec<String>,
    /// What is shown otherwise than it was asked for, in words.
    pub changed: Vec<String>,
    /// Whether the last of the days is not over yet.
    pub unfinished: bool,
    pub choices: Choices,
    /// Groups of numbers under a heading.
    pub groups: Vec<(String, Vec<Number>)>,
    /// Lines and funnels with their headings.
    pub charts: Vec<ChartData>,
    pub rankings: Vec<Ranking>,
}

/// The rows behind a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    pub meaning: Meaning,
    pub slice: Slice,
    /// What it is over: days, months, or as it stands now.
    pub over: String,
    /// What it is narrowed by, in words.
    pub narrowed: Vec<String>,
    /// Which days are shown instead of those asked for, in words.
    pub changed: Option<String>,
    /// What stands over each column, and whether it holds numbers.
    pub heads: Vec<(String, bool)>,
    pub page: Page<Vec<Cell>>,
}

/// What a report is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportFilter {
    /// `rep`, `article`, `course` or `hcp`.
    pub by: String,
    #[serde(flatten)]
    pub slice: Slice,
    pub span: String,
    pub span0: String,
    /// Ids of measures in their order, with commas between; the usual ones where it is empty.
    pub columns: String,
    /// By what the rows are grouped, or empty.
    pub group: String,
    /// A column's id, with `-` before it the largest first.
    pub sort: String,
    /// Part of a name.
    pub text: String,
}

/// A row of a report: one of those reported on, or the sum of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportRow {
    /// Whether it stands for the group named in the first cell.
    pub group: bool,
    /// The name, then a cell for each column.
    pub cells: Vec<Cell>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub filter: ReportFilter,
    /// The reports of the role: code and name.
    pub kinds: Vec<Choice>,
    pub groups: Vec<Choice>,
    /// All columns there are, and whether each is shown.
    pub choices: Vec<(Choice, bool)>,
    pub columns: Vec<Meaning>,
    pub narrowed: Vec<String>,
    /// Which days are shown instead of those asked for, in words.
    pub changed: Option<String>,
    pub filters: Choices,
    /// The sum over all rows: counted anew, not added up.
    pub sum: Vec<Cell>,
    pub page: Page<ReportRow>,
}

/// A recount of the rollups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub at: String,
    /// Table and how many of its rows differed.
    pub differing: Vec<(String, i64)>,
}

/// All measures, and how the rollups stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meanings {
    pub measures: Vec<Meaning>,
    pub checks: Vec<Check>,
}
