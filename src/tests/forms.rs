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

on_both!(an_ended_session_leads_to_sign_in, |app| {
    let answer = app
        .submit(
            "/api/account/preferences",
            "/account",
            "sid=gone",
            &[("locale", "en")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with("/sign-in"));
});
