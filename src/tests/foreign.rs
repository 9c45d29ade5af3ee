//! Nobody reads or changes an HCP outside their scope: each function, page and export, asked by each role in each unit
//! with the ids of what is somebody else's, answers 404 or holds only the asker's own.
//!
//! The functions come from the table of `permissions`: a new one without a template here fails.

mod templates;
mod world;

use std::collections::BTreeSet;
use std::io::Cursor;

use axum::http::StatusCode;
use calamine::{Reader, Xlsx};
use mailuo::app::page_permission;
use mailuo::shared::{Role, Saved};

use self::templates::{MISSING, MISSING_PAGES, OWN, OWN_PAGES, WORKBOOKS};
use self::world::{
    DEPARTMENT, HOSPITAL, MASKED, NAME, OUTSIDERS, PHONE, Person, World, assert_same, id_of, rows,
};
use crate::permissions::FUNCTIONS;
use crate::support::{Answer, TestApp};

/// The method of a function and the roles that may call it.
fn function(path: &str) -> (&'static str, &'static [Role]) {
    FUNCTIONS
        .iter()
        .find(|(_, known, _, _)| *known == path)
        .map(|(method, _, _, roles)| (*method, *roles))
        .unwrap_or_else(|| panic!("{path} is no function"))
}

fn for_outsiders(roles: &[Role]) -> bool {
    OUTSIDERS.iter().any(|role| roles.contains(role))
}

#[test]
fn each_function_has_a_template() {
    let told: BTreeSet<&str> = MISSING
        .iter()
        .map(|(path, _)| *path)
        .chain(OWN.iter().map(|(path, _, _)| *path))
        .collect();
    for path in &told {
        assert!(for_outsiders(function(path).1), "{path} is for others");
    }
    for (_, path, arguments, roles) in FUNCTIONS {
        if !for_outsiders(roles) {
            continue;
        }
        assert!(told.contains(path), "{path} needs a template");
        // Articles and terminals are the whole company's.
        let shared = [
            "/api/articles/get",
            "/api/shares/page",
            "/api/terminals/get",
            "/api/exams/get",
            "/api/exams/results",
            "/api/courses/get",
            "/api/learning/coverage",
            "/api/learning/remind",
            "/api/products/get",
        ];
        assert!(
            !arguments.contains("=x")
                || shared.contains(path)
                || MISSING.iter().any(|(known, _)| known == path),
            "{path} takes an id and needs a template in MISSING"
        );
    }
}

async fn call(app: &TestApp, method: &str, path: &str, arguments: &str, cookie: &str) -> Answer {
    let form = pairs(arguments);
    if method == "GET" {
        let query = serde_urlencoded::to_string(&form).expect("a query");
        return app.get(&format!("{path}?{query}"), cookie).await;
    }
    app.post(path, cookie, &borrowed(&form)).await
}

fn pairs(arguments: &str) -> Vec<(String, String)> {
    serde_urlencoded::from_str(arguments).expect("arguments")
}

fn borrowed(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

/// Every function with somebody else's ids is refused to the person, without a word about them.
async fn refused(app: &TestApp, world: &World, person: &Person) {
    for (path, template) in MISSING {
        let (method, roles) = function(path);
        let expected = if roles.contains(&person.role) {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::FORBIDDEN
        };
        for arguments in world.fill(template, person) {
            let what = format!("{path} {arguments} as {person}");
            let answer = call(app, method, path, &arguments, &person.cookie).await;
            assert_eq!(answer.status, expected, "{what}: {}", answer.text());
            world.assert_silent(&answer.text(), &what);
        }
        // Posted without JavaScript, the form's page comes again.
        if method == "POST" && person.place == "district_a" {
            let form = pairs(&world.fill(template, person)[0]);
            let answer = app
                .submit(path, "/account", &person.cookie, &borrowed(&form))
                .await;
            assert_eq!(answer.status, expected, "{path} as a form of {person}");
            world.assert_silent(&answer.text(), path);
        }
    }
    for (method, path, arguments, roles) in FUNCTIONS {
        if for_outsiders(roles) {
            continue;
        }
        let arguments = arguments.replace("=x", &format!("={}", world.main()));
        let answer = call(app, method, path, &arguments, &person.cookie).await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{path} {arguments} as {person}"
        );
    }
}

on_both!(functions_with_foreign_ids_find_nothing, |app| {
    let world = World::build(&app).await;
    for person in &world.outsiders {
        let before = rows(&app).await;
        refused(&app, &world, person).await;
        assert_same(&before, &rows(&app).await, &format!("refusing {person}"));
    }
});

on_both!(functions_answer_with_ones_own, |app| {
    let world = World::build(&app).await;
    for person in &world.outsiders {
        let before = world.about(&rows(&app).await);
        for (path, template, status) in OWN {
            let (method, roles) = function(path);
            let expected = if roles.contains(&person.role) {
                *status
            } else {
                403
            };
            for arguments in world.fill(template, person) {
                let what = format!("{path} {arguments} as {person}");
                let answer = call(&app, method, path, &arguments, &person.cookie).await;
                assert_eq!(
                    answer.status.as_u16(),
                    expected,
                    "{what}: {}",
                    answer.text()
                );
                world.assert_absent(&answer.text(), &what);
            }
        }
        let after = world.about(&rows(&app).await);
        assert_same(&before, &after, &format!("what {person} did"));
        // What was asked for was there to be found: their own is.
        for path in ["/api/hcps/list", "/api/hcps/selection"] {
            let found = app.get(path, &person.cookie).await.text();
            assert!(found.contains(&person.own_name), "{path} as {person}");
        }
        let tagged = format!(
            "SELECT COUNT(*) FROM hcp_tag WHERE hcp_id = '{}' AND tag = '自家标签'",
            person.own
        );
        assert_eq!(app.count(&tagged).await, 1, "{person}");
    }
});

on_both!(pages_of_foreign_things_are_not_found, |app| {
    let world = World::build(&app).await;
    for person in &world.outsiders {
        let before = rows(&app).await;
        for (pages, found) in [
            (MISSING_PAGES, StatusCode::NOT_FOUND),
            (OWN_PAGES, StatusCode::OK),
        ] {
            for template in pages {
                for page in world.fill(template, person) {
                    let path = page.split('?').next().unwrap_or_default();
                    let expected = if person.role.may(page_permission(path)) {
                        found
                    } else {
                        StatusCode::FORBIDDEN
                    };
                    let what = format!("{page} as {person}");
                    let answer = app.get(&page, &person.cookie).await;
                    assert_eq!(answer.status, expected, "{what}");
                    if expected == StatusCode::OK {
                        world.assert_absent(&answer.text(), &what);
                    } else {
                        world.assert_silent(&answer.text(), &what);
                    }
                }
            }
        }
        assert_same(&before, &rows(&app).await, &format!("pages for {person}"));
    }
});

/// The cells of a workbook's first sheet.
fn cells(bytes: &[u8]) -> String {
    let mut book: Xlsx<Cursor<Vec<u8>>> =
        Xlsx::new(Cursor::new(bytes.to_vec())).expect("is a workbook");
    let sheet = book
        .worksheet_range_at(0)
        .expect("has a sheet")
        .expect("is read");
    let cells: Vec<String> = sheet.rows().flatten().map(ToString::to_string).collect();
    cells.join("\n")
}

on_both!(workbooks_hold_ones_own, |app| {
    let world = World::build(&app).await;
    for person in &world.outsiders {
        for (template, permission) in WORKBOOKS {
            for path in world.fill(template, person) {
                let what = format!("{path} as {person}");
                let answer = app.get(&path, &person.cookie).await;
                if !person.role.may(*permission) {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}");
                    continue;
                }
                assert_eq!(answer.status, StatusCode::OK, "{what}");
                let cells = cells(&answer.bytes);
                world.assert_absent(&cells, &what);
                if path == "/hcps/export.xlsx" {
                    assert!(cells.contains(&person.own_name), "{what}");
                }
            }
        }
    }
});

on_both!(who_may_reaches_what_the_others_do_not, |app| {
    let world = World::build(&app).await;
    for (path, template) in MISSING {
        let (method, roles) = function(path);
        if method != "GET" {
            continue;
        }
        let cookie = if roles.contains(&Role::Rep) {
            &world.owner
        } else {
            &world.admin
        };
        let arguments = &world.fill(template, &world.former)[0];
        let answer = call(&app, method, path, arguments, cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {arguments}");
    }
    for (path, cookie) in [
        ("/api/hcps/list", &world.owner),
        ("/api/hcps/list?state=pending", &world.admin),
    ] {
        let found = app.get(path, cookie).await.text();
        assert!(world.hcps.iter().any(|id| found.contains(id)), "{path}");
    }
});

on_both!(hints_tell_nothing_that_was_not_typed, |app| {
    let world = World::build(&app).await;
    let before = rows(&app).await;
    // Those who enter doctors.
    let people: Vec<&Person> = world
        .outsiders
        .iter()
        .filter(|person| person.role != Role::TradeRep)
        .collect();
    for (n, person) in people.iter().enumerate() {
        let other = people[(n + 1) % people.len()];
        for (name, phone, hidden) in [
            ("张无关", PHONE, [NAME, world.main()]),
            (NAME, "", [PHONE, world.main()]),
            (NAME, "", [MASKED, world.main()]),
        ] {
            let mut form = vec![
                ("form_key", "h"),
                ("name", name),
                ("kind", "doctor"),
                ("phone", phone),
                ("hospital", HOSPITAL),
                ("department", DEPARTMENT),
            ];
            let answer = app.post("/api/hcps/enter", &person.cookie, &form).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let saved: Saved = serde_json::from_slice(&answer.bytes).expect("saved");
            assert_eq!(saved.notice, "notice.similar_found", "{person}");
            let next = saved.next.expect("leads back to the form");
            let check = next.replace("/hcps/new?", "/api/hcps/entry_check?");
            let page = app.get(&next, &person.cookie).await;
            let data = app.get(&check, &person.cookie).await;
            assert_eq!((page.status, data.status), (StatusCode::OK, StatusCode::OK));
            for answer in [answer.text(), page.text(), data.text()] {
                for text in hidden {
                    assert!(!answer.contains(text), "{person} is told {text}: {answer}");
                }
            }
            let data: serde_json::Value = serde_json::from_slice(&data.bytes).expect("is JSON");
            let hint = &data["hints"][0];
            assert!(hint["row"].is_null() && !hint["masked"].is_null(), "{hint}");

            // Form and hint are good for nobody else.
            let token = hint["token"].as_str().expect("has a token");
            let asked = [("form_key", "h"), ("token", token)];
            let asked = app.post("/api/ownership/ask", &other.cookie, &asked).await;
            let shown = app.get(&check, &other.cookie).await;
            let page = app.get(&next, &other.cookie).await;
            for answer in [asked, shown, page] {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}");
                world.assert_silent(&answer.text(), "somebody else's form");
            }

            if phone == PHONE {
                form.push(("confirmed", "true"));
                let answer = app.post("/api/hcps/enter", &person.cookie, &form).await;
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
                world.assert_absent(&answer.text(), "a phone that is taken");
            }
        }
    }
    assert_same(&before, &rows(&app).await, "entering");
});

on_both!(who_gave_an_hcp_away_reaches_them_no_more, |app| {
    let world = World::build(&app).await;
    let person = &world.former;
    let whole = rows(&app).await;
    refused(&app, &world, person).await;
    // Their own note stays with the HCP.
    let note = id_of(
        &app,
        "SELECT id FROM hcp_note WHERE staff_id = $1",
        &person.id,
    )
    .await;
    let answer = app
        .post("/api/hcps/delete_note", &person.cookie, &[("id", &note)])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_same(&whole, &rows(&app).await, &format!("refusing {person}"));

    // Groups, followed HCPs, selection, links and codes hold the HCP still; nothing shows or changes them.
    let before = world.about(&whole);
    let group = id_of(
        &app,
        "SELECT id FROM hcp_group WHERE staff_id = $1",
        &person.id,
    )
    .await;
    for (path, form) in [
        (
            "/api/hcps/tag_selection",
            vec![("tag", "自家标签"), ("act", "add")],
        ),
        ("/api/hcps/invite_selection", vec![]),
        (
            "/api/ownership/group_selection",
            vec![("group", "前任分组")],
        ),
    ] {
        let answer = app.post(path, &person.cookie, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        world.assert_absent(&answer.text(), path);
    }
    let own = format!(
        "SELECT COUNT(*) FROM hcp_tag WHERE tag = '自家标签' AND hcp_id = '{}'",
        person.own
    );
    assert_eq!(app.count(&own).await, 1);
    let of_group = [
        format!("/api/hcps/list?group={group}"),
        format!("/hcps?group={group}"),
    ];
    for template in [
        "/api/hcps/list",
        "/api/hcps/list?followed=true",
        of_group[0].as_str(),
        "/api/hcps/selection",
        "/api/hcps/sheet",
        "/api/hcps/choices",
        "/api/ownership/groups",
        "/api/shares/page?id={article}",
        "/api/shares/tree?id={article}",
        "/api/coverage/list?by=rep",
        "/api/workbench/desk",
        "/",
        "/groups",
        "/hcps/selection",
        "/hcps/sheet",
        of_group[1].as_str(),
        "/articles/{article}/share",
        "/articles/{article}/tree",
    ] {
        let path = &world.fill(template, person)[0];
        let answer = app.get(path, &person.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        world.assert_absent(&answer.text(), path);
    }
    for path in [
        "/hcps/export.xlsx?selection=true".to_owned(),
        "/hcps/export.xlsx?followed=true".to_owned(),
        format!("/hcps/export.xlsx?group={group}"),
    ] {
        let answer = app.get(&path, &person.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        world.assert_absent(&cells(&answer.bytes), &path);
    }
    let after = world.about(&rows(&app).await);
    assert_same(&before, &after, "their own marks");
});
