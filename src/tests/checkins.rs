//! Check-ins: stored once, flagged and never dropped, the sheet and its file, scope.

use axum::http::StatusCode;
use mailuo::importing::{self, Kind, Mode};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::time;
use mailuo::shared::{AppError, Role};
use mailuo::visit::model::Sheet;
use mailuo::visit::sheet;
use mailuo::visit::store::{self, Filter, NewCheckin};

use crate::hcp_record::read;
use crate::support::TestApp;

const FILE: &[u8] = include_bytes!("corpus/checkins-2013-05.csv");

fn filter(month: &str) -> Filter {
    Filter {
        month: month.into(),
        ..Filter::default()
    }
}

async fn number(app: &TestApp, id: &str, number: &str) {
    q("UPDATE staff SET employee_no = $1 WHERE id = $2")
        .bind(number)
        .bind(id)
        .exec(&app.state.db)
        .await
        .expect("is numbered");
}

on_both!(
    the_sheet_of_a_reference_company_is_read_and_written_again,
    |app| {
        let rep = app.id_of(Role::Rep).await;
        number(&app, &rep, "wangwei").await;
        let report = importing::run(
            &app.state,
            &Actor::system(),
            Kind::Checkins,
            FILE,
            Mode::All,
        )
        .await
        .expect("is imported");
        assert_eq!((report.created, report.invalid.len()), (14, 0));
        let again = importing::run(
            &app.state,
            &Actor::system(),
            Kind::Checkins,
            FILE,
            Mode::All,
        )
        .await
        .expect("is imported");
        assert_eq!(
            (again.created, again.unchanged),
            (0, 14),
            "the same file changes nothing"
        );
        let cookie = app.cookie(Role::Rep).await;
        let shown: Sheet = read(&app, &cookie, "/api/checkins/sheet?month=2013-05").await;
        let counts: Vec<usize> = shown.days.rows.iter().map(|d| d.rows.len()).collect();
        assert_eq!(counts, [3, 2, 7, 1, 1]);
        assert_eq!((shown.checkins, shown.people), (14, 1));

        let file = sheet::file(&app.state, &Actor::system(), &filter("2013-05"), false)
            .await
            .expect("is written");
        let written = String::from_utf8(file).expect("UTF-8");
        let printed = String::from_utf8_lossy(FILE).into_owned();
        let cells = |text: &str| -> Vec<Vec<String>> {
            text.trim_start_matches('\u{feff}')
                .lines()
                .map(|line| {
                    line.trim_end_matches('\r')
                        .split(',')
                        .map(str::to_owned)
                        .collect()
                })
                .collect()
        };
        let (written, printed) = (cells(&written), cells(&printed));
        assert_eq!(written[0], printed[0], "the same columns");
        assert_eq!(written.len(), printed.len());
        for (w, p) in written.iter().zip(&printed).skip(1) {
            // Number, account, day, time and place; unit and name are the company's own.
            for column in [0, 2, 4, 5, 6] {
                assert_eq!(w[column], p[column]);
            }
        }
        let counts = |rows: &[Vec<String>]| -> Vec<String> {
            rows.iter()
                .skip(1)
                .map(|r| r[7].clone())
                .filter(|c| !c.is_empty())
                .collect()
        };
        assert_eq!(counts(&written), ["3", "2", "7", "1", "1"]);
        // The file prints 2 for its last day, whose rows are cut off.
        assert_eq!(counts(&printed)[..4], counts(&written)[..4]);
        let back = importing::run(
            &app.state,
            &Actor::system(),
            Kind::Checkins,
            &sheet::file(&app.state, &Actor::system(), &filter("2013-05"), true)
                .await
                .expect("is written"),
            Mode::All,
        )
        .await
        .expect("is imported");
        assert_eq!(
            (back.created, back.unchanged),
            (0, 14),
            "what was exported is what is on file"
        );
    }
);

on_both!(rows_at_fault_are_named, |app| {
    let rep = app.id_of(Role::Rep).await;
    number(&app, &rep, "wangwei").await;
    let file = "员工账号,签到日期,签到时间,签到地点\nnobody,2013-05-11,10:00:00,甲\nwangwei,11.05.2013,10:00:00,甲\n\
                wangwei,2013-05-11,25:00:00,甲\nwangwei,2113-05-11,10:00:00,甲\nwangwei,2013-05-11,10:00:00,\n";
    let report = importing::run(
        &app.state,
        &Actor::system(),
        Kind::Checkins,
        file.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is read");
    let faults: Vec<(i64, &str)> = report
        .invalid
        .iter()
        .map(|i| (i.row, i.field.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            (2, "员工账号"),
            (3, "签到日期"),
            (4, "签到时间"),
            (5, "签到时间"),
            (6, "签到地点")
        ]
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM checkin").await, 0);
});

/// A terminal of the rep at 39.9, 116.4 (WGS-84).
async fn terminal(app: &TestApp, rep: &str) -> String {
    app.hospitals().await;
    let (id,): (String,) = q("SELECT id FROM terminal ORDER BY code LIMIT 1")
        .one(&app.state.db)
        .await
        .expect("is there");
    q("UPDATE terminal SET latitude = 39.9, longitude = 116.4, datum = 'WGS-84' WHERE id = $1")
        .bind(&id)
        .exec(&app.state.db)
        .await
        .expect("lies there");
    q("INSERT INTO terminal_assignment (id, terminal_id, staff_id, business_line, starts_on, created_at, created_by) \
       VALUES ('a1', $1, $2, 'default', '2020-01-01', 1, 'x')")
        .bind(&id)
        .bind(rep)
        .exec(&app.state.db)
        .await
        .expect("is assigned");
    id
}

on_both!(a_checkin_is_stored_once_and_flagged, |app| {
    let rep = app.actor(Role::Rep).await;
    let terminal = terminal(&app, &rep.id).await;
    let new = |id: &str, lat: f64, ago: i64| NewCheckin {
        id: format!("{id}-aaaaaaaaaaaaaaaa"),
        kind: "in".into(),
        terminal_id: Some(terminal.clone()),
        position: Some((lat, 116.4)),
        accuracy_m: Some(20.0),
        device_at: Some(time::now() - ago),
        photo: None,
    };
    let first = store::save(&app.state, &rep, &new("1", 39.901, 0))
        .await
        .expect("is stored");
    assert_eq!(first.flags, Vec::<String>::new());
    assert!(first.distance.is_some_and(|m| (100.0..120.0).contains(&m)));
    let again = store::save(&app.state, &rep, &new("1", 45.0, 0))
        .await
        .expect("is there");
    assert_eq!(
        again.distance, first.distance,
        "the same id changes nothing"
    );
    let far = store::save(&app.state, &rep, &new("2", 39.95, 0))
        .await
        .expect("is stored");
    assert_eq!(far.flags, ["far", "fast"]);
    // Kept on the phone for an hour.
    let late = store::save(&app.state, &rep, &new("3", 39.9, 3_600_000))
        .await
        .expect("is stored");
    assert_eq!(late.flags, ["late"]);
    assert!(late.received.is_some() && late.time < first.time || late.day < first.day);
    let nowhere = NewCheckin {
        position: None,
        terminal_id: None,
        ..new("4", 0.0, 0)
    };
    assert_eq!(
        store::save(&app.state, &rep, &nowhere)
            .await
            .expect("is stored")
            .flags,
        ["no_position"]
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM checkin").await, 4);
    // A terminal kept in the datum of Chinese maps is the same place: off by some 500 m if it were taken as it stands.
    let (long, lat) = (116.40624, 39.90140);
    q("UPDATE terminal SET latitude = $1, longitude = $2, datum = 'GCJ-02' WHERE id = $3")
        .bind(lat)
        .bind(long)
        .bind(&terminal)
        .exec(&app.state.db)
        .await
        .expect("is changed");
    let same = store::save(&app.state, &rep, &new("5", 39.9, 0))
        .await
        .expect("is stored");
    assert!(
        same.distance.is_some_and(|m| m < 30.0),
        "{:?}",
        same.distance
    );
    // Somebody else's terminal, and somebody else's check-in, are not there.
    let otc = app.actor(Role::OtcRep).await;
    assert_eq!(
        store::save(&app.state, &otc, &new("6", 39.9, 0)).await,
        Err(AppError::NotFound)
    );
    let stolen = NewCheckin {
        terminal_id: None,
        ..new("1", 39.9, 0)
    };
    assert_eq!(
        store::save(&app.state, &otc, &stolen).await,
        Err(AppError::NotFound)
    );
    // Nothing chosen: the nearest is meant, where it is near.
    let meant = |id: &str, lat: f64| NewCheckin {
        terminal_id: None,
        ..new(id, lat, 0)
    };
    let near = store::save(&app.state, &rep, &meant("8", 39.905)).await;
    assert_eq!(near.expect("is stored").terminal_id, Some(terminal.clone()));
    let off = store::save(&app.state, &rep, &meant("9", 40.5)).await;
    assert_eq!(off.expect("is stored").terminal_id, None);
    let broken = NewCheckin {
        id: "x".into(),
        ..new("7", 39.9, 0)
    };
    assert!(matches!(
        store::save(&app.state, &rep, &broken).await,
        Err(AppError::Conflict(_))
    ));
});

on_both!(the_place_is_read_only_with_consent, |app| {
    let rep = app.cookie(Role::Rep).await;
    let form = [
        ("id", "bbbbbbbbbbbbbbbbbbbb"),
        ("kind", "in"),
        ("latitude", "39.9"),
        ("longitude", "116.4"),
        ("scripted", "1"),
    ];
    let post = async |form: &[(&str, &str)]| {
        let parts: Vec<(&str, &[u8])> = form.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
        app.post_parts("/checkin", &rep, &parts).await
    };
    let refused = post(&form).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(app.count("SELECT COUNT(*) FROM checkin").await, 0);
    let agreed: Vec<(&str, &str)> = form.iter().copied().chain([("agree", "true")]).collect();
    for _ in 0..2 {
        assert_eq!(post(&agreed).await.status, StatusCode::OK);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM checkin").await, 1);
    let page = app.get("/checkin", &rep).await.text();
    assert!(page.contains("你的位置信息将用于获取所属运营范围以及附近终端信息"));
    assert!(
        page.contains("定位不准"),
        "without an accuracy it is flagged"
    );
    assert_eq!(
        app.get("/checkin", "").await.location(),
        "/sign-in?next=/checkin"
    );
    let trainer = app.cookie(Role::Trainer).await;
    assert_eq!(
        app.get("/checkin", &trainer).await.status,
        StatusCode::FORBIDDEN
    );
});

on_both!(the_sheet_follows_scope, |app| {
    let near = app.actor(Role::Rep).await;
    let far = app
        .person(
            "远人",
            Role::Rep,
            &app.units.district_b,
            None,
            "13722220000",
        )
        .await;
    let far = Actor {
        id: far,
        ..near.clone()
    };
    for (i, actor) in [&near, &far].into_iter().enumerate() {
        let new = NewCheckin {
            id: format!("{i}-cccccccccccccccc"),
            kind: "in".into(),
            ..NewCheckin::default()
        };
        store::save(&app.state, actor, &new)
            .await
            .expect("is stored");
    }
    let month = app.state.zone.today()[..7].to_owned();
    for (role, people) in [
        (Role::Rep, 1),
        (Role::OtcRep, 0),
        (Role::Manager, 1),
        (Role::Compliance, 2),
        (Role::Admin, 2),
    ] {
        let cookie = app.cookie(role).await;
        let shown: Sheet = read(&app, &cookie, &format!("/api/checkins/sheet?month={month}")).await;
        assert_eq!(shown.people, people, "{role:?}");
        let book = app
            .get(&format!("/checkins/sheet.xlsx?month={month}"), &cookie)
            .await;
        assert_eq!(book.status, StatusCode::OK, "{role:?}");
    }
    let cookie = app.cookie(Role::Admin).await;
    let wrong = app.get("/api/checkins/sheet?month=2013-13", &cookie).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
});

/// A JPEG of one pixel that says where it was taken, and by whom.
fn photo() -> Vec<u8> {
    let segment = |marker: u8, body: &[u8]| -> Vec<u8> {
        let length = (body.len() + 2) as u16;
        [&[0xFF, marker], length.to_be_bytes().as_slice(), body].concat()
    };
    [
        vec![0xFF, 0xD8],
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xE1, b"Exif\0\0GPS 39.9 116.4"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0taken by somebody"),
        segment(0xFE, b"a comment of the camera"),
        segment(0xDA, b"\x01\x01\0\0\x3F\0"),
        vec![0x12, 0x34, 0xFF, 0xD9],
    ]
    .concat()
}

on_both!(a_photo_loses_what_the_camera_wrote, |app| {
    let (rep, id) = (app.cookie(Role::Rep).await, "photo-dddddddddddddddd");
    let parts = |file: &'static [u8]| -> Vec<(&'static str, &'static [u8])> {
        vec![
            ("id", id.as_bytes()),
            ("kind", b"in"),
            ("agree", b"true"),
            ("file", file),
        ]
    };
    let bad = app
        .post_parts("/checkin", &rep, &parts(b"MZ no photo"))
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text().contains("照片须为 JPEG"));
    assert_eq!(app.count("SELECT COUNT(*) FROM checkin").await, 0);
    let bytes: &'static [u8] = photo().leak();
    assert_eq!(
        app.post_parts("/checkin", &rep, &parts(bytes)).await.status,
        StatusCode::SEE_OTHER
    );
    let kept = app.get(&format!("/checkins/{id}/photo"), &rep).await;
    assert_eq!(kept.headers["content-type"], "image/jpeg");
    assert!(
        kept.bytes.starts_with(&[0xFF, 0xD8]) && kept.bytes.ends_with(&[0x12, 0x34, 0xFF, 0xD9])
    );
    for told in ["GPS", "taken by", "a comment"] {
        assert!(
            !kept.bytes.windows(told.len()).any(|w| w == told.as_bytes()),
            "{told}"
        );
    }
    let otc = app.cookie(Role::OtcRep).await;
    assert_eq!(
        app.get(&format!("/checkins/{id}/photo"), &otc).await.status,
        StatusCode::NOT_FOUND
    );
});

on_both!(an_administrator_sets_the_limits, |app| {
    let admin = app.cookie(Role::Admin).await;
    let form = |cap| {
        [
            ("radius_m", "100"),
            ("accuracy_m", "50.5"),
            ("speed_kmh", "120"),
            ("same_place", "5"),
            ("goal", "3"),
            ("cap", cap),
        ]
    };
    for cap in ["2", "x", "0", "3.5"] {
        let answer = app
            .post("/api/settings/save_field", &admin, &form(cap))
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{cap}");
    }
    assert_eq!(
        app.post("/api/settings/save_field", &admin, &form("6"))
            .await
            .status,
        StatusCode::OK
    );
    let limits = store::limits(&app.state.db).await.expect("are there");
    assert_eq!(
        (limits.radius_m, limits.accuracy_m, limits.same_place),
        (100.0, 50.5, 5)
    );
    assert_eq!(
        mailuo::visit::plans::goals(&app.state.db)
            .await
            .expect("are there")
            .cap,
        6
    );
    assert!(app.get("/settings", &admin).await.text().contains("50.5"));
});
