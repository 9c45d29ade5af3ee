//! What must hold whatever happens: sums equal a recount, closed months stay, many at once leave one truth, and sales
//! never meet an HCP.

use axum::http::StatusCode;
use futures::future::join_all;
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::shared::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::statuses;
use super::world::{World, assert_sums, json, month};
use crate::duplicate::exec;
use crate::permissions::FUNCTIONS;
use crate::support::TestApp;

/// One random act; what it answers does not matter, but that it never fails inside.
async fn act(app: &TestApp, w: &World, rng: &mut StdRng, n: usize) {
    let lines: Vec<(String,)> = q("SELECT id FROM flow_line ORDER BY id")
        .all(&app.state.db)
        .await
        .expect("answers");
    let appeals: Vec<(String,)> = q("SELECT id FROM flow_appeal ORDER BY id")
        .all(&app.state.db)
        .await
        .expect("answers");
    let line = lines
        .choose(rng)
        .map(|(id,)| id.clone())
        .unwrap_or_default();
    let appeal = appeals
        .choose(rng)
        .map(|(id,)| id.clone())
        .unwrap_or_default();
    let months = ["2026-08", "2026-09", "2026-10"];
    let of = *months.choose(rng).expect("a month");
    let key = format!("k{n}");
    let quantity = rng.random_range(-9..40).to_string();
    let names = [
        "江城市第一人民医院",
        "江城市第二医院",
        "江城一院（南区）",
        "某药房",
    ];
    let name = *names.choose(rng).expect("a name");
    let answer = match rng.random_range(0..11) {
        0 | 1 => {
            let day = format!("{of}-{:02}", rng.random_range(1..28));
            w.rows(
                app,
                &[(&format!("D{n}"), name, rng.random_range(1..90), &day)],
            )
            .await;
            return;
        }
        2 => {
            w.confirm(
                app,
                &w.rep,
                of,
                if rng.random_bool(0.5) { &line } else { "" },
            )
            .await
        }
        3 => {
            let form = [
                ("form_key", key.as_str()),
                ("line_id", &line),
                ("reason", "quantity"),
                ("quantity", &quantity),
                ("body", "x"),
            ];
            app.post("/api/flow/raise_appeal", &w.rep, &form).await
        }
        4 => {
            let act = *["support", "oppose", "comment"]
                .choose(rng)
                .expect("an act");
            let form = [
                ("form_key", key.as_str()),
                ("id", &appeal),
                ("act", act),
                ("body", "x"),
            ];
            app.post("/api/flow/step_appeal", &w.manager, &form).await
        }
        5 | 6 => {
            let correction = *["quantity", "reverse", "terminal", "none"]
                .choose(rng)
                .expect("one");
            let verdict = if rng.random_bool(0.8) {
                "accept"
            } else {
                "reject"
            };
            let form = [
                ("form_key", key.as_str()),
                ("id", &appeal),
                ("verdict", verdict),
                ("correction", correction),
                ("quantity", &quantity),
                ("terminal", if rng.random_bool(0.5) { "T2" } else { "" }),
                ("body", "x"),
            ];
            app.post("/api/flow/decide_appeal", &w.admin, &form).await
        }
        7 => {
            let form = [
                ("form_key", key.as_str()),
                ("printed", name),
                ("terminal", "T1"),
            ];
            app.post("/api/flow/match", &w.admin, &form).await
        }
        8 => {
            let found: Option<(String,)> =
                q("SELECT id FROM flow_match WHERE undone_at IS NULL LIMIT 1")
                    .optional(&app.state.db)
                    .await
                    .expect("answers");
            let id = found.map(|(id,)| id).unwrap_or_default();
            app.post("/api/flow/unmatch", &w.admin, &[("id", &id)])
                .await
        }
        9 => w.period(app, of, "confirming").await,
        _ => w.period(app, of, "closed").await,
    };
    assert!(answer.status.as_u16() < 500, "{}", answer.text());
}

on_both!(sums_equal_a_recount_and_closed_months_stay, |app| {
    let w = World::build(&app).await;
    let mut rng = StdRng::seed_from_u64(7);
    let mut closed: std::collections::BTreeMap<String, std::collections::BTreeSet<String>> =
        Default::default();
    for n in 0..220 {
        act(&app, &w, &mut rng, n).await;
        let now: Vec<(String,)> = q("SELECT month FROM flow_period WHERE state = 'closed'")
            .all(&app.state.db)
            .await
            .expect("answers");
        let now: Vec<String> = now.into_iter().map(|(m,)| m).collect();
        closed.retain(|m, _| now.contains(m));
        for m in now {
            let state = month(&app, &m).await;
            let before = closed.entry(m.clone()).or_insert_with(|| state.clone());
            assert_eq!(*before, state, "{m} is closed and changed by act {n}");
        }
        if n % 10 == 0 {
            assert_sums(&app).await;
        }
    }
    assert_sums(&app).await;
    // Reports are those sums: the company's total is what all lines add up to.
    let table = json(
        &app.get(
            "/api/flow/report?by=terminal&from=2026-01&to=2026-12",
            &w.admin,
        )
        .await,
    );
    let lines = app
        .count("SELECT CAST(SUM(quantity) AS BIGINT) FROM flow_line")
        .await;
    assert_eq!(table["total"]["quantity"], lines);
    for by in ["product", "distributor", "region", "rep", "month"] {
        let path = format!("/api/flow/report?by={by}&from=2026-01&to=2026-12");
        assert_eq!(
            json(&app.get(&path, &w.admin).await)["total"]["quantity"],
            lines,
            "{by}"
        );
    }
    // Nothing differs when all is counted anew.
    assert_eq!(
        mailuo::flow::reports::rebuild(&app.state)
            .await
            .expect("recounts"),
        0
    );
});

on_both!(many_at_once_leave_one_truth, |app| {
    let w = World::build(&app).await;
    let rows: Vec<(&str, i64)> = (1..=20).map(|n| ("江城市第一人民医院", n)).collect();
    w.import(&app, "A", &rows).await;
    w.ok(w.period(&app, "2026-09", "confirming").await);
    let lines: Vec<(String,)> = q("SELECT id FROM flow_line ORDER BY id")
        .all(&app.state.db)
        .await
        .expect("answers");
    let line = lines[0].0.clone();
    let clients = (0..50).map(|n| {
        let (app, w, line) = (&app, &w, line.clone());
        async move {
            match n % 5 {
                0 | 1 => w.confirm(app, &w.rep, "2026-09", "").await,
                2 | 3 => {
                    let key = crypto::new_id();
                    let form = [
                        ("form_key", key.as_str()),
                        ("line_id", line.as_str()),
                        ("reason", "other"),
                        ("body", "x"),
                    ];
                    app.post("/api/flow/raise_appeal", &w.rep, &form).await
                }
                _ => w.period(app, "2026-09", "closed").await,
            }
        }
    });
    let answers = join_all(clients).await;
    let counts = statuses(&answers);
    assert!(
        counts.keys().all(|status| matches!(status, 200 | 409)),
        "{counts:?}"
    );
    // One appeal at most, one closing, and nothing that was confirmed after it.
    assert!(app.count("SELECT COUNT(*) FROM flow_appeal").await <= 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_period_step WHERE state = 'closed'")
            .await,
        1
    );
    let late = app
        .count(
            "SELECT COUNT(*) FROM flow_line l JOIN flow_period_step p ON p.month = l.month AND p.state = 'closed' \
             WHERE l.confirmed_at > p.at",
        )
        .await;
    assert_eq!(late, 0);
    assert_sums(&app).await;

    // The same decision fifty times corrects once, and two imports of one file leave its lines once.
    let (id,): (String,) = match q("SELECT id FROM flow_appeal")
        .optional(&app.state.db)
        .await
        .expect("answers")
    {
        Some(found) => found,
        None => {
            let key = crypto::new_id();
            let form = [
                ("form_key", key.as_str()),
                ("line_id", line.as_str()),
                ("reason", "other"),
                ("body", "x"),
            ];
            w.ok(app.post("/api/flow/raise_appeal", &w.rep, &form).await);
            q("SELECT id FROM flow_appeal")
                .one(&app.state.db)
                .await
                .expect("is there")
        }
    };
    exec(&app, "UPDATE flow_appeal SET state = 'operations'").await;
    let answers = join_all((0..50).map(|_| {
        let (app, w, id) = (&app, &w, id.clone());
        async move {
            let key = crypto::new_id();
            let form = [
                ("form_key", key.as_str()),
                ("id", id.as_str()),
                ("verdict", "accept"),
                ("correction", "reverse"),
            ];
            app.post("/api/flow/decide_appeal", &w.admin, &form).await
        }
    }))
    .await;
    assert_eq!(
        statuses(&answers).get(&200),
        Some(&1),
        "{:?}",
        statuses(&answers)
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'reversal'")
            .await,
        1
    );
    assert_sums(&app).await;
    join_all((0..4).map(|_| w.import(&app, "Z", &[("江城市第一人民医院", 5)]))).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE document_no = 'Z'")
            .await,
        1
    );
    assert_sums(&app).await;
});

on_both!(sales_never_meet_an_hcp, |app| {
    let w = World::build(&app).await;
    // A quantity, a batch and a document that stand nowhere else, at the terminal where an HCP works.
    w.rows(
        &app,
        &[("DOC-7391", "江城市第一人民医院", 73_917_391, "2026-09-02")],
    )
    .await;
    let rep = app.id_of(Role::Rep).await;
    let hcp = app.hcp("欧阳流向", "13977770099", Some(&rep)).await;
    exec(
        &app,
        &format!(
            "UPDATE hcp SET terminal_id = '{}' WHERE id = '{hcp}'",
            w.terminal
        ),
    )
    .await;
    let line = w.line(&app, "open").await;
    let form = [
        ("form_key", "a"),
        ("line_id", line.as_str()),
        ("reason", "other"),
        ("body", "x"),
    ];
    w.ok(app.post("/api/flow/raise_appeal", &w.rep, &form).await);
    let (appeal,): (String,) = q("SELECT id FROM flow_appeal")
        .one(&app.state.db)
        .await
        .expect("is there");
    let (product,): (String,) = q("SELECT product_id FROM flow_line")
        .one(&app.state.db)
        .await
        .expect("is there");
    let sales = ["73917391", "73,917,391", "DOC-7391"];
    let people = ["欧阳流向", hcp.as_str(), "139****0099"];
    let (mut with_sales, mut with_people) = (0, 0);
    for cookie in [&w.admin, &w.manager, &w.rep] {
        for (method, path, _, _) in FUNCTIONS.iter().filter(|(method, ..)| *method == "GET") {
            for id in [&hcp, &w.terminal, &appeal, &product, &rep] {
                let asked = format!(
                    "{path}?id={id}&hcp={id}&terminal={id}&person={id}&month=2026-09&from=2026-09&to=2026-09"
                );
                let answer = app.get(&asked, cookie).await;
                assert!(answer.status.as_u16() < 500, "{method} {asked}");
                let text = answer.text();
                let sold = sales.iter().any(|s| text.contains(s));
                // The id that was asked for may come back as such.
                let named = people.iter().any(|p| *p != id.as_str() && text.contains(p));
                assert!(!(sold && named), "{path} joins sales to an HCP: {text}");
                with_sales += i32::from(sold);
                with_people += i32::from(named);
            }
        }
    }
    assert!(
        with_sales > 5 && with_people > 5,
        "both were there to be found: {with_sales}, {with_people}"
    );
    // Nor does any statement of these slices name the library's tables.
    for (name, text) in [
        ("flow", concat_sources("src/flow")),
        ("product", concat_sources("src/product")),
    ] {
        for table in ["FROM hcp", "JOIN hcp", "hcp_id"] {
            assert!(!text.contains(table), "{name} reads {table}");
        }
    }
    let answer = app.get("/flow/report.xlsx?by=rep", &w.rep).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
});

/// The text of all sources in a folder of the project.
fn concat_sources(folder: &str) -> String {
    let mut text = String::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text.push_str(&std::fs::read_to_string(&path).expect("is read"));
            }
        }
    }
    text
}
