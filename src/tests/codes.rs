//! Public codes: their flow, their funnel, who may see them; and coverage.

use axum::http::{Method, Request, StatusCode, header};
use mailuo::onboarding::codes::{self, NewCode};
use mailuo::onboarding::coverage;
use mailuo::onboarding::model::CoverageBy;
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::shared::{AppError, Role};

use crate::registration::{decide, hidden, press, verified};
use crate::support::{BROWSER, TestApp};

const PHONE: &str = "13911112222";

/// Makes a code of a kind; gives its id and its address.
async fn code(app: &TestApp, actor: &Actor, kind: &str) -> (String, String) {
    let new = NewCode {
        name: format!("码 {kind}"),
        kind: kind.into(),
        ..Default::default()
    };
    let saved = codes::make(&app.state, actor, &crypto::random_token(8), &new)
        .await
        .expect("is made");
    let id = saved
        .next
        .expect("goes to its page")
        .trim_start_matches("/codes/")
        .to_owned();
    let (code,): (String,) = q("SELECT code FROM public_code WHERE id = $1")
        .bind(&id)
        .one(&app.state.db)
        .await
        .expect("is there");
    (id, format!("/join/{code}"))
}

/// Opens the page of a code; gives the visitor's mark.
async fn open(app: &TestApp, path: &str) -> String {
    let page = app.get(path, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.cookie("vid").is_some());
    hidden(&page.text(), "visitor")
}

async fn funnel(app: &TestApp, actor: &Actor, id: &str) -> [i64; 4] {
    let funnel = codes::row(&app.state, actor, id)
        .await
        .expect("is there")
        .funnel;
    [
        funnel.scanned,
        funnel.verified,
        funnel.completed,
        funnel.confirmed,
    ]
}

/// Sends a page's mark back as its script does.
async fn seen(app: &TestApp, path: &str, mark: &str, agent: &str) -> StatusCode {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{path}/seen"))
        .header(header::HOST, "localhost")
        .header(header::USER_AGENT, agent)
        .header("sec-fetch-site", "same-origin")
        .body(axum::body::Body::from(mark.to_owned()))
        .expect("a request");
    app.send(request).await.status
}

on_both!(a_known_phone_is_bound_through_a_code, |app| {
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let (id, path) = code(&app, &rep, "meeting").await;
    let mark = open(&app, &path).await;
    assert_eq!(
        funnel(&app, &rep, &id).await,
        [0; 4],
        "a GET counts nothing"
    );
    assert_eq!(
        seen(&app, &path, &mark, BROWSER).await,
        StatusCode::NO_CONTENT
    );
    seen(&app, &path, &mark, BROWSER).await;
    assert_eq!(funnel(&app, &rep, &id).await, [1, 0, 0, 0]);
    let (verified, _) = verified(&app, &path, PHONE, &mark).await;
    assert_eq!(funnel(&app, &rep, &id).await, [1, 1, 0, 0]);
    let form = [
        ("visitor", mark.as_str()),
        ("verified", verified.as_str()),
        ("profile", "true"),
        ("tracking", "true"),
    ];
    press(&app, &path, "consent", &form).await;
    press(&app, &path, "consent", &form).await;
    assert_eq!(funnel(&app, &rep, &id).await, [1, 1, 1, 0]);
    let done = press(&app, &path, "complete", &form).await;
    assert!(done.cookie("hid").is_some(), "{}", done.text());
    assert_eq!(funnel(&app, &rep, &id).await, [1, 1, 1, 1]);
    let (state, code_id): (String, Option<String>) =
        q("SELECT state, public_code_id FROM hcp WHERE id = $1")
            .bind(&hcp)
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!((state.as_str(), code_id), ("onboarded", None));
    let view = codes::view(&app.state, &rep, &id, "http://x", 1)
        .await
        .expect("is shown");
    assert_eq!(view.hcps.total, 1);
    assert_eq!(view.others, 0);
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM consent WHERE channel = 'public_code' AND address = 'local'"
        )
        .await,
        3,
        "each purpose is recorded with where it was decided"
    );

    // Another visitor who goes no further than the first form; the same again counts no more.
    let other = open(&app, &path).await;
    for _ in 0..2 {
        let form = [("visitor", other.as_str()), ("phone", "12")];
        press(&app, &path, "send", &form).await;
    }
    assert_eq!(funnel(&app, &rep, &id).await, [2, 1, 1, 1]);
});

on_both!(crawlers_staff_and_forged_marks_do_not_count, |app| {
    let rep = app.actor(Role::Rep).await;
    let (id, path) = code(&app, &rep, "poster").await;
    let mark = open(&app, &path).await;
    for agent in ["Googlebot/2.1", ""] {
        seen(&app, &path, &mark, agent).await;
    }
    seen(&app, &path, "someone.forged", BROWSER).await;
    // The mark of one code is worth nothing at another.
    let (_, elsewhere) = code(&app, &rep, "poster").await;
    seen(&app, &elsewhere, &mark, BROWSER).await;
    let staff = app.cookie(Role::Rep).await;
    app.get(&path, &staff).await;
    let form = [
        ("step", "send"),
        ("phone", "12"),
        ("visitor", mark.as_str()),
    ];
    app.post(&path, &staff, &form).await;
    assert_eq!(funnel(&app, &rep, &id).await, [0; 4]);
    assert_eq!(app.count("SELECT COUNT(*) FROM public_code_step").await, 0);
});

on_both!(a_stranger_waits_and_goes_to_the_codes_rep, |app| {
    let rep = app.actor(Role::Rep).await;
    let (id, path) = code(&app, &rep, "rep").await;
    let mark = open(&app, &path).await;
    let (verified, _) = verified(&app, &path, PHONE, &mark).await;
    let form = [
        ("visitor", mark.as_str()),
        ("verified", verified.as_str()),
        ("name", "赵一凡"),
        ("hospital", "没有登记过的诊所"),
        ("department", "全科医学科"),
        ("profile", "true"),
    ];
    let done = press(&app, &path, "complete", &form).await;
    assert!(done.cookie("hid").is_some(), "{}", done.text());
    assert_eq!(funnel(&app, &rep, &id).await, [1; 4]);
    let (hcp, code_id, source): (String, Option<String>, String) =
        q("SELECT id, public_code_id, source FROM hcp WHERE state = 'pending'")
            .one(&app.state.db)
            .await
            .expect("waits");
    assert_eq!(
        (code_id.as_deref(), source.as_str()),
        (Some(id.as_str()), "code")
    );
    // What waits is the steward's: the rep is told of one, not whom.
    let view = codes::view(&app.state, &rep, &id, "http://x", 1)
        .await
        .expect("is shown");
    assert_eq!((view.hcps.total, view.others), (0, 1));
    let steward = app.cookie(Role::Compliance).await;
    let queue = app.get("/api/hcps/pending", &steward).await.text();
    assert!(queue.contains("码 rep"), "{queue}");
    decide(&app, &steward, &hcp, "approve").await;
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(owner, Some(rep.id.clone()));
    let view = codes::view(&app.state, &rep, &id, "http://x", 1)
        .await
        .expect("is shown");
    assert_eq!((view.hcps.total, view.others), (1, 0));
});

on_both!(
    closed_expired_and_unknown_codes_say_so_with_a_way_on,
    |app| {
        let rep = app.actor(Role::Rep).await;
        let (id, path) = code(&app, &rep, "meeting").await;
        let unknown = app.get("/join/nonsense", "").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        codes::change(&app.state, &rep, &id, &codes::Act::Close)
            .await
            .expect("is closed");
        let closed = app.get(&path, "").await;
        assert_eq!(closed.status, StatusCode::GONE);
        let send = press(&app, &path, "send", &[("phone", PHONE)]).await;
        assert_eq!(send.status, StatusCode::GONE);
        assert!(!app.dir.join("sms.jsonl").exists());
        codes::change(&app.state, &rep, &id, &codes::Act::Reopen)
            .await
            .expect("is open");
        assert_eq!(app.get(&path, "").await.status, StatusCode::OK);
        q("UPDATE public_code SET expires_at = 1")
            .exec(&app.state.db)
            .await
            .expect("expires");
        let expired = app.get(&path, "").await;
        assert_eq!(expired.status, StatusCode::GONE);
        assert_ne!(expired.text(), closed.text());
        for page in [unknown, closed, expired] {
            assert!(page.text().contains("href=\"/onboard\""));
        }
        let today = app.state.zone.today();
        codes::change(&app.state, &rep, &id, &codes::Act::Extend(today))
            .await
            .expect("works today");
        assert_eq!(app.get(&path, "").await.status, StatusCode::OK);
        for day in ["2020-01-01", "2999-01-01", "soon"] {
            let act = codes::Act::Extend(day.into());
            assert!(matches!(
                codes::change(&app.state, &rep, &id, &act).await,
                Err(AppError::Invalid(_))
            ));
        }
    }
);

on_both!(codes_are_seen_within_scope_only, |app| {
    let rep = app.actor(Role::Rep).await;
    let (id, _) = code(&app, &rep, "meeting").await;
    let foreign = app
        .person(
            "别的代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.session(&foreign).await;
    let list = app.get("/api/codes/list", &foreign).await.text();
    assert!(!list.contains(&id));
    assert_eq!(
        app.get(&format!("/api/codes/get?id={id}"), &foreign)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    for act in ["close", "reopen", "extend"] {
        let form = [("id", id.as_str()), ("act", act)];
        assert_eq!(
            app.post("/api/codes/change", &foreign, &form).await.status,
            StatusCode::NOT_FOUND,
            "{act}"
        );
    }
    // A page past the last one is the last.
    let manager = app.cookie(Role::Manager).await;
    assert!(
        app.get("/api/codes/list?page=9", &manager)
            .await
            .text()
            .contains(&id)
    );
});

on_both!(a_code_is_made_once_and_rightly, |app| {
    let cookie = app.cookie(Role::Rep).await;
    app.hospitals().await;
    let form = |kind: &'static str, hospital: &'static str| {
        [
            ("form_key", "k1"),
            ("name", "科室海报"),
            ("kind", kind),
            ("hospital", hospital),
        ]
    };
    let make = async |form: &[(&str, &str)]| {
        app.submit("/api/codes/make", "/codes/new", &cookie, form)
            .await
    };
    for (kind, hospital) in [
        ("hospital", ""),
        ("hospital", "没有这家医院"),
        ("hospital", "北京大学"),
        ("nonsense", ""),
    ] {
        assert_eq!(
            make(&form(kind, hospital)).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{kind} {hospital}"
        );
    }
    let several = make(&form("hospital", "北京大学")).await;
    assert!(several.text().contains("北京大学国际医院（北京市）"));
    let first = make(&form("hospital", "北京大学国际医院")).await;
    let second = make(&form("hospital", "北京大学国际医院")).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text());
    assert_eq!(first.location(), second.location());
    assert_eq!(
        app.count("SELECT COUNT(*) FROM public_code WHERE terminal_id IS NOT NULL")
            .await,
        1
    );
    // Its form brings the hospital along.
    let (code,): (String,) = q("SELECT code FROM public_code")
        .one(&app.state.db)
        .await
        .expect("is there");
    assert!(code.len() >= 10);
    let page = app.get(&format!("/join/{code}"), "").await.text();
    assert_eq!(hidden(&page, "hospital"), "北京大学国际医院（北京市）");
});

on_both!(hospitals_are_suggested_from_two_characters_on, |app| {
    app.hospitals().await;
    let asked = |text: &str| {
        let query = serde_urlencoded::to_string([("q", text)]).expect("a query");
        format!("/join/hospitals?{query}")
    };
    assert_eq!(app.get(&asked("北"), "").await.text(), "[]");
    let found = app.get(&asked("国际"), "").await;
    assert_eq!(found.status, StatusCode::OK);
    let found: serde_json::Value = serde_json::from_slice(&found.bytes).expect("is JSON");
    let found = found.as_array().expect("a list");
    assert!(!found.is_empty() && found.len() <= 10);
    assert!(
        found
            .iter()
            .all(|h| h["name"].is_string() && h["id"].is_string())
    );
});

on_both!(coverage_adds_up_within_scope, |app| {
    let rep = app.actor(Role::Rep).await;
    let other = app.id_of(Role::OtcRep).await;
    let read = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let quiet = app.hcp("李小红", "13911113333", Some(&rep.id)).await;
    app.hcp("张三", "13911114444", Some(&rep.id)).await;
    app.hcp("外人", "13911115555", Some(&other)).await;
    let cookie = app.bound(&read, true).await;
    app.bound(&quiet, true).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    // Opening it makes a link of their own; passing it on makes it a share.
    let to = app.get(&format!("/a/{article}"), &cookie).await.location();
    let before = coverage::table(&app.state, &rep, CoverageBy::Rep, "", 1)
        .await
        .expect("counts");
    assert_eq!(before.sum.active, 0);
    app.post(&format!("{to}/share"), &cookie, &[]).await;
    for by in [CoverageBy::Region, CoverageBy::Rep, CoverageBy::Specialty] {
        let table = coverage::table(&app.state, &rep, by, "-rate", 1)
            .await
            .expect("counts");
        let row = &table.page.rows[0];
        assert_eq!(table.page.rows.len(), 1, "{by:?}");
        assert_eq!(
            (
                row.total,
                row.listed,
                row.invited,
                row.onboarded,
                row.active
            ),
            (3, 1, 0, 2, 1),
            "{by:?}"
        );
        assert_eq!(table.sum.total, 3);
    }
    let admin = app.actor(Role::Admin).await;
    let all = coverage::table(&app.state, &admin, CoverageBy::Rep, "label", 1)
        .await
        .expect("counts");
    assert_eq!((all.page.rows.len(), all.sum.total), (2, 4));
    // A page past the last one is the last.
    let past = coverage::table(&app.state, &admin, CoverageBy::Rep, "label", 9)
        .await
        .expect("counts");
    assert_eq!(past, all);
    // Who withdraws the tracking is not counted as active.
    let withdraw = [("purpose", "tracking"), ("grant", "false")];
    app.post("/me/consent", &cookie, &withdraw).await;
    let after = coverage::table(&app.state, &rep, CoverageBy::Rep, "", 1)
        .await
        .expect("counts");
    assert_eq!(after.sum.active, 0);
});
