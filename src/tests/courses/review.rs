//! What passes review before it leaves the company: courses for HCPs, and lessons shared as articles.

use axum::http::StatusCode;
use mailuo::server::db::q;
use mailuo::shared::Role;

use super::{FILM, draft, film, lesson, publish, send};
use crate::hcp_record::{faults, saved};
use crate::support::demo_file;

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
