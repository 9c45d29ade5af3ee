//! Consents of HCPs: given, declined, given anew in a later version, taken back.

use mailuo::server::db::{Rows, q};
use mailuo::server::time::DAY;

use super::{Dice, World, put, row};
use crate::support::TestApp;

const CONSENT: &str =
    "consent (id, hcp_id, purpose, text_version, granted, channel, at, withdrawn_at, withdrawn_by)";

/// Those who are onboarded agreed, declined, or agreed anew in a later version. All who will withdraw still agree.
pub(super) async fn consents(app: &TestApp, dice: &mut Dice, world: &mut World) {
    let mut rows = Rows::new();
    for (n, hcp) in world.hcps.iter().enumerate() {
        if !matches!(hcp.state, "onboarded" | "pending") {
            continue;
        }
        let at = dice.moment();
        for purpose in ["profile", "push", "tracking"] {
            let id = format!("{}-{purpose}", hcp.id);
            let granted = purpose != "tracking" || n % 4 != 0;
            // A later version of the text: the earlier consent ends at its very moment, and nobody withdrew.
            if granted && n % 5 == 1 {
                let earlier = at - DAY;
                rows.push(row![
                    format!("{id}-1"),
                    &hcp.id,
                    purpose,
                    "1",
                    true,
                    "test",
                    earlier,
                    Some(at),
                    Some(hcp.id.clone())
                ]);
            }
            rows.push(row![
                id,
                &hcp.id,
                purpose,
                "2",
                granted,
                "test",
                at,
                None::<i64>,
                None::<String>
            ]);
        }
        if n % 4 != 0 {
            if n % 4 == 1 {
                world.withdrew.push(hcp.id.clone());
            } else {
                world.named.push(hcp.id.clone());
            }
        }
    }
    put(app, CONSENT, rows).await;
}

/// Some take back that they are named, some something else; one agrees again later.
pub(super) async fn withdraw(app: &TestApp, dice: &mut Dice, world: &World) {
    let mut tx = app.state.db.begin().await.expect("begins");
    let others = world
        .named
        .iter()
        .step_by(3)
        .map(|hcp| format!("{hcp}-push"));
    let tracking = world.withdrew.iter().map(|hcp| format!("{hcp}-tracking"));
    for id in tracking.chain(others) {
        q("UPDATE consent SET withdrawn_at = $1, withdrawn_by = hcp_id WHERE id = $2")
            .bind(dice.moment())
            .bind(id)
            .exec(&mut tx)
            .await
            .expect("is withdrawn");
    }
    tx.commit().await.expect("commits");
    let again = world.hcps.iter().find(|h| h.state == "listed");
    let again = again.expect("is there");
    let at = dice.on(20);
    let row = |id: &str, from: i64, to: Option<i64>| {
        row![
            id,
            &again.id,
            "tracking",
            "1",
            true,
            "test",
            from,
            to,
            to.map(|_| again.id.clone())
        ]
    };
    put(
        app,
        CONSENT,
        vec![
            row("again-1", at, Some(at + DAY)),
            row("again-2", at + 2 * DAY, None),
        ],
    )
    .await;
}
