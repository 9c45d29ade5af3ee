//! Consents: versions of the texts, withdrawal by the HCP and by staff, and what it stops.

use axum::http::StatusCode;
use mailuo::onboarding::consent::{self, By, NewText};
use mailuo::onboarding::store as onboarding;
use mailuo::server::db::q;
use mailuo::shared::{AppError, Role};

use crate::registration::{hidden, press, verified};
use crate::support::TestApp;

const PHONE: &str = "13911112222";

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

on_both!(who_withdraws_the_registration_is_let_go, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let cookie = app.bound(&hcp, true).await;
    let goodbye = app
        .post(
            "/me/consent",
            &cookie,
            &[("purpose", "profile"), ("grant", "false")],
        )
        .await;
    assert_eq!(goodbye.status, StatusCode::OK, "a page of its own says so");
    assert_eq!(goodbye.cookie("hid").as_deref(), Some(""));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM consent WHERE granted AND withdrawn_at IS NULL")
            .await,
        0,
        "nothing stands without the registration"
    );
    // Who withdrew is told from who was never invited, until they register again.
    let (staff, manager) = (app.cookie(Role::Rep).await, app.cookie(Role::Manager).await);
    let marked = format!("\"withdrew\":\"{}\"", app.state.zone.today());
    let get = format!("/api/hcps/get?id={hcp}");
    let moving = format!("/api/ownership/transfer_form?kind=selection&hcp={hcp}");
    let shown = [
        ("/api/hcps/list", &staff),
        (get.as_str(), &staff),
        (moving.as_str(), &manager),
    ];
    for (path, cookie) in shown {
        let text = app.get(path, cookie).await.text();
        assert!(text.contains(&marked), "{path}: {text}");
    }
    app.bound(&hcp, false).await;
    for (path, cookie) in shown {
        let text = app.get(path, cookie).await.text();
        assert!(!text.contains(&marked), "{path}: {text}");
    }
    assert!(
        !onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
});

fn text(purpose: &str, version: &str) -> NewText {
    NewText {
        sure: true,
        purpose: purpose.into(),
        version: version.into(),
        zh: format!("%{{company}}的新文本 {version}"),
        en: format!("New text of %{{company}} {version}"),
    }
}

async fn publish(app: &TestApp, key: &str, text: &NewText) -> Result<(), AppError> {
    let steward = app.actor(Role::Compliance).await;
    consent::publish(&app.state, &steward, key, text)
        .await
        .map(|_| ())
}

on_both!(a_new_version_is_asked_for_and_agreed_to_apart, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let cookie = app.bound(&hcp, true).await;
    publish(&app, "k1", &text("tracking", "2027-01"))
        .await
        .expect("is in force");
    // The same form twice is one version; the same version twice is refused.
    publish(&app, "k1", &text("tracking", "2027-01"))
        .await
        .expect("gets the first answer");
    for taken in ["2027-01", consent::TEXT_VERSION] {
        assert!(matches!(
            publish(&app, taken, &text("tracking", taken)).await,
            Err(AppError::Invalid(_))
        ));
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM consent_text").await, 1);
    let bare = NewText {
        zh: "没有公司".into(),
        ..text("push", "2027-01")
    };
    assert!(matches!(
        publish(&app, "k2", &bare).await,
        Err(AppError::Invalid(_))
    ));

    // What was agreed to stands until the HCP agrees to the new one.
    let page = app.get("/me", &cookie).await.text();
    assert!(page.contains(consent::TEXT_VERSION) && page.contains("2027-01"));
    let company = &app.state.config.server.company;
    assert!(page.contains(&format!("{company}的新文本")));
    let version = "SELECT COUNT(*) FROM consent WHERE purpose = 'tracking' AND text_version = '2027-01' \
                   AND granted AND withdrawn_at IS NULL AND channel = 'own_page' AND address <> ''";
    assert_eq!(app.count(version).await, 0);
    let agree = [("purpose", "tracking"), ("grant", "true")];
    app.post("/me/consent", &cookie, &agree).await;
    app.post("/me/consent", &cookie, &agree).await;
    assert_eq!(app.count(version).await, 1);
    assert!(
        onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM consent WHERE purpose = 'tracking' AND granted AND withdrawn_at IS NULL")
            .await,
        1,
        "one stands"
    );
});

on_both!(
    a_form_about_old_texts_is_not_taken_for_the_new_ones,
    |app| {
        let rep = app.actor(Role::Rep).await;
        app.hcp("王小明", PHONE, Some(&rep.id)).await;
        let (verified, page) = verified(&app, "/onboard", PHONE, "").await;
        let texts = hidden(&page, "texts");
        publish(&app, "k1", &text("profile", "2027-01"))
            .await
            .expect("is in force");
        let mut form = vec![
            ("verified", verified.as_str()),
            ("texts", texts.as_str()),
            ("profile", "true"),
        ];
        let refused = press(&app, "/onboard", "complete", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!refused.text().contains("checked"), "to be ticked anew");
        let texts = hidden(&refused.text(), "texts");
        form[1].1 = &texts;
        let done = press(&app, "/onboard", "complete", &form).await;
        assert!(done.cookie("hid").is_some());
        assert_eq!(
        app.count("SELECT COUNT(*) FROM consent WHERE purpose = 'profile' AND text_version = '2027-01'")
            .await,
        1
    );
    }
);

on_both!(staff_withdraw_on_request_with_a_note, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let cookie = app.bound(&hcp, true).await;
    let staff = app.cookie(Role::Rep).await;
    let form = |note: &'static str| {
        [
            ("id", hcp.clone()),
            ("purpose", "tracking".to_owned()),
            ("note", note.to_owned()),
        ]
    };
    let send = async |cookie: &str, note: &'static str| {
        let form = form(note);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        app.post("/api/consents/withdraw", cookie, &form)
            .await
            .status
    };
    assert_eq!(send(&staff, "").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(&staff, "嗯").await, StatusCode::UNPROCESSABLE_ENTITY);
    let foreign = app.cookie(Role::OtcRep).await;
    assert_eq!(send(&foreign, "今天来电要求").await, StatusCode::NOT_FOUND);
    assert_eq!(send(&staff, "今天来电要求").await, StatusCode::OK);
    assert_eq!(send(&staff, "今天来电要求").await, StatusCode::CONFLICT);
    assert!(
        !onboarding::may_track(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    let card = app
        .get(&format!("/api/consents/of?id={hcp}"), &staff)
        .await
        .text();
    assert!(
        card.contains("今天来电要求") && card.contains(&rep.name),
        "{card}"
    );
    assert_eq!(
        app.get(&format!("/api/consents/of?id={hcp}"), &foreign)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    // By name no more, but still onboarded.
    let identity = app.get("/me", &cookie).await;
    assert_eq!(identity.status, StatusCode::OK);
    // The registration itself: everything ends.
    let steward = app.actor(Role::Compliance).await;
    let by = By::Staff {
        actor: &steward,
        note: "书面要求",
    };
    assert_eq!(
        consent::withdraw(&app.state, &hcp, "profile", by).await,
        Ok(true)
    );
    assert_eq!(app.get("/me", &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE state = 'listed' AND onboarded_at IS NULL")
            .await,
        1
    );
});

on_both!(nothing_is_sent_to_who_has_not_agreed, |app| {
    let rep = app.actor(Role::Rep).await;
    let willing = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let other = app.hcp("李小红", "13911113333", Some(&rep.id)).await;
    app.bound(&willing, true).await;
    let cookie = app.bound(&other, true).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    let staff = app.cookie(Role::Rep).await;
    let share = async |key: &'static str| {
        let form = [
            ("form_key", key),
            ("id", article.as_str()),
            ("hcp_ids[]", willing.as_str()),
            ("hcp_ids[]", other.as_str()),
        ];
        app.post("/api/shares/make", &staff, &form).await
    };
    assert_eq!(share("k1").await.status, StatusCode::OK);
    let links = app.count("SELECT COUNT(*) FROM share_link").await;
    assert_eq!(links, 2);
    let withdraw = [("purpose", "push"), ("grant", "false")];
    app.post("/me/consent", &cookie, &withdraw).await;
    let refused = share("k2").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().contains("error.no_push"),
        "{}",
        refused.text()
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM share_link").await,
        links,
        "all or none"
    );
    // Who withdrew everything is listed again, and still must not be sent anything.
    let leave = [("purpose", "profile"), ("grant", "false")];
    app.post("/me/consent", &cookie, &leave).await;
    assert_eq!(share("k3").await.status, StatusCode::UNPROCESSABLE_ENTITY);
});

on_both!(
    a_withdrawn_name_is_gone_from_trees_and_later_reading,
    |app| {
        let rep = app.actor(Role::Rep).await;
        let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
        let cookie = app.bound(&hcp, true).await;
        let article = app.article("血压", "public", "2099-01-01").await;
        let staff = app.cookie(Role::Rep).await;
        let form = [("form_key", "k1"), ("id", article.as_str())];
        app.post("/api/shares/make", &staff, &form).await;
        let (root,): (String,) = q("SELECT token FROM share_link")
            .one(&app.state.db)
            .await
            .expect("a link");
        app.get(&format!("/s/{root}"), &cookie).await;
        let tree = format!("/api/shares/tree?id={article}");
        assert!(app.get(&tree, &staff).await.text().contains("王小明"));
        // Whose tree it is to be can be typed.
        let typed = format!("{tree}&rep={}", rep.name);
        assert!(app.get(&typed, &staff).await.text().contains("王小明"));
        let withdraw = [("purpose", "tracking"), ("grant", "false")];
        app.post("/me/consent", &cookie, &withdraw).await;
        assert!(!app.get(&tree, &staff).await.text().contains("王小明"));
        // What they open from now on belongs to an anonymous visitor.
        app.get(&format!("/s/{root}"), &cookie).await;
        assert_eq!(
            app.count("SELECT COUNT(*) FROM share_link WHERE sharer LIKE 'hcp:%'")
                .await,
            1
        );
        assert_eq!(
            app.count("SELECT COUNT(*) FROM share_link WHERE sharer LIKE 'vis:%'")
                .await,
            1
        );
    }
);
