//! Who may call what: one row for every server function and plain route. A new function without a row fails.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use mailuo::shared::Role;

const ALL: &[Role] = &Role::ALL;
const ADMIN: &[Role] = &[Role::Admin];
/// Who reads shares.
const SHARE_READERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::Manager,
    Role::Marketer,
    Role::Compliance,
    Role::Admin,
];
const HCP_READERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::TradeRep,
    Role::Manager,
    Role::Marketer,
    Role::Compliance,
    Role::Admin,
];
const HCP_WRITERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::TradeRep,
    Role::Manager,
    Role::Compliance,
    Role::Admin,
];
/// Who has dashboards.
const INSIGHT: &[Role] = &[
    Role::Manager,
    Role::Trainer,
    Role::Marketer,
    Role::Compliance,
    Role::Admin,
];
const ASSIGNERS: &[Role] = &[Role::Manager, Role::Compliance, Role::Admin];
const CODE_MAKERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::Manager,
    Role::Marketer,
    Role::Admin,
];
const CONSENT_STAFF: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::Manager,
    Role::Compliance,
    Role::Admin,
];
const SHARERS: &[Role] = &[Role::Rep, Role::OtcRep, Role::Manager];
const REVEALERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::TradeRep,
    Role::Compliance,
    Role::Admin,
];
const STEWARDS: &[Role] = &[Role::Compliance, Role::Admin];
const IMPORTERS: &[Role] = &[Role::Trainer, Role::Compliance, Role::Admin];
const RESULT_READERS: &[Role] = &[Role::Manager, Role::Trainer, Role::Compliance, Role::Admin];
const TRAINERS: &[Role] = &[Role::Trainer, Role::Admin];
const WRITERS: &[Role] = &[Role::Marketer];
const REVIEWERS: &[Role] = &[Role::Compliance];
const MANAGERS: &[Role] = &[Role::Manager];
/// Who plans and records visits.
const RECORDERS: &[Role] = &[Role::Rep, Role::OtcRep, Role::TradeRep, Role::Manager];
const SENDERS: &[Role] = &[
    Role::Manager,
    Role::Trainer,
    Role::Marketer,
    Role::Compliance,
    Role::Admin,
];
const TERMINALS: &[Role] = &[Role::Manager, Role::Marketer, Role::Compliance, Role::Admin];

/// Who reads sums of flow: not medical reps.
const FLOW_READERS: &[Role] = &[
    Role::OtcRep,
    Role::TradeRep,
    Role::Manager,
    Role::Marketer,
    Role::Compliance,
    Role::Admin,
];
const APPEAL_READERS: &[Role] = &[
    Role::Rep,
    Role::OtcRep,
    Role::TradeRep,
    Role::Manager,
    Role::Compliance,
    Role::Admin,
];

/// Method, path, arguments that reach the guard, and the roles that may.
type Row = (&'static str, &'static str, &'static str, &'static [Role]);

pub(crate) const FUNCTIONS: &[Row] = &[
    ("GET", "/api/account/get", "", ALL),
    ("POST", "/api/account/password", "", ALL),
    ("POST", "/api/account/phone", "", ALL),
    ("POST", "/api/account/phone_codes", "", ALL),
    ("POST", "/api/account/preferences", "", ALL),
    ("POST", "/api/account/revoke", "id=x", ALL),
    ("POST", "/api/articles/advance", "id=x&step=submit", WRITERS),
    ("GET", "/api/articles/get", "id=x", ALL),
    ("GET", "/api/articles/list", "", ALL),
    ("POST", "/api/articles/revise", "id=x", WRITERS),
    ("POST", "/api/articles/save", "", WRITERS),
    ("GET", "/api/articles/tags", "", ALL),
    ("GET", "/api/audit/list", "", STEWARDS),
    ("GET", "/api/hcps/code", "id=x", SHARERS),
    ("POST", "/api/hcps/decide", "id=x", STEWARDS),
    ("GET", "/api/hcps/get", "id=x", HCP_READERS),
    ("POST", "/api/hcps/invite", "id=x", SHARERS),
    ("GET", "/api/hcps/list", "", HCP_READERS),
    ("GET", "/api/hcps/pending", "", STEWARDS),
    ("GET", "/api/hcps/refused", "", STEWARDS),
    ("POST", "/api/hcps/reveal_phone", "id=x", REVEALERS),
    ("POST", "/api/hcps/revoke_invitation", "id=x", SHARERS),
    ("GET", "/api/hcps/choices", "", HCP_READERS),
    ("GET", "/api/hcps/selection", "", HCP_READERS),
    ("POST", "/api/hcps/pick", "", HCP_READERS),
    ("POST", "/api/hcps/pick_all", "", HCP_READERS),
    ("POST", "/api/hcps/unpick_all", "", HCP_READERS),
    ("POST", "/api/hcps/tag_selection", "", HCP_WRITERS),
    ("POST", "/api/hcps/invite_selection", "", SHARERS),
    ("POST", "/api/hcps/add_note", "id=x", HCP_WRITERS),
    ("GET", "/api/hcps/changes", "id=x", HCP_READERS),
    ("POST", "/api/hcps/delete_note", "id=x", HCP_WRITERS),
    ("POST", "/api/hcps/enter", "", HCP_WRITERS),
    ("GET", "/api/hcps/entry_check", "", HCP_WRITERS),
    ("GET", "/api/hcps/notes", "id=x", HCP_READERS),
    ("GET", "/api/hcps/portrait", "id=x", HCP_READERS),
    ("GET", "/api/hcps/record", "id=x", HCP_WRITERS),
    ("GET", "/api/hcps/suggest_hospitals", "", HCP_WRITERS),
    ("GET", "/api/hcps/timeline", "id=x", HCP_READERS),
    ("GET", "/api/ownership/transfer_form", "", ASSIGNERS),
    ("POST", "/api/ownership/transfer", "", ASSIGNERS),
    ("POST", "/api/ownership/undo_transfer", "id=x", ASSIGNERS),
    ("GET", "/api/ownership/transfers", "", ASSIGNERS),
    ("GET", "/api/ownership/get_transfer", "id=x", ASSIGNERS),
    ("GET", "/api/ownership/left_behind", "", ASSIGNERS),
    ("GET", "/api/ownership/card", "id=x", HCP_READERS),
    ("POST", "/api/ownership/share", "id=x", HCP_WRITERS),
    ("POST", "/api/ownership/end_access", "id=x", HCP_WRITERS),
    ("POST", "/api/ownership/ask", "token=x", HCP_WRITERS),
    ("GET", "/api/ownership/requests", "", HCP_WRITERS),
    ("POST", "/api/ownership/decide", "id=x", HCP_WRITERS),
    ("POST", "/api/ownership/follow", "id=x", HCP_WRITERS),
    ("GET", "/api/ownership/groups", "", HCP_WRITERS),
    ("POST", "/api/ownership/create_group", "", HCP_WRITERS),
    ("POST", "/api/ownership/rename_group", "id=x", HCP_WRITERS),
    ("POST", "/api/ownership/delete_group", "id=x", HCP_WRITERS),
    ("POST", "/api/ownership/group_selection", "", HCP_WRITERS),
    ("POST", "/api/ownership/set_groups", "id=x", HCP_WRITERS),
    ("GET", "/api/terminals/get", "id=x", TERMINALS),
    ("POST", "/api/terminals/save", "", ADMIN),
    ("POST", "/api/duplicates/decide", "id=x", STEWARDS),
    ("GET", "/api/duplicates/get", "id=x", STEWARDS),
    ("GET", "/api/duplicates/list", "", STEWARDS),
    ("POST", "/api/duplicates/merge", "id=x", STEWARDS),
    ("GET", "/api/duplicates/of", "id=x", STEWARDS),
    ("POST", "/api/duplicates/search", "", STEWARDS),
    ("GET", "/api/merges/list", "", STEWARDS),
    ("POST", "/api/merges/undo", "id=x", STEWARDS),
    ("GET", "/api/codes/get", "id=x", CODE_MAKERS),
    ("GET", "/api/codes/hospitals", "", CODE_MAKERS),
    ("GET", "/api/codes/list", "", CODE_MAKERS),
    ("POST", "/api/codes/make", "", CODE_MAKERS),
    ("POST", "/api/codes/change", "id=x", CODE_MAKERS),
    ("GET", "/api/consents/of", "id=x", HCP_READERS),
    ("POST", "/api/consents/withdraw", "id=x", CONSENT_STAFF),
    ("GET", "/api/consents/texts", "", STEWARDS),
    ("POST", "/api/consents/publish", "", STEWARDS),
    ("GET", "/api/coverage/list", "", HCP_READERS),
    ("GET", "/api/hcps/sheet", "", SHARERS),
    ("GET", "/api/exams/mine", "", &Role::ALL),
    ("GET", "/api/exams/list", "", RESULT_READERS),
    ("GET", "/api/exams/get", "id=x", RESULT_READERS),
    ("GET", "/api/exams/results", "id=x", RESULT_READERS),
    ("GET", "/api/exams/choices", "", TRAINERS),
    ("GET", "/api/exams/pool_choices", "", TRAINERS),
    ("GET", "/api/exams/drafts", "", TRAINERS),
    ("GET", "/api/exams/accuracy", "id=x", TRAINERS),
    ("GET", "/api/exams/marking", "", TRAINERS),
    ("POST", "/api/exams/save", "", TRAINERS),
    ("POST", "/api/exams/add_pool", "id=x", TRAINERS),
    (
        "POST",
        "/api/exams/add_question",
        "id=x&question=x&points=1",
        TRAINERS,
    ),
    ("POST", "/api/exams/change_part", "part=x", TRAINERS),
    ("POST", "/api/exams/advance", "id=x&step=publish", TRAINERS),
    (
        "POST",
        "/api/exams/mark",
        "attempt=x&position=0&points=1",
        TRAINERS,
    ),
    ("GET", "/api/checkins/sheet", "", HCP_WRITERS),
    ("GET", "/api/courses/list", "", RESULT_READERS),
    ("GET", "/api/courses/get", "id=x", RESULT_READERS),
    ("GET", "/api/courses/choices", "", TRAINERS),
    ("GET", "/api/courses/lesson", "id=x&lesson=x", TRAINERS),
    ("POST", "/api/courses/save", "", TRAINERS),
    (
        "POST",
        "/api/courses/advance",
        "id=x&step=archive",
        TRAINERS,
    ),
    ("POST", "/api/courses/publish", "id=x", TRAINERS),
    ("POST", "/api/courses/review", "id=x", REVIEWERS),
    ("POST", "/api/courses/save_chapter", "id=x", TRAINERS),
    ("POST", "/api/courses/add_lesson", "id=x", TRAINERS),
    (
        "POST",
        "/api/courses/save_lesson",
        "id=x&lesson=x",
        TRAINERS,
    ),
    ("POST", "/api/courses/move_item", "id=x&item=x", TRAINERS),
    (
        "POST",
        "/api/courses/place_item",
        "id=x&item=x&target=x",
        TRAINERS,
    ),
    ("POST", "/api/courses/remove_item", "id=x&item=x", TRAINERS),
    (
        "POST",
        "/api/courses/add_stop",
        "id=x&lesson=x&question=x",
        TRAINERS,
    ),
    (
        "POST",
        "/api/courses/remove_stop",
        "id=x&lesson=x&stop=x",
        TRAINERS,
    ),
    (
        "POST",
        "/api/courses/remove_captions",
        "id=x&lesson=x",
        TRAINERS,
    ),
    (
        "POST",
        "/api/courses/share_lesson",
        "id=x&lesson=x",
        TRAINERS,
    ),
    ("GET", "/api/courses/comments", "", ALL),
    ("POST", "/api/courses/answer", "comment=x", ALL),
    ("POST", "/api/courses/settle_comment", "comment=x", ALL),
    ("GET", "/api/learning/mine", "", ALL),
    ("GET", "/api/learning/coverage", "id=x", RESULT_READERS),
    ("POST", "/api/learning/remind", "id=x", RESULT_READERS),
    ("GET", "/api/learning/record", "", ALL),
    ("GET", "/api/inbox/list", "", ALL),
    ("POST", "/api/inbox/read", "", ALL),
    ("GET", "/api/questions/list", "", TRAINERS),
    ("GET", "/api/questions/get", "id=x", TRAINERS),
    ("GET", "/api/questions/categories", "", TRAINERS),
    ("POST", "/api/questions/save", "", TRAINERS),
    ("POST", "/api/questions/archive", "id=x", TRAINERS),
    (
        "POST",
        "/api/questions/remove_image",
        "id=x&image=x",
        TRAINERS,
    ),
    ("POST", "/api/import/apply", "id=x", IMPORTERS),
    ("POST", "/api/import/cancel", "id=x", IMPORTERS),
    ("POST", "/api/import/check", "id=x&mode=fill", IMPORTERS),
    ("GET", "/api/import/get", "id=x", IMPORTERS),
    ("GET", "/api/import/list", "", IMPORTERS),
    ("GET", "/api/import/progress", "id=x", IMPORTERS),
    ("POST", "/api/people/leave", "id=x", ADMIN),
    ("GET", "/api/people/get", "id=x", ADMIN),
    ("GET", "/api/people/list", "", ADMIN),
    ("POST", "/api/people/save", "", ADMIN),
    ("GET", "/api/settings/index", "", ADMIN),
    ("GET", "/api/settings/field", "", ADMIN),
    ("POST", "/api/settings/save_field", "", ADMIN),
    ("POST", "/api/settings/save_index", "", ADMIN),
    ("POST", "/api/shares/make", "id=x", SHARERS),
    ("GET", "/api/shares/page", "id=x", SHARERS),
    ("GET", "/api/shares/report", "", SHARE_READERS),
    ("POST", "/api/shares/revoke", "token=x", SHARERS),
    ("GET", "/api/shares/tree", "id=x", SHARE_READERS),
    ("GET", "/api/sms/list", "", ADMIN),
    ("POST", "/api/terminals/assign", "terminal_id=x", ADMIN),
    ("GET", "/api/terminals/plan_move", "", ADMIN),
    ("POST", "/api/terminals/move", "", ADMIN),
    ("GET", "/api/terminals/list", "", TERMINALS),
    ("GET", "/api/units/list", "", ADMIN),
    ("POST", "/api/units/save", "", ADMIN),
    ("GET", "/api/workbench/desk", "", ALL),
    ("POST", "/api/workbench/arrange", "", ALL),
    ("GET", "/api/workbench/month", "", ALL),
    ("GET", "/api/visits/list", "", HCP_WRITERS),
    ("GET", "/api/visits/get", "id=x", HCP_WRITERS),
    ("GET", "/api/visits/compare", "", HCP_WRITERS),
    ("POST", "/api/visits/review", "id=x&stars=3", MANAGERS),
    ("POST", "/api/visits/supplement", "id=x", RECORDERS),
    ("GET", "/api/plans/calendar", "", ALL),
    ("GET", "/api/plans/choices", "", RECORDERS),
    ("POST", "/api/plans/add", "", RECORDERS),
    ("POST", "/api/plans/cancel", "id=x", RECORDERS),
    ("POST", "/api/plans/move", "id=x", RECORDERS),
    ("GET", "/api/tasks/list", "", ALL),
    ("POST", "/api/tasks/save", "", ALL),
    ("POST", "/api/tasks/finish", "id=x", ALL),
    ("POST", "/api/tasks/delete", "id=x", ALL),
    ("GET", "/api/memos/list", "", ALL),
    ("GET", "/api/memos/get", "id=x", ALL),
    ("GET", "/api/memos/units", "", SENDERS),
    ("POST", "/api/memos/send", "", SENDERS),
    ("POST", "/api/memos/read", "id=x", ALL),
    ("POST", "/api/memos/reply", "id=x", ALL),
    ("GET", "/api/adverse_events/list", "", ALL),
    ("GET", "/api/adverse_events/get", "id=x", ALL),
    ("POST", "/api/adverse_events/report", "", ALL),
    (
        "POST",
        "/api/adverse_events/step",
        "id=x&kind=note&note=x",
        REVIEWERS,
    ),
    ("GET", "/api/complaints/mine", "", ALL),
    ("POST", "/api/complaints/send", "", ALL),
    ("GET", "/api/complaints/queue", "", ADMIN),
    ("POST", "/api/complaints/answer", "id=x", ADMIN),
    ("GET", "/api/products/list", "", ALL),
    ("GET", "/api/products/get", "id=x", ALL),
    ("POST", "/api/products/save", "", ADMIN),
    ("POST", "/api/products/discontinue", "id=x", ADMIN),
    ("POST", "/api/products/set_price", "id=x", ADMIN),
    ("POST", "/api/products/add_label", "id=x", ADMIN),
    ("POST", "/api/products/link_article", "id=x", ADMIN),
    ("GET", "/api/flow/confirm_list", "", RECORDERS),
    ("GET", "/api/flow/terminal", "id=x", APPEAL_READERS),
    ("POST", "/api/flow/confirm", "id=x", RECORDERS),
    ("GET", "/api/flow/periods", "", FLOW_READERS),
    ("POST", "/api/flow/advance_period", "month=x", ADMIN),
    ("GET", "/api/flow/matching", "", ADMIN),
    ("POST", "/api/flow/match", "printed=x", ADMIN),
    ("POST", "/api/flow/unmatch", "id=x", ADMIN),
    ("POST", "/api/flow/columns", "id=x", ADMIN),
    ("GET", "/api/flow/files", "", ADMIN),
    ("GET", "/api/flow/conflicts", "", ADMIN),
    ("POST", "/api/flow/settle", "id=x", ADMIN),
    ("GET", "/api/flow/appeals", "", APPEAL_READERS),
    ("GET", "/api/flow/appeal", "id=x", APPEAL_READERS),
    ("GET", "/api/flow/appeal_choices", "", RECORDERS),
    ("POST", "/api/flow/raise_appeal", "", RECORDERS),
    (
        "POST",
        "/api/flow/step_appeal",
        "id=x&act=comment",
        APPEAL_READERS,
    ),
    (
        "POST",
        "/api/flow/decide_appeal",
        "id=x&verdict=accept",
        ADMIN,
    ),
    ("GET", "/api/insight/board", "", INSIGHT),
    ("GET", "/api/insight/rows", "measure=people", INSIGHT),
    ("GET", "/api/insight/report", "", INSIGHT),
    ("GET", "/api/insight/measures", "", INSIGHT),
    ("GET", "/api/flow/report", "", FLOW_READERS),
];

/// Steps of the review have permissions of their own.
const STEPS: &[(&str, &[Role])] = &[
    ("submit", WRITERS),
    ("publish", WRITERS),
    ("approve", REVIEWERS),
    ("send_back", REVIEWERS),
    ("withdraw", REVIEWERS),
];

/// Plain routes for staff. The others (`/s`, `/i`, `/t`, `/a`, `/library`, `/files`, `/onboard`, `/join`, `/me`, `/sign-in`,
/// `/sign-out`, `/sw.js`) are for everybody and decide by what the visitor is; their own tests cover that, and so does that
/// of `/live`, which does not end.
const STAFF_ROUTES: &[Row] = &[
    ("POST", "/import/upload", "", IMPORTERS),
    ("GET", "/import/template/hcps.xlsx", "", STEWARDS),
    ("GET", "/import/x/failed.xlsx", "", IMPORTERS),
    ("POST", "/articles/x/images", "", WRITERS),
    ("GET", "/shares/export.xlsx", "", SHARE_READERS),
    ("GET", "/import/template/questions.xlsx", "", TRAINERS),
    ("GET", "/questions/export?format=gift", "", TRAINERS),
    ("GET", "/exams/x/results.xlsx", "", RESULT_READERS),
    ("POST", "/questions/x/images", "", TRAINERS),
    ("GET", "/checkin", "", HCP_WRITERS),
    ("POST", "/checkin/consent", "", HCP_WRITERS),
    ("GET", "/checkins/x/photo", "", HCP_WRITERS),
    ("GET", "/visits/new", "", RECORDERS),
    ("POST", "/visits", "", RECORDERS),
    ("GET", "/visits/people?terminal=x", "", RECORDERS),
    ("GET", "/visits/materials/x", "", RECORDERS),
    ("GET", "/visits/x/voice", "", HCP_WRITERS),
    ("GET", "/checkin/near?lat=1&long=1", "", HCP_WRITERS),
    ("GET", "/checkins/sheet.xlsx?month=2026-11", "", HCP_WRITERS),
    ("POST", "/courses/x/cover", "", TRAINERS),
    ("GET", "/courses/x/cover", "", RESULT_READERS),
    ("POST", "/courses/x/lessons/x/media", "", TRAINERS),
    ("POST", "/courses/x/lessons/x/captions", "", TRAINERS),
    ("GET", "/media/uploads/x", "", TRAINERS),
    ("POST", "/media/uploads/x?at=0", "", TRAINERS),
    ("GET", "/courses/x/coverage.xlsx", "", RESULT_READERS),
    ("GET", "/record.xlsx", "", ALL),
    ("GET", "/learn/x", "", ALL),
    ("GET", "/learn/x/x", "", ALL),
    ("GET", "/learn/x/x/media", "", ALL),
    ("POST", "/learn/x/x/begin", "", ALL),
    ("GET", "/review", "", ALL),
    ("POST", "/exams/x/start", "", ALL),
    ("GET", "/attempts/x", "", ALL),
    ("GET", "/questions/images/x", "", ALL),
    ("GET", "/coverage.xlsx", "", HCP_READERS),
    ("GET", "/insight/rows.xlsx", "measure=people", INSIGHT),
    ("GET", "/insight/report.xlsx", "", INSIGHT),
    ("GET", "/flow/report.xlsx", "", FLOW_READERS),
    ("GET", "/flow/files/x/original", "", ADMIN),
    ("GET", "/flow/files/x/refused.xlsx", "", ADMIN),
    ("POST", "/flow/appeals/x/evidence", "", APPEAL_READERS),
    ("GET", "/flow/appeals/steps/x/photo", "", APPEAL_READERS),
    ("GET", "/hcps/export.xlsx", "", HCP_READERS),
    ("GET", "/hcps/export.xlsx?full=true", "", STEWARDS),
];

on_both!(every_function_as_every_role, |app| {
    let registered: BTreeSet<(String, String)> = server_fn::axum::server_fn_paths()
        .map(|(path, method)| (method.to_string(), path.to_owned()))
        .collect();
    let named: BTreeSet<(String, String)> = FUNCTIONS
        .iter()
        .map(|(method, path, _, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(
        registered, named,
        "each registered server function has one row in the table"
    );

    let rows = FUNCTIONS
        .iter()
        .copied()
        .chain(STEPS.iter().map(|(step, roles)| -> Row {
            let arguments: &'static str = Box::leak(format!("id=x&step={step}").into_boxed_str());
            ("POST", "/api/articles/advance", arguments, roles)
        }));
    let rows: Vec<Row> = rows.collect();
    for (method, path, arguments, _) in &rows {
        let answer = call(&app, method, path, arguments, "").await;
        assert_eq!(answer, StatusCode::UNAUTHORIZED, "{path} as nobody");
        let answer = call(&app, method, path, arguments, "sid=forged").await;
        assert_eq!(
            answer,
            StatusCode::UNAUTHORIZED,
            "{path} with a forged session"
        );
    }
    for role in Role::ALL {
        let cookie = app.cookie(role).await;
        for (method, path, arguments, roles) in &rows {
            let answer = call(&app, method, path, arguments, &cookie).await;
            assert_ne!(answer, StatusCode::UNAUTHORIZED, "{path} as {role:?}");
            assert!(answer.as_u16() < 500, "{path} as {role:?}: {answer}");
            assert_eq!(
                answer != StatusCode::FORBIDDEN,
                roles.contains(&role),
                "{path} {arguments} as {role:?}: {answer}"
            );
        }
    }
});

async fn call(
    app: &crate::support::TestApp,
    method: &str,
    path: &str,
    arguments: &str,
    cookie: &str,
) -> StatusCode {
    if method == "GET" {
        return app.get(&format!("{path}?{arguments}"), cookie).await.status;
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_str(arguments).expect("arguments");
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    app.post(path, cookie, &form).await.status
}

on_both!(plain_routes_for_staff, |app| {
    for (method, path, _, roles) in STAFF_ROUTES {
        for role in [None].into_iter().chain(Role::ALL.map(Some)) {
            let cookie = match role {
                Some(role) => app.cookie(role).await,
                None => String::new(),
            };
            let mut request = axum::http::Request::builder()
                .method(Method::from_bytes(method.as_bytes()).expect("a method"))
                .uri(*path)
                .header("host", "localhost")
                .header("sec-fetch-site", "same-origin")
                .header("cookie", cookie);
            if *method == "POST" {
                request = request.header("content-type", "multipart/form-data; boundary=x");
            }
            let answer = app
                .send(
                    request
                        .body(axum::body::Body::from("--x--\r\n"))
                        .expect("a request"),
                )
                .await;
            match role {
                // Some lead to the sign-in page instead.
                None => assert!(
                    answer.status == StatusCode::UNAUTHORIZED
                        || answer.location().starts_with("/sign-in?next="),
                    "{path}"
                ),
                Some(role) => assert_eq!(
                    answer.status != StatusCode::FORBIDDEN,
                    roles.contains(&role),
                    "{path} as {role:?}"
                ),
            }
        }
    }
});

on_both!(pages_of_staff_need_a_session, |app| {
    for path in [
        "/",
        "/hcps",
        "/articles",
        "/shares",
        "/people",
        "/audit",
        "/account",
        "/no-such-page",
    ] {
        let answer = app.get(path, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/sign-in?next="), "{path}");
    }
    let rep = app.cookie(Role::Rep).await;
    assert_eq!(app.get("/people", &rep).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        app.get("/no-such-page", &rep).await.status,
        StatusCode::NOT_FOUND
    );
});

on_both!(other_sites_are_refused, |app| {
    let cookie = app.cookie(Role::Rep).await;
    let request = axum::http::Request::builder()
        .method("POST")
        .uri("/api/account/preferences")
        .header("cookie", cookie)
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("locale=en"))
        .expect("a request");
    assert_eq!(app.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM staff WHERE locale = 'en'")
            .await,
        0
    );
});
