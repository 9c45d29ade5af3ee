//! Picking, bulk acts and the export; and that nobody beyond the scope turns up in any of them.

use axum::http::StatusCode;
use mailuo::hcp::bulk;
use mailuo::onboarding::invitation;
use mailuo::server::db::q;
use mailuo::shared::Role;

use super::{address, change, names, pick, picked, sheets, tag};

on_both!(picking_goes_across_pages_and_stays_within_scope, |app| {
    let rep = app.id_of(Role::Rep).await;
    let other = app
        .person(
            "外区代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.hcp("外区人", "13911119999", Some(&other)).await;
    let mut own = Vec::new();
    for i in 0..25 {
        own.push(
            app.hcp(
                &format!("本区{i:02}"),
                &format!("139333000{i:02}"),
                Some(&rep),
            )
            .await,
        );
    }
    let cookie = app.session(&rep).await;
    pick(&app, &cookie, &[&own[0], &own[1]], &[&own[0], &own[1]]).await;
    pick(&app, &cookie, &[&own[20], &own[21]], &[&own[21]]).await;
    assert_eq!(picked(&app, &cookie).await, ["本区00", "本区01", "本区21"]);
    // A box that was shown and not ticked is no longer picked; one that was not shown stays.
    pick(&app, &cookie, &[&own[0], &own[1]], &[&own[1]]).await;
    pick(&app, &cookie, &[&own[0], &own[1]], &[&own[1]]).await;
    assert_eq!(picked(&app, &cookie).await, ["本区01", "本区21"]);
    // Somebody else's HCP is passed over, and another's selection is their own.
    pick(&app, &cookie, &[&foreign], &[&foreign]).await;
    assert_eq!(picked(&app, &cookie).await, ["本区01", "本区21"]);
    let manager = app.cookie(Role::Manager).await;
    assert_eq!(picked(&app, &manager).await, Vec::<String>::new());
    // Without JavaScript the form leads back to its page.
    let form = [("shown[]", own[2].as_str()), ("picked[]", own[2].as_str())];
    let answer = app
        .submit("/api/hcps/pick", "/hcps?page=2", &cookie, &form)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.location(),
        "/hcps?page=2&done=notice.selection_saved"
    );

    // All that match, within scope, as often as one likes.
    for role in [Role::Rep, Role::Manager] {
        let cookie = app.cookie(role).await;
        for _ in 0..2 {
            app.post(
                "/api/hcps/pick_all",
                &cookie,
                &[("text", "区"), ("form_key", "x")],
            )
            .await;
        }
        let of_one = app.id_of(role).await;
        let found = app
            .count(&format!("SELECT COUNT(*) FROM hcp_selection WHERE staff_id = '{of_one}' AND hcp_id = '{foreign}'"))
            .await;
        assert_eq!(found, 0, "{role:?}");
    }
    // Whoever left the scope, or was merged, is picked no longer.
    app.post("/api/hcps/unpick_all", &cookie, &[]).await;
    pick(
        &app,
        &cookie,
        &[&own[3], &own[4], &own[5]],
        &[&own[3], &own[4], &own[5]],
    )
    .await;
    change(&app, &own[3], &format!("owner_id = '{other}'")).await;
    change(&app, &own[4], "state = 'merged'").await;
    assert_eq!(picked(&app, &cookie).await, ["本区05"]);
    app.post(
        "/api/hcps/tag_selection",
        &cookie,
        &[("tag", "只此一位"), ("act", "add")],
    )
    .await;
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_tag").await, 1);
    app.post("/api/hcps/unpick_all", &cookie, &[]).await;
    assert_eq!(picked(&app, &cookie).await, Vec::<String>::new());
});

on_both!(lists_and_exports_hold_nobody_beyond_the_scope, |app| {
    let rep = app.id_of(Role::Rep).await;
    let other = app
        .person(
            "外区代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.hcp("外区人", "13911119999", Some(&other)).await;
    change(&app, &foreign, "department = '外区科', title = '外区职称'").await;
    tag(&app, &foreign, "外区标签").await;
    let own = app.hcp("本区人", "13911110001", Some(&rep)).await;
    for (role, sees) in [
        (Role::Rep, false),
        (Role::OtcRep, false),
        (Role::Manager, false),
        (Role::Admin, true),
    ] {
        let cookie = app.cookie(role).await;
        for query in [
            vec![],
            vec![("text", "外区")],
            vec![("owner", other.as_str())],
            vec![("tag", "外区标签")],
            vec![("department", "外区科")],
            vec![("sort", "hospital")],
        ] {
            let found = names(&app, &cookie, &query).await;
            assert_eq!(
                found.contains(&"外区人".to_owned()),
                sees,
                "{role:?} {query:?}"
            );
            let page = app.get(&address("/hcps", &query), &cookie).await.text();
            assert_eq!(page.contains("外区人"), sees, "{role:?} {query:?}");
            let export = app
                .get(&address("/hcps/export.xlsx", &query), &cookie)
                .await;
            assert_eq!(export.status, StatusCode::OK);
            let [lines, _] = sheets(&export.bytes);
            let exported = lines.iter().any(|line| line[0] == "外区人");
            assert_eq!(exported, sees, "{role:?} {query:?}");
        }
        let choices = app.get("/api/hcps/choices", &cookie).await.text();
        assert_eq!(choices.contains("外区"), sees, "{role:?} {choices}");
        // An id that somehow came into the selection acts on nobody.
        let id = app.id_of(role).await;
        for hcp in [&foreign, &own] {
            q("INSERT INTO hcp_selection (staff_id, hcp_id, at) VALUES ($1, $2, 1)")
                .bind(&id)
                .bind(hcp)
                .exec(&app.state.db)
                .await
                .expect("is entered");
        }
        assert_eq!(
            picked(&app, &cookie).await.contains(&"外区人".to_owned()),
            sees
        );
        let export = app.get("/hcps/export.xlsx?selection=true", &cookie).await;
        let [lines, _] = sheets(&export.bytes);
        assert_eq!(
            lines.iter().any(|line| line[0] == "外区人"),
            sees,
            "{role:?}"
        );
        let act = app
            .post(
                "/api/hcps/tag_selection",
                &cookie,
                &[("tag", role.code()), ("act", "add")],
            )
            .await;
        assert_eq!(
            act.status == StatusCode::OK,
            role != Role::OtcRep,
            "{role:?} {}",
            act.text()
        );
        let tagged = app
            .count(&format!(
                "SELECT COUNT(*) FROM hcp_tag WHERE hcp_id = '{foreign}' AND tag = '{}'",
                role.code()
            ))
            .await;
        assert_eq!(tagged == 1, sees, "{role:?}");
    }
});

on_both!(a_tag_is_added_once_and_its_history_told, |app| {
    let rep = app.id_of(Role::Rep).await;
    let cookie = app.session(&rep).await;
    let one = app.hcp("王一", "13911110001", Some(&rep)).await;
    let two = app.hcp("李二", "13911110002", Some(&rep)).await;
    tag(&app, &one, "讲者").await;
    let form = [("tag", " 重点 "), ("act", "add")];
    let nobody = app.post("/api/hcps/tag_selection", &cookie, &form).await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    pick(&app, &cookie, &[&one, &two], &[&one, &two]).await;
    for (n, done) in [(0, "tagged=2"), (1, "tagged=0")] {
        let answer = app.post("/api/hcps/tag_selection", &cookie, &form).await;
        assert!(answer.text().contains(done), "{n}: {}", answer.text());
        assert_eq!(
            app.count("SELECT COUNT(*) FROM hcp_tag WHERE tag = '重点'")
                .await,
            2
        );
        assert_eq!(
            app.count("SELECT COUNT(*) FROM record_change WHERE field = 'tags'")
                .await,
            2
        );
        assert_eq!(
            app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.bulk_tag'")
                .await,
            1
        );
    }
    let (before, after): (String, String) =
        q("SELECT before_value, after_value FROM record_change WHERE object_id = $1")
            .bind(&one)
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!((before.as_str(), after.as_str()), ("讲者", "讲者、重点"));
    for done in ["untagged=2", "untagged=0"] {
        let form = [("tag", "重点"), ("act", "remove")];
        let answer = app.post("/api/hcps/tag_selection", &cookie, &form).await;
        assert!(answer.text().contains(done), "{}", answer.text());
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_tag").await, 1);
    for bad in [
        "",
        "两个 标签",
        "甲、乙",
        "一二三四五六七八九十一二三四五六七八九十一",
    ] {
        let form = [("tag", bad), ("act", "add")];
        let answer = app.post("/api/hcps/tag_selection", &cookie, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    // Twice at once: each HCP is tagged once, with one line of history.
    let twice = futures::future::join_all((0..8).map(|_| {
        let form = [("tag", "同时"), ("act", "add")];
        let (app, cookie) = (&app, &cookie);
        async move {
            app.post("/api/hcps/tag_selection", cookie, &form)
                .await
                .status
        }
    }))
    .await;
    assert!(
        twice.iter().all(|status| *status == StatusCode::OK),
        "{twice:?}"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM record_change WHERE after_value LIKE '%同时%'")
            .await,
        2
    );
});

on_both!(
    an_export_is_masked_unless_permitted_and_always_audited,
    |app| {
        let rep = app.id_of(Role::Rep).await;
        let id = app.hcp("王一", "13911110001", Some(&rep)).await;
        change(
            &app,
            &id,
            "email = 'wang@example.com', department = '=1+1', code = 'K1'",
        )
        .await;
        tag(&app, &id, "讲者").await;
        let full = "/hcps/export.xlsx?full=true&department=%3D1%2B1";
        for (role, path, sees) in [
            (
                Role::Rep,
                "/hcps/export.xlsx?department=%3D1%2B1",
                Some(false),
            ),
            (Role::Compliance, "/hcps/export.xlsx", Some(false)),
            (Role::Compliance, full, Some(true)),
            (Role::Rep, full, None),
            (Role::Manager, full, None),
            (Role::Marketer, full, None),
        ] {
            let before = app
                .count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.export'")
                .await;
            let answer = app.get(path, &app.cookie(role).await).await;
            let events = app
                .count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.export'")
                .await
                - before;
            let Some(sees) = sees else {
                assert_eq!(
                    (answer.status, events),
                    (StatusCode::FORBIDDEN, 0),
                    "{role:?}"
                );
                continue;
            };
            assert_eq!((answer.status, events), (StatusCode::OK, 1), "{role:?}");
            let [lines, notes] = sheets(&answer.bytes);
            assert_eq!(lines[0][..4], ["姓名", "手机号", "医院", "科室"]);
            assert_eq!(lines.len(), 2);
            let phone = if sees { "13911110001" } else { "139****0001" };
            assert_eq!(lines[1][..2], ["王一", phone]);
            assert_eq!(lines[1][3], "=1+1", "a text and no formula");
            let email = if sees {
                "wang@example.com"
            } else {
                "w***@example.com"
            };
            assert!(lines[1].contains(&email.to_owned()), "{:?}", lines[1]);
            assert!(lines[1].contains(&"讲者".to_owned()));
            assert!(
                notes.iter().flatten().any(|cell| cell == role.code()),
                "who exported: {notes:?}"
            );
        }
        let (detail,): (String,) =
            q("SELECT detail FROM audit_log WHERE action = 'hcp.export' ORDER BY seq DESC LIMIT 1")
                .one(&app.state.db)
                .await
                .expect("is there");
        let detail: serde_json::Value = serde_json::from_str(&detail).expect("is JSON");
        assert_eq!(detail["rows"], 1);
        assert_eq!(detail["full"], true);
        assert_eq!(detail["filters"], serde_json::json!(["department"]));
        assert!(
            !detail.to_string().contains("1+1"),
            "names of filters, not what was looked for"
        );
        assert_eq!(
            app.get("/hcps/export.xlsx", "").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
);

on_both!(the_picked_are_invited_in_bulk, |app| {
    let rep = app.id_of(Role::Rep).await;
    let cookie = app.session(&rep).await;
    let one = app.hcp("王一", "13911110001", Some(&rep)).await;
    let two = app.hcp("李二", "13911110002", Some(&rep)).await;
    change(&app, &two, "state = 'onboarded'").await;
    pick(&app, &cookie, &[&two], &[&two]).await;
    let nobody = app.post("/api/hcps/invite_selection", &cookie, &[]).await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    pick(&app, &cookie, &[&one, &two], &[&one, &two]).await;
    let answer = app.post("/api/hcps/invite_selection", &cookie, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.text().contains("/hcps/sheet"));
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM invitation WHERE hcp_id = '{one}' AND revoked_at IS NULL"
        ))
        .await,
        1
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM invitation").await, 1);
});

on_both!(acts_at_once_do_not_lock_each_other_out, |app| {
    let rep = app.actor(Role::Rep).await;
    let mut own = Vec::new();
    for i in 0..12 {
        own.push(
            app.hcp(
                &format!("本区{i:02}"),
                &format!("139333000{i:02}"),
                Some(&rep.id),
            )
            .await,
        );
    }
    let cookie = app.session(&rep.id).await;
    let ids: Vec<&str> = own.iter().map(String::as_str).collect();
    pick(&app, &cookie, &ids, &ids).await;
    let mut acts = Vec::new();
    for n in 0..8 {
        let (state, actor) = (app.state.clone(), rep.clone());
        acts.push(tokio::spawn(async move {
            bulk::tag(&state, &actor, "讲者", n % 2 == 0)
                .await
                .map(|_| ())
        }));
        let (state, actor, all) = (app.state.clone(), rep.clone(), own.clone());
        acts.push(tokio::spawn(async move {
            invitation::invite_many(&state, &actor, &all)
                .await
                .map(|_| ())
        }));
        for hcp in own.iter().rev().take(4) {
            let (state, actor, hcp) = (app.state.clone(), rep.clone(), hcp.clone());
            acts.push(tokio::spawn(async move {
                invitation::revoke_invitations(&state, &actor, &hcp)
                    .await
                    .map(|_| ())
            }));
        }
    }
    for act in acts {
        assert_eq!(act.await.expect("ends"), Ok(()));
    }
});
