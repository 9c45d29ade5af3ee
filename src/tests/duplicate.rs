//! Duplicates: finding them, and hints while an HCP is entered.

use axum::http::StatusCode;
use mailuo::duplicate::entry::{self, Entry};
use mailuo::duplicate::{finder, store};
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::{AppError, Role};

use crate::support::TestApp;

pub async fn exec(app: &TestApp, sql: &str) {
    q(sql).exec(&app.state.db).await.expect("is written");
}

/// A hospital; its id.
pub async fn hospital(app: &TestApp, id: &str, name: &str, city: &str) -> String {
    exec(
        app,
        &format!(
            "INSERT INTO terminal (id, code, name, kind, province, city, address, level, created_at, updated_at) \
             VALUES ('{id}', '{id}', '{name}', '医院', '', '{city}', '', '', 1, 1)"
        ),
    )
    .await;
    id.to_owned()
}

/// An HCP at a place; their id.
pub async fn placed(
    app: &TestApp,
    name: &str,
    phone: &str,
    terminal: &str,
    city: &str,
    department: &str,
) -> String {
    let id = app.hcp(name, phone, None).await;
    exec(
        app,
        &format!(
            "UPDATE hcp SET terminal_id = '{terminal}', city = '{city}', department = '{department}' WHERE id = '{id}'"
        ),
    )
    .await;
    id
}

/// The one open pair of two HCPs.
pub async fn pair_of(
    app: &TestApp,
    one: &str,
    other: &str,
) -> Option<(String, i64, String, String)> {
    q("SELECT id, score, reasons, status FROM hcp_duplicate WHERE a_id = $1 AND b_id = $2")
        .bind(one.min(other))
        .bind(one.max(other))
        .optional(&app.state.db)
        .await
        .expect("answers")
}

/// Every column of an HCP that a merge may touch, as one text.
pub async fn dump(app: &TestApp, id: &str) -> String {
    let columns = [
        "name",
        "pinyin",
        "initials",
        "kind",
        "sex",
        "phone_cipher",
        "phone_index",
        "phone_masked",
        "office_phone",
        "email",
        "code",
        "terminal_id",
        "hospital_text",
        "province",
        "city",
        "department",
        "title",
        "specialty",
        "preferred_times",
        "state",
        "owner_id",
        "claims_id",
        "merged_into",
        "public_code_id",
        "source",
        "onboarded_at",
        "last_contact_at",
        "created_at",
        "updated_at",
    ]
    .map(|c| format!("COALESCE(CAST({c} AS TEXT), '-')"))
    .join(" || '|' || ");
    q(format!("SELECT {columns} FROM hcp WHERE id = $1"))
        .bind(id)
        .one::<(String,)>(&app.state.db)
        .await
        .expect("is there")
        .0
}

/// How many rows of each table hang on an HCP.
pub async fn attached(app: &TestApp, id: &str) -> Vec<(&'static str, i64)> {
    let mut out = Vec::new();
    for (table, column, value) in [
        ("hcp_device", "hcp_id", id.to_owned()),
        ("consent", "hcp_id", id.to_owned()),
        ("invitation", "hcp_id", id.to_owned()),
        ("hcp_note", "hcp_id", id.to_owned()),
        ("public_code_step", "hcp_id", id.to_owned()),
        ("share_link", "sharer", format!("hcp:{id}")),
        ("share_link", "recipient_id", id.to_owned()),
        ("article_view", "reader", format!("hcp:{id}")),
        ("favourite", "reader", format!("hcp:{id}")),
        ("hcp_tag", "hcp_id", id.to_owned()),
        ("hcp_workplace", "hcp_id", id.to_owned()),
        ("hcp_follow", "hcp_id", id.to_owned()),
        ("hcp_group_member", "hcp_id", id.to_owned()),
        ("hcp_access", "hcp_id", id.to_owned()),
        ("hcp_access_request", "hcp_id", id.to_owned()),
        ("hcp", "claims_id", id.to_owned()),
    ] {
        let n = q(format!("SELECT COUNT(*) FROM {table} WHERE {column} = $1"))
            .bind(value)
            .count(&app.state.db)
            .await
            .expect("counts");
        out.push((table, n));
    }
    out
}

/// Two namesakes at one hospital with an open pair: kept, gone and the pair.
pub async fn namesakes(app: &TestApp) -> (String, String, String) {
    let t1 = hospital(app, "t1", "福州市第一医院", "福州市").await;
    let kept = placed(app, "王小明", "13900000301", &t1, "福州市", "心内科").await;
    let gone = placed(app, "王小明", "13900000302", &t1, "福州市", "骨科").await;
    finder::run(&app.state).await.expect("runs");
    let (pair, ..) = pair_of(app, &kept, &gone).await.expect("is found");
    (kept, gone, pair)
}

/// One row of everything on an HCP who is onboarded.
pub async fn furnish(app: &TestApp, hcp: &str) {
    app.bound(hcp, true).await;
    let rep = app.id_of(Role::Rep).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    let other = hospital(app, "t9", "福州市第九医院", "福州市").await;
    let claimant = app.hcp("钱登记", "13900000399", None).await;
    for sql in [
        format!(
            "INSERT INTO invitation (id, token, hcp_id, staff_id, created_at, expires_at) VALUES ('i1', 'i1', '{hcp}', '{rep}', 1, 2)"
        ),
        format!(
            "INSERT INTO hcp_note (id, hcp_id, staff_id, text, at) VALUES ('n1', '{hcp}', '{rep}', '备注', 1)"
        ),
        format!(
            "INSERT INTO public_code (id, code, name, kind, staff_id, created_at) VALUES ('p1', 'p1', '会', 'meeting', '{rep}', 1)"
        ),
        format!(
            "INSERT INTO public_code_step (code_id, step, visitor, at, hcp_id) VALUES ('p1', 'scanned', 'v', 1, '{hcp}')"
        ),
        format!(
            "INSERT INTO share_link (token, article_id, sharer, root, level, channel, created_at, created_on) VALUES ('s1', '{article}', 'hcp:{hcp}', 's1', 1, 'reader', 1, '2026-01-01')"
        ),
        format!(
            "INSERT INTO share_link (token, article_id, sharer, root, level, channel, recipient_id, created_at, created_on) VALUES ('s2', '{article}', 'staff:{rep}', 's2', 1, 'hcp', '{hcp}', 1, '2026-01-01')"
        ),
        format!(
            "INSERT INTO article_view (id, article_id, reader, at, viewed_on, kind, reread) VALUES ('w1', '{article}', 'hcp:{hcp}', 1, '2026-01-01', 'pv', FALSE)"
        ),
        format!(
            "INSERT INTO favourite (reader, article_id, at) VALUES ('hcp:{hcp}', '{article}', 1)"
        ),
        format!("INSERT INTO hcp_tag (hcp_id, tag) VALUES ('{hcp}', '讲者')"),
        format!(
            "INSERT INTO hcp_workplace (hcp_id, terminal_id, department) VALUES ('{hcp}', '{other}', '门诊')"
        ),
        format!("INSERT INTO hcp_follow (staff_id, hcp_id, at) VALUES ('{rep}', '{hcp}', 1)"),
        format!(
            "INSERT INTO hcp_group (id, staff_id, name, created_at) VALUES ('g1', '{rep}', '重点', 1)"
        ),
        format!("INSERT INTO hcp_group_member (group_id, hcp_id, at) VALUES ('g1', '{hcp}', 1)"),
        format!(
            "INSERT INTO hcp_access (id, hcp_id, staff_id, until_at, granted_by, at) VALUES ('a1', '{hcp}', '{rep}', 2, '{rep}', 1)"
        ),
        format!(
            "INSERT INTO hcp_access_request (id, hcp_id, staff_id, message, at, status) VALUES ('r1', '{hcp}', '{rep}', '', 1, 'open')"
        ),
        format!("INSERT INTO hcp_selection (staff_id, hcp_id, at) VALUES ('{rep}', '{hcp}', 1)"),
        format!("UPDATE hcp SET claims_id = '{hcp}', state = 'pending' WHERE id = '{claimant}'"),
    ] {
        exec(app, &sql).await;
    }
}

pub async fn merge_id(app: &TestApp) -> String {
    q("SELECT id FROM hcp_merge ORDER BY at DESC, id DESC LIMIT 1")
        .one::<(String,)>(&app.state.db)
        .await
        .expect("is there")
        .0
}

on_both!(finds_each_kind_of_pair_and_no_other, |app| {
    let t1 = hospital(&app, "t1", "福州市第一医院", "福州市").await;
    let t2 = hospital(&app, "t2", "福州市中医院", "福州市").await;
    let t3 = hospital(&app, "t3", "厦门市第一医院", "厦门市").await;
    let same = [
        placed(&app, "王小明", "13900000101", &t1, "福州市", "心内科").await,
        placed(&app, "王小明", "13900000102", &t1, "福州市", "骨科").await,
    ];
    placed(&app, "王小明", "13900000103", &t3, "厦门市", "心内科").await;
    let near = [
        placed(&app, "陈晓明", "13900000104", &t1, "福州市", "心内科").await,
        placed(&app, "陈小明", "13900000105", &t1, "福州市", "心内科").await,
    ];
    let typed = app.hcp("李文博", "13900000106", None).await;
    exec(
        &app,
        &format!(
            "UPDATE hcp SET hospital_text = '第一人民医院', city = '福州市' WHERE id = '{typed}'"
        ),
    )
    .await;
    let similar = [
        placed(&app, "李文博", "13900000107", &t1, "福州市", "儿科").await,
        typed,
    ];
    let city = [
        placed(&app, "赵一凡", "13900000108", &t1, "福州市", "呼吸科").await,
        placed(&app, "赵一凡", "13900000109", &t2, "福州市", "呼吸科").await,
    ];
    let merged = placed(&app, "王小明", "13900000110", &t1, "福州市", "心内科").await;
    exec(
        &app,
        &format!("UPDATE hcp SET state = 'merged' WHERE id = '{merged}'"),
    )
    .await;

    assert_eq!(
        finder::run(&app.state).await.expect("runs"),
        "4 open, 4 new"
    );
    for (pair, score, reason) in [
        (&same, 90, "same_name_same_hospital"),
        (&near, 75, "near_name_same_department"),
        (&similar, 85, "same_name_similar_hospital"),
        (&city, 60, "same_name_same_city"),
    ] {
        let (_, found, reasons, status) =
            pair_of(&app, &pair[0], &pair[1]).await.expect("is found");
        assert_eq!((found, status.as_str()), (score, "open"), "{reason}");
        assert!(reasons.contains(reason), "{reasons}");
    }

    // What was decided stays decided; what no longer holds goes.
    let steward = app.actor(Role::Compliance).await;
    let (id, ..) = pair_of(&app, &near[0], &near[1]).await.expect("is there");
    store::decide(&app.state, &steward, &id, true)
        .await
        .expect("is kept apart");
    exec(
        &app,
        &format!("UPDATE hcp SET name = '王大力' WHERE id = '{}'", same[0]),
    )
    .await;
    assert_eq!(
        finder::run(&app.state).await.expect("runs"),
        "2 open, 0 new"
    );
    assert!(pair_of(&app, &same[0], &same[1]).await.is_none());
    let (.., status) = pair_of(&app, &near[0], &near[1]).await.expect("is kept");
    assert_eq!(status, "apart");
    // Once a night, whatever was searched by hand before.
    for note in ["2 open, 0 new", ""] {
        assert_eq!(finder::nightly(&app.state).await.expect("answers"), note);
    }

    let rows = [
        (
            2,
            "赵一凡".to_owned(),
            Some(t1.clone()),
            "呼吸科".to_owned(),
        ),
        (3, "陈肖明".to_owned(), Some(t1), "心内科".to_owned()),
        (4, "没有人".to_owned(), None, String::new()),
    ];
    let hits = finder::similar_in_chunk(&app.state.db, &rows)
        .await
        .expect("answers");
    let hits: Vec<(i64, i64)> = hits.iter().map(|(row, _, score)| (*row, *score)).collect();
    assert_eq!(hits, [(2, 95), (3, 75)]);
});

on_both!(one_search_at_a_time, |app| {
    exec(
        &app,
        &format!(
            "INSERT INTO job_run (name, started_at) VALUES ('duplicates', {})",
            time::now()
        ),
    )
    .await;
    let steward = app.cookie(Role::Compliance).await;
    let refused = app.post("/api/duplicates/search", &steward, &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    exec(&app, "UPDATE job_run SET started_at = 1").await;
    let begun = app.post("/api/duplicates/search", &steward, &[]).await;
    assert_eq!(
        begun.status,
        StatusCode::OK,
        "a search that died is no search"
    );
});

// hints ----------------------------------------------------------------------------------------------------------

fn asked<'a>(name: &'a str, phone: Option<&'a str>, terminal: &'a str) -> Entry<'a> {
    Entry {
        name,
        phone,
        terminal_id: Some(terminal),
        department: "心内科",
        except: None,
    }
}

on_both!(hints_show_ones_own_and_mask_the_others, |app| {
    let t1 = hospital(&app, "t1", "福州市第一医院", "福州市").await;
    let rep = app.actor(Role::Rep).await;
    let other = app
        .person(
            "别人",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let mine = placed(&app, "王小明", "13900000201", &t1, "福州市", "心内科").await;
    let foreign = placed(&app, "王小明", "13900000202", &t1, "福州市", "骨科").await;
    for (hcp, owner) in [(&mine, &rep.id), (&foreign, &other)] {
        exec(
            &app,
            &format!("UPDATE hcp SET owner_id = '{owner}' WHERE id = '{hcp}'"),
        )
        .await;
    }
    let hints = entry::on_entry(&app.state, &rep, &asked("王小明", None, &t1))
        .await
        .expect("answers");
    assert_eq!(hints.len(), 2);
    assert_eq!(hints[0].row.as_ref().map(|r| &r.id), Some(&mine));
    assert!(hints[0].masked.is_none());
    assert!(hints[1].row.is_none() && !hints[1].same_phone);
    let masked = hints[1].masked.clone().expect("is masked");
    assert_eq!(
        (masked.name.as_str(), masked.hospital.as_str()),
        ("王**", "福州市第一医院")
    );
    assert_eq!(
        (masked.department.as_str(), masked.phone.as_str()),
        ("", ""),
        "what was not typed is not told"
    );
    let shown = serde_json::to_string(&hints[1]).expect("is JSON");
    for secret in ["王小明", "骨科", "139****0202", foreign.as_str()] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }

    let by_phone = entry::on_entry(&app.state, &rep, &asked("张三", Some("13900000202"), &t1))
        .await
        .expect("answers");
    assert_eq!(by_phone.len(), 1);
    assert!(by_phone[0].same_phone);
    assert_eq!(
        by_phone[0].masked.as_ref().map(|m| m.phone.as_str()),
        Some("139****0202")
    );

    let token = &hints[1].token;
    assert_eq!(
        entry::open_hint(&app.state, &rep, token).await,
        Ok(foreign.clone())
    );
    let otc = app.actor(Role::OtcRep).await;
    assert_eq!(
        entry::open_hint(&app.state, &otc, token).await,
        Err(AppError::NotFound)
    );
    assert_eq!(
        entry::open_hint(&app.state, &rep, "nonsense").await,
        Err(AppError::NotFound)
    );
    let stale = app.state.keys.seal(&format!(
        r#"{{"hint":"{foreign}","actor":"{}","at":{}}}"#,
        rep.id,
        time::now() - 2 * time::HOUR
    ));
    assert_eq!(
        entry::open_hint(&app.state, &rep, &stale).await,
        Err(AppError::NotFound)
    );
});

on_both!(hints_are_no_oracle, |app| {
    let t1 = hospital(&app, "t1", "福州市第一医院", "福州市").await;
    let rep = app.actor(Role::Rep).await;
    for _ in 0..60 {
        entry::on_entry(&app.state, &rep, &asked("王小明", None, &t1))
            .await
            .expect("answers");
    }
    assert!(matches!(
        entry::on_entry(&app.state, &rep, &asked("王小明", None, &t1)).await,
        Err(AppError::TooMany(_))
    ));
    let otc = app.actor(Role::OtcRep).await;
    assert!(
        entry::on_entry(&app.state, &otc, &asked("王小明", None, &t1))
            .await
            .is_ok(),
        "each has their own count"
    );
});
