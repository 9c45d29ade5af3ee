//! An HCP's page: its scope, the timeline, notes, and where a merged HCP's leads.

use axum::http::StatusCode;
use mailuo::duplicate::merge;
use mailuo::hcp::model::{NoteRow, Timeline};
use mailuo::onboarding::consent::{self, By};
use mailuo::server::db::q;
use mailuo::server::{history, time};
use mailuo::shared::{Page, Role};

use crate::duplicate::{exec, merge_id, namesakes};
use crate::hcp_record::{faults, form, read, saved, terminal};
use crate::support::TestApp;

const PHONE: &str = "13911112222";

on_both!(foreign_records_are_not_found, |app| {
    terminal(&app, "H1", "仁爱医院", "医院", "泉州市").await;
    let other = app
        .person(
            "别的代表",
            Role::Rep,
            &app.units.district_b,
            None,
            "13600000001",
        )
        .await;
    let foreign = app.hcp("李外人", PHONE, Some(&other)).await;
    let theirs = app.session(&other).await;
    let note = [
        ("form_key", "n1"),
        ("id", foreign.as_str()),
        ("text", "外人的备注"),
    ];
    saved(&app.post("/api/hcps/add_note", &theirs, &note).await);
    let (note_id,): (String,) = q("SELECT id FROM hcp_note")
        .one(&app.state.db)
        .await
        .expect("is there");
    for role in [Role::Rep, Role::OtcRep, Role::TradeRep, Role::Manager] {
        let cookie = app.cookie(role).await;
        for path in ["get", "portrait", "timeline", "changes", "notes", "record"] {
            let answer = app
                .get(&format!("/api/hcps/{path}?id={foreign}"), &cookie)
                .await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{role:?} {path}");
        }
        for path in [
            "",
            "?tab=timeline",
            "?tab=portrait",
            "?tab=ownership",
            "?tab=notes",
            "/edit",
            "/history",
        ] {
            let page = app.get(&format!("/hcps/{foreign}{path}"), &cookie).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{role:?} {path}");
            assert!(!page.text().contains("李外人") && !page.text().contains("外人的备注"));
        }
        let writes = [
            (
                "/api/hcps/add_note",
                vec![("form_key", "k"), ("id", foreign.as_str()), ("text", "x")],
            ),
            ("/api/hcps/delete_note", vec![("id", note_id.as_str())]),
            ("/api/hcps/enter", form(&[("id", &foreign), ("seen", "1")])),
        ];
        for (path, fields) in writes {
            assert_eq!(
                app.post(path, &cookie, &fields).await.status,
                StatusCode::NOT_FOUND,
                "{role:?} {path}"
            );
        }
    }
});

async fn timeline(app: &TestApp, cookie: &str, id: &str, more: &str) -> Timeline {
    read(app, cookie, &format!("/api/hcps/timeline?id={id}{more}")).await
}

on_both!(the_timeline_holds_every_kind, |app| {
    let rep = app.actor(Role::Rep).await;
    let cookie = app.session(&rep.id).await;
    let article = app.article("血压", "public", "2099-01-01").await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep.id)).await;
    let twin = app.hcp("王小明", "13911119999", Some(&rep.id)).await;
    mailuo::onboarding::invitation::invite(&app.state, &rep, &hcp)
        .await
        .expect("is invited");
    let doctor = app.bound(&hcp, true).await;
    mailuo::sharing::store::share(&app.state, &rep, "s1", &article, std::slice::from_ref(&hcp))
        .await
        .expect("is shared");
    mailuo::hcp::notes::add(&app.state, &rep, "n1", &hcp, "喜欢纸质资料")
        .await
        .expect("is noted");
    let mut tx = app.state.db.begin().await.expect("begins");
    let changed = history::Change::of("department", "心内科", "肾内科");
    history::record(&mut tx, &rep, "hcp", &hcp, "form", changed)
        .await
        .expect("is kept");
    let reader = format!("hcp:{hcp}");
    let now = time::now();
    q("INSERT INTO share_link (token, article_id, sharer, root, level, channel, created_at, created_on, pressed_at, \
       opened_at) VALUES ('tokentoken', $1, $2, 'tokentoken', 1, 'link', $3, '2026-01-01', $3, $3)")
    .bind(&article)
    .bind(&reader)
    .bind(now)
    .exec(&mut tx)
    .await
    .expect("is passed on");
    q("INSERT INTO article_view (id, article_id, reader, at, viewed_on, kind, reread, dwell_ms) \
       VALUES ('v1', $1, $2, $3, '2026-01-01', 'pv', FALSE, 65000), ('v2', $1, $2, $3, '2026-01-01', 'repeat', FALSE, NULL)")
    .bind(&article)
    .bind(&reader)
    .bind(now)
    .exec(&mut tx)
    .await
    .expect("is read");
    q(
        "INSERT INTO hcp_merge (id, kept_id, gone_id, before_cipher, by_id, by_name, at) \
       VALUES ('m1', $1, $2, '', 'x', '管家', $3)",
    )
    .bind(&hcp)
    .bind(&twin)
    .bind(now)
    .exec(&mut tx)
    .await
    .expect("is merged");
    q("INSERT INTO visit (id, staff_id, channel, topics, feedback, note, flags, received_at, at, day) \
       VALUES ('visit', $1, 'face', '[]', 'neutral', '', '[]', $2, $2, '2026-01-01')")
    .bind(&rep.id)
    .bind(now)
    .exec(&mut tx)
    .await
    .expect("is recorded");
    q("INSERT INTO visit_hcp (visit_id, hcp_id) VALUES ('visit', $1)")
        .bind(&hcp)
        .exec(&mut tx)
        .await
        .expect("is met");
    tx.commit().await.expect("commits");
    let (course, _) = crate::courses::film(&app, &[]).await;
    q("INSERT INTO course_completion (course_id, version, learner, completed_at) VALUES ($1, 1, $2, $3)")
        .bind(&course)
        .bind(&reader)
        .bind(now)
        .exec(&app.state.db)
        .await
        .expect("is completed");

    let all = timeline(&app, &cookie, &hcp, "").await;
    let kinds: Vec<&str> = all.kinds.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "share",
            "pass_on",
            "read",
            "learn",
            "visit",
            "consent",
            "invitation",
            "onboarding",
            "entry",
            "ownership",
            "merge",
            "note",
            "change"
        ]
    );
    for (code, label) in &all.kinds {
        let some = timeline(&app, &cookie, &hcp, &format!("&kinds={code}")).await;
        assert!(!some.entries.is_empty(), "{code}");
        assert!(some.entries.iter().all(|e| e.kind == *label), "{code}");
    }
    let reads = timeline(&app, &cookie, &hcp, "&kinds=read").await;
    assert_eq!(reads.entries.len(), 1, "repeats do not count");
    assert_eq!(
        reads.entries[0].link,
        Some((format!("/articles/{article}"), "血压".to_owned()))
    );
    assert!(reads.entries[0].detail.contains("1 分 5 秒"));
    let two = timeline(&app, &cookie, &hcp, "&kinds=note,merge").await;
    assert_eq!(two.entries.len(), 2);
    assert!(
        timeline(&app, &cookie, &twin, "&kinds=note,read,share")
            .await
            .entries
            .is_empty(),
        "everybody has their own"
    );

    // Without consent to be named, reading and passing on are not shown, earlier ones too.
    app.post(
        "/me/consent",
        &doctor,
        &[("purpose", "tracking"), ("grant", "false")],
    )
    .await;
    for code in ["read", "pass_on"] {
        let hidden = timeline(&app, &cookie, &hcp, &format!("&kinds={code}")).await;
        assert!(hidden.entries.is_empty(), "{code}");
    }
    let page = app.get(&format!("/hcps/{hcp}?tab=timeline"), &cookie).await;
    assert!(page.text().contains("喜欢纸质资料") && !page.text().contains("阅读了"));
});

on_both!(only_what_somebody_withdrew_reads_so, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    for hcp in [&gone, &kept, &kept, &kept] {
        app.bound(hcp, true).await;
    }
    let steward = app.actor(Role::Compliance).await;
    merge::merge(&app.state, &steward, &pair, &kept, &[])
        .await
        .expect("merges");
    // Three consents each time; those of the last time stand.
    let ended = "SELECT COUNT(*) FROM consent WHERE withdrawn_at IS NOT NULL";
    assert_eq!(app.count(ended).await, 9);
    let cookie = app.session(&steward.id).await;
    let told = async |hcp: &str| {
        let all = timeline(&app, &cookie, hcp, "&kinds=consent").await;
        all.entries.len()
    };
    assert_eq!(told(&kept).await, 12);

    exec(
        &app,
        "INSERT INTO consent_text (purpose, version, text_zh, text_en, created_by, in_force_at) \
         VALUES ('tracking', '2099-01', '新', 'new', 'x', 1)",
    )
    .await;
    consent::grant(&app.state, &kept, "tracking", "test")
        .await
        .expect("agrees to the new version");
    assert_eq!(told(&kept).await, 13);
    let by = By::Hcp { address: "test" };
    assert_eq!(
        consent::withdraw(&app.state, &kept, "push", by).await,
        Ok(true)
    );
    assert_eq!(told(&kept).await, 14, "this one was withdrawn");
    merge::undo(&app.state, &steward, &merge_id(&app).await)
        .await
        .expect("is undone");
    assert_eq!((told(&kept).await, told(&gone).await), (11, 3));
});

on_both!(each_way_onto_the_file_has_its_words, |app| {
    let rep = app.id_of(Role::Rep).await;
    let cookie = app.session(&rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep)).await;
    let mut words = Vec::new();
    for source in ["form", "import", "self", "code", "another"] {
        exec(&app, &format!("UPDATE hcp SET source = '{source}'")).await;
        let all = timeline(&app, &cookie, &hcp, "&kinds=entry").await;
        words.extend(all.entries.into_iter().map(|e| e.text));
        let label = mailuo::duplicate::model::source_label(source);
        assert_eq!(label == source, source == "another", "{label}");
    }
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), 5, "{words:?}");
});

on_both!(the_timeline_is_paged_without_gaps, |app| {
    let rep = app.id_of(Role::Rep).await;
    let cookie = app.session(&rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep)).await;
    for n in 0..70 {
        // Many at one moment, so that pages end among them.
        q("INSERT INTO hcp_note (id, hcp_id, staff_id, text, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(format!("n{n:02}"))
            .bind(&hcp)
            .bind(&rep)
            .bind(format!("备注{n}"))
            .bind(1_700_000_000_000 + n / 25)
            .exec(&app.state.db)
            .await
            .expect("is noted");
    }
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let more = format!("&kinds=note&before={before}");
        let stretch = timeline(&app, &cookie, &hcp, &more).await;
        seen.extend(stretch.entries.into_iter().map(|e| e.detail));
        match stretch.next {
            Some(next) => before = next,
            None => break,
        }
    }
    assert_eq!(seen.len(), 70);
    assert_eq!(seen[0], "备注69");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 70, "none twice");
});

on_both!(notes_are_read_by_all_in_scope, |app| {
    let rep = app.id_of(Role::Rep).await;
    let hcp = app.hcp("王小明", PHONE, Some(&rep)).await;
    let cookie = app.session(&rep).await;
    let note = [
        ("form_key", "n1"),
        ("id", hcp.as_str()),
        ("text", "周二下午方便"),
    ];
    saved(&app.post("/api/hcps/add_note", &cookie, &note).await);
    saved(&app.post("/api/hcps/add_note", &cookie, &note).await);
    let empty = [("form_key", "n2"), ("id", hcp.as_str()), ("text", "  ")];
    assert_eq!(
        faults(&app.post("/api/hcps/add_note", &cookie, &empty).await),
        ["text"]
    );
    let path = format!("/api/hcps/notes?id={hcp}");
    let manager = app.cookie(Role::Manager).await;
    let notes: Page<NoteRow> = read(&app, &manager, &path).await;
    assert_eq!(notes.total, 1, "the form sent twice is one note");
    assert_eq!(
        (notes.rows[0].by.as_str(), notes.rows[0].mine),
        ("rep", false)
    );
    // Only who wrote it deletes it.
    let id = notes.rows[0].id.clone();
    let delete = [("id", id.as_str())];
    assert_eq!(
        app.post("/api/hcps/delete_note", &manager, &delete)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    for _ in 0..2 {
        saved(&app.post("/api/hcps/delete_note", &cookie, &delete).await);
    }
    let notes: Page<NoteRow> = read(&app, &manager, &path).await;
    assert_eq!(notes.total, 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action IN ('hcp.note', 'hcp.delete_note')")
            .await,
        2
    );
});

on_both!(a_merged_hcp_leads_to_the_one_that_was_kept, |app| {
    let rep = app.id_of(Role::Rep).await;
    let kept = app.hcp("王小明", PHONE, Some(&rep)).await;
    let gone = app.hcp("王晓明", "13911119999", None).await;
    q("UPDATE hcp SET state = 'merged', merged_into = $1 WHERE id = $2")
        .bind(&kept)
        .bind(&gone)
        .exec(&app.state.db)
        .await
        .expect("is merged");
    let steward = app.cookie(Role::Compliance).await;
    let page = app.get(&format!("/hcps/{gone}"), &steward).await.text();
    assert!(page.contains("已合并到") && page.contains(&format!("/hcps/{kept}")));
    assert!(!page.contains("139****9999"));
    assert_eq!(
        app.get(&format!("/api/hcps/record?id={gone}"), &steward)
            .await
            .status,
        StatusCode::CONFLICT
    );
});
