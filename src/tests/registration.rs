//! Registering oneself, and the steward's decisions.

use axum::http::StatusCode;
use mailuo::onboarding::store as onboarding;
use mailuo::server::db::q;
use mailuo::shared::Role;

use crate::duplicate::exec;
use crate::support::{Answer, TestApp};

const PHONE: &str = "13911112222";

on_both!(self_registration_with_a_known_phone_binds, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let (verified, page) = verified(&app, "/onboard", PHONE, "").await;
    assert!(page.contains("王**"), "who is on file is greeted masked");
    let form = [("verified", verified.as_str()), ("profile", "true")];
    let done = press(&app, "/onboard", "complete", &form).await;
    assert!(done.cookie("hid").is_some());
    assert!(
        onboarding::is_onboarded(&app.state.db, &hcp)
            .await
            .expect("answers")
    );
    // That day is a contact, and the change of state stands in the history.
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE last_contact_at IS NOT NULL")
            .await,
        1
    );
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM record_change WHERE field = 'state' AND source = 'registration'"
        )
        .await,
        1
    );
});

on_both!(another_browser_finds_what_was_agreed_before, |app| {
    let rep = app.actor(Role::Rep).await;
    app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let stands = "SELECT COUNT(*) FROM consent WHERE granted AND withdrawn_at IS NULL AND purpose = 'tracking'";
    let (first, page) = verified(&app, "/onboard", PHONE, "").await;
    assert!(!page.contains("checked"), "nobody was asked yet");
    let form = [
        ("verified", first.as_str()),
        ("profile", "true"),
        ("tracking", "true"),
    ];
    press(&app, "/onboard", "complete", &form).await;
    assert_eq!(app.count(stands).await, 1);
    // The code of a second browser must not come within the minute.
    exec(&app, "DELETE FROM otp").await;
    exec(&app, "DELETE FROM throttle").await;
    let (second, page) = verified(&app, "/onboard", PHONE, "").await;
    assert_eq!(page.matches("checked").count(), 2, "{page}");
    assert_eq!(hidden(&page, "before"), "profile tracking");
    let form = [
        ("verified", second.as_str()),
        ("profile", "true"),
        ("tracking", "true"),
    ];
    press(&app, "/onboard", "complete", &form).await;
    assert_eq!(app.count(stands).await, 1);
    // A box that is emptied takes it back.
    exec(&app, "DELETE FROM otp").await;
    exec(&app, "DELETE FROM throttle").await;
    let (third, _) = verified(&app, "/onboard", PHONE, "").await;
    let form = [("verified", third.as_str()), ("profile", "true")];
    press(&app, "/onboard", "complete", &form).await;
    assert_eq!(app.count(stands).await, 0);
});

on_both!(screens_follow_each_other_and_lose_nothing, |app| {
    app.hospitals().await;
    let (verified, page) = verified(&app, "/onboard", PHONE, "").await;
    assert!(page.contains("name=\"hospital\""), "the profile is next");
    let mut form = vec![
        ("verified", verified.as_str()),
        ("name", "赵一凡"),
        ("department", "心血管内科"),
    ];
    let bare = press(&app, "/onboard", "profile", &form).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text().contains("value=\"赵一凡\""));

    // Several hospitals fit: the person chooses. Typed anew, an earlier choice is void.
    form.push(("hospital", "北京大学"));
    let choose = press(&app, "/onboard", "profile", &form).await;
    assert!(choose.text().contains("type=\"radio\""));
    form.extend([("asked", "别的医院"), ("terminal_id", "none")]);
    let again = press(&app, "/onboard", "profile", &form).await;
    assert!(again.text().contains("type=\"radio\""));
    form.retain(|(name, _)| *name != "asked");
    form.push(("asked", "北京大学"));
    let consent = press(&app, "/onboard", "profile", &form).await;
    assert!(
        consent.text().contains("name=\"profile\""),
        "{}",
        consent.text()
    );
    assert!(
        !consent.text().contains("checked"),
        "no box is ticked before"
    );
    assert_eq!(hidden(&consent.text(), "name"), "赵一凡");

    let refused = press(&app, "/onboard", "consent", &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    form.push(("profile", "true"));
    let look = press(&app, "/onboard", "consent", &form).await;
    assert_eq!(look.status, StatusCode::OK);
    assert!(look.text().contains("139****2222") && !look.text().contains(PHONE));
    assert_eq!(hidden(&look.text(), "hospital"), "北京大学");
    assert_eq!(hidden(&look.text(), "profile"), "true");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp").await,
        0,
        "nothing is entered yet"
    );

    let back = press(&app, "/onboard", "edit_profile", &form).await;
    assert!(back.text().contains("value=\"赵一凡\""));
    assert_eq!(
        hidden(&back.text(), "profile"),
        "true",
        "the consents are carried along"
    );
    let back = press(&app, "/onboard", "edit_consent", &form).await;
    assert!(
        back.text().contains("checked"),
        "what was ticked stays ticked"
    );

    // Without a verified phone nothing goes on.
    let mut forged = form.clone();
    forged[0].1 = "forged";
    let forged = press(&app, "/onboard", "complete", &forged).await;
    assert_eq!(forged.status, StatusCode::CONFLICT);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 0);
});

on_both!(an_exact_hospital_is_found_by_itself, |app| {
    app.hospitals().await;
    let (verified, _) = verified(&app, "/onboard", PHONE, "").await;
    let form = [
        ("verified", verified.as_str()),
        ("name", "赵一凡"),
        ("hospital", "北京大学国际医院（北京市）"),
        ("department", "心血管内科"),
        ("profile", "true"),
    ];
    let done = press(&app, "/onboard", "complete", &form).await;
    assert!(done.cookie("hid").is_some(), "{}", done.text());
    // Pressed twice it is one HCP.
    press(&app, "/onboard", "complete", &form).await;
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM hcp h JOIN terminal t ON t.id = h.terminal_id WHERE t.name = '北京大学国际医院' \
             AND h.state = 'pending' AND h.source = 'self' AND h.province = '北京市'"
        )
        .await,
        1
    );
});

on_both!(self_registration_of_a_stranger_waits_for_a_steward, |app| {
    app.hospitals().await;
    let rep = app.actor(Role::Rep).await;
    let known = app.hcp("赵一凡", "13900009999", Some(&rep.id)).await;
    let (pending, cookie) = stranger(&app, "赵一凡", PHONE).await;

    // Professional content stays closed until a steward has looked.
    let article = app.article("专业", "professional", "2099-01-01").await;
    assert_eq!(
        app.get(&format!("/a/{article}"), &cookie).await.status,
        StatusCode::FORBIDDEN
    );
    let steward = app.cookie(Role::Compliance).await;
    let queue = app.get("/api/hcps/pending", &steward).await.text();
    assert!(
        queue.contains(&pending) && queue.contains(&known),
        "{queue}"
    );
    let merged = decide(&app, &steward, &pending, &known).await;
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
    // The verified phone went along, and the merge can be undone.
    let phone = mailuo::hcp::store::phone(&app.state, &known)
        .await
        .expect("answers");
    assert_eq!(phone.as_deref(), Some(PHONE));
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_merge").await, 1);
    let twice = decide(&app, &steward, &pending, "approve").await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
});

on_both!(who_merely_bears_the_name_is_no_candidate, |app| {
    app.hospitals().await;
    let rep = app.actor(Role::Rep).await;
    let elsewhere = app.hcp("赵一凡", "13900009999", Some(&rep.id)).await;
    let other = app.hcp("钱二凡", "13900008888", Some(&rep.id)).await;
    q("UPDATE hcp SET hospital_text = '昆明市妇幼保健院' WHERE id = $1")
        .bind(&elsewhere)
        .exec(&app.state.db)
        .await
        .expect("is changed");
    let (pending, _) = stranger(&app, "赵一凡", PHONE).await;
    let steward = app.cookie(Role::Compliance).await;
    let queue = app.get("/api/hcps/pending", &steward).await.text();
    assert!(queue.contains(&pending));
    assert!(
        !queue.contains(&elsewhere) && !queue.contains(&other),
        "{queue}"
    );
    assert_eq!(
        decide(&app, &steward, &pending, "no-such-hcp").await.status,
        StatusCode::NOT_FOUND
    );
});

on_both!(
    approved_registrations_go_to_the_owner_of_the_hospital,
    |app| {
        app.hospitals().await;
        let owner = app.id_of(Role::OtcRep).await;
        let (terminal,): (String,) = q("SELECT id FROM terminal WHERE name = '北京大学国际医院'")
            .one(&app.state.db)
            .await
            .expect("is there");
        let admin = app.actor(Role::Admin).await;
        let mut tx = app.state.db.begin().await.expect("begins");
        mailuo::terminal::assignment::assign(
            &app.state,
            &mut tx,
            &admin,
            &terminal,
            &owner,
            "default",
            &app.state.zone.today(),
        )
        .await
        .expect("is assigned");
        tx.commit().await.expect("commits");
        let (pending, _) = stranger(&app, "赵一凡", PHONE).await;
        let steward = app.cookie(Role::Compliance).await;
        assert_eq!(
            decide(&app, &steward, &pending, "approve").await.status,
            StatusCode::OK
        );
        let (state, got): (String, Option<String>) =
            q("SELECT state, owner_id FROM hcp WHERE id = $1")
                .bind(&pending)
                .one(&app.state.db)
                .await
                .expect("is there");
        assert_eq!((state.as_str(), got), ("onboarded", Some(owner)));
        // Whose time has not begun is not the owner of today.
        q("UPDATE terminal_assignment SET starts_on = '2099-01-01'")
            .exec(&app.state.db)
            .await
            .expect("is put off");
        let (next, _) = stranger(&app, "钱二凡", "13911113333").await;
        decide(&app, &steward, &next, "approve").await;
        assert_eq!(
            app.count("SELECT COUNT(*) FROM hcp WHERE state = 'onboarded' AND owner_id IS NULL")
                .await,
            1
        );
    }
);

on_both!(a_rejected_registration_leaves_nothing_standing, |app| {
    app.hospitals().await;
    let (pending, cookie) = stranger(&app, "赵一凡", PHONE).await;
    let steward = app.cookie(Role::Compliance).await;
    let long = "长".repeat(201);
    for reason in ["", "  ", long.as_str()] {
        let form = [
            ("id", pending.as_str()),
            ("decision", "reject"),
            ("reason", reason),
        ];
        assert_eq!(
            app.post("/api/hcps/decide", &steward, &form).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "not without a reason of a bearable length"
        );
    }
    assert_eq!(
        decide(&app, &steward, &pending, "reject").await.status,
        StatusCode::OK
    );
    let refused = app.get("/api/hcps/refused", &steward).await.text();
    assert!(
        refused.contains("赵一凡") && refused.contains(REASON),
        "{refused}"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.reject' AND person_id = object_id AND detail <> ''")
            .await,
        1,
        "the log has the reason, under the key of whom it is about"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM consent WHERE granted AND withdrawn_at IS NULL")
            .await,
        0
    );
    assert_eq!(
        app.get("/me", &cookie).await.status,
        StatusCode::SEE_OTHER,
        "the browser is unbound"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE phone_index IS NOT NULL")
            .await,
        0,
        "the phone can register again"
    );
    assert_eq!(
        decide(&app, &steward, &pending, "reject").await.status,
        StatusCode::CONFLICT
    );
});

const REASON: &str = "查无此人";

/// Presses a button of the registration's form.
pub async fn press(app: &TestApp, path: &str, step: &str, form: &[(&str, &str)]) -> Answer {
    let mut all = vec![("step", step)];
    all.extend_from_slice(form);
    app.post(path, "", &all).await
}

pub async fn decide(app: &TestApp, cookie: &str, id: &str, decision: &str) -> Answer {
    app.post(
        "/api/hcps/decide",
        cookie,
        &[("id", id), ("decision", decision), ("reason", REASON)],
    )
    .await
}

/// Verifies a phone; gives the sealed proof and the screen that follows.
pub async fn verified(app: &TestApp, path: &str, phone: &str, visitor: &str) -> (String, String) {
    let form = [("phone", phone), ("visitor", visitor)];
    press(app, path, "send", &form).await;
    let code = app.code_for(phone);
    let form = [
        ("phone", phone),
        ("visitor", visitor),
        ("code", code.as_str()),
    ];
    let page = press(app, path, "confirm", &form).await.text();
    (hidden(&page, "verified"), page)
}

/// Registers somebody whom nobody knows, of a hospital on file; gives their id and their browser's cookie.
pub async fn stranger(app: &TestApp, name: &str, phone: &str) -> (String, String) {
    let (verified, _) = verified(app, "/onboard", phone, "").await;
    let form = [
        ("verified", verified.as_str()),
        ("profile", "true"),
        ("name", name),
        ("hospital", "北京大学国际医院"),
        ("department", "心血管内科"),
    ];
    let done = press(app, "/onboard", "complete", &form).await;
    let cookie = format!("hid={}", done.cookie("hid").expect("the browser is bound"));
    let (id,): (String,) = q("SELECT id FROM hcp WHERE state = 'pending'")
        .one(&app.state.db)
        .await
        .expect("waits");
    (id, cookie)
}

/// The value of a hidden field.
pub fn hidden(html: &str, name: &str) -> String {
    let at = html
        .find(&format!("name=\"{name}\""))
        .expect("the field is there");
    let tag = &html[html[..at].rfind('<').expect("a tag")..];
    let tag = &tag[..tag.find('>').expect("its end")];
    let value = tag.split("value=\"").nth(1).expect("a value");
    value[..value.find('"').expect("its end")].to_owned()
}
