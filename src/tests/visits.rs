//! Records of visits: stored once, within scope, with what follows from them; what managers say.

mod plans;

use axum::http::StatusCode;
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::{AppError, Page, Role};
use mailuo::visit::model::{Comparison, VisitRow, VisitView};
use mailuo::visit::records::{self, NewVisit};
use mailuo::visit::store::{self, NewCheckin};

use crate::duplicate::{exec, hospital};
use crate::hcp_record::read;
use crate::support::{Answer, TestApp};

/// A hospital that a member of staff looks after, with an HCP of theirs.
async fn place(app: &TestApp, staff: &str, n: u32) -> (String, String) {
    let terminal = hospital(app, &format!("T{n}"), &format!("第{n}医院"), "杭州市").await;
    exec(
        app,
        &format!(
            "INSERT INTO terminal_assignment (id, terminal_id, staff_id, business_line, starts_on, created_at, created_by) \
             VALUES ('assigned-{n}', '{terminal}', '{staff}', 'default', '2020-01-01', 1, 'x')"
        ),
    )
    .await;
    let hcp = app
        .hcp(
            &format!("王医生{n}"),
            &format!("139111100{n:02}"),
            Some(staff),
        )
        .await;
    exec(
        app,
        &format!("UPDATE hcp SET terminal_id = '{terminal}' WHERE id = '{hcp}'"),
    )
    .await;
    (terminal, hcp)
}

fn id(n: u32) -> String {
    format!("visit-{n:04}-aaaaaaaaaaaa")
}

fn visit(n: u32, hcp: &str) -> NewVisit {
    NewVisit {
        id: id(n),
        channel: "face".into(),
        hcps: vec![hcp.to_owned()],
        topics: vec!["safety".into()],
        feedback: "interested".into(),
        ..NewVisit::default()
    }
}

fn fields(error: &AppError) -> Vec<&str> {
    match error {
        AppError::Invalid(fields) => fields.iter().map(|f| f.field.as_str()).collect(),
        _ => Vec::new(),
    }
}

on_both!(a_record_is_stored_once_with_all_that_follows, |app| {
    let rep = app.actor(Role::Rep).await;
    let (terminal, hcp) = place(&app, &rep.id, 1).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    let today = app.state.zone.today();
    let soon = time::shift_day(&today, 14);
    let checkin = NewCheckin {
        id: "checkin-aaaaaaaaaaaa".into(),
        kind: "in".into(),
        terminal_id: Some(terminal.clone()),
        ..NewCheckin::default()
    };
    store::save(&app.state, &rep, &checkin)
        .await
        .expect("is stored");
    exec(
        &app,
        &format!(
            "INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, created_at) \
             VALUES ('plan', '{}', '{terminal}', '{hcp}', '{today}', '', 'face', '', 1)",
            rep.id
        ),
    )
    .await;
    let new = NewVisit {
        materials: vec![(article.clone(), Some(42))],
        note: "患者服药后出现皮疹".into(),
        wish: "带一份指南".into(),
        next_day: soon.clone(),
        ..visit(1, &hcp)
    };
    for _ in 0..2 {
        records::save(&app.state, &rep, new.clone())
            .await
            .expect("is stored");
    }
    for (sql, n) in [
        ("SELECT COUNT(*) FROM visit", 1),
        ("SELECT COUNT(*) FROM visit_hcp", 1),
        ("SELECT COUNT(*) FROM visit_material", 1),
        ("SELECT COUNT(*) FROM task", 1),
        ("SELECT COUNT(*) FROM visit_plan", 2),
        (
            "SELECT COUNT(*) FROM visit_plan WHERE visit_id IS NOT NULL",
            1,
        ),
    ] {
        assert_eq!(app.count(sql).await, n, "{sql}");
    }
    let contact =
        format!("SELECT COUNT(*) FROM hcp WHERE id = '{hcp}' AND last_contact_at IS NOT NULL");
    assert_eq!(app.count(&contact).await, 1);
    let cookie = app.cookie(Role::Rep).await;
    let shown: VisitView = read(&app, &cookie, &format!("/api/visits/get?id={}", id(1))).await;
    assert_eq!(shown.row.flags, ["adverse_event"]);
    assert_eq!(shown.row.place, "第1医院", "the place of who was met");
    assert_eq!(shown.materials[0].2, Some(42));
    assert!(shown.checkin.is_some(), "the check-in at the same place");
    assert_eq!(shown.row.hcps[0].0, hcp);
    // It stands in the HCP's timeline.
    let timeline = app
        .get(&format!("/api/hcps/timeline?id={hcp}&kinds=visit"), &cookie)
        .await;
    assert!(timeline.text().contains("面对面"), "{}", timeline.text());
    // Somebody else's id is not there, and neither is somebody else's HCP.
    let otc = app.actor(Role::OtcRep).await;
    assert_eq!(
        records::save(&app.state, &otc, new.clone()).await,
        Err(AppError::NotFound)
    );
    assert_eq!(
        records::save(&app.state, &otc, visit(2, &hcp)).await,
        Err(AppError::NotFound)
    );
});

on_both!(a_record_at_fault_names_its_fields, |app| {
    let rep = app.actor(Role::Rep).await;
    let (_, hcp) = place(&app, &rep.id, 1).await;
    let expired = app.article("过期", "public", "2020-01-01").await;
    let save = async |new: NewVisit| {
        records::save(&app.state, &rep, new)
            .await
            .expect_err("is refused")
    };
    let nobody = NewVisit {
        hcps: vec![],
        channel: "pigeon".into(),
        topics: vec!["weather".into()],
        note: "字".repeat(2_001),
        next_day: "2020-01-01".into(),
        voice: Some(b"MZ no sound".to_vec()),
        ..visit(1, &hcp)
    };
    assert_eq!(
        fields(&save(nobody).await),
        ["channel", "hcps", "topics", "note", "next_day", "voice"]
    );
    let shown = NewVisit {
        materials: vec![(expired, None)],
        ..visit(1, &hcp)
    };
    assert_eq!(fields(&save(shown).await), ["materials"]);
    let broken = NewVisit {
        id: "x".into(),
        ..visit(1, &hcp)
    };
    assert!(matches!(save(broken).await, AppError::Conflict(_)));
    // A department's round needs nobody by name.
    let round = NewVisit {
        hcps: vec![],
        channel: "department".into(),
        ..visit(2, &hcp)
    };
    records::save(&app.state, &rep, round)
        .await
        .expect("is stored");
    assert_eq!(app.count("SELECT COUNT(*) FROM visit").await, 1);
});

/// Posts the form as the outbox does, or as a browser without the script.
async fn post(app: &TestApp, cookie: &str, parts: &[(&str, &[u8])]) -> Answer {
    app.post_parts("/visits", cookie, parts).await
}

on_both!(the_form_works_with_and_without_its_script, |app| {
    let rep = app.id_of(Role::Rep).await;
    let (terminal, hcp) = place(&app, &rep, 1).await;
    let cookie = app.cookie(Role::Rep).await;
    let page = app.get("/visits/new", &cookie).await.text();
    assert!(page.contains("第1医院"));
    let page = app
        .get(&format!("/visits/new?hcp={hcp}"), &cookie)
        .await
        .text();
    assert!(page.contains("王医生1"));
    // Without the script: what is wrong comes back with what was typed.
    let (one, two) = (id(1), id(2));
    let refused = post(
        &app,
        &cookie,
        &[
            ("id", one.as_bytes()),
            ("terminal", terminal.as_bytes()),
            ("channel", b"face"),
            ("note", "写了很多".as_bytes()),
        ],
    )
    .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("写了很多") && refused.text().contains("请选择见到的客户"));
    let saved = post(
        &app,
        &cookie,
        &[
            ("id", one.as_bytes()),
            ("terminal", terminal.as_bytes()),
            ("channel", b"face"),
            ("hcp", hcp.as_bytes()),
            ("next", b""),
        ],
    )
    .await;
    assert_eq!(
        (saved.status, saved.location()),
        (
            StatusCode::SEE_OTHER,
            format!("/visits/{one}?done=notice.visit_recorded")
        )
    );
    // With it: JSON, a voice note, and nobody else's phone.
    let voice = [&[0x1A, 0x45, 0xDF, 0xA3], b"sound".as_slice()].concat();
    let parts: Vec<(&str, &[u8])> = vec![
        ("id", two.as_bytes()),
        ("channel", b"phone"),
        ("hcp", hcp.as_bytes()),
        ("scripted", b"1"),
        ("file", &voice),
    ];
    let other: Vec<(&str, &[u8])> = parts
        .iter()
        .copied()
        .chain([("who", b"somebody else".as_slice())])
        .collect();
    assert_eq!(
        post(&app, &cookie, &other).await.status,
        StatusCode::UNAUTHORIZED
    );
    for _ in 0..2 {
        let answer = post(&app, &cookie, &parts).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM visit").await, 2);
    let heard = app.get(&format!("/visits/{two}/voice"), &cookie).await;
    assert_eq!((heard.status, heard.bytes), (StatusCode::OK, voice));
    assert_eq!(
        app.get(&format!("/visits/{one}/voice"), &cookie)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let people = app
        .get(&format!("/visits/people?terminal={terminal}"), &cookie)
        .await
        .text();
    assert!(people.contains(&hcp), "{people}");
    let otc = app.cookie(Role::OtcRep).await;
    let people = app
        .get(&format!("/visits/people?terminal={terminal}"), &otc)
        .await
        .text();
    assert_eq!(people, "[]");
    assert_eq!(post(&app, "", &[]).await.status, StatusCode::UNAUTHORIZED);
});

on_both!(only_published_material_is_shown, |app| {
    let cookie = app.cookie(Role::Rep).await;
    let shown = app.article("可展示", "professional", "2099-01-01").await;
    let expired = app.article("已过期", "professional", "2020-01-01").await;
    let get = async |id: &str| app.get(&format!("/visits/materials/{id}"), &cookie).await;
    assert!(get(&shown).await.text().contains("可展示"));
    assert_eq!(get(&expired).await.status, StatusCode::NOT_FOUND);
    exec(
        &app,
        &format!("UPDATE article SET status = 'draft' WHERE id = '{shown}'"),
    )
    .await;
    assert_eq!(get(&shown).await.status, StatusCode::NOT_FOUND);
});

on_both!(a_manager_reviews_and_the_rep_adds, |app| {
    let rep = app.actor(Role::Rep).await;
    let (_, hcp) = place(&app, &rep.id, 1).await;
    records::save(&app.state, &rep, visit(1, &hcp))
        .await
        .expect("is stored");
    let (rep, manager) = (app.cookie(Role::Rep).await, app.cookie(Role::Manager).await);
    let waiting: Page<VisitRow> = read(&app, &manager, "/api/visits/list?state=waiting").await;
    assert_eq!(waiting.total, 1);
    let shown = app.get("/", &manager).await.text();
    assert!(shown.contains("1 条拜访记录待点评"));
    let visit_id = id(1);
    let review = async |form: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = [("id", visit_id.as_str())]
            .iter()
            .chain(form)
            .copied()
            .collect();
        app.post("/api/visits/review", &manager, &all).await
    };
    assert_eq!(review(&[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let why = review(&[("stars", "3"), ("change", "true")]).await;
    assert_eq!(
        why.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a change needs a reason"
    );
    for _ in 0..2 {
        let asked = review(&[("stars", "3"), ("change", "true"), ("comment", "请补充")]).await;
        assert_eq!(asked.status, StatusCode::OK);
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.visit_change'")
            .await,
        1,
        "twice is once"
    );
    let shown: VisitView = read(&app, &rep, &format!("/api/visits/get?id={visit_id}")).await;
    assert_eq!(
        (shown.row.review.as_str(), shown.row.stars),
        ("change", Some(3))
    );
    assert!(
        app.get("/", &rep)
            .await
            .text()
            .contains("1 条拜访记录待补充")
    );
    let form = [
        ("form_key", "k"),
        ("id", visit_id.as_str()),
        ("supplement", "医生要一份指南，电话13800138000"),
    ];
    for _ in 0..2 {
        assert_eq!(
            app.post("/api/visits/supplement", &rep, &form).await.status,
            StatusCode::OK
        );
    }
    let shown: VisitView = read(&app, &manager, &format!("/api/visits/get?id={visit_id}")).await;
    assert_eq!(shown.row.review, "answered");
    assert_eq!(
        shown.supplement.expect("is there").0,
        "医生要一份指南，电话13800138000"
    );
    assert_eq!(shown.row.flags, ["personal_data"]);
    assert!(shown.may_review && shown.reviews[0].mine);
    let again = [
        ("form_key", "l"),
        ("id", visit_id.as_str()),
        ("supplement", "再补"),
    ];
    assert_eq!(
        app.post("/api/visits/supplement", &rep, &again)
            .await
            .status,
        StatusCode::CONFLICT
    );
    assert_eq!(review(&[("stars", "5")]).await.status, StatusCode::OK);
    let all: Comparison = read(&app, &manager, "/api/visits/compare").await;
    let row = &all.rows.rows[0];
    assert_eq!(
        (
            row.visits,
            row.met,
            row.starred,
            row.stars,
            all.total.visits
        ),
        (1, 1, 1, 5, 1)
    );
    let weeks: Comparison = read(&app, &manager, "/api/visits/compare?by=week").await;
    assert_eq!(
        weeks.rows.rows[0].key,
        mailuo::visit::plans::monday(&app.state.zone.today())
    );
    let bad = app
        .get(
            "/api/visits/compare?from=2026-02-01&to=2026-01-01",
            &manager,
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A manager's own record is not theirs to judge.
    let me = app.actor(Role::Manager).await;
    let (_, own) = place(&app, &me.id, 2).await;
    records::save(&app.state, &me, visit(2, &own))
        .await
        .expect("is stored");
    let own = id(2);
    let judged = app
        .post(
            "/api/visits/review",
            &manager,
            &[("id", own.as_str()), ("stars", "5")],
        )
        .await;
    assert_eq!(judged.status, StatusCode::NOT_FOUND);
});

on_both!(a_terminal_learns_where_it_lies, |app| {
    let rep = app.actor(Role::Rep).await;
    let (terminal, hcp) = place(&app, &rep.id, 1).await;
    let located =
        format!("SELECT COUNT(*) FROM terminal WHERE id = '{terminal}' AND latitude IS NOT NULL");
    for n in 0..3_u32 {
        assert_eq!(app.count(&located).await, 0);
        let at = time::now() - i64::from(n) * time::DAY;
        let checkin = NewCheckin {
            id: format!("checkin-{n}-aaaaaaaaaaaa"),
            kind: "in".into(),
            terminal_id: Some(terminal.clone()),
            position: Some((30.25 + f64::from(n) * 0.000_1, 120.17)),
            accuracy_m: Some(30.0),
            device_at: Some(at),
            photo: None,
        };
        store::save(&app.state, &rep, &checkin)
            .await
            .expect("is stored");
        let new = NewVisit {
            device_at: Some(at),
            ..visit(n, &hcp)
        };
        records::save(&app.state, &rep, new)
            .await
            .expect("is stored");
    }
    assert_eq!(app.count(&located).await, 1, "three days bear it out");
    let (lat, datum): (f64, String) = q("SELECT latitude, datum FROM terminal WHERE id = $1")
        .bind(&terminal)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert!((lat - 30.2501).abs() < 1e-6 && datum == "WGS-84");
});
