//! What an import does with each HCP: modes, codes and phones, hospitals and owners.

use mailuo::importing::model::FieldChange;
use mailuo::importing::{Existing, Kind};
use mailuo::server::db::q;
use mailuo::server::time::shift_day;
use mailuo::shared::Role;

use crate::import_jobs::{applied, checked, imported, steward};
use crate::support::{TestApp, phone};

/// Department, title, email, code and masked phone of the HCP of a name.
async fn stored(app: &TestApp, name: &str) -> (String, String, String, Option<String>, String) {
    q("SELECT department, title, email, code, phone_masked FROM hcp WHERE name = $1")
        .bind(name)
        .one(&app.state.db)
        .await
        .expect("is there")
}

on_both!(modes_fill_overwrite_and_skip, |app| {
    let actor = steward(&app).await;
    let first = "姓名,手机号,医院,科室,职称,邮箱,标签\n王威,13900000001,甲医院,内科,,a@b.cn,讲者\n";
    imported(&app, &actor, Existing::Overwrite, first).await;
    let second = "姓名,手机,医院名称,科室,职称,邮箱,标签,客户编码\n王威,139 0000 0001,乙医院,外科,主任医师,,VIP、讲者,C1\n";

    let job = imported(&app, &actor, Existing::Skip, second).await;
    let report = job.report.expect("is kept");
    assert_eq!((report.skipped, report.updated), (1, 0));
    assert_eq!(stored(&app, "王威").await.0, "内科");

    let job = checked(&app, &actor, Existing::Fill, second.as_bytes()).await;
    let changes = job.report.expect("was checked").changes;
    let field = |field: &str, before: &str, after: &str| FieldChange {
        field: field.into(),
        before: before.into(),
        after: after.into(),
    };
    assert_eq!(
        changes[0].fields,
        [field("code", "", "C1"), field("title", "", "主任医师")]
    );
    applied(&app, &actor, &job.row.id, false).await;
    let (department, title, email, code, _) = stored(&app, "王威").await;
    assert_eq!(
        (&*department, &*title, &*email, code.as_deref()),
        ("内科", "主任医师", "a@b.cn", Some("C1"))
    );

    let job = checked(&app, &actor, Existing::Overwrite, second.as_bytes()).await;
    let changes = job.report.expect("was checked").changes;
    assert_eq!(
        changes[0].fields,
        [
            field("department", "内科", "外科"),
            field("city", "南京市", "苏州市"),
            field("tags", "讲者", "VIP、讲者"),
            field("terminal_id", "甲医院", "乙医院"),
        ]
    );
    applied(&app, &actor, &job.row.id, false).await;
    let (department, _, email, _, _) = stored(&app, "王威").await;
    assert_eq!(
        (&*department, &*email),
        ("外科", "a@b.cn"),
        "an empty cell erases nothing"
    );
    // Each change stands in the record's history, and the new department finds them.
    assert_eq!(
        app.count("SELECT COUNT(*) FROM record_change WHERE source = 'import'")
            .await,
        6
    );
    let found = "SELECT COUNT(*) FROM search_term WHERE kind = 'hcp' AND term = ";
    assert_eq!(app.count(&format!("{found}'外科'")).await, 1);
    assert_eq!(app.count(&format!("{found}'内科'")).await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_tag").await, 2);
    let job = imported(&app, &actor, Existing::Overwrite, second).await;
    assert_eq!(job.report.expect("is kept").unchanged, 1);
});

on_both!(codes_go_before_phones, |app| {
    let actor = steward(&app).await;
    let first = "姓名,手机号,医院,客户编码\n王威,13900000001,甲医院,C1\n李丽,13900000002,甲医院,C2\n赵强,,乙医院,C3\n";
    let report = imported(&app, &actor, Existing::Overwrite, first)
        .await
        .report;
    assert_eq!(report.expect("is kept").created, 3, "a code is enough");

    // A file with codes may hold what changes and nothing else; a new phone goes to the one of the code.
    let second = "客户编码,手机号,科室\nC3,13900000003,儿科\nC1,13900000009,\n";
    let job = checked(&app, &actor, Existing::Overwrite, second.as_bytes()).await;
    let fields = &job.report.as_ref().expect("was checked").changes[1].fields;
    assert_eq!(
        (&*fields[0].before, &*fields[0].after),
        ("139****0001", "139****0009")
    );
    applied(&app, &actor, &job.row.id, false).await;
    assert_eq!(stored(&app, "赵强").await.4, "139****0003");
    let again = app.state.keys.phone_index("13900000009");
    let name: (String,) = q("SELECT name FROM hcp WHERE phone_index = $1")
        .bind(again)
        .one(&app.state.db)
        .await
        .expect("the number is found");
    assert_eq!(name.0, "王威");

    let wrong = "姓名,手机号,医院,客户编码\n王威,13900000002,甲医院,C1\n李丽,13900000002,甲医院,C9\n\
        李丽,,甲医院,C2\n李丽二,,,C7\n";
    let report = checked(&app, &actor, Existing::Overwrite, wrong.as_bytes())
        .await
        .report
        .expect("was checked");
    let reasons: Vec<(i64, &str)> = report.faults.iter().map(|f| (f.row, &*f.reason)).collect();
    assert_eq!(
        reasons,
        [
            (2, "客户编码与手机号属于两位不同的客户"),
            (3, "文件内重复手机号"),
            (5, "医院缺失"),
        ]
    );
    let other = "姓名,手机号,医院,客户编码\n李丽,13900000002,甲医院,C9\n";
    let report = checked(&app, &actor, Existing::Overwrite, other.as_bytes())
        .await
        .report;
    assert_eq!(
        report.expect("was checked").faults[0].reason,
        "手机号属于另一个编码的客户"
    );
});

on_both!(hospitals_and_owners_are_found, |app| {
    let actor = steward(&app).await;
    q("INSERT INTO terminal_alias (terminal_id, alias) SELECT id, '甲院' FROM terminal WHERE code = 'T1'")
        .exec(&app.state.db)
        .await
        .expect("is entered");
    let rep = phone(Role::Rep);
    let csv = format!(
        "姓名,手机号,医院,医院编码,省份,城市,负责人手机号,类型\n王威,13900000001,甲院,,,,{rep},药师\n\
         李丽,13900000002,,T2,,,,\n赵强,13900000003,同名医院,,浙江省,杭州市,,\n孙敏,13900000004,同名医院,,,,,\n\
         周涛,13900000005,乙医院,T1,,,,\n吴刚,13900000006,甲医院,,,,13899999999,\n郑爽,13900000007,甲医院,,,,,司机\n"
    );
    let job = checked(&app, &actor, Existing::Overwrite, csv.as_bytes()).await;
    let report = job.report.expect("was checked");
    let reasons: Vec<(i64, &str)> = report.faults.iter().map(|f| (f.row, &*f.reason)).collect();
    assert_eq!(
        reasons,
        [
            (5, "医院名称重复，请补充省份和城市"),
            (6, "医院编码与医院名称不一致"),
            (7, "负责人未知"),
            (8, "类型未知"),
        ]
    );
    applied(&app, &actor, &job.row.id, true).await;
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM hcp h JOIN hcp_ownership o ON o.hcp_id = h.id AND o.ends_at IS NULL \
             WHERE h.name = '王威' AND h.kind = 'pharmacist' AND o.owner_id = h.owner_id AND o.reason = 'import'"
        )
        .await,
        1
    );
    let manager = phone(Role::Manager);
    let csv = format!("姓名,手机号,医院,负责人手机号\n王威,13900000001,甲医院,{manager}\n");
    imported(&app, &actor, Existing::Overwrite, &csv).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp_ownership o JOIN hcp h ON h.id = o.hcp_id WHERE h.name = '王威'")
            .await,
        2
    );
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM hcp h JOIN staff s ON s.id = h.owner_id WHERE s.role = 'manager'"
        )
        .await,
        1
    );
});

on_both!(waiting_and_merged_ones_are_left_alone, |app| {
    let actor = steward(&app).await;
    let waiting = app.hcp("王威", "13900000001", None).await;
    let gone = app.hcp("李丽", "13900000002", None).await;
    for (id, state) in [(&waiting, "pending"), (&gone, "merged")] {
        q("UPDATE hcp SET state = $1 WHERE id = $2")
            .bind(state)
            .bind(id)
            .exec(&app.state.db)
            .await
            .expect("is set");
    }
    let csv = "姓名,手机号,医院\n王威,13900000001,甲医院\n李丽,13900000002,甲医院\n";
    let job = checked(&app, &actor, Existing::Overwrite, csv.as_bytes()).await;
    let report = job.report.expect("was checked");
    assert_eq!((report.created, report.invalid), (1, 1));
    assert_eq!(report.faults[0].row, 2);
    let job = applied(&app, &actor, &job.row.id, true).await;
    assert_eq!(job.row.progress.status, "done", "{:?}", job.error);
    let index = app.state.keys.phone_index("13900000002");
    let (state,): (String,) = q("SELECT state FROM hcp WHERE phone_index = $1")
        .bind(index)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(state, "listed");
});

on_both!(masked_cells_overwrite_nothing, |app| {
    let actor = steward(&app).await;
    let first = "姓名,手机号,医院,客户编码,邮箱,办公电话\n王威,13900000001,甲医院,C1,wang@b.cn,021-64175590\n";
    imported(&app, &actor, Existing::Overwrite, first).await;
    let masked = "客户编码,邮箱,办公电话\nC1,w***@b.cn,021****\n";
    let job = checked(&app, &actor, Existing::Overwrite, masked.as_bytes()).await;
    let report = job.report.expect("was checked");
    assert_eq!((report.updated, report.invalid), (0, 1));
    let reasons: Vec<(&str, &str)> = report
        .faults
        .iter()
        .map(|f| (&*f.field, &*f.reason))
        .collect();
    let reason = "内容已脱敏（含 ***），请填写完整内容或留空";
    assert_eq!(reasons, [("邮箱", reason), ("办公电话", reason)]);
});

on_both!(new_ones_go_to_who_looks_after_the_hospital_today, |app| {
    let actor = steward(&app).await;
    let tomorrow = shift_day(&app.state.zone.today(), 1);
    let (rep, next) = (phone(Role::Rep), phone(Role::OtcRep));
    let rows = format!(
        "终端编码,负责人手机号,开始日期\nT1,{rep},2026-01-01\nT1,{next},{tomorrow}\nT2,{next},{tomorrow}\n"
    );
    app.import(Kind::Assignments, rows.as_bytes()).await;
    let csv = "姓名,手机号,医院\n王威,13900000001,甲医院\n李丽,13900000002,乙医院\n";
    imported(&app, &actor, Existing::Overwrite, csv).await;
    let owners: Vec<(String, Option<String>)> =
        q("SELECT h.name, s.role FROM hcp h LEFT JOIN staff s ON s.id = h.owner_id ORDER BY h.phone_masked")
            .all(&app.state.db)
            .await
            .expect("rows");
    assert_eq!(
        owners,
        [
            ("王威".to_owned(), Some("rep".to_owned())),
            ("李丽".to_owned(), None)
        ]
    );
});
