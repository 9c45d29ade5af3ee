//! Tells open pages that something of theirs has changed, so that they load their numbers anew.
//!
//! Several servers on one Postgres tell each other by `NOTIFY`, once [`share`] has run. What is lost on the way is made
//! up for by saying that everybody's page may have changed.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::crypto;
use super::db::{Db, DbResult, q};

/// Where servers on one Postgres hear each other.
const CHANNEL: &str = "mailuo_live";
/// Postgres takes payloads shorter than this, in bytes.
const MAX_PAYLOAD: usize = 8000;
/// Stands for everybody in a payload.
const ANYBODY: &str = "*";
/// Between two tries to hear the other servers, and how long their Postgres may take to answer.
const PAUSE: Duration = Duration::from_secs(5);
/// After so long without a word it is asked whether the connection still stands.
const QUIET: Duration = Duration::from_secs(60);

/// Whose first page changed.
#[derive(Debug, Clone)]
pub enum Changed {
    /// That of these staff.
    Of(Arc<[String]>),
    /// Perhaps anybody's: something was missed.
    Anybody,
}

impl Changed {
    /// Whether this member's page is meant.
    pub fn concerns(&self, staff_id: &str) -> bool {
        match self {
            Changed::Of(staff) => staff.iter().any(|id| id == staff_id),
            Changed::Anybody => true,
        }
    }
}

/// The way to the open pages.
#[derive(Debug, Clone)]
pub struct Live {
    /// To the pages that hang on this server.
    pages: broadcast::Sender<Changed>,
    /// To the other servers: ids of staff.
    others: broadcast::Sender<Arc<[String]>>,
}

impl Default for Live {
    fn default() -> Self {
        // Who falls behind by more than this loads anew all the same.
        Live {
            pages: broadcast::channel(256).0,
            others: broadcast::channel(256).0,
        }
    }
}

impl Live {
    /// Something of this member changed.
    pub fn tell(&self, staff_id: &str) {
        self.tell_all(vec![staff_id.to_owned()]);
    }

    /// Something of these members changed.
    pub fn tell_all(&self, staff: Vec<String>) {
        let staff: Arc<[String]> = staff.into();
        // Nobody listens: nothing to do.
        let _ = self.others.send(staff.clone());
        let _ = self.pages.send(Changed::Of(staff));
    }

    /// What changes from now on, here and on the other servers.
    pub fn listen(&self) -> broadcast::Receiver<Changed> {
        self.pages.subscribe()
    }
}

/// Tells the other servers on this Postgres what is told here, and the pages that hang here what is told there, until
/// the database is closed. On SQLite there are no others.
pub fn share(db: &Db, live: &Live) {
    let Db::Postgres(pool) = db else { return };
    // By this a server knows what it said itself.
    let here = crypto::random_token(12);
    let saying = say(db.clone(), live.others.subscribe(), here.clone());
    let hearing = hear(pool.clone(), live.pages.clone(), here);
    let (mut closed, mut closed_too) = (pool.close_event(), pool.close_event());
    tokio::spawn(async move { closed.do_until(saying).await });
    tokio::spawn(async move { closed_too.do_until(hearing).await });
}

async fn say(db: Db, mut told: broadcast::Receiver<Arc<[String]>>, here: String) {
    let mut missed = false;
    loop {
        let mut staff = BTreeSet::new();
        match told.recv().await {
            Ok(some) => staff.extend(some.iter().cloned()),
            Err(RecvError::Lagged(_)) => missed = true,
            Err(RecvError::Closed) => return,
        }
        // Whoever was named meanwhile goes along: an act may tell hundreds one by one.
        loop {
            match told.try_recv() {
                Ok(some) => staff.extend(some.iter().cloned()),
                Err(TryRecvError::Lagged(_)) => missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let payloads = if missed {
            vec![format!("{here}\n{ANYBODY}")]
        } else {
            payloads(&here, staff)
        };
        missed = false;
        for payload in payloads {
            let said = q("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(payload)
                .exec(&db)
                .await;
            if let Err(error) = said {
                tracing::warn!(%error, "the other servers were not told of a change");
                missed = true;
            }
        }
    }
}

/// The ids, each payload with the server that says so.
fn payloads(here: &str, staff: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in staff {
        match out.last_mut() {
            Some(last) if last.len() + 1 + id.len() < MAX_PAYLOAD => {
                last.push('\n');
                last.push_str(&id);
            }
            _ => out.push(format!("{here}\n{id}")),
        }
    }
    out
}

/// What another server said; `None` for one's own words.
fn heard(here: &str, payload: &str) -> Option<Changed> {
    let (from, staff) = payload.split_once('\n')?;
    if from == here {
        None
    } else if staff == ANYBODY {
        Some(Changed::Anybody)
    } else {
        Some(Changed::Of(staff.split('\n').map(str::to_owned).collect()))
    }
}

async fn hear(pool: PgPool, pages: broadcast::Sender<Changed>, here: String) {
    let mut missed = false;
    loop {
        let Err(error) = listen(&pool, &pages, &here, missed).await;
        tracing::warn!(%error, "the other servers are not heard for now");
        missed = true;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hands on what other servers say until that fails; `missed` says that they may have said something before.
async fn listen(
    pool: &PgPool,
    pages: &broadcast::Sender<Changed>,
    here: &str,
    missed: bool,
) -> DbResult<Infallible> {
    // A connection of its own: those of the pool are for requests, and there may be but one.
    let own = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    if missed {
        let _ = pages.send(Changed::Anybody);
    }
    loop {
        let said = tokio::time::timeout(QUIET, listener.try_recv()).await;
        let changed = match said {
            Ok(Ok(Some(said))) => heard(here, said.payload()),
            // The connection broke, and stands again.
            Ok(Ok(None)) => Some(Changed::Anybody),
            Ok(Err(error)) => return Err(error),
            // One that broke without a word is found by asking.
            Err(_) => {
                let asked = sqlx::query("SELECT 1").execute(&mut listener);
                tokio::time::timeout(PAUSE, asked)
                    .await
                    .map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
                None
            }
        };
        if let Some(changed) = changed {
            // Nobody listens: nothing to do.
            let _ = pages.send(changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_said_in_parts() {
        let ids: Vec<String> = (0..1000).map(|i| format!("{i:036}")).collect();
        let said = payloads("here", ids.clone());
        assert_eq!(said.len(), 5);
        assert!(said.iter().all(|p| p.len() < MAX_PAYLOAD));
        let told: Vec<Changed> = said.iter().filter_map(|p| heard("there", p)).collect();
        let one = |id: &String| told.iter().filter(|c| c.concerns(id)).count();
        assert!(ids.iter().all(|id| one(id) == 1));
        assert!(said.iter().all(|p| heard("here", p).is_none()));
        assert!(payloads("here", Vec::new()).is_empty());
    }

    #[test]
    fn what_was_missed_may_be_anybodys() {
        let all = heard("there", "here\n*").expect("is another's");
        assert!(all.concerns("a"));
    }
}
