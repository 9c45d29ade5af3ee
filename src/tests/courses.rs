//! Courses: making, publishing, versions, review, files that are what they are, sharing, comments.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use mailuo::course::model::{CourseState, CourseView};
use mailuo::importing::{self, Kind, Mode};
use mailuo::learning::model::LearningDesk;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
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

fn multipart(path: &str, cookie: &str, name: &str, bytes: &[u8]) -> Request<Body> {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .expect("a request")
}

/// Sends a file without JavaScript; the page that it leads to.
pub async fn send(app: &TestApp, course: &str, lesson: &str, what: &str, bytes: &[u8]) -> String {
    let trainer = app.cookie(Role::Trainer).await;
    let path = format!("/courses/{course}/lessons/{lesson}/{what}");
    let answer = app
        .send(multipart(&path, &trainer, "任何名字.mp4", bytes))
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

on_both!(a_file_that_is_not_what_it_says_is_refused, |app| {
    let course = draft(&app, &[]).await;
    let film = lesson(&app, &course, "video", "片").await;
    let slides = lesson(&app, &course, "slides", "页").await;
    let mut cut = demo_file(FILM);
    cut.truncate(2_000);
    for (lesson, bytes, fault) in [
        (&film, b"MZ\x90\0 a program".to_vec(), "field.media_type"),
        (&film, cut, "field.media_unreadable"),
        (&film, demo_file(SLIDES), "field.media_other_kind"),
        (&slides, demo_file(FILM), "field.media_other_kind"),
        (
            &slides,
            b"%PDF-1.7 and no more".to_vec(),
            "field.media_unreadable",
        ),
        (&film, Vec::new(), "field.required"),
    ] {
        let to = send(&app, &course, lesson, "media", &bytes).await;
        assert!(
            to.ends_with(&format!("fault={fault}")),
            "{to} is not {fault}"
        );
    }
    let to = send(&app, &course, &film, "media", &demo_file(FILM)).await;
    assert!(to.contains("done="));
    for bytes in [&b"1\n00:00:01,000 --> 00:00:02,000\nSRT"[..], b"\xff\xfe"] {
        let to = send(&app, &course, &film, "captions", bytes).await;
        assert!(to.ends_with("fault=field.captions"), "{to}");
    }
    let good = demo_file("courses/media/compliance-1.vtt");
    assert!(
        send(&app, &course, &film, "captions", &good)
            .await
            .contains("done=")
    );
});

on_both!(an_upload_goes_on_after_a_broken_line, |app| {
    let course = draft(&app, &[]).await;
    let lesson = lesson(&app, &course, "video", "片").await;
    let trainer = app.cookie(Role::Trainer).await;
    let bytes = demo_file(FILM);
    let json = |path: String, body: Vec<u8>, kind: &'static str, cookie: &str| {
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("host", "localhost")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie)
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .expect("a request")
    };
    let new = format!("{{\"name\":\"片.mp4\",\"size\":{}}}", bytes.len());
    let begun = app
        .send(json(
            "/media/uploads".into(),
            new.into_bytes(),
            "application/json",
            &trainer,
        ))
        .await;
    let begun: serde_json::Value = serde_json::from_slice(&begun.bytes).expect("is JSON");
    let id = begun["id"].as_str().expect("an id").to_owned();
    let piece = async |at: usize, to: usize| -> u64 {
        let path = format!("/media/uploads/{id}?at={at}");
        let answer = app
            .send(json(
                path,
                bytes[at..to].to_vec(),
                "application/octet-stream",
                &trainer,
            ))
            .await;
        let stands: serde_json::Value = serde_json::from_slice(&answer.bytes).expect("is JSON");
        stands["have"].as_u64().expect("a number")
    };
    assert_eq!(piece(0, 100_000).await, 100_000);
    assert_eq!(piece(0, 100_000).await, 100_000, "sent again");
    assert_eq!(
        piece(200_000, 210_000).await,
        100_000,
        "one is missing before it"
    );
    // Somebody else's upload is not there.
    let admin = app.cookie(Role::Admin).await;
    assert_eq!(
        app.get(&format!("/media/uploads/{id}"), &admin)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let attach = async || -> Answer {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"upload\"\r\n\r\n{id}\r\n--x--\r\n"
        );
        let path = format!("/courses/{course}/lessons/{lesson}/media");
        app.send(json(
            path,
            body.into_bytes(),
            "multipart/form-data; boundary=x",
            &trainer,
        ))
        .await
    };
    assert_eq!(
        attach().await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "it is not whole"
    );
    let mut at = 100_000;
    while at < bytes.len() {
        at = piece(at, (at + 100_000).min(bytes.len())).await as usize;
    }
    let done = saved(&attach().await);
    assert_eq!(done.notice, "notice.uploaded");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM media WHERE kind = 'video' AND duration_ms > 57000")
            .await,
        1
    );
    assert_eq!(
        attach().await.status,
        StatusCode::NOT_FOUND,
        "it is used up"
    );
});

on_both!(films_are_given_in_the_pieces_that_are_asked_for, |app| {
    let (course, lesson) = film(&app, &[]).await;
    let rep = app.cookie(Role::Rep).await;
    let path = format!("/learn/{course}/{lesson}/media");
    let ask = |cookie: &str, range: &'static str| {
        Request::builder()
            .uri(path.clone())
            .header("cookie", cookie)
            .header("range", range)
            .header("accept-encoding", "gzip, br")
            .body(Body::empty())
            .expect("a request")
    };
    let part = app.send(ask(&rep, "bytes=100-199")).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes, demo_file(FILM)[100..200]);
    assert_eq!(part.headers[header::CONTENT_TYPE], "video/mp4");
    let whole = app.get(&path, &rep).await;
    assert_eq!(whole.headers[header::ACCEPT_RANGES], "bytes");
    assert_eq!(whole.headers.get(header::CONTENT_ENCODING), None);
    assert!(
        whole.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text")
            .contains("media-src 'self'")
    );
    // Not of the audience, or nobody.
    let otc = app.cookie(Role::OtcRep).await;
    assert_eq!(
        app.send(ask(&otc, "bytes=0-9")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.send(ask("", "bytes=0-9")).await.status,
        StatusCode::UNAUTHORIZED
    );
});

on_both!(
    what_hcps_learn_is_reviewed_and_reaches_their_specialty,
    |app| {
        let changes = [
            ("roles[0]", ""),
            ("required", ""),
            ("specialties", "心血管内科"),
        ];
        let course = draft(&app, &changes).await;
        let lesson = lesson(&app, &course, "video", "课").await;
        send(&app, &course, &lesson, "media", &demo_file(FILM)).await;
        assert_eq!(
            publish(&app, &course, "p1", false).await.status,
            StatusCode::CONFLICT,
            "not reviewed"
        );
        let trainer = app.cookie(Role::Trainer).await;
        let ask = [
            ("form_key", "r"),
            ("id", course.as_str()),
            ("step", "ask_review"),
        ];
        saved(&app.post("/api/courses/advance", &trainer, &ask).await);
        let compliance = app.cookie(Role::Compliance).await;
        let approve = [
            ("id", course.as_str()),
            ("decision", "approve"),
            ("approval_no", "C-1"),
            ("expires_on", "2099-01-01"),
        ];
        // What changed meanwhile was not looked at.
        let rename = [
            ("id", course.as_str()),
            ("lesson", lesson.as_str()),
            ("title", "改名"),
        ];
        saved(
            &app.post("/api/courses/save_lesson", &trainer, &rename)
                .await,
        );
        let stale = app.post("/api/courses/review", &compliance, &approve).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        saved(&app.post("/api/courses/advance", &trainer, &ask).await);
        let past = [
            ("id", course.as_str()),
            ("decision", "approve"),
            ("approval_no", ""),
            ("expires_on", "2020-01-01"),
        ];
        assert_eq!(
            faults(&app.post("/api/courses/review", &compliance, &past).await).len(),
            2
        );
        saved(&app.post("/api/courses/review", &compliance, &approve).await);
        saved(&publish(&app, &course, "p1", false).await);

        let heart = app.hcp("心医生", "13911110001", None).await;
        let bone = app.hcp("骨医生", "13911110002", None).await;
        q("UPDATE hcp SET department = '骨科' WHERE id = $1")
            .bind(&bone)
            .exec(&app.state.db)
            .await
            .expect("is changed");
        let (heart, bone) = (app.bound(&heart, true).await, app.bound(&bone, true).await);
        let path = format!("/learn/{course}");
        let page = app.get(&path, &heart).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text().contains("C-1"),
            "the approval number stands on it"
        );
        assert!(app.get("/learn", &heart).await.text().contains("合规基础"));
        assert!(!app.get("/learn", &bone).await.text().contains("合规基础"));
        assert_eq!(app.get(&path, &bone).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.get(&path, "").await.status, StatusCode::UNAUTHORIZED);
        // The approval of what is being worked on says nothing of what is in force, until that is published.
        let rename = [
            ("id", course.as_str()),
            ("lesson", lesson.as_str()),
            ("title", "又改名"),
        ];
        saved(
            &app.post("/api/courses/save_lesson", &trainer, &rename)
                .await,
        );
        saved(&app.post("/api/courses/advance", &trainer, &ask).await);
        let again = [
            ("id", course.as_str()),
            ("decision", "approve"),
            ("approval_no", "C-2"),
            ("expires_on", "2099-01-01"),
        ];
        saved(&app.post("/api/courses/review", &compliance, &again).await);
        let shown = app.get(&path, &heart).await.text();
        assert!(shown.contains("C-1") && !shown.contains("C-2"));
        saved(&publish(&app, &course, "p2", false).await);
        let shown = app.get(&path, &heart).await.text();
        assert!(shown.contains("C-2") && shown.contains("又改名"));
        q("UPDATE course_edition SET expires_on = '2020-01-01' WHERE course_id = $1")
            .bind(&course)
            .exec(&app.state.db)
            .await
            .expect("is changed");
        assert_eq!(
            app.get(&path, &heart).await.status,
            StatusCode::NOT_FOUND,
            "past its day"
        );
    }
);

on_both!(a_lesson_is_shared_as_an_article_after_review, |app| {
    let (course, lesson) = film(&app, &[]).await;
    let trainer = app.cookie(Role::Trainer).await;
    let form = [
        ("form_key", "s"),
        ("id", course.as_str()),
        ("lesson", lesson.as_str()),
        ("audience", "public"),
    ];
    saved(&app.post("/api/courses/share_lesson", &trainer, &form).await);
    saved(&app.post("/api/courses/share_lesson", &trainer, &form).await);
    assert_eq!(app.count("SELECT COUNT(*) FROM article_media").await, 1);
    let (article,): (String,) = q("SELECT id FROM article WHERE status = 'in_review'")
        .one(&app.state.db)
        .await
        .expect("is there");
    let media = format!("/a/{article}/media");
    let compliance = app.cookie(Role::Compliance).await;
    assert_eq!(
        app.get(&media, &compliance).await.status,
        StatusCode::OK,
        "who reviews it sees it"
    );
    assert_eq!(app.get(&media, "").await.status, StatusCode::NOT_FOUND);
    let approve = [
        ("id", article.as_str()),
        ("step", "approve"),
        ("approval_no", "S-1"),
        ("expires_on", "2099-01-01"),
    ];
    saved(
        &app.post("/api/articles/advance", &compliance, &approve)
            .await,
    );
    let marketer = app.cookie(Role::Marketer).await;
    saved(
        &app.post(
            "/api/articles/advance",
            &marketer,
            &[("id", article.as_str()), ("step", "publish")],
        )
        .await,
    );
    assert_eq!(app.get(&media, "").await.status, StatusCode::OK);
    let page = app
        .get(&format!("/a/{article}"), "vid=aaaaaaaaaaaaaaaaaaaaaa")
        .await;
    let page = app
        .get(&page.location(), "vid=aaaaaaaaaaaaaaaaaaaaaa")
        .await;
    assert!(page.text().contains(&media), "the reading page plays it");
    assert!(page.text().contains("S-1"));
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
    importing::run(
        &app.state,
        &Actor::system(),
        Kind::Questions,
        &demo_file("questions.txt"),
        Mode::All,
    )
    .await
    .expect("is imported");
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
