//! Who may call what: one row for every server function and plain route. A new function without a row fails.

mod rows;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use mailuo::shared::Role;

pub(crate) use self::rows::FUNCTIONS;
use self::rows::{Row, STAFF_ROUTES, STEPS};

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
