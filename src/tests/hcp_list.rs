//! The list of HCPs: what narrows and orders it, and what a text finds; picking, bulk acts and the export beside it.

mod bulk;

use std::collections::BTreeSet;
use std::io::Cursor;

use axum::http::StatusCode;
use calamine::{Reader, Xlsx};
use mailuo::hcp::list::{self, Filter};
use mailuo::server::db::{Rows, insert_many, q};
use mailuo::server::{crypto, search, time};
use mailuo::shared::Role;

use crate::support::TestApp;

/// Changes columns of an HCP, and indexes them anew.
async fn change(app: &TestApp, id: &str, columns: &str) {
    let mut tx = app.state.db.begin().await.expect("begins");
    q(format!("UPDATE hcp SET {columns} WHERE id = $1"))
        .bind(id)
        .exec(&mut tx)
        .await
        .expect("changes");
    mailuo::hcp::store::reindex(&mut tx, id)
        .await
        .expect("is indexed");
    tx.commit().await.expect("commits");
}

async fn hospital(app: &TestApp, name: &str) -> String {
    let id = crypto::new_id();
    let mut tx = app.state.db.begin().await.expect("begins");
    q("INSERT INTO terminal (id, code, name, kind, province, city, address, level, created_at, updated_at) \
       VALUES ($1, $1, $2, '医院', '浙江省', '杭州市', '', '', $3, $3)")
    .bind(&id)
    .bind(name)
    .bind(time::now())
    .exec(&mut tx)
    .await
    .expect("is entered");
    search::index(&mut tx, "terminal", &id, &[name])
        .await
        .expect("is indexed");
    tx.commit().await.expect("commits");
    id
}

async fn tag(app: &TestApp, hcp: &str, tag: &str) {
    q("INSERT INTO hcp_tag (hcp_id, tag) VALUES ($1, $2)")
        .bind(hcp)
        .bind(tag)
        .exec(&app.state.db)
        .await
        .expect("is tagged");
}

fn address(path: &str, query: &[(&str, &str)]) -> String {
    format!(
        "{path}?{}",
        serde_urlencoded::to_string(query).expect("a query")
    )
}

/// Names in the list, in its order.
async fn names(app: &TestApp, cookie: &str, query: &[(&str, &str)]) -> Vec<String> {
    let answer = app.get(&address("/api/hcps/list", query), cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    rows(&answer.text())
}

fn rows(json: &str) -> Vec<String> {
    let found: serde_json::Value = serde_json::from_str(json).expect("is JSON");
    found["page"]["rows"]
        .as_array()
        .expect("has rows")
        .iter()
        .map(|row| row["name"].as_str().expect("has a name").to_owned())
        .collect()
}

/// Names of those who are picked.
async fn picked(app: &TestApp, cookie: &str) -> Vec<String> {
    rows(&app.get("/api/hcps/selection", cookie).await.text())
}

async fn pick(app: &TestApp, cookie: &str, shown: &[&str], chosen: &[&str]) {
    let form: Vec<(&str, &str)> = shown
        .iter()
        .map(|id| ("shown[]", *id))
        .chain(chosen.iter().map(|id| ("picked[]", *id)))
        .collect();
    let answer = app.post("/api/hcps/pick", cookie, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// The cells of the first sheet and of the second.
fn sheets(bytes: &[u8]) -> [Vec<Vec<String>>; 2] {
    let mut book: Xlsx<Cursor<Vec<u8>>> =
        Xlsx::new(Cursor::new(bytes.to_vec())).expect("is a workbook");
    [0, 1].map(|n| {
        book.worksheet_range_at(n)
            .expect("has the sheet")
            .expect("is read")
            .rows()
            .map(|row| row.iter().map(ToString::to_string).collect())
            .collect()
    })
}

on_both!(each_filter_narrows_the_list, |app| {
    let rep = app.id_of(Role::Rep).await;
    let other = app.id_of(Role::OtcRep).await;
    let wang = app.hcp("王一", "13911110001", Some(&rep)).await;
    let li = app.hcp("李二", "13911110002", Some(&rep)).await;
    let zhao = app.hcp("赵三", "13911110003", Some(&other)).await;
    let nobody = app.hcp("钱四", "13911110004", None).await;
    let place = hospital(&app, "西湖第一医院").await;
    let now = time::now();
    change(
        &app,
        &wang,
        &format!(
            "terminal_id = '{place}', department = '骨科', title = '教授', specialty = '脊柱', province = '浙江省', \
             city = '杭州市', state = 'onboarded', last_contact_at = {}",
            now - 3 * time::DAY
        ),
    )
    .await;
    change(
        &app,
        &li,
        &format!(
            "kind = 'nurse', state = 'invited', last_contact_at = {}",
            now - 60 * time::DAY
        ),
    )
    .await;
    change(
        &app,
        &zhao,
        &format!("last_contact_at = {}", now - 200 * time::DAY),
    )
    .await;
    tag(&app, &wang, "讲者").await;
    let admin = app.cookie(Role::Admin).await;
    let id = app.id_of(Role::Admin).await;
    for sql in [
        format!("INSERT INTO hcp_follow (staff_id, hcp_id, at) VALUES ('{id}', '{li}', 1)"),
        format!(
            "INSERT INTO hcp_group (id, staff_id, name, created_at) VALUES ('g-own', '{id}', '组', 1)"
        ),
        format!(
            "INSERT INTO hcp_group (id, staff_id, name, created_at) VALUES ('g-other', '{rep}', '组', 1)"
        ),
        format!(
            "INSERT INTO hcp_group_member (group_id, hcp_id, at) VALUES ('g-own', '{zhao}', 1)"
        ),
        format!(
            "INSERT INTO hcp_group_member (group_id, hcp_id, at) VALUES ('g-other', '{zhao}', 1)"
        ),
        format!(
            "INSERT INTO hcp_access (id, hcp_id, staff_id, until_at, granted_by, at) \
             VALUES ('a1', '{nobody}', '{id}', {}, 'x', 1)",
            now + time::DAY
        ),
        format!(
            "INSERT INTO hcp_access (id, hcp_id, staff_id, until_at, granted_by, at) VALUES ('a2', '{li}', '{id}', {}, 'x', 1)",
            now - time::DAY
        ),
    ] {
        q(sql).exec(&app.state.db).await.expect("is entered");
    }
    let all: &[&str] = &["李二", "钱四", "王一", "赵三"];
    let cases: &[(&str, &str, &[&str])] = &[
        ("text", "西湖", &["王一"]),
        ("text", "wy", &["王一"]),
        ("text", "骨科 王一", &["王一"]),
        ("text", "骨科 李二", &[]),
        ("state", "invited", &["李二"]),
        ("state", "nonsense", all),
        ("state", "merged", all),
        ("kind", "nurse", &["李二"]),
        ("kind", "nonsense", all),
        ("department", "骨科", &["王一"]),
        ("title", "教授", &["王一"]),
        ("specialty", "脊柱", &["王一"]),
        ("tag", "讲者", &["王一"]),
        ("owner", rep.as_str(), &["李二", "王一"]),
        ("owner", "otc_rep", &["赵三"]),
        ("owner", "none", &["钱四"]),
        ("province", "浙江省", &["王一"]),
        ("city", "杭州市", &["王一"]),
        ("terminal", place.as_str(), &["王一"]),
        ("group", "g-own", &["赵三"]),
        ("group", "g-other", &[]),
        ("followed", "true", &["李二"]),
        ("shared", "true", &["钱四"]),
        ("contact", "7", &["王一"]),
        ("contact", "30", &["王一"]),
        ("contact", "90", &["李二", "王一"]),
        ("contact", "old", &["钱四", "赵三"]),
        ("contact", "never", &["钱四"]),
        ("contact", "nonsense", all),
        ("sort", "nonsense", all),
    ];
    for (name, value, expected) in cases {
        assert_eq!(
            names(&app, &admin, &[(name, value)]).await,
            *expected,
            "{name}={value}"
        );
    }
    // Two at once.
    assert_eq!(
        names(
            &app,
            &admin,
            &[("owner", rep.as_str()), ("state", "invited")]
        )
        .await,
        ["李二"]
    );
    // What stands in the fields, and the page itself.
    let choices = app.get("/api/hcps/choices", &admin).await.text();
    for value in ["骨科", "心血管内科", "教授", "讲者", "浙江省", "g-own"] {
        assert!(choices.contains(value), "{value} in {choices}");
    }
    assert!(!choices.contains("g-other"));
    let query = [
        ("text", "王一"),
        ("department", "骨科"),
        ("terminal", place.as_str()),
    ];
    let page = app.get(&address("/hcps", &query), &admin).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains("西湖第一医院"),
        "the chip names the hospital"
    );
});

on_both!(of_many_owners_the_list_says_that_it_is_cut, |app| {
    let admin = app.cookie(Role::Admin).await;
    let cut = async || {
        let text = app.get("/api/hcps/choices", &admin).await.text();
        let choices: serde_json::Value = serde_json::from_str(&text).expect("is JSON");
        let owners = choices["owners"].as_array().expect("a list").len();
        (owners, choices["owners_cut"].as_bool())
    };
    let (few, said) = cut().await;
    assert_eq!(said, Some(false));
    for n in few..201 {
        let (name, phone) = (format!("代表{n}"), format!("135{n:08}"));
        app.person(&name, Role::Rep, &app.units.district_a, None, &phone)
            .await;
    }
    assert_eq!(cut().await, (200, Some(true)));
    // Whoever is not named is found all the same.
    let last = app.id_of(Role::TradeRep).await;
    let hcp = app.hcp("王小明", "13911110001", Some(&last)).await;
    let found = app.get("/api/hcps/list?owner=trade_rep", &admin).await;
    assert!(found.text().contains(&hcp));
});

on_both!(orders_of_the_list, |app| {
    let rep = app.id_of(Role::Rep).await;
    let cookie = app.session(&rep).await;
    let far = hospital(&app, "乙医院").await;
    let near = hospital(&app, "甲医院").await;
    let data = [
        ("陈一", "13911110001", &far, "骨科", Some(3), 30),
        ("安二", "13911110002", &near, "儿科", None, 20),
        ("白三", "13911110003", &near, "眼科", Some(9), 10),
    ];
    for (name, phone, terminal, department, contact, created) in data {
        let id = app.hcp(name, phone, Some(&rep)).await;
        let contact = contact.map_or("NULL".to_owned(), |n: i64| n.to_string());
        let columns = format!(
            "terminal_id = '{terminal}', department = '{department}', last_contact_at = {contact}, created_at = {created}"
        );
        change(&app, &id, &columns).await;
    }
    for (sort, expected) in [
        ("", ["安二", "白三", "陈一"]),
        ("pinyin", ["安二", "白三", "陈一"]),
        ("contact", ["白三", "陈一", "安二"]),
        ("contact_old", ["安二", "陈一", "白三"]),
        ("created", ["陈一", "安二", "白三"]),
        // 乙 U+4E59 comes before 甲 U+7532.
        ("hospital", ["陈一", "安二", "白三"]),
        ("department", ["安二", "白三", "陈一"]),
    ] {
        let found = names(&app, &cookie, &[("sort", sort)]).await;
        // 儿 U+513F, 眼 U+773C, 骨 U+9AA8
        assert_eq!(found, expected, "{sort}");
    }
});

on_both!(two_characters_find_what_like_finds, |app| {
    let rep = app.id_of(Role::Rep).await;
    let admin = app.actor(Role::Admin).await;
    let hospitals = ["协和医院", "人民医院东院区", "中心医院"];
    let mut places = Vec::new();
    for name in hospitals {
        places.push(hospital(&app, name).await);
    }
    let departments = ["心血管内科", "神经内科", "胸外科", "全科医学科"];
    let titles = ["主任医师", "副主任医师", "主治医师"];
    let surnames = ["王", "李", "欧阳", "单"];
    let given = ["小丽", "建国", "心怡"];
    let mut n = 0_usize;
    for surname in surnames {
        for given in given {
            for _ in 0..3 {
                let name = format!("{surname}{given}");
                let id = app.hcp(&name, &format!("139222{n:05}"), Some(&rep)).await;
                let columns = format!(
                    "terminal_id = '{}', department = '{}', title = '{}'",
                    places[n % places.len()],
                    departments[n % departments.len()],
                    titles[n % titles.len()]
                );
                change(&app, &id, &columns).await;
                n += 1;
            }
        }
    }
    let mut terms: BTreeSet<String> = ["丽王", "科主", "院心"].map(str::to_owned).into();
    let names = surnames
        .iter()
        .flat_map(|s| given.iter().map(move |g| format!("{s}{g}")));
    let texts = hospitals
        .iter()
        .chain(&departments)
        .chain(&titles)
        .map(|t| (*t).to_owned())
        .chain(names);
    for text in texts {
        let characters: Vec<char> = text.chars().collect();
        terms.extend(characters.windows(2).map(|w| w.iter().collect::<String>()));
    }
    for term in terms {
        let filter = Filter {
            text: term.clone(),
            ..Filter::default()
        };
        let found: BTreeSet<String> = list::ids(&app.state.db, &admin, &filter, 1_000)
            .await
            .expect("answers")
            .into_iter()
            .collect();
        let like: Vec<(String,)> = q(
            "SELECT h.id FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id WHERE h.name LIKE $1 \
             OR h.department LIKE $1 OR h.title LIKE $1 OR t.name LIKE $1",
        )
        .bind(format!("%{term}%"))
        .all(&app.state.db)
        .await
        .expect("answers");
        let like: BTreeSet<String> = like.into_iter().map(|(id,)| id).collect();
        assert_eq!(found, like, "{term}");
    }
});

/// Enters many listed HCPs of one department, named by number; the search knows the department.
async fn crowd(app: &TestApp, size: usize, owner: &str) {
    let (mut people, mut terms): (Rows, Rows) = (Vec::new(), Vec::new());
    for i in 0..size {
        let id = crypto::new_id();
        let title = if i % 100 == 0 { "教授" } else { "医师" };
        people.push(vec![
            id.as_str().into(),
            format!("名{i:05}").into(),
            format!("ming{i:05}").into(),
            owner.into(),
            title.into(),
        ]);
        terms.extend(search::rows("hcp", &id, &["全科医学科", title]));
    }
    let mut tx = app.state.db.begin().await.expect("begins");
    let rows: Rows = people
        .into_iter()
        .map(|mut row| {
            for fixed in ["m", "", "", "全科医学科", "", "", "listed", "test"] {
                row.push(fixed.into());
            }
            row.push(1_i64.into());
            row.push(1_i64.into());
            row
        })
        .collect();
    let head = "INSERT INTO hcp (id, name, pinyin, owner_id, title, initials, sex, phone_masked, department, province, \
                city, state, source, created_at, updated_at)";
    insert_many(&mut tx, head, rows, "").await.expect("go in");
    search::insert(&mut tx, terms).await.expect("go in");
    tx.commit().await.expect("commits");
}

on_both!(a_frequent_text_is_walked_and_counted_to_a_bound, |app| {
    let rep = app.id_of(Role::Rep).await;
    crowd(&app, 5_100, &rep).await;
    app.hcp("罕见人", "13911110001", Some(&rep)).await;
    let admin = app.cookie(Role::Admin).await;
    for cookie in [
        &admin,
        &app.cookie(Role::Manager).await,
        &app.session(&rep).await,
    ] {
        let query = [("text", "全科"), ("page", "2")];
        let answer = app.get(&address("/api/hcps/list", &query), cookie).await;
        let found: serde_json::Value = serde_json::from_str(&answer.text()).expect("is JSON");
        assert_eq!(found["page"]["total"], list::TEXT_COUNT_MOST);
        assert_eq!(found["more"], true);
        assert_eq!(rows(&answer.text())[0], "名00020");
        // A rare word beside it; a frequent one beside it.
        assert_eq!(
            names(&app, cookie, &[("text", "全科 教授")]).await[..2],
            ["名00000", "名00100"]
        );
        assert_eq!(names(&app, cookie, &[("text", "罕见")]).await, ["罕见人"]);
        assert_eq!(
            names(&app, cookie, &[("text", "罕见 全科")]).await,
            Vec::<String>::new()
        );
    }
    // Without a text the count is exact up to its own bound.
    let answer = app.get("/api/hcps/list", &admin).await;
    let found: serde_json::Value = serde_json::from_str(&answer.text()).expect("is JSON");
    assert_eq!(
        (&found["page"]["total"], &found["more"]),
        (&5_101.into(), &false.into())
    );
    // A page past the last one is the last.
    let answer = app.get("/api/hcps/list?page=999", &admin).await;
    let found: serde_json::Value = serde_json::from_str(&answer.text()).expect("is JSON");
    assert_eq!(found["page"]["page"], 256, "{found}");
    assert!(!rows(&answer.text()).is_empty());
    // A whole phone number finds its owner, within scope.
    let phone = [("text", "139 1111 0001")];
    assert_eq!(names(&app, &admin, &phone).await, ["罕见人"]);
    let other = app.cookie(Role::OtcRep).await;
    assert_eq!(names(&app, &other, &phone).await, Vec::<String>::new());
    // All of them are picked in one act, tagged in one act, and the act is one event.
    let form = [("text", "全科"), ("state", "listed")];
    assert_eq!(
        app.post("/api/hcps/pick_all", &admin, &form).await.status,
        StatusCode::OK
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_selection").await, 5_100);
    let form = [("tag", "全科"), ("act", "add")];
    let answer = app.post("/api/hcps/tag_selection", &admin, &form).await;
    assert!(answer.text().contains("tagged=5100"), "{}", answer.text());
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_tag").await, 5_100);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.bulk_tag'")
            .await,
        1
    );
    let export = app
        .get("/hcps/export.xlsx?text=%E5%85%A8%E7%A7%91", &admin)
        .await;
    let [lines, _] = sheets(&export.bytes);
    assert_eq!(lines.len(), 5_101, "a heading and each once");
    let distinct: BTreeSet<&String> = lines.iter().map(|line| &line[0]).collect();
    assert_eq!(distinct.len(), 5_101);
});
