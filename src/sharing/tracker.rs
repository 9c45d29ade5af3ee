//! The group-commit queue of tracking: links that readers need and views that come back are written many to a
//! transaction, and each is answered only after its commit.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::rules;
use crate::server::db::{Db, DbResult, Lock, Tx, q};
use crate::server::time::Zone;

/// The most that one transaction takes.
const BATCH: usize = 500;

/// A link that a reader needs: their own address of the article.
#[derive(Debug, Clone)]
pub struct NewLink {
    pub token: String,
    pub article_id: String,
    pub sharer: String,
    /// The link through which they came; `None` from the library.
    pub parent: Option<String>,
    pub root: String,
    pub root_staff_id: Option<String>,
    pub level: i64,
    pub at: i64,
}

/// A view that came back, or more of one: its time and depth so far.
#[derive(Debug, Clone)]
pub struct Hit {
    pub view_id: String,
    pub article_id: String,
    pub link: Option<String>,
    pub root_staff_id: Option<String>,
    pub reader: String,
    /// Staff, or somebody below their own link.
    pub own: bool,
    /// When it came back, in epoch milliseconds.
    pub at: i64,
    /// Visible milliseconds so far; `None` without a beacon.
    pub dwell_ms: Option<i64>,
    /// Furthest share of the article seen, 0 to 100.
    pub depth: Option<i64>,
    pub expected_ms: i64,
}

#[derive(Debug, Clone)]
enum Work {
    Link(NewLink),
    Hit(Hit),
}

type Job = (Work, oneshot::Sender<bool>);

/// The way into the queue.
#[derive(Clone)]
pub struct Tracker(mpsc::Sender<Job>);

impl Tracker {
    /// Starts the writer, which ends when the last tracker is dropped.
    pub fn start(db: Db, zone: Zone) -> Tracker {
        let (sender, receiver) = mpsc::channel(20_000);
        tokio::spawn(write(db, zone, receiver));
        Tracker(sender)
    }

    /// Stores a link unless it is there; true once it is durable.
    pub async fn link(&self, link: NewLink) -> bool {
        self.run(Work::Link(link)).await
    }

    /// Records a view; true once it is durable. The same view again only adds to its time and depth.
    pub async fn hit(&self, hit: Hit) -> bool {
        self.run(Work::Hit(hit)).await
    }

    async fn run(&self, work: Work) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.0.send((work, sender)).await.is_ok() && receiver.await.unwrap_or(false)
    }
}

async fn write(db: Db, zone: Zone, mut queue: mpsc::Receiver<Job>) {
    let mut batch: Vec<Job> = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let works: Vec<&Work> = batch.iter().map(|(work, _)| work).collect();
        let whole = commit(&db, &zone, &works).await;
        drop(works);
        if let Err(error) = &whole {
            tracing::warn!(%error, "a batch of views failed; each is tried alone");
        }
        for (work, answer) in batch.drain(..) {
            let stored = match &whole {
                Ok(()) => true,
                Err(_) => alone(&db, &zone, &work).await,
            };
            let _ = answer.send(stored);
        }
    }
}

/// One bad piece must not take the others of its batch with it.
async fn alone(db: &Db, zone: &Zone, work: &Work) -> bool {
    for pause in [0, 50, 500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match commit(db, zone, &[work]).await {
            Ok(()) => return true,
            Err(error) => tracing::error!(%error, "a view or link was not stored"),
        }
    }
    false
}

async fn commit(db: &Db, zone: &Zone, works: &[&Work]) -> DbResult<()> {
    let mut tx = db.begin().await?;
    tx.serialise(Lock::Views).await?;
    for work in works {
        match work {
            Work::Link(link) => insert_link(&mut tx, zone, link).await?,
            Work::Hit(hit) => record(&mut tx, zone, hit).await?,
        }
    }
    tx.commit().await
}

/// Inserts a link with its ancestors; one that is there stays as it is.
pub async fn insert_link(tx: &mut Tx, zone: &Zone, link: &NewLink) -> DbResult<()> {
    let new = q("INSERT INTO share_link (token, article_id, sharer, parent, root, root_staff_id, level, channel, \
         created_at, created_on) VALUES ($1, $2, $3, $4, $5, $6, $7, 'reader', $8, $9) ON CONFLICT DO NOTHING")
    .bind(&link.token)
    .bind(&link.article_id)
    .bind(&link.sharer)
    .bind(&link.parent)
    .bind(&link.root)
    .bind(&link.root_staff_id)
    .bind(link.level)
    .bind(link.at)
    .bind(zone.day(link.at))
    .exec(&mut *tx)
    .await?;
    if new == 1 {
        insert_closure(tx, &link.token, link.parent.as_deref()).await?;
    }
    Ok(())
}

/// Ties a new link to itself and to its ancestors.
pub async fn insert_closure(tx: &mut Tx, token: &str, parent: Option<&str>) -> DbResult<()> {
    q("INSERT INTO share_closure (ancestor, descendant) VALUES ($1, $1)")
        .bind(token)
        .exec(&mut *tx)
        .await?;
    if let Some(parent) = parent {
        q("INSERT INTO share_closure (ancestor, descendant) SELECT ancestor, $1 FROM share_closure WHERE descendant = $2")
            .bind(token)
            .bind(parent)
            .exec(tx)
            .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Seen {
    at: i64,
    dwell_ms: Option<i64>,
    depth: Option<i64>,
}

/// Records a view within `tx` as of its own time.
pub async fn record(tx: &mut Tx, zone: &Zone, hit: &Hit) -> DbResult<()> {
    let seen: Option<Seen> = q("SELECT at, dwell_ms, depth FROM article_view WHERE id = $1")
        .bind(&hit.view_id)
        .optional(&mut *tx)
        .await?;
    if let Some(seen) = seen {
        // Nobody has looked for longer than the view is old; a few seconds are the network's.
        let most = (hit.at - seen.at + 15_000).min(rules::DWELL_MOST);
        let dwell = hit
            .dwell_ms
            .map(|d| d.clamp(0, most.max(0)))
            .max(seen.dwell_ms);
        let depth = hit.depth.map(|d| d.clamp(0, 100)).max(seen.depth);
        if dwell == seen.dwell_ms && depth == seen.depth {
            return Ok(());
        }
        let finished = rules::is_finished(depth.unwrap_or(0), dwell.unwrap_or(0), hit.expected_ms);
        q("UPDATE article_view SET dwell_ms = $1, depth = $2, finished = $3 WHERE id = $4")
            .bind(dwell)
            .bind(depth)
            .bind(finished)
            .bind(&hit.view_id)
            .exec(tx)
            .await?;
        return Ok(());
    }
    let (counts, reread) = if hit.own {
        (false, false)
    } else {
        let last: Option<(i64,)> = q(
            "SELECT at FROM article_view WHERE reader = $1 AND article_id = $2 AND kind = 'pv' \
             ORDER BY at DESC LIMIT 1",
        )
        .bind(&hit.reader)
        .bind(&hit.article_id)
        .optional(&mut *tx)
        .await?;
        rules::judge(hit.at, last.map(|(at,)| at))
    };
    let kind = if hit.own {
        "self"
    } else if counts {
        "pv"
    } else {
        "repeat"
    };
    q("INSERT INTO article_view (id, article_id, link, root_staff_id, reader, at, viewed_on, kind, reread, dwell_ms, depth) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
    .bind(&hit.view_id)
    .bind(&hit.article_id)
    .bind(&hit.link)
    .bind(&hit.root_staff_id)
    .bind(&hit.reader)
    .bind(hit.at)
    .bind(zone.day(hit.at))
    .bind(kind)
    .bind(reread)
    .bind(hit.dwell_ms.map(|d| d.clamp(0, 15_000)))
    .bind(hit.depth.map(|d| d.clamp(0, 100)))
    .exec(&mut *tx)
    .await?;
    if counts && let Some(link) = &hit.link {
        q("UPDATE share_link SET opened_at = $1 WHERE token = $2 AND opened_at IS NULL")
            .bind(hit.at)
            .bind(link)
            .exec(&mut *tx)
            .await?;
    }
    if counts && let Some(hcp) = hit.reader.strip_prefix("hcp:") {
        crate::hcp::store::touch(tx, hcp, hit.at).await?;
    }
    Ok(())
}
