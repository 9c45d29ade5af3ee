//! Imports as jobs: checking, mending, applying, cancelling, again and again.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use mailuo::importing::model::JobView;
use mailuo::importing::table::Table;
use mailuo::importing::{Existing, Kind, failed, jobs, worker};
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::shared::{AppError, Role};

use crate::support::TestApp;

const HOSPITALS: &str = "终端编码,终端名称,省份,城市\n\
    T1,甲医院,江苏省,南京市\nT2,乙医院,江苏省,苏州市\nT3,同名医院,江苏省,南京市\nT4,同名医院,浙江省,杭州市\n";

pub async fn steward(app: &TestApp) -> Actor {
    app.import(Kind::Hospitals, HOSPITALS.as_bytes()).await;
    app.actor(Role::Compliance).await
}

pub async fn checked(app: &TestApp, actor: &Actor, existing: Existing, bytes: &[u8]) -> JobView {
    let id = jobs::upload(&app.state, actor, Kind::Hcps, existing, "客户.csv", bytes)
        .await
        .expect("is taken");
    worker::drain(&app.state).await.expect("runs");
    jobs::view(&app.state, actor, &id).await.expect("is there")
}

pub async fn applied(app: &TestApp, actor: &Actor, id: &str, skip_invalid: bool) -> JobView {
    jobs::apply(&app.state, actor, id, skip_invalid)
        .await
        .expect("is asked for");
    worker::drain(&app.state).await.expect("runs");
    jobs::view(&app.state, actor, id).await.expect("is there")
}

/// Checks and applies a file in which all rows are good.
pub async fn imported(app: &TestApp, actor: &Actor, existing: Existing, csv: &str) -> JobView {
    let job = checked(app, actor, existing, csv.as_bytes()).await;
    let report = job.report.as_ref().expect("was checked");
    assert_eq!(report.faults, [], "{csv}");
    let job = applied(app, actor, &job.row.id, false).await;
    assert_eq!(job.row.progress.status, "done", "{:?}", job.error);
    job
}

pub fn many(count: usize) -> String {
    let mut csv = "姓名,手机号,医院,科室\n".to_owned();
    for i in 0..count {
        writeln!(csv, "王医生{i},139{i:08},甲医院,内科").expect("is written");
    }
    csv
}

async fn hcps(app: &TestApp) -> i64 {
    app.count("SELECT COUNT(*) FROM hcp").await
}

on_both!(refused_rows_are_mended_and_go_in, |app| {
    let actor = steward(&app).await;
    let csv = "姓名,手机号,医院,备注\n王威,13900000001,甲医院,a\n,13900000002,甲医院,b\n\
        李丽,139,丙医院,c\n赵强,13900000004,乙医院,d\n";
    let job = checked(&app, &actor, Existing::Overwrite, csv.as_bytes()).await;
    assert_eq!(job.row.progress.status, "checked");
    let report = job.report.expect("was checked");
    assert_eq!(
        (report.rows, report.created, report.invalid),
        (4, 2, 2),
        "rows are counted, not reasons"
    );
    assert_eq!(report.faults.len(), 3);
    assert_eq!(hcps(&app).await, 0, "a check writes nothing");
    let refused = jobs::apply(&app.state, &actor, &job.row.id, false).await;
    assert_eq!(
        refused,
        Err(AppError::Conflict("import.has_invalid".into()))
    );

    let job = applied(&app, &actor, &job.row.id, true).await;
    assert_eq!(job.row.progress.status, "done");
    assert_eq!(hcps(&app).await, 2);

    let book = failed::workbook(&app.state, &actor, &job.row.id)
        .await
        .expect("is made");
    let mut table = Table::read(&book).expect("is read");
    assert_eq!(
        table.header,
        ["姓名", "手机号", "医院", "备注", "失败原因", "行号"]
    );
    assert_eq!(table.rows.len(), 2);
    assert_eq!(table.rows[0].1[4..], ["姓名缺失", "3"]);
    assert_eq!(table.rows[1].1[4..], ["手机号格式错误；医院未知", "4"]);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'import_job.download'")
            .await,
        1
    );
    // Mended in the same workbook, as far as one can be: the reasons stay in their columns.
    table.rows[0].1[0] = "孙敏".into();
    table.rows[1].1[1] = "13900000003".into();
    table.rows[1].1[2] = "乙医院".into();
    let mut mended = table.header.join(",");
    for (_, cells) in &table.rows {
        mended.push('\n');
        mended.push_str(&cells.join(","));
    }
    let job = imported(&app, &actor, Existing::Overwrite, &mended).await;
    assert_eq!(job.report.expect("is kept").created, 2);
    assert_eq!(hcps(&app).await, 4);
});

on_both!(fifty_at_once_leave_one_result, |app| {
    let actor = steward(&app).await;
    let csv = many(200);
    let job = checked(&app, &actor, Existing::Overwrite, csv.as_bytes()).await;
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let (state, actor, id) = (app.state.clone(), actor.clone(), job.row.id.clone());
            tokio::spawn(async move {
                jobs::apply(&state, &actor, &id, false)
                    .await
                    .expect("is asked for");
                worker::drain(&state).await.expect("runs");
            })
        })
        .collect();
    for one in asking {
        one.await.expect("ends");
    }
    assert_eq!(hcps(&app).await, 200);
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM audit_log WHERE action = 'import.apply' AND object_kind = 'hcps'"
        )
        .await,
        1
    );

    // The same file uploaded by a nervous finger: one job, or one that finds nothing to do.
    let csv = many(300);
    let sending: Vec<_> = (0..50)
        .map(|_| {
            let (state, actor, csv) = (app.state.clone(), actor.clone(), csv.clone());
            tokio::spawn(async move {
                let id = jobs::upload(
                    &state,
                    &actor,
                    Kind::Hcps,
                    Existing::Overwrite,
                    "a.csv",
                    csv.as_bytes(),
                )
                .await
                .expect("is taken");
                worker::drain(&state).await.expect("runs");
                id
            })
        })
        .collect();
    let mut ids = Vec::new();
    for one in sending {
        ids.push(one.await.expect("ends"));
    }
    ids.sort_unstable();
    ids.dedup();
    worker::drain(&app.state).await.expect("runs");
    for id in ids {
        // Another worker may still be at it: the last drain has returned when the queue is empty.
        while jobs::progress(&app.state, &actor, &id)
            .await
            .expect("is there")
            .unfinished()
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let job = applied(&app, &actor, &id, false).await;
        assert_eq!(job.row.progress.status, "done", "{:?}", job.error);
    }
    assert_eq!(hcps(&app).await, 300);
});

on_both!(cancelling_leaves_nothing, |app| {
    let actor = steward(&app).await;
    let csv = many(5000);
    let upload = |name: &'static str, csv: String| {
        let (state, actor) = (app.state.clone(), actor.clone());
        async move {
            jobs::upload(
                &state,
                &actor,
                Kind::Hcps,
                Existing::Overwrite,
                name,
                csv.as_bytes(),
            )
            .await
            .expect("is taken")
        }
    };
    // While it waits.
    let id = upload("a.csv", csv.clone()).await;
    jobs::cancel(&app.state, &actor, &id)
        .await
        .expect("is cancelled");
    assert_eq!(worker::drain(&app.state).await.expect("runs"), 0);
    assert_eq!(
        jobs::cancel(&app.state, &actor, &id).await,
        Err(AppError::Conflict("import.not_running".into()))
    );
    // It can be checked again.
    jobs::recheck(&app.state, &actor, &id, Existing::Fill)
        .await
        .expect("is asked for");
    worker::drain(&app.state).await.expect("runs");
    let job = jobs::view(&app.state, &actor, &id).await.expect("is there");
    assert_eq!(job.row.progress.status, "checked");
    let report = job.report.expect("was checked");
    assert_eq!(report.created, 5000);
    assert_eq!((report.new_rows.len(), report.new_rows[0].row), (200, 2));
    // What was checked is discarded, and can be checked again.
    jobs::cancel(&app.state, &actor, &id)
        .await
        .expect("is discarded");
    let at = jobs::progress(&app.state, &actor, &id)
        .await
        .expect("is there");
    assert_eq!(at.status, "cancelled");
    jobs::recheck(&app.state, &actor, &id, Existing::Fill)
        .await
        .expect("is asked for");
    worker::drain(&app.state).await.expect("runs");
    // While it writes.
    jobs::apply(&app.state, &actor, &id, false)
        .await
        .expect("is asked for");
    let state = app.state.clone();
    let work = tokio::spawn(async move { worker::drain(&state).await.expect("runs") });
    loop {
        let at = jobs::progress(&app.state, &actor, &id)
            .await
            .expect("is there");
        assert!(at.unfinished(), "it was cancelled before its end");
        if at.status == "applying" && at.rows_done > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    jobs::cancel(&app.state, &actor, &id)
        .await
        .expect("is asked to stop");
    work.await.expect("ends");
    let job = jobs::view(&app.state, &actor, &id).await.expect("is there");
    assert_eq!(job.row.progress.status, "cancelled");
    assert_eq!(hcps(&app).await, 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'import_job.cancel'")
            .await,
        3
    );
    // And it can be applied after all.
    let job = applied(&app, &actor, &id, false).await;
    assert_eq!(job.row.progress.status, "done", "{:?}", job.error);
    assert_eq!(hcps(&app).await, 5000);
});

on_both!(what_a_dead_server_left_is_taken_up, |app| {
    let actor = steward(&app).await;
    let job = checked(&app, &actor, Existing::Overwrite, many(10).as_bytes()).await;
    let id = &job.row.id;
    q("UPDATE import_job SET status = 'applying', task = 'apply', lease_until = 1")
        .exec(&app.state.db)
        .await
        .expect("is set");
    worker::recover(&app.state, false).await.expect("looks");
    let job = jobs::view(&app.state, &actor, id).await.expect("is there");
    assert_eq!(job.row.progress.status, "failed");
    assert_eq!(
        job.error,
        Some(AppError::Conflict("import.interrupted".into()))
    );
    let job = applied(&app, &actor, id, false).await;
    assert_eq!(job.row.progress.status, "done");

    q("UPDATE import_job SET status = 'checking', task = 'check', lease_until = 1")
        .exec(&app.state.db)
        .await
        .expect("is set");
    worker::recover(&app.state, false).await.expect("looks");
    worker::drain(&app.state).await.expect("runs");
    let job = jobs::view(&app.state, &actor, id).await.expect("is there");
    assert_eq!(job.report.expect("was checked").unchanged, 10);

    // Checked once more, but not for ever: it may be the file that kills the server.
    for status in ["queued", "failed"] {
        q("UPDATE import_job SET status = 'checking', started_at = 1, lease_until = 1")
            .exec(&app.state.db)
            .await
            .expect("is set");
        worker::recover(&app.state, false).await.expect("looks");
        let job = jobs::view(&app.state, &actor, id).await.expect("is there");
        assert_eq!(job.row.progress.status, status);
    }
    assert_eq!(worker::drain(&app.state).await.expect("runs"), 0);
    let job = jobs::view(&app.state, &actor, id).await.expect("is there");
    assert_eq!(
        job.error,
        Some(AppError::Conflict("import.check_again_interrupted".into()))
    );
    jobs::recheck(&app.state, &actor, id, Existing::Overwrite)
        .await
        .expect("is asked for");
    worker::drain(&app.state).await.expect("runs");
    let job = jobs::view(&app.state, &actor, id).await.expect("is there");
    assert_eq!((&*job.row.progress.status, job.error), ("checked", None));
});

on_both!(files_lie_sealed, |app| {
    let actor = steward(&app).await;
    let csv = "姓名,手机号,医院\n王威,13912345678,甲医院\n";
    let job = imported(&app, &actor, Existing::Overwrite, csv).await;
    let mut folders = vec![app.dir.join("files")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)
            .expect("a folder")
            .filter_map(Result::ok)
        {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            let bytes = std::fs::read(entry.path()).expect("a file");
            assert!(!bytes.windows(11).any(|w| w == b"13912345678"));
        }
    }
    assert_eq!(files, 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM import_job WHERE report_cipher LIKE '%王威%'")
            .await,
        0
    );
    // After its time the file goes, then the job.
    q("UPDATE import_job SET created_at = created_at - 31 * CAST(86400000 AS BIGINT)")
        .exec(&app.state.db)
        .await
        .expect("is set");
    jobs::sweep(&app.state).await.expect("sweeps");
    assert_eq!(
        failed::workbook(&app.state, &actor, &job.row.id).await,
        Err(AppError::Conflict("import.file_gone".into()))
    );
    q("UPDATE import_job SET created_at = 0")
        .exec(&app.state.db)
        .await
        .expect("is set");
    jobs::sweep(&app.state).await.expect("sweeps");
    assert_eq!(app.count("SELECT COUNT(*) FROM import_job").await, 0);
});

/// Uploads as the page's form does.
async fn post_file(app: &TestApp, cookie: &str, kind: &str, bytes: &str) -> crate::support::Answer {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n\
         --x\r\ncontent-disposition: form-data; name=\"mode\"\r\n\r\nfill\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n{bytes}\r\n--x--\r\n"
    );
    let request = Request::builder()
        .method("POST")
        .uri("/import/upload")
        .header("host", "localhost")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .expect("a request");
    app.send(request).await
}

on_both!(jobs_are_their_makers_and_the_administrators, |app| {
    steward(&app).await;
    let cookie = app.cookie(Role::Compliance).await;
    let answer = post_file(&app, &cookie, "hcps", "姓名,手机号,医院\n,1,甲医院\n").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let path = answer.location();
    let id = path.strip_prefix("/import/").expect("leads to the job");
    worker::drain(&app.state).await.expect("runs");
    let page = app.get(&path, &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("手机号格式错误"));
    assert!(app.get("/import", &cookie).await.text().contains("a.csv"));
    let book = app.get(&format!("{path}/failed.xlsx"), &cookie).await;
    assert!(book.bytes.starts_with(b"PK"));
    let book = app.get("/import/template/hcps.xlsx", &cookie).await;
    assert!(book.bytes.starts_with(b"PK"));
    // People and hospitals are an administrator's to import.
    for kind in ["people", "hospitals", "assignments"] {
        let answer = post_file(&app, &cookie, kind, "姓名\n王威\n").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{kind}");
        let template = format!("/import/template/{kind}.xlsx");
        assert_eq!(
            app.get(&template, &cookie).await.status,
            StatusCode::FORBIDDEN
        );
    }

    let other = app
        .person(
            "合规二",
            Role::Compliance,
            &app.units.company,
            None,
            "13812340001",
        )
        .await;
    let other = app.session(&other).await;
    let admin = app.cookie(Role::Admin).await;
    let rep = app.cookie(Role::Rep).await;
    for (cookie, status) in [
        (&other, StatusCode::NOT_FOUND),
        (&rep, StatusCode::FORBIDDEN),
        (&admin, StatusCode::OK),
    ] {
        for path in [
            format!("/api/import/get?id={id}"),
            format!("/api/import/progress?id={id}"),
            format!("/import/{id}/failed.xlsx"),
        ] {
            assert_eq!(app.get(&path, cookie).await.status, status, "{path}");
        }
    }
    for act in ["apply", "check", "cancel"] {
        let form = [("id", id), ("mode", "fill"), ("skip_invalid", "true")];
        let answer = app.post(&format!("/api/import/{act}"), &other, &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert!(!app.get("/import", &other).await.text().contains("a.csv"));
    // What is no spreadsheet is told at once.
    let answer = post_file(&app, &admin, "hcps", "\u{0}\u{1}").await;
    assert!(answer.location().ends_with("fault=unreadable"));
});

on_both!(broken_files_fail_with_a_reason, |app| {
    let actor = steward(&app).await;
    let job = checked(&app, &actor, Existing::Overwrite, b"PK\x03\x04nonsense").await;
    assert_eq!(job.row.progress.status, "failed");
    assert_eq!(job.error, Some(AppError::field("", "import.unreadable")));
    let job = checked(
        &app,
        &actor,
        Existing::Overwrite,
        "姓名,医院\n王威,甲医院\n".as_bytes(),
    )
    .await;
    assert_eq!(
        job.error.expect("says why").message(),
        "缺少以下列，请补充后重新上传：手机号"
    );
    assert!(job.report.is_none());
    assert_eq!(
        jobs::apply(&app.state, &actor, &job.row.id, true).await,
        Err(AppError::Conflict("import.not_checked".into()))
    );
});
