//! Taking times and telling them.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;

/// Requests at once in the second reading.
pub const AT_ONCE: usize = 8;

/// The head of the table of [`Reading::row`].
pub fn head() -> String {
    format!(
        "| what | n | p50 ms | p95 ms | max ms | per second | per second, {AT_ONCE} at once | queries p50 ms | ratio |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
}

/// What was measured of one thing.
pub struct Reading {
    /// Of each call, one after the other.
    pub taken: Vec<Duration>,
    /// Calls in a second with several at once.
    pub at_once: Option<f64>,
}

impl Reading {
    /// A row of the table; `queries` are the times of the bare queries.
    pub fn row(mut self, what: &str, queries: Option<Vec<Duration>>) -> String {
        self.taken.sort_unstable();
        let sum: Duration = self.taken.iter().sum();
        let n = self.taken.len();
        let p50 = percentile(&self.taken, 50);
        let bare = queries.map(|mut taken| {
            taken.sort_unstable();
            percentile(&taken, 50)
        });
        let optional =
            |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.1}"));
        let row = format!(
            "| {what} | {n} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} | {} |\n",
            p50,
            percentile(&self.taken, 95),
            percentile(&self.taken, 100),
            n as f64 / sum.as_secs_f64(),
            optional(self.at_once),
            optional(bare),
            optional(bare.map(|b| p50 / b)),
        );
        eprint!("{row}");
        row
    }
}

/// The percentile of sorted times in milliseconds.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted
        .get(place)
        .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// The time of each of `n` calls, after a few that are not counted.
pub async fn times<F, Fut>(n: usize, call: F) -> Outcome<Vec<Duration>>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Outcome<()>>,
{
    for i in 0..n.min(3) {
        call(i).await?;
    }
    let mut taken = Vec::with_capacity(n);
    for i in 0..n {
        let from = Instant::now();
        call(i).await?;
        taken.push(from.elapsed());
    }
    Ok(taken)
}

/// `n` calls one after the other, and as many again, [`AT_ONCE`] at a time.
pub async fn measure<F, Fut>(n: usize, call: F) -> Outcome<Reading>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Outcome<()>>,
{
    let taken = times(n, &call).await?;
    let (from, next) = (Instant::now(), AtomicUsize::new(0));
    let lanes = (0..AT_ONCE).map(|_| async {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return Outcome::Ok(());
            }
            call(i).await?;
        }
    });
    futures::future::try_join_all(lanes).await?;
    Ok(Reading {
        taken,
        at_once: Some(n as f64 / from.elapsed().as_secs_f64()),
    })
}
