//! Terminals' master data: the form, its rules, history, aliases, scope.

mod moves;

use axum::http::StatusCode;
use mailuo::importing::Kind;
use mailuo::server::db::q;
use mailuo::server::time::shift_day;
use mailuo::shared::Role;
use mailuo::terminal::assignment;
use mailuo::terminal::model::MAIN_LINE;
use serde_json::Value;

use crate::support::{Answer, TestApp};

const SAVE: &str = "/api/terminals/save";

/// A whole form, with some fields otherwise.
fn form<'a>(other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("form_key", "key"),
        ("code", "T100"),
        ("name", "江城市第一人民医院"),
        ("kind", "医院"),
        ("level", "三级甲等"),
        ("province", "湖北省"),
        ("city", "江城市"),
        ("aliases", "江城一院\r\n"),
        ("departments", "心血管内科\r\n儿科"),
        ("windows[0][weekday]", "2"),
        ("windows[0][starts]", "14:30"),
        ("windows[0][ends]", "16:00"),
        ("windows[0][place]", "示教室"),
        ("windows[0][appointment]", "true"),
        ("windows[1][weekday]", ""),
        ("windows[1][starts]", ""),
    ];
    for (name, value) in other {
        match fields.iter_mut().find(|(n, _)| n == name) {
            Some(field) => field.1 = *value,
            None => fields.push((*name, *value)),
        }
    }
    fields
}

/// Enters the terminal of [`form`]; gives its id.
async fn entered(app: &TestApp) -> String {
    let admin = app.cookie(Role::Admin).await;
    let answer = app.post(SAVE, &admin, &form(&[])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let (id,): (String,) = q("SELECT id FROM terminal WHERE code = 'T100'")
        .one(&app.state.db)
        .await
        .expect("is there");
    id
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.bytes).expect("is JSON")
}

async fn view(app: &TestApp, role: Role, id: &str) -> Value {
    let cookie = app.cookie(role).await;
    let answer = app
        .get(&format!("/api/terminals/get?id={id}"), &cookie)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    json(&answer)
}

async fn seen(app: &TestApp, id: &str) -> String {
    view(app, Role::Admin, id).await["record"]["master"]["updated_at"].to_string()
}

/// The fields and messages of a refused form.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text()
    );
    json(answer)["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| {
            let text = |name: &str| f[name].as_str().unwrap_or_default().to_owned();
            (text("field"), text("key"))
        })
        .collect()
}

async fn found(app: &TestApp, text: &str) -> i64 {
    let cookie = app.cookie(Role::Manager).await;
    let query = serde_urlencoded::to_string([("text", text)]).expect("a query");
    let answer = app
        .get(&format!("/api/terminals/list?{query}"), &cookie)
        .await;
    json(&answer)["page"]["total"].as_i64().expect("a number")
}

on_both!(a_terminal_is_entered_once_and_found, |app| {
    let id = entered(&app).await;
    let admin = app.cookie(Role::Admin).await;
    let again = app.post(SAVE, &admin, &form(&[])).await;
    assert_eq!(json(&again)["next"], format!("/terminals/{id}"));
    assert_eq!(app.count("SELECT COUNT(*) FROM terminal").await, 1);
    let taken = app
        .post(SAVE, &admin, &form(&[("form_key", "other")]))
        .await;
    assert_eq!(
        faults(&taken),
        [("code".to_owned(), "field.terminal_code_taken".to_owned())]
    );

    let shown = view(&app, Role::Manager, &id).await;
    let record = &shown["record"];
    assert_eq!(record["aliases"][0], "江城一院");
    assert_eq!(record["departments"].as_array().map(Vec::len), Some(2));
    assert_eq!(record["windows"].as_array().map(Vec::len), Some(1));
    assert_eq!(record["windows"][0]["starts"], "14:30");
    assert_eq!(record["windows"][0]["appointment"], true);
    assert_eq!(shown["changes"]["total"], 0);

    for text in ["江城一院", "人民医院", "T100", "江城市"] {
        assert_eq!(found(&app, text).await, 1, "{text}");
    }
    assert_eq!(found(&app, "江城二院").await, 0);
    let suggested = mailuo::terminal::store::suggest(&app.state.db, "一院", None)
        .await
        .expect("answers");
    assert_eq!(suggested.len(), 1);
    assert_eq!(suggested[0].0, id);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'terminal.create'")
            .await,
        1
    );
});

on_both!(what_is_wrong_stands_beside_its_field, |app| {
    let admin = app.cookie(Role::Admin).await;
    let answer = app
        .post(
            SAVE,
            &admin,
            &form(&[
                ("name", " "),
                ("code", ""),
                ("latitude", "91"),
                ("longitude", "10"),
                ("datum", "GCJ-02"),
                ("windows[1][weekday]", "2"),
                ("windows[1][starts]", "15:00"),
                ("windows[1][ends]", "17:00"),
            ]),
        )
        .await;
    let expected = [
        ("code", "field.required"),
        ("name", "field.required"),
        ("latitude", "field.latitude"),
        ("windows", "field.window_overlap"),
    ];
    assert_eq!(
        faults(&answer),
        expected.map(|(field, key)| (field.to_owned(), key.to_owned()))
    );
    let many: String = (0..21).map(|i| format!("别名{i}\n")).collect();
    let answer = app.post(SAVE, &admin, &form(&[("aliases", &many)])).await;
    assert_eq!(
        faults(&answer),
        [("aliases".to_owned(), "field.aliases".to_owned())]
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM terminal").await, 0);

    // Without JavaScript the page comes back with what was typed.
    let answer = app
        .submit(
            SAVE,
            "/terminals/new",
            &admin,
            &form(&[("windows[0][ends]", "14:00")]),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text();
    assert!(page.contains("第 1 段：结束时间须晚于开始时间"));
    assert!(page.contains("示教室") && page.contains("江城市第一人民医院"));
});

on_both!(a_change_is_kept_and_a_former_name_finds, |app| {
    let id = entered(&app).await;
    let admin = app.cookie(Role::Admin).await;
    let rep = app.id_of(Role::Rep).await;
    let (near, far) = (
        app.hcp("王同区", "13911110001", Some(&rep)).await,
        app.hcp("王异区", "13911110002", Some(&rep)).await,
    );
    for (hcp, city) in [(&near, "江城市"), (&far, "武汉市")] {
        q("UPDATE hcp SET terminal_id = $1, province = '湖北省', city = $2 WHERE id = $3")
            .bind(&id)
            .bind(city)
            .bind(hcp)
            .exec(&app.state.db)
            .await
            .expect("is moved");
    }
    let before = seen(&app, &id).await;
    let change = [
        ("form_key", "change"),
        ("id", id.as_str()),
        ("seen", before.as_str()),
        ("name", "江城中心医院"),
        ("city", "新江市"),
        ("windows[0][remove]", "true"),
    ];
    let answer = app.post(SAVE, &admin, &form(&change)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    for text in ["江城中心医院", "江城市第一人民医院", "新江市", "江城一院"] {
        assert_eq!(found(&app, text).await, 1, "{text}");
    }
    let shown = view(&app, Role::Compliance, &id).await;
    assert_eq!(
        shown["record"]["aliases"].as_array().map(Vec::len),
        Some(2),
        "the former name and the alias"
    );
    assert_eq!(shown["record"]["windows"].as_array().map(Vec::len), Some(0));
    let mut fields: Vec<&str> = shown["changes"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["field"].as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["aliases", "city", "name", "windows"]);
    let cities: Vec<(String, String)> = q("SELECT id, city FROM hcp WHERE terminal_id = $1")
        .bind(&id)
        .all(&app.state.db)
        .await
        .expect("answers");
    for (hcp, city) in cities {
        assert_eq!(city == "新江市", hcp == near, "only who had the same city");
    }
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM record_change WHERE object_kind = 'hcp' AND field = 'city'"
        )
        .await,
        1
    );

    // The same form again is answered as before; another that stands on the former state is refused.
    let answer = app.post(SAVE, &admin, &form(&change)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let late = [
        ("form_key", "late"),
        ("id", id.as_str()),
        ("seen", before.as_str()),
        ("name", "别的名称"),
    ];
    let answer = app.post(SAVE, &admin, &form(&late)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(found(&app, "别的名称").await, 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'terminal.update'")
            .await,
        1
    );
});

on_both!(of_many_changes_at_once_one_wins, |app| {
    let id = entered(&app).await;
    let admin = app.cookie(Role::Admin).await;
    let before = seen(&app, &id).await;
    let names: Vec<String> = (0..8).map(|i| format!("江城第{i}医院")).collect();
    let posts = names.iter().map(|name| {
        let (app, admin, id, before) = (&app, &admin, &id, &before);
        async move {
            let fields = form(&[
                ("form_key", name.as_str()),
                ("id", id.as_str()),
                ("seen", before.as_str()),
                ("name", name.as_str()),
            ]);
            app.post(SAVE, admin, &fields).await.status
        }
    });
    let answers = futures::future::join_all(posts).await;
    let won = answers.iter().filter(|s| **s == StatusCode::OK).count();
    assert_eq!(won, 1, "{answers:?}");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM record_change WHERE field = 'name'")
            .await,
        1
    );
});

on_both!(who_sees_and_who_changes, |app| {
    let id = entered(&app).await;
    for (role, page, edit) in [
        (Role::Rep, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
        (Role::Manager, StatusCode::OK, StatusCode::FORBIDDEN),
        (Role::Compliance, StatusCode::OK, StatusCode::FORBIDDEN),
        (Role::Admin, StatusCode::OK, StatusCode::OK),
    ] {
        let cookie = app.cookie(role).await;
        let path = format!("/terminals/{id}");
        assert_eq!(app.get(&path, &cookie).await.status, page, "{role:?}");
        let path = format!("/terminals/{id}/edit");
        assert_eq!(app.get(&path, &cookie).await.status, edit, "{role:?}");
    }
    let admin = app.cookie(Role::Admin).await;
    assert_eq!(
        app.get("/terminals/nowhere", &admin).await.status,
        StatusCode::NOT_FOUND
    );
    let nowhere = form(&[("form_key", "nowhere"), ("id", "nowhere"), ("seen", "1")]);
    assert_eq!(
        app.post(SAVE, &admin, &nowhere).await.status,
        StatusCode::NOT_FOUND
    );

    // A manager counts their own region's HCPs only.
    let rep = app.id_of(Role::Rep).await;
    let other = app
        .person(
            "外区代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13911119999",
        )
        .await;
    for (name, phone, owner) in [
        ("赵本区", "13911110003", &rep),
        ("钱外区", "13911110004", &other),
    ] {
        let hcp = app.hcp(name, phone, Some(owner)).await;
        q("UPDATE hcp SET terminal_id = $1 WHERE id = $2")
            .bind(&id)
            .bind(hcp)
            .exec(&app.state.db)
            .await
            .expect("is moved");
    }
    assert_eq!(view(&app, Role::Manager, &id).await["hcps"], 1);
    assert_eq!(view(&app, Role::Admin, &id).await["hcps"], 2);
});

on_both!(an_import_keeps_what_it_does_not_name, |app| {
    let id = entered(&app).await;
    let file = "终端编码,终端名称,类型,省份,城市,地址,等级,纬度,经度\n\
        T100,江城市人民医院,,,,江边路1号,,30.5,114.3\n";
    let report = app.import(Kind::Hospitals, file.as_bytes()).await;
    assert_eq!((report.created, report.updated), (0, 1));
    let report = app.import(Kind::Hospitals, file.as_bytes()).await;
    assert_eq!((report.updated, report.unchanged), (0, 1));
    let shown = view(&app, Role::Admin, &id).await;
    let master = &shown["record"]["master"];
    assert_eq!(master["level"], "三级甲等", "an empty cell changes nothing");
    assert_eq!(master["datum"], "GCJ-02");
    for text in ["江城市人民医院", "江城市第一人民医院", "江城一院"] {
        assert_eq!(found(&app, text).await, 1, "{text}");
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM record_change WHERE source = 'import' AND object_kind = 'terminal'")
            .await,
        5,
        "name, address, latitude, longitude, aliases"
    );
});

on_both!(the_list_is_narrowed_and_ordered, |app| {
    let file = "终端编码,终端名称,类型,省份,城市,等级\n\
        A1,甲医院,医院,福建省,福州市,二级甲等\n\
        A2,乙药店,药店,福建省,福州市,\n\
        A3,丙医院,医院,湖北省,武汉市,三级甲等\n\
        A4,丁医院,医院,湖北省,武汉市,三级\n";
    app.import(Kind::Hospitals, file.as_bytes()).await;
    let cookie = app.cookie(Role::Marketer).await;
    let codes = async |query: &[(&str, &str)]| -> Vec<String> {
        let query = serde_urlencoded::to_string(query).expect("a query");
        let answer = app
            .get(&format!("/api/terminals/list?{query}"), &cookie)
            .await;
        json(&answer)["page"]["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["code"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(codes(&[("sort", "code")]).await, ["A1", "A2", "A3", "A4"]);
    assert_eq!(codes(&[("sort", "level")]).await, ["A3", "A4", "A1", "A2"]);
    assert_eq!(codes(&[("kind", "药店")]).await, ["A2"]);
    assert_eq!(codes(&[("level", "三级")]).await, ["A4"]);
    assert_eq!(
        codes(&[("province", "湖北省"), ("sort", "code")]).await,
        ["A3", "A4"]
    );
});

on_both!(who_begins_later_looks_after_nobody_yet, |app| {
    let id = entered(&app).await;
    let (rep, next) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let admin = app.actor(Role::Admin).await;
    let hcp = app.hcp("王无主", "13911110005", None).await;
    q("UPDATE hcp SET terminal_id = $1")
        .bind(&id)
        .exec(&app.state.db)
        .await
        .expect("is placed");
    let today = app.state.zone.today();
    let tomorrow = shift_day(&today, 1);

    let mut tx = app.state.db.begin().await.expect("begins");
    assignment::assign(
        &app.state, &mut tx, &admin, &id, &next, MAIN_LINE, &tomorrow,
    )
    .await
    .expect("is assigned");
    let owners = assignment::owners(&mut tx, &today).await.expect("answers");
    assert_eq!(owners.get(&id), None);
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&mut tx)
        .await
        .expect("is there");
    assert_eq!(owner, None);
    tx.commit().await.expect("commits");

    // The day comes.
    assignment::begin_due(&app.state).await.expect("runs");
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(owner, None, "not before it");
    q("UPDATE terminal_assignment SET starts_on = $1, created_at = 1")
        .bind(&today)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    assignment::begin_due(&app.state).await.expect("runs");
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(owner.as_ref(), Some(&next));
    for sql in [
        "DELETE FROM terminal_assignment",
        "DELETE FROM hcp_ownership",
        "UPDATE hcp SET owner_id = NULL",
    ] {
        q(sql).exec(&app.state.db).await.expect("begins anew");
    }

    let mut tx = app.state.db.begin().await.expect("begins");
    for (person, from) in [(&rep, &today), (&next, &tomorrow)] {
        assignment::assign(&app.state, &mut tx, &admin, &id, person, MAIN_LINE, from)
            .await
            .expect("is assigned");
    }
    for (day, person) in [(&today, &rep), (&tomorrow, &next)] {
        let owners = assignment::owners(&mut tx, day).await.expect("answers");
        assert_eq!(owners.get(&id), Some(person), "{day}");
    }
    tx.commit().await.expect("commits");
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(&hcp)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(owner, Some(rep));
});
