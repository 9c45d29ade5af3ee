//! The rows behind a number: as many as it counted.

use serde_json::json;

use super::count;
use super::facts::{self, Col, Fact, HCP_CALLED};
use super::model::{Cell, Rows, Slice};
use super::registry::{Key, Measure, allowed};
use super::slice::{self, Asker};
use crate::onboarding::consent::TRACKED;
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, internal, q};
use crate::server::guard::Actor;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page};
use crate::ui::locale::lookup;

/// Rows of a workbook at most.
const MOST_ROWS: i64 = 50_000;
/// What stands between an id and the text that it belongs to.
const MARK: char = '|';
/// The text of an HCP who may not be named.
const HIDDEN: &str = "|*";

/// Columns of a row as text; those that a list does not have are empty.
#[derive(sqlx::FromRow)]
struct Cells {
    c0: String,
    c1: String,
    c2: String,
    c3: String,
    c4: String,
    c5: String,
    c6: String,
    c7: String,
}

impl Cells {
    fn into_texts(self) -> [String; 8] {
        [
            self.c0, self.c1, self.c2, self.c3, self.c4, self.c5, self.c6, self.c7,
        ]
    }
}

/// Columns of the rows of a distinct count: what stands for one, how often, and when last.
fn key_columns(key: Key) -> Vec<(&'static str, Col)> {
    let who: &[(&str, Col)] = match key {
        Key::Reader(_) => &[("insight.col.reader", Col::Reader)],
        Key::Hcp(_) => &[
            ("insight.col.hcp", Col::Hcp),
            ("insight.col.department", Col::Text("h.department")),
        ],
        Key::Staff(_) => &[
            ("insight.col.person", Col::Text("st.name")),
            ("insight.col.unit", Col::Text("u.name")),
        ],
    };
    let mut columns = who.to_vec();
    columns.push(("insight.col.times", Col::Number("k.n")));
    columns
}

fn key_joins(key: Key) -> &'static str {
    match key {
        Key::Reader(_) => "LEFT JOIN hcp h ON k.id LIKE 'hcp:%' AND h.id = SUBSTR(k.id, 5)",
        Key::Hcp(_) => "JOIN hcp h ON h.id = k.id",
        Key::Staff(_) => "JOIN staff st ON st.id = k.id JOIN org_unit u ON u.id = st.unit_id",
    }
}

/// Appends a column as text.
fn push_column(actor: &Actor, column: Col, query: &mut Query) {
    let text = |sql: &str| format!("COALESCE(CAST({sql} AS TEXT), '')");
    match column {
        Col::Text(sql) | Col::Number(sql) | Col::Moment(sql) | Col::Code(sql, _) => {
            query.push(&text(sql));
        }
        Col::Yes(sql) => {
            query.push(&format!("CASE WHEN {sql} THEN '1' ELSE '' END"));
        }
        Col::Link(_, id, name) => {
            query.push(&format!("{} || '{MARK}' || {}", text(id), text(name)));
        }
        Col::Hcp | Col::Reader => {
            query.push("CASE WHEN h.id IS NULL THEN '' WHEN ");
            crate::hcp::store::scope(actor, query);
            if matches!(column, Col::Reader) {
                query.push(" AND ").push(TRACKED);
            }
            query.push(&format!(
                " THEN h.id || '{MARK}' || {HCP_CALLED} ELSE '{HIDDEN}' END"
            ));
        }
    }
}

fn push_columns(actor: &Actor, columns: &[(&str, Col)], query: &mut Query) {
    for i in 0..8 {
        query.push(if i == 0 { "" } else { ", " });
        match columns.get(i) {
            Some((_, column)) => push_column(actor, *column, query),
            None => {
                query.push("''");
            }
        }
        query.push(&format!(" AS c{i}"));
    }
}

/// A column's text as it is shown.
fn cell(state: &AppState, column: Col, text: String) -> Cell {
    let plain = |text: String| Cell { text, href: None };
    match column {
        Col::Text(_) | Col::Number(_) => plain(text),
        Col::Moment(_) => plain(text.parse().map_or(text, |at| state.zone.minute(at))),
        Col::Code(_, name) if !text.is_empty() => plain(name(&text)),
        Col::Code(..) => plain(text),
        Col::Yes(_) => plain(if text.is_empty() {
            String::new()
        } else {
            "✓".into()
        }),
        Col::Link(path, _, _) => linked(path, &text),
        Col::Hcp | Col::Reader if text == HIDDEN => plain(tr!("insight.hidden")),
        // Nobody stands behind an anonymous visitor (domain: never named).
        Col::Reader if text.is_empty() => plain(tr!("insight.visitor")),
        Col::Hcp | Col::Reader => linked("/hcps/", &text),
    }
}

fn linked(path: &str, text: &str) -> Cell {
    match text.split_once(MARK) {
        Some((id, name)) if !id.is_empty() => Cell {
            text: name.to_owned(),
            href: Some(format!("{path}{id}")),
        },
        Some((_, name)) => Cell {
            text: name.to_owned(),
            href: None,
        },
        None => Cell::default(),
    }
}

/// The columns of a measure's rows.
fn columns(fact: &Fact, key: Option<Key>) -> Vec<(&'static str, Col)> {
    let mut columns = key.map_or_else(|| fact.columns.to_vec(), key_columns);
    if let (true, Some(last)) = (std::ptr::eq(fact, &facts::ACTIVE), columns.last_mut()) {
        // A row is a day there.
        last.0 = "insight.col.days";
    }
    columns
}

/// Rows from which on a list is walked along its order: a page of 50 lies among the first few thousand then.
const MANY: i64 = 20_000;

/// Which rows of a list are read.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub limit: i64,
    pub from: i64,
    /// Whether there are so many that the first are found soonest along the list's order.
    pub many: bool,
}

/// Reads rows of a measure from an offset, of a slice whose days are settled.
pub async fn read(
    asker: &Asker<'_>,
    measure: &Measure,
    slice: &Slice,
    window: Window,
) -> DbResult<Vec<Vec<Cell>>> {
    let Some((fact, _, key)) = count::parts(measure) else {
        return Ok(Vec::new());
    };
    let columns = columns(fact, key);
    let mut query = q("SELECT ");
    push_columns(asker.actor, &columns, &mut query);
    match (key, fact.table_alias()) {
        // What a list shows beside its rows is looked up for those of the page alone.
        (None, Some(alias)) => {
            query.push(&format!(" FROM (SELECT {alias}.*"));
            count::push_listed(asker, measure, slice, window.many, &mut query);
            query.push_with(" LIMIT ? OFFSET ?", [window.limit, window.from]);
            query.push(&format!(") {alias} {} ORDER BY {}", fact.shown, fact.order));
        }
        (None, None) => {
            count::push_from(asker, &[measure], slice, fact.shown, &mut query);
            query.push(" ORDER BY ").push(fact.order);
            query.push_with(" LIMIT ? OFFSET ?", [window.limit, window.from]);
        }
        (Some(key), _) => {
            let column = key.column();
            query.push(&format!(" FROM (SELECT {column} AS id, COUNT(*) AS n"));
            count::push_from(asker, &[measure], slice, "", &mut query);
            query.push(&format!(
                " AND {column} IS NOT NULL GROUP BY {column} ORDER BY n DESC, id"
            ));
            query.push_with(" LIMIT ? OFFSET ?", [window.limit, window.from]);
            query.push(&format!(") k {} ORDER BY k.n DESC, k.id", key_joins(key)));
        }
    }
    let found: Vec<Cells> = query.all(&asker.state.db).await?;
    Ok(found
        .into_iter()
        .map(|row| {
            columns
                .iter()
                .zip(row.into_texts())
                .map(|((_, column), text)| cell(asker.state, *column, text))
                .collect()
        })
        .collect())
}

/// A measure whose rows can be listed, with its slice settled and looked at, and what that changed.
async fn asked(
    asker: &Asker<'_>,
    id: &str,
    slice: &mut Slice,
) -> Result<(&'static Measure, Option<String>), AppError> {
    let measure = allowed(asker.actor, id)
        .filter(|m| m.share().is_none())
        .ok_or(AppError::NotFound)?;
    let changed = slice::settle(asker.state, slice, &mut String::new(), "");
    slice::check(asker, slice).await?;
    count::refuse_ignored(measure.fact(), slice)?;
    Ok((measure, changed))
}

/// The heads of a measure's rows, each with whether numbers stand below it.
fn heads(measure: &Measure) -> Vec<(String, bool)> {
    count::parts(measure).map_or_else(Vec::new, |(fact, _, key)| {
        columns(fact, key)
            .into_iter()
            .map(|(head, col)| (lookup(head), matches!(col, Col::Number(_))))
            .collect()
    })
}

/// What a list is narrowed by, and by what of it not.
fn with_ignored(
    mut narrowed: Vec<String>,
    measure: &'static Measure,
    slice: &Slice,
) -> Vec<String> {
    let ignored = slice::not_narrowed(&[measure], slice);
    narrowed.extend((!ignored.is_empty()).then_some(ignored));
    narrowed
}

/// One page of the rows behind a measure.
pub async fn page(
    state: &AppState,
    actor: &Actor,
    id: &str,
    mut slice: Slice,
    page: i64,
) -> Result<Rows, AppError> {
    let asker = Asker::new(state, actor).await?;
    let (measure, changed) = asked(&asker, id, &mut slice).await?;
    let total = count::total(&asker, measure, &slice)
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let window = Window {
        limit: PAGE_SIZE,
        from: offset(page),
        many: total > MANY,
    };
    let shown = [measure];
    let (rows, narrowed) = tokio::try_join!(
        read(&asker, measure, &slice, window),
        slice::narrowed(&asker, &slice, &shown),
    )?;
    let narrowed = with_ignored(narrowed, measure, &slice);
    Ok(Rows {
        meaning: measure.meaning(),
        narrowed,
        changed,
        heads: heads(measure),
        over: measure.span(&slice.from, &slice.to),
        page: Page { rows, total, page },
        slice,
    })
}

/// The rows as a workbook, with what they are on a second sheet; audited.
pub async fn file(
    state: &AppState,
    actor: &Actor,
    id: &str,
    mut slice: Slice,
) -> Result<Vec<u8>, AppError> {
    let asker = Asker::new(state, actor).await?;
    let (measure, changed) = asked(&asker, id, &mut slice).await?;
    let all = Window {
        limit: MOST_ROWS,
        from: 0,
        // A file takes more than the first few: by whose they are.
        many: false,
    };
    let rows = read(&asker, measure, &slice, all).await?;
    let mut notes = vec![measure.name(), measure.span(&slice.from, &slice.to)];
    notes.extend(changed);
    let narrowed = slice::narrowed(&asker, &slice, &[measure]).await?;
    notes.extend(with_ignored(narrowed, measure, &slice));
    let meaning = measure.meaning();
    notes.extend([meaning.formula, meaning.tables, meaning.scope]);
    if rows.len() as i64 == MOST_ROWS {
        notes.push(tr!("insight.cut", n = MOST_ROWS));
    }
    notes.push(slice::made_by(&asker));
    let mut tx = state.db.begin().await?;
    let event = Event::new("insight.export", "measure", measure.id)
        .detail(json!({ "slice": slice, "rows": rows.len() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    let heads: Vec<String> = heads(measure).into_iter().map(|(head, _)| head).collect();
    super::report::workbook(&measure.name(), &heads, (&rows, rows.len()), &[], &notes)
        .map_err(internal)
}
