//! An HCP's record: entering, changing, its history.

use axum::http::StatusCode;
use mailuo::hcp::model::{EntryCheck, HcpRecord, HcpView};
use mailuo::server::db::q;
use mailuo::server::{crypto, search, time};
use mailuo::shared::{AppError, Role, Saved};

use crate::support::{Answer, TestApp};

const PHONE: &str = "13911112222";

/// A terminal that the search finds.
pub async fn terminal(app: &TestApp, code: &str, name: &str, kind: &str, city: &str) -> String {
    let id = crypto::new_id();
    let mut tx = app.state.db.begin().await.expect("begins");
    q("INSERT INTO terminal (id, code, name, kind, province, city, address, level, created_at, updated_at) \
       VALUES ($1, $2, $3, $4, '福建省', $5, '', '', $6, $6)")
    .bind(&id)
    .bind(code)
    .bind(name)
    .bind(kind)
    .bind(city)
    .bind(time::now())
    .exec(&mut tx)
    .await
    .expect("is entered");
    search::index(&mut tx, "terminal", &id, &[name, city, code])
        .await
        .expect("is indexed");
    tx.commit().await.expect("commits");
    id
}

/// A good form of a new doctor, with some fields changed or added.
pub fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("form_key", "k1"),
        ("name", "周一鸣"),
        ("kind", "doctor"),
        ("hospital", "仁爱医院"),
        ("department", "心血管内科"),
    ];
    for &(name, value) in changes {
        form.retain(|(n, _)| *n != name);
        form.push((name, value));
    }
    form
}

async fn enter(app: &TestApp, cookie: &str, changes: &[(&str, &str)]) -> Answer {
    app.post("/api/hcps/enter", cookie, &form(changes)).await
}

pub fn saved(answer: &Answer) -> Saved {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_slice(&answer.bytes).expect("a saved form")
}

/// The id of the HCP to whose page the answer leads.
fn id_of(answer: &Answer) -> String {
    let saved = saved(answer);
    assert_eq!(saved.notice, "notice.hcp_created");
    let next = saved.next.expect("leads on");
    next.trim_start_matches("/hcps/").to_owned()
}

/// Fields that the answer complains of.
pub fn faults(answer: &Answer) -> Vec<String> {
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text()
    );
    match serde_json::from_slice(&answer.bytes).expect("an error") {
        AppError::Invalid(fields) => fields.into_iter().map(|f| f.field).collect(),
        other => panic!("{other}"),
    }
}

pub async fn read<T: serde::de::DeserializeOwned>(app: &TestApp, cookie: &str, path: &str) -> T {
    let answer = app.get(path, cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    serde_json::from_slice(&answer.bytes).expect("the data")
}

on_both!(a_rep_enters_a_doctor_once, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    terminal(&app, "H2", "第二医院", "医院", "福州市").await;
    let rep = app.cookie(Role::Rep).await;
    let fields = [
        ("phone", "139 1111 2222"),
        ("title", "主任医师"),
        ("specialty", "高血压"),
        ("sex", "女"),
        ("tags", "讲者，KOL 讲者"),
        ("workplaces[0][hospital]", "第二医院（福州市）"),
        ("workplaces[0][department]", "门诊"),
        ("workplaces[1][hospital]", ""),
        ("code", "C-1"),
        ("email", "a@example.com"),
    ];
    let first = enter(&app, &rep, &fields).await;
    let id = id_of(&first);
    // The same form again is the same HCP.
    let again = enter(&app, &rep, &fields).await;
    assert_eq!(id_of(&again), id);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 1);

    let view: HcpView = read(&app, &rep, &format!("/api/hcps/get?id={id}")).await;
    assert_eq!(view.row.phone_masked, "139****2222");
    assert_eq!(view.row.owner.as_deref(), Some("rep"));
    assert_eq!(
        (view.province.as_str(), view.city.as_str()),
        ("福建省", "泉州市")
    );
    assert_eq!(view.tags, ["KOL", "讲者"]);
    assert_eq!(view.workplaces.len(), 1);
    assert_eq!(view.workplaces[0].department, "门诊");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE reason = 'entry' AND ends_at IS NULL")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.create'")
            .await,
        1
    );
    let stored = mailuo::hcp::store::phone(&app.state, &id)
        .await
        .expect("answers");
    assert_eq!(stored.as_deref(), Some(PHONE));
    // Found at once by name and by pinyin.
    let found = app.get("/api/hcps/list?text=zhouyiming", &rep).await;
    assert!(found.text().contains(&id), "{}", found.text());
});

on_both!(who_else_enters_gives_to_the_hospitals_owner, |app| {
    let hospital = terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let second = terminal(&app, "H2", "第二医院", "医院", "泉州市").await;
    let rep = app.id_of(Role::Rep).await;
    // Today's owner is one whose time ends later, and not one whose time has not begun.
    q("INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, ends_on, created_by, created_at) \
       VALUES ('a1', $1, $3, '2020-01-01', '2099-12-31', 'test', 1), ('a2', $2, $3, '2099-01-01', NULL, 'test', 1)")
    .bind(&hospital)
    .bind(&second)
    .bind(&rep)
    .exec(&app.state.db)
    .await
    .expect("is assigned");
    let manager = app.cookie(Role::Manager).await;
    let id = id_of(&enter(&app, &manager, &[]).await);
    let (owner, reason): (String, String) =
        q("SELECT owner_id, reason FROM hcp_ownership WHERE hcp_id = $1")
            .bind(&id)
            .one(&app.state.db)
            .await
            .expect("is owned");
    assert_eq!((owner, reason.as_str()), (rep, "hospital"));
    // At a hospital that nobody looks after the HCP is nobody's, and not in the manager's list.
    let fields = [
        ("form_key", "k2"),
        ("name", "吴二宝"),
        ("hospital", "第二医院"),
    ];
    let elsewhere = saved(&enter(&app, &manager, &fields).await);
    assert_eq!(elsewhere.notice, "notice.hcp_created_elsewhere");
    assert_eq!(elsewhere.next.as_deref(), Some("/hcps"));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE owner_id IS NULL")
            .await,
        1
    );
});

on_both!(faults_are_said_beside_their_fields, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    for (field, value, fault) in [
        ("name", "", "name"),
        ("phone", "1234", "phone"),
        ("email", "not an address", "email"),
        ("sex", "?", "sex"),
        ("hospital", "", "hospital"),
        ("hospital", "不存在的地方", "hospital"),
        ("workplaces[0][hospital]", "不存在的地方", "workplaces"),
        ("workplaces[0][hospital]", "仁爱医院", "workplaces"),
        ("tags", "一二三四五六七八九十一二三四五六七八九十一", "tags"),
    ] {
        let answer = enter(&app, &rep, &[(field, value)]).await;
        assert_eq!(faults(&answer), [fault], "{field} {value}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 0);
    // Without JavaScript the page comes back with what was typed.
    let page = app
        .submit(
            "/api/hcps/enter",
            "/hcps/new",
            &rep,
            &form(&[("hospital", "不存在的地方"), ("title", "副主任医师")]),
        )
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("副主任医师") && page.text().contains("没有找到这家医院"));
});

on_both!(roles_enter_their_own_kinds, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    terminal(&app, "D1", "仁和商业公司", "商业公司", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    let trade = app.cookie(Role::TradeRep).await;
    assert_eq!(
        faults(&enter(&app, &rep, &[("kind", "contact")]).await),
        ["kind"]
    );
    assert_eq!(faults(&enter(&app, &trade, &[]).await), ["kind"]);
    assert_eq!(
        faults(&enter(&app, &trade, &[("kind", "contact")]).await),
        ["hospital"],
        "a hospital is no distributor"
    );
    let contact = [("kind", "contact"), ("hospital", "仁和商业公司")];
    id_of(&enter(&app, &trade, &contact).await);
    let clerk = [("form_key", "k2"), ("name", "钱三多"), ("kind", "clerk")];
    id_of(&enter(&app, &rep, &clerk).await);
    let marketer = app.cookie(Role::Marketer).await;
    assert_eq!(
        enter(&app, &marketer, &[]).await.status,
        StatusCode::FORBIDDEN
    );
});

on_both!(one_of_several_hospitals_is_picked, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let second = terminal(&app, "H2", "仁爱医院", "医院", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    let asked = saved(&enter(&app, &rep, &[("phone", PHONE)]).await);
    assert_eq!(asked.notice, "notice.choose_hospital");
    let next = asked.next.expect("leads to the form");
    let check = next
        .strip_prefix("/hcps/new?check=")
        .expect("the form comes back");
    assert!(!next.contains(PHONE), "no personal data in the address");
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 0);
    let page = app.get(&next, &rep).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("周一鸣") && page.text().contains(&second));
    let data: EntryCheck = read(&app, &rep, &format!("/api/hcps/entry_check?check={check}")).await;
    assert_eq!(data.hospitals.len(), 2);
    assert_ne!(data.hospitals[0].1, data.hospitals[1].1, "told apart");
    // It is good for its sender alone.
    let other = app.cookie(Role::OtcRep).await;
    let foreign = app
        .get(&format!("/api/hcps/entry_check?check={check}"), &other)
        .await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);

    let id = id_of(&enter(&app, &rep, &[("terminal_id", &second)]).await);
    let (terminal_id,): (String,) = q("SELECT terminal_id FROM hcp WHERE id = $1")
        .bind(&id)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(terminal_id, second);
    // The label with the code, as the suggestions write it, names one of them.
    let labels: Vec<String> = read(
        &app,
        &rep,
        "/api/hcps/suggest_hospitals?text=%E4%BB%81%E7%88%B1",
    )
    .await;
    assert_eq!(labels, ["仁爱医院（泉州市） H1", "仁爱医院（泉州市） H2"]);
    let fields = [
        ("form_key", "k2"),
        ("name", "钱三多"),
        ("hospital", labels[1].as_str()),
    ];
    id_of(&enter(&app, &rep, &fields).await);
});

on_both!(somebody_similar_is_told_before_anything_is_written, |app| {
    let hospital = terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let other = app
        .person(
            "别的代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.hcp("周一鸣", PHONE, Some(&other)).await;
    q("UPDATE hcp SET terminal_id = $1 WHERE id = $2")
        .bind(&hospital)
        .bind(&foreign)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    let rep = app.cookie(Role::Rep).await;
    let told = saved(&enter(&app, &rep, &[]).await);
    assert_eq!(told.notice, "notice.similar_found");
    let next = told.next.expect("leads to the form");
    let page = app.get(&next, &rep).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("仍然新建"));
    assert!(
        !page.text().contains(&foreign) && !page.text().contains("139****2222"),
        "nothing of somebody else's HCP"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 1);

    // With the same phone it stays refused, whatever is confirmed.
    let same = [("phone", PHONE), ("confirmed", "true")];
    assert_eq!(faults(&enter(&app, &rep, &same).await), ["phone"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 1);
    let page = app
        .get(
            &saved(&enter(&app, &rep, &[("phone", PHONE)]).await)
                .next
                .expect("leads to the form"),
            &rep,
        )
        .await;
    assert!(!page.text().contains("仍然新建"));

    id_of(&enter(&app, &rep, &[("confirmed", "true")]).await);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 2);
});

/// Changes an HCP by the form that its page would send.
async fn change(app: &TestApp, cookie: &str, id: &str, changes: &[(&str, &str)]) -> Answer {
    let record: HcpRecord = read(app, cookie, &format!("/api/hcps/record?id={id}")).await;
    let seen = record.updated_at.to_string();
    let input = record.input;
    let mut form = vec![
        ("form_key", "c1"),
        ("id", id),
        ("seen", seen.as_str()),
        ("name", input.name.as_str()),
        ("kind", input.kind.as_str()),
        ("sex", input.sex.as_str()),
        ("hospital", input.hospital.as_str()),
        ("department", input.department.as_str()),
        ("title", input.title.as_str()),
        ("specialty", input.specialty.as_str()),
        ("tags", input.tags.as_str()),
        ("code", input.code.as_str()),
    ];
    for &(name, value) in changes {
        form.retain(|(n, _)| *n != name);
        form.push((name, value));
    }
    app.post("/api/hcps/enter", cookie, &form).await
}

on_both!(changes_are_kept_with_who_and_when, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    terminal(&app, "H2", "第二医院", "医院", "福州市").await;
    let rep = app.cookie(Role::Rep).await;
    let id = id_of(&enter(&app, &rep, &[("phone", PHONE)]).await);
    let changed = change(
        &app,
        &rep,
        &id,
        &[
            ("department", "肾内科"),
            ("hospital", "第二医院"),
            ("phone", "13911113333"),
            ("tags", "讲者"),
        ],
    )
    .await;
    assert_eq!(saved(&changed).notice, "notice.saved");
    let rows: Vec<(String, String, String, String)> = q(
        "SELECT field, before_value, after_value, by_name FROM record_change WHERE object_id = $1 \
         AND field <> 'name' ORDER BY field",
    )
    .bind(&id)
    .all(&app.state.db)
    .await
    .expect("the history");
    let rows: Vec<(&str, &str, &str, &str)> = rows
        .iter()
        .map(|(f, b, a, by)| (f.as_str(), b.as_str(), a.as_str(), by.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("city", "泉州市", "福州市", "rep"),
            ("department", "心血管内科", "肾内科", "rep"),
            ("phone", "139****2222", "139****3333", "rep"),
            ("tags", "", "讲者", "rep"),
            (
                "terminal_id",
                "仁爱医院（泉州市）",
                "第二医院（福州市）",
                "rep"
            ),
        ]
    );
    let page = app.get(&format!("/hcps/{id}/history"), &rep).await;
    assert!(page.text().contains("肾内科") && !page.text().contains("13911113333"));
    // Saving without a change leaves no trace.
    let before = app.count("SELECT COUNT(*) FROM record_change").await;
    saved(&change(&app, &rep, &id, &[("form_key", "c2")]).await);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM record_change").await,
        before
    );
    // The new department finds, the old one no more.
    let found = app
        .get("/api/hcps/list?text=%E8%82%BE%E5%86%85", &rep)
        .await;
    assert!(found.text().contains(&id));
});

on_both!(the_main_hospital_is_no_further_workplace, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let second = terminal(&app, "H2", "第二医院", "医院", "福州市").await;
    let rep = app.cookie(Role::Rep).await;
    let id = id_of(&enter(&app, &rep, &[("workplaces[0][hospital]", "第二医院")]).await);
    // As a merge leaves it that took the hospital of the one who is gone.
    q("UPDATE hcp SET terminal_id = $1 WHERE id = $2")
        .bind(&second)
        .bind(&id)
        .exec(&app.state.db)
        .await
        .expect("is moved");
    let record: HcpRecord = read(&app, &rep, &format!("/api/hcps/record?id={id}")).await;
    assert_eq!(record.input.workplaces, []);
    saved(&change(&app, &rep, &id, &[("title", "主任医师")]).await);
});

on_both!(who_changes_what_was_changed_meanwhile_is_told, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    let id = id_of(&enter(&app, &rep, &[]).await);
    let record: HcpRecord = read(&app, &rep, &format!("/api/hcps/record?id={id}")).await;
    let seen = record.updated_at.to_string();
    saved(&change(&app, &rep, &id, &[("title", "主任医师")]).await);
    let late = [
        ("form_key", "c2"),
        ("seen", seen.as_str()),
        ("title", "住院医师"),
    ];
    let answer = change(&app, &rep, &id, &late).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text().contains("error.changed_meanwhile"));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE title = '主任医师'")
            .await,
        1
    );
    // The form that was carried out, sent again, gets its first answer.
    let again = change(&app, &rep, &id, &[("title", "主任医师"), ("seen", &seen)]).await;
    assert_eq!(saved(&again).notice, "notice.saved");
});

on_both!(phones_and_codes_are_of_one_person, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    let id = id_of(&enter(&app, &rep, &[("phone", PHONE), ("code", "C-1")]).await);
    let second = [
        ("form_key", "k2"),
        ("name", "钱三多"),
        ("department", "骨科"),
    ];
    let second = id_of(&enter(&app, &rep, &second).await);
    assert_eq!(
        faults(&change(&app, &rep, &second, &[("phone", PHONE)]).await),
        ["phone"]
    );
    assert_eq!(
        faults(&change(&app, &rep, &second, &[("code", "C-1")]).await),
        ["code"]
    );
    // A number that its owner verified is the stewards' to change.
    app.bound(&id, false).await;
    let other = [("phone", "13911114444")];
    assert_eq!(faults(&change(&app, &rep, &id, &other).await), ["phone"]);
    let steward = app.cookie(Role::Compliance).await;
    saved(&change(&app, &steward, &id, &other).await);
});

on_both!(a_phone_is_taken_away_only_before_it_was_verified, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let rep = app.cookie(Role::Rep).await;
    let id = id_of(&enter(&app, &rep, &[("phone", PHONE)]).await);
    let record: HcpRecord = read(&app, &rep, &format!("/api/hcps/record?id={id}")).await;
    assert!(record.may_empty_phone);
    let seen = record.updated_at.to_string();
    let change = [
        ("form_key", "k2"),
        ("id", &id),
        ("seen", &seen),
        ("no_phone", "true"),
    ];
    let both = [change.as_slice(), &[("phone", "13911113333")]].concat();
    assert_eq!(faults(&enter(&app, &rep, &both).await), ["no_phone"]);
    saved(&enter(&app, &rep, &change).await);
    let view: HcpView = read(&app, &rep, &format!("/api/hcps/get?id={id}")).await;
    assert_eq!(view.row.phone_masked, "");
    // The number is free again.
    let other = [("form_key", "k3"), ("name", "吴二鸣"), ("phone", PHONE)];
    let other = id_of(&enter(&app, &rep, &other).await);
    app.bound(&other, true).await;
    let record: HcpRecord = read(&app, &rep, &format!("/api/hcps/record?id={other}")).await;
    assert!(!record.may_empty_phone);
    let seen = record.updated_at.to_string();
    let change = [
        ("form_key", "k4"),
        ("id", &other),
        ("seen", &seen),
        ("name", "吴二鸣"),
        ("no_phone", "true"),
    ];
    assert_eq!(faults(&enter(&app, &rep, &change).await), ["no_phone"]);
});

on_both!(each_role_is_offered_where_its_hcps_work, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    terminal(&app, "D1", "仁爱医药公司", "商业公司", "泉州市").await;
    for (role, offered) in [
        (Role::Rep, vec!["仁爱医院（泉州市）"]),
        (Role::TradeRep, vec!["仁爱医药公司（泉州市）"]),
        (
            Role::Admin,
            vec!["仁爱医院（泉州市）", "仁爱医药公司（泉州市）"],
        ),
    ] {
        let cookie = app.cookie(role).await;
        let path = "/api/hcps/suggest_hospitals?text=%E4%BB%81%E7%88%B1";
        let found: Vec<String> = read(&app, &cookie, path).await;
        assert_eq!(found, offered, "{role:?}");
    }
});
