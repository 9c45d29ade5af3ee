//! Plans of visits: they repeat, warn and move, and say who is due.

use axum::http::StatusCode;
use mailuo::server::guard::Actor;
use mailuo::server::time;
use mailuo::shared::Role;
use mailuo::visit::model::{Calendar, PlanChoices};
use mailuo::visit::records;

use super::{place, visit};
use crate::duplicate::exec;
use crate::hcp_record::read;
use crate::support::{Answer, TestApp};

async fn add(app: &TestApp, cookie: &str, key: &str, form: &[(&str, &str)]) -> Answer {
    let all: Vec<(&str, &str)> = [("form_key", key), ("channel", "face")]
        .iter()
        .chain(form)
        .copied()
        .collect();
    app.post("/api/plans/add", cookie, &all).await
}

on_both!(plans_repeat_warn_and_move, |app| {
    let rep: Actor = app.actor(Role::Rep).await;
    let (terminal, hcp) = place(&app, &rep.id, 1).await;
    let (elsewhere, _) = place(&app, &rep.id, 2).await;
    let cookie = app.cookie(Role::Rep).await;
    let today = app.state.zone.today();
    let until = time::shift_day(&today, 28);
    // The hospital receives on other weekdays only.
    let weekday = (today
        .parse::<jiff::civil::Date>()
        .expect("a day")
        .weekday()
        .to_monday_one_offset()
        % 7)
        + 1;
    exec(&app, &format!(
        "INSERT INTO terminal_window (id, terminal_id, weekday, starts, ends, place, appointment) \
         VALUES ('w', '{terminal}', {weekday}, '08:00', '10:00', '', 1 = 1)"
    ))
    .await;
    let weekly = [
        ("hcp", hcp.as_str()),
        ("day", today.as_str()),
        ("starts", "9:00"),
        ("repeat", "weekly"),
        ("until", until.as_str()),
    ];
    for _ in 0..2 {
        let answer = add(&app, &cookie, "weekly", &weekly).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM visit_plan").await,
        5,
        "twice is once"
    );
    let other = [
        ("terminal", elsewhere.as_str()),
        ("day", today.as_str()),
        ("starts", "09:15"),
    ];
    assert_eq!(
        add(&app, &cookie, "other", &other).await.status,
        StatusCode::OK
    );
    let calendar: Calendar = read(&app, &cookie, "/api/plans/calendar").await;
    let day = calendar
        .days
        .iter()
        .find(|d| d.day == today)
        .expect("is there");
    assert_eq!(day.plans.len(), 2);
    assert_eq!(day.plans[0].warnings, ["window", "conflict"]);
    assert_eq!(day.plans[1].warnings, ["conflict"]);
    assert!(day.plans[0].repeats && day.plans[0].hcp.is_some());
    // More than the cap in a month.
    exec(
        &app,
        "INSERT INTO setting (name, value) VALUES ('visit_goals', '{\"goal\":3,\"cap\":0}')",
    )
    .await;
    let calendar: Calendar = read(&app, &cookie, "/api/plans/calendar?month=true").await;
    assert!(calendar.days.len() >= 28 && calendar.days.len().is_multiple_of(7));
    let day = calendar
        .days
        .iter()
        .find(|d| d.day == today)
        .expect("is there");
    assert_eq!(day.plans[0].warnings, ["window", "cap", "conflict"]);
    // Moved into the window it wants an appointment.
    let plan = day.plans[0].id.clone();
    let mut to = time::shift_day(&today, 1);
    while to
        .parse::<jiff::civil::Date>()
        .expect("a day")
        .weekday()
        .to_monday_one_offset()
        != weekday
    {
        to = time::shift_day(&to, 1);
    }
    let moved = app
        .post(
            "/api/plans/move",
            &cookie,
            &[("id", &plan), ("day", &to), ("starts", "08:30")],
        )
        .await;
    assert_eq!(moved.status, StatusCode::OK);
    let calendar: Calendar = read(&app, &cookie, &format!("/api/plans/calendar?day={to}")).await;
    let day = calendar
        .days
        .iter()
        .find(|d| d.day == to)
        .expect("is there");
    assert!(
        day.plans[0].warnings.contains(&"appointment".to_owned()),
        "{:?}",
        day.plans[0]
    );
    let past = app
        .post(
            "/api/plans/move",
            &cookie,
            &[("id", &plan), ("day", "2020-01-01")],
        )
        .await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The manager sees the rep's calendar.
    let manager = app.cookie(Role::Manager).await;
    let seen: Calendar = read(
        &app,
        &manager,
        &format!("/api/plans/calendar?person={}", rep.id),
    )
    .await;
    assert!(seen.person.is_some());
    // All that repeat go together.
    let gone = app
        .post(
            "/api/plans/cancel",
            &cookie,
            &[("id", &plan), ("following", "true")],
        )
        .await;
    assert_eq!(gone.status, StatusCode::OK);
    assert!(
        app.count(
            "SELECT COUNT(*) FROM visit_plan WHERE cancelled_at IS NULL AND series_id IS NOT NULL"
        )
        .await
            < 4
    );
    // Who is due, and who is not any more.
    let due: PlanChoices = read(&app, &cookie, "/api/plans/choices").await;
    assert!(
        due.suggestions
            .iter()
            .any(|s| s.hcp_id == hcp && s.goal == 3)
    );
    assert_eq!(due.terminals.len(), 2);
    for n in 0..3 {
        records::save(&app.state, &rep, visit(n, &hcp))
            .await
            .expect("is stored");
    }
    let due: PlanChoices = read(&app, &cookie, "/api/plans/choices").await;
    assert!(!due.suggestions.iter().any(|s| s.hcp_id == hcp));
});
