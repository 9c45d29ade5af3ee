//! Importing a distributor's file: each row falls into the first class that fits (domain, Flow), the same for a check,
//! which only reads, and for the import.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::columns::{self, Columns};
use super::lines::{self, Line, Months, Origin};
use super::matcher::{Decision, Matcher, Place};
use super::model::{FlowReport, ProductTotal, SuggestedRow};
use super::rules::{day, fen, month_of, whole};
use crate::importing::model::Invalid;
use crate::importing::table::{REASON_COLUMN, Table, read_rows};
use crate::importing::{self, Existing, Findings, Kind, Mode, Watch};
use crate::server::db::{Db, Exec, Rows, Tx, insert_many, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::{AppError, FieldError};

/// Rows that are looked up and written together.
const CHUNK: usize = 1_000;
/// Units and fen of a line at most: more is a column read wrongly.
pub const MOST_QUANTITY: i64 = 100_000_000;
const MOST_FEN: i64 = 10_000_000_000_000;
/// Characters of a cell at most.
const LONGEST: usize = 200;

/// Finds the header of a file and leaves out lines that only add up.
pub fn table(rows: Vec<(i64, Vec<String>)>) -> Result<Table, AppError> {
    let at = columns::header_at(&rows);
    let mut rows = rows.into_iter().skip(at);
    let Some((_, header)) = rows.next() else {
        return Err(AppError::field("", "import.no_rows"));
    };
    // Of a workbook of refused rows the reason and the row's number in its file are none of the line's.
    let width = header
        .iter()
        .position(|name| name == REASON_COLUMN)
        .unwrap_or(header.len());
    let header = &header[..width];
    let rows = rows.map(|(row, mut cells)| {
        cells.truncate(width);
        (row, cells)
    });
    let rows = rows.filter(|(_, cells)| {
        let first = cells
            .iter()
            .map(|cell| cell.trim())
            .find(|cell| !cell.is_empty());
        !first.is_some_and(|cell| ["合计", "小计", "总计", "总合计", "合计："].contains(&cell))
    });
    Ok(Table {
        header: header
            .iter()
            .map(|h| crate::identity::rules::clean(h))
            .collect(),
        rows: rows.collect(),
        ..Table::default()
    })
}

/// The columns of a header: what a person named before, else what the names suggest; and a distributor that stands for
/// all rows.
async fn resolve(db: Exec<'_>, header: &[String]) -> Result<(Columns, String), AppError> {
    let mut found = columns::suggested(header);
    let named: Option<(String,)> = q("SELECT columns FROM flow_mapping WHERE header = $1")
        .bind(columns::key(header))
        .optional(db)
        .await?;
    let mut distributor = String::new();
    if let Some((json,)) = named {
        let named: BTreeMap<String, String> = serde_json::from_str(&json).map_err(internal)?;
        for (field, _, _, _) in columns::FIELDS {
            let Some(name) = named.get(*field) else {
                continue;
            };
            if name.is_empty() {
                // A person said that there is none.
                found.remove(field);
            } else if let Some(fixed) = name.strip_prefix('=') {
                fixed.clone_into(&mut distributor);
            } else if let Some(at) = header.iter().position(|h| h == name) {
                found.insert(field, at);
            }
        }
    }
    Ok((found, distributor))
}

/// Fields without which nothing can be read and for which nothing was found.
fn missing(found: &Columns, distributor: &str) -> Vec<String> {
    // A code does in place of a name.
    let stands_in = |field: &str| match field {
        "distributor" => !distributor.is_empty(),
        "product" => found.contains_key("product_code"),
        "terminal" => found.contains_key("terminal_code"),
        _ => false,
    };
    columns::FIELDS
        .iter()
        .filter(|(field, _, needed, _)| *needed && !found.contains_key(field) && !stands_in(field))
        .map(|(_, name, _, _)| (*name).to_owned())
        .collect()
}

/// A row that was read.
#[derive(Debug, Clone)]
struct Read {
    row: i64,
    distributor: String,
    line: Line,
    /// The decision by which it found its terminal.
    match_id: Option<String>,
}

/// Where a row goes.
#[derive(Debug, Clone)]
enum Class {
    /// By code, name or alias.
    Matched(&'static str),
    Suggested,
    Unknown,
    Repeat,
    /// With the line that it differs from.
    Conflict(String),
}

/// What the rows are compared with.
struct Reference {
    matcher: Matcher,
    /// Terminal and decision of a printed code and name.
    decided: HashMap<(String, String), (String, String)>,
    places: HashMap<String, usize>,
    by_code: HashMap<String, String>,
    by_name: HashMap<(String, String), String>,
    names: HashMap<String, Vec<String>>,
    months: Months,
    /// Who looked after a terminal from which day to which.
    owners: HashMap<String, Vec<(String, Option<String>, String)>>,
    /// Terminals to which a distributor has delivered.
    near: HashMap<String, HashSet<String>>,
    today: String,
    cache: HashMap<(String, String, String), Decision>,
}

/// All terminals with their aliases, ready for names to be compared with.
pub async fn matcher(on: &mut Exec<'_>) -> Result<Matcher, AppError> {
    let rows: Vec<(String, String, String, String, String)> =
        q("SELECT id, code, name, province, city FROM terminal ORDER BY code")
            .all(again(on))
            .await?;
    let mut aliases: HashMap<String, Vec<String>> = HashMap::new();
    for (id, alias) in
        q("SELECT terminal_id, alias FROM terminal_alias ORDER BY terminal_id, alias")
            .all::<(String, String)>(again(on))
            .await?
    {
        aliases.entry(id).or_default().push(alias);
    }
    let places = rows
        .into_iter()
        .map(|(id, code, name, province, city)| Place {
            aliases: aliases.remove(&id).unwrap_or_default(),
            id,
            code,
            name,
            province,
            city,
        })
        .collect();
    tokio::task::spawn_blocking(move || Matcher::new(places))
        .await
        .map_err(internal)
}

/// The same place to run a query again.
fn again<'a>(on: &'a mut Exec<'_>) -> Exec<'a> {
    match on {
        Exec::Db(db) => Exec::Db(db),
        Exec::Tx(tx) => Exec::Tx(tx),
    }
}

impl Reference {
    async fn load(state: &AppState, on: &mut Exec<'_>) -> Result<Reference, AppError> {
        let matcher = matcher(on).await?;
        let decided: Vec<(String, String, String, String)> =
            q("SELECT code, printed, terminal_id, id FROM flow_match WHERE undone_at IS NULL")
                .all(again(on))
                .await?;
        let products: Vec<(String, String, String, String)> =
            q("SELECT id, code, name, specification FROM product")
                .all(again(on))
                .await?;
        let assigned: Vec<(String, String, Option<String>, String)> = q(
            "SELECT terminal_id, starts_on, ends_on, staff_id FROM terminal_assignment WHERE business_line = 'default'",
        )
        .all(again(on))
        .await?;
        let near: Vec<(String, String)> = q(
            "SELECT DISTINCT d.name, s.terminal_id FROM flow_sum s JOIN flow_distributor d ON d.id = s.distributor_id \
             WHERE s.terminal_id <> ''",
        )
        .all(again(on))
        .await?;
        let mut reference = Reference {
            places: matcher.ids(),
            matcher,
            decided: decided
                .into_iter()
                .map(|(code, printed, terminal, id)| ((code, printed), (terminal, id)))
                .collect(),
            by_code: HashMap::new(),
            by_name: HashMap::new(),
            names: HashMap::new(),
            months: Months::load(again(on)).await?,
            owners: HashMap::new(),
            near: HashMap::new(),
            today: state.zone.today(),
            cache: HashMap::new(),
        };
        for (id, code, name, specification) in products {
            reference.by_code.insert(code, id.clone());
            reference
                .names
                .entry(name.clone())
                .or_default()
                .push(id.clone());
            reference.by_name.insert((name, specification), id);
        }
        for (terminal, from, to, staff) in assigned {
            reference
                .owners
                .entry(terminal)
                .or_default()
                .push((from, to, staff));
        }
        for (distributor, terminal) in near {
            reference
                .near
                .entry(distributor)
                .or_default()
                .insert(terminal);
        }
        Ok(reference)
    }

    /// The product of a code, or of a name and specification, or of a name that only one bears.
    fn product(&self, code: &str, name: &str, specification: &str) -> Option<String> {
        if let Some(id) = self.by_code.get(code) {
            return Some(id.clone());
        }
        if !code.is_empty() {
            return None;
        }
        let exact = self
            .by_name
            .get(&(name.to_owned(), specification.to_owned()));
        exact.cloned().or_else(|| match self.names.get(name) {
            Some(ids) if ids.len() == 1 && specification.is_empty() => ids.first().cloned(),
            _ => None,
        })
    }

    fn owner(&self, terminal: &str, day: &str) -> Option<String> {
        self.owners
            .get(terminal)?
            .iter()
            .find(|(from, to, _)| {
                from.as_str() <= day && to.as_ref().is_none_or(|to| to.as_str() >= day)
            })
            .map(|(_, _, staff)| staff.clone())
    }

    /// Terminal and id of the decision about a printed code and name.
    fn match_of(&self, code: &str, name: &str) -> Option<&(String, String)> {
        self.decided.get(&(code.to_owned(), name.to_owned()))
    }

    fn decide(&mut self, distributor: &str, code: &str, name: &str) -> Decision {
        let key = (distributor.to_owned(), code.to_owned(), name.to_owned());
        if let Some(known) = self.cache.get(&key) {
            return known.clone();
        }
        let none = HashSet::new();
        let near = self.near.get(distributor).unwrap_or(&none);
        let decision = match self.matcher.decide(code, name, near) {
            matched @ Decision::Matched(..) => matched,
            // What code and name leave open, a person may have decided.
            open => self
                .match_of(code, name)
                .and_then(|(terminal, _)| self.places.get(terminal))
                .map_or(open, |at| Decision::Matched("person", *at)),
        };
        self.cache.insert(key, decision.clone());
        decision
    }
}

/// A row's values, or why it is refused: field and reason.
fn read(
    reference: &Reference,
    columns: &Columns,
    fixed: &str,
    number: i64,
    cells: &[String],
) -> Result<Read, (&'static str, String)> {
    let get = |field: &str| -> String {
        columns
            .get(field)
            .and_then(|at| cells.get(*at))
            .map(|cell| crate::identity::rules::clean(cell))
            .unwrap_or_default()
    };
    for (field, name, _, _) in columns::FIELDS {
        if get(field).chars().count() > LONGEST {
            return Err((name, tr!("import.too_long", column = *name, n = LONGEST)));
        }
    }
    let (mut distributor, product, code) =
        (get("distributor"), get("product"), get("product_code"));
    if distributor.is_empty() {
        fixed.clone_into(&mut distributor);
    }
    let (terminal, terminal_code) = (get("terminal"), get("terminal_code"));
    let name = columns::name_of;
    if distributor.is_empty() {
        return Err((name("distributor"), tr!("flow.fault.distributor")));
    }
    if terminal.is_empty() && terminal_code.is_empty() {
        return Err((name("terminal"), tr!("flow.fault.terminal")));
    }
    if product.is_empty() && code.is_empty() {
        return Err((name("product"), tr!("flow.fault.product")));
    }
    let quantity = get("quantity");
    let quantity = match whole(&quantity) {
        Some(0) => return Err((name("quantity"), tr!("flow.fault.quantity_zero"))),
        Some(n) => n,
        None if quantity.is_empty() => {
            return Err((name("quantity"), tr!("flow.fault.quantity_empty")));
        }
        None => {
            return Err((
                name("quantity"),
                tr!(
                    "flow.fault.quantity",
                    text = quantity.chars().take(20).collect::<String>()
                ),
            ));
        }
    };
    let sold_on = match day(&get("sold_on")) {
        Some(day) if day > reference.today => {
            return Err((name("sold_on"), tr!("flow.fault.day_future")));
        }
        Some(day) => day,
        None if get("sold_on").is_empty() => {
            return Err((name("sold_on"), tr!("flow.fault.day_empty")));
        }
        None => return Err((name("sold_on"), tr!("flow.fault.day"))),
    };
    let expires = get("expires");
    let expires_on = day(&expires);
    if !expires.is_empty() && expires_on.is_none() {
        return Err((name("expires"), tr!("flow.fault.day")));
    }
    let money = |field: &'static str| match get(field) {
        text if text.is_empty() => Ok(None),
        text => fen(&text)
            .map(Some)
            .ok_or((name(field), tr!("flow.fault.money"))),
    };
    let (price, amount) = (money("price")?, money("amount")?);
    let total = amount.map_or_else(
        || i128::from(price.unwrap_or(0)) * i128::from(quantity),
        i128::from,
    );
    if quantity.abs() > MOST_QUANTITY {
        return Err((name("quantity"), tr!("flow.fault.too_much")));
    }
    let amount_fen = i64::try_from(total)
        .ok()
        .filter(|fen| fen.abs() <= MOST_FEN)
        .ok_or((name("amount"), tr!("flow.fault.too_much")))?;
    let line = Line {
        id: crypto::new_id(),
        line_key: String::new(),
        value_key: String::new(),
        distributor_id: String::new(),
        document_no: get("document"),
        line_no: get("line"),
        product_id: reference.product(&code, &product, &get("specification")),
        product_code: code,
        product_name: product,
        specification: get("specification"),
        batch: get("batch"),
        expires_on,
        quantity,
        unit: get("unit"),
        price_fen: price,
        amount_fen,
        month: reference.months.counts_in(month_of(&sold_on)),
        sold_on,
        terminal_code,
        terminal_name: terminal,
        terminal_id: None,
        credited_id: None,
        state: "waiting".into(),
    };
    Ok(Read {
        row: number,
        line: keyed(line, &distributor),
        distributor,
        match_id: None,
    })
}

/// By what a repeated row is known: distributor, document and line number; without a line number the product, batch and
/// terminal as printed (domain, Flow).
fn keyed(mut line: Line, distributor: &str) -> Line {
    let hash = |parts: &[&str], length: usize| -> String {
        crypto::sha256_hex(parts.join("\u{1f}").as_bytes())
            .chars()
            .take(length)
            .collect()
    };
    let product = if line.product_code.is_empty() {
        format!("{} {}", line.product_name, line.specification)
    } else {
        line.product_code.clone()
    };
    // Without a document a number of the line counts within its file only, and the day tells deliveries apart.
    let day = if line.document_no.is_empty() {
        line.sold_on.as_str()
    } else {
        ""
    };
    line.line_key = if line.line_no.is_empty() || line.document_no.is_empty() {
        hash(
            &[
                distributor,
                &line.document_no,
                &product,
                &line.batch,
                &line.terminal_code,
                &line.terminal_name,
                day,
            ],
            32,
        )
    } else {
        hash(&[distributor, &line.document_no, "#", &line.line_no], 32)
    };
    line.value_key = hash(
        &[
            &product,
            &line.batch,
            &line.terminal_code,
            &line.terminal_name,
            &line.quantity.to_string(),
            &line.unit,
            &line.amount_fen.to_string(),
            &line.sold_on,
            line.expires_on.as_deref().unwrap_or_default(),
        ],
        16,
    );
    line
}

/// Lines on file by their keys: id and values.
async fn on_file(
    on: &mut Exec<'_>,
    rows: &[Read],
) -> Result<(HashMap<String, (String, String)>, HashSet<(String, String)>), AppError> {
    let mut known = HashMap::new();
    let mut settled = HashSet::new();
    for some in rows.chunks(400) {
        let mut query = q("SELECT line_key, id, value_key FROM flow_line WHERE line_key IN (''");
        for read in some {
            query.push_with(", ?", [&read.line.line_key]);
        }
        query.push(")");
        let found: Vec<(String, String, String)> = query.all(again(on)).await?;
        if !found.is_empty() {
            // Rows about which somebody was asked before.
            let mut asked = q("SELECT line_id, value_key FROM flow_aside WHERE line_id IN (''");
            for (_, id, _) in &found {
                asked.push_with(", ?", [id]);
            }
            asked.push(")");
            settled.extend(asked.all::<(String, String)>(again(on)).await?);
        }
        known.extend(found.into_iter().map(|(key, id, value)| (key, (id, value))));
    }
    Ok((known, settled))
}

/// What an import found out row by row.
#[derive(Default)]
struct Plan {
    report: FlowReport,
    totals: BTreeMap<(String, String, String), ProductTotal>,
    /// Of this file: key, and id and values of its first row.
    seen: HashMap<String, (String, String)>,
    distributors: BTreeSet<String>,
}

/// The rows of a chunk with their classes; those that are refused are in the report.
async fn classify(
    on: &mut Exec<'_>,
    reference: &mut Reference,
    columns: &Columns,
    fixed: &str,
    rows: &[(i64, &[String])],
    plan: &mut Plan,
) -> Result<Vec<(Read, Class)>, AppError> {
    let mut read_rows = Vec::new();
    for (number, cells) in rows {
        match read(reference, columns, fixed, *number, cells) {
            Ok(read) => read_rows.push(read),
            Err((field, reason)) => plan.report.invalid.push(Invalid {
                row: *number,
                line: None,
                field: field.to_owned(),
                reason,
            }),
        }
    }
    let (known, settled) = on_file(on, &read_rows).await?;
    let mut out = Vec::new();
    for mut read in read_rows {
        let (key, value) = (read.line.line_key.clone(), read.line.value_key.clone());
        let earlier = known.get(&key);
        let class = match (earlier, plan.seen.get(&key)) {
            (Some((id, values)), _) => {
                if *values == value || settled.contains(&(id.clone(), value.clone())) {
                    Class::Repeat
                } else {
                    Class::Conflict(id.clone())
                }
            }
            (None, Some((_, values))) if *values == value => Class::Repeat,
            (None, Some((id, _))) => Class::Conflict(id.clone()),
            (None, None) => {
                plan.seen.insert(key, (read.line.id.clone(), value));
                place(reference, &mut read, plan)
            }
        };
        if matches!(class, Class::Conflict(_)) {
            // Where it would go, if it takes the line's place.
            let line = &mut read.line;
            let found =
                reference.decide(&read.distributor, &line.terminal_code, &line.terminal_name);
            if let Decision::Matched(_, at) = found {
                line.terminal_id = Some(reference.matcher.place(at).id.clone());
            }
        }
        match &class {
            Class::Matched(_) => plan.report.matched += 1,
            Class::Suggested => plan.report.suggested += 1,
            Class::Unknown => plan.report.unknown += 1,
            Class::Repeat => plan.report.repeat += 1,
            Class::Conflict(_) => plan.report.conflict += 1,
        }
        if matches!(class, Class::Matched(_) | Class::Suggested | Class::Unknown) {
            count(plan, &read);
        }
        out.push((read, class));
    }
    Ok(out)
}

/// Finds the terminal of a row that is new.
fn place(reference: &mut Reference, read: &mut Read, plan: &mut Plan) -> Class {
    let line = &mut read.line;
    match reference.decide(&read.distributor, &line.terminal_code, &line.terminal_name) {
        Decision::Matched(by, at) => {
            let terminal = reference.matcher.place(at).id.clone();
            // An alias may be one by a decision: taken back, it takes the line along.
            if matches!(by, "alias" | "person") {
                read.match_id = reference
                    .match_of(&line.terminal_code, &line.terminal_name)
                    .filter(|(of, _)| *of == terminal)
                    .map(|(_, id)| id.clone());
            }
            line.credited_id = reference.owner(&terminal, &line.sold_on);
            line.terminal_id = Some(terminal);
            line.state = "open".into();
            Class::Matched(by)
        }
        Decision::Suggested(found) => {
            if let Some(first) = found.first() {
                plan.report.suggestions.push(SuggestedRow {
                    row: read.row,
                    printed: line.terminal_name.clone(),
                    terminal: first.code.clone(),
                    name: first.name.clone(),
                    score: first.score,
                });
            }
            Class::Suggested
        }
        Decision::Unknown => Class::Unknown,
    }
}

/// Adds a line to the totals of its product.
fn count(plan: &mut Plan, read: &Read) {
    let line = &read.line;
    if month_of(&line.sold_on) != line.month {
        plan.report.adjustments += 1;
    }
    plan.distributors.insert(read.distributor.clone());
    let key = (
        line.product_code.clone(),
        line.product_name.clone(),
        line.specification.clone(),
    );
    let total = plan.totals.entry(key).or_insert_with(|| ProductTotal {
        code: line.product_code.clone(),
        name: line.product_name.clone(),
        specification: line.specification.clone(),
        known: line.product_id.is_some(),
        ..ProductTotal::default()
    });
    total.rows += 1;
    total.quantity += line.quantity;
    total.fen += line.amount_fen;
}

/// What the plan says, in the shape that all imports have.
fn finished(mut plan: Plan, table: &Table, columns: &Columns) -> Findings {
    let report = &mut plan.report;
    report.rows = table.rows.len() as i64;
    report.products = plan.totals.into_values().collect();
    report.distributors = plan.distributors.into_iter().collect();
    report.header.clone_from(&table.header);
    report.columns = columns::FIELDS
        .iter()
        .filter_map(|(field, _, _, _)| {
            Some((
                (*field).to_owned(),
                table.header.get(*columns.get(field)?)?.clone(),
            ))
        })
        .collect();
    report.invalid.sort_by_key(|i| i.row);
    let mut findings = Findings::default();
    findings.report.created = report.matched + report.suggested + report.unknown;
    findings.report.unchanged = report.repeat;
    findings.report.skipped = report.conflict;
    findings.report.invalid.clone_from(&report.invalid);
    findings.report.flow = Some(plan.report);
    findings
}

fn rows_of(table: &Table) -> Vec<(i64, &[String])> {
    table
        .rows
        .iter()
        .map(|(number, cells)| (*number, cells.as_slice()))
        .collect()
}

/// Imports a file, keeping its original, or says what an import would do.
pub async fn from_file(
    state: &AppState,
    actor: &Actor,
    name: &str,
    bytes: Vec<u8>,
    mode: Mode,
) -> Result<FlowReport, AppError> {
    let hash = if mode == Mode::Preview {
        crypto::sha256_hex(&bytes)
    } else {
        files::put_sealed(state, &bytes).await?
    };
    let mut table = tokio::task::spawn_blocking(move || table(read_rows(&bytes)?))
        .await
        .map_err(internal)??;
    name.clone_into(&mut table.file_name);
    table.sha256.clone_from(&hash);
    let kind = Kind::Flow;
    let report =
        importing::run_table(state, actor, kind, &table, &hash, mode, Existing::Overwrite).await?;
    let flow = report.flow.ok_or(AppError::NotFound)?;
    if flow.missing.is_empty() {
        Ok(flow)
    } else {
        Err(columns_missing(&flow.missing))
    }
}

fn columns_missing(missing: &[String]) -> AppError {
    AppError::Invalid(vec![FieldError {
        field: String::new(),
        key: "flow.columns_missing".into(),
        args: vec![("columns".into(), missing.join("、"))],
    }])
}

/// What an import would do. Reads only.
pub async fn check(state: &AppState, table: &Table, watch: &Watch) -> Result<Findings, AppError> {
    let db: &Db = &state.db;
    let (columns, fixed) = resolve(Exec::Db(db), &table.header).await?;
    let mut plan = Plan::default();
    let missing = missing(&columns, &fixed);
    if !missing.is_empty() {
        plan.report.missing = missing;
        return Ok(finished(plan, table, &columns));
    }
    let mut on = Exec::Db(db);
    let mut reference = Reference::load(state, &mut on).await?;
    let mut done = 0;
    for rows in rows_of(table).chunks(CHUNK) {
        watch.step(db, done).await?;
        done += rows.len();
        classify(&mut on, &mut reference, &columns, &fixed, rows, &mut plan).await?;
    }
    Ok(finished(plan, table, &columns))
}

/// Imports within `tx`: all rows that are not invalid; those are kept aside with their reasons, and so are rows that
/// differ from a known line.
pub async fn apply(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
    watch: &Watch,
) -> Result<Findings, AppError> {
    let (columns, fixed) = resolve(Exec::Tx(tx), &table.header).await?;
    let missing = missing(&columns, &fixed);
    if !missing.is_empty() {
        return Err(columns_missing(&missing));
    }
    let mut reference = Reference::load(state, &mut Exec::Tx(tx)).await?;
    let file_id = crypto::new_id();
    q("INSERT INTO flow_file (id, sha256, name, row_count, line_count, repeat_count, conflict_count, invalid_count, \
       staff_id, staff_name, at) VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, $6, $7)")
        .bind(&file_id)
        .bind(&table.sha256)
        .bind(&table.file_name)
        .bind(table.rows.len() as i64)
        .bind(&actor.id)
        .bind(&actor.name)
        .bind(time::now())
        .exec(&mut *tx)
        .await?;
    let mut plan = Plan::default();
    let mut distributors: HashMap<String, String> = HashMap::new();
    let mut months: BTreeSet<String> = BTreeSet::new();
    let mut done = 0;
    for rows in rows_of(table).chunks(CHUNK) {
        watch.step(&mut *tx, done).await?;
        done += rows.len();
        let before = plan.report.invalid.len();
        let found = classify(
            &mut Exec::Tx(tx),
            &mut reference,
            &columns,
            &fixed,
            rows,
            &mut plan,
        )
        .await?;
        let refused = &plan.report.invalid[before..];
        aside(tx, &file_id, table, rows, refused, &found).await?;
        write(tx, &file_id, found, &mut distributors, &mut months).await?;
    }
    // Last, so that others wait for a moment only: the months as they stand now must be those that were reckoned with.
    let held = lines::hold(tx, months.iter().cloned()).await?;
    if months.iter().any(|month| held.is_closed(month)) {
        return Err(AppError::Conflict("flow.month_closed_meanwhile".into()));
    }
    decided_meanwhile(tx, &file_id).await?;
    due(tx, &file_id).await?;
    lines::resum_file(tx, &file_id).await?;
    let report = &plan.report;
    q("UPDATE flow_file SET line_count = $1, repeat_count = $2, conflict_count = $3, invalid_count = $4 WHERE id = $5")
        .bind(report.matched + report.suggested + report.unknown)
        .bind(report.repeat)
        .bind(report.conflict)
        .bind(report.invalid.len() as i64)
        .bind(&file_id)
        .exec(&mut *tx)
        .await?;
    Ok(finished(plan, table, &columns))
}

/// What a row that differs from a known line says; with it the row can take the line's place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Values {
    pub quantity: i64,
    pub price_fen: Option<i64>,
    pub amount_fen: i64,
    pub unit: String,
    pub sold_on: String,
    pub product_id: Option<String>,
    pub product_code: String,
    pub product_name: String,
    pub specification: String,
    pub batch: String,
    pub expires_on: Option<String>,
    pub terminal_code: String,
    pub terminal_name: String,
    pub terminal_id: Option<String>,
}

impl Values {
    /// Those of a line.
    pub fn of(line: &Line) -> Values {
        let line = line.clone();
        Values {
            quantity: line.quantity,
            price_fen: line.price_fen,
            amount_fen: line.amount_fen,
            unit: line.unit,
            sold_on: line.sold_on,
            product_id: line.product_id,
            product_code: line.product_code,
            product_name: line.product_name,
            specification: line.specification,
            batch: line.batch,
            expires_on: line.expires_on,
            terminal_code: line.terminal_code,
            terminal_name: line.terminal_name,
            terminal_id: line.terminal_id,
        }
    }
}

/// Keeps refused and differing rows aside.
async fn aside(
    tx: &mut Tx,
    file_id: &str,
    table: &Table,
    rows: &[(i64, &[String])],
    refused: &[Invalid],
    found: &[(Read, Class)],
) -> Result<(), AppError> {
    let cells: HashMap<i64, &[String]> = rows.iter().copied().collect();
    let json = |row: i64| -> String {
        let named: Vec<(&String, &String)> = table
            .header
            .iter()
            .zip(cells.get(&row).copied().unwrap_or_default())
            .collect();
        serde_json::to_string(&named).unwrap_or_default()
    };
    let mut asides: Rows = Vec::new();
    for invalid in refused {
        asides.push(vec![
            file_id.into(),
            invalid.row.into(),
            "invalid".into(),
            (&invalid.field).into(),
            (&invalid.reason).into(),
            json(invalid.row).into(),
            None::<String>.into(),
            "".into(),
        ]);
    }
    for (read, class) in found {
        if let Class::Conflict(line) = class {
            let values = serde_json::to_string(&Values::of(&read.line)).map_err(internal)?;
            asides.push(vec![
                file_id.into(),
                read.row.into(),
                "conflict".into(),
                "".into(),
                "".into(),
                values.into(),
                line.into(),
                (&read.line.value_key).into(),
            ]);
        }
    }
    insert_many(
        tx,
        "INSERT INTO flow_aside (file_id, row_no, kind, field, reason, cells, line_id, value_key)",
        asides,
        "",
    )
    .await?;
    Ok(())
}

/// Writes the new lines of a chunk.
async fn write(
    tx: &mut Tx,
    file_id: &str,
    found: Vec<(Read, Class)>,
    distributors: &mut HashMap<String, String>,
    months: &mut BTreeSet<String>,
) -> Result<(), AppError> {
    let new: Vec<(Read, &'static str)> = found
        .into_iter()
        .filter_map(|(read, class)| match class {
            Class::Matched(by) => Some((read, by)),
            Class::Suggested | Class::Unknown => Some((read, "")),
            Class::Repeat | Class::Conflict(_) => None,
        })
        .collect();
    let fresh: BTreeSet<String> = new
        .iter()
        .map(|(read, _)| read.line.month.clone())
        .collect();
    lines::ensure(tx, &fresh).await?;
    months.extend(fresh);
    let mut rows: Rows = Vec::with_capacity(new.len());
    for (mut read, by) in new {
        let id = match distributors.get(&read.distributor) {
            Some(id) => id.clone(),
            None => {
                let id = distributor(tx, &read.distributor).await?;
                distributors.insert(read.distributor.clone(), id.clone());
                id
            }
        };
        read.line.distributor_id = id;
        let origin = Origin {
            file_id: Some(file_id),
            row_no: Some(read.row),
            matched_by: by,
            match_id: read.match_id.as_deref(),
            ..Origin::default()
        };
        rows.push(lines::row(&read.line, &origin));
    }
    lines::insert(tx, rows).await?;
    Ok(())
}

/// The id of a distributor by name, entered where it is new.
async fn distributor(tx: &mut Tx, name: &str) -> Result<String, AppError> {
    q(
        "INSERT INTO flow_distributor (id, name, terminal_id, created_at) SELECT $1, $2, \
       (SELECT MIN(t.id) FROM terminal t WHERE t.name = $2 AND t.kind = '商业公司'), CAST($3 AS BIGINT) \
       WHERE NOT EXISTS (SELECT 1 FROM flow_distributor d WHERE d.name = $2)",
    )
    .bind(crypto::new_id())
    .bind(name)
    .bind(time::now())
    .exec(&mut *tx)
    .await?;
    let (id,): (String,) = q("SELECT id FROM flow_distributor WHERE name = $1")
        .bind(name)
        .one(tx)
        .await?;
    Ok(id)
}

/// Gives lines whose code and name somebody decided about while the file was read their terminal.
async fn decided_meanwhile(tx: &mut Tx, file_id: &str) -> Result<(), AppError> {
    let of = "FROM flow_match m WHERE m.undone_at IS NULL AND m.printed = l.terminal_name AND m.code = l.terminal_code";
    q(format!(
        "UPDATE flow_line AS l SET match_id = (SELECT m.id {of}), terminal_id = (SELECT m.terminal_id {of}), \
         matched_by = 'person', state = 'open' WHERE l.file_id = $1 AND l.state = 'waiting' AND EXISTS (SELECT 1 {of})"
    ))
    .bind(file_id)
    .exec(&mut *tx)
    .await?;
    q(format!(
        "UPDATE flow_line AS l SET credited_id = {} WHERE l.file_id = $1 AND l.matched_by = 'person' AND l.credited_id IS NULL",
        lines::owner_on("l.terminal_id", "l.sold_on")
    ))
    .bind(file_id)
    .exec(tx)
    .await?;
    Ok(())
}

/// Gives the new lines of months that are being confirmed their day.
async fn due(tx: &mut Tx, file_id: &str) -> Result<(), AppError> {
    q("UPDATE flow_line SET due_on = (SELECT p.confirm_by FROM flow_period p WHERE p.month = flow_line.month) \
       WHERE file_id = $1 AND state = 'open' AND month IN (SELECT month FROM flow_period WHERE state = 'confirming')")
    .bind(file_id)
    .exec(tx)
    .await?;
    Ok(())
}
