//! What has no sums of its own, or sums that are written anew in one go: visits, courses, codes, flow, events.

mod flow;
mod learning;
mod visits;

use mailuo::insight::rollup;
use mailuo::server::audit::{self, Event};
use mailuo::server::db::{Rows, q};
use mailuo::server::time::{DAY, HOUR, shift_day};

use self::flow::flow;
use self::learning::{courses, lessons};
use self::visits::{plans, visits};
use super::world::{Dice, World, actor_of, put, row};
use crate::support::TestApp;

pub async fn fill(app: &TestApp, dice: &mut Dice, world: &mut World) {
    codes(app, dice, world).await;
    courses(app, dice, world).await;
    lessons(app, dice, world).await;
    visits(app, dice, world).await;
    plans(app, dice, world).await;
    flow(app, dice, world).await;
    events(app, dice, world).await;
    acts(app, dice, world).await;
    for staff in &world.everybody {
        for _ in 0..dice.n(25) {
            let day = dice.day();
            rollup::is_here(&app.state.db, staff, &day)
                .await
                .expect("is noted");
        }
    }
}

async fn codes(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut rows = Rows::new();
    for n in 0..40 {
        let used = dice.is(0.5).then_some(dice.now);
        rows.push(row![
            format!("invitation{n}"),
            format!("invitation{n}"),
            &dice.one(&world.hcps).id,
            dice.one(&world.field),
            dice.moment(),
            dice.now + DAY,
            used
        ]);
    }
    put(
        app,
        "invitation (id, token, hcp_id, staff_id, created_at, expires_at, used_at)",
        rows,
    )
    .await;
    let (mut made, mut steps) = (Rows::new(), Rows::new());
    for n in 0..6 {
        let id = format!("code{n}");
        let terminal = dice.is(0.6).then(|| dice.one(&world.terminals).0.clone());
        made.push(row![
            &id,
            &id,
            format!("会{n}"),
            "meeting",
            terminal,
            dice.one(&world.everybody),
            1_i64
        ]);
        for visitor in 0..dice.n(9) {
            let at = dice.moment();
            for (i, step) in ["scanned", "verified", "completed", "confirmed"]
                .into_iter()
                .enumerate()
            {
                if dice.is(0.3) {
                    break;
                }
                let hcp = (i > 0).then(|| dice.one(&world.hcps).id.clone());
                steps.push(row![
                    &id,
                    step,
                    format!("v{visitor}"),
                    at + i as i64 * HOUR,
                    hcp
                ]);
            }
        }
    }
    put(
        app,
        "public_code (id, code, name, kind, terminal_id, staff_id, created_at)",
        made,
    )
    .await;
    put(
        app,
        "public_code_step (code_id, step, visitor, at, hcp_id)",
        steps,
    )
    .await;
}

async fn events(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut rows = Rows::new();
    for n in 0..40 {
        // An hour before and after the first step is due, beside all others.
        let created = match dice.n(4) {
            0 => dice.now - DAY - HOUR,
            1 => dice.now - DAY + HOUR,
            _ => dice.moment(),
        };
        let off = *dice.one(&[-1, 0, 1]);
        let due = shift_day(&dice.today, off);
        let stepped = dice.is(0.5).then_some(created + HOUR);
        let submitted = dice.is(0.4).then_some(created + HOUR);
        let closed = dice.is(0.4).then_some(created + HOUR);
        rows.push(row![
            format!("event{n}"),
            dice.one(&world.everybody),
            "x",
            "x",
            "x",
            "x",
            *dice.one(&["death", "serious", "new", "other"]),
            app.state.zone.day(created),
            due,
            created,
            stepped,
            submitted,
            closed
        ]);
    }
    put(
        app,
        "adverse_event (id, staff_id, patient, reporter, product, event, severity, day_zero, due_day, created_at, \
         first_step_at, submitted_at, closed_at)",
        rows,
    )
    .await;
}

/// Rows of the audit log: some of today as acts write them, some of earlier days.
async fn acts(app: &TestApp, dice: &mut Dice, world: &World) {
    let actions = [
        "hcp.reveal_phone",
        "hcp.export",
        "flow.download",
        "export.hcp",
        "hcp.edit",
        "flow.exported",
    ];
    for staff in world.everybody.iter().step_by(2) {
        let actor = actor_of(app, staff).await;
        let mut tx = app.state.db.begin().await.expect("begins");
        for _ in 0..dice.n(4) {
            let event = Event::new(dice.one::<&str>(&actions), "hcp", "x");
            audit::record(&app.state.keys, &mut tx, &actor, event)
                .await
                .expect("is recorded");
        }
        tx.commit().await.expect("commits");
    }
    let last = q("SELECT MAX(seq) FROM audit_log")
        .count(&app.state.db)
        .await
        .expect("counts");
    let mut rows = Rows::new();
    for n in 1..=60_i64 {
        // The system and HCPs act too.
        let by = match dice.n(6) {
            0 => "system".to_owned(),
            1 => world.hcps[0].id.clone(),
            _ => dice.one(&world.everybody).clone(),
        };
        rows.push(row![
            last + n,
            dice.moment(),
            by,
            "x",
            *dice.one(&actions),
            "hcp",
            "x",
            "",
            "",
            ""
        ]);
    }
    put(
        app,
        "audit_log (seq, at, actor_id, actor_name, action, object_kind, object_id, address, detail, mac)",
        rows,
    )
    .await;
}
