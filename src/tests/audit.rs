//! The chain of the audit log.

use mailuo::server::audit::{self, Event};
use mailuo::server::db::q;
use mailuo::shared::Role;
use serde_json::json;

use crate::support::TestApp;

async fn filled(app: &TestApp) -> i64 {
    let actor = app.actor(Role::Admin).await;
    for n in 0..10 {
        let mut tx = app.state.db.begin().await.expect("begins");
        let id = format!("thing-{n}");
        let event = Event::new("test.act", "thing", &id)
            .about("person-1", json!({ "n": n, "name": "王小明" }));
        audit::record(&app.state.keys, &mut tx, &actor, event)
            .await
            .expect("is recorded");
        tx.commit().await.expect("commits");
    }
    let verdict = audit::verify(&app.state.db, &app.state.keys)
        .await
        .expect("answers");
    assert_eq!(verdict.fault, None);
    verdict.rows
}

async fn fault_after(app: &TestApp, sql: &str) -> Option<String> {
    q(sql)
        .exec(&app.state.db)
        .await
        .expect("the row is tampered with");
    audit::verify(&app.state.db, &app.state.keys)
        .await
        .expect("answers")
        .fault
}

on_both!(edited, |app| {
    filled(&app).await;
    assert!(
        fault_after(
            &app,
            "UPDATE audit_log SET action = 'test.other' WHERE seq = 5"
        )
        .await
        .is_some()
    );
});

on_both!(deleted, |app| {
    filled(&app).await;
    assert!(
        fault_after(&app, "DELETE FROM audit_log WHERE seq = 5")
            .await
            .is_some()
    );
});

on_both!(tail_deleted, |app| {
    let rows = filled(&app).await;
    assert!(
        fault_after(
            &app,
            &format!("DELETE FROM audit_log WHERE seq > {}", rows - 2)
        )
        .await
        .is_some()
    );
});

on_both!(all_deleted, |app| {
    filled(&app).await;
    assert!(fault_after(&app, "DELETE FROM audit_log").await.is_some());
});

on_both!(reordered, |app| {
    filled(&app).await;
    q("UPDATE audit_log SET seq = -5 WHERE seq = 5")
        .exec(&app.state.db)
        .await
        .expect("moves");
    q("UPDATE audit_log SET seq = 5 WHERE seq = 6")
        .exec(&app.state.db)
        .await
        .expect("moves");
    assert!(
        fault_after(&app, "UPDATE audit_log SET seq = 6 WHERE seq = -5")
            .await
            .is_some()
    );
});

on_both!(renumbered_after_deleting, |app| {
    filled(&app).await;
    q("DELETE FROM audit_log WHERE seq = 5")
        .exec(&app.state.db)
        .await
        .expect("goes");
    assert!(
        fault_after(&app, "UPDATE audit_log SET seq = seq - 1 WHERE seq > 5")
            .await
            .is_some()
    );
});

on_both!(personal_values_are_ciphertext, |app| {
    filled(&app).await;
    let rows: Vec<(String,)> = q("SELECT detail FROM audit_log WHERE object_kind = 'thing'")
        .all(&app.state.db)
        .await
        .expect("rows");
    assert!(rows.iter().all(|(d,)| !d.is_empty() && !d.contains("王")));
    let filter = audit::Filter {
        text: "test.act".into(),
        ..Default::default()
    };
    let shown = audit::search(&app.state.db, &app.state.keys, &filter, 1)
        .await
        .expect("is found");
    assert_eq!(shown.total, 10);
    assert!(shown.rows[0].detail.contains("王小明"));
    // Destroying the person's key erases what the log holds of them and leaves the chain whole.
    assert_eq!(
        fault_after(&app, "UPDATE person_key SET wrapped = NULL").await,
        None
    );
    let shown = audit::search(&app.state.db, &app.state.keys, &filter, 1)
        .await
        .expect("is found");
    assert_eq!(shown.rows[0].detail, "");
});

on_both!(many_at_once_make_one_chain, |app| {
    let actor = app.actor(Role::Admin).await;
    let before = app.count("SELECT COUNT(*) FROM audit_log").await;
    let acts = (0..20).map(|n| {
        let (state, actor) = (app.state.clone(), actor.clone());
        tokio::spawn(async move {
            let mut tx = state.db.begin().await.expect("begins");
            let id = n.to_string();
            audit::record(
                &state.keys,
                &mut tx,
                &actor,
                Event::new("test.act", "thing", &id),
            )
            .await
            .expect("is recorded");
            tx.commit().await.expect("commits");
        })
    });
    for act in acts.collect::<Vec<_>>() {
        act.await.expect("ends");
    }
    let verdict = audit::verify(&app.state.db, &app.state.keys)
        .await
        .expect("answers");
    assert_eq!((verdict.rows, verdict.fault), (before + 20, None));
});
