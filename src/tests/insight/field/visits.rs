//! Visits with the HCPs met, check-ins, and plans of the past and of days to come.

use mailuo::server::db::Rows;
use mailuo::server::time::shift_day;

use super::super::world::{Dice, World, put, row};
use crate::support::TestApp;

pub(super) async fn visits(app: &TestApp, dice: &mut Dice, world: &World) {
    let (mut visits, mut met, mut checkins) = (Rows::new(), Rows::new(), Rows::new());
    for n in 0..220 {
        let (at, id) = (dice.moment(), format!("visit{n}"));
        let terminal = (!dice.is(0.1)).then(|| dice.one(&world.terminals).0.clone());
        visits.push(row![
            &id,
            dice.one(&world.field),
            terminal,
            *dice.one(&["face", "phone"]),
            "[]",
            "",
            "",
            *dice.one(&["[]", "[]", "[\"gift\"]"]),
            *dice.one(&["new", "reviewed", "change", "answered"]),
            at,
            at,
            app.state.zone.day(at)
        ]);
        let mut people: Vec<&str> = (0..dice.n(4))
            .map(|_| dice.one(&world.hcps).id.as_str())
            .collect();
        people.sort_unstable();
        people.dedup();
        met.extend(people.into_iter().map(|hcp| row![&id, hcp]));
    }
    for n in 0..160 {
        let at = dice.moment();
        let terminal = (!dice.is(0.2)).then(|| dice.one(&world.terminals).0.clone());
        checkins.push(row![
            format!("checkin{n}"),
            dice.one(&world.field),
            *dice.one(&["in", "in", "out"]),
            terminal,
            "某处",
            "",
            *dice.one(&["[]", "[\"far\"]", "[\"far\",\"fast\"]"]),
            at,
            at,
            app.state.zone.day(at),
            "phone"
        ]);
    }
    put(
        app,
        "visit (id, staff_id, terminal_id, channel, topics, feedback, note, flags, review, received_at, at, day)",
        visits,
    )
    .await;
    put(app, "visit_hcp (visit_id, hcp_id)", met).await;
    put(
        app,
        "checkin (id, staff_id, kind, terminal_id, place, datum, flags, received_at, at, day, source)",
        checkins,
    )
    .await;
}

pub(super) async fn plans(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut rows = Rows::new();
    for n in 0..150 {
        // Of the past, of today, of days to come.
        let day = match dice.n(5) {
            0 => {
                let ahead = 1 + dice.n(9) as i64;
                shift_day(&dice.today, ahead)
            }
            _ => dice.day(),
        };
        let terminal = dice.is(0.7).then(|| dice.one(&world.terminals).0.clone());
        let hcp = dice.is(0.7).then(|| dice.one(&world.hcps).id.clone());
        let visit = dice.is(0.5).then(|| format!("visit{}", dice.n(220)));
        let cancelled = dice.is(0.2).then_some(1_i64);
        rows.push(row![
            format!("plan{n}"),
            dice.one(&world.field),
            terminal,
            hcp,
            day,
            "",
            "face",
            "",
            visit,
            cancelled,
            1_i64
        ]);
    }
    put(
        app,
        "visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, visit_id, cancelled_at, created_at)",
        rows,
    )
    .await;
}
