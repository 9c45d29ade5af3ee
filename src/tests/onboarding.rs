//! Personal codes, self-registration, consent.

use axum::http::StatusCode;
use mailuo::hcp::{onboarding, store};
use mailuo::server::db::q;
use mailuo::shared::Role;

use crate::support::TestApp;

const PHONE: &str = "13911112222";

async fn invited(app: &TestApp) -> (String, String) {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    store::invite(&app.state, &rep, &hcp)
        .await
        .expect("is invited");
    let (_, token, _) = store::open_invitation(&app.state.db, &rep, &hcp)
        .await
        .expect("answers")
        .expect("stands");
    (hcp, token)
}

on_both!(a_personal_code_from_scan_to_onboarded, |app| {
    let (hcp, token) = invited(&app).await;
    let path = format!("/i/{token}");
    let page = app.get(&path, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("139****2222") && !page.text().contains(PHONE));
    assert!(!page.text().contains("checked"), "no box is ticked before");

    // Without the profile consent nothing is sent.
    let refused = app
        .post(&path, "", &[("step", "send"), ("push", "true")])
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!app.dir.join("sms.jsonl").exists());

    app.post(&path, "", &[("step", "send"), ("profile", "true")])
        .await;
    let code = app.code_for(PHONE);
    let wrong = app
        .post(
            &path,
            "",
            &[("step", "confirm"), ("profile", "true"), ("code", "000000")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = app
        .post(
            &path,
            "",
            &[
                ("step", "confirm"),
                ("profile", "true"),
                ("tracking", "true"),
                ("code", &code),
            ],
        )
        .await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.cookie("hid").is_some());
    let (state,): (String,) = q("SELECT state FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(state, "onboarded");
    assert!(
        onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    let declined = app
        .count("SELECT COUNT(*) FROM consent WHERE purpose = 'push' AND NOT granted")
        .await;
    assert_eq!(declined, 1);

    let again = app.get(&path, "").await;
    assert_eq!(again.status, StatusCode::GONE);
});

on_both!(a_hundred_scans_at_once_bind_once, |app| {
    let (hcp, token) = invited(&app).await;
    let path = format!("/i/{token}");
    app.post(&path, "", &[("step", "send"), ("profile", "true")])
        .await;
    let code = app.code_for(PHONE);
    let app = std::sync::Arc::new(app);
    let scans: Vec<_> = (0..100)
        .map(|_| {
            let (app, path, code) = (app.clone(), path.clone(), code.clone());
            tokio::spawn(async move {
                app.post(
                    &path,
                    "",
                    &[("step", "confirm"), ("profile", "true"), ("code", &code)],
                )
                .await
            })
        })
        .collect();
    let mut bound = 0;
    for scan in scans {
        let answer = scan.await.expect("ends");
        assert!(answer.status.as_u16() < 500, "{}", answer.text());
        bound += i32::from(answer.cookie("hid").is_some());
    }
    assert_eq!(bound, 1);
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM hcp_device WHERE hcp_id = '{hcp}'"
        ))
        .await,
        1
    );
});

on_both!(each_bad_code_has_its_page, |app| {
    let (hcp, token) = invited(&app).await;
    let rep = app.actor(Role::Rep).await;
    assert_eq!(
        app.get("/i/nonsense", "").await.status,
        StatusCode::NOT_FOUND
    );
    q("UPDATE invitation SET expires_at = 1")
        .exec(&app.state.db)
        .await
        .expect("expires");
    let expired = app.get(&format!("/i/{token}"), "").await;
    assert_eq!(expired.status, StatusCode::GONE);
    q("UPDATE invitation SET created_at = 1, expires_at = 99999999999999")
        .exec(&app.state.db)
        .await
        .expect("is extended");
    store::invite(&app.state, &rep, &hcp)
        .await
        .expect("a new code");
    let revoked = app.get(&format!("/i/{token}"), "").await;
    assert_eq!(revoked.status, StatusCode::GONE);
    assert_ne!(revoked.text(), expired.text());
});

on_both!(codes_are_few_and_short_lived, |app| {
    let (_, token) = invited(&app).await;
    let path = format!("/i/{token}");
    app.post(&path, "", &[("step", "send"), ("profile", "true")])
        .await;
    // A second one within the minute is refused.
    let hasty = app
        .post(&path, "", &[("step", "send"), ("profile", "true")])
        .await;
    assert_eq!(hasty.status, StatusCode::TOO_MANY_REQUESTS);
    let code = app.code_for(PHONE);
    let wrong = if code == "111111" { "222222" } else { "111111" };
    for _ in 0..5 {
        app.post(
            &path,
            "",
            &[("step", "confirm"), ("profile", "true"), ("code", wrong)],
        )
        .await;
    }
    let late = app
        .post(
            &path,
            "",
            &[("step", "confirm"), ("profile", "true"), ("code", &code)],
        )
        .await;
    assert_eq!(
        late.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "five tries are all"
    );
});

on_both!(self_registration_with_a_known_phone_binds, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    app.post("/onboard", "", &[("step", "send"), ("phone", PHONE)])
        .await;
    let code = app.code_for(PHONE);
    let page = app
        .post(
            "/onboard",
            "",
            &[("step", "confirm"), ("phone", PHONE), ("code", &code)],
        )
        .await;
    let verified = hidden(&page.text(), "verified");
    let done = app
        .post(
            "/onboard",
            "",
            &[
                ("step", "complete"),
                ("verified", &verified),
                ("profile", "true"),
            ],
        )
        .await;
    assert!(done.cookie("hid").is_some());
    assert!(
        onboarding::is_onboarded(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
});

on_both!(self_registration_of_a_stranger_waits_for_a_steward, |app| {
    app.hospitals().await;
    let rep = app.actor(Role::Rep).await;
    let known = app.hcp("赵一凡", "13900009999", Some(&rep.id)).await;
    app.post("/onboard", "", &[("step", "send"), ("phone", PHONE)])
        .await;
    let code = app.code_for(PHONE);
    let page = app
        .post(
            "/onboard",
            "",
            &[("step", "confirm"), ("phone", PHONE), ("code", &code)],
        )
        .await;
    let verified = hidden(&page.text(), "verified");
    let form = [
        ("step", "complete"),
        ("verified", verified.as_str()),
        ("profile", "true"),
        ("name", "赵一凡"),
        ("hospital", "北京大学国际医院"),
        ("department", "心血管内科"),
    ];
    let choose = app.post("/onboard", "", &form).await;
    assert!(choose.text().contains("北京大学国际医院"));
    let mut form = form.to_vec();
    form.push(("terminal_id", "none"));
    let done = app.post("/onboard", "", &form).await;
    let cookie = format!("hid={}", done.cookie("hid").expect("the browser is bound"));
    let (pending,): (String,) = q("SELECT id FROM hcp WHERE state = 'pending'")
        .one(&app.state.db)
        .await
        .expect("waits");

    // Professional content stays closed until a steward has looked.
    let article = app.article("专业", "professional", "2099-01-01").await;
    assert_eq!(
        app.get(&format!("/a/{article}"), &cookie).await.status,
        StatusCode::FORBIDDEN
    );
    let steward = app.cookie(Role::Compliance).await;
    let merged = app
        .post(
            "/api/hcps/decide",
            &steward,
            &[("id", &pending), ("decision", &known)],
        )
        .await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text());
    assert!(
        onboarding::is_onboarded(&app.state.db, &known)
            .await
            .expect("answers")
    );
    assert_eq!(
        app.get(&format!("/a/{article}"), &cookie).await.status,
        StatusCode::SEE_OTHER
    );
    let twice = app
        .post(
            "/api/hcps/decide",
            &steward,
            &[("id", &pending), ("decision", "approve")],
        )
        .await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
});

on_both!(withdrawal_stops_tracking_at_once, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let cookie = app.bound(&hcp, true).await;
    assert!(
        onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    app.post(
        "/me/consent",
        &cookie,
        &[("purpose", "tracking"), ("grant", "false")],
    )
    .await;
    assert!(
        !onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    app.post(
        "/me/consent",
        &cookie,
        &[("purpose", "tracking"), ("grant", "true")],
    )
    .await;
    assert!(
        onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    app.post(
        "/me/consent",
        &cookie,
        &[("purpose", "profile"), ("grant", "false")],
    )
    .await;
    assert!(
        !onboarding::is_onboarded(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    assert_eq!(
        app.get("/me", &cookie).await.status,
        StatusCode::SEE_OTHER,
        "the browser is unbound"
    );
});

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let at = html
        .find(&format!("name=\"{name}\""))
        .expect("the field is there");
    let tag = &html[html[..at].rfind('<').expect("a tag")..];
    let tag = &tag[..tag.find('>').expect("its end")];
    let value = tag.split("value=\"").nth(1).expect("a value");
    value[..value.find('"').expect("its end")].to_owned()
}
