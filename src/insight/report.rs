//! Reports by content, course, HCP and rep: chosen columns, groups with their own sums, an order, a workbook.

mod kinds;
pub(super) mod subjects;
mod workbook;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde_json::json;

use self::kinds::{KINDS, Kind, by, by_group, fits, kind, part};
use self::subjects::{Subject, everybody, group_name, subjects, with_units_below};
pub use self::workbook::workbook;
use super::model::{Cell, Choice, Report, ReportFilter, ReportRow};
use super::passes;
use super::ranking::{Table, bases, count_into, value_cell, weight};
use super::registry::{MEASURES, Measure, allowed};
use super::slice::{self, Asker};
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, internal};
use crate::server::facts::Facts;
use crate::server::guard::Actor;
use crate::server::{AppState, collation};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Permission};
use crate::ui::locale::lookup;

/// Rows of a report at most.
const MOST: i64 = 20_000;
/// Columns of a report at most.
const MOST_COLUMNS: usize = 16;

/// A report before it is cut into pages.
struct Whole {
    filter: ReportFilter,
    /// Which days it is over instead of those asked for.
    changed: Option<String>,
    kind: &'static Kind,
    columns: Vec<&'static Measure>,
    /// Whether the subjects have their names yet.
    looked_up: bool,
    /// In order, each group's first.
    subjects: Vec<Subject>,
    /// The numbers by which they were ordered.
    table: Table,
    /// Base measures in it.
    counted: Vec<&'static Measure>,
}

async fn whole(asker: &Asker<'_>, mut filter: ReportFilter) -> Result<Whole, AppError> {
    let actor = asker.actor;
    if filter.by.is_empty() {
        filter.by = if actor.role.may(Permission::ReadShares) {
            "rep"
        } else {
            "course"
        }
        .into();
    }
    let kind = kind(actor, &filter.by)?;
    let span0 = std::mem::take(&mut filter.span0);
    let changed = slice::settle(asker.state, &mut filter.slice, &mut filter.span, &span0);
    slice::check(asker, &filter.slice).await?;
    if !kind.groups.iter().any(|(code, _)| *code == filter.group) {
        filter.group.clear();
    }
    let ids: Vec<&str> = if filter.columns.is_empty() {
        kind.usual.to_vec()
    } else {
        filter.columns.split(',').collect()
    };
    let mut columns: Vec<&'static Measure> = Vec::new();
    for id in ids {
        if let Some(measure) = allowed(actor, id)
            && fits(kind, measure)
            && !columns.iter().any(|m| m.id == measure.id)
            && columns.len() < MOST_COLUMNS
        {
            columns.push(measure);
        }
    }
    if columns.is_empty() {
        // Those of another report, or of nobody's: the usual ones.
        columns = kind
            .usual
            .iter()
            .filter_map(|id| allowed(actor, id))
            .collect();
    }
    filter.columns = columns.iter().map(|m| m.id).collect::<Vec<_>>().join(",");
    let (column, down) = match filter.sort.strip_prefix('-') {
        Some(column) => (column, true),
        None => (filter.sort.as_str(), false),
    };
    let (sorted, down) = match columns.iter().find(|m| m.id == column) {
        Some(measure) => (*measure, down),
        None => (columns[0], column != "name" || down),
    };
    let by_name = column == "name";
    if !(by_name || sorted.id == column) {
        filter.sort = format!("-{}", sorted.id);
    }
    // HCPs are very many: where their names neither order nor choose them, the database puts them in order, and they are
    // counted and looked up for a page alone. That the asker sees them is asked where they are counted.
    let looked_up =
        kind.id != "hcp" || by_name || !filter.group.is_empty() || !filter.text.trim().is_empty();
    let mut whole = Whole {
        filter,
        changed,
        kind,
        columns,
        looked_up,
        subjects: Vec::new(),
        table: Table::new(),
        counted: Vec::new(),
    };
    if whole.looked_up {
        whole.order(asker, sorted, down, by_name).await?;
    } else {
        let all = bases(&whole.columns);
        let slice = &whole.filter.slice;
        let query = passes::ordered(asker, &all, (sorted, down), slice, by(kind), MOST);
        let ids: Vec<(String,)> = query.all(&asker.state.db).await?;
        let unnamed = |(id,)| Subject {
            id,
            ..Subject::default()
        };
        whole.subjects = ids.into_iter().map(unnamed).collect();
    }
    Ok(whole)
}

impl Whole {
    /// Counts, names and orders those that the report is on.
    async fn order(
        &mut self,
        asker: &Asker<'_>,
        sorted: &'static Measure,
        down: bool,
        by_name: bool,
    ) -> Result<(), AppError> {
        let (kind, slice) = (self.kind, &self.filter.slice);
        // The order needs one column of all; the others are counted for the rows of a page alone, but for those that its
        // rows tell anyway. Of HCPs, of whom most have nothing, those are listed who have something in any column.
        let (mut counted, mut others) = (bases(&[sorted]), bases(&self.columns));
        others.retain(|m| !counted.iter().any(|c| c.id == m.id));
        if kind.id == "hcp" {
            counted.append(&mut others);
        }
        let decides: Vec<&str> = counted.iter().map(|m| m.id).collect();
        counted.extend(passes::along(asker, &counted, &others, slice, by(kind)));
        let mut table = Table::new();
        count_into(asker, &counted, slice, by(kind), None, &mut table).await?;
        let mut ids = everybody(asker, kind, slice).await?;
        let some = table
            .keys()
            .filter(|(_, measure)| decides.contains(measure));
        ids.extend(some.map(|(id, _)| id.clone()));
        ids.sort();
        ids.dedup();
        let mut found = subjects(asker, kind, &self.filter, &ids).await?;
        let mut subjects: Vec<Subject> = ids.iter().filter_map(|id| found.remove(id)).collect();
        // Looked up once each, not at every comparison.
        let weights: HashMap<String, i64> = subjects
            .iter()
            .map(|s| (s.id.clone(), weight(sorted, &s.id, &table)))
            .collect();
        subjects.sort_by(|a, b| {
            let order = if by_name {
                collation::compare(&a.name, &b.name)
            } else {
                weights.get(&a.id).cmp(&weights.get(&b.id))
            };
            let order = if down { order.reverse() } else { order };
            let same_group = a.group_id == b.group_id;
            let by_group = || collation::compare(&a.group_name, &b.group_name);
            let groups = if same_group {
                Ordering::Equal
            } else {
                by_group()
            };
            groups
                .then(a.group_id.cmp(&b.group_id))
                .then(order)
                .then_with(|| a.id.cmp(&b.id))
        });
        subjects.truncate(MOST as usize);
        (self.subjects, self.table, self.counted) = (subjects, table, counted);
        Ok(())
    }

    /// The rows of a stretch of the report, each group begun by its sum.
    async fn rows(
        &mut self,
        asker: &Asker<'_>,
        from: usize,
        most: usize,
    ) -> DbResult<Vec<ReportRow>> {
        let shown = self.subjects.iter().skip(from).take(most);
        let shown: Vec<Subject> = if self.looked_up {
            shown.cloned().collect()
        } else {
            let ids: Vec<String> = shown.map(|s| s.id.clone()).collect();
            let mut found = subjects(asker, self.kind, &self.filter, &ids).await?;
            ids.iter().filter_map(|id| found.remove(id)).collect()
        };
        let rest: Vec<&'static Measure> = bases(&self.columns)
            .into_iter()
            .filter(|m| !self.counted.iter().any(|c| c.id == m.id))
            .collect();
        let slice = self.filter.slice.clone();
        let ids: Vec<String> = shown.iter().map(|s| s.id.clone()).collect();
        for some in ids.chunks(400) {
            count_into(
                asker,
                &rest,
                &slice,
                by(self.kind),
                Some(some),
                &mut self.table,
            )
            .await?;
        }
        let mut groups = Table::new();
        let by_group = by_group(&self.filter.group);
        if let Some(by) = by_group {
            let mut ids: Vec<String> = shown.iter().map(|s| s.group_id.clone()).collect();
            ids.dedup();
            for some in ids.chunks(400) {
                count_into(
                    asker,
                    &bases(&self.columns),
                    &slice,
                    by,
                    Some(some),
                    &mut groups,
                )
                .await?;
            }
        }
        let above = if self.filter.group == "unit" {
            with_units_below(asker, &shown).await?
        } else {
            HashSet::new()
        };
        let mut out = Vec::new();
        let mut last: Option<&str> = None;
        for (i, subject) in shown.iter().enumerate() {
            // A group that began on an earlier page is named again, with its sum.
            if by_group.is_some() && (i == 0 || last != Some(subject.group_id.as_str())) {
                let mut text = group_name(&self.filter.group, subject);
                if above.contains(&subject.group_id) {
                    text = tr!("insight.own_level", name = text);
                }
                let mut cells = vec![Cell { text, href: None }];
                cells.extend(self.columns.iter().map(|m| {
                    let mut part = slice.clone();
                    match self.filter.group.as_str() {
                        "unit" => part.unit.clone_from(&subject.group_id),
                        "province" => part.province.clone_from(&subject.group_id),
                        "specialty" => part.specialty.clone_from(&subject.group_id),
                        _ => {}
                    }
                    let cell = value_cell(m, &subject.group_id, &groups, &part);
                    // Only people's own unit is counted, and HCPs who may be named: no list of rows is just that.
                    Cell { href: None, ..cell }
                }));
                out.push(ReportRow { group: true, cells });
            }
            last = Some(&subject.group_id);
            let part = part(self.kind, &slice, &subject.id);
            let mut cells = vec![Cell {
                text: subject.name.clone(),
                href: self.opens(&subject.id),
            }];
            cells.extend(
                self.columns
                    .iter()
                    .map(|m| value_cell(m, &subject.id, &self.table, &part)),
            );
            out.push(ReportRow {
                group: false,
                cells,
            });
        }
        Ok(out)
    }

    /// Where a row's name leads: of content to its share tree.
    fn opens(&self, id: &str) -> Option<String> {
        Some(match self.kind.id {
            "article" => format!("/articles/{id}/tree"),
            "course" => format!("/courses/{id}/coverage"),
            "hcp" => format!("/hcps/{id}"),
            _ => return None,
        })
    }

    /// What its names contain, and which of its columns are not narrowed by all that is asked for.
    fn words(&self) -> Vec<String> {
        let text = self.filter.text.trim();
        let named = (!text.is_empty()).then(|| tr!("insight.note.text", text = text));
        let ignored = slice::not_narrowed(&self.columns, &self.filter.slice);
        let ignored = (!ignored.is_empty()).then_some(ignored);
        named.into_iter().chain(ignored).collect()
    }

    /// How it is grouped and ordered, in words.
    fn arranged(&self) -> Vec<String> {
        let (column, down) = match self.filter.sort.strip_prefix('-') {
            Some(column) => (column, true),
            None => (self.filter.sort.as_str(), false),
        };
        let measure = self.columns.iter().find(|m| m.id == column);
        let group = self
            .kind
            .groups
            .iter()
            .find(|(g, _)| *g == self.filter.group);
        let mut out =
            Vec::from_iter(group.map(|(_, name)| tr!("insight.note.group", name = lookup(name))));
        out.push(match (measure, down) {
            (Some(m), true) => tr!("insight.note.down", name = m.name()),
            (Some(m), false) => tr!("insight.note.up", name = m.name()),
            (None, true) => tr!("insight.note.by_name_down"),
            (None, false) => tr!("insight.note.by_name"),
        });
        out.push(tr!("insight.distinct_note"));
        out
    }

    /// The sums over all that the slice holds, counted anew.
    async fn sum(&self, asker: &Asker<'_>) -> DbResult<Vec<Cell>> {
        // Of HCPs only those who may be named are listed; a sum over all others would tell something else.
        if self.kind.id == "hcp" || !self.filter.text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let all = bases(&self.columns);
        let mut facts = Facts::default();
        passes::totals(
            asker,
            &all,
            &self.filter.slice,
            std::slice::from_mut(&mut facts),
        );
        let found = facts.read(&asker.state.db).await?;
        let table: Table = all
            .iter()
            .map(|m| ((String::new(), m.id), found.n(m.id)))
            .collect();
        let mut cells = vec![Cell {
            text: tr!("insight.sum"),
            href: None,
        }];
        cells.extend(
            self.columns
                .iter()
                .map(|m| value_cell(m, "", &table, &self.filter.slice)),
        );
        Ok(cells)
    }

    fn name(&self) -> String {
        lookup(self.kind.name)
    }
}

/// One page of a report.
pub async fn report(
    state: &AppState,
    actor: &Actor,
    filter: ReportFilter,
    page: i64,
) -> Result<Report, AppError> {
    let asker = Asker::new(state, actor).await?;
    let mut whole = whole(&asker, filter).await?;
    let total = whole.subjects.len() as i64;
    let page = within(page, total);
    let rows = whole
        .rows(&asker, offset(page) as usize, PAGE_SIZE as usize)
        .await?;
    let (sum, narrowed, filters) = tokio::try_join!(
        whole.sum(&asker),
        slice::narrowed(&asker, &whole.filter.slice, &whole.columns),
        slice::choices(&asker),
    )?;
    let named = |id: &str, name: &str| -> Choice { (id.to_owned(), lookup(name)) };
    let mut narrowed = narrowed;
    narrowed.extend(whole.words());
    Ok(Report {
        kinds: KINDS
            .iter()
            .filter(|kind| actor.role.may(kind.permission))
            .map(|kind| named(kind.id, kind.name))
            .collect(),
        groups: whole
            .kind
            .groups
            .iter()
            .map(|(code, name)| named(code, name))
            .collect(),
        choices: MEASURES
            .iter()
            .filter(|m| m.may(actor) && fits(whole.kind, m))
            .map(|m| {
                let shown = whole.columns.iter().any(|c| c.id == m.id);
                ((m.id.to_owned(), m.name()), shown)
            })
            .collect(),
        columns: whole.columns.iter().map(|m| m.meaning()).collect(),
        narrowed,
        changed: whole.changed,
        filters,
        sum,
        page: Page { rows, total, page },
        filter: whole.filter,
    })
}

/// A report as a workbook, with its filters and what its columns mean on a second sheet; audited.
pub async fn file(
    state: &AppState,
    actor: &Actor,
    filter: ReportFilter,
) -> Result<Vec<u8>, AppError> {
    let asker = Asker::new(state, actor).await?;
    let mut whole = whole(&asker, filter).await?;
    let all = whole.subjects.len();
    let rows = whole.rows(&asker, 0, all).await?;
    let sum = whole.sum(&asker).await?;
    let slice = &whole.filter.slice;
    let mut notes = vec![
        whole.name(),
        tr!("insight.days", from = slice.from, to = slice.to),
    ];
    notes.extend(whole.changed.clone());
    notes.extend(slice::narrowed(&asker, slice, &whole.columns).await?);
    notes.extend(whole.words());
    notes.extend(whole.arranged());
    notes.extend(whole.columns.iter().map(|m| {
        let meaning = m.meaning();
        [meaning.name, meaning.formula].join(&tr!("ui.colon"))
    }));
    let mut heads = vec![whole.name()];
    heads.extend(whole.columns.iter().map(|m| m.name()));
    let bold: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter_map(|(i, row)| row.group.then_some(i))
        .collect();
    let mut cells: Vec<Vec<Cell>> = rows.into_iter().map(|row| row.cells).collect();
    // Sums among the rows would be filtered away, or left without them.
    let filtered = if bold.is_empty() { cells.len() } else { 0 };
    if !sum.is_empty() {
        cells.push(sum);
    }
    notes.push(slice::made_by(&asker));
    let mut tx = state.db.begin().await?;
    let event = Event::new("insight.export", "report", whole.kind.id)
        .detail(json!({ "slice": slice, "columns": whole.filter.columns, "rows": all }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    workbook(&whole.name(), &heads, (&cells, filtered), &bold, &notes).map_err(internal)
}
