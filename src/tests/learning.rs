//! Learning: what is credited, completion, coverage against a slow recount, reminders, cards, records.

use std::collections::{HashMap, HashSet};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use mailuo::course::model::Contents;
use mailuo::course::store as courses;
use mailuo::identity::store::{self as people, PersonInput};
use mailuo::importing::{self, Kind, Mode};
use mailuo::learning::coverage::{self, Filter};
use mailuo::learning::model::{LearningDesk, Record};
use mailuo::learning::{assignment, cards, reminders, rules};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::time;
use mailuo::shared::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::courses::{draft, film, lesson, publish, send};
use crate::hcp_record::{read, saved};
use crate::support::{Answer, TestApp, demo_file};

async fn json(app: &TestApp, path: &str, cookie: &str, body: &serde_json::Value) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request");
    app.send(request).await
}

async fn begin(app: &TestApp, path: &str, cookie: &str) -> String {
    let answer = json(
        app,
        &format!("{path}/begin"),
        cookie,
        &serde_json::json!({}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let begun: serde_json::Value = serde_json::from_slice(&answer.bytes).expect("is JSON");
    begun["session"].as_str().expect("an id").to_owned()
}

async fn beat(
    app: &TestApp,
    path: &str,
    cookie: &str,
    session: &str,
    spans: &[(i64, i64)],
) -> Answer {
    let body = serde_json::json!({ "session": session, "spans": spans, "position": 1_000 });
    json(app, &format!("{path}/beat"), cookie, &body).await
}

fn heard(answer: &Answer) -> (i64, bool) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let heard: serde_json::Value = serde_json::from_slice(&answer.bytes).expect("is JSON");
    let spans: Vec<(i64, i64)> = serde_json::from_value(heard["spans"].clone()).expect("intervals");
    (
        spans.iter().map(|(a, b)| b - a).sum(),
        heard["complete"] == true,
    )
}

/// Lets time pass: what began, began earlier.
async fn pass(app: &TestApp, ms: i64) {
    for sql in [
        "UPDATE watch_session SET began_at = began_at - $1",
        "UPDATE watch_account SET settled_at = settled_at - $1",
    ] {
        q(sql)
            .bind(ms)
            .exec(&app.state.db)
            .await
            .expect("is changed");
    }
}

on_both!(heartbeats_are_credited_by_the_servers_clock, |app| {
    let (course, lesson) = film(&app, &[("no_skip", "true")]).await;
    let path = format!("/learn/{course}/{lesson}");
    let (rep, manager) = (app.cookie(Role::Rep).await, app.cookie(Role::Manager).await);
    let session = begin(&app, &path, &rep).await;
    let all = [(0, 58_000)];
    let (at_once, _) = heard(&beat(&app, &path, &rep, &session, &all).await);
    assert!(at_once < 5_000, "{at_once} ms credited at once");
    pass(&app, 10_000).await;
    let (later, complete) = heard(&beat(&app, &path, &rep, &session, &all).await);
    assert!(
        (20_000..30_000).contains(&later),
        "{later} after ten seconds at twice the speed"
    );
    assert!(!complete);
    // Replayed, reordered, invented: nothing.
    let (replayed, _) = heard(&beat(&app, &path, &rep, &session, &all).await);
    assert!(replayed - later < 3_000, "replayed");
    pass(&app, 5_000).await;
    let (ahead, _) = heard(&beat(&app, &path, &rep, &session, &[(50_000, 58_000)]).await);
    assert!(
        ahead - replayed < 100,
        "skipped ahead: {ahead} after {replayed}"
    );
    for wild in [
        vec![(-9_000_000, -1)],
        vec![(58_000, 9_000_000)],
        vec![(9, 3)],
    ] {
        let (got, _) = heard(&beat(&app, &path, &rep, &session, &wild).await);
        assert!(got - ahead < 100, "{wild:?}");
    }
    // Somebody else's playing, and one that never began.
    assert_eq!(
        beat(&app, &path, &manager, &session, &all).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        beat(&app, &path, &rep, "invented", &all).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        beat(&app, &path, "", &session, &all).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        json(
            &app,
            &format!("{path}/begin"),
            &manager,
            &serde_json::json!({})
        )
        .await
        .status,
        StatusCode::NOT_FOUND,
        "not set to them"
    );
    // A line that was broken for half a minute: all of it counts when it comes.
    pass(&app, 30_000).await;
    let (whole, complete) = heard(&beat(&app, &path, &rep, &session, &all).await);
    assert_eq!(
        (whole, complete),
        (app.count("SELECT MAX(duration_ms) FROM media").await, true)
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM course_completion").await, 1);
});

on_both!(playing_many_lessons_at_once_is_no_faster, |app| {
    let (course, first) = film(&app, &[]).await;
    let second = lesson(&app, &course, "video", "第二课").await;
    send(
        &app,
        &course,
        &second,
        "media",
        &demo_file("courses/media/compliance-2.mp4"),
    )
    .await;
    saved(&publish(&app, &course, "p2", false).await);
    let rep = app.cookie(Role::Rep).await;
    let mut sessions = Vec::new();
    for lesson in [&first, &second] {
        let path = format!("/learn/{course}/{lesson}");
        let session = begin(&app, &path, &rep).await;
        sessions.push((path, session));
    }
    pass(&app, 10_000).await;
    let mut sum = 0;
    for (path, session) in &sessions {
        sum += heard(&beat(&app, path, &rep, session, &[(0, 58_000)]).await).0;
    }
    assert!((20_000..26_000).contains(&sum), "{sum}");
});

on_both!(a_lesson_asks_its_questions_and_a_course_its_exam, |app| {
    importing::run(
        &app.state,
        &Actor::system(),
        Kind::Questions,
        &demo_file("questions.txt"),
        Mode::All,
    )
    .await
    .expect("is imported");
    let (question, right): (String, bool) =
        q("SELECT id, TRUE FROM question WHERE kind = 'true_false' ORDER BY id LIMIT 1")
            .one(&app.state.db)
            .await
            .expect("is there");
    assert!(right);
    let course = draft(&app, &[]).await;
    let film = lesson(&app, &course, "video", "片").await;
    send(
        &app,
        &course,
        &film,
        "media",
        &demo_file("courses/media/compliance-1.mp4"),
    )
    .await;
    let trainer = app.cookie(Role::Trainer).await;
    let stop = [
        ("form_key", "s"),
        ("id", course.as_str()),
        ("lesson", film.as_str()),
        ("at", "0:20"),
        ("question", question.as_str()),
    ];
    saved(&app.post("/api/courses/add_stop", &trainer, &stop).await);
    let exam = crate::exams::open(&app, &[("roles[0]", "otc_rep")]).await;
    let quiz = lesson(&app, &course, "quiz", "测验").await;
    let choose = [
        ("id", course.as_str()),
        ("lesson", quiz.as_str()),
        ("title", "测验"),
        ("exam", exam.as_str()),
    ];
    saved(
        &app.post("/api/courses/save_lesson", &trainer, &choose)
            .await,
    );
    let rep = app.cookie(Role::Rep).await;
    let start = format!("/exams/{exam}/start");
    assert_eq!(
        app.post(&start, &rep, &[]).await.status,
        StatusCode::NOT_FOUND,
        "not set to them yet"
    );
    saved(&publish(&app, &course, "first", false).await);

    let path = format!("/learn/{course}/{film}");
    let session = begin(&app, &path, &rep).await;
    pass(&app, 60_000).await;
    assert!(
        !heard(&beat(&app, &path, &rep, &session, &[(0, 60_000)]).await).1,
        "its question is open"
    );
    let page = app.get(&path, &rep).await.text();
    let stop = page
        .split("data-stop=\"")
        .nth(1)
        .and_then(|r| r.split('"').next())
        .expect("a stop")
        .to_owned();
    let empty = app
        .post(
            &format!("{path}/answer"),
            &rep,
            &[("stop", &stop), ("q0", "1")],
        )
        .await;
    assert_eq!(empty.status, StatusCode::CONFLICT, "nothing chosen");
    let (draft,): (String,) = q("SELECT draft FROM question_version WHERE question_id = $1")
        .bind(&question)
        .one(&app.state.db)
        .await
        .expect("is there");
    let wrong = if draft.contains("\"right\":true") {
        "false"
    } else {
        "true"
    };
    let given = [("stop", stop.as_str()), ("q0", "1"), ("a0", wrong)];
    let answered = app.post(&format!("{path}/answer"), &rep, &given).await;
    assert_eq!(answered.status, StatusCode::OK);
    assert!(
        answered.text().contains("data-complete=\"true\""),
        "{}",
        answered.text()
    );
    // Kept at once; another answer later does not replace it, nor the first answer that counts.
    let other = [
        ("stop", stop.as_str()),
        ("q0", "1"),
        ("a0", if wrong == "true" { "false" } else { "true" }),
    ];
    assert_eq!(
        app.post(&format!("{path}/answer"), &rep, &other)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM lesson_answer WHERE NOT correct")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM first_answer WHERE NOT correct")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM review_card").await,
        1,
        "it comes back"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM course_completion").await,
        0,
        "the exam is open"
    );

    let begun = app.post(&start, &rep, &[]).await;
    assert_eq!(
        begun.status,
        StatusCode::SEE_OTHER,
        "the course asks for it"
    );
    let attempt = begun.location().trim_start_matches("/attempts/").to_owned();
    crate::exams::answer_all(&app, &rep, &attempt).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM course_completion").await, 1);
    // A new version asks for all of it again.
    saved(&publish(&app, &course, "second", true).await);
    let desk: LearningDesk = read(&app, &rep, "/api/learning/mine").await;
    assert_eq!(
        (
            desk.courses[0].done,
            desk.courses[0].completed.clone(),
            desk.cards
        ),
        (0, None, 1)
    );
});

on_both!(reading_counts_without_a_script_if_there_was_time, |app| {
    let course = draft(&app, &[]).await;
    let slides = lesson(&app, &course, "slides", "页").await;
    send(
        &app,
        &course,
        &slides,
        "media",
        &demo_file("courses/media/visits-slides.pdf"),
    )
    .await;
    saved(&publish(&app, &course, "p1", false).await);
    let rep = app.cookie(Role::Rep).await;
    let path = format!("/learn/{course}/{slides}");
    let page = app.get(&path, &rep).await.text();
    assert!(
        page.matches("class=\"page ").count() == 8 && page.contains("拜访"),
        "pictures with their text"
    );
    let opened = page
        .split("name=\"opened\" value=\"")
        .nth(1)
        .and_then(|r| r.split('"').next())
        .expect("a mark")
        .to_owned();
    let early = app
        .post(&format!("{path}/read"), &rep, &[("opened", &opened)])
        .await;
    assert!(
        early.location().ends_with("said=early"),
        "{}",
        early.location()
    );
    let forged = app
        .post(&format!("{path}/read"), &rep, &[("opened", "0.forged")])
        .await;
    assert_eq!(forged.status, StatusCode::NOT_FOUND);
    let me = format!("staff:{}", app.id_of(Role::Rep).await);
    let long_ago = app.state.keys.sign(
        &format!("read {me} {slides}"),
        &(time::now() - 60_000).to_string(),
    );
    assert_eq!(
        app.post(&format!("{path}/read"), &rep, &[("opened", &long_ago)])
            .await
            .location(),
        path
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM course_completion").await, 1);
    assert_eq!(
        app.get(&format!("{path}/pages/8"), &rep).await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.get(&format!("{path}/pages/9"), &rep).await.status,
        StatusCode::NOT_FOUND
    );
    // A film cannot be read.
    let (other, film) = crate::courses::film(&app, &[("form_key", "c2"), ("title", "片")]).await;
    let mark = app.state.keys.sign(&format!("read {me} {film}"), "1");
    let answer = app
        .post(
            &format!("/learn/{other}/{film}/read"),
            &rep,
            &[("opened", &mark)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
});

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

on_both!(the_ladder_reminds_each_once_and_nobody_who_is_done, |app| {
    let (course, _) = film(&app, &[("due_days", "10")]).await;
    let rep = app.id_of(Role::Rep).await;
    let done = app
        .person(
            "已完成",
            Role::Rep,
            &app.units.district_a,
            None,
            "13711110000",
        )
        .await;
    let mut tx = app.state.db.begin().await.expect("begins");
    assignment::sync(&mut tx, None).await.expect("is noted");
    tx.commit().await.expect("commits");
    // Set on Monday, 2 November 2026: due on the 12th, a Thursday.
    let monday = app.state.zone.start_of("2026-11-02").expect("a day");
    q("UPDATE course_assignment SET since = $1")
        .bind(monday)
        .exec(&app.state.db)
        .await
        .expect("is changed");
    q("UPDATE course SET version_at = $1")
        .bind(monday)
        .exec(&app.state.db)
        .await
        .expect("is changed");
    q("INSERT INTO course_completion (course_id, version, learner, completed_at) VALUES ($1, 1, $2, 1)")
        .bind(&course)
        .bind(format!("staff:{done}"))
        .exec(&app.state.db)
        .await
        .expect("is completed");
    for (day, kind) in [
        ("2026-11-04", None),
        ("2026-11-05", Some("message.due_soon")),
        ("2026-11-06", None),
        ("2026-11-11", Some("message.due_next")),
        ("2026-11-12", None),
        ("2026-11-13", Some("message.overdue")),
        ("2026-11-16", None),
    ] {
        let sent = reminders::on(&app.state, day).await.expect("runs");
        assert_eq!(reminders::on(&app.state, day).await, Ok(0), "once");
        assert_eq!(sent, u64::from(kind.is_some()), "{day}");
        if let Some(kind) = kind {
            let last: (String, String) =
                q("SELECT staff_id, kind FROM message ORDER BY created_at DESC, id DESC LIMIT 1")
                    .one(&app.state.db)
                    .await
                    .expect("is there");
            assert_eq!(last, (rep.clone(), kind.to_owned()));
        }
    }
    // Three workdays late: the manager is told how many.
    assert_eq!(reminders::on(&app.state, "2026-11-17").await, Ok(1));
    let (to, args): (String, String) =
        q("SELECT staff_id, args FROM message WHERE kind = 'message.team_overdue'")
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!(to, app.id_of(Role::Manager).await);
    assert!(args.contains("[\"n\",\"1\"]"), "{args}");
    // By hand, from the coverage: once a day, within scope.
    let manager = app.cookie(Role::Manager).await;
    let first = saved(
        &app.post("/api/learning/remind", &manager, &[("id", &course)])
            .await,
    );
    assert_eq!(first.notice, "notice.reminded");
    let second = saved(
        &app.post("/api/learning/remind", &manager, &[("id", &course)])
            .await,
    );
    assert_eq!(second.notice, "notice.nobody_to_remind");
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM message WHERE staff_id = '{done}'"
        ))
        .await,
        0
    );
    let cookie = app.cookie(Role::Rep).await;
    let inbox = app.get("/inbox", &cookie).await.text();
    assert!(inbox.contains("合规基础"), "in the inbox");
    saved(&app.post("/api/inbox/read", &cookie, &[]).await);
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM message WHERE read_at IS NULL AND kind <> 'message.team_overdue'"
        )
        .await,
        0
    );
    let shown = coverage::page(
        &app.state,
        &app.actor(Role::Trainer).await,
        &course,
        &Filter::default(),
        1,
    )
    .await
    .expect("is counted");
    let receipt = shown
        .people
        .rows
        .iter()
        .find(|p| p.staff_id == rep)
        .and_then(|p| p.reminded.clone());
    assert!(receipt.is_some_and(|(_, read)| read), "with its receipt");
});

on_both!(cards_come_back_until_they_are_known, |app| {
    importing::run(
        &app.state,
        &Actor::system(),
        Kind::Questions,
        &demo_file("questions.txt"),
        Mode::All,
    )
    .await
    .expect("is imported");
    let (question, version): (String, i64) =
        q("SELECT id, version FROM question WHERE kind = 'true_false' ORDER BY id LIMIT 1")
            .one(&app.state.db)
            .await
            .expect("is there");
    let me = format!("staff:{}", app.id_of(Role::Rep).await);
    let mut tx = app.state.db.begin().await.expect("begins");
    cards::add(&mut tx, &me, &[(question.clone(), version)])
        .await
        .expect("is made");
    cards::add(&mut tx, &me, &[(question.clone(), version)])
        .await
        .expect("is there");
    tx.commit().await.expect("commits");
    let (rep, other) = (app.cookie(Role::Rep).await, app.cookie(Role::OtcRep).await);
    assert!(app.get("/review", &rep).await.text().contains(&question));
    assert!(!app.get("/review", &other).await.text().contains(&question));
    let number = version.to_string();
    let form = [
        ("question", question.as_str()),
        ("version", number.as_str()),
        ("q0", "1"),
        ("a0", "true"),
    ];
    assert_eq!(
        app.post("/review", &other, &form).await.status,
        StatusCode::NOT_FOUND,
        "not theirs"
    );
    for _ in 0..2 {
        assert_eq!(
            app.post("/review", &rep, &form).await.status,
            StatusCode::OK
        );
    }
    let card = cards::card(&app.state.db, &me, &question)
        .await
        .expect("is there");
    assert_eq!(card.times, 1, "sent twice");
    assert!(card.due_on > app.state.zone.today());
    assert!(
        !app.get("/review", &rep).await.text().contains(&question),
        "done for today"
    );
});

on_both!(records_are_ones_own_and_those_within_scope, |app| {
    let (course, _) = film(&app, &[]).await;
    let rep = app.id_of(Role::Rep).await;
    q("INSERT INTO course_completion (course_id, version, learner, completed_at) VALUES ($1, 1, $2, 1)")
        .bind(&course)
        .bind(format!("staff:{rep}"))
        .exec(&app.state.db)
        .await
        .expect("is completed");
    let manager = app.cookie(Role::Manager).await;
    let record: Record = read(
        &app,
        &manager,
        &format!("/api/learning/record?person={rep}"),
    )
    .await;
    assert_eq!(
        (record.completed, record.rows.rows[0].title.as_str()),
        (1, "合规基础")
    );
    let far = app
        .person(
            "远人",
            Role::Rep,
            &app.units.district_b,
            None,
            "13711119999",
        )
        .await;
    assert_eq!(
        app.get(&format!("/api/learning/record?person={far}"), &manager)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let otc = app.cookie(Role::OtcRep).await;
    assert_eq!(
        app.get(&format!("/api/learning/record?person={rep}"), &otc)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let file = app
        .get(&format!("/record.xlsx?person={rep}"), &manager)
        .await;
    assert_eq!(
        (file.status, &file.bytes[..2]),
        (StatusCode::OK, &b"PK"[..])
    );
    let file = app
        .get(&format!("/courses/{course}/coverage.xlsx"), &manager)
        .await;
    assert_eq!(
        (file.status, &file.bytes[..2]),
        (StatusCode::OK, &b"PK"[..])
    );
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM audit_log WHERE action IN ('record.export', 'course.export')"
        )
        .await,
        2
    );
    let (contents,): (String,) = q("SELECT contents FROM course_edition")
        .one(&app.state.db)
        .await
        .expect("is there");
    let contents: Contents = serde_json::from_str(&contents).expect("is read");
    assert!(contents.lessons().all(|l| l.duration_ms > rules::PAGE_MS));
});
