//! What counts, against numbers counted by hand.

use std::time::Duration;

use axum::http::StatusCode;
use mailuo::server::db::q;
use mailuo::server::time::{DAY, MINUTE, now};
use mailuo::shared::Role;
use mailuo::sharing::metrics::{self, Range};
use mailuo::sharing::model::NodeKind;
use mailuo::sharing::rules;
use mailuo::sharing::store::{self, TreeOf};
use mailuo::sharing::tracker::Hit;

use crate::support::{Answer, TestApp};

const PHONE: &str = "13911112222";

/// A rep's root link of a public article.
async fn root(app: &TestApp, article: &str) -> String {
    let rep = app.actor(Role::Rep).await;
    let saved = store::share(&app.state, &rep, "key", article, &[])
        .await
        .expect("is shared");
    saved
        .next
        .expect("leads on")
        .rsplit_once("made=")
        .expect("names the link")
        .1
        .to_owned()
}

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let location = answer.location();
    location
        .trim_start_matches("/s/")
        .split('?')
        .next()
        .unwrap_or("")
        .to_owned()
}

/// Opens a link as a browser does: follows the redirect; gives one's own token, cookies and the page.
async fn open(app: &TestApp, token: &str, cookie: &str) -> (String, String, String) {
    let answer = app.get(&format!("/s/{token}"), cookie).await;
    if answer.status == StatusCode::OK {
        return (token.to_owned(), cookie.to_owned(), answer.text());
    }
    let own = token_of(&answer);
    let cookie = match answer.cookie("vid") {
        Some(vid) => format!("{cookie}; vid={vid}"),
        None => cookie.to_owned(),
    };
    let page = app.get(&answer.location(), &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    (own, cookie, page.text())
}

fn view_of(page: &str) -> String {
    let rest = page
        .split("data-view=\"")
        .nth(1)
        .expect("the page hands out a view");
    rest[..rest.find('"').expect("its end")].to_owned()
}

async fn beacon(app: &TestApp, view: &str, dwell: i64, depth: i64) -> StatusCode {
    let body = serde_json::json!({ "v": view, "d": dwell, "p": depth }).to_string();
    let request = axum::http::Request::builder()
        .method("POST")
        .uri("/t")
        .header("user-agent", crate::support::BROWSER)
        .header("sec-fetch-site", "same-origin")
        .body(axum::body::Body::from(body))
        .expect("a request");
    app.send(request).await.status
}

on_both!(a_chain_of_three_layers, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let doctor = app.bound(&hcp, true).await;
    let root = root(&app, &article).await;

    // The doctor reads through the rep's link, at an address of their own.
    let (own, doctor, page) = open(&app, &root, &doctor).await;
    assert_ne!(own, root);
    assert!(!page.contains(".wasm"));
    assert_eq!(page.matches("<main").count(), 1, "one landmark");
    assert_eq!(
        beacon(&app, &view_of(&page), 4_000, 50).await,
        StatusCode::NO_CONTENT
    );
    // The same view again is the same view; a second opening within 30 s is a repeat.
    beacon(&app, &view_of(&page), 9_000, 95).await;
    let (again, _, page) = open(&app, &own, &doctor).await;
    assert_eq!(again, own);
    beacon(&app, &view_of(&page), 1_000, 10).await;

    // A visitor reads through the doctor's address, another through the visitor's.
    let (visitor_own, visitor, page) = open(&app, &own, "").await;
    beacon(&app, &view_of(&page), 2_000, 30).await;
    let (second_own, _, page) = open(&app, &visitor_own, "").await;
    beacon(&app, &view_of(&page), 3_000, 40).await;
    assert_ne!(second_own, visitor_own);
    // Opening one's own address again changes nothing in the tree; what the doctor sees of it is shown apart.
    let (_, _, page) = open(&app, &visitor_own, &visitor).await;
    assert!(page.contains("data-view"));
    let (_, _, page) = open(&app, &visitor_own, &doctor).await;
    beacon(&app, &view_of(&page), 500, 5).await;
    // So is what the rep sees.
    let rep_cookie = app.cookie(Role::Rep).await;
    let (_, _, page) = open(&app, &root, &rep_cookie).await;
    beacon(&app, &view_of(&page), 500, 5).await;

    let range = Range::last_days(&app.state.zone.today(), 2);
    let layer1 = metrics::of_rep(&app.state.db, &rep.id, Some(&article), &range)
        .await
        .expect("counts");
    assert_eq!(
        (layer1.pv, layer1.uv, layer1.shares, layer1.created),
        (3, 3, 1, 1)
    );
    assert_eq!(
        (layer1.rereads, layer1.self_views, layer1.dwell_views),
        (0, 2, 3)
    );
    let layer2 = metrics::of_hcp(&app.state.db, &format!("hcp:{hcp}"), &range)
        .await
        .expect("counts");
    assert_eq!((layer2.pv, layer2.uv, layer2.shares), (2, 2, 1));

    let (links, reads) = store::tree(&app.state.db, &rep, &article, &TreeOf::Rep(rep.id.clone()))
        .await
        .expect("is read");
    let tree = rules::tree(&links, &reads);
    assert_eq!(tree.len(), 1);
    assert_eq!((tree[0].total_pv, tree[0].total_uv, tree[0].pv), (3, 3, 1));
    let node = &tree[0].children[0];
    assert_eq!(
        (node.kind, node.name.as_str(), node.reads, node.total_pv),
        (NodeKind::Hcp, "王小明", 1, 2)
    );
    assert_eq!(
        (node.children[0].kind, node.children[0].people),
        (NodeKind::Visitors, 1)
    );
    // The visitors' node names nobody.
    assert!(
        !serde_json::to_string(&node.children[0])
            .expect("is JSON")
            .contains("vis:")
    );
});

on_both!(repeats_and_rereads_by_the_clock, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let link = root(&app, &article).await;
    let start = now() - DAY;
    // Minutes after the start, by one visitor: counted, repeat, counted, re-read, not yet a re-read.
    let minutes = [
        (0.0, "pv", false),
        (0.4, "repeat", false),
        (10.0, "pv", false),
        (40.1, "pv", true),
        (70.0, "pv", false),
    ];
    for (i, (minute, _, _)) in minutes.iter().enumerate() {
        let at = start + (minute * MINUTE as f64) as i64;
        let mut tx = app.state.db.begin().await.expect("begins");
        let mut change = mailuo::insight::rollup::Change::default();
        let hit = Hit {
            view_id: format!("v{i}"),
            article_id: article.clone(),
            link: Some(link.clone()),
            root_staff_id: Some(rep.id.clone()),
            reader: "vis:a".into(),
            visitor: None,
            own: false,
            at,
            dwell_ms: None,
            depth: None,
            expected_ms: 1000,
        };
        mailuo::sharing::tracker::record(&mut tx, &app.state.zone, &hit, &mut change)
            .await
            .expect("is recorded");
        change.write(&mut tx).await.expect("is summed");
        tx.commit().await.expect("commits");
    }
    let rows: Vec<(String, bool)> = q("SELECT kind, reread FROM article_view ORDER BY id")
        .all(&app.state.db)
        .await
        .expect("rows");
    let expected: Vec<(String, bool)> = minutes
        .iter()
        .map(|(_, kind, reread)| ((*kind).to_owned(), *reread))
        .collect();
    assert_eq!(rows, expected);
    let range = Range::last_days(&app.state.zone.today(), 3);
    let m = metrics::of_rep(&app.state.db, &rep.id, None, &range)
        .await
        .expect("counts");
    assert_eq!((m.pv, m.uv, m.rereads), (4, 1, 1));
    assert_eq!(
        (m.dwell_median_ms, m.dwell_views),
        (None, 0),
        "no beacon means no dwell, not zero"
    );
});

on_both!(machines_leave_no_trace, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let link = root(&app, &article).await;
    let links = app.count("SELECT COUNT(*) FROM share_link").await;
    for (header, value) in [
        ("user-agent", "Mozilla/5.0 (compatible; Baiduspider/2.0)"),
        ("sec-purpose", "prefetch;prerender"),
        ("x-moz", "prefetch"),
    ] {
        let mut request = axum::http::Request::builder()
            .uri(format!("/s/{link}"))
            .header("host", "localhost");
        if header != "user-agent" {
            request = request.header("user-agent", crate::support::BROWSER);
        }
        let answer = app
            .send(
                request
                    .header(header, value)
                    .body(axum::body::Body::empty())
                    .expect("a request"),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.text().contains("data-view"), "{header}");
    }
    // Somebody who fetches the page and runs nothing has not viewed it.
    open(&app, &link, "").await;
    assert_eq!(app.count("SELECT COUNT(*) FROM article_view").await, 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM share_link").await,
        links + 1
    );
});

on_both!(a_browser_without_cookies_is_not_sent_in_circles, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let link = root(&app, &article).await;
    let first = app.get(&format!("/s/{link}"), "").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = app.get(&first.location(), "").await;
    assert_eq!(second.status, StatusCode::OK);
    // Passed on whole and at once to another browser, it goes to that reader's own as well.
    let other = axum::http::Request::builder()
        .uri(first.location())
        .header("host", "localhost")
        .header(
            "user-agent",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) MicroMessenger/8.0.55",
        )
        .body(axum::body::Body::empty())
        .expect("a request");
    assert_eq!(app.send(other).await.status, StatusCode::SEE_OTHER);
    // The same address passed on bare goes to a new reader's own.
    let bare = format!("/s/{}", token_of(&first));
    assert_eq!(app.get(&bare, "").await.status, StatusCode::SEE_OTHER);
});

on_both!(the_pixel_counts_without_javascript, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let link = root(&app, &article).await;
    let (_, cookie, page) = open(&app, &link, "").await;
    let pixel = app.get(&format!("/t/{}", view_of(&page)), &cookie).await;
    assert_eq!(
        (pixel.status, pixel.bytes.starts_with(b"GIF89a")),
        (StatusCode::OK, true)
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM article_view WHERE kind = 'pv' AND dwell_ms IS NULL")
            .await,
        1
    );
    // A forged id is answered and stores nothing.
    app.get("/t/forged", &cookie).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM article_view").await, 1);
});

on_both!(who_declines_tracking_is_a_visitor, |app| {
    let article = app.article("血压", "professional", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let doctor = app.bound(&hcp, false).await;
    let link = root(&app, &article).await;
    let (_, _, page) = open(&app, &link, &doctor).await;
    beacon(&app, &view_of(&page), 1_000, 10).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM article_view WHERE reader LIKE 'vis:%'")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM article_view WHERE reader LIKE 'hcp:%'")
            .await,
        0
    );
});

on_both!(professional_expired_and_revoked_links, |app| {
    let professional = app.article("专业", "professional", "2099-01-01").await;
    let expired = app.article("过期", "public", "2020-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let link = root(&app, &professional).await;
    let stranger = app.get(&format!("/s/{link}"), "").await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert!(!stranger.text().contains("高血压高血压"));
    assert!(
        store::share(&app.state, &rep, "k2", &expired, &[])
            .await
            .is_err()
    );
    assert_eq!(
        app.get(&format!("/a/{expired}"), "").await.status,
        StatusCode::GONE
    );
    store::revoke(&app.state, &rep, &link)
        .await
        .expect("is revoked");
    assert_eq!(
        app.get(&format!("/s/{link}"), "").await.status,
        StatusCode::GONE
    );
});

on_both!(a_double_tap_makes_one_link, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let cookie = app.cookie(Role::Rep).await;
    let form = [("form_key", "one-form"), ("id", article.as_str())];
    let (a, b) = tokio::join!(
        app.post("/api/shares/make", &cookie, &form),
        app.post("/api/shares/make", &cookie, &form)
    );
    assert_eq!(
        (a.status, b.status),
        (StatusCode::OK, StatusCode::OK),
        "{} {}",
        a.text(),
        b.text()
    );
    assert_eq!(a.text(), b.text());
    assert_eq!(app.count("SELECT COUNT(*) FROM share_link").await, 1);
});

on_both!(a_library_read_counts_without_a_link, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let answer = app.get(&format!("/a/{article}"), "").await;
    let own = token_of(&answer);
    let vid = answer.cookie("vid").expect("a visitor id");
    let (_, _, page) = open(&app, &own, &format!("vid={vid}")).await;
    beacon(&app, &view_of(&page), 1_000, 10).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM article_view WHERE kind = 'pv' AND link IS NULL")
            .await,
        1
    );
    // Passed on, it is a root of neither layer.
    let (_, _, page) = open(&app, &own, "").await;
    beacon(&app, &view_of(&page), 1_000, 10).await;
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM article_view WHERE link IS NOT NULL AND root_staff_id IS NULL"
        )
        .await,
        1
    );
});

on_both!(
    a_view_waits_for_nobody_who_holds_its_readers_record,
    |app| {
        let article = app.article("血压", "public", "2099-01-01").await;
        let rep = app.actor(Role::Rep).await;
        let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
        let doctor = app.bound(&hcp, true).await;
        let link = root(&app, &article).await;
        let (_, _, page) = open(&app, &link, &doctor).await;
        q("UPDATE hcp SET last_contact_at = NULL")
            .exec(&app.state.db)
            .await
            .expect("is set");
        // SQLite has one writer: nobody holds a row while views are written.
        let held = if app.state.db.engine() == "postgres" {
            let mut tx = app.state.db.begin().await.expect("begins");
            q("UPDATE hcp SET updated_at = updated_at WHERE id = $1")
                .bind(&hcp)
                .exec(&mut tx)
                .await
                .expect("is held");
            Some(tx)
        } else {
            None
        };
        let view = view_of(&page);
        let answer =
            tokio::time::timeout(Duration::from_secs(5), beacon(&app, &view, 1_000, 10)).await;
        assert_eq!(answer.expect("is not held up"), StatusCode::NO_CONTENT);
        assert_eq!(app.count("SELECT COUNT(*) FROM article_view").await, 1);
        if let Some(tx) = held {
            tx.commit().await.expect("commits");
        }
        // The contact is noted a moment later.
        let noted = "SELECT COUNT(*) FROM hcp h JOIN article_view v ON v.at = h.last_contact_at";
        for _ in 0..500 {
            if app.count(noted).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(app.count(noted).await, 1);
    }
);

on_both!(a_view_of_who_was_merged_meanwhile_is_the_kept_ones, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let kept = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let gone = app.hcp("王晓明", "13911113333", Some(&rep.id)).await;
    let (keeps, goes) = (app.bound(&kept, true).await, app.bound(&gone, true).await);
    let link = root(&app, &article).await;
    let (_, _, through_the_rep) = open(&app, &link, &goes).await;
    let (own, _, _) = open(&app, &link, &keeps).await;
    let (_, _, through_the_kept) = open(&app, &own, &goes).await;
    q("UPDATE hcp SET state = 'merged', merged_into = $1 WHERE id = $2")
        .bind(&kept)
        .bind(&gone)
        .exec(&app.state.db)
        .await
        .expect("is merged");
    for page in [&through_the_rep, &through_the_kept] {
        beacon(&app, &view_of(page), 1_000, 10).await;
    }
    let views: Vec<(String, String)> = q("SELECT reader, kind FROM article_view ORDER BY kind")
        .all(&app.state.db)
        .await
        .expect("rows");
    let reader = format!("hcp:{kept}");
    assert_eq!(
        views,
        [
            (reader.clone(), "pv".to_owned()),
            (reader, "self".to_owned())
        ],
        "below their own link they do not count"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM share_link WHERE opened_at IS NOT NULL")
            .await,
        1
    );
});

on_both!(a_view_of_who_withdrew_meanwhile_names_nobody, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let doctor = app.bound(&hcp, true).await;
    let link = root(&app, &article).await;
    let (_, _, bare) = open(&app, &link, &doctor).await;
    let with_visitor = format!("{doctor}; vid=abcdefghijklmnopqrstuv");
    let (_, _, visited) = open(&app, &link, &with_visitor).await;
    let form = [("purpose", "tracking"), ("grant", "false")];
    app.post("/me/consent", &doctor, &form).await;
    for page in [&bare, &visited] {
        assert_eq!(
            beacon(&app, &view_of(page), 1_000, 10).await,
            StatusCode::NO_CONTENT
        );
    }
    for (condition, views) in [
        ("kind = 'pv'", 2),
        ("reader LIKE 'hcp:%'", 0),
        ("reader = 'vis:abcdefghijklmnopqrstuv'", 1),
        ("reader = 'vis:' || id", 1),
    ] {
        let sql = format!("SELECT COUNT(*) FROM article_view WHERE {condition}");
        assert_eq!(app.count(&sql).await, views, "{condition}");
    }
});
