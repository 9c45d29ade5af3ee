//! Ownership: transfers and their undoing. The helpers serve the tests of sharing and groups too.

use axum::http::StatusCode;
use mailuo::ownership::model::{Leaver, TransferForm, TransferView};
use mailuo::server::db::q;
use mailuo::server::{crypto, time};
use mailuo::shared::{Role, Saved};
use serde::de::DeserializeOwned;

use crate::support::{Answer, TestApp};

pub async fn read<T: DeserializeOwned>(app: &TestApp, cookie: &str, path: &str) -> T {
    let answer = app.get(path, cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    serde_json::from_slice(&answer.bytes).expect("the answer is read")
}

async fn transfer(app: &TestApp, cookie: &str, key: &str, form: &[(&str, &str)]) -> Answer {
    let mut form = form.to_vec();
    form.push(("form_key", key));
    if !form.iter().any(|(name, _)| *name == "reason") {
        form.push(("reason", "区域调整"));
    }
    app.post("/api/ownership/transfer", cookie, &form).await
}

/// The id of the transfer that an answer leads to.
fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let saved: Saved = serde_json::from_slice(&answer.bytes).expect("saved");
    let next = saved.next.expect("leads to the transfer");
    next.trim_start_matches("/transfers/").to_owned()
}

pub async fn owner(app: &TestApp, hcp: &str) -> Option<String> {
    let (owner,): (Option<String>,) = q("SELECT owner_id FROM hcp WHERE id = $1")
        .bind(hcp)
        .one(&app.state.db)
        .await
        .expect("the HCP");
    owner
}

pub async fn run(app: &TestApp, sql: &str) {
    q(sql).exec(&app.state.db).await.expect("runs");
}

/// All stretches of ownership that have ended.
async fn ended(app: &TestApp) -> Vec<(String, String, Option<String>, i64, i64, String)> {
    q(
        "SELECT id, hcp_id, owner_id, starts_at, ends_at, reason FROM hcp_ownership \
       WHERE ends_at IS NOT NULL ORDER BY id",
    )
    .all(&app.state.db)
    .await
    .expect("the history")
}

/// A rep of the other region.
pub async fn stranger(app: &TestApp) -> String {
    app.person(
        "别的代表",
        Role::Rep,
        &app.units.district_b,
        None,
        "13600000001",
    )
    .await
}

pub async fn pick(app: &TestApp, staff: &str, hcps: &[&String]) {
    for hcp in hcps {
        q("INSERT INTO hcp_selection (staff_id, hcp_id, at) VALUES ($1, $2, 0)")
            .bind(staff)
            .bind(*hcp)
            .exec(&app.state.db)
            .await
            .expect("is picked");
    }
}

on_both!(a_leaving_reps_hcps_move_in_one_act_and_come_back, |app| {
    let (rep, otc) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let a = app.hcp("王小明", "13911110001", Some(&rep)).await;
    let b = app.hcp("李小红", "13911110002", Some(&rep)).await;
    let c = app.hcp("赵大勇", "13911110003", Some(&rep)).await;
    let gone = app.hcp("钱合并", "13911110004", Some(&rep)).await;
    q("UPDATE hcp SET state = 'merged' WHERE id = $1")
        .bind(&gone)
        .exec(&app.state.db)
        .await
        .expect("is merged");
    let others = app.hcp("孙别家", "13911110005", Some(&otc)).await;
    let admin = app.actor(Role::Admin).await;
    let cookie = app.cookie(Role::Admin).await;
    mailuo::identity::store::leave(&app.state, &admin, &rep)
        .await
        .expect("leaves");

    let left: Vec<Leaver> = read(&app, &cookie, "/api/ownership/left_behind").await;
    assert_eq!(
        left.iter().map(|l| (&l.id, l.hcps)).collect::<Vec<_>>(),
        [(&rep, 3)]
    );
    let query = format!("/api/ownership/transfer_form?kind=person&from={rep}&to={otc}");
    let form: TransferForm = read(&app, &cookie, &query).await;
    assert!(form.from.left && !form.to.left);
    let preview = form.preview.expect("enough is known");
    assert_eq!(preview.moving, 3);
    assert_eq!(preview.left_out, [("merged".to_owned(), 1)]);
    assert_eq!(preview.hcps.len(), 3);
    assert_eq!(preview.groups.iter().map(|g| g.n).collect::<Vec<_>>(), [3]);

    let fields = [
        ("kind", "person"),
        ("from", rep.as_str()),
        ("to", otc.as_str()),
        ("seen", "3"),
    ];
    // Nothing moves without a reason, or where the preview showed another number.
    let mut silent = fields.to_vec();
    silent.push(("reason", " "));
    assert_eq!(
        transfer(&app, &cookie, "k0", &silent).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let stale = [fields[0], fields[1], fields[2], ("seen", "2")];
    assert_eq!(
        transfer(&app, &cookie, "k0", &stale).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_transfer").await, 0);
    assert_eq!(owner(&app, &a).await.as_ref(), Some(&rep));

    let id = made(&transfer(&app, &cookie, "k1", &fields).await);
    let again = made(&transfer(&app, &cookie, "k1", &fields).await);
    assert_eq!(again, id, "the same form is carried out once");
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_transfer").await, 1);
    assert_eq!(app.count("SELECT moved FROM hcp_transfer").await, 3);
    for hcp in [&a, &b, &c] {
        assert_eq!(owner(&app, hcp).await.as_ref(), Some(&otc));
    }
    assert_eq!(owner(&app, &gone).await.as_ref(), Some(&rep));
    let opened: Vec<(String, String, Option<String>)> =
        q("SELECT reason, created_by, transfer_id FROM hcp_ownership WHERE hcp_id = $1 AND ends_at IS NULL")
            .bind(&a)
            .all(&app.state.db)
            .await
            .expect("the history");
    assert_eq!(
        opened,
        [("transfer".to_owned(), admin.id.clone(), Some(id.clone()))]
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.transfer'")
            .await,
        1
    );

    // One moves on: undoing returns the others, and what has ended stays as it is.
    let next = stranger(&app).await;
    let mut tx = app.state.db.begin().await.expect("begins");
    mailuo::hcp::store::set_owner(&mut tx, &c, &next, "assignment", &admin.id)
        .await
        .expect("moves on");
    tx.commit().await.expect("commits");
    let before = ended(&app).await;
    let undo = [("id", id.as_str())];
    let answer = app
        .post("/api/ownership/undo_transfer", &cookie, &undo)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(owner(&app, &a).await.as_ref(), Some(&rep));
    assert_eq!(owner(&app, &b).await.as_ref(), Some(&rep));
    assert_eq!(owner(&app, &c).await.as_ref(), Some(&next));
    assert_eq!(owner(&app, &others).await.as_ref(), Some(&otc));
    let after = ended(&app).await;
    assert!(before.iter().all(|row| after.contains(row)));
    assert_eq!(after.len(), before.len() + 2);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE reason = 'undo' AND ends_at IS NULL")
            .await,
        2
    );
    let view: TransferView = read(
        &app,
        &cookie,
        &format!("/api/ownership/get_transfer?id={id}"),
    )
    .await;
    assert_eq!(
        (view.transfer.standing.as_str(), view.transfer.returned),
        ("undone", Some(2))
    );
    assert_eq!(
        app.post("/api/ownership/undo_transfer", &cookie, &undo)
            .await
            .status,
        StatusCode::CONFLICT,
        "once only"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE reason = 'undo'")
            .await,
        2
    );
});

on_both!(a_transfer_can_be_undone_for_a_day, |app| {
    let (rep, otc) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let hcp = app.hcp("王小明", "13911110001", Some(&rep)).await;
    let cookie = app.cookie(Role::Admin).await;
    let fields = [
        ("kind", "person"),
        ("from", rep.as_str()),
        ("to", otc.as_str()),
        ("seen", "1"),
    ];
    let id = made(&transfer(&app, &cookie, "k1", &fields).await);
    let late = time::now() - time::DAY - 1;
    run(&app, &format!("UPDATE hcp_transfer SET at = {late}")).await;
    let answer = app
        .post("/api/ownership/undo_transfer", &cookie, &[("id", &id)])
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text().contains("transfer_too_late"));
    assert_eq!(owner(&app, &hcp).await.as_ref(), Some(&otc));
});

on_both!(fifty_identical_transfers_leave_one, |app| {
    let (rep, otc) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    app.hcp("王小明", "13911110001", Some(&rep)).await;
    app.hcp("李小红", "13911110002", Some(&rep)).await;
    let cookie = app.cookie(Role::Admin).await;
    let app = std::sync::Arc::new(app);
    let mut tasks = Vec::new();
    for n in 0..50 {
        let (app, cookie) = (app.clone(), cookie.clone());
        let (rep, otc) = (rep.clone(), otc.clone());
        tasks.push(tokio::spawn(async move {
            let fields = [
                ("kind", "person"),
                ("from", rep.as_str()),
                ("to", otc.as_str()),
                ("seen", "2"),
            ];
            // Half of them are the same form, the others the same wish in forms of their own.
            let key = if n % 2 == 0 {
                "same".to_owned()
            } else {
                format!("k{n}")
            };
            transfer(&app, &cookie, &key, &fields).await.status
        }));
    }
    for task in tasks {
        let status = task.await.expect("answers");
        assert!(
            matches!(status, StatusCode::OK | StatusCode::CONFLICT),
            "{status}"
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_transfer").await, 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE ends_at IS NULL")
            .await,
        2
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_ownership").await, 4);
});

on_both!(a_manager_moves_within_the_subtree_only, |app| {
    let (rep, otc) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let manager_id = app.id_of(Role::Manager).await;
    let other = stranger(&app).await;
    let mine = app.hcp("王小明", "13911110001", Some(&rep)).await;
    let foreign = app.hcp("李外人", "13911110002", Some(&other)).await;
    let free = app.hcp("周无主", "13911110003", None).await;
    let manager = app.cookie(Role::Manager).await;
    let admin = app.cookie(Role::Admin).await;

    // Neither giver nor receiver can be somebody outside.
    for (from, to) in [(&other, &otc), (&rep, &other)] {
        let fields = [
            ("kind", "person"),
            ("from", from.as_str()),
            ("to", to.as_str()),
            ("seen", "1"),
        ];
        assert_eq!(
            transfer(&app, &manager, "k1", &fields).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    // Of what was picked, the foreign ones stay.
    pick(&app, &manager_id, &[&mine, &foreign, &free]).await;
    let query = format!("/api/ownership/transfer_form?kind=selection&to={otc}");
    let form: TransferForm = read(&app, &manager, &query).await;
    let preview = form.preview.expect("enough is known");
    assert_eq!(form.picked, 3);
    assert_eq!(preview.moving, 1);
    assert_eq!(preview.left_out, [("scope".to_owned(), 2)]);
    assert_eq!(
        preview.hcps.iter().map(|h| &h.id).collect::<Vec<_>>(),
        [&mine]
    );
    let fields = [("kind", "selection"), ("to", otc.as_str()), ("seen", "1")];
    let id = made(&transfer(&app, &manager, "k2", &fields).await);
    assert_eq!(owner(&app, &mine).await.as_ref(), Some(&otc));
    assert_eq!(owner(&app, &foreign).await.as_ref(), Some(&other));
    assert_eq!(owner(&app, &free).await, None);

    // One HCP: a foreign one is not found; one seen by sharing only does not move.
    let one = format!("/api/ownership/transfer_form?kind=selection&to={otc}&hcp={foreign}");
    assert_eq!(app.get(&one, &manager).await.status, StatusCode::NOT_FOUND);
    let fields = [
        ("kind", "selection"),
        ("to", otc.as_str()),
        ("hcp", foreign.as_str()),
        ("seen", "1"),
    ];
    assert_eq!(
        transfer(&app, &manager, "k3", &fields).await.status,
        StatusCode::NOT_FOUND
    );
    let until = time::shift_day(&app.state.zone.today(), 3);
    let share = [
        ("id", foreign.as_str()),
        ("colleague", manager_id.as_str()),
        ("until", until.as_str()),
    ];
    assert_eq!(
        app.post("/api/ownership/share", &admin, &share)
            .await
            .status,
        StatusCode::OK
    );
    let form: TransferForm = read(&app, &manager, &one).await;
    assert_eq!(form.preview.expect("enough is known").moving, 0);
    assert_eq!(
        transfer(&app, &manager, "k4", &fields).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(owner(&app, &foreign).await.as_ref(), Some(&other));

    // Somebody else's transfer is not found; the company's roles undo the manager's.
    let fields = [
        ("kind", "selection"),
        ("to", rep.as_str()),
        ("hcp", foreign.as_str()),
        ("seen", "1"),
    ];
    let others = made(&transfer(&app, &admin, "k5", &fields).await);
    let path = format!("/api/ownership/get_transfer?id={others}");
    assert_eq!(app.get(&path, &manager).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.post("/api/ownership/undo_transfer", &manager, &[("id", &others)])
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.post("/api/ownership/undo_transfer", &admin, &[("id", &id)])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(owner(&app, &mine).await.as_ref(), Some(&rep));
});

on_both!(hcps_follow_the_owner_of_their_hospital, |app| {
    let (rep, otc) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let admin = app.actor(Role::Admin).await;
    let cookie = app.cookie(Role::Admin).await;
    let terminal = crypto::new_id();
    let mut tx = app.state.db.begin().await.expect("begins");
    q("INSERT INTO terminal (id, code, name, kind, province, city, address, level, created_at, updated_at) \
       VALUES ($1, 'T1', '第一医院', '医院', '', '', '', '', 0, 0)")
    .bind(&terminal)
    .exec(&mut tx)
    .await
    .expect("a hospital");
    let today = app.state.zone.today();
    mailuo::terminal::assignment::assign(
        &app.state, &mut tx, &admin, &terminal, &rep, "default", &today,
    )
    .await
    .expect("is assigned");
    tx.commit().await.expect("commits");
    let free = app.hcp("周无主", "13911110001", None).await;
    let differs = app.hcp("吴不同", "13911110002", Some(&otc)).await;
    let same = app.hcp("郑一样", "13911110003", Some(&rep)).await;
    let elsewhere = app.hcp("冯别处", "13911110004", Some(&otc)).await;
    for hcp in [&free, &differs, &same] {
        q("UPDATE hcp SET terminal_id = $1 WHERE id = $2")
            .bind(&terminal)
            .bind(hcp)
            .exec(&app.state.db)
            .await
            .expect("works there");
    }

    let form: TransferForm = read(
        &app,
        &cookie,
        "/api/ownership/transfer_form?kind=rule&which=free",
    )
    .await;
    let preview = form.preview.expect("a rule needs no more");
    assert_eq!((preview.moving, preview.left_out.len()), (1, 0));
    let fields = [("kind", "rule"), ("which", "free"), ("seen", "1")];
    let id = made(&transfer(&app, &cookie, "k1", &fields).await);
    assert_eq!(owner(&app, &free).await.as_ref(), Some(&rep));
    assert_eq!(owner(&app, &differs).await.as_ref(), Some(&otc));
    // Undone, it belongs to nobody again, and the history says so.
    let undo = [("id", id.as_str())];
    let answer = app
        .post("/api/ownership/undo_transfer", &cookie, &undo)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(owner(&app, &free).await, None);

    let form: TransferForm = read(
        &app,
        &cookie,
        "/api/ownership/transfer_form?kind=rule&which=all",
    )
    .await;
    let preview = form.preview.expect("a rule needs no more");
    assert_eq!(preview.moving, 2);
    assert_eq!(preview.left_out, [("same".to_owned(), 1)]);
    let fields = [("kind", "rule"), ("which", "all"), ("seen", "2")];
    made(&transfer(&app, &cookie, "k2", &fields).await);
    for hcp in [&free, &differs, &same] {
        assert_eq!(owner(&app, hcp).await.as_ref(), Some(&rep));
    }
    assert_eq!(owner(&app, &elsewhere).await.as_ref(), Some(&otc));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE reason = 'rule' AND ends_at IS NULL")
            .await,
        2
    );
});

on_both!(of_a_name_that_several_bear_these_are_offered, |app| {
    let (rep, other) = (app.id_of(Role::Rep).await, stranger(&app).await);
    for (id, number) in [(&rep, "E7001"), (&other, "E7002")] {
        run(
            &app,
            &format!(
                "UPDATE staff SET name = '王同名', employee_no = '{number}' WHERE id = '{id}'"
            ),
        )
        .await;
    }
    app.hcp("李客户", "13911110021", Some(&rep)).await;
    let admin = app.cookie(Role::Admin).await;
    let query =
        serde_urlencoded::to_string([("kind", "person"), ("from", "E7001"), ("to", "王同名")]);
    let path = format!(
        "/api/ownership/transfer_form?{}",
        query.expect("is encoded")
    );
    let form: TransferForm = read(&app, &admin, &path).await;
    assert_eq!(form.to.fault.as_deref(), Some("field.person_several"));
    assert_eq!(form.owners, ["E7001 王同名", "E7002 王同名"]);
    // Namesakes are told apart in the preview.
    let query =
        serde_urlencoded::to_string([("kind", "person"), ("from", "E7001"), ("to", "E7002")]);
    let path = format!(
        "/api/ownership/transfer_form?{}",
        query.expect("is encoded")
    );
    let form: TransferForm = read(&app, &admin, &path).await;
    let groups = form.preview.expect("is planned").groups;
    assert_eq!(groups[0].from_name.as_deref(), Some("E7001 王同名"));
    assert_eq!(groups[0].to_name, "E7002 王同名");
});
