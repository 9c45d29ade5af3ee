//! The group-commit queue of tracking: links that readers need and views that come back are written many to a
//! transaction, and each is answered only after its commit.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::rules;
use crate::insight::rollup::{self, Change, Column};
use crate::onboarding::store::TRACKED;
use crate::server::db::{Db, DbResult, Lock, Tx, q};
use crate::server::time::Zone;

/// The most that one transaction takes.
const BATCH: usize = 500;
/// The most contacts that one round of notes puts together.
const ROUND: usize = 10_000;
/// How many merges, one upon the other, are followed to find who an HCP is now.
const MERGES: usize = 8;

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
    /// The visitor id of an HCP's browser, as whom they count if they may not be named when the view comes back.
    pub visitor: Option<String>,
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

/// An HCP who read, and when, in epoch milliseconds.
type Contact = (String, i64);

/// The way into the queue.
#[derive(Clone)]
pub struct Tracker(mpsc::Sender<Job>);

impl Tracker {
    /// Starts the writer, which ends when the last tracker is dropped, and with it whoever notes the contacts.
    pub fn start(db: Db, zone: Zone) -> Tracker {
        let (sender, receiver) = mpsc::channel(20_000);
        let (contacts, made) = mpsc::unbounded_channel();
        tokio::spawn(note(db.clone(), made));
        tokio::spawn(write(db, zone, receiver, contacts));
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

async fn write(
    db: Db,
    zone: Zone,
    mut queue: mpsc::Receiver<Job>,
    contacts: mpsc::UnboundedSender<Contact>,
) {
    let mut batch: Vec<Job> = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let works: Vec<&Work> = batch.iter().map(|(work, _)| work).collect();
        let whole = commit(&db, &zone, &works).await;
        drop(works);
        let whole = match whole {
            Ok(made) => {
                send(&contacts, made);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "a batch of views failed; each is tried alone");
                false
            }
        };
        for (work, answer) in batch.drain(..) {
            let stored = whole || alone(&db, &zone, &work, &contacts).await;
            let _ = answer.send(stored);
        }
    }
}

/// One bad piece must not take the others of its batch with it.
async fn alone(
    db: &Db,
    zone: &Zone,
    work: &Work,
    contacts: &mpsc::UnboundedSender<Contact>,
) -> bool {
    for pause in [0, 50, 500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match commit(db, zone, &[work]).await {
            Ok(made) => {
                send(contacts, made);
                return true;
            }
            Err(error) => tracing::error!(%error, "a view or link was not stored"),
        }
    }
    false
}

/// Commits some work; gives the contacts that it made.
async fn commit(db: &Db, zone: &Zone, works: &[&Work]) -> DbResult<Vec<Contact>> {
    let mut tx = db.begin().await?;
    tx.serialise(Lock::Views).await?;
    let mut made = Vec::new();
    let mut change = Change::default();
    for work in works {
        match work {
            Work::Link(link) => insert_link(&mut tx, zone, link).await?,
            Work::Hit(hit) => {
                let hcp = record(&mut tx, zone, hit, &mut change).await?;
                made.extend(hcp.map(|hcp| (hcp, hit.at)));
            }
        }
    }
    change.write(&mut tx).await?;
    tx.commit().await?;
    Ok(made)
}

fn send(contacts: &mpsc::UnboundedSender<Contact>, made: Vec<Contact>) {
    for contact in made {
        // Whoever notes them listens for as long as this sender lives.
        let _ = contacts.send(contact);
    }
}

/// Notes the contacts on the HCPs' rows, as `hcp::store::touch` does within an act; a note that fails is lost. It is
/// kept apart from the views, so that an act which holds an HCP's row holds up no view, and takes one row to a
/// statement, so that it and an act on many HCPs cannot wait for each other.
async fn note(db: Db, mut contacts: mpsc::UnboundedReceiver<Contact>) {
    let mut round: Vec<Contact> = Vec::new();
    while contacts.recv_many(&mut round, ROUND).await > 0 {
        let mut latest: HashMap<String, i64> = HashMap::new();
        for (hcp, at) in round.drain(..) {
            let last = latest.entry(hcp).or_insert(at);
            *last = at.max(*last);
        }
        for (hcp, at) in latest {
            let noted = q("UPDATE hcp SET last_contact_at = $1 \
                 WHERE id = $2 AND (last_contact_at IS NULL OR last_contact_at < $1)")
            .bind(at)
            .bind(&hcp)
            .exec(&db)
            .await;
            if let Err(error) = noted {
                tracing::warn!(%error, hcp, "the last contact with an HCP was not noted");
            }
        }
    }
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
    counts: bool,
    finished: bool,
    viewed_on: String,
}

/// As whom a view counts now, and whether it is of their own link (自看). A merged HCP counts as the one who was kept;
/// an HCP whose consent to be named does not stand any more counts as a visitor (domain: withdrawal stops the use at
/// once).
async fn reader(tx: &mut Tx, hit: &Hit) -> DbResult<(String, bool)> {
    let Some(handed_to) = hit.reader.strip_prefix("hcp:") else {
        return Ok((hit.reader.clone(), hit.own));
    };
    let (hcp, named) = known_as(tx, handed_to).await?;
    let mut own = hit.own;
    let reader = format!("hcp:{hcp}");
    // The one who was kept may have shared the link: their own links were looked at for who it was handed to.
    if let Some(link) = &hit.link
        && !own
        && hcp != handed_to
    {
        own = q(
            "SELECT COUNT(*) FROM share_closure c JOIN share_link a ON a.token = c.ancestor \
             WHERE c.descendant = $1 AND a.sharer = $2",
        )
        .bind(link)
        .bind(&reader)
        .count(&mut *tx)
        .await?
            > 0;
    }
    if named {
        return Ok((reader, own));
    }
    let visitor = hit.visitor.as_ref().unwrap_or(&hit.view_id);
    Ok((format!("vis:{visitor}"), own))
}

/// Who an HCP is now, after merges, and whether their reading may be counted under their name.
async fn known_as(tx: &mut Tx, hcp: &str) -> DbResult<(String, bool)> {
    let mut id = hcp.to_owned();
    for _ in 0..=MERGES {
        let found: Option<(Option<String>, bool)> = q(format!(
            "SELECT h.merged_into, {TRACKED} AS named FROM hcp h WHERE h.id = $1"
        ))
        .bind(&id)
        .optional(&mut *tx)
        .await?;
        match found {
            Some((Some(kept), _)) => id = kept,
            Some((None, named)) => return Ok((id, named)),
            None => break,
        }
    }
    Ok((id, false))
}

/// Records a view within `tx` as of its own time, and in `change` what it adds to the sums; gives the HCP as whose
/// reading it counts, if it does.
pub async fn record(
    tx: &mut Tx,
    zone: &Zone,
    hit: &Hit,
    change: &mut Change,
) -> DbResult<Option<String>> {
    let seen: Option<Seen> = q(
        "SELECT at, dwell_ms, depth, kind = 'pv' AS counts, finished, viewed_on FROM article_view WHERE id = $1",
    )
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
            return Ok(None);
        }
        let finished = rules::is_finished(depth.unwrap_or(0), dwell.unwrap_or(0), hit.expected_ms);
        q("UPDATE article_view SET dwell_ms = $1, depth = $2, finished = $3 WHERE id = $4")
            .bind(dwell)
            .bind(depth)
            .bind(finished)
            .bind(&hit.view_id)
            .exec(&mut *tx)
            .await?;
        if seen.counts && finished && !seen.finished {
            if let Some(staff) = &hit.root_staff_id {
                change.add(&seen.viewed_on, staff, &hit.article_id, Column::Finished, 1);
            }
            if let Some(link) = &hit.link {
                rollup::was_read(tx, change, link).await?;
            }
        }
        return Ok(None);
    }
    let (reader, own) = reader(tx, hit).await?;
    let (counts, reread) = if own {
        (false, false)
    } else {
        let last: Option<(i64,)> = q(
            "SELECT at FROM article_view WHERE reader = $1 AND article_id = $2 AND kind = 'pv' \
             ORDER BY at DESC LIMIT 1",
        )
        .bind(&reader)
        .bind(&hit.article_id)
        .optional(&mut *tx)
        .await?;
        rules::judge(hit.at, last.map(|(at,)| at))
    };
    let kind = if own {
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
    .bind(&reader)
    .bind(hit.at)
    .bind(zone.day(hit.at))
    .bind(kind)
    .bind(reread)
    .bind(hit.dwell_ms.map(|d| d.clamp(0, 15_000)))
    .bind(hit.depth.map(|d| d.clamp(0, 100)))
    .exec(&mut *tx)
    .await?;
    if counts && let Some(staff) = &hit.root_staff_id {
        let day = zone.day(hit.at);
        change.add(&day, staff, &hit.article_id, Column::Pv, 1);
        if reread {
            change.add(&day, staff, &hit.article_id, Column::Rereads, 1);
        }
        change.saw(&reader, staff, &hit.article_id, &day);
    }
    if counts && let Some(link) = &hit.link {
        let first =
            q("UPDATE share_link SET opened_at = $1 WHERE token = $2 AND opened_at IS NULL")
                .bind(hit.at)
                .bind(link)
                .exec(&mut *tx)
                .await?;
        if first == 1 {
            rollup::was_opened(tx, change, link).await?;
        }
    }
    Ok(reader
        .strip_prefix("hcp:")
        .filter(|_| counts)
        .map(str::to_owned))
}
