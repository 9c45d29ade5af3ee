//! Lines of goods in every state over several months, and appeals about them.

use mailuo::server::db::Rows;
use mailuo::server::time::shift_day;

use super::super::world::{Dice, World, put, row};
use crate::support::TestApp;

pub(super) async fn flow(app: &TestApp, dice: &mut Dice, world: &World) {
    let months: Vec<String> = [0, 31, 62, 93]
        .map(|back| shift_day(&dice.today, -back)[..7].to_owned())
        .into_iter()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    put(
        app,
        "flow_period (month, state, updated_at)",
        months
            .iter()
            .map(|month| row![month, "open", 1_i64])
            .collect(),
    )
    .await;
    put(
        app,
        "flow_distributor (id, name, created_at)",
        vec![row!["distributor", "江城医药公司", 1_i64]],
    )
    .await;
    let mut rows = Rows::new();
    for n in 0..150 {
        let state = *dice.one(&[
            "open",
            "open",
            "confirmed",
            "confirmed",
            "appealed",
            "reversed",
            "waiting",
        ]);
        let terminal = (state != "waiting").then(|| dice.one(&world.terminals).0.clone());
        let credited =
            (state != "waiting" && !dice.is(0.1)).then(|| dice.one(&world.field).clone());
        let product = dice.is(0.9).then(|| dice.one(&world.products).clone());
        let (id, month) = (format!("line{n}"), dice.one(&months));
        // An adjustment counts in another month than its day's.
        let sold = if dice.is(0.9) {
            format!("{month}-02")
        } else {
            "2026-01-05".to_owned()
        };
        let mut line = |id: &str, state: &str, quantity: i64, reverses: Option<String>| {
            rows.push(row![
                id,
                id,
                id,
                "distributor",
                id,
                "",
                &product,
                "",
                "药",
                "",
                "",
                quantity,
                "盒",
                quantity * 100,
                &sold,
                month,
                "",
                "医院",
                &terminal,
                "code",
                &credited,
                state,
                reverses,
                1_i64
            ]);
        };
        line(&id, state, 7, None);
        if state == "reversed" {
            line(&format!("{id}-back"), "reversal", -7, Some(id.clone()));
        }
    }
    put(
        app,
        "flow_line (id, line_key, value_key, distributor_id, document_no, line_no, product_id, product_code, product_name, \
         specification, batch, quantity, unit, amount_fen, sold_on, month, terminal_code, terminal_name, terminal_id, \
         matched_by, credited_id, state, reverses_id, created_at)",
        rows,
    )
    .await;
    let mut appeals = Rows::new();
    for n in 0..40 {
        let product = dice.is(0.8).then(|| dice.one(&world.products).clone());
        let state = *dice.one(&["manager", "operations", "accepted", "rejected", "withdrawn"]);
        appeals.push(row![
            format!("appeal{n}"),
            &dice.one(&world.terminals).0,
            product,
            "missing",
            "",
            state,
            1_i64,
            &dice.today,
            dice.one(&world.field),
            dice.moment()
        ]);
    }
    put(
        app,
        "flow_appeal (id, terminal_id, product_id, reason, body, state, round, due_on, staff_id, created_at)",
        appeals,
    )
    .await;
}
