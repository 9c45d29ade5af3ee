//! Reports by content, course, HCP and rep: chosen columns, groups with their own sums, an order, a workbook.

use std::collections::HashMap;

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::json;

use super::count::By;
use super::model::{Cell, Choice, Report, ReportFilter, ReportRow, Slice};
use super::ranking::{Table, bases, count_into, value_cell, weight};
use super::registry::{Count, Key, MEASURES, Measure, allowed};
use super::slice::{self, Asker};
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, containing, internal, q};
use crate::server::guard::Actor;
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission};
use crate::ui::locale::lookup;

/// Rows of a report at most.
const MOST: i64 = 20_000;
/// Columns of a report at most.
const MOST_COLUMNS: usize = 16;

/// What a report is by.
struct Kind {
    id: &'static str,
    name: &'static str,
    permission: Permission,
    /// Columns where none are chosen.
    usual: &'static [&'static str],
    /// What rows can be grouped by: code, name.
    groups: &'static [(&'static str, &'static str)],
}

const KINDS: &[Kind] = &[
    Kind {
        id: "rep",
        name: "insight.by.person",
        permission: Permission::ReadInsight,
        usual: &[
            "visits",
            "plan_rate",
            "created",
            "shares",
            "pv",
            "uv",
            "rereads",
            "onboarded",
            "coverage",
        ],
        groups: &[("unit", "insight.unit"), ("role", "insight.col.role")],
    },
    Kind {
        id: "article",
        name: "insight.by.article",
        permission: Permission::ReadShares,
        usual: &[
            "created",
            "shares",
            "pv",
            "uv",
            "rereads",
            "finished",
            "finish_rate",
            "passed",
        ],
        groups: &[("audience", "insight.audience")],
    },
    Kind {
        id: "course",
        name: "insight.by.course",
        permission: Permission::ReadResults,
        usual: &[
            "coverage",
            "assigned",
            "completed",
            "missing",
            "lessons",
            "learners",
        ],
        groups: &[("category", "insight.category")],
    },
    Kind {
        id: "hcp",
        name: "insight.by.hcp",
        permission: Permission::ReadHcps,
        usual: &["pv", "rereads", "finished", "created", "passed", "meetings"],
        groups: &[
            ("province", "insight.province"),
            ("specialty", "insight.specialty"),
        ],
    },
];

fn kind(actor: &Actor, id: &str) -> Result<&'static Kind, AppError> {
    KINDS
        .iter()
        .find(|kind| kind.id == id && actor.role.may(kind.permission))
        .ok_or(AppError::NotFound)
}

/// How a report tells its rows apart.
fn by(kind: &Kind) -> By<'static> {
    match kind.id {
        "article" => By::Article,
        "course" => By::Course,
        "hcp" => By::Hcp,
        _ => By::Person,
    }
}

/// How its groups are counted: anew, since distinct counts do not add up.
fn by_group(group: &str) -> Option<By<'static>> {
    Some(match group {
        "unit" => By::HomeUnit,
        "role" => By::Role,
        "audience" => By::Audience,
        "category" => By::Category,
        "province" => By::HcpProvince,
        "specialty" => By::HcpSpecialty,
        _ => return None,
    })
}

/// Whether a measure can be told apart by a report's rows.
fn fits(kind: &Kind, measure: &Measure) -> bool {
    let fact = measure.fact();
    let known = match kind.id {
        "article" => fact.article,
        "course" => fact.course,
        "hcp" => fact.hcp,
        _ => fact.person,
    };
    // What could only be none or one.
    let one_each = match (kind.id, measure.count) {
        ("hcp", Count::Distinct(_, _, key)) => !matches!(key, Key::Staff(_)),
        ("hcp", _) => fact.tables == "hcp",
        ("rep", Count::Distinct(_, _, key)) => matches!(key, Key::Staff(_)),
        ("rep", _) => fact.tables == "staff",
        ("article", _) => fact.tables == "article",
        _ => false,
    };
    !known.is_empty() && !one_each
}

/// One that a report is on: id, name, what it is grouped under.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Subject {
    id: String,
    name: String,
    group_id: String,
    group_name: String,
}

fn like(query: &mut Query, column: &str, text: &str) {
    if !text.trim().is_empty() {
        query.push_with(
            &format!(" AND {column} LIKE ? ESCAPE '!'"),
            [containing(text)],
        );
    }
}

/// Names and groups of those that have a number; within scope.
async fn subjects(
    asker: &Asker<'_>,
    kind: &Kind,
    filter: &ReportFilter,
    ids: &[String],
) -> DbResult<HashMap<String, Subject>> {
    let group = match filter.group.as_str() {
        "unit" => "u.id AS group_id, u.name AS group_name",
        "role" => "x.role AS group_id, x.role AS group_name",
        "audience" => "x.audience AS group_id, x.audience AS group_name",
        "category" => "x.category AS group_id, x.category AS group_name",
        "province" => "h.province AS group_id, h.province AS group_name",
        "specialty" => {
            "COALESCE(NULLIF(h.specialty, ''), h.department) AS group_id, \
             COALESCE(NULLIF(h.specialty, ''), h.department) AS group_name"
        }
        _ => "'' AS group_id, '' AS group_name",
    };
    let mut out = HashMap::new();
    for some in ids.chunks(400) {
        let mut query = match kind.id {
            "article" => q(format!(
                "SELECT x.id, x.title AS name, {group} FROM article x WHERE "
            )),
            "course" => q(format!(
                "SELECT x.id, x.title AS name, {group} FROM course x WHERE "
            )),
            "hcp" => q(format!("SELECT h.id, h.name, {group} FROM hcp h WHERE ")),
            _ => q(format!(
                "SELECT x.id, x.name, {group} FROM staff x JOIN org_unit u ON u.id = x.unit_id WHERE "
            )),
        };
        let (id, name) = match kind.id {
            "article" | "course" => ("x.id", "x.title"),
            "hcp" => ("h.id", "h.name"),
            _ => ("x.id", "x.name"),
        };
        query.push_among(id, some);
        if kind.id == "hcp" {
            query.push(" AND ");
            crate::hcp::store::scope(asker.actor, &mut query);
        }
        if kind.id == "rep" {
            query.push(" AND ");
            asker.actor.scope(&mut query, "x.id");
        }
        like(&mut query, name, &filter.text);
        let found: Vec<Subject> = query.all(&asker.state.db).await?;
        out.extend(found.into_iter().map(|s| (s.id.clone(), s)));
    }
    Ok(out)
}

/// What a group is called.
fn group_name(group: &str, subject: &Subject) -> String {
    let name = &subject.group_name;
    match group {
        "role" => crate::shared::Role::parse(name)
            .map_or_else(|| name.clone(), crate::shared::Role::label),
        "audience" => crate::content::model::audience_label(name),
        "category" => crate::course::model::category_label(name),
        _ if name.is_empty() => tr!("insight.none"),
        _ => name.clone(),
    }
}

/// Ids of those that are listed whatever their numbers: field staff, content and courses that are out.
async fn everybody(asker: &Asker<'_>, kind: &Kind, slice: &Slice) -> DbResult<Vec<String>> {
    let mut query = match kind.id {
        "rep" => {
            let mut query = q(
                "SELECT s.id FROM staff s WHERE s.left_at IS NULL AND s.role IN ('rep', 'otc_rep', 'trade_rep', 'manager') AND ",
            );
            asker.actor.scope(&mut query, "s.id");
            super::count::push_whose("s.id", slice, &mut query);
            query
        }
        "article" => q("SELECT x.id FROM article x WHERE x.status = 'published'"),
        "course" => q(
            "SELECT x.id FROM course x WHERE x.published_at IS NOT NULL AND x.archived_at IS NULL",
        ),
        _ => return Ok(Vec::new()),
    };
    let only = match kind.id {
        "article" => &slice.article,
        "course" => &slice.course,
        _ => "",
    };
    if !only.is_empty() {
        query.push_with(" AND x.id = ?", [only]);
    }
    if kind.id == "article" && !slice.product.is_empty() {
        query.push_with(
            " AND x.id IN (SELECT pa.article_id FROM product_article pa WHERE pa.product_id = ?)",
            [&slice.product],
        );
    }
    query.push_with(" LIMIT ?", [MOST]);
    let rows: Vec<(String,)> = query.all(&asker.state.db).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A report before it is cut into pages.
struct Whole {
    filter: ReportFilter,
    /// Which days it is over instead of those asked for.
    changed: Option<String>,
    kind: &'static Kind,
    columns: Vec<&'static Measure>,
    /// In order, each group's first.
    subjects: Vec<Subject>,
    /// The numbers by which they were ordered.
    table: Table,
    /// Base measures in it.
    counted: Vec<&'static Measure>,
}

/// The slice of one that a report is on.
fn part(kind: &Kind, slice: &Slice, id: &str) -> Slice {
    let mut part = slice.clone();
    let field = match kind.id {
        "article" => &mut part.article,
        "course" => &mut part.course,
        "hcp" => &mut part.hcp,
        _ => &mut part.person,
    };
    id.clone_into(field);
    part
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
    // The order needs one column of all; the others are counted for the rows of a page alone. Of HCPs, of whom most
    // have nothing, those are listed who have something in any column.
    let counted = if kind.id == "hcp" {
        bases(&columns)
    } else {
        bases(&[sorted])
    };
    let mut table = Table::new();
    count_into(asker, &counted, &filter.slice, by(kind), None, &mut table).await?;
    let mut ids = everybody(asker, kind, &filter.slice).await?;
    ids.extend(table.keys().map(|(id, _)| id.clone()));
    ids.sort();
    ids.dedup();
    let mut found = subjects(asker, kind, &filter, &ids).await?;
    let mut subjects: Vec<Subject> = ids.iter().filter_map(|id| found.remove(id)).collect();
    // Looked up once each, not at every comparison.
    let weights: HashMap<String, i64> = subjects
        .iter()
        .map(|s| (s.id.clone(), weight(sorted, &s.id, &table)))
        .collect();
    subjects.sort_by(|a, b| {
        let order = if by_name {
            a.name.cmp(&b.name)
        } else {
            weights.get(&a.id).cmp(&weights.get(&b.id))
        };
        let order = if down { order.reverse() } else { order };
        a.group_name
            .cmp(&b.group_name)
            .then(a.group_id.cmp(&b.group_id))
            .then(order)
            .then_with(|| a.id.cmp(&b.id))
    });
    subjects.truncate(MOST as usize);
    if filter.sort.is_empty() {
        filter.sort = format!("-{}", sorted.id);
    }
    Ok(Whole {
        filter,
        changed,
        kind,
        columns,
        subjects,
        table,
        counted,
    })
}

impl Whole {
    /// The rows of a stretch of the report, each group begun by its sum.
    async fn rows(
        &mut self,
        asker: &Asker<'_>,
        from: usize,
        most: usize,
    ) -> DbResult<Vec<ReportRow>> {
        let shown: Vec<Subject> = self
            .subjects
            .iter()
            .skip(from)
            .take(most)
            .cloned()
            .collect();
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
        let mut out = Vec::new();
        let mut last: Option<&str> = None;
        for (i, subject) in shown.iter().enumerate() {
            // A group that began on an earlier page is named again, with its sum.
            if by_group.is_some() && (i == 0 || last != Some(subject.group_id.as_str())) {
                let mut cells = vec![Cell {
                    text: group_name(&self.filter.group, subject),
                    href: None,
                }];
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

    /// The sums over all that the slice holds, counted anew.
    async fn sum(&self, asker: &Asker<'_>) -> DbResult<Vec<Cell>> {
        // Of HCPs only those who may be named are listed; a sum over all others would tell something else.
        if self.kind.id == "hcp" || !self.filter.text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let mut facts = crate::server::facts::Facts::default();
        let all = bases(&self.columns);
        for measure in &all {
            facts.count(
                measure.id,
                super::count::total(asker, measure, &self.filter.slice),
            );
        }
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
    // Past the end is the last page.
    let last = (total.max(1) + PAGE_SIZE - 1) / PAGE_SIZE;
    let page = page.clamp(1, last);
    let rows = whole
        .rows(&asker, offset(page) as usize, PAGE_SIZE as usize)
        .await?;
    let (sum, narrowed, filters) = tokio::try_join!(
        whole.sum(&asker),
        slice::narrowed(&asker, &whole.filter.slice),
        slice::choices(&asker),
    )?;
    let named = |id: &str, name: &str| -> Choice { (id.to_owned(), lookup(name)) };
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
    notes.extend(slice::narrowed(&asker, slice).await?);
    notes.extend(whole.columns.iter().map(|m| {
        let meaning = m.meaning();
        format!("{}：{}", meaning.name, meaning.formula)
    }));
    let mut heads = vec![whole.name()];
    heads.extend(whole.columns.iter().map(|m| m.name()));
    let bold: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter_map(|(i, row)| row.group.then_some(i))
        .collect();
    let mut cells: Vec<Vec<Cell>> = rows.into_iter().map(|row| row.cells).collect();
    if !sum.is_empty() {
        cells.push(sum);
    }
    let mut tx = state.db.begin().await?;
    let event = Event::new("insight.export", "report", whole.kind.id)
        .detail(json!({ "slice": slice, "columns": whole.filter.columns, "rows": all }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    workbook(&whole.name(), &heads, &cells, &bold, &notes).map_err(internal)
}

/// A workbook of text and numbers; `bold` names rows that stand out.
pub fn workbook(
    title: &str,
    heads: &[String],
    rows: &[Vec<Cell>],
    bold: &[usize],
    notes: &[String],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let strong = Format::new().set_bold();
    let sheet = book.add_worksheet();
    // Excel takes 31 characters, and not these.
    let name: String = title
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\'))
        .take(31)
        .collect();
    sheet.set_name(name)?;
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(0, column, head.as_str(), &strong)?;
    }
    for (at, row) in rows.iter().enumerate() {
        let line = at as u32 + 1;
        let plain = Format::new();
        let format = if bold.contains(&at) { &strong } else { &plain };
        for (column, cell) in (0..).zip(row) {
            let digits = cell.text.replace(',', "");
            match digits.parse::<f64>() {
                // A number keeps to be one; the first column is a name.
                Ok(number) if column > 0 && digits.len() < 15 => {
                    sheet.write_with_format(line, column, number, format)?;
                }
                _ => {
                    sheet.write_with_format(line, column, cell.text.as_str(), format)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofit();
    let second = book.add_worksheet();
    second.set_name(tr!("insight.notes"))?;
    for (line, note) in (0..).zip(notes) {
        second.write(line, 0, note.as_str())?;
    }
    second.set_column_width(0, 100)?;
    book.save_to_buffer()
}
