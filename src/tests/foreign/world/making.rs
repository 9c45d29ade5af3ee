//! How the world comes to be: its owner's HCPs, and what the owner and others do with them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use mailuo::duplicate::entry::{Entry, on_entry};
use mailuo::server::{crypto, session, time};
use mailuo::shared::{Role, Saved};

use super::{DEPARTMENT, HOSPITAL, NAME, OUTSIDERS, PHONE, Person, World, id_of};
use crate::duplicate::{exec, hospital};
use crate::support::{Answer, TestApp};

impl World {
    pub async fn build(app: &TestApp) -> World {
        let colleague = async |name: &str, phone: &str| {
            let unit = &app.units.district_b;
            app.person(name, Role::Rep, unit, None, phone).await
        };
        let owner_id = colleague("乙一代表", "13600000001").await;
        let former_id = colleague("乙一前任", "13600000002").await;
        let ally = colleague("乙一同事", "13600000003").await;
        let asker = colleague("乙一访客", "13600000004").await;
        let former = Person {
            cookie: app.session(&former_id).await,
            own: app.hcp("自家旧主", "13300000099", Some(&former_id)).await,
            own_name: "自家旧主".into(),
            id: former_id,
            role: Role::Rep,
            place: "district_b, the owner before",
        };
        let owner = app.session(&owner_id).await;
        let admin = app.cookie(Role::Admin).await;
        let outsiders = outsiders(app).await;
        let article = app.article("外客读物", "public", "2099-01-01").await;
        let day = time::shift_day(&app.state.zone.today(), 30);

        let main = app.hcp(NAME, PHONE, Some(&former.id)).await;
        let twin = app.hcp("欧阳外可", "13977770002", Some(&owner_id)).await;
        let gone = app.hcp("端木外离", "13977770003", Some(&owner_id)).await;
        let waiting = app.hcp("司徒外候", "13977770004", None).await;
        let nobody = app.hcp("慕容外无", "13977770005", None).await;
        let terminal = hospital(app, &crypto::new_id(), HOSPITAL, "杭州市").await;
        for sql in [
            format!("UPDATE hcp SET state = 'pending', source = 'self' WHERE id = '{waiting}'"),
            format!("UPDATE hcp SET terminal_id = '{terminal}' WHERE id = '{main}'"),
            format!("INSERT INTO hcp_tag (hcp_id, tag) VALUES ('{main}', '外客标签')"),
            // One of the outsiders looks after the hospital; that alone shows them nobody.
            format!(
                "INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at) \
                 VALUES ('{}', '{terminal}', '{}', '2020-01-01', 'test', 1)",
                crypto::new_id(),
                outsiders[0].id
            ),
        ] {
            exec(app, &sql).await;
        }

        let share = [
            ("form_key", "s"),
            ("id", article.as_str()),
            ("hcp_ids[]", main.as_str()),
        ];
        marks(app, &former.cookie, &main, "前任").await;
        done(app, &former.cookie, "/api/hcps/invite_selection", &[]).await;
        done(app, &former.cookie, "/api/shares/make", &share).await;
        pick(app, &former.cookie, &former.own).await;

        let form = [
            ("form_key", "t"),
            ("kind", "selection"),
            ("hcp", main.as_str()),
            ("to", owner_id.as_str()),
            ("reason", "区域调整"),
            ("seen", "1"),
        ];
        done(app, &admin, "/api/ownership/transfer", &form).await;

        marks(app, &owner, &main, "外客").await;
        let hint = hint(app, &asker).await;
        let asks = [("form_key", "a"), ("token", hint.as_str())];
        let asking = app.session(&asker).await;
        done(app, &asking, "/api/ownership/ask", &asks).await;
        app.bound(&main, true).await;
        done(app, &owner, "/api/shares/make", &share).await;
        let form = [
            ("id", main.as_str()),
            ("colleague", ally.as_str()),
            ("until", day.as_str()),
        ];
        done(app, &owner, "/api/ownership/share", &form).await;
        let form = [("form_key", "c"), ("name", "外客会议"), ("kind", "meeting")];
        done(app, &owner, "/api/codes/make", &form).await;
        let draft = draft(app, &owner).await;

        let pair_with_twin = pair(app, &main, &twin).await;
        let keep = pair(app, &main, &gone).await;
        let form = [("id", keep.as_str()), ("keep", main.as_str())];
        done(app, &admin, "/api/duplicates/merge", &form).await;

        let job = crypto::new_id();
        let admin_id = app.id_of(Role::Admin).await;
        exec(
            app,
            &format!(
                "INSERT INTO import_job (id, kind, mode, file_id, file_name, file_bytes, status, task, staff_id, \
                 staff_name, created_at) VALUES ('{job}', 'hcps', 'fill', 'x', 'a.csv', 1, 'checked', 'check', \
                 '{admin_id}', 'admin', 1)"
            ),
        )
        .await;
        let roots = "SELECT token FROM share_link WHERE root_staff_id = $1 AND parent IS NULL";
        let token = id_of(app, roots, &owner_id).await;
        read(app, &main, &article, &token, &owner_id).await;
        for person in &outsiders {
            passed_on(app, &main, &article, &person.id).await;
        }

        let of_owner = [
            ("note", "SELECT id FROM hcp_note WHERE staff_id = $1"),
            ("group", "SELECT id FROM hcp_group WHERE staff_id = $1"),
            ("transfer", "SELECT id FROM hcp_transfer WHERE to_id = $1"),
            ("code", "SELECT id FROM public_code WHERE staff_id = $1"),
            ("session", "SELECT id FROM session WHERE staff_id = $1"),
        ];
        let mut ids = BTreeMap::new();
        for (name, sql) in of_owner {
            ids.insert(name, id_of(app, sql, &owner_id).await);
        }
        for (name, sql, of) in [
            (
                "access",
                "SELECT id FROM hcp_access WHERE staff_id = $1",
                &ally,
            ),
            (
                "request",
                "SELECT id FROM hcp_access_request WHERE staff_id = $1",
                &asker,
            ),
            (
                "merge",
                "SELECT id FROM hcp_merge WHERE kept_id = $1",
                &main,
            ),
        ] {
            ids.insert(name, id_of(app, sql, of).await);
        }
        exec(
            app,
            &format!(
                "INSERT INTO public_code_step (code_id, step, visitor, at, hcp_id) \
                 VALUES ('{}', 'confirmed', 'v', 1, '{main}')",
                ids["code"]
            ),
        )
        .await;
        // An exam that all take, and the owner's attempt at it.
        for sql in [
            "INSERT INTO exam (id, title, intro, minutes, attempts, pass_percent, shuffle_questions, shuffle_options, \
             review, created_by, created_at, updated_at, published_at) \
             VALUES ('exam-of-all', '全员考试', '', 0, 0, 60, 1 = 0, 1 = 0, 'all', 'x', 1, 1, 1)"
                .to_owned(),
            "INSERT INTO exam_audience (exam_id, kind, value) VALUES ('exam-of-all', 'all', '')".to_owned(),
            format!(
                "INSERT INTO exam_attempt (id, exam_id, learner, number, paper, started_at, submitted_at, timed_out, \
                 unmarked, score, points, passed) VALUES ('attempt-of-the-owner', 'exam-of-all', 'staff:{owner_id}', 1, \
                 '[]', 1, 2, 1 = 0, 0, 97, 100, 1 = 1)"
            ),
        ] {
            exec(app, &sql).await;
        }
        // A course that all learn, which the owner completed and asked about; and a message to the owner.
        for sql in [
            "INSERT INTO course (id, title, summary, category, required, no_skip, due_kind, due_days, due_on, contents, \
             contents_at, review, approval_no, expires_on, version, edition, created_by, created_at, updated_at, published_at, \
             version_at) VALUES ('course-of-all', '全员课程', '', 'general', 1 = 1, 1 = 0, 'none', 0, '', '{\"chapters\":[]}', 1, '', \
             '', '', 1, 1, 'x', 1, 1, 1, 1)"
                .to_owned(),
            "INSERT INTO course_edition (course_id, edition, version, contents, note, published_by, published_at) \
             VALUES ('course-of-all', 1, 1, '{\"chapters\":[]}', '', 'x', 1)"
                .to_owned(),
            "INSERT INTO course_audience (course_id, kind, value) VALUES ('course-of-all', 'all', '')".to_owned(),
            format!(
                "INSERT INTO course_completion (course_id, version, learner, completed_at) \
                 VALUES ('course-of-all', 1, 'staff:{owner_id}', 2)"
            ),
            format!(
                "INSERT INTO course_comment (id, course_id, lesson_id, author, text, at) \
                 VALUES ('comment-of-the-owner', 'course-of-all', 'x', 'staff:{owner_id}', '外客的提问', 3)"
            ),
            format!(
                "INSERT INTO message (id, staff_id, kind, args, path, about, dedupe, channel, created_at, delivered_at) \
                 VALUES ('message-to-the-owner', '{owner_id}', 'message.answer', '[[\"course\",\"外客的消息\"]]', '/', '', 'x', 'inbox', 1, 1)"
            ),
        ] {
            exec(app, &sql).await;
        }
        // What the owner does in the field, with and about the foreign HCP.
        for sql in [
            format!(
                "INSERT INTO visit (id, staff_id, terminal_id, channel, topics, feedback, note, flags, review, received_at, at, day) \
                 VALUES ('visit-of-the-owner', '{owner_id}', '{terminal}', 'face', '[]', '', '外客的拜访', '[]', 'change', 1, 1, '{day}')"
            ),
            format!(
                "INSERT INTO visit_hcp (visit_id, hcp_id) VALUES ('visit-of-the-owner', '{main}')"
            ),
            format!(
                "INSERT INTO visit_plan (id, staff_id, terminal_id, hcp_id, day, starts, channel, note, created_at) \
                 VALUES ('plan-of-the-owner', '{owner_id}', '{terminal}', '{main}', '{day}', '', 'face', '外客的计划', 1)"
            ),
            format!(
                "INSERT INTO task (id, staff_id, title, note, day, starts, hcp_id, created_at) \
                 VALUES ('task-of-the-owner', '{owner_id}', '外客的待办', '', '{day}', '', '{main}', 1)"
            ),
            format!(
                "INSERT INTO memo (id, staff_id, title, body, created_at) \
                 VALUES ('memo-to-the-owner', '{admin_id}', '外客的沟通', '文', 1)"
            ),
            format!(
                "INSERT INTO memo_recipient (memo_id, staff_id) VALUES ('memo-to-the-owner', '{owner_id}')"
            ),
        ] {
            exec(app, &sql).await;
        }
        let form = [
            ("form_key", "e"),
            ("patient", "外客的患者"),
            ("reporter", "x"),
            ("product", "x"),
            ("event", "x"),
            ("severity", "other"),
            ("hcp", main.as_str()),
        ];
        done(app, &owner, "/api/adverse_events/report", &form).await;
        let form = [
            ("form_key", "f"),
            ("kind", "complaint"),
            ("body", "外客的投诉"),
        ];
        done(app, &owner, "/api/complaints/send", &form).await;
        // What the owner sells: a line of flow at a terminal of theirs, and an appeal about it.
        let flow_terminal = hospital(app, &crypto::new_id(), "外客终端", "杭州市").await;
        for sql in [
            format!(
                "INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at) \
                 VALUES ('{}', '{flow_terminal}', '{owner_id}', '2020-01-01', 'test', 1)",
                crypto::new_id()
            ),
            "INSERT INTO product (id, code, name, specification, created_at, updated_at) \
             VALUES ('product-of-all', 'P1', '全员产品', '1片', 1, 1)"
                .to_owned(),
            "INSERT INTO flow_period (month, state, updated_at) VALUES ('2026-01', 'open', 1)".to_owned(),
            "INSERT INTO flow_distributor (id, name, created_at) VALUES ('distributor', '某商业公司', 1)".to_owned(),
            format!(
                "INSERT INTO flow_line (id, line_key, value_key, distributor_id, document_no, line_no, product_id, product_code, \
                 product_name, specification, batch, quantity, unit, amount_fen, sold_on, month, terminal_code, terminal_name, \
                 terminal_id, matched_by, credited_id, state, created_at) VALUES ('line-of-the-owner', 'k', 'v', 'distributor', \
                 '外客单据', '', 'product-of-all', 'P1', '全员产品', '1片', '外客批号', 7654321, '盒', 1, '2026-01-02', '2026-01', '', \
                 '外客终端', '{flow_terminal}', 'name', '{owner_id}', 'appealed', 1)"
            ),
            format!(
                "INSERT INTO flow_sum (month, terminal_id, product_id, distributor_id, credited_id, quantity, fen, line_count, \
                 open_count, confirmed_count, appealed_count) VALUES ('2026-01', '{flow_terminal}', 'product-of-all', 'distributor', \
                 '{owner_id}', 7654321, 1, 1, 0, 0, 1)"
            ),
            format!(
                "INSERT INTO flow_appeal (id, line_id, terminal_id, reason, body, state, round, due_on, staff_id, created_at) \
                 VALUES ('appeal-of-the-owner', 'line-of-the-owner', '{flow_terminal}', 'other', '外客的申诉', 'manager', 1, '{day}', \
                 '{owner_id}', 1)"
            ),
        ] {
            exec(app, &sql).await;
        }
        let event = "SELECT id FROM adverse_event WHERE staff_id = $1";
        let event = id_of(app, event, &owner_id).await;
        let mut traces: Vec<String> = [
            NAME,
            "欧阳外可",
            "端木外离",
            "司徒外候",
            "慕容外无",
            "外客的备注",
            "前任的备注",
            "外客分组",
            "外客会议",
            "外客标签",
            "外客的提问",
            "外客的消息",
            "外客的拜访",
            "外客的计划",
            "外客的待办",
            "外客的沟通",
            "外客的患者",
            "外客的投诉",
            "外客的申诉",
            "外客单据",
            "外客批号",
            "7654321",
            "7,654,321",
        ]
        .map(str::to_owned)
        .to_vec();
        for last in 1..=5 {
            traces.push(format!("1397777000{last}"));
            traces.push(format!("139****000{last}"));
        }
        traces.push(token.clone());
        traces.push("attempt-of-the-owner".to_owned());
        ids.extend([
            ("pair", pair_with_twin),
            ("job", job),
            ("comment", "comment-of-the-owner".to_owned()),
            ("message", "message-to-the-owner".to_owned()),
            ("visit", "visit-of-the-owner".to_owned()),
            ("plan", "plan-of-the-owner".to_owned()),
            ("task", "task-of-the-owner".to_owned()),
            ("memo", "memo-to-the-owner".to_owned()),
            ("event", event),
            ("line", "line-of-the-owner".to_owned()),
            ("appeal", "appeal-of-the-owner".to_owned()),
            ("flow_terminal", flow_terminal),
            ("unit", app.units.district_b.clone()),
            ("token", token),
            ("hint", hint),
            ("draft", draft),
            ("day", day),
            ("owner", owner_id),
            ("article", article),
            ("terminal", terminal),
        ]);
        World {
            ids,
            hcps: vec![main, twin, gone, waiting, nobody],
            traces,
            owner,
            admin,
            former,
            outsiders,
        }
    }
}

/// Each role in each unit from which the foreign HCPs are out of sight, as the peers of their owner are; a manager
/// there manages nothing.
async fn outsiders(app: &TestApp) -> Vec<Person> {
    let units = [
        ("district_a", &app.units.district_a),
        ("region_a", &app.units.region_a),
        ("district_b", &app.units.district_b),
    ];
    let mut people = Vec::new();
    for (n, role) in OUTSIDERS.into_iter().enumerate() {
        for (m, (place, unit)) in units.into_iter().enumerate() {
            let manages = (role == Role::Manager && place != "district_b").then_some(unit);
            let (name, phone) = (format!("区外{n}{m}"), format!("137000000{n}{m}"));
            let id = app.person(&name, role, unit, manages, &phone).await;
            let own_name = format!("自家{n}{m}");
            let own_phone = format!("133000000{n}{m}");
            people.push(Person {
                cookie: app.session(&id).await,
                own: app.hcp(&own_name, &own_phone, Some(&id)).await,
                own_name,
                id,
                role,
                place,
            });
        }
    }
    people
}

async fn done(app: &TestApp, cookie: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let answer = app.post(path, cookie, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer
}

async fn pick(app: &TestApp, cookie: &str, hcp: &str) {
    let form = [("shown[]", hcp), ("picked[]", hcp)];
    done(app, cookie, "/api/hcps/pick", &form).await;
}

/// What whoever owns an HCP leaves on them: a note, a group, a follow and a place in the selection.
async fn marks(app: &TestApp, cookie: &str, hcp: &str, whose: &str) {
    let (note, group) = (format!("{whose}的备注"), format!("{whose}分组"));
    let form = [("form_key", "n"), ("id", hcp), ("text", note.as_str())];
    done(app, cookie, "/api/hcps/add_note", &form).await;
    let form = [("id", hcp), ("group", group.as_str())];
    done(app, cookie, "/api/ownership/set_groups", &form).await;
    let form = [("id", hcp), ("on", "true")];
    done(app, cookie, "/api/ownership/follow", &form).await;
    pick(app, cookie, hcp).await;
}

/// The token of the masked hint that a colleague gets who enters the foreign HCP's phone.
async fn hint(app: &TestApp, staff: &str) -> String {
    let cookie = app.session(staff).await;
    let actor = session::actor_of(&app.state, cookie.trim_start_matches("sid="), "test")
        .await
        .expect("answers")
        .expect("is signed in");
    let entry = Entry {
        name: NAME,
        phone: Some(PHONE),
        terminal_id: None,
        department: DEPARTMENT,
        except: None,
    };
    let hints = on_entry(&app.state, &actor, &entry).await.expect("hints");
    hints.into_iter().next().expect("the same phone").token
}

/// A form of the owner's that came back because somebody like that is on file.
async fn draft(app: &TestApp, owner: &str) -> String {
    let form = [
        ("form_key", "d"),
        ("name", NAME),
        ("kind", "doctor"),
        ("hospital", HOSPITAL),
        ("department", DEPARTMENT),
    ];
    let answer = done(app, owner, "/api/hcps/enter", &form).await;
    let saved: Saved = serde_json::from_slice(&answer.bytes).expect("saved");
    let next = saved.next.expect("leads back to the form");
    let (_, check) = next.split_once("check=").expect("holds the form");
    check.to_owned()
}

/// An open pair of two HCPs.
async fn pair(app: &TestApp, one: &str, other: &str) -> String {
    let id = crypto::new_id();
    let (a, b) = (one.min(other), one.max(other));
    exec(
        app,
        &format!(
            "INSERT INTO hcp_duplicate (id, a_id, b_id, score, reasons, status, found_at) \
             VALUES ('{id}', '{a}', '{b}', 90, '[]', 'open', 1)"
        ),
    )
    .await;
    id
}

/// A counted read of a rep's link by the HCP.
async fn read(app: &TestApp, hcp: &str, article: &str, link: &str, rep: &str) {
    let (at, today) = (time::now(), app.state.zone.today());
    exec(
        app,
        &format!(
            "INSERT INTO article_view (id, article_id, link, root_staff_id, reader, at, viewed_on, kind, reread) \
             VALUES ('{}', '{article}', '{link}', '{rep}', 'hcp:{hcp}', {at}, '{today}', 'pv', FALSE)",
            crypto::new_id()
        ),
    )
    .await;
}

/// A link of a rep that reached the HCP by others, who read it and passed it on: the rep sees a reader there, not who.
async fn passed_on(app: &TestApp, hcp: &str, article: &str, rep: &str) {
    let (root, below) = (crypto::random_token(16), crypto::random_token(16));
    let (at, today) = (time::now(), app.state.zone.today());
    let columns = "INSERT INTO share_link (token, article_id, sharer, parent, root, root_staff_id, level, channel, \
                   created_at, created_on, pressed_at, opened_at)";
    for sql in [
        format!(
            "{columns} VALUES ('{root}', '{article}', 'staff:{rep}', NULL, '{root}', '{rep}', 1, 'link', {at}, \
             '{today}', {at}, {at})"
        ),
        format!(
            "{columns} VALUES ('{below}', '{article}', 'hcp:{hcp}', '{root}', '{root}', '{rep}', 2, 'link', {at}, \
             '{today}', {at}, {at})"
        ),
        format!(
            "INSERT INTO share_closure (ancestor, descendant) VALUES ('{root}', '{root}'), ('{below}', '{below}'), \
             ('{root}', '{below}')"
        ),
    ] {
        exec(app, &sql).await;
    }
    read(app, hcp, article, &root, rep).await;
}
