//! Personal codes, one at a time and in bulk.

use axum::http::StatusCode;
use mailuo::duplicate::merge::merge_in;
use mailuo::onboarding::store::{Consents, From, Scanned, Standing};
use mailuo::onboarding::{invitation, store as onboarding};
use mailuo::server::db::q;
use mailuo::server::otp::{self, Purpose};
use mailuo::shared::{AppError, Role};

use crate::support::TestApp;

const PHONE: &str = "13911112222";

async fn invited(app: &TestApp) -> (String, String) {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    invitation::invite(&app.state, &rep, &hcp)
        .await
        .expect("is invited");
    let (_, token, _) = invitation::open_invitation(&app.state.db, &rep, &hcp)
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
    invitation::invite(&app.state, &rep, &hcp)
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
    // It says once that a code is on its way, and when another can be had.
    let page = hasty.text();
    assert_eq!(page.matches("验证码刚刚已发送").count(), 1, "{page}");
    assert!(!page.contains("验证码已发送至") && !page.contains("操作太频繁"));
    assert!(page.contains("name=\"code\""), "the one sent can be typed");
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

on_both!(bulk_invitations_are_for_those_within_scope, |app| {
    let rep = app.actor(Role::Rep).await;
    let other = app.id_of(Role::OtcRep).await;
    let mut ids = Vec::new();
    for i in 0..3 {
        ids.push(
            app.hcp("王小明", &format!("1391111222{i}"), Some(&rep.id))
                .await,
        );
    }
    let foreign = app.hcp("李外人", "13911113333", Some(&other)).await;
    ids.push(foreign.clone());
    let onboarded = app.hcp("张三", "13911114444", Some(&rep.id)).await;
    app.bound(&onboarded, false).await;
    ids.push(onboarded.clone());
    invitation::invite(&app.state, &rep, &ids[0])
        .await
        .expect("a code of today");
    q("UPDATE invitation SET created_at = created_at - 60000")
        .exec(&app.state.db)
        .await
        .expect("a minute ago");

    let made = invitation::invite_many(&app.state, &rep, &ids).await;
    assert_eq!(made, Ok(3));
    let standing = "SELECT COUNT(*) FROM invitation WHERE revoked_at IS NULL AND used_at IS NULL";
    assert_eq!(app.count(standing).await, 3, "the earlier code is revoked");
    // The same press once more makes no second set.
    assert_eq!(invitation::invite_many(&app.state, &rep, &ids).await, Ok(3));
    assert_eq!(app.count("SELECT COUNT(*) FROM invitation").await, 4);
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM invitation WHERE hcp_id IN ('{foreign}', '{onboarded}')"
        ))
        .await,
        0
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.invite_many'")
            .await,
        1
    );
    let sheet = app
        .get("/api/hcps/sheet", &app.cookie(Role::Rep).await)
        .await
        .text();
    assert!(sheet.contains("\"total\":3"), "{sheet}");
    let others = app
        .get("/api/hcps/sheet", &app.cookie(Role::OtcRep).await)
        .await
        .text();
    assert!(others.contains("\"total\":0"), "{others}");

    let many = vec!["x".to_owned(); 201];
    assert!(matches!(
        invitation::invite_many(&app.state, &rep, &many).await,
        Err(AppError::Invalid(_))
    ));
    assert!(matches!(
        invitation::invite_many(&app.state, &rep, &[foreign]).await,
        Err(AppError::Conflict(_))
    ));
});

on_both!(a_refresh_at_once_keeps_the_code_and_says_so, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let first = invitation::invite(&app.state, &rep, &hcp)
        .await
        .expect("is made");
    let second = invitation::invite(&app.state, &rep, &hcp)
        .await
        .expect("is kept");
    assert_eq!(first.notice, "notice.code_made");
    assert_eq!(second.notice, "notice.code_kept");
    assert_eq!(app.count("SELECT COUNT(*) FROM invitation").await, 1);
});

on_both!(who_was_merged_away_does_not_come_back, |app| {
    let (gone, token) = invited(&app).await;
    app.post(
        &format!("/i/{token}"),
        "",
        &[("step", "send"), ("profile", "true")],
    )
    .await;
    let code = app.code_for(PHONE);
    let scanned = onboarding::scan(&app.state.db, &token)
        .await
        .expect("is found");
    let kept = app.hcp("王小明", "13911115555", None).await;
    let steward = app.actor(Role::Compliance).await;
    let mut tx = app.state.db.begin().await.expect("begins");
    merge_in(&app.state, &mut tx, &steward, &kept, &gone, &[])
        .await
        .expect("merges");
    tx.commit().await.expect("commits");

    // A code that leads to the one who is gone, as an older version could leave it.
    q(
        "INSERT INTO invitation (id, token, hcp_id, staff_id, created_at, expires_at) \
       VALUES ('late', 'late', $1, $2, 1, 99999999999999)",
    )
    .bind(&gone)
    .bind(&steward.id)
    .exec(&app.state.db)
    .await
    .expect("is written");
    assert_eq!(app.get("/i/late", "").await.status, StatusCode::GONE);
    let late = onboarding::scan(&app.state.db, "late")
        .await
        .expect("is found");
    assert_eq!(late.standing(), Standing::Revoked);
    let confirm = async |scanned: &Scanned| {
        let pass = otp::check(&app.state, Purpose::Onboard, PHONE, &code)
            .await
            .expect("is right");
        let agreed = Consents {
            profile: true,
            ..Default::default()
        };
        let from = From {
            address: "test",
            user_agent: "test",
            channel: "personal_code",
        };
        onboarding::confirm(&app.state, scanned, pass, agreed, &from).await
    };
    assert!(matches!(confirm(&late).await, Err(AppError::Conflict(_))));
    assert_eq!(
        invitation::invite(&app.state, &steward, &gone).await,
        Err(AppError::NotFound)
    );
    // The code that was scanned before the merge is the kept one's now.
    confirm(&scanned).await.expect("is bound");
    let (bound,): (String,) = q("SELECT hcp_id FROM hcp_device")
        .one(&app.state.db)
        .await
        .expect("one browser");
    assert_eq!(bound, kept);
    for (hcp, expected) in [(&gone, "merged"), (&kept, "onboarded")] {
        let (state,): (String,) = q("SELECT state FROM hcp WHERE id = $1")
            .bind(hcp)
            .one(&app.state.db)
            .await
            .expect("is there");
        assert_eq!(state, expected);
    }
    // A registration that waits gets no code either.
    q("UPDATE hcp SET state = 'pending' WHERE id = $1")
        .bind(&kept)
        .exec(&app.state.db)
        .await
        .expect("waits");
    assert_eq!(
        invitation::invite(&app.state, &steward, &kept).await,
        Err(AppError::NotFound)
    );
});
