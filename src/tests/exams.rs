//! Exams: papers, whom they are set to and when, make-ups; attempts are in a file of their own.

mod attempts;

use axum::http::StatusCode;
use mailuo::exam::model::{ExamView, MyExam, Results};
use mailuo::exam::{attempt, paper};
use mailuo::importing::Kind;
use mailuo::question::model::{Body, Draft};
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::Role;

use crate::hcp_record::{faults, read, saved};
use crate::support::TestApp;

const PAPER: &str = include_str!("corpus/paper.txt");

fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("form_key", "e1"),
        ("title", "高血压基础"),
        ("minutes", "30"),
        ("attempts", "2"),
        ("pass_percent", "60"),
        ("shuffle_questions", "true"),
        ("shuffle_options", "true"),
        ("review", "all"),
        ("roles[0]", "rep"),
    ];
    for &(name, value) in changes {
        form.retain(|(n, _)| *n != name);
        form.push((name, value));
    }
    form
}

/// An exam on the twelve questions of the paper, open to reps; its id.
pub async fn open(app: &TestApp, changes: &[(&str, &str)]) -> String {
    app.import(Kind::Questions, PAPER.as_bytes()).await;
    let trainer = app.cookie(Role::Trainer).await;
    let made = saved(&app.post("/api/exams/save", &trainer, &form(changes)).await);
    let id = made
        .next
        .expect("leads on")
        .trim_start_matches("/exams/")
        .to_owned();
    let part = [
        ("form_key", "p1"),
        ("id", &id),
        ("category", "心血管"),
        ("draws", "12"),
        ("points", "5"),
    ];
    saved(&app.post("/api/exams/add_pool", &trainer, &part).await);
    saved(
        &app.post(
            "/api/exams/advance",
            &trainer,
            &[("id", &id), ("step", "publish")],
        )
        .await,
    );
    id
}

async fn begin(app: &TestApp, cookie: &str, exam: &str) -> String {
    let answer = app.post(&format!("/exams/{exam}/start"), cookie, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer
        .location()
        .trim_start_matches("/attempts/")
        .to_owned()
}

/// The questions of an attempt, each with its seed.
async fn questions(app: &TestApp, id: &str) -> Vec<(u64, Draft)> {
    let attempt = attempt::attempt(&app.state.db, id).await.expect("is there");
    let items = attempt.items().expect("a paper");
    let drafts = attempt::drafts(&app.state.db, &items)
        .await
        .expect("are there");
    let seeds = items.iter().map(|item| item.seed);
    seeds.zip(drafts.iter().map(|d| (**d).clone())).collect()
}

/// The right answer as the form's fields hold it: what there is to choose is named by where `seed` shows it.
fn right(place: usize, seed: u64, draft: &Draft) -> Vec<(String, String)> {
    let name = format!("a{place}");
    let shown = paper::order(draft, seed);
    let at = |own: usize| {
        let at = shown.iter().position(|s| *s == own).expect("is shown");
        at.to_string()
    };
    let mut fields = vec![(format!("q{place}"), "1".to_owned())];
    fields.extend(match &draft.body {
        Body::Single { choices } | Body::Multiple { choices } => choices
            .iter()
            .enumerate()
            .filter(|(_, c)| c.right)
            .map(|(i, _)| (name.clone(), at(i)))
            .collect(),
        Body::TrueFalse { right } => vec![(name, right.to_string())],
        Body::Fill { blanks } => blanks
            .iter()
            .enumerate()
            .map(|(i, b)| (format!("a{place}_{i}"), b.accept[0].clone()))
            .collect(),
        Body::Ordering { items } => (0..items.len())
            .map(|i| (format!("a{place}_{}", at(i)), i.to_string()))
            .collect(),
        Body::Matching { pairs, .. } => (0..pairs.len())
            .map(|i| (format!("a{place}_{i}"), at(i)))
            .collect(),
        Body::Short { .. } => vec![(name, "家庭血压监测".into())],
    });
    fields
}

async fn answer(
    app: &TestApp,
    cookie: &str,
    id: &str,
    place: usize,
    fields: &[(String, String)],
) -> StatusCode {
    let position = place.to_string();
    let mut form: Vec<(&str, &str)> = vec![("position", &position)];
    form.extend(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    app.post(&format!("/attempts/{id}/answer"), cookie, &form)
        .await
        .status
}

/// Answers all rightly, hands in, and has marked what a person marks.
pub async fn answer_all(app: &TestApp, cookie: &str, id: &str) {
    for (place, (seed, draft)) in questions(app, id).await.iter().enumerate() {
        let fields = right(place, *seed, draft);
        assert_eq!(
            answer(app, cookie, id, place, &fields).await,
            StatusCode::NO_CONTENT
        );
    }
    app.post(&format!("/attempts/{id}"), cookie, &[("step", "submit")])
        .await;
    let open: Vec<(i64,)> =
        q("SELECT position FROM exam_answer WHERE attempt_id = $1 AND share IS NULL")
            .bind(id)
            .all(&app.state.db)
            .await
            .expect("are there");
    let trainer = app.cookie(Role::Trainer).await;
    for (position,) in open {
        let position = position.to_string();
        let form = [("attempt", id), ("position", &position), ("points", "5")];
        saved(&app.post("/api/exams/mark", &trainer, &form).await);
    }
}

async fn mine(app: &TestApp, cookie: &str) -> Vec<MyExam> {
    read(app, cookie, "/api/exams/mine").await
}

on_both!(an_exam_is_put_together_and_published, |app| {
    let trainer = app.cookie(Role::Trainer).await;
    for (changes, fields) in [
        (vec![("title", "")], vec!["title"]),
        (vec![("pass_percent", "0")], vec!["pass_percent"]),
        (vec![("roles[0]", "")], vec![]),
        (
            vec![
                ("opens", "2026-01-02T08:00"),
                ("closes", "2026-01-01T08:00"),
            ],
            vec!["closes"],
        ),
        (vec![("opens", "yesterday")], vec!["opens"]),
        (vec![("people", "没有这个人")], vec!["people"]),
    ] {
        let answer = app.post("/api/exams/save", &trainer, &form(&changes)).await;
        assert_eq!(faults(&answer), fields, "{changes:?}");
    }
    let nobody: Vec<_> = form(&[])
        .into_iter()
        .filter(|(n, _)| *n != "roles[0]")
        .collect();
    assert_eq!(
        faults(&app.post("/api/exams/save", &trainer, &nobody).await),
        ["audience"]
    );

    let id = open(&app, &[]).await;
    let view: ExamView = read(&app, &trainer, &format!("/api/exams/get?id={id}")).await;
    assert_eq!(
        (view.questions, view.points, view.row.assigned),
        (12, 60, 1)
    );
    // A published paper is not changed, and what is there is enough only where it is.
    let part = [
        ("form_key", "p2"),
        ("id", &id),
        ("draws", "1"),
        ("points", "5"),
    ];
    let late = app.post("/api/exams/add_pool", &trainer, &part).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let copy = saved(
        &app.post(
            "/api/exams/advance",
            &trainer,
            &[("form_key", "c1"), ("id", &id), ("step", "copy")],
        )
        .await,
    );
    let copy = copy
        .next
        .expect("leads on")
        .trim_start_matches("/exams/")
        .to_owned();
    let part = [
        ("form_key", "p3"),
        ("id", &copy),
        ("draws", "14"),
        ("points", "5"),
    ];
    assert_eq!(
        faults(&app.post("/api/exams/add_pool", &trainer, &part).await),
        ["draws"]
    );
    // A draft is the trainers' alone.
    let manager = app.cookie(Role::Manager).await;
    let hidden = app
        .get(&format!("/api/exams/get?id={copy}"), &manager)
        .await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
});

on_both!(windows_audiences_and_owners_are_kept, |app| {
    let exam = open(&app, &[]).await;
    let (rep, otc) = (app.cookie(Role::Rep).await, app.cookie(Role::OtcRep).await);
    // Not of the audience: nothing is there.
    assert!(mine(&app, &otc).await.is_empty());
    let refused = app.post(&format!("/exams/{exam}/start"), &otc, &[]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    // Present and future staff: who joins the role has it.
    q("UPDATE staff SET role = 'rep' WHERE name = 'otc_rep'")
        .exec(&app.state.db)
        .await
        .expect("changes");
    let joined = app.session(&app.id_of(Role::OtcRep).await).await;
    assert_eq!(mine(&app, &joined).await.len(), 1);
    // Somebody else's attempt is not found by any way.
    let id = begin(&app, &rep, &exam).await;
    for (path, form) in [
        (
            format!("/attempts/{id}/answer"),
            vec![("position", "0"), ("a0", "0")],
        ),
        (format!("/attempts/{id}/event"), vec![("kind", "left")]),
        (format!("/attempts/{id}"), vec![("step", "submit")]),
    ] {
        assert_eq!(
            app.post(&path, &joined, &form).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(
        app.get(&format!("/attempts/{id}"), &joined).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM exam_attempt WHERE submitted_at IS NOT NULL")
            .await,
        0
    );
    // Leaving the screen is noted and nothing else.
    for kind in ["left", "back", "left", "nonsense"] {
        app.post(&format!("/attempts/{id}/event"), &rep, &[("kind", kind)])
            .await;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM exam_event").await, 3);
    // Before and after its window nobody begins.
    for (opens, closes) in [(time::now() + time::HOUR, None), (1, Some(2))] {
        q("UPDATE exam SET opens_at = $1, closes_at = $2, updated_at = updated_at + 1")
            .bind(opens)
            .bind(closes)
            .exec(&app.state.db)
            .await
            .expect("is moved");
        let refused = app
            .post(&format!("/exams/{exam}/start"), &joined, &[])
            .await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
    }
    // Of another region's manager nobody is to be seen.
    let manager = app
        .person(
            "乙经理",
            Role::Manager,
            &app.units.district_b,
            Some(&app.units.district_b),
            "13800000098",
        )
        .await;
    let manager = app.session(&manager).await;
    let results: Results = read(&app, &manager, &format!("/api/exams/results?id={exam}")).await;
    assert_eq!((results.assigned, results.page.total), (0, 0));
});

on_both!(a_make_up_is_set_to_who_has_not_passed, |app| {
    let exam = open(&app, &[("attempts", "1"), ("all", "true")]).await;
    let trainer = app.cookie(Role::Trainer).await;
    let rep = app.cookie(Role::Rep).await;
    let id = begin(&app, &rep, &exam).await;
    q("UPDATE exam_attempt SET submitted_at = 1, score = 60, passed = 1 = 1 WHERE id = $1")
        .bind(&id)
        .exec(&app.state.db)
        .await
        .expect("passes");
    let made = saved(
        &app.post(
            "/api/exams/advance",
            &trainer,
            &[("form_key", "m1"), ("id", &exam), ("step", "makeup")],
        )
        .await,
    );
    let makeup = made
        .next
        .expect("leads on")
        .trim_start_matches("/exams/")
        .to_owned();
    let view: ExamView = read(&app, &trainer, &format!("/api/exams/get?id={makeup}")).await;
    assert_eq!(view.parts.len(), 1);
    assert_eq!(view.row.assigned, Role::ALL.len() as i64 - 1);
    assert_eq!(view.makeup_of.map(|(of, _)| of), Some(exam));
});

on_both!(a_new_version_of_its_course_gives_the_attempts_anew, |app| {
    let exam = open(&app, &[("attempts", "1")]).await;
    let rep = app.cookie(Role::Rep).await;
    let first = begin(&app, &rep, &exam).await;
    app.post(&format!("/attempts/{first}"), &rep, &[("step", "submit")])
        .await;
    let start = async || {
        app.post(&format!("/exams/{exam}/start"), &rep, &[])
            .await
            .status
    };
    assert_eq!(
        start().await,
        StatusCode::CONFLICT,
        "the one attempt is used up"
    );
    let version = async |n: i64| {
        for sql in [
            "DELETE FROM course_exam".to_owned(),
            "DELETE FROM course".to_owned(),
            format!(
                "INSERT INTO course (id, title, summary, category, required, no_skip, due_kind, due_days, due_on, contents, \
                 contents_at, review, approval_no, expires_on, version, edition, created_by, created_at, updated_at, published_at, \
                 version_at) VALUES ('c', '课程', '', 'general', 1 = 1, 1 = 0, 'none', 0, '', '{{\"chapters\":[]}}', 1, '', '', '', {n}, 1, \
                 'x', 1, 1, 1, {})",
                mailuo::server::time::now()
            ),
            format!(
                "INSERT INTO course_exam (course_id, exam_id, lesson_id) VALUES ('c', '{exam}', '')"
            ),
        ] {
            crate::duplicate::exec(&app, &sql).await;
        }
    };
    // Asked for by a course's first version: what was taken before counts.
    version(1).await;
    assert_eq!(start().await, StatusCode::CONFLICT);
    assert_eq!(mine(&app, &rep).await[0].used, 1);
    version(2).await;
    assert_eq!(mine(&app, &rep).await[0].used, 0);
    let second = begin(&app, &rep, &exam).await;
    assert_ne!(second, first);
});
