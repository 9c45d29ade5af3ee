//! The numbers of sharing. Each is one SQL text over `article_view` and `share_link`, narrowed to a set of views and
//! the links that belong to it; those of a team are read out of the kept sums, as far as there are any.

use std::collections::HashMap;

use super::model::{Metrics, RepRow, Report};
pub use super::rules::Weights;
use crate::insight::model::Slice;
use crate::insight::slice::Asker;
use crate::insight::{count, kept, registry};
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::facts::Facts;
use crate::server::guard::Actor;
use crate::server::{AppState, collation, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{Page, Role};

/// Days `YYYY-MM-DD`, both included.
#[derive(Debug, Clone)]
pub struct Range {
    pub from: String,
    pub to: String,
}

impl Range {
    /// The last `days` days up to `today`.
    pub fn last_days(today: &str, days: i64) -> Range {
        Range {
            from: time::shift_day(today, 1 - days),
            to: today.to_owned(),
        }
    }

    /// The range that was asked for, or the last 30 days where it is not one; at most 400 days.
    pub fn asked(from: &str, to: &str, today: &str) -> Range {
        if time::is_day(from)
            && time::is_day(to)
            && from <= to
            && time::shift_day(from, 400).as_str() > to
        {
            Range {
                from: from.to_owned(),
                to: to.to_owned(),
            }
        } else {
            Self::last_days(today, 30)
        }
    }
}

/// Appends the conditions that choose views (`v`) or links (`l`).
trait Narrow: Fn(&mut Query) + Sync {}
impl<T: Fn(&mut Query) + Sync> Narrow for T {}

const SUBTREE: &str = "v.link IN (SELECT c.descendant FROM share_closure c JOIN share_link own ON own.token = c.ancestor \
     WHERE own.sharer = ?)";

/// Layer 2: what came of an HCP's own links.
pub async fn of_hcp(db: &Db, sharer: &str, range: &Range) -> DbResult<Metrics> {
    let views = |query: &mut Query| {
        query.push_with(SUBTREE, [sharer]);
    };
    let links = |query: &mut Query| {
        query.push_with("l.sharer = ?", [sharer]);
    };
    metrics(db, range, views, links).await
}

/// Layer 2 of one article.
pub async fn of_hcp_article(
    db: &Db,
    sharer: &str,
    article_id: &str,
    range: &Range,
) -> DbResult<Metrics> {
    let views = |query: &mut Query| {
        query
            .push_with(SUBTREE, [sharer])
            .push_with(" AND v.article_id = ?", [article_id]);
    };
    let links = |query: &mut Query| {
        query.push_with("l.sharer = ? AND l.article_id = ?", [sharer, article_id]);
    };
    metrics(db, range, views, links).await
}

/// PV by day below an HCP's own links, of one article if given.
pub async fn trend_of_hcp(
    db: &Db,
    sharer: &str,
    article_id: Option<&str>,
    range: &Range,
) -> DbResult<Vec<(String, i64)>> {
    trend(db, range, |query: &mut Query| {
        query.push_with(SUBTREE, [sharer]);
        if let Some(article) = article_id {
            query.push_with(" AND v.article_id = ?", [article]);
        }
    })
    .await
}

/// What came of an article within the actor's scope, its shares those at the root as on the page of its tree and on
/// dashboards: for those who see the company all of it, the library included.
pub async fn of_article(
    db: &Db,
    actor: &Actor,
    article_id: &str,
    range: &Range,
) -> DbResult<Metrics> {
    let views = |query: &mut Query| {
        actor.scope(query, "v.root_staff_id");
        query.push_with(" AND v.article_id = ?", [article_id]);
    };
    let links = |query: &mut Query| {
        actor.scope(query, "l.root_staff_id");
        query.push_with(" AND l.parent IS NULL AND l.article_id = ?", [article_id]);
    };
    metrics(db, range, views, links).await
}

/// Layer 1 of one rep, of one article if given.
pub async fn of_rep(
    db: &Db,
    staff_id: &str,
    article_id: Option<&str>,
    range: &Range,
) -> DbResult<Metrics> {
    let views = |query: &mut Query| {
        query.push_with("v.root_staff_id = ?", [staff_id]);
        if let Some(article) = article_id {
            query.push_with(" AND v.article_id = ?", [article]);
        }
    };
    let links = |query: &mut Query| {
        query.push_with("l.parent IS NULL AND l.root_staff_id = ?", [staff_id]);
        if let Some(article) = article_id {
            query.push_with(" AND l.article_id = ?", [article]);
        }
    };
    metrics(db, range, views, links).await
}

/// PV by day below a rep's links.
pub async fn trend_of_rep(
    db: &Db,
    staff_id: &str,
    article_id: Option<&str>,
    range: &Range,
) -> DbResult<Vec<(String, i64)>> {
    trend(db, range, |query: &mut Query| {
        query.push_with("v.root_staff_id = ?", [staff_id]);
        if let Some(article) = article_id {
            query.push_with(" AND v.article_id = ?", [article]);
        }
    })
    .await
}

/// Layer 1 of all reps within scope together.
pub async fn of_team(state: &AppState, actor: &Actor, range: &Range) -> DbResult<Metrics> {
    if actor.role.sees_company() || actor.role == Role::Manager {
        return team(&Asker::new(state, actor).await?, range).await;
    }
    // A team of one, of whom no visitors are kept.
    of_rep(&state.db, &actor.id, None, range).await
}

/// The numbers of a team as the boards have them: those that [`metrics`] would count over all views and roots of its
/// reps, since a rep's root is made by pressing and so each is created. Of own views and of dwell no sums are kept (a
/// median is none): these are looked for among the views of the range, which are read once.
async fn team(asker: &Asker<'_>, range: &Range) -> DbResult<Metrics> {
    let slice = Slice {
        from: range.from.clone(),
        to: range.to.clone(),
        ..Slice::default()
    };
    let mut facts = Facts::default();
    for measure in ["pv", "uv", "rereads", "finished", "created", "shares"]
        .into_iter()
        .filter_map(registry::measure)
    {
        facts.count(measure.id, count::total(asker, measure, &slice));
    }
    let mut rest = q(
        "WITH d AS MATERIALIZED (SELECT v.kind, v.dwell_ms FROM article_view v WHERE v.root_staff_id IS NOT NULL AND ",
    );
    asker.actor.scope(&mut rest, "v.root_staff_id");
    rest.push_with(
        " AND v.viewed_on >= ? AND v.viewed_on <= ? AND v.kind <> 'repeat') ",
        [&range.from, &range.to],
    );
    let dwelt = "d.kind = 'pv' AND d.dwell_ms IS NOT NULL";
    rest.push(&format!(
        "SELECT 'self' AS id, '' AS text, COUNT(*) AS n FROM d WHERE d.kind = 'self' \
         UNION ALL SELECT 'dwelt', '', COUNT(*) FROM d WHERE {dwelt} \
         UNION ALL SELECT 'median', '', m.dwell_ms FROM (SELECT d.dwell_ms FROM d WHERE {dwelt} ORDER BY d.dwell_ms \
         LIMIT 1 OFFSET (SELECT CASE WHEN COUNT(*) = 0 THEN 0 ELSE (COUNT(*) - 1) / 2 END FROM d WHERE {dwelt})) m"
    ));
    facts.rows("rest", rest);
    let found = facts.read(&asker.state.db).await?;
    let rest = |id: &str| found.of("rest").find(|fact| fact.id == id).map(|f| f.n);
    Ok(Metrics {
        created: found.n("created"),
        shares: found.n("shares"),
        pv: found.n("pv"),
        uv: found.n("uv"),
        rereads: found.n("rereads"),
        self_views: rest("self").unwrap_or(0),
        dwell_median_ms: rest("median"),
        dwell_views: rest("dwelt").unwrap_or(0),
        finished: found.n("finished"),
    })
}

async fn metrics(
    db: &Db,
    range: &Range,
    views: impl Narrow,
    links: impl Narrow,
) -> DbResult<Metrics> {
    let days = [&range.from, &range.to];
    let seen = |query: &mut Query, what: &str| {
        query.push(what).push(" FROM article_view v WHERE ");
        views(query);
        query.push_with(" AND v.viewed_on >= ? AND v.viewed_on <= ?", days);
    };
    let dwelt = " AND v.kind = 'pv' AND v.dwell_ms IS NOT NULL";
    // One statement: views `a`, links `b`, and the lower median of the dwell times.
    let mut query = q("SELECT a.*, b.*, (");
    seen(&mut query, "SELECT v.dwell_ms");
    query.push(dwelt);
    query.push(" ORDER BY v.dwell_ms LIMIT 1 OFFSET (");
    seen(
        &mut query,
        "SELECT CASE WHEN COUNT(*) = 0 THEN 0 ELSE (COUNT(*) - 1) / 2 END",
    );
    query.push(dwelt).push(")) AS dwell_median_ms FROM (");
    seen(
        &mut query,
        "SELECT COALESCE(SUM(CASE WHEN v.kind = 'pv' THEN 1 ELSE 0 END), 0) AS pv, \
         COUNT(DISTINCT CASE WHEN v.kind = 'pv' THEN v.reader END) AS uv, \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.reread THEN 1 ELSE 0 END), 0) AS rereads, \
         COALESCE(SUM(CASE WHEN v.kind = 'self' THEN 1 ELSE 0 END), 0) AS self_views, \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.dwell_ms IS NOT NULL THEN 1 ELSE 0 END), 0) AS dwell_views, \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.finished THEN 1 ELSE 0 END), 0) AS finished",
    );
    query.push(
        ") a, (SELECT COALESCE(SUM(CASE WHEN l.pressed_at IS NOT NULL OR l.opened_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS created, \
         COALESCE(SUM(CASE WHEN l.opened_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS shares FROM share_link l WHERE ",
    );
    links(&mut query);
    query.push_with(" AND l.created_on >= ? AND l.created_on <= ?) b", days);
    query.one(db).await
}

async fn trend(db: &Db, range: &Range, views: impl Narrow) -> DbResult<Vec<(String, i64)>> {
    let mut query = q("SELECT v.viewed_on, COUNT(*) FROM article_view v WHERE ");
    views(&mut query);
    query.push_with(
        " AND v.kind = 'pv' AND v.viewed_on >= ? AND v.viewed_on <= ?",
        [&range.from, &range.to],
    );
    query.push(" GROUP BY v.viewed_on");
    Ok(each_day(range, query.all(db).await?))
}

/// PV by day below the links of all reps within scope.
async fn trend_of_team(asker: &Asker<'_>, range: &Range) -> DbResult<Vec<(String, i64)>> {
    let query = kept::pv_by_day(asker, &range.from, &range.to);
    Ok(each_day(range, query.all(&asker.state.db).await?))
}

/// Every day of a range with its number.
fn each_day(range: &Range, counted: Vec<(String, i64)>) -> Vec<(String, i64)> {
    let counted: HashMap<String, i64> = counted.into_iter().collect();
    time::days_between(&range.from, &range.to)
        .into_iter()
        .map(|day| {
            let n = counted.get(&day).copied().unwrap_or(0);
            (day, n)
        })
        .collect()
}

/// Every rep within scope with their numbers, sorted by a column (`-` in front for descending).
pub async fn reps(
    db: &Db,
    actor: &Actor,
    range: &Range,
    text: &str,
    sort: &str,
) -> DbResult<Vec<RepRow>> {
    let days = [&range.from, &range.to];
    let weights = weights(db).await?;
    let mut people = q(
        "SELECT s.id, s.name, u.name FROM staff s JOIN org_unit u ON u.id = s.unit_id WHERE \
         s.role IN ('rep', 'otc_rep', 'manager') AND s.left_at IS NULL AND ",
    );
    actor.scope(&mut people, "s.id");
    if !text.trim().is_empty() {
        let like = format!("%{}%", text.trim().replace(['%', '_'], ""));
        people.push_with(" AND (s.name LIKE ? OR u.name LIKE ?)", [&like, &like]);
    }
    let mut views = q(
        "SELECT v.root_staff_id, COALESCE(SUM(CASE WHEN v.kind = 'pv' THEN 1 ELSE 0 END), 0), \
         COUNT(DISTINCT CASE WHEN v.kind = 'pv' THEN v.reader END), \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.reread THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN v.kind = 'self' THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN v.kind = 'pv' AND v.finished THEN 1 ELSE 0 END), 0) FROM article_view v WHERE \
         v.root_staff_id IS NOT NULL AND ",
    );
    actor.scope(&mut views, "v.root_staff_id");
    views.push_with(
        " AND v.viewed_on >= ? AND v.viewed_on <= ? GROUP BY v.root_staff_id",
        days,
    );
    let mut dwell = q(
        "SELECT root_staff_id, dwell_ms, n FROM (SELECT v.root_staff_id, v.dwell_ms, \
         ROW_NUMBER() OVER (PARTITION BY v.root_staff_id ORDER BY v.dwell_ms) AS place, \
         COUNT(*) OVER (PARTITION BY v.root_staff_id) AS n FROM article_view v WHERE v.root_staff_id IS NOT NULL \
         AND v.kind = 'pv' AND v.dwell_ms IS NOT NULL AND ",
    );
    actor.scope(&mut dwell, "v.root_staff_id");
    dwell.push_with(
        " AND v.viewed_on >= ? AND v.viewed_on <= ?) ranked WHERE place = (n + 1) / 2",
        days,
    );
    // A rep's own roots are summed up by day; visitors and medians of one person are not.
    let mut links = q(
        "SELECT z.staff_id, CAST(SUM(z.created) AS BIGINT), CAST(SUM(z.opened) AS BIGINT) FROM share_day z WHERE ",
    );
    actor.scope(&mut links, "z.staff_id");
    links.push_with(" AND z.day >= ? AND z.day <= ? GROUP BY z.staff_id", days);

    let mut rows: HashMap<String, Metrics> = HashMap::new();
    for (id, pv, uv, rereads, self_views, finished) in
        views.all::<(String, i64, i64, i64, i64, i64)>(db).await?
    {
        rows.insert(
            id,
            Metrics {
                pv,
                uv,
                rereads,
                self_views,
                finished,
                ..Default::default()
            },
        );
    }
    for (id, median, n) in dwell.all::<(String, i64, i64)>(db).await? {
        let row = rows.entry(id).or_default();
        (row.dwell_median_ms, row.dwell_views) = (Some(median), n);
    }
    for (id, created, shares) in links.all::<(String, i64, i64)>(db).await? {
        let row = rows.entry(id).or_default();
        (row.created, row.shares) = (created, shares);
    }
    let mut rows: Vec<RepRow> = people
        .all::<(String, String, String)>(db)
        .await?
        .into_iter()
        .map(|(staff_id, name, unit)| {
            let metrics = rows.remove(&staff_id).unwrap_or_default();
            RepRow {
                index: weights.index(&metrics),
                staff_id,
                name,
                unit,
                metrics,
            }
        })
        .collect();
    let (column, descending) = sort.strip_prefix('-').map_or((sort, false), |c| (c, true));
    let number = |r: &RepRow| match column {
        "created" => r.metrics.created,
        "shares" => r.metrics.shares,
        "uv" => r.metrics.uv,
        "rereads" => r.metrics.rereads,
        "dwell" => r.metrics.dwell_median_ms.unwrap_or(-1),
        "finished" => r.metrics.finished,
        "index" => (r.index * 1000.0) as i64,
        _ => r.metrics.pv,
    };
    rows.sort_by(|a, b| {
        let order = match column {
            "name" => collation::compare(&a.name, &b.name),
            "unit" => collation::compare(&a.unit, &b.unit),
            _ => number(a).cmp(&number(b)),
        };
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| a.staff_id.cmp(&b.staff_id))
    });
    Ok(rows)
}

/// The report of layer 1 within scope.
pub async fn report(
    state: &AppState,
    actor: &Actor,
    range: Range,
    text: &str,
    sort: &str,
    page: i64,
) -> DbResult<Report> {
    let sort = if sort.is_empty() { "-pv" } else { sort };
    let db = &state.db;
    let asker = Asker::new(state, actor).await?;
    // Three independent readings: side by side on as many connections.
    let (rows, trend, all) = tokio::try_join!(
        reps(db, actor, &range, text, sort),
        trend_of_team(&asker, &range),
        team(&asker, &range)
    )?;
    let total = rows.len() as i64;
    let page = within(page, total);
    let shown = rows
        .into_iter()
        .skip(offset(page) as usize)
        .take(PAGE_SIZE as usize)
        .collect();
    Ok(Report {
        total: all,
        trend,
        page: Page {
            rows: shown,
            total,
            page,
        },
        formula: weights(db).await?.formula(),
        from: range.from,
        to: range.to,
    })
}

/// The weights in force.
pub async fn weights(db: &Db) -> DbResult<Weights> {
    let row: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'index_weights'")
        .optional(db)
        .await?;
    Ok(row
        .and_then(|(json,)| serde_json::from_str(&json).ok())
        .unwrap_or_default())
}
