//! Staff forms without JavaScript: messages beside the fields, what was typed kept, a redirect on success.

use axum::http::StatusCode;
use mailuo::shared::Role;

on_both!(a_failed_form_comes_back_with_what_was_typed, |app| {
    let cookie = app.cookie(Role::Admin).await;
    let form = [
        ("name", "周新人"),
        ("phone", "123"),
        ("role", "rep"),
        ("unit_id", app.units.district_a.as_str()),
    ];
    let answer = app
        .submit("/api/people/save", "/people/new", &cookie, &form)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text();
    assert!(
        html.contains("value=\"周新人\"") && html.contains("value=\"123\""),
        "what was typed is kept"
    );
    assert!(html.contains("role=\"alert\""));
    assert!(
        !html.contains(".wasm"),
        "the answer is not the page's own address, so it does not hydrate"
    );
    assert!(!answer.headers.contains_key("location"));
    assert!(html.contains("name=\"from_page\" value=\"/people/new\""));
    // Refused again: the browser's address is the server function's now, the form still knows its page.
    let again = [form.as_slice(), &[("from_page", "/people/new")]].concat();
    let answer = app
        .submit("/api/people/save", "/api/people/save", &cookie, &again)
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("value=\"周新人\""));
});

on_both!(a_form_that_is_right_goes_on_and_once_only, |app| {
    let cookie = app.cookie(Role::Admin).await;
    let form = [
        ("form_key", "k1"),
        ("name", "周新人"),
        ("phone", "13500000001"),
        ("role", "rep"),
        ("unit_id", app.units.district_a.as_str()),
    ];
    let first = app
        .submit("/api/people/save", "/people/new", &cookie, &form)
        .await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text());
    assert!(first.location().starts_with("/people/") && first.location().contains("done=notice."));
    let second = app
        .submit("/api/people/save", "/people/new", &cookie, &form)
        .await;
    assert_eq!(second.location(), first.location());
    assert_eq!(
        app.count("SELECT COUNT(*) FROM staff WHERE name = '周新人'")
            .await,
        1
    );
});

on_both!(preferences_set_their_cookies_without_javascript, |app| {
    let cookie = app.cookie(Role::Rep).await;
    let form = [("locale", "en"), ("theme", "dark")];
    let answer = app
        .submit("/api/account/preferences", "/account", &cookie, &form)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.cookie("locale").as_deref(), Some("en"));
    let page = app
        .get("/account", &format!("{cookie}; locale=en; theme=dark"))
        .await
        .text();
    assert!(page.contains("lang=\"en\"") && page.contains("data-theme=\"dark\""));
});

on_both!(an_ended_session_keeps_what_was_typed, |app| {
    let form = [("name", "周新人"), ("phone", "123"), ("role", "rep")];
    let answer = app
        .submit("/api/people/save", "/people/new", "sid=gone", &form)
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let html = answer.text();
    assert!(!html.contains("周新人"), "what was typed is sealed");
    let (_, rest) = html.split_once("name=\"kept\" value=\"").expect("is kept");
    let kept = rest.split('"').next().unwrap_or_default();

    // A wrong password loses nothing.
    app.with_password(Role::Admin, "correct horse").await;
    let phone = crate::support::phone(Role::Admin);
    let mut sign_in = [
        ("phone", phone.as_str()),
        ("password", "wrong"),
        ("kept", kept),
        ("next", "/people/new"),
    ];
    let answer = app.submit("/sign-in", "/people/new", "", &sign_in).await;
    assert!(answer.text().contains(kept));
    sign_in[1].1 = "correct horse";
    let answer = app.submit("/sign-in", "/people/new", "", &sign_in).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.cookie("sid").is_some());
    let html = answer.text();
    assert!(html.contains("value=\"周新人\"") && html.contains("value=\"123\""));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM staff WHERE name = '周新人'")
            .await,
        0,
        "nothing is carried out by signing in"
    );

    // What nobody sealed leads to the page asked for.
    sign_in[2].1 = "made-up";
    let answer = app.submit("/sign-in", "/people/new", "", &sign_in).await;
    assert_eq!(answer.location(), "/people/new");
});
