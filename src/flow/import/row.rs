//! Reading one row: its values, or why it is refused; and by what it is known when it is repeated.

use super::MOST_QUANTITY;
use super::reference::Reference;
use crate::flow::columns::{self, Columns};
use crate::flow::lines::Line;
use crate::flow::rules::{day, fen, month_of, whole};
use crate::server::crypto;

pub const MOST_FEN: i64 = 10_000_000_000_000;

/// Characters of a cell at most.
pub const LONGEST: usize = 200;

/// A row that was read.
#[derive(Debug, Clone)]
pub struct Read {
    pub row: i64,
    pub distributor: String,
    pub line: Line,
    /// The decision by which it found its terminal.
    pub match_id: Option<String>,
}

/// A row's values, or why it is refused: field and reason.
pub fn read(
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
pub fn keyed(mut line: Line, distributor: &str) -> Line {
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
