//! Courses of every kind of audience, lessons, and first answers to questions.

use mailuo::server::db::Rows;
use mailuo::shared::Role;

use super::super::world::{Dice, World, put, row};
use crate::support::TestApp;

pub(super) async fn courses(app: &TestApp, dice: &mut Dice, world: &mut World) {
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

pub(super) async fn lessons(app: &TestApp, dice: &mut Dice, world: &World) {
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
