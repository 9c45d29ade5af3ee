//! The numbers of a team, which are read out of kept sums, against its views and links.

use mailuo::insight::rollup;
use mailuo::server::db::{Query, q};
use mailuo::server::guard::Actor;
use mailuo::server::time::shift_day;
use mailuo::shared::{Permission, Role};
use mailuo::sharing::metrics::{self, Range};
use mailuo::sharing::model::Metrics;

use super::askers;
use super::world::{World, move_to};
use crate::support::TestApp;

/// Appends to a condition whose rows are meant, and of which days.
fn narrowed(sql: &str, actor: &Actor, whose: &str, day: &str, range: &Range) -> Query {
    let mut query = q(sql);
    actor.scope(&mut query, whose);
    query.push_with(
        &format!(" AND {day} >= ? AND {day} <= ?"),
        [&range.from, &range.to],
    );
    query
}

/// Numbers and trend, counted out of the rows.
async fn counted(app: &TestApp, actor: &Actor, range: &Range) -> (Metrics, Vec<(String, i64)>) {
    let db = &app.state.db;
    let views = |sql: &str| narrowed(sql, actor, "v.root_staff_id", "v.viewed_on", range);
    let (pv, uv, rereads, self_views, finished): (i64, i64, i64, i64, i64) = views(
        "SELECT COALESCE(SUM(CASE WHEN v.kind = 'pv' THEN 1 ELSE 0 END), 0), \
         COUNT(DISTINCT CASE WHEN v.kind = 'pv' THEN v.reader END), \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.reread THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN v.kind = 'self' THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.finished THEN 1 ELSE 0 END), 0) \
         FROM article_view v WHERE v.root_staff_id IS NOT NULL AND ",
    )
    .one(db)
    .await
    .expect("counts");
    let mut dwells: Vec<(i64,)> = views(
        "SELECT v.dwell_ms FROM article_view v WHERE v.root_staff_id IS NOT NULL AND v.kind = 'pv' \
         AND v.dwell_ms IS NOT NULL AND ",
    )
    .all(db)
    .await
    .expect("rows");
    dwells.sort_unstable();
    let mut by_day = views(
        "SELECT v.viewed_on, COUNT(*) FROM article_view v WHERE v.root_staff_id IS NOT NULL AND v.kind = 'pv' AND ",
    );
    by_day.push(" GROUP BY v.viewed_on ORDER BY v.viewed_on");
    let trend: Vec<(String, i64)> = by_day.all(db).await.expect("rows");
    let (created, shares): (i64, i64) = narrowed(
        "SELECT COALESCE(SUM(CASE WHEN l.pressed_at IS NOT NULL OR l.opened_at IS NOT NULL THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN l.opened_at IS NOT NULL THEN 1 ELSE 0 END), 0) FROM share_link l \
         WHERE l.parent IS NULL AND l.root_staff_id IS NOT NULL AND ",
        actor,
        "l.root_staff_id",
        "l.created_on",
        range,
    )
    .one(db)
    .await
    .expect("counts");
    let metrics = Metrics {
        created,
        shares,
        pv,
        uv,
        rereads,
        self_views,
        dwell_median_ms: dwells
            .get(dwells.len().saturating_sub(1) / 2)
            .map(|(ms,)| *ms),
        dwell_views: dwells.len() as i64,
        finished,
    };
    (metrics, trend)
}

/// What the first page and the report of sharing show, against the rows.
async fn compare(app: &TestApp, actor: &Actor, range: &Range, round: &str) {
    let place = format!("{round}: {:?} {range:?}", actor.role);
    let (expected, days) = counted(app, actor, range).await;
    let team = metrics::of_team(&app.state, actor, range).await;
    assert_eq!(team.expect("counts"), expected, "{place}");
    let report = metrics::report(&app.state, actor, range.clone(), "", "", 1).await;
    let report = report.expect("is read");
    assert_eq!(report.total, expected, "{place}");
    let some = report.trend.into_iter().filter(|(_, n)| *n > 0);
    assert_eq!(some.collect::<Vec<_>>(), days, "{place}");
    for row in report.page.rows {
        let of_rep = metrics::of_rep(&app.state.db, &row.staff_id, None, range).await;
        assert_eq!(row.metrics, of_rep.expect("counts"), "{place} {}", row.name);
    }
}

on_both!(a_teams_numbers_are_those_of_its_rows, |app| {
    let world = World::build(&app).await;
    let mut actors = askers(&app, &world).await;
    actors.push(app.actor(Role::Rep).await);
    actors.retain(|actor| actor.role.may(Permission::ReadShares));
    assert!(actors.len() > 4);
    let today = app.state.zone.today();
    let ranges = [
        Range::last_days(&today, 30),
        Range::last_days(&today, 1),
        Range {
            from: shift_day(&today, -61),
            to: shift_day(&today, -9),
        },
    ];
    for round in ["fresh", "waiting", "written anew"] {
        match round {
            "waiting" => move_to(&app, &world.field[4], &app.units.district_a).await,
            "written anew" => rollup::refresh(&app.state).await.expect("is written anew"),
            _ => {}
        }
        let waiting = app.count("SELECT COUNT(*) FROM rollup_stale").await;
        assert_eq!(waiting > 0, round == "waiting");
        for actor in &actors {
            for range in &ranges {
                compare(&app, actor, range, round).await;
            }
        }
    }
});
