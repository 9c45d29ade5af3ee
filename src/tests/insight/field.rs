//! What has no sums of its own, or sums that are written anew in one go: visits, courses, codes, flow, events.

use mailuo::insight::rollup;
use mailuo::server::audit::{self, Event};
use mailuo::server::db::{Rows, q};
use mailuo::server::time::{DAY, HOUR, shift_day};
use mailuo::shared::Role;

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

async fn courses(app: &TestApp, dice: &mut Dice, world: &mut World) {
    let trainer = app.id_of(Role::Trainer).await;
    let (mut rows, mut audiences) = (Rows::new(), Rows::new());
    let set = [
        // Required, published, archived; whom it is set to.
        (true, true, false, vec![("all", String::new())]),
        (
            true,
            true,
            false,
            vec![
                ("role", "rep".to_owned()),
                ("role", "manager".to_owned()),
                ("person", world.gone.clone()),
            ],
        ),
        (
            true,
            true,
            false,
            vec![
                ("unit", app.units.region_a.clone()),
                ("unit", app.units.district_b.clone()),
            ],
        ),
        (
            true,
            true,
            false,
            vec![
                ("person", world.mover.clone()),
                ("role", "rep".to_owned()),
                ("unit", world.region_b.clone()),
                ("specialty", "内分泌科".to_owned()),
            ],
        ),
        (true, true, true, vec![("all", String::new())]),
        (true, false, false, vec![("all", String::new())]),
        (false, true, false, vec![("all", String::new())]),
        // Set to nobody of the staff.
        (true, true, false, vec![("hcps", String::new())]),
    ];
    for (n, (required, published, archived, audience)) in set.into_iter().enumerate() {
        let id = format!("course{n}");
        let category = *dice.one(&["general", "medical", "product"]);
        rows.push(row![
            &id,
            format!("课{n}"),
            "",
            category,
            required,
            false,
            "none",
            0_i64,
            "",
            "[]",
            1_i64,
            "",
            "",
            "",
            if published { 2_i64 } else { 0 },
            if published { 2_i64 } else { 0 },
            &trainer,
            1_i64,
            1_i64,
            published.then_some(1_i64),
            archived.then_some(2_i64)
        ]);
        for (kind, value) in audience {
            audiences.push(row![&id, kind, value]);
        }
        world.courses.push(id);
    }
    put(
        app,
        "course (id, title, summary, category, required, no_skip, due_kind, due_days, due_on, contents, contents_at, \
         review, approval_no, expires_on, version, edition, created_by, created_at, updated_at, published_at, archived_at)",
        rows,
    )
    .await;
    put(app, "course_audience (course_id, kind, value)", audiences).await;
    let mut done = Rows::new();
    for course in &world.courses {
        for staff in &world.everybody {
            for version in 1..=2_i64 {
                if dice.is(0.35) {
                    done.push(row![
                        course,
                        version,
                        format!("staff:{staff}"),
                        dice.moment()
                    ]);
                }
            }
        }
        done.push(row![
            course,
            2_i64,
            format!("hcp:{}", world.hcps[0].id),
            dice.moment()
        ]);
    }
    put(
        app,
        "course_completion (course_id, version, learner, completed_at)",
        done,
    )
    .await;
}

async fn lessons(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut learners: Vec<String> = world
        .everybody
        .iter()
        .map(|id| format!("staff:{id}"))
        .collect();
    learners.push(format!("hcp:{}", world.hcps[0].id));
    let mut rows = Rows::new();
    for learner in &learners {
        for (n, course) in world.courses.iter().enumerate() {
            for version in 1..=2_i64 {
                if dice.is(0.4) {
                    let completed = dice.is(0.7).then(|| dice.moment());
                    rows.push(row![
                        learner,
                        format!("lesson{n}"),
                        version,
                        course,
                        "[]",
                        0_i64,
                        0_i64,
                        1_i64,
                        1_i64,
                        completed
                    ]);
                }
            }
        }
    }
    put(
        app,
        "lesson_progress (learner, lesson_id, version, course_id, spans, watched_ms, position_ms, started_at, last_at, \
         completed_at)",
        rows,
    )
    .await;
    let (mut questions, mut answers) = (Rows::new(), Rows::new());
    for n in 0..5 {
        let id = format!("question{n}");
        questions.push(row![
            &id,
            "single",
            format!("题{n}"),
            &id,
            &id,
            "",
            1_i64,
            0_i64,
            2_i64,
            "test",
            1_i64,
            1_i64
        ]);
        for learner in &learners {
            for version in 1..=2_i64 {
                if dice.is(0.4) {
                    answers.push(row![learner, &id, version, dice.is(0.6), dice.moment()]);
                }
            }
        }
    }
    put(
        app,
        "question (id, kind, stem, content_key, stem_key, category, difficulty, pictures, version, created_by, created_at, \
         updated_at)",
        questions,
    )
    .await;
    put(
        app,
        "first_answer (learner, question_id, version, correct, at)",
        answers,
    )
    .await;
}

async fn visits(app: &TestApp, dice: &mut Dice, world: &World) {
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

async fn plans(app: &TestApp, dice: &mut Dice, world: &World) {
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

async fn flow(app: &TestApp, dice: &mut Dice, world: &World) {
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
