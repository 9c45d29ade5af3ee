//! What comes to learners by itself: reminders of what is due, and cards that come back.

use axum::http::StatusCode;
use mailuo::importing::Kind;
use mailuo::learning::coverage::{self, Filter};
use mailuo::learning::{assignment, cards, reminders};
use mailuo::server::db::q;
use mailuo::shared::Role;

use crate::courses::film;
use crate::hcp_record::saved;
use crate::support::demo_file;

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
    app.import(Kind::Questions, &demo_file("questions.txt"))
        .await;
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
