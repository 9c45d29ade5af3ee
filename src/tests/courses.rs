//! Courses: making, publishing, versions, files that are what they are, review; what is asked about and within lessons.

mod files;
mod review;

use axum::http::StatusCode;
use mailuo::course::model::{CourseState, CourseView};
use mailuo::importing::Kind;
use mailuo::learning::model::LearningDesk;
use mailuo::server::db::q;
use mailuo::shared::Role;

use crate::hcp_record::{faults, read, saved};
use crate::support::{Answer, TestApp, demo_file};

/// A real film of 58 s, and slides of eight pages.
const FILM: &str = "courses/media/compliance-1.mp4";
const SLIDES: &str = "courses/media/visits-slides.pdf";

pub fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("form_key", "c1"),
        ("title", "合规基础"),
        ("category", "compliance"),
        ("required", "true"),
        ("due_kind", "assigned"),
        ("due_days", "14"),
        ("roles[0]", "rep"),
    ];
    for &(name, value) in changes {
        form.retain(|(n, _)| *n != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    form
}

/// A draft; its id.
pub async fn draft(app: &TestApp, changes: &[(&str, &str)]) -> String {
    let trainer = app.cookie(Role::Trainer).await;
    let made = saved(
        &app.post("/api/courses/save", &trainer, &form(changes))
            .await,
    );
    made.next
        .expect("leads on")
        .trim_start_matches("/courses/")
        .to_owned()
}

/// Adds a lesson; its id.
pub async fn lesson(app: &TestApp, course: &str, kind: &str, title: &str) -> String {
    let trainer = app.cookie(Role::Trainer).await;
    let form = [
        ("form_key", title),
        ("id", course),
        ("kind", kind),
        ("title", title),
    ];
    let made = saved(&app.post("/api/courses/add_lesson", &trainer, &form).await);
    made.next
        .expect("leads on")
        .rsplit('/')
        .next()
        .expect("an id")
        .to_owned()
}

fn multipart(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    body
}

/// Sends a file without JavaScript; the page that it leads to.
pub async fn send(app: &TestApp, course: &str, lesson: &str, what: &str, bytes: &[u8]) -> String {
    let trainer = app.cookie(Role::Trainer).await;
    let path = format!("/courses/{course}/lessons/{lesson}/{what}");
    let answer = app
        .post_body(
            &path,
            &trainer,
            "multipart/form-data; boundary=x",
            multipart("任何名字.mp4", bytes),
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.location()
}

pub async fn publish(app: &TestApp, course: &str, key: &str, renew: bool) -> Answer {
    let trainer = app.cookie(Role::Trainer).await;
    let mut form = vec![("form_key", key), ("id", course)];
    if renew {
        form.push(("renew", "true"));
    }
    app.post("/api/courses/publish", &trainer, &form).await
}

async fn view(app: &TestApp, course: &str) -> CourseView {
    let trainer = app.cookie(Role::Trainer).await;
    read(app, &trainer, &format!("/api/courses/get?id={course}")).await
}

/// A published course of one film; course and lesson.
pub async fn film(app: &TestApp, changes: &[(&str, &str)]) -> (String, String) {
    let course = draft(app, changes).await;
    let lesson = lesson(app, &course, "video", "第一课").await;
    send(app, &course, &lesson, "media", &demo_file(FILM)).await;
    saved(&publish(app, &course, "p1", false).await);
    (course, lesson)
}

on_both!(a_course_is_made_published_corrected_and_renewed, |app| {
    let course = draft(&app, &[]).await;
    let refused = publish(&app, &course, "p0", false).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "it holds nothing yet");
    let first = lesson(&app, &course, "video", "第一课").await;
    assert_eq!(
        publish(&app, &course, "p0", false).await.status,
        StatusCode::CONFLICT,
        "no film yet"
    );
    let to = send(&app, &course, &first, "media", &demo_file(FILM)).await;
    assert!(to.contains("done=notice.uploaded"), "{to}");
    let rep = app.cookie(Role::Rep).await;
    assert_eq!(
        app.get(&format!("/learn/{course}"), &rep).await.status,
        StatusCode::NOT_FOUND
    );
    saved(&publish(&app, &course, "p1", false).await);
    // Sent twice: one edition.
    saved(&publish(&app, &course, "p1", false).await);
    let made = view(&app, &course).await;
    assert_eq!((made.row.version, made.editions.len()), (1, 1));
    assert_eq!(made.row.state, CourseState::Published);
    assert_eq!(
        made.contents.lessons().next().map(|l| l.duration_ms / 1000),
        Some(58)
    );
    let page = app.get(&format!("/learn/{course}/{first}"), &rep).await;
    assert_eq!(page.status, StatusCode::OK);

    // A change is not seen before it is published.
    let second = lesson(&app, &course, "slides", "第二课").await;
    send(&app, &course, &second, "media", &demo_file(SLIDES)).await;
    assert_eq!(view(&app, &course).await.row.state, CourseState::Changed);
    let hidden = app.get(&format!("/learn/{course}/{second}"), &rep).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let trainer = app.cookie(Role::Trainer).await;
    let preview = format!("/learn/{course}/{second}?preview=1");
    assert_eq!(app.get(&preview, &trainer).await.status, StatusCode::OK);
    assert_eq!(app.get(&preview, &rep).await.status, StatusCode::NOT_FOUND);
    saved(&publish(&app, &course, "p2", false).await);
    let corrected = view(&app, &course).await;
    assert_eq!((corrected.row.version, corrected.editions.len()), (1, 2));
    assert_eq!(corrected.contents.lesson(&second).map(|l| l.pages), Some(8));
    saved(&publish(&app, &course, "p3", true).await);
    assert_eq!(view(&app, &course).await.row.version, 2);

    // Archived, nobody finds it; taken out again they do.
    let act =
        |step: &'static str| [("form_key", step), ("id", course.as_str()), ("step", step)].to_vec();
    saved(
        &app.post("/api/courses/advance", &trainer, &act("archive"))
            .await,
    );
    assert_eq!(
        app.get(&format!("/learn/{course}"), &rep).await.status,
        StatusCode::NOT_FOUND
    );
    saved(
        &app.post("/api/courses/advance", &trainer, &act("restore"))
            .await,
    );
    assert_eq!(
        app.get(&format!("/learn/{course}"), &rep).await.status,
        StatusCode::OK
    );
    let copy = saved(
        &app.post("/api/courses/advance", &trainer, &act("copy"))
            .await,
    );
    let copy = view(
        &app,
        copy.next.expect("leads on").trim_start_matches("/courses/"),
    )
    .await;
    assert_eq!(copy.row.state, CourseState::Draft);
    assert_eq!(copy.contents.lessons().count(), 2);
    assert_eq!(
        copy.contents.lesson(&first),
        None,
        "its lessons are new ones"
    );
});

on_both!(each_kind_of_lesson_has_a_page_to_work_on, |app| {
    let trainer = app.cookie(Role::Trainer).await;
    let course = draft(&app, &[]).await;
    for kind in ["video", "audio", "slides", "article", "quiz"] {
        let own = lesson(&app, &course, kind, kind).await;
        let page = app
            .get(&format!("/courses/{course}/lessons/{own}"), &trainer)
            .await;
        assert_eq!(page.status, StatusCode::OK, "{kind}");
        let wanted = match kind {
            "article" => "name=\"article\"",
            "quiz" => "name=\"exam\"",
            _ => "type=\"file\"",
        };
        assert!(page.text().contains(wanted), "{kind}");
    }
});

on_both!(what_was_typed_wrongly_is_said_beside_its_field, |app| {
    let trainer = app.cookie(Role::Trainer).await;
    for (changes, field) in [
        (vec![("title", "")], "title"),
        (vec![("category", "x")], "category"),
        (vec![("due_days", "0")], "due_days"),
        (vec![("due_days", "十天")], "due_days"),
        (
            vec![("due_kind", "fixed"), ("due_on", "2026-13-01")],
            "due_on",
        ),
        (vec![("roles[0]", "")], "audience"),
        (
            vec![("roles[0]", ""), ("specialties", "心血管内科")],
            "required",
        ),
        (vec![("lecturer", "查无此人")], "lecturer"),
        (vec![("people", "查无此人")], "people"),
    ] {
        let answer = app
            .post("/api/courses/save", &trainer, &form(&changes))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{changes:?}"
        );
        assert!(
            faults(&answer).iter().any(|f| f == field),
            "{changes:?}: {}",
            answer.text()
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM course").await, 0);
});

on_both!(learners_ask_and_the_lecturer_answers, |app| {
    let (course, lesson) = film(&app, &[("lecturer", "marketer")]).await;
    let (rep, lecturer) = (
        app.cookie(Role::Rep).await,
        app.cookie(Role::Marketer).await,
    );
    let path = format!("/learn/{course}/{lesson}/comment");
    for _ in 0..2 {
        let answer = app
            .post(&path, &rep, &[("text", "什么时候上报？<b>")])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM course_comment").await,
        1,
        "sent twice"
    );
    let long = "长".repeat(1_001);
    let refused = app.post(&path, &rep, &[("text", &long)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains(&long), "what was typed stays");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.comment'")
            .await,
        1
    );
    let (id,): (String,) = q("SELECT id FROM course_comment")
        .one(&app.state.db)
        .await
        .expect("is there");
    let answer = [("comment", id.as_str()), ("text", "24 小时内")];
    assert_eq!(
        app.post("/api/courses/answer", &rep, &answer).await.status,
        StatusCode::NOT_FOUND
    );
    saved(&app.post("/api/courses/answer", &lecturer, &answer).await);
    saved(&app.post("/api/courses/answer", &lecturer, &answer).await);
    let page = app
        .get(&format!("/learn/{course}/{lesson}"), &rep)
        .await
        .text();
    assert!(
        page.contains("24 小时内") && page.contains("&lt;b"),
        "answered, and harmless"
    );
    assert_eq!(page.matches("24 小时内").count(), 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.answer'")
            .await,
        1
    );
    let desk: LearningDesk = read(&app, &rep, "/api/learning/mine").await;
    assert_eq!(desk.courses.len(), 1);
});

on_both!(questions_within_a_lesson_stand_where_they_were_put, |app| {
    let (course, lesson) = film(&app, &[]).await;
    app.import(Kind::Questions, &demo_file("questions.txt"))
        .await;
    let (question,): (String,) =
        q("SELECT id FROM question WHERE kind = 'single' ORDER BY id LIMIT 1")
            .one(&app.state.db)
            .await
            .expect("is there");
    let (short,): (String,) = q("SELECT id FROM question WHERE kind = 'short' ORDER BY id LIMIT 1")
        .one(&app.state.db)
        .await
        .expect("is there");
    let trainer = app.cookie(Role::Trainer).await;
    let put = async |key: &str, at: &str, question: &str| {
        let form = [
            ("form_key", key),
            ("id", course.as_str()),
            ("lesson", lesson.as_str()),
            ("at", at),
            ("question", question),
        ];
        app.post("/api/courses/add_stop", &trainer, &form).await
    };
    for (at, question) in [
        ("1:30", &question),
        ("", &question),
        ("x", &question),
        ("0:20", &short),
    ] {
        assert_eq!(faults(&put(at, at, question).await)[0], "at", "{at}");
    }
    saved(&put("ok", "0:20", &question).await);
    let again = put("again", "0:30", &question).await;
    assert!(
        again.text().contains("field.stop_twice"),
        "{}",
        again.text()
    );
    assert_eq!(
        view(&app, &course)
            .await
            .contents
            .lessons()
            .next()
            .expect("is there")
            .stops[0]
            .at_ms,
        20_000
    );
});
