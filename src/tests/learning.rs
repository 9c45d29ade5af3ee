//! Learning: what is credited, completion, records; coverage against a slow recount, reminders and cards.

mod coverage;
mod reminding;

use axum::http::StatusCode;
use mailuo::course::model::Contents;
use mailuo::importing::Kind;
use mailuo::learning::model::{LearningDesk, Record};
use mailuo::learning::rules;
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::Role;

use crate::courses::{draft, film, lesson, publish, send};
use crate::hcp_record::{read, saved};
use crate::support::{Answer, TestApp, demo_file};

async fn json(app: &TestApp, path: &str, cookie: &str, body: &serde_json::Value) -> Answer {
    app.post_body(path, cookie, "application/json", body.to_string())
        .await
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
    app.import(Kind::Questions, &demo_file("questions.txt"))
        .await;
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
