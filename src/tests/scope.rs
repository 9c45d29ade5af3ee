//! Nobody reaches what is somebody else's: it answers 404, and lists do not hold it.

use axum::http::StatusCode;
use mailuo::shared::Role;

on_both!(foreign_hcps_are_not_found, |app| {
    let other = app
        .person(
            "别的代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.hcp("李外人", "13911110001", Some(&other)).await;
    let mine_id = app.id_of(Role::Rep).await;
    let mine = app.hcp("王小明", "13911110002", Some(&mine_id)).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    for role in [Role::Rep, Role::OtcRep, Role::Manager] {
        let cookie = app.cookie(role).await;
        for path in ["/api/hcps/get?id=", "/api/hcps/code?id="] {
            assert_eq!(
                app.get(&format!("{path}{foreign}"), &cookie).await.status,
                StatusCode::NOT_FOUND,
                "{role:?} {path}"
            );
        }
        for path in ["/api/hcps/invite", "/api/hcps/revoke_invitation"] {
            assert_eq!(
                app.post(path, &cookie, &[("id", &foreign)]).await.status,
                StatusCode::NOT_FOUND,
                "{role:?} {path}"
            );
        }
        if role != Role::Manager {
            let reveal = app
                .post("/api/hcps/reveal_phone", &cookie, &[("id", &foreign)])
                .await;
            assert_eq!(reveal.status, StatusCode::NOT_FOUND);
        }
        let share = [
            ("form_key", "k"),
            ("id", article.as_str()),
            ("hcp_ids[]", foreign.as_str()),
        ];
        assert_eq!(
            app.post("/api/shares/make", &cookie, &share).await.status,
            StatusCode::NOT_FOUND
        );
        let tree = app
            .get(
                &format!("/api/shares/tree?id={article}&hcp={foreign}"),
                &cookie,
            )
            .await;
        assert_eq!(tree.status, StatusCode::NOT_FOUND);
        let tree = app
            .get(
                &format!("/api/shares/tree?id={article}&rep={other}"),
                &cookie,
            )
            .await;
        assert_eq!(tree.status, StatusCode::NOT_FOUND);
        let found = app
            .get("/api/hcps/list?text=%E6%9D%8E%E5%A4%96%E4%BA%BA", &cookie)
            .await;
        assert!(!found.text().contains(&foreign), "{role:?}");
        let page = app.get(&format!("/hcps/{foreign}"), &cookie).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(!page.text().contains("李外人"));
    }
    // The manager sees the subtree of the region they manage, the company's roles see all.
    let manager = app.cookie(Role::Manager).await;
    assert_eq!(
        app.get(&format!("/api/hcps/get?id={mine}"), &manager)
            .await
            .status,
        StatusCode::OK
    );
    let admin = app.cookie(Role::Admin).await;
    assert_eq!(
        app.get(&format!("/api/hcps/get?id={foreign}"), &admin)
            .await
            .status,
        StatusCode::OK
    );
});

on_both!(search_finds_by_name_pinyin_department_and_pairs, |app| {
    let rep = app.id_of(Role::Rep).await;
    app.hcp("单小丽", "13911110002", Some(&rep)).await;
    let cookie = app.cookie(Role::Rep).await;
    for text in [
        "单小丽",
        "小丽",
        "单",
        "丽",
        "sxl",
        "shanxiao",
        "血管",
        "主任医师",
        "单小丽 心血管",
    ] {
        let query = serde_urlencoded::to_string([("text", text)]).expect("a query");
        let found = app.get(&format!("/api/hcps/list?{query}"), &cookie).await;
        assert!(found.text().contains("单小丽"), "{text}: {}", found.text());
    }
    for text in ["丽小", "dxl", "骨科"] {
        let query = serde_urlencoded::to_string([("text", text)]).expect("a query");
        assert!(
            !app.get(&format!("/api/hcps/list?{query}"), &cookie)
                .await
                .text()
                .contains("单小丽"),
            "{text}"
        );
    }
});

on_both!(sessions_belong_to_their_owner, |app| {
    let rep = app.cookie(Role::Rep).await;
    let admin = app.cookie(Role::Admin).await;
    let (foreign,): (String,) = mailuo::server::db::q(
        "SELECT e.id FROM session e JOIN staff s ON s.id = e.staff_id WHERE s.role = 'admin'",
    )
    .one(&app.state.db)
    .await
    .expect("a session");
    assert_eq!(
        app.post("/api/account/revoke", &rep, &[("id", &foreign)])
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.post("/api/account/revoke", &admin, &[("id", &foreign)])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        app.get("/api/account/get", &admin).await.status,
        StatusCode::UNAUTHORIZED,
        "it ended at once"
    );
});
