//! The lines themselves: months and their locks, sums, corrections. Whoever changes lines holds their months first, so
//! that a month closes between changes and not among them.

use std::collections::{BTreeSet, HashMap};

use super::model::{LineRow, Sums};
use super::rules::shift_month;
use super::sums::Cell;
use crate::server::db::{Arg, Db, DbResult, Exec, Query, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{crypto, time};
use crate::shared::{AppError, Role};
use crate::terminal::model::MAIN_LINE;

/// Who looks after terminal `{terminal}` for product `{product}` on day `{day}`, as SQL: whoever has it in the product's
/// business line, or else in the main one.
pub fn owner_on(terminal: &str, product: &str, day: &str) -> String {
    format!(
        "(SELECT own_a.staff_id FROM terminal_assignment own_a WHERE own_a.terminal_id = {terminal} \
         AND own_a.business_line IN ('{MAIN_LINE}', (SELECT own_p.business_line FROM product own_p WHERE own_p.id = {product})) \
         AND own_a.starts_on <= {day} AND (own_a.ends_on IS NULL OR own_a.ends_on >= {day}) \
         ORDER BY CASE own_a.business_line WHEN '{MAIN_LINE}' THEN 1 ELSE 0 END, own_a.starts_on DESC LIMIT 1)"
    )
}

/// Months and their states.
#[derive(Debug, Clone, Default)]
pub struct Months(HashMap<String, String>);

impl Months {
    /// All months that have a row.
    pub async fn load<'a>(on: impl Into<Exec<'a>>) -> DbResult<Months> {
        let rows: Vec<(String, String)> = q("SELECT month, state FROM flow_period").all(on).await?;
        Ok(Months(rows.into_iter().collect()))
    }

    /// open, confirming or closed.
    pub fn state(&self, month: &str) -> &str {
        self.0.get(month).map_or("open", String::as_str)
    }

    /// Whether nothing may change in a month any more.
    pub fn is_closed(&self, month: &str) -> bool {
        self.state(month) == "closed"
    }

    /// Where a line of a month counts: there, or if that is closed in the next month that is not.
    pub fn counts_in(&self, month: &str) -> String {
        let mut month = month.to_owned();
        while self.is_closed(&month) {
            month = shift_month(&month, 1);
        }
        month
    }
}

/// Makes rows for months that have none.
pub async fn ensure(tx: &mut Tx, months: &BTreeSet<String>) -> DbResult<()> {
    let now = time::now();
    let rows = months
        .iter()
        .map(|month| vec![month.into(), "open".into(), now.into()])
        .collect();
    insert_many(
        tx,
        "INSERT INTO flow_period (month, state, updated_at)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    Ok(())
}

/// Holds months, and those into which their adjustments go, until the end of the transaction; gives all states as they
/// stand from now on.
pub async fn hold(tx: &mut Tx, months: impl IntoIterator<Item = String>) -> DbResult<Months> {
    let mut wanted: BTreeSet<String> = months.into_iter().collect();
    // The months of adjustments too, as they look now: taken later, they would be out of their order.
    let now = Months::load(&mut *tx).await?;
    let counted: Vec<String> = wanted.iter().map(|month| now.counts_in(month)).collect();
    wanted.extend(counted);
    loop {
        ensure(tx, &wanted).await?;
        // In their order, so that two who want the same do not wait for each other.
        for month in &wanted {
            q("UPDATE flow_period SET updated_at = updated_at WHERE month = $1")
                .bind(month)
                .exec(&mut *tx)
                .await?;
        }
        let states = Months::load(&mut *tx).await?;
        let before = wanted.len();
        let counted: Vec<String> = wanted.iter().map(|month| states.counts_in(month)).collect();
        wanted.extend(counted);
        if wanted.len() == before {
            return Ok(states);
        }
    }
}

/// `Conflict` where a month is closed.
pub fn refuse_closed(months: &Months, month: &str) -> Result<(), AppError> {
    if months.is_closed(month) {
        Err(AppError::Conflict("flow.month_closed".into()))
    } else {
        Ok(())
    }
}

/// A line as corrections need it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Line {
    pub id: String,
    pub line_key: String,
    pub value_key: String,
    pub distributor_id: String,
    pub document_no: String,
    pub line_no: String,
    pub product_id: Option<String>,
    pub product_code: String,
    pub product_name: String,
    pub specification: String,
    pub batch: String,
    pub expires_on: Option<String>,
    pub quantity: i64,
    pub unit: String,
    pub price_fen: Option<i64>,
    pub amount_fen: i64,
    pub sold_on: String,
    pub month: String,
    pub terminal_code: String,
    pub terminal_name: String,
    pub terminal_id: Option<String>,
    pub credited_id: Option<String>,
    pub state: String,
}

/// The columns of a [`Line`] of `flow_line l`.
pub const LINE: &str = "SELECT l.id, l.line_key, l.value_key, l.distributor_id, l.document_no, l.line_no, l.product_id, \
    l.product_code, l.product_name, l.specification, l.batch, l.expires_on, l.quantity, l.unit, l.price_fen, l.amount_fen, \
    l.sold_on, l.month, l.terminal_code, l.terminal_name, l.terminal_id, l.credited_id, l.state FROM flow_line l";

/// One line.
pub async fn find<'a>(on: impl Into<Exec<'a>>, id: &str) -> DbResult<Line> {
    q(format!("{LINE} WHERE l.id = $1")).bind(id).one(on).await
}

const LINE_HEAD: &str = "INSERT INTO flow_line (id, file_id, row_no, line_key, value_key, distributor_id, document_no, \
    line_no, product_id, product_code, product_name, specification, batch, expires_on, quantity, unit, price_fen, \
    amount_fen, sold_on, month, terminal_code, terminal_name, terminal_id, matched_by, match_id, credited_id, state, \
    due_on, reverses_id, corrects_id, created_at)";

/// What a line has beside its own values.
#[derive(Debug, Clone, Default)]
pub struct Origin<'a> {
    pub file_id: Option<&'a str>,
    pub row_no: Option<i64>,
    pub matched_by: &'a str,
    pub match_id: Option<&'a str>,
    pub due_on: Option<&'a str>,
    pub reverses_id: Option<&'a str>,
    pub corrects_id: Option<&'a str>,
}

/// A row for [`insert`].
pub fn row(line: &Line, origin: &Origin<'_>) -> Vec<Arg> {
    vec![
        (&line.id).into(),
        origin.file_id.into(),
        origin.row_no.into(),
        (&line.line_key).into(),
        (&line.value_key).into(),
        (&line.distributor_id).into(),
        (&line.document_no).into(),
        (&line.line_no).into(),
        (&line.product_id).into(),
        (&line.product_code).into(),
        (&line.product_name).into(),
        (&line.specification).into(),
        (&line.batch).into(),
        (&line.expires_on).into(),
        line.quantity.into(),
        (&line.unit).into(),
        line.price_fen.into(),
        line.amount_fen.into(),
        (&line.sold_on).into(),
        (&line.month).into(),
        (&line.terminal_code).into(),
        (&line.terminal_name).into(),
        (&line.terminal_id).into(),
        origin.matched_by.into(),
        origin.match_id.into(),
        (&line.credited_id).into(),
        (&line.state).into(),
        origin.due_on.into(),
        origin.reverses_id.into(),
        origin.corrects_id.into(),
        time::now().into(),
    ]
}

/// Writes lines.
pub async fn insert(tx: &mut Tx, rows: Vec<Vec<Arg>>) -> DbResult<()> {
    insert_many(tx, LINE_HEAD, rows, "").await?;
    Ok(())
}

/// What a line becomes; nothing where it is only taken back.
#[derive(Debug, Clone)]
pub struct Corrected {
    pub quantity: i64,
    pub price_fen: Option<i64>,
    pub amount_fen: i64,
    pub unit: String,
    pub sold_on: String,
    pub terminal_id: Option<String>,
    pub matched_by: &'static str,
    pub match_id: Option<String>,
    /// By what a repeated row is to be known; empty for one that no file brought.
    pub value_key: String,
}

impl Corrected {
    /// The values that a line has.
    pub fn of(line: &Line) -> Corrected {
        Corrected {
            quantity: line.quantity,
            price_fen: line.price_fen,
            amount_fen: line.amount_fen,
            unit: line.unit.clone(),
            sold_on: line.sold_on.clone(),
            terminal_id: line.terminal_id.clone(),
            matched_by: "person",
            match_id: None,
            value_key: line.value_key.clone(),
        }
    }
}

/// Who looks after a terminal for a product on a day.
pub async fn owner<'a>(
    on: impl Into<Exec<'a>>,
    terminal: Option<&str>,
    product: Option<&str>,
    day: &str,
) -> DbResult<Option<String>> {
    let Some(terminal) = terminal else {
        return Ok(None);
    };
    let found: (Option<String>,) = q(format!("SELECT {}", owner_on("$1", "$2", "$3")))
        .bind(terminal)
        .bind(product.unwrap_or_default())
        .bind(day)
        .one(on)
        .await?;
    Ok(found.0)
}

/// The last day for confirming a month that is being confirmed.
pub async fn confirm_by(tx: &mut Tx, month: &str) -> DbResult<Option<String>> {
    let found: Option<(Option<String>,)> =
        q("SELECT confirm_by FROM flow_period WHERE month = $1 AND state = 'confirming'")
            .bind(month)
            .optional(tx)
            .await?;
    Ok(found.and_then(|(day,)| day))
}

/// Takes a line back and puts another in its place: a reversal and a new line, never an edit (domain, Flow). What is in
/// a closed month stays as it is; both then count in the next month that is not closed. The months must be held.
/// Gives the new line's id; `Conflict` where the line was taken back before.
pub async fn correct(
    tx: &mut Tx,
    months: &Months,
    line: &Line,
    to: Option<Corrected>,
    cells: &mut BTreeSet<Cell>,
) -> Result<Option<String>, AppError> {
    let gone = || AppError::Conflict("flow.line_changed".into());
    let month = months.counts_in(&line.month);
    let taken_back = q("SELECT COUNT(*) FROM flow_line WHERE reverses_id = $1")
        .bind(&line.id)
        .count(&mut *tx)
        .await?;
    if taken_back > 0 || line.state == "reversal" {
        return Err(gone());
    }
    if month == line.month {
        q("UPDATE flow_line SET state = 'reversed', due_on = NULL WHERE id = $1")
            .bind(&line.id)
            .exec(&mut *tx)
            .await?;
    }
    let reversal = Line {
        id: crypto::new_id(),
        line_key: format!("reversal {}", line.id),
        value_key: String::new(),
        quantity: -line.quantity,
        amount_fen: -line.amount_fen,
        month: month.clone(),
        state: "reversal".into(),
        ..line.clone()
    };
    cells.insert((line.month.clone(), line.terminal_id.clone()));
    cells.insert((month.clone(), line.terminal_id.clone()));
    let origin = Origin {
        matched_by: "person",
        reverses_id: Some(&line.id),
        ..Origin::default()
    };
    insert(tx, vec![row(&reversal, &origin)]).await?;
    let Some(to) = to else {
        return Ok(None);
    };
    let id = add(tx, months, line, &to, Some(&line.id), cells).await?;
    Ok(Some(id))
}

/// Writes a line that no file brought, like `model` but for the values in `to`; gives its id. Its month must be held.
pub async fn add(
    tx: &mut Tx,
    months: &Months,
    model: &Line,
    to: &Corrected,
    corrects: Option<&str>,
    cells: &mut BTreeSet<Cell>,
) -> Result<String, AppError> {
    let own = super::rules::month_of(&to.sold_on).to_owned();
    // A correction counts where its reversal does, unless its day lies in another month.
    let own = if own == super::rules::month_of(&model.sold_on) {
        model.month.clone()
    } else {
        own
    };
    let month = months.counts_in(&own);
    ensure(tx, &BTreeSet::from([month.clone()])).await?;
    let id = crypto::new_id();
    let line = Line {
        line_key: format!("own {id}"),
        value_key: to.value_key.clone(),
        id: id.clone(),
        quantity: to.quantity,
        price_fen: to.price_fen,
        amount_fen: to.amount_fen,
        unit: to.unit.clone(),
        sold_on: to.sold_on.clone(),
        month: month.clone(),
        credited_id: owner(
            &mut *tx,
            to.terminal_id.as_deref(),
            model.product_id.as_deref(),
            &to.sold_on,
        )
        .await?,
        state: if to.terminal_id.is_some() {
            "open"
        } else {
            "waiting"
        }
        .into(),
        terminal_id: to.terminal_id.clone(),
        ..model.clone()
    };
    let due = confirm_by(tx, &month).await?;
    let origin = Origin {
        matched_by: if to.terminal_id.is_some() {
            to.matched_by
        } else {
            ""
        },
        match_id: to.match_id.as_deref(),
        due_on: due.as_deref(),
        corrects_id: corrects,
        ..Origin::default()
    };
    insert(tx, vec![row(&line, &origin)]).await?;
    cells.insert((month, line.terminal_id.clone()));
    Ok(id)
}

/// Whether a role is shown sums, growth and amounts. Medical reps carry no sales target and see quantities of the lines
/// to confirm only (domain, Flow).
pub fn sees_sums(role: Role) -> bool {
    role != Role::Rep
}

/// Appends that people within the actor's scope look after a terminal today, in whatever business line.
pub fn visible_terminal(actor: &Actor, today: &str, terminal: &str, query: &mut Query) {
    if actor.role.sees_company() {
        query.push("1 = 1");
        return;
    }
    query.push_with(
        &format!(
            "{terminal} IN (SELECT see_a.terminal_id FROM terminal_assignment see_a WHERE see_a.starts_on <= ? \
             AND (see_a.ends_on IS NULL OR see_a.ends_on >= ?) AND "
        ),
        [today, today],
    );
    actor.scope(query, "see_a.staff_id");
    query.push(")");
}

/// Appends what lines or sums of `{of}` somebody sees as rows: those of whom people within their scope look after the
/// terminal today for the product.
pub fn visible(actor: &Actor, today: &str, of: &str, query: &mut Query) {
    let (terminal, product) = (format!("{of}.terminal_id"), format!("{of}.product_id"));
    visible_terminal(actor, today, &terminal, query);
    if actor.role.sees_company() {
        return;
    }
    // Who has it is asked row by row only for products of other lines than the main one.
    let special =
        format!("SELECT see_p.id FROM product see_p WHERE see_p.business_line <> '{MAIN_LINE}'");
    query.push(&format!(
        " AND ((COALESCE({product}, '') NOT IN ({special}) AND {terminal} IN (SELECT see_m.terminal_id \
         FROM terminal_assignment see_m WHERE see_m.business_line = '{MAIN_LINE}' AND see_m.starts_on <= "
    ));
    let day = query.arg(today);
    query.push(&format!(
        "{day} AND (see_m.ends_on IS NULL OR see_m.ends_on >= {day}) AND "
    ));
    actor.scope(query, "see_m.staff_id");
    query.push(&format!(")) OR ({product} IN ({special}) AND "));
    actor.scope(query, &owner_on(&terminal, &product, &day));
    query.push("))");
}

/// Sums of a terminal's month within scope with the month before and the same a year ago.
pub async fn sums_of(
    db: &Db,
    actor: &Actor,
    today: &str,
    terminal_id: &str,
    month: &str,
) -> DbResult<Sums> {
    let mut query = q(
        "SELECT s.month, CAST(SUM(s.quantity) AS BIGINT), CAST(SUM(s.fen) AS BIGINT) FROM flow_sum s \
         WHERE s.terminal_id = $1 AND s.month IN ($2, $3, $4) AND ",
    )
    .bind(terminal_id)
    .bind(month)
    .bind(shift_month(month, -1))
    .bind(shift_month(month, -12));
    visible(actor, today, "s", &mut query);
    query.push(" GROUP BY s.month");
    let rows: Vec<(String, i64, i64)> = query.all(db).await?;
    let mut sums = Sums::default();
    for (of, quantity, fen) in rows {
        if of == month {
            (sums.quantity, sums.fen) = (quantity, fen);
        } else if of == shift_month(month, -1) {
            sums.before = quantity;
        } else {
            sums.year_ago = quantity;
        }
    }
    Ok(sums)
}

/// A line as it is shown.
#[derive(sqlx::FromRow)]
struct Shown {
    id: String,
    document_no: String,
    distributor: String,
    product: String,
    specification: String,
    batch: String,
    quantity: i64,
    unit: String,
    price_fen: Option<i64>,
    sold_on: String,
    month: String,
    state: String,
    due_on: Option<String>,
    confirmed_by: Option<String>,
    appeal_id: Option<String>,
    may_appeal: bool,
    terminal_name: String,
    terminal: Option<String>,
    mine: bool,
}

/// Begins a query of lines as they are shown to somebody, of `flow_line l`; a condition must follow.
pub fn shown(actor: &Actor, today: &str) -> Query {
    q(format!(
        "SELECT l.id, l.document_no, d.name AS distributor, COALESCE(p.name, l.product_name) AS product, \
       COALESCE(p.specification, l.specification) AS specification, l.batch, l.quantity, l.unit, l.price_fen, l.sold_on, \
       l.month, l.state, l.due_on, s.name AS confirmed_by, \
       (SELECT a.id FROM flow_appeal a WHERE a.line_id = l.id ORDER BY a.created_at DESC LIMIT 1) AS appeal_id, \
       NOT EXISTS (SELECT 1 FROM flow_appeal b WHERE b.line_id = l.id AND b.state = 'rejected') AS may_appeal, \
       l.terminal_name, t.name AS terminal, COALESCE({} = $2, FALSE) AS mine \
       FROM flow_line l JOIN flow_distributor d ON d.id = l.distributor_id LEFT JOIN product p ON p.id = l.product_id \
       LEFT JOIN staff s ON s.id = l.confirmed_by LEFT JOIN terminal t ON t.id = l.terminal_id WHERE ",
        owner_on("l.terminal_id", "l.product_id", "$1")
    ))
    .bind(today)
    .bind(&actor.id)
}

/// The rows of a query begun with [`shown`].
pub async fn rows<'a>(
    actor: &Actor,
    query: Query,
    on: impl Into<Exec<'a>>,
) -> DbResult<Vec<LineRow>> {
    let prices = sees_sums(actor.role);
    Ok(query
        .all::<Shown>(on)
        .await?
        .into_iter()
        .map(|l| LineRow {
            adjustment: super::rules::month_of(&l.sold_on) != l.month,
            printed: Some(l.terminal_name)
                .filter(|printed| l.terminal.as_ref().is_some_and(|name| name != printed)),
            id: l.id,
            document_no: l.document_no,
            distributor: l.distributor,
            product: l.product,
            specification: l.specification,
            batch: l.batch,
            quantity: l.quantity,
            unit: l.unit,
            price_fen: l.price_fen.filter(|_| prices),
            sold_on: l.sold_on,
            month: l.month,
            state: l.state,
            due: l.due_on,
            confirmed_by: l.confirmed_by,
            appeal_id: l.appeal_id,
            may_appeal: l.may_appeal,
            mine: l.mine,
        })
        .collect())
}
