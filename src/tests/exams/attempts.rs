//! Attempts: by the server's clock, with answers that are never lost, marking, and what is shown afterwards.

use axum::http::StatusCode;
use mailuo::exam::model::Results;
use mailuo::exam::{attempt, paper, sheet};
use mailuo::importing::{self, Kind, Mode};
use mailuo::question::model::Body;
use mailuo::question::rules::Given;
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::{AppError, Role};

use super::{PAPER, answer, begin, mine, open, questions, right};
use crate::hcp_record::{faults, read, saved};

on_both!(an_attempt_keeps_its_paper_and_every_answer, |app| {
    let exam = open(&app, &[]).await;
    let rep = app.cookie(Role::Rep).await;
    let id = begin(&app, &rep, &exam).await;
    assert_eq!(begin(&app, &rep, &exam).await, id, "the one under way");
    let before = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there")
        .paper;
    let paper = questions(&app, &id).await;
    assert_eq!(paper.len(), 12);
    let page = app.get(&format!("/attempts/{id}"), &rep).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains(".wasm"));
    assert!(
        !page.text().contains("中国指南沿用"),
        "no explanation before the end"
    );

    for (place, (seed, draft)) in paper.iter().enumerate() {
        assert_eq!(
            answer(&app, &rep, &id, place, &right(place, *seed, draft)).await,
            StatusCode::NO_CONTENT
        );
    }
    // A question that changes meanwhile, and a page that is loaded anew, change nothing of the paper.
    let trainer = app.actor(Role::Trainer).await;
    let changed = PAPER.replace("中国指南沿用 140/90。", "另有说明。");
    importing::run(
        &app.state,
        &trainer,
        Kind::Questions,
        changed.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is imported");
    let again = app.get(&format!("/attempts/{id}"), &rep).await.text();
    assert!(
        again.contains("家庭血压监测"),
        "what was typed is there: {again}"
    );
    let after = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there")
        .paper;
    assert_eq!(before, after);
    assert_eq!(questions(&app, &id).await, paper);

    // Handed in twice is handed in once.
    for _ in 0..2 {
        let sent = app
            .post(&format!("/attempts/{id}"), &rep, &[("step", "submit")])
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(
        answer(&app, &rep, &id, 0, &right(0, paper[0].0, &paper[0].1)).await,
        StatusCode::CONFLICT
    );
    let waiting = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there");
    assert_eq!(
        (waiting.unmarked, waiting.score, waiting.passed),
        (1, None, None)
    );

    // A person marks the short answer.
    let place = paper
        .iter()
        .position(|(_, d)| matches!(d.body, Body::Short { .. }))
        .expect("has one")
        .to_string();
    let trainer = app.cookie(Role::Trainer).await;
    let queue: serde_json::Value = read(&app, &trainer, "/api/exams/marking").await;
    assert_eq!(queue["total"], 1);
    assert_eq!(queue["rows"][0]["given"], "家庭血压监测");
    let mark = [
        ("attempt", id.as_str()),
        ("position", &place),
        ("points", "6"),
    ];
    assert_eq!(
        faults(&app.post("/api/exams/mark", &trainer, &mark).await),
        ["points"]
    );
    let mark = [
        ("attempt", id.as_str()),
        ("position", &place),
        ("points", "2.5"),
        ("comment", "要点不全"),
    ];
    saved(&app.post("/api/exams/mark", &trainer, &mark).await);
    let done = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there");
    assert_eq!(
        (done.unmarked, done.score, done.passed),
        (0, Some(57.5), Some(true))
    );
    let outcome = app.get(&format!("/attempts/{id}"), &rep).await.text();
    assert!(outcome.contains("57.5") && outcome.contains("要点不全") && outcome.contains("通过"));

    // Accuracy leaves out what a person marked; eleven were right at first.
    let sql = "SELECT COUNT(*) FROM first_answer WHERE correct";
    assert_eq!(app.count(sql).await, 11);
    assert_eq!(app.count("SELECT COUNT(*) FROM first_answer").await, 11);
    let second = begin(&app, &rep, &exam).await;
    app.post(&format!("/attempts/{second}"), &rep, &[("step", "submit")])
        .await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM first_answer").await,
        11,
        "first answers only"
    );
    // Both attempts are used up.
    let third = app.post(&format!("/exams/{exam}/start"), &rep, &[]).await;
    assert_eq!(third.status, StatusCode::CONFLICT);
    let list = mine(&app, &rep).await;
    assert_eq!(
        (list[0].used, list[0].can_take(), list[0].done()),
        (2, false, true)
    );
    let results: Results = read(&app, &trainer, &format!("/api/exams/results?id={exam}")).await;
    assert_eq!((results.assigned, results.taken, results.passed), (1, 1, 1));
    assert_eq!(
        results.page.rows[0].attempt_id.as_ref(),
        Some(&id),
        "the best counts"
    );
});

on_both!(the_servers_clock_ends_an_attempt, |app| {
    let exam = open(&app, &[]).await;
    let rep = app.cookie(Role::Rep).await;
    let id = begin(&app, &rep, &exam).await;
    let paper = questions(&app, &id).await;
    // Three that no person marks.
    let places: Vec<usize> = (0..paper.len())
        .filter(|i| !matches!(paper[*i].1.body, Body::Short { .. }))
        .collect();
    let (seed, first) = &paper[places[0]];
    let fields = right(places[0], *seed, first);
    assert_eq!(
        answer(&app, &rep, &id, places[0], &fields).await,
        StatusCode::NO_CONTENT
    );
    let due = |at: i64| q("UPDATE exam_attempt SET due_at = $1").bind(at);
    // A little late is still in time; the line may be slow.
    due(time::now() - 2_000)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    let held = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there");
    let given = Given::Chosen(vec![0]);
    let kept = attempt::answer(&app.state, &held, places[1] as i64, &given).await;
    assert_eq!(kept, Ok(()));
    due(time::now() - 60_000)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    let late = attempt::answer(&app.state, &held, places[2] as i64, &given).await;
    assert_eq!(late, Err(AppError::Conflict("error.attempt_over".into())));
    // Nobody comes back: the sweep hands it in, with what is there.
    assert_eq!(attempt::expire(&app.state).await, Ok(1));
    assert_eq!(attempt::expire(&app.state).await, Ok(0));
    let over = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there");
    assert!(over.timed_out && over.submitted_at == over.due_at && over.score.is_some());
    assert_eq!(app.count("SELECT COUNT(*) FROM exam_answer").await, 2);
    // The next one begins anew, and an opened page shows the end by itself.
    let next = begin(&app, &rep, &exam).await;
    assert_ne!(next, id);
    q("UPDATE exam_attempt SET due_at = $1 WHERE id = $2")
        .bind(time::now() - 1)
        .bind(&next)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    let page = app.get(&format!("/attempts/{next}"), &rep).await.text();
    assert!(page.contains("时间到"), "{page}");
});

on_both!(what_is_shown_afterwards_follows_the_rule, |app| {
    let exam = open(&app, &[("review", "wrong"), ("attempts", "0")]).await;
    let rep = app.cookie(Role::Rep).await;
    let id = begin(&app, &rep, &exam).await;
    let paper = questions(&app, &id).await;
    let (seed, first) = &paper[0];
    answer(&app, &rep, &id, 0, &right(0, *seed, first)).await;
    // The whole form without JavaScript: saves, then hands in.
    let sent = app
        .submit(
            &format!("/attempts/{id}"),
            "/",
            &rep,
            &[("step", "save"), ("q1", "1"), ("a1", "0")],
        )
        .await;
    let kept = app.get(&sent.location(), &rep).await;
    assert!(kept.text().contains("答案已保存"));
    app.submit(&format!("/attempts/{id}"), "/", &rep, &[("step", "submit")])
        .await;
    let stems = |html: &str| {
        paper
            .iter()
            .filter(|(_, d)| html.contains(d.stem.lines().next().unwrap_or_default()))
            .count()
    };
    let is_short = matches!(first.body, Body::Short { .. });
    let page = app.get(&format!("/attempts/{id}"), &rep).await.text();
    assert!(
        stems(&page) >= 10 && (is_short || stems(&page) < 12),
        "only what was wrong"
    );
    for (review, ended, shown) in [
        ("never", true, 0),
        ("closed", false, 0),
        ("closed", true, 12),
        ("all", false, 12),
    ] {
        q(format!(
            "UPDATE exam SET review = '{review}', ended_at = {}",
            if ended { "1" } else { "NULL" }
        ))
        .exec(&app.state.db)
        .await
        .expect("changes");
        let page = app.get(&format!("/attempts/{id}"), &rep).await.text();
        assert_eq!(stems(&page), shown, "{review} {ended}");
    }
});

on_both!(many_begin_and_answer_at_once, |app| {
    let exam = open(&app, &[("attempts", "0")]).await;
    let rep = app.cookie(Role::Rep).await;
    // One person in many windows has one attempt.
    let path = format!("/exams/{exam}/start");
    let begun: Vec<String> = futures::future::join_all((0..30).map(|_| app.post(&path, &rep, &[])))
        .await
        .into_iter()
        .map(|answer| answer.location())
        .collect();
    assert!(
        begun
            .iter()
            .all(|to| *to == begun[0] && to.starts_with("/attempts/")),
        "{begun:?}"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM exam_attempt").await, 1);
    let id = begun[0].trim_start_matches("/attempts/").to_owned();
    let paper = questions(&app, &id).await;
    // Answers, and handing in in the midst of them: what was acknowledged counts.
    let path = format!("/attempts/{id}/answer");
    let forms: Vec<Vec<(String, String)>> = paper
        .iter()
        .enumerate()
        .map(|(place, (seed, draft))| {
            let mut form = right(place, *seed, draft);
            form.push(("position".into(), place.to_string()));
            form
        })
        .collect();
    let sends = forms.iter().map(|form| async {
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        app.post(&path, &rep, &form).await.status
    });
    let hand_in = async {
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        attempt::submit(&app.state, &id, false)
            .await
            .expect("is handed in");
    };
    let (statuses, ()) = tokio::join!(futures::future::join_all(sends), hand_in);
    let kept = statuses
        .iter()
        .filter(|s| **s == StatusCode::NO_CONTENT)
        .count() as i64;
    assert!(
        statuses
            .iter()
            .all(|s| matches!(*s, StatusCode::NO_CONTENT | StatusCode::CONFLICT))
    );
    let sql = format!("SELECT COUNT(*) FROM exam_answer WHERE attempt_id = '{id}'");
    assert_eq!(app.count(&sql).await, kept);
    let done = attempt::attempt(&app.state.db, &id)
        .await
        .expect("is there");
    let short = paper
        .iter()
        .position(|(_, d)| matches!(d.body, Body::Short { .. }))
        .expect("has one");
    let marked = statuses
        .iter()
        .enumerate()
        .filter(|(i, s)| **s == StatusCode::NO_CONTENT && *i != short)
        .count();
    if statuses[short] == StatusCode::NO_CONTENT {
        assert_eq!(done.unmarked, 1);
    } else {
        assert_eq!(done.score, Some(5.0 * marked as f64));
    }
});

#[test]
fn forms_and_answers_fit_each_other() {
    let parsed = mailuo::question::formats::text::read(PAPER);
    for (place, item) in parsed.items.into_iter().enumerate() {
        let draft = item.result.expect("is whole");
        let given = sheet::read(place, 7, &draft, &right(place, 7, &draft)).expect("is read");
        if let Some(share) = mailuo::question::rules::grade(&draft.body, &given) {
            assert_eq!(share, 1.0, "{draft:?} {given:?}");
        }
        assert_eq!(paper::order(&draft, 7).len(), paper::order(&draft, 0).len());
    }
}
