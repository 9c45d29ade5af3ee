//! Sharing until a day, asking for it, groups and followed HCPs.

use axum::http::StatusCode;
use mailuo::duplicate::entry::{Entry, on_entry};
use mailuo::ownership::model::{GroupRow, OwnershipView, RequestPage};
use mailuo::server::time;
use mailuo::shared::Role;

use crate::ownership::{owner, pick, read, run, stranger};
use crate::support::TestApp;

on_both!(sharing_ends_on_its_day_and_goes_no_further, |app| {
    let rep = app.id_of(Role::Rep).await;
    let other = stranger(&app).await;
    let hcp = app.hcp("王小明", "13911110001", Some(&rep)).await;
    let (mine, theirs) = (app.cookie(Role::Rep).await, app.session(&other).await);
    let today = app.state.zone.today();
    let card = format!("/api/ownership/card?id={hcp}");
    let page = format!("/api/hcps/get?id={hcp}");
    let share = async |cookie: &str, colleague: &str, days: i64| {
        let until = time::shift_day(&today, days);
        let form = [
            ("id", hcp.as_str()),
            ("colleague", colleague),
            ("until", until.as_str()),
        ];
        app.post("/api/ownership/share", cookie, &form).await.status
    };
    assert_eq!(app.get(&card, &theirs).await.status, StatusCode::NOT_FOUND);
    for days in [0, 366] {
        assert_eq!(
            share(&mine, &other, days).await,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    assert_eq!(
        share(&mine, &rep, 1).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the owner needs none"
    );
    assert_eq!(
        share(&mine, "没有此人", 1).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(share(&theirs, &other, 1).await, StatusCode::NOT_FOUND);

    // By name, twice: the later day counts, and there is one sharing.
    assert_eq!(share(&mine, "别的代表", 1).await, StatusCode::OK);
    assert_eq!(share(&mine, &other, 9).await, StatusCode::OK);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_access").await, 1);
    let until = app
        .state
        .zone
        .start_of(&time::shift_day(&today, 10))
        .expect("a day");
    assert_eq!(app.count("SELECT until_at FROM hcp_access").await, until);
    assert_eq!(app.get(&page, &theirs).await.status, StatusCode::OK);
    let seen: OwnershipView = read(&app, &theirs, &card).await;
    assert!(!seen.may_share && !seen.may_transfer && seen.access.is_empty());
    assert_eq!(
        seen.shared_until.as_deref(),
        Some(time::shift_day(&today, 9).as_str())
    );

    // It passes nothing on.
    let otc = app.id_of(Role::OtcRep).await;
    assert_eq!(share(&theirs, &otc, 1).await, StatusCode::NOT_FOUND);
    let own: OwnershipView = read(&app, &mine, &card).await;
    let access = own.access[0].id.clone();
    let end = [("id", access.as_str())];
    assert_eq!(
        app.post("/api/ownership/end_access", &theirs, &end)
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    // Run out, it shows nothing; shared anew, it is a stretch of its own; ended, it is over at once.
    run(&app, "UPDATE hcp_access SET until_at = 1").await;
    assert_eq!(app.get(&page, &theirs).await.status, StatusCode::NOT_FOUND);
    assert_eq!(share(&mine, &other, 1).await, StatusCode::OK);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_access").await, 2);
    assert_eq!(app.get(&page, &theirs).await.status, StatusCode::OK);
    let own: OwnershipView = read(&app, &mine, &card).await;
    let access = own.access[0].id.clone();
    for _ in 0..2 {
        let end = [("id", access.as_str())];
        assert_eq!(
            app.post("/api/ownership/end_access", &mine, &end)
                .await
                .status,
            StatusCode::OK
        );
    }
    assert_eq!(app.get(&page, &theirs).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.unshare'")
            .await,
        1
    );
    assert_eq!(owner(&app, &hcp).await.as_ref(), Some(&rep));
});

/// The token of the masked hint that an actor gets for this phone.
async fn hint(app: &TestApp, staff: &str, phone: &str) -> String {
    let cookie = app.session(staff).await;
    let token = cookie.trim_start_matches("sid=");
    let actor = mailuo::server::session::actor_of(&app.state, token, "test")
        .await
        .expect("answers")
        .expect("is signed in");
    let entry = Entry {
        name: "王小明",
        phone: Some(phone),
        terminal_id: None,
        department: "心血管内科",
        except: None,
    };
    let hints = on_entry(&app.state, &actor, &entry).await.expect("hints");
    hints.into_iter().next().expect("the same phone").token
}

on_both!(a_colleague_asks_and_the_owner_decides, |app| {
    let rep = app.id_of(Role::Rep).await;
    let other = stranger(&app).await;
    let a = app.hcp("王小明", "13911110001", Some(&rep)).await;
    app.hcp("王小明", "13911110002", Some(&rep)).await;
    let (mine, theirs) = (app.cookie(Role::Rep).await, app.session(&other).await);
    for (n, phone) in ["13911110001", "13911110002"].into_iter().enumerate() {
        let token = hint(&app, &other, phone).await;
        for key in [format!("k{n}"), format!("k{n}"), format!("again{n}")] {
            let form = [
                ("form_key", key.as_str()),
                ("token", token.as_str()),
                ("message", "需要一起跟进"),
            ];
            let answer = app.post("/api/ownership/ask", &theirs, &form).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        }
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_access_request").await,
        2,
        "one for each HCP"
    );
    let forged = [("form_key", "f"), ("token", "x")];
    assert_eq!(
        app.post("/api/ownership/ask", &theirs, &forged)
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    // Before the grant the asker learns nothing.
    let list = app
        .get("/api/ownership/requests?tab=mine", &theirs)
        .await
        .text();
    assert!(
        list.contains("王**") && !list.contains("王小明") && !list.contains(&a),
        "{list}"
    );
    assert!(!list.contains("心血管内科"));
    let incoming: RequestPage = read(&app, &mine, "/api/ownership/requests").await;
    assert_eq!((incoming.page.rows.len(), incoming.waiting), (2, 2));
    let id_for = |hcp: &str, page: &RequestPage| {
        page.page
            .rows
            .iter()
            .find(|r| r.hcp_id.as_deref() == Some(hcp))
            .map(|r| r.id.clone())
            .expect("the request")
    };
    let granted = id_for(&a, &incoming);
    let declined = incoming
        .page
        .rows
        .iter()
        .map(|r| r.id.clone())
        .find(|id| *id != granted)
        .expect("the other one");
    let until = time::shift_day(&app.state.zone.today(), 30);
    let decide = async |cookie: &str, id: &str, decision: &str| {
        let form = [
            ("id", id),
            ("decision", decision),
            ("until", until.as_str()),
        ];
        app.post("/api/ownership/decide", cookie, &form)
            .await
            .status
    };
    // Neither the asker nor anybody outside the scope decides.
    for cookie in [&theirs, &app.cookie(Role::OtcRep).await] {
        assert_eq!(
            decide(cookie, &granted, "grant").await,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(decide(&mine, &granted, "grant").await, StatusCode::OK);
    assert_eq!(decide(&mine, &granted, "grant").await, StatusCode::OK);
    assert_eq!(
        decide(&mine, &granted, "decline").await,
        StatusCode::CONFLICT
    );
    assert_eq!(decide(&mine, &declined, "decline").await, StatusCode::OK);
    assert_eq!(
        decide(&mine, &declined, "grant").await,
        StatusCode::CONFLICT
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_access").await, 1);
    assert_eq!(
        app.get(&format!("/api/hcps/get?id={a}"), &theirs)
            .await
            .status,
        StatusCode::OK
    );
    let own: RequestPage = read(&app, &theirs, "/api/ownership/requests?tab=mine").await;
    let shown: Vec<(&str, &str)> = own
        .page
        .rows
        .iter()
        .map(|r| (r.status.as_str(), r.name.as_str()))
        .collect();
    assert!(shown.contains(&("granted", "王小明")) && shown.contains(&("declined", "王**")));
});

on_both!(groups_and_followed_hcps_are_ones_own, |app| {
    let rep_id = app.id_of(Role::Rep).await;
    let other = stranger(&app).await;
    let mine = app.hcp("王小明", "13911110001", Some(&rep_id)).await;
    let foreign = app.hcp("李外人", "13911110002", Some(&other)).await;
    let (rep, otc) = (app.cookie(Role::Rep).await, app.cookie(Role::OtcRep).await);
    for _ in 0..2 {
        let form = [("form_key", "k1"), ("name", "重点客户")];
        let answer = app.post("/api/ownership/create_group", &rep, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    for name in ["重点客户", "", "一二三四五六七八九十一二三四五六七八九十一"]
    {
        let form = [("form_key", "k2"), ("name", name)];
        assert_eq!(
            app.post("/api/ownership/create_group", &rep, &form)
                .await
                .status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name}"
        );
    }
    let groups: Vec<GroupRow> = read(&app, &rep, "/api/ownership/groups").await;
    assert_eq!(groups.len(), 1);
    let group = groups[0].id.clone();

    // What was picked goes in as far as it is within scope, twice the same.
    pick(&app, &rep_id, &[&mine, &foreign]).await;
    for _ in 0..2 {
        let form = [("group", "重点客户")];
        assert_eq!(
            app.post("/api/ownership/group_selection", &rep, &form)
                .await
                .status,
            StatusCode::OK
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_group_member").await, 1);
    let groups: Vec<GroupRow> = read(&app, &rep, "/api/ownership/groups").await;
    assert_eq!((groups.len(), groups[0].hcps), (1, 1));

    // From the HCP's page: out of one, into a new one.
    let form = [
        ("id", mine.as_str()),
        ("shown[]", group.as_str()),
        ("group", "下周拜访"),
    ];
    assert_eq!(
        app.post("/api/ownership/set_groups", &rep, &form)
            .await
            .status,
        StatusCode::OK
    );
    let card: OwnershipView = read(&app, &rep, &format!("/api/ownership/card?id={mine}")).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp_group.create'")
            .await,
        2
    );
    let marks: Vec<(&str, bool)> = card
        .groups
        .iter()
        .map(|g| (g.name.as_str(), g.member))
        .collect();
    assert!(marks.contains(&("下周拜访", true)) && marks.contains(&("重点客户", false)));

    // Somebody else's group is not there.
    let others: Vec<GroupRow> = read(&app, &otc, "/api/ownership/groups").await;
    assert_eq!(others, []);
    for (path, form) in [
        (
            "rename_group",
            vec![("id", group.as_str()), ("name", "改名")],
        ),
        ("delete_group", vec![("id", group.as_str())]),
    ] {
        let path = format!("/api/ownership/{path}");
        assert_eq!(
            app.post(&path, &otc, &form).await.status,
            StatusCode::NOT_FOUND
        );
    }
    let form = [("id", mine.as_str()), ("chosen[]", "nobodys")];
    assert_eq!(
        app.post("/api/ownership/set_groups", &rep, &form)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let form = [("id", group.as_str()), ("name", "下周拜访")];
    assert_eq!(
        app.post("/api/ownership/rename_group", &rep, &form)
            .await
            .status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the name is taken"
    );
    let form = [("id", group.as_str())];
    assert_eq!(
        app.post("/api/ownership/delete_group", &rep, &form)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_group").await, 1);
    assert_eq!(owner(&app, &mine).await.as_ref(), Some(&rep_id));

    for (on, count) in [("true", 1), ("true", 1), ("false", 0)] {
        let form = [("id", mine.as_str()), ("on", on)];
        assert_eq!(
            app.post("/api/ownership/follow", &rep, &form).await.status,
            StatusCode::OK
        );
        assert_eq!(app.count("SELECT COUNT(*) FROM hcp_follow").await, count);
    }
    for (path, form) in [
        ("follow", vec![("id", foreign.as_str()), ("on", "true")]),
        (
            "set_groups",
            vec![("id", foreign.as_str()), ("group", "新组")],
        ),
        ("share", vec![("id", foreign.as_str())]),
    ] {
        let path = format!("/api/ownership/{path}");
        assert_eq!(
            app.post(&path, &rep, &form).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(
        app.get(&format!("/api/ownership/card?id={foreign}"), &rep)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
});
