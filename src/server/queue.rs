//! A group-commit queue: small writes of thousands at once are carried out many to a transaction, and each is answered
//! only after its commit.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::db::{Db, DbResult, Tx};

/// The most that one transaction takes.
const BATCH: usize = 500;

/// One small write.
pub trait Work: Send + Sync + 'static {
    /// What it answers.
    type Done: Send + 'static;

    /// Whose rows it holds. The works of a batch are carried out in this order, so that two servers do not wait for
    /// each other; works of one key keep the order in which they came.
    fn key(&self) -> &str;

    /// Carries it out. It may be carried out again if its batch fails.
    fn carry_out(&self, tx: &mut Tx) -> impl Future<Output = DbResult<Self::Done>> + Send;
}

type Job<W> = (W, oneshot::Sender<Option<<W as Work>::Done>>);

/// The way into the queue.
pub struct Queue<W: Work>(mpsc::Sender<Job<W>>);

impl<W: Work> Clone for Queue<W> {
    fn clone(&self) -> Self {
        Queue(self.0.clone())
    }
}

impl<W: Work> Queue<W> {
    /// Starts the writer, which ends when the last way into it is dropped.
    pub fn start(db: Db) -> Self {
        let (sender, receiver) = mpsc::channel(20_000);
        tokio::spawn(write(db, receiver));
        Queue(sender)
    }

    /// Carries a work out; `None` if it could not be stored.
    pub async fn run(&self, work: W) -> Option<W::Done> {
        let (sender, receiver) = oneshot::channel();
        self.0.send((work, sender)).await.ok()?;
        receiver.await.ok()?
    }
}

async fn write<W: Work>(db: Db, mut queue: mpsc::Receiver<Job<W>>) {
    let mut batch: Vec<Job<W>> = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        batch.sort_by(|(a, _), (b, _)| a.key().cmp(b.key()));
        match commit(&db, batch.iter().map(|(work, _)| work)).await {
            Ok(done) => {
                for ((_, answer), done) in batch.drain(..).zip(done) {
                    let _ = answer.send(Some(done));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a batch of writes failed; each is tried alone");
                for (work, answer) in batch.drain(..) {
                    let _ = answer.send(alone(&db, &work).await);
                }
            }
        }
    }
}

/// One bad piece must not take the others of its batch with it.
async fn alone<W: Work>(db: &Db, work: &W) -> Option<W::Done> {
    for pause in [0, 50, 500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        match commit(db, std::iter::once(work)).await {
            Ok(done) => return done.into_iter().next(),
            Err(error) => tracing::error!(%error, "a small write was not stored"),
        }
    }
    None
}

async fn commit<'a, W: Work>(
    db: &Db,
    works: impl Iterator<Item = &'a W> + Send,
) -> DbResult<Vec<W::Done>> {
    let mut tx = db.begin().await?;
    let mut done = Vec::new();
    for work in works {
        done.push(work.carry_out(&mut tx).await?);
    }
    tx.commit().await?;
    Ok(done)
}
