//! Sign-in, sessions, passwords and phones.

use axum::http::StatusCode;
use mailuo::identity::store;
use mailuo::importing::Kind;
use mailuo::server::db::q;
use mailuo::server::time::shift_day;
use mailuo::shared::Role;

use crate::support::{fresh_dir, phone};

on_both!(sign_in_by_password_and_out, |app| {
    app.with_password(Role::Rep, "correct horse").await;
    let phone = phone(Role::Rep);
    let wrong = app
        .post("/sign-in", "", &[("phone", &phone), ("password", "wrong")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains(&phone), "what was typed is kept");
    let right = app
        .post(
            "/sign-in",
            "",
            &[
                ("phone", &phone),
                ("password", "correct horse"),
                ("next", "//evil.example"),
            ],
        )
        .await;
    assert_eq!(
        (right.status, right.location()),
        (StatusCode::SEE_OTHER, "/".to_owned())
    );
    let cookie = format!("sid={}", right.cookie("sid").expect("a session"));
    assert_eq!(
        app.get("/api/account/get", &cookie).await.status,
        StatusCode::OK
    );
    app.post("/sign-out", &cookie, &[]).await;
    assert_eq!(
        app.get("/api/account/get", &cookie).await.status,
        StatusCode::UNAUTHORIZED
    );
});

on_both!(sign_in_by_code, |app| {
    let phone = phone(Role::Rep);
    app.post("/sign-in/code", "", &[("phone", &phone)]).await;
    let code = app.code_for(&phone);
    let stored = app
        .count(&format!(
            "SELECT COUNT(*) FROM otp WHERE code_hash LIKE '%{code}%'"
        ))
        .await;
    assert_eq!(stored, 0, "the code is not stored");
    let done = app
        .post(
            "/sign-in",
            "",
            &[("phone", &phone), ("by", "code"), ("code", &code)],
        )
        .await;
    assert!(done.cookie("sid").is_some());
    let again = app
        .post(
            "/sign-in",
            "",
            &[("phone", &phone), ("by", "code"), ("code", &code)],
        )
        .await;
    assert!(again.cookie("sid").is_none(), "a code works once");
    // A phone that nobody here has gets the same answer and no message.
    let stranger = app
        .post("/sign-in/code", "", &[("phone", "13955555555")])
        .await;
    assert_eq!(stranger.status, StatusCode::OK);
    let sent = std::fs::read_to_string(app.dir.join("sms.jsonl")).expect("messages");
    assert!(!sent.contains("13955555555"));
});

on_both!(guessing_is_slowed, |app| {
    app.with_password(Role::Rep, "correct horse").await;
    let phone = phone(Role::Rep);
    for _ in 0..10 {
        app.post("/sign-in", "", &[("phone", &phone), ("password", "wrong")])
            .await;
    }
    let answer = app
        .post(
            "/sign-in",
            "",
            &[("phone", &phone), ("password", "correct horse")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
});

on_both!(who_left_is_out_at_once, |app| {
    let rep = app.cookie(Role::Rep).await;
    let id = app.id_of(Role::Rep).await;
    let admin = app.cookie(Role::Admin).await;
    assert_eq!(
        app.post("/api/people/leave", &admin, &[("id", &id)])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        app.get("/api/account/get", &rep).await.status,
        StatusCode::UNAUTHORIZED
    );
    app.post(
        "/api/people/leave",
        &admin,
        &[("id", &id), ("back", "true")],
    )
    .await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM staff WHERE left_at IS NOT NULL")
            .await,
        0
    );
});

on_both!(a_successor_can_begin_on_the_day_somebody_leaves, |app| {
    let hospitals = "终端编码,终端名称\nT1,甲医院\nT2,乙医院\n";
    app.import(Kind::Hospitals, hospitals.as_bytes()).await;
    let terminals: Vec<(String,)> = q("SELECT id FROM terminal ORDER BY code")
        .all(&app.state.db)
        .await
        .expect("rows");
    let (rep, next) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let admin = app.actor(Role::Admin).await;
    let today = app.state.zone.today();
    let assign = async |terminal: &str, person: &str, from: &str| {
        let mut tx = app.state.db.begin().await.expect("begins");
        mailuo::terminal::assignment::assign(
            &app.state, &mut tx, &admin, terminal, person, "default", from,
        )
        .await
        .expect("is assigned");
        tx.commit().await.expect("commits");
    };
    assign(&terminals[0].0, &rep, "2026-01-01").await;
    assign(&terminals[1].0, &rep, &today).await;
    store::leave(&app.state, &admin, &rep)
        .await
        .expect("leaves");
    let left: Vec<(String, Option<String>)> =
        q("SELECT starts_on, ends_on FROM terminal_assignment")
            .all(&app.state.db)
            .await
            .expect("rows");
    assert_eq!(
        left,
        [("2026-01-01".to_owned(), Some(shift_day(&today, -1)))],
        "what began today never held"
    );
    for (terminal,) in &terminals {
        assign(terminal, &next, &today).await;
    }
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM terminal_assignment a JOIN terminal_assignment b \
             ON b.terminal_id = a.terminal_id AND b.id > a.id \
             WHERE a.starts_on <= COALESCE(b.ends_on, '9999') AND b.starts_on <= COALESCE(a.ends_on, '9999')"
        )
        .await,
        0,
        "never two at a time"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM terminal_assignment").await,
        3
    );
});

on_both!(a_phone_changes_with_both_codes, |app| {
    let cookie = app.cookie(Role::Rep).await;
    let (old, new) = (phone(Role::Rep), "13988887777");
    assert_eq!(
        app.post("/api/account/phone_codes", &cookie, &[("new_phone", new)])
            .await
            .status,
        StatusCode::OK
    );
    let (old_code, new_code) = (app.code_for(&old), app.code_for(new));
    let wrong = [
        ("new_phone", new),
        ("old_code", "abc"),
        ("new_code", new_code.as_str()),
    ];
    assert_eq!(
        app.post("/api/account/phone", &cookie, &wrong).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let right = [
        ("new_phone", new),
        ("old_code", old_code.as_str()),
        ("new_code", new_code.as_str()),
    ];
    assert_eq!(
        app.post("/api/account/phone", &cookie, &right).await.status,
        StatusCode::OK
    );
    assert!(
        store::credentials(&app.state, new)
            .await
            .expect("answers")
            .is_some()
    );
    assert!(
        store::credentials(&app.state, &old)
            .await
            .expect("answers")
            .is_none()
    );
});

on_both!(a_new_password_ends_the_other_sessions, |app| {
    let id = app.with_password(Role::Rep, "correct horse").await;
    let (here, there) = (app.session(&id).await, app.session(&id).await);
    let weak = [
        ("old_password", "correct horse"),
        ("new_password", "mailuo-demo"),
    ];
    assert_eq!(
        app.post("/api/account/password", &here, &weak).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let form = [
        ("old_password", "correct horse"),
        ("new_password", "battery staple"),
    ];
    assert_eq!(
        app.post("/api/account/password", &here, &form).await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.get("/api/account/get", &here).await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.get("/api/account/get", &there).await.status,
        StatusCode::UNAUTHORIZED
    );
});

on_both!(people_are_entered_changed_and_audited, |app| {
    let admin = app.cookie(Role::Admin).await;
    let taken = phone(Role::Rep);
    let form = [
        ("form_key", "a"),
        ("name", "新人"),
        ("phone", taken.as_str()),
        ("role", "rep"),
        ("unit_id", app.units.district_a.as_str()),
    ];
    let answer = app.post("/api/people/save", &admin, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("phone_taken"));
    let unit = app
        .post(
            "/api/units/save",
            &admin,
            &[
                ("form_key", "u"),
                ("parent_id", &app.units.region_a),
                ("name", "甲二"),
            ],
        )
        .await;
    assert_eq!(unit.status, StatusCode::OK, "{}", unit.text());
    assert_eq!(
        app.count("SELECT COUNT(*) FROM org_unit WHERE name = '甲二' AND kind = 'district'")
            .await,
        1
    );
    let log = app
        .get("/api/audit/list?text=unit.save", &admin)
        .await
        .text();
    assert!(log.contains("甲二"));
    // By what it is called, too: text=修改部门
    let named = app
        .get(
            "/api/audit/list?text=%E4%BF%AE%E6%94%B9%E9%83%A8%E9%97%A8",
            &admin,
        )
        .await
        .text();
    assert!(
        named.contains("unit.save") && !named.contains("session.start"),
        "{named}"
    );
    let (company,): (String,) = q("SELECT name FROM org_unit WHERE id = $1")
        .bind(&app.units.company)
        .one(&app.state.db)
        .await
        .expect("a name");
    assert_eq!(company, "公司");
});

on_both!(people_are_listed_by_pinyin, |app| {
    // By code point 张 would stand before 李, and 安 before both.
    for (i, name) in ["赵敏", "张军", "李娜", "安琪", "王伟"].iter().enumerate() {
        let phone = format!("1370000000{i}");
        app.person(name, Role::Rep, &app.units.district_b, None, &phone)
            .await;
    }
    let filter = store::PeopleFilter {
        unit: app.units.district_b.clone(),
        ..Default::default()
    };
    let admin = app.actor(Role::Admin).await;
    let page = store::people(&app.state.db, &admin, &filter, 1).await;
    let page = page.expect("a page");
    let names: Vec<&str> = page.rows.iter().map(|row| row.name.as_str()).collect();
    let known: Vec<&str> = names
        .into_iter()
        .filter(|name| ["赵敏", "张军", "李娜", "安琪", "王伟"].contains(name))
        .collect();
    assert_eq!(known, ["安琪", "李娜", "王伟", "张军", "赵敏"]);
});

on_both!(a_newer_schema_is_refused, |app| {
    q(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
       SELECT 99990101000000, 'later', success, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    )
    .exec(&app.state.db)
    .await
    .expect("a later migration");
    let error = app.state.db.migrate().await.expect_err("is refused");
    assert!(error.contains("newer"), "{error}");
});

#[tokio::test]
async fn a_company_starts_without_demo_data() {
    let dir = fresh_dir();
    let run = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_mailuo"))
            .args(args)
            .arg("--data-dir")
            .arg(&dir)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("runs")
    };
    let create = [
        "admin",
        "create",
        "--name",
        "管理员",
        "--phone",
        "13800001111",
    ];
    let demo = run(&[&create[..], &["--password", "mailuo-demo"]].concat());
    assert!(!demo.status.success(), "the demo password is refused");
    let made = run(&[&create[..], &["--password", "a good one"]].concat());
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );

    let report = run(&["import", "hospitals", "demo/hospitals.csv", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&report.stdout).expect("one JSON object");
    assert_eq!(
        json,
        serde_json::json!({"rows": 2083, "created": 2083, "updated": 0, "unchanged": 0, "invalid": []})
    );
    let dirty = run(&["import", "hcps", "demo/hcps-dirty-gbk.csv", "--json"]);
    assert_eq!(dirty.status.code(), Some(2));
    let json: serde_json::Value = serde_json::from_slice(&dirty.stdout).expect("one JSON object");
    assert_eq!(
        json["invalid"][0],
        serde_json::json!({"row": 5, "field": "医院", "reason": "医院未知"})
    );
    let verify = run(&["audit", "verify"]);
    assert!(verify.status.success());
    let doctor = run(&["doctor"]);
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(dir.join("key"))
            .expect("a key")
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}
