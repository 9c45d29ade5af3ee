//! Merging duplicates, and undoing it.

use axum::http::StatusCode;
use mailuo::duplicate::merge::{self, Choice};
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::{AppError, Role};

use crate::duplicate::{attached, dump, exec, furnish, merge_id, namesakes, pair_of};

on_both!(everything_attached_moves_and_goes_back, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    furnish(&app, &gone).await;
    let rep = app.id_of(Role::Rep).await;
    let mut tx = app.state.db.begin().await.expect("begins");
    mailuo::hcp::store::set_owner(&mut tx, &gone, &rep, "hospital", "test")
        .await
        .expect("is owned");
    tx.commit().await.expect("commits");
    // Both carry one tag: it neither clashes nor is lost by the undo.
    for hcp in [&kept, &gone] {
        exec(
            &app,
            &format!("INSERT INTO hcp_tag (hcp_id, tag) VALUES ('{hcp}', '主委')"),
        )
        .await;
    }
    let steward = app.actor(Role::Compliance).await;
    let before = (dump(&app, &kept).await, dump(&app, &gone).await);
    let rows = (attached(&app, &kept).await, attached(&app, &gone).await);
    assert!(rows.1.iter().all(|(_, n)| *n > 0), "{:?}", rows.1);
    let past = app
        .count("SELECT COUNT(*) FROM hcp_ownership WHERE ends_at IS NOT NULL")
        .await;

    merge::merge(&app.state, &steward, &pair, &kept, &[])
        .await
        .expect("merges");
    for ((table, had), (_, has)) in rows.1.iter().zip(attached(&app, &kept).await) {
        // The tag that both have counts once.
        let expected = if *table == "hcp_tag" { 2 } else { *had };
        assert_eq!(has, expected, "{table}");
    }
    for (table, left) in attached(&app, &gone).await {
        assert_eq!(left, i64::from(table == "hcp_tag"), "{table}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_selection").await, 0);
    let (state, owner): (String, Option<String>) =
        q("SELECT state, owner_id FROM hcp WHERE id = $1")
            .bind(&kept)
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!((state.as_str(), owner.as_ref()), ("onboarded", Some(&rep)));
    let (state, into, owner): (String, Option<String>, Option<String>) =
        q("SELECT state, merged_into, owner_id FROM hcp WHERE id = $1")
            .bind(&gone)
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!(
        (state.as_str(), into.as_ref(), owner),
        ("merged", Some(&kept), None)
    );
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM search_term WHERE object_id = '{gone}'"
        ))
        .await,
        0
    );
    assert!(
        app.count(&format!(
            "SELECT COUNT(*) FROM record_change WHERE object_id = '{kept}' AND source = 'merge'"
        ))
        .await
            > 0
    );

    let id = merge_id(&app).await;
    let done = merge::undo(&app.state, &steward, &id)
        .await
        .expect("is undone");
    assert_eq!(done.notice, "notice.unmerged");
    assert_eq!((dump(&app, &kept).await, dump(&app, &gone).await), before);
    assert_eq!(
        (attached(&app, &kept).await, attached(&app, &gone).await),
        rows
    );
    let (.., status) = pair_of(&app, &kept, &gone).await.expect("is there");
    assert_eq!(status, "open");
    assert!(
        app.count(&format!(
            "SELECT COUNT(*) FROM search_term WHERE object_id = '{gone}'"
        ))
        .await
            > 0
    );
    assert!(
        app.count("SELECT COUNT(*) FROM hcp_ownership WHERE ends_at IS NOT NULL")
            .await
            > past,
        "ownership is written on, never back"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action IN ('hcp.merge', 'hcp.unmerge')")
            .await,
        2
    );
    assert_eq!(
        merge::undo(&app.state, &steward, &id).await,
        Err(AppError::Conflict("error.undone_already".into()))
    );
});

on_both!(each_field_comes_from_whom_it_was_chosen, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    exec(
        &app,
        &format!(
            "UPDATE hcp SET code = 'C2', email = 'a@b.cn', title = '主治医师' WHERE id = '{gone}'"
        ),
    )
    .await;
    let steward = app.cookie(Role::Compliance).await;
    let form = [
        ("id", pair.as_str()),
        ("keep", kept.as_str()),
        ("take[phone]", gone.as_str()),
        ("take[code]", gone.as_str()),
        ("take[title]", kept.as_str()),
        ("take[department]", gone.as_str()),
    ];
    let done = app.post("/api/duplicates/merge", &steward, &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let row: (String, Option<String>, String, String, String) =
        q("SELECT phone_masked, code, title, department, email FROM hcp WHERE id = $1")
            .bind(&kept)
            .one(&app.state.db)
            .await
            .expect("is there");
    assert_eq!(
        row,
        (
            "139****0302".into(),
            Some("C2".into()),
            "主任医师".into(),
            "骨科".into(),
            String::new()
        )
    );
    assert_eq!(
        mailuo::hcp::store::phone(&app.state, &kept)
            .await
            .expect("answers")
            .as_deref(),
        Some("13900000302")
    );
    let index = app.state.keys.phone_index("13900000302");
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM hcp WHERE phone_index = '{index}' AND id = '{kept}'"
        ))
        .await,
        1
    );

    // The phone that was dropped is free for somebody else; then the undo has to wait.
    let other = app.hcp("孙某", "13900000301", None).await;
    let admin = app.actor(Role::Admin).await;
    let id = merge_id(&app).await;
    assert_eq!(
        merge::undo(&app.state, &admin, &id).await,
        Err(AppError::Conflict("error.undo_phone_taken".into()))
    );
    exec(
        &app,
        &format!("UPDATE hcp SET phone_index = NULL WHERE id = '{other}'"),
    )
    .await;
    merge::undo(&app.state, &admin, &id)
        .await
        .expect("is undone");
    for (hcp, phone) in [(&kept, "13900000301"), (&gone, "13900000302")] {
        let index = app.state.keys.phone_index(phone);
        assert_eq!(
            app.count(&format!(
                "SELECT COUNT(*) FROM hcp WHERE phone_index = '{index}' AND id = '{hcp}'"
            ))
            .await,
            1
        );
    }
});

on_both!(a_later_edit_survives_the_undo, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    let steward = app.actor(Role::Compliance).await;
    let take = |field: &str| Choice {
        field: field.into(),
        from_gone: true,
    };
    merge::merge(
        &app.state,
        &steward,
        &pair,
        &kept,
        &[take("department"), take("phone")],
    )
    .await
    .expect("merges");
    exec(
        &app,
        &format!(
            "UPDATE hcp SET department = '急诊科', updated_at = updated_at + 1 WHERE id = '{kept}'"
        ),
    )
    .await;
    let id = merge_id(&app).await;
    let done = merge::undo(&app.state, &steward, &id)
        .await
        .expect("is undone");
    assert_eq!(done.notice, "notice.unmerged_partly");
    let of = |id: String| {
        let db = app.state.db.clone();
        async move {
            q("SELECT department, phone_masked FROM hcp WHERE id = $1")
                .bind(id)
                .one::<(String, String)>(&db)
                .await
                .expect("is there")
        }
    };
    assert_eq!(
        of(kept).await,
        ("急诊科".to_owned(), "139****0301".to_owned())
    );
    assert_eq!(
        of(gone).await,
        ("骨科".to_owned(), "139****0302".to_owned())
    );
});

on_both!(undoing_has_its_time_and_its_order, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    let steward = app.actor(Role::Compliance).await;
    merge::merge(&app.state, &steward, &pair, &kept, &[])
        .await
        .expect("merges");
    let first = merge_id(&app).await;
    let third = app.hcp("王小明", "13900000303", None).await;
    // The kept one into another, then another into the kept one: the later merge is undone first.
    for (into, from) in [(&third, &kept), (&kept, &third)] {
        let mut tx = app.state.db.begin().await.expect("begins");
        let later = merge::merge_in(&app.state, &mut tx, &steward, into, from, &[])
            .await
            .expect("merges");
        tx.commit().await.expect("commits");
        assert_eq!(
            merge::undo(&app.state, &steward, &first).await,
            Err(AppError::Conflict("error.undo_later_first".into()))
        );
        merge::undo(&app.state, &steward, &later)
            .await
            .expect("is undone");
    }
    exec(
        &app,
        &format!(
            "UPDATE hcp_merge SET at = {} WHERE id = '{first}'",
            time::now() - 31 * time::DAY
        ),
    )
    .await;
    assert_eq!(
        merge::undo(&app.state, &steward, &first).await,
        Err(AppError::Conflict("error.undo_too_late".into()))
    );
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM hcp WHERE id = '{gone}' AND state = 'merged'"
        ))
        .await,
        1
    );
    assert_eq!(
        merge::undo(&app.state, &steward, "nonsense").await,
        Err(AppError::NotFound)
    );
});

on_both!(a_withdrawal_is_not_undone_by_a_merge, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    app.bound(&gone, true).await;
    app.bound(&kept, true).await;
    // Later than all that was agreed to, the person withdraws from being named on one of the two records.
    exec(&app, "UPDATE consent SET at = at - 10000").await;
    exec(
        &app,
        &format!(
            "UPDATE consent SET withdrawn_at = {} WHERE hcp_id = '{kept}' AND purpose = 'tracking'",
            time::now() - 5_000
        ),
    )
    .await;
    let steward = app.actor(Role::Compliance).await;
    merge::merge(&app.state, &steward, &pair, &kept, &[])
        .await
        .expect("merges");
    let standing = |purpose: &str| {
        format!(
            "SELECT COUNT(*) FROM consent WHERE hcp_id = '{kept}' AND purpose = '{purpose}' AND granted = TRUE \
             AND withdrawn_at IS NULL"
        )
    };
    assert_eq!(app.count(&standing("tracking")).await, 0);
    assert_eq!(
        app.count(&standing("profile")).await,
        1,
        "the newest stands"
    );
    let id = merge_id(&app).await;
    merge::undo(&app.state, &steward, &id)
        .await
        .expect("is undone");
    for (hcp, named) in [(&gone, true), (&kept, false)] {
        assert_eq!(
            mailuo::onboarding::store::may_track(&app.state.db, hcp)
                .await
                .expect("answers"),
            named
        );
    }
});

on_both!(of_many_merges_at_once_one_wins, |app| {
    let (kept, gone, pair) = namesakes(&app).await;
    exec(
        &app,
        &format!("INSERT INTO hcp_note (id, hcp_id, staff_id, text, at) VALUES ('n1', '{gone}', 'x', '备注', 1)"),
    )
    .await;
    let steward = app.actor(Role::Compliance).await;
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (state, actor, pair, kept) = (
                app.state.clone(),
                steward.clone(),
                pair.clone(),
                kept.clone(),
            );
            tokio::spawn(async move { merge::merge(&state, &actor, &pair, &kept, &[]).await })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        match one.await.expect("ends") {
            Ok(_) => won += 1,
            Err(error) => assert_eq!(error, AppError::Conflict("error.merged_already".into())),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp_merge").await, 1);
    assert_eq!(
        app.count(&format!(
            "SELECT COUNT(*) FROM hcp_note WHERE hcp_id = '{kept}'"
        ))
        .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'hcp.merge'")
            .await,
        1
    );

    let id = merge_id(&app).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (state, actor, id) = (app.state.clone(), steward.clone(), id.clone());
            tokio::spawn(async move { merge::undo(&state, &actor, &id).await })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += i32::from(one.await.expect("ends").is_ok());
    }
    assert_eq!(won, 1, "and of many undoings one");
});

on_both!(a_registration_merges_into_the_one_on_file, |app| {
    let kept = app.hcp("王小明", "13900000401", None).await;
    let gone = app.hcp("王小明", "13900000402", None).await;
    exec(
        &app,
        &format!("UPDATE hcp SET state = 'pending', claims_id = '{kept}' WHERE id = '{gone}'"),
    )
    .await;
    let steward = app.actor(Role::Compliance).await;
    let phone = Choice {
        field: "phone".into(),
        from_gone: true,
    };
    let mut tx = app.state.db.begin().await.expect("begins");
    assert_eq!(
        merge::merge_in(&app.state, &mut tx, &steward, &gone, &kept, &[]).await,
        Err(AppError::Conflict("error.keep_on_file".into()))
    );
    drop(tx);
    let mut tx = app.state.db.begin().await.expect("begins");
    merge::merge_in(&app.state, &mut tx, &steward, &kept, &gone, &[phone])
        .await
        .expect("merges");
    tx.commit().await.expect("commits");
    let row: (String, String) = q("SELECT state, phone_masked FROM hcp WHERE id = $1")
        .bind(&kept)
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(row, ("onboarded".into(), "139****0402".into()));
    merge::undo(&app.state, &steward, &merge_id(&app).await)
        .await
        .expect("is undone");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM hcp WHERE state = 'pending'")
            .await,
        1
    );
});

on_both!(pairs_are_shown_compared_and_kept_apart, |app| {
    let (kept, _, pair) = namesakes(&app).await;
    let steward = app.cookie(Role::Compliance).await;
    let list = app.get("/duplicates", &steward).await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text().contains(&format!("/duplicates/{pair}")));
    let other = app
        .get("/api/duplicates/list?reason=same_phone", &steward)
        .await;
    assert!(!other.text().contains(&pair));
    let page = app.get(&format!("/duplicates/{pair}"), &steward).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("take[department]") && page.text().contains("30 天"));
    assert_eq!(
        app.get("/duplicates/nonsense", &steward).await.status,
        StatusCode::NOT_FOUND
    );
    let of = app
        .get(&format!("/api/duplicates/of?id={kept}"), &steward)
        .await;
    assert!(of.text().contains(&pair));

    let form = [("id", pair.as_str()), ("apart", "true")];
    for _ in 0..2 {
        let done = app.post("/api/duplicates/decide", &steward, &form).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    }
    let merge = [("id", pair.as_str()), ("keep", kept.as_str())];
    let refused = app.post("/api/duplicates/merge", &steward, &merge).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let apart = app.get("/api/duplicates/list?status=apart", &steward).await;
    assert!(apart.text().contains(&pair));
    app.post("/api/duplicates/decide", &steward, &[("id", &pair)])
        .await;
    let done = app.post("/api/duplicates/merge", &steward, &merge).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let merges = app.get("/merges", &steward).await;
    assert!(merges.text().contains("还可撤销"));
    // A rep has no part in this.
    let rep = app.cookie(Role::Rep).await;
    assert_eq!(
        app.get(&format!("/api/duplicates/get?id={pair}"), &rep)
            .await
            .status,
        StatusCode::FORBIDDEN
    );
});
