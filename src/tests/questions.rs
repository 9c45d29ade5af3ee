//! The question bank: entering, versions, twins, imports of every format, exports.

use axum::http::StatusCode;
use mailuo::importing::{self, Existing, Kind, Mode};
use mailuo::question::formats;
use mailuo::question::model::{Draft, Format, QuestionList, QuestionView};
use mailuo::question::{export, store};
use mailuo::server::guard::Actor;
use mailuo::shared::Role;

use crate::hcp_record::{faults, read, saved};
use crate::support::{TestApp, fresh_dir};

const PAPER: &str = include_str!("corpus/paper.txt");
const GIFT: &str = include_str!("corpus/gift.txt");

fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("form_key", "q1"),
        ("kind", "single"),
        ("stem", "成人高血压的诊室血压界值是？"),
        ("options", "140/90 mmHg\r\n130/80 mmHg\r\n"),
        ("answer", "A"),
        ("category", "心血管 / 高血压"),
        ("tags", "血压、指南"),
        ("difficulty", "2"),
        ("code", "Q-1"),
    ];
    for &(name, value) in changes {
        form.retain(|(n, _)| *n != name);
        form.push((name, value));
    }
    form
}

async fn id_of(app: &TestApp, stem: &str) -> String {
    let (id,): (String,) = mailuo::server::db::q("SELECT id FROM question WHERE stem = $1")
        .bind(stem)
        .one(&app.state.db)
        .await
        .expect("is there");
    id
}

async fn list(app: &TestApp, cookie: &str, query: &str) -> QuestionList {
    read(app, cookie, &format!("/api/questions/list?{query}")).await
}

/// All questions as they would be exported.
async fn bank(app: &TestApp) -> Vec<Draft> {
    let actor = Actor::system();
    let (bytes, left) = export::file(&app.state, &actor, &store::Filter::default(), Format::Gift)
        .await
        .expect("is written");
    assert_eq!(left, 0);
    let table = formats::table(&bytes, Some(Format::Gift)).expect("is read");
    table
        .iter()
        .map(|row| formats::sheet::draft(&row).expect("is whole"))
        .collect()
}

on_both!(a_question_is_entered_once_and_changed_by_versions, |app| {
    let trainer = app.cookie(Role::Trainer).await;
    let first = saved(&app.post("/api/questions/save", &trainer, &form(&[])).await);
    let again = saved(&app.post("/api/questions/save", &trainer, &form(&[])).await);
    assert_eq!(first, again);
    assert_eq!(app.count("SELECT COUNT(*) FROM question").await, 1);
    let id = id_of(&app, "成人高血压的诊室血压界值是？").await;

    // What is wrong stands beside its field.
    for (changes, fields) in [
        (
            vec![("form_key", "q2"), ("stem", " "), ("code", "Q-2")],
            vec!["stem"],
        ),
        (
            vec![("form_key", "q2"), ("answer", "D"), ("code", "Q-2")],
            vec!["answer"],
        ),
        (
            vec![("form_key", "q2"), ("options", "一个"), ("code", "Q-2")],
            vec!["options"],
        ),
        (vec![("form_key", "q2"), ("kind", "x")], vec!["kind"]),
        (vec![("form_key", "q2")], vec!["code"]),
    ] {
        let answer = app
            .post("/api/questions/save", &trainer, &form(&changes))
            .await;
        assert_eq!(faults(&answer), fields, "{changes:?}");
    }

    let change = [
        ("form_key", "q3"),
        ("id", &id),
        ("seen", "1"),
        ("answer", "B"),
    ];
    saved(
        &app.post("/api/questions/save", &trainer, &form(&change))
            .await,
    );
    let path = format!("/api/questions/get?id={id}");
    let now: QuestionView = read(&app, &trainer, &path).await;
    assert_eq!((now.version, now.versions.len()), (2, 2));
    assert_eq!(now.draft.category, "心血管/高血压");
    assert_eq!(now.draft.body.written().1, "B");
    let before: QuestionView = read(&app, &trainer, &format!("{path}&version=1")).await;
    assert_eq!(before.draft.body.written().1, "A");
    // Over somebody else's change nothing is written.
    let late = [
        ("form_key", "q4"),
        ("id", &id),
        ("seen", "1"),
        ("answer", "A"),
    ];
    let answer = app
        .post("/api/questions/save", &trainer, &form(&late))
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    // Saving it as it is makes no version.
    let same = [
        ("form_key", "q5"),
        ("id", &id),
        ("seen", "2"),
        ("answer", "B"),
    ];
    saved(
        &app.post("/api/questions/save", &trainer, &form(&same))
            .await,
    );
    let now: QuestionView = read(&app, &trainer, &path).await;
    assert_eq!(now.latest, 2);
});

on_both!(questions_are_found_and_narrowed, |app| {
    let trainer = app.cookie(Role::Trainer).await;
    importing::run(
        &app.state,
        &Actor::system(),
        Kind::Questions,
        PAPER.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is imported");
    for (query, found) in [
        ("", 13),
        ("text=%E5%AE%B6%E5%BA%AD", 1),
        ("kind=true_false", 4),
        ("category=%E5%BF%83%E8%A1%80%E7%AE%A1", 12),
        ("category=%E5%BF%83", 0),
        ("tag=%E8%90%A5%E5%85%BB", 1),
        ("difficulty=1", 1),
        ("state_is=archived", 0),
    ] {
        assert_eq!(
            list(&app, &trainer, query).await.page.total,
            found,
            "{query}"
        );
    }
    // A twin: the same stem but for width, blanks and punctuation, with another answer.
    let twin = form(&[
        ("stem", "成人诊室血压的诊断界值是( )。"),
        ("code", ""),
        ("answer", "B"),
    ]);
    saved(&app.post("/api/questions/save", &trainer, &twin).await);
    let twins = list(&app, &trainer, "state_is=twins").await;
    assert_eq!(twins.page.total, 2);
    assert!(twins.page.rows.iter().all(|row| row.twins == 1));
    let id = id_of(&app, "成人诊室血压的诊断界值是( )。").await;
    saved(
        &app.post(
            "/api/questions/archive",
            &trainer,
            &[("id", &id), ("on", "true")],
        )
        .await,
    );
    assert_eq!(list(&app, &trainer, "state_is=twins").await.page.total, 0);
    assert_eq!(
        list(&app, &trainer, "state_is=archived").await.page.total,
        1
    );
    saved(
        &app.post("/api/questions/archive", &trainer, &[("id", &id)])
            .await,
    );
    assert_eq!(
        list(&app, &trainer, "state_is=archived").await.page.total,
        0
    );
});

on_both!(a_bank_comes_and_goes_the_same, |app| {
    let actor = app.actor(Role::Trainer).await;
    let report = importing::run(
        &app.state,
        &actor,
        Kind::Questions,
        GIFT.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is imported");
    assert_eq!((report.rows, report.created, report.skipped), (19, 19, 1));
    assert!(report.applied);
    // The same file again changes nothing.
    let again = importing::run(
        &app.state,
        &actor,
        Kind::Questions,
        GIFT.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is imported");
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 19));
    let before = bank(&app).await;
    for format in Format::ALL {
        let (bytes, _) = export::file(&app.state, &actor, &store::Filter::default(), format)
            .await
            .expect("is written");
        let table = formats::table(&bytes, Some(format)).expect("is read");
        let report = importing::run_table(
            &app.state,
            &actor,
            Kind::Questions,
            &table,
            "hash",
            Mode::All,
            Existing::Fill,
        )
        .await
        .expect("is imported");
        assert_eq!(report.invalid, [], "{format:?}");
        assert_eq!((report.created, report.updated), (0, 0), "{format:?}");
    }
    assert_eq!(bank(&app).await, before);
    // Overwritten too, what a format has no place for stays: feedback to options, model answers.
    for format in [Format::Gift, Format::Xlsx] {
        let (bytes, _) = export::file(&app.state, &actor, &store::Filter::default(), format)
            .await
            .expect("is written");
        let table = formats::table(&bytes, Some(format)).expect("is read");
        let report = importing::run_table(
            &app.state,
            &actor,
            Kind::Questions,
            &table,
            "hash",
            Mode::All,
            Existing::Overwrite,
        )
        .await
        .expect("is imported");
        assert_eq!((report.created, report.updated), (0, 0), "{format:?}");
    }
    // A changed question of the same number is a version.
    let changed = GIFT.replace("中国指南沿用 140/90。", "中国指南仍沿用 140/90。");
    let report = importing::run(
        &app.state,
        &actor,
        Kind::Questions,
        changed.as_bytes(),
        Mode::All,
    )
    .await
    .expect("is imported");
    assert_eq!((report.updated, report.unchanged), (1, 18));
});

on_both!(bad_questions_are_refused_by_line_and_mended, |app| {
    use mailuo::importing::{jobs, worker};
    let actor = app.actor(Role::Trainer).await;
    let file = include_str!("corpus/aiken_broken.txt").to_owned()
        + "\n\n对的题\nA. 甲\nB. 乙\nANSWER: B\n";
    let id = jobs::upload(
        &app.state,
        &actor,
        Kind::Questions,
        Existing::Overwrite,
        "试题.txt",
        file.as_bytes(),
    )
    .await
    .expect("is taken");
    worker::drain(&app.state).await.expect("runs");
    let job = jobs::view(&app.state, &actor, &id).await.expect("is there");
    let report = job.report.expect("was checked");
    assert_eq!((report.rows, report.created, report.invalid), (7, 1, 6));
    assert_eq!(report.faults[0].line, Some(3));
    assert_eq!(app.count("SELECT COUNT(*) FROM question").await, 0);
    // The refused come back as a spreadsheet, which is read again.
    let book = importing::failed::workbook(&app.state, &actor, &id)
        .await
        .expect("is made");
    let table = formats::table(&book, None).expect("is read");
    assert_eq!(table.rows.len(), 6);
    assert!(table.rows[0].1.iter().any(|cell| cell.contains("少选项")));
    jobs::apply(&app.state, &actor, &id, true)
        .await
        .expect("is asked for");
    worker::drain(&app.state).await.expect("runs");
    assert_eq!(app.count("SELECT COUNT(*) FROM question").await, 1);
});

#[test]
fn the_command_line_imports_and_exports() {
    let dir = fresh_dir();
    let run = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_mailuo"))
            .args(args)
            .arg("--data-dir")
            .arg(dir.join("data"))
            .current_dir(&dir)
            .output()
            .expect("runs")
    };
    std::fs::write(dir.join("paper.txt"), PAPER).expect("is written");
    std::fs::write(dir.join("bad.txt"), "题\nA. 甲\nANSWER: C\n").expect("is written");
    let done = run(&[
        "import",
        "questions",
        "paper.txt",
        "--format",
        "text",
        "--json",
    ]);
    assert!(done.status.success(), "{done:?}");
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).expect("is JSON");
    assert_eq!(
        (&report["rows"], &report["created"]),
        (&13.into(), &13.into())
    );
    let bad = run(&["import", "questions", "bad.txt", "--dry-run", "--json"]);
    assert_eq!(bad.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&bad.stdout).expect("is JSON");
    assert_eq!(
        (&report["invalid"][0]["row"], &report["invalid"][0]["line"]),
        (&1.into(), &3.into())
    );
    let out = run(&["export", "questions", "--format", "text", "out.txt"]);
    assert!(out.status.success(), "{out:?}");
    let again = run(&["import", "questions", "out.txt", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).expect("is JSON");
    assert_eq!(
        (&report["created"], &report["unchanged"]),
        (&0.into(), &13.into()),
        "{again:?}"
    );
}
