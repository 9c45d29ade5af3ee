//! The importers on the real files.

use std::collections::BTreeMap;
use std::time::Duration;

use mailuo::importing::table::Table;
use mailuo::importing::{self, Kind, Mode};
use mailuo::server::audit::{self, Event};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::shared::Role;

use crate::support::{demo_file, phone};

on_both!(hospitals_and_hcps_twice, |app| {
    let hospitals = demo_file("hospitals.csv");
    let report = app.import(Kind::Hospitals, &hospitals).await;
    assert_eq!((report.rows, report.created), (2083, 2083));
    let report = app.import(Kind::Hospitals, &hospitals).await;
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 0, 2083)
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM terminal WHERE latitude IS NOT NULL AND datum = 'GCJ-02'")
            .await,
        44
    );
    assert!(
        app.count("SELECT COUNT(*) FROM terminal WHERE province = ''")
            .await
            > 0
    );

    let hcps = demo_file("hcps.csv");
    let report = app.import(Kind::Hcps, &hcps).await;
    assert_eq!((report.rows, report.created), (5000, 5000));
    let report = app.import(Kind::Hcps, &hcps).await;
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 0, 5000)
    );
    // No phone number stands in the clear.
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM hcp WHERE phone_cipher LIKE '1%' AND LENGTH(phone_cipher) = 11"
        )
        .await,
        0
    );
});

on_both!(dirty_rows_are_named_exactly, |app| {
    app.hospitals().await;
    let dirty = demo_file("hcps-dirty-gbk.csv");
    let actor = Actor::system();
    let report = importing::run(&app.state, &actor, Kind::Hcps, &dirty, Mode::All)
        .await
        .expect("is read");
    assert!(!report.applied);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp").await,
        0,
        "nothing goes in beside refused rows"
    );

    let faults = String::from_utf8(demo_file("hcps-dirty-gbk.faults.txt")).expect("is UTF-8");
    let mut expected: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for line in faults.lines() {
        let Some((reason, rows)) = line.split_once(": ") else {
            continue;
        };
        let rows: Vec<i64> = serde_json::from_str(rows).expect("a list of rows");
        if !reason.contains("应自动修正") {
            expected.insert(reason.to_owned(), rows);
        }
    }
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for invalid in &report.invalid {
        found
            .entry(invalid.reason.clone())
            .or_default()
            .push(invalid.row);
    }
    assert_eq!(found, expected);

    let report = importing::run(&app.state, &actor, Kind::Hcps, &dirty, Mode::SkipInvalid)
        .await
        .expect("is read");
    let refused: i64 = expected.values().map(|rows| rows.len() as i64).sum();
    assert_eq!((report.rows, report.created), (315, 315 - refused));
    // Row 6 stands with stray spaces and full-width digits in the file.
    let index = app.state.keys.phone_index("13593786579");
    let stored: (String, String) = q("SELECT name, phone_masked FROM hcp WHERE phone_index = $1")
        .bind(index)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(stored, ("王俊".to_owned(), "135****6579".to_owned()));
});

on_both!(previews_change_nothing, |app| {
    let report = importing::run(
        &app.state,
        &Actor::system(),
        Kind::Hospitals,
        &demo_file("hospitals.csv"),
        Mode::Preview,
    )
    .await
    .expect("is read");
    assert_eq!(report.created, 2083);
    assert_eq!(app.count("SELECT COUNT(*) FROM terminal").await, 0);
});

on_both!(people_and_assignments, |app| {
    let people = "姓名,手机号,角色,部门,工号,管理部门\n\
        赵经理,13700000001,manager,公司/东区/南京,M1,公司/东区\n\
        钱代表,13700000002,学术代表,公司/东区/南京,R1,\n\
        ,13700000003,rep,公司/东区,,\n\
        孙某,1370000,rep,公司,,\n\
        李某,13700000005,国王,公司,,\n\
        周某,13700000002,rep,公司,,\n";
    let report = importing::run(
        &app.state,
        &Actor::system(),
        Kind::People,
        people.as_bytes(),
        Mode::SkipInvalid,
    )
    .await
    .expect("is read");
    assert_eq!(report.created, 2);
    assert_eq!(
        report.invalid.iter().map(|i| i.row).collect::<Vec<_>>(),
        [4, 5, 6, 7]
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM org_unit WHERE name = '南京'")
            .await,
        1
    );

    app.hospitals().await;
    app.import(Kind::Hcps, &demo_file("hcps.csv")).await;
    let rows = "终端编码,负责人手机号,开始日期\nH00003,13700000002,2026-01-01\n";
    assert_eq!(
        app.import(Kind::Assignments, rows.as_bytes()).await.created,
        1
    );
    assert_eq!(
        app.import(Kind::Assignments, rows.as_bytes())
            .await
            .unchanged,
        1
    );
    // Another from a later day on: never two at a time.
    let rows = format!(
        "终端编码,负责人手机号,开始日期\nH00003,{},2026-06-01\n",
        phone(Role::Rep)
    );
    assert_eq!(
        app.import(Kind::Assignments, rows.as_bytes()).await.updated,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM terminal_assignment WHERE ends_on = '2026-05-31'")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM terminal_assignment WHERE ends_on IS NULL")
            .await,
        1
    );
    let early = "终端编码,负责人手机号,开始日期\nH00003,13700000002,2026-03-01\n";
    let report = importing::run(
        &app.state,
        &Actor::system(),
        Kind::Assignments,
        early.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is read");
    assert_eq!(report.invalid.len(), 1);
});

on_both!(rows_are_logged_together_at_the_end, |app| {
    let actor = Actor::system();
    let hospitals = "终端编码,终端名称\nT1,甲医院\n";
    app.import(Kind::Hospitals, hospitals.as_bytes()).await;
    let people = "姓名,手机号,角色,部门\n钱代表,13700000002,rep,公司/东区\n孙代表,13700000003,rep,公司/东区\n";
    let assignments = format!("终端编码,负责人手机号\nT1,{}\n", phone(Role::Rep));

    // While an import goes on, others act: on SQLite after it, since there is one writer.
    if app.state.db.engine() == "postgres" {
        let mut tx = app.state.db.begin().await.expect("begins");
        let table = Table::read(people.as_bytes()).expect("is read");
        mailuo::identity::people_import::import(&app.state, &mut tx, &table)
            .await
            .expect("is imported");
        let table = Table::read(assignments.as_bytes()).expect("is read");
        mailuo::terminal::import::assignments(&app.state, &mut tx, &actor, &table)
            .await
            .expect("is imported");
        let other = async {
            let mut tx = app.state.db.begin().await.expect("begins");
            let event = Event::new("test.act", "thing", "thing");
            audit::record(&app.state.keys, &mut tx, &actor, event)
                .await
                .expect("is recorded");
            tx.commit().await.expect("commits");
        };
        tokio::time::timeout(Duration::from_secs(5), other)
            .await
            .expect("nobody waits for the import");
    }

    let before = app.count("SELECT COUNT(*) FROM audit_log").await;
    for mode in [Mode::Preview, Mode::All] {
        importing::run(&app.state, &actor, Kind::People, people.as_bytes(), mode)
            .await
            .expect("is read");
    }
    app.import(Kind::Assignments, assignments.as_bytes()).await;
    let logged: Vec<(String,)> = q("SELECT action FROM audit_log WHERE seq > $1 ORDER BY seq")
        .bind(before)
        .all(&app.state.db)
        .await
        .expect("rows");
    let logged: Vec<&str> = logged.iter().map(|(action,)| action.as_str()).collect();
    assert_eq!(
        logged,
        [
            "person.create",
            "person.create",
            "import.apply",
            "terminal.assign",
            "import.apply"
        ]
    );
    let verdict = audit::verify(&app.state.db, &app.state.keys)
        .await
        .expect("answers");
    assert_eq!(verdict.fault, None);
});

on_both!(articles_twice, |app| {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/articles");
    let report = importing::articles(&app.state, &Actor::system(), &folder, Mode::All)
        .await
        .expect("is read");
    assert_eq!(
        (report.rows, report.created, report.invalid.len()),
        (12, 12, 0)
    );
    let report = importing::articles(&app.state, &Actor::system(), &folder, Mode::All)
        .await
        .expect("is read");
    assert_eq!(report.unchanged, 12);
    assert!(app.count("SELECT COUNT(*) FROM article_file").await >= 2);
});
