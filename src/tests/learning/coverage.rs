//! Coverage equals a count person by person, whatever happens.

use std::collections::{HashMap, HashSet};

use mailuo::course::store as courses;
use mailuo::identity::store::{self as people, PersonInput};
use mailuo::learning::assignment;
use mailuo::learning::coverage::{self, Filter};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::time;
use mailuo::shared::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::courses::{film, publish};
use crate::hcp_record::saved;
use crate::support::TestApp;

/// What coverage must be, counted person by person.
async fn recount(app: &TestApp, course: &str) -> HashMap<String, (i64, i64, i64)> {
    let db = &app.state.db;
    let found = courses::course(db, course).await.expect("is there");
    let rules: Vec<(String, String)> =
        q("SELECT kind, value FROM course_audience WHERE course_id = $1")
            .bind(course)
            .all(db)
            .await
            .expect("rules");
    let parents: Vec<(String, Option<String>)> = q("SELECT id, parent_id FROM org_unit")
        .all(db)
        .await
        .expect("units");
    let parents: HashMap<String, Option<String>> = parents.into_iter().collect();
    let staff: Vec<(String, String, String, i64, Option<i64>)> =
        q("SELECT id, role, unit_id, created_at, left_at FROM staff")
            .all(db)
            .await
            .expect("staff");
    let done: Vec<(String, i64)> =
        q("SELECT learner, version FROM course_completion WHERE course_id = $1")
            .bind(course)
            .all(db)
            .await
            .expect("completions");
    let done: HashSet<(String, i64)> = done.into_iter().collect();
    let since: Vec<(String, i64)> =
        q("SELECT staff_id, since FROM course_assignment WHERE course_id = $1")
            .bind(course)
            .all(db)
            .await
            .expect("assignments");
    let since: HashMap<String, i64> = since.into_iter().collect();
    let today = app.state.zone.today();
    let mut out: HashMap<String, (i64, i64, i64)> = HashMap::new();
    for (id, role, unit, joined, left) in staff {
        let mut above = Some(unit.clone());
        let mut line = Vec::new();
        while let Some(at) = above {
            above = parents[&at].clone();
            line.push(at);
        }
        let meant = rules.iter().any(|(kind, value)| match kind.as_str() {
            "all" => true,
            "role" => *value == role,
            "person" => *value == id,
            "unit" => line.contains(value),
            _ => false,
        });
        if left.is_some() || !meant {
            continue;
        }
        let entry = out.entry(unit).or_default();
        entry.0 += 1;
        if done.contains(&(format!("staff:{id}"), found.version)) {
            entry.1 += 1;
        } else if assignment::due(
            &app.state.zone,
            &(&found).into(),
            since.get(&id).copied(),
            joined,
        )
        .is_some_and(|due| due < today)
        {
            entry.2 += 1;
        }
    }
    out
}

on_both!(coverage_equals_a_slow_recount_whatever_happens, |app| {
    let mut rng = StdRng::seed_from_u64(20261126);
    let (course, _) = film(&app, &[]).await;
    let db = app.state.db.clone();
    let trainer = app.actor(Role::Trainer).await;
    let manager = app.actor(Role::Manager).await;
    let units = [
        app.units.company.clone(),
        app.units.region_a.clone(),
        app.units.district_a.clone(),
        app.units.district_b.clone(),
    ];
    let mut made: Vec<String> = Vec::new();
    for step in 0..90 {
        let unit = units.choose(&mut rng).expect("a unit").clone();
        match rng.random_range(0..9) {
            0 | 1 => {
                let role = *[Role::Rep, Role::OtcRep, Role::Manager]
                    .choose(&mut rng)
                    .expect("a role");
                let id = app
                    .person(
                        &format!("人{step}"),
                        role,
                        &unit,
                        None,
                        &format!("137{step:08}"),
                    )
                    .await;
                let joined = time::now() - rng.random_range(0..40) * time::DAY;
                q("UPDATE staff SET created_at = $1 WHERE id = $2")
                    .bind(joined)
                    .bind(&id)
                    .exec(&db)
                    .await
                    .expect("joined");
                made.push(id);
            }
            2 => {
                if let Some(id) = made.choose(&mut rng) {
                    let _ = people::leave(&app.state, &Actor::system(), id).await;
                }
            }
            3 => {
                if let Some(id) = made.choose(&mut rng) {
                    let _ = people::rejoin(&app.state, &Actor::system(), id).await;
                }
            }
            4 => {
                if let Some(id) = made.choose(&mut rng) {
                    let input = PersonInput {
                        name: format!("调{step}"),
                        role: Role::Rep,
                        unit_id: unit,
                        phone: None,
                        employee_no: None,
                        manages: None,
                        password_hash: None,
                    };
                    let mut tx = db.begin().await.expect("begins");
                    let _ = people::change_person(&app.state, &mut tx, id, &input).await;
                    tx.commit().await.expect("commits");
                }
            }
            5 => {
                if let Some(id) = made.choose(&mut rng) {
                    q(
                        "INSERT INTO course_completion (course_id, version, learner, completed_at) \
                       SELECT id, version, $1, $2 FROM course WHERE id = $3 ON CONFLICT DO NOTHING",
                    )
                    .bind(format!("staff:{id}"))
                    .bind(time::now())
                    .bind(&course)
                    .exec(&db)
                    .await
                    .expect("is completed");
                }
            }
            6 => {
                saved(&publish(&app, &course, &format!("p{step}"), rng.random_bool(0.5)).await);
                let at = time::now() - rng.random_range(0..30) * time::DAY;
                q("UPDATE course SET version_at = $1 WHERE id = $2")
                    .bind(at)
                    .bind(&course)
                    .exec(&db)
                    .await
                    .expect("is changed");
            }
            7 => {
                let due = *["assigned", "joined", "fixed", "none"]
                    .choose(&mut rng)
                    .expect("a kind");
                let day = time::shift_day(&app.state.zone.today(), rng.random_range(-3..3));
                q("UPDATE course SET due_kind = $1, due_days = $2, due_on = $3 WHERE id = $4")
                    .bind(due)
                    .bind(rng.random_range(1_i64..30))
                    .bind(day)
                    .bind(&course)
                    .exec(&db)
                    .await
                    .expect("is changed");
            }
            _ => {
                q("DELETE FROM course_audience WHERE course_id = $1")
                    .bind(&course)
                    .exec(&db)
                    .await
                    .expect("is changed");
                for _ in 0..rng.random_range(1..3) {
                    let (kind, value) = match rng.random_range(0..4) {
                        0 => ("all", String::new()),
                        1 => ("role", "rep".to_owned()),
                        2 => ("unit", units.choose(&mut rng).expect("a unit").clone()),
                        _ => ("person", made.choose(&mut rng).cloned().unwrap_or_default()),
                    };
                    q("INSERT INTO course_audience (course_id, kind, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                        .bind(&course)
                        .bind(kind)
                        .bind(value)
                        .exec(&db)
                        .await
                        .expect("is changed");
                }
            }
        }
        if step % 3 == 0 {
            let mut tx = db.begin().await.expect("begins");
            assignment::sync(&mut tx, None).await.expect("is noted");
            tx.commit().await.expect("commits");
            q("UPDATE course_assignment SET since = since - $1")
                .bind(rng.random_range(0..12) * time::DAY)
                .exec(&db)
                .await
                .expect("is changed");
        }
        let truth = recount(&app, &course).await;
        let shown = coverage::page(&app.state, &trainer, &course, &Filter::default(), 1)
            .await
            .expect("is counted");
        let units: HashMap<String, (i64, i64, i64)> = shown
            .units
            .iter()
            .map(|u| (u.unit_id.clone(), (u.assigned, u.completed, u.overdue)))
            .collect();
        assert_eq!(units, truth, "step {step}");
        let sum = truth
            .values()
            .fold((0, 0, 0), |s, u| (s.0 + u.0, s.1 + u.1, s.2 + u.2));
        assert_eq!(
            (shown.assigned, shown.completed, shown.overdue),
            sum,
            "step {step}"
        );
        assert_eq!(shown.people.total, sum.0);
        for (state, n) in [
            ("missing", sum.0 - sum.1),
            ("completed", sum.1),
            ("overdue", sum.2),
        ] {
            let filter = Filter {
                state: state.into(),
                ..Filter::default()
            };
            let page = coverage::page(&app.state, &trainer, &course, &filter, 1)
                .await
                .expect("is counted");
            assert_eq!(page.people.total, n, "{state} at step {step}");
        }
        // A manager sees their own units: region A with what is below it, and themselves.
        let scoped = coverage::page(&app.state, &manager, &course, &Filter::default(), 1)
            .await
            .expect("is counted");
        let own: i64 = truth
            .iter()
            .filter(|(unit, _)| [&app.units.region_a, &app.units.district_a].contains(unit))
            .map(|(_, u)| u.0)
            .sum();
        assert_eq!(scoped.assigned, own, "the manager's at step {step}");
    }
});
