//! The load generator: so many connections that ask again as soon as they have an answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Outcome, USER_AGENT};
use crate::pages::percentile;
use crate::{Pair, Plan};

/// Connections at once.
pub const CONNECTIONS: usize = 8;
/// What is asked before it counts.
const WARM_UP: Duration = Duration::from_secs(3);

/// What one side answered, round by round.
#[derive(Default)]
struct Side {
    /// Requests in a second of each round.
    rates: Vec<f64>,
    taken: Vec<Duration>,
}

impl Side {
    /// Of all rounds.
    fn rate(&self) -> f64 {
        self.rates.iter().sum::<f64>() / self.rates.len().max(1) as f64
    }
}

/// Asks both sides for each page in turn, and prints a row of the table for each.
pub async fn ask(plan: &Plan, rounds: usize, seconds: u64) -> Outcome<()> {
    let lasts = Duration::from_secs(seconds);
    for page in &plan.pages {
        let (mut leptos, mut by_hand) = (Side::default(), Side::default());
        round(&plan.application, page, WARM_UP).await?;
        round(&plan.by_hand, page, WARM_UP).await?;
        for number in 1..=rounds {
            for (address, side) in [
                (&plan.application, &mut leptos),
                (&plan.by_hand, &mut by_hand),
            ] {
                let (rate, taken) = round(address, page, lasts).await?;
                side.rates.push(rate);
                side.taken.extend(taken);
            }
            eprintln!(
                "{}, {}, round {number}: {:.0} and {:.0} a second",
                plan.engine,
                page.name,
                leptos.rates.last().unwrap_or(&0.0),
                by_hand.rates.last().unwrap_or(&0.0),
            );
        }
        println!("{}", row(plan, page, leptos, by_hand));
    }
    Ok(())
}

fn row(plan: &Plan, page: &Pair, mut leptos: Side, mut by_hand: Side) -> String {
    let mut ratios: Vec<f64> = leptos
        .rates
        .iter()
        .zip(&by_hand.rates)
        .map(|(a, b)| a / b)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (
        ratios.first().copied().unwrap_or_default(),
        ratios.last().copied().unwrap_or_default(),
    );
    let p99 = (
        percentile(&mut leptos.taken, 99),
        percentile(&mut by_hand.taken, 99),
    );
    let mut row = format!("| {} | {} | {} |", plan.engine, page.name, page.statements);
    let _ = write!(row, " {:.0} | {:.2} |", leptos.rate(), p99.0);
    let _ = write!(row, " {:.0} | {:.2} |", by_hand.rate(), p99.1);
    let _ = write!(
        row,
        " {:.2} | {least:.2} to {most:.2} | {:.2} |",
        leptos.rate() / by_hand.rate(),
        p99.0 / p99.1,
    );
    let _ = write!(
        row,
        " {:.1} and {:.1} |",
        page.bytes.0 as f64 / 1000.0,
        page.bytes.1 as f64 / 1000.0,
    );
    row
}

/// Asks for a page over all connections as long as that: requests in a second, and how long each took.
async fn round(address: &str, page: &Pair, lasts: Duration) -> Outcome<(f64, Vec<Duration>)> {
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {address}\r\nuser-agent: {USER_AGENT}\r\nsec-fetch-site: none\r\ncookie: {}\r\n\r\n",
        page.path, page.cookie,
    );
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await?);
    }
    let from = Instant::now();
    let lanes = connections
        .into_iter()
        .map(|connection| lane(connection, request.as_bytes(), from, lasts));
    let taken: Vec<Duration> = futures::future::try_join_all(lanes)
        .await?
        .into_iter()
        .flatten()
        .collect();
    Ok((taken.len() as f64 / from.elapsed().as_secs_f64(), taken))
}

/// One connection's requests, one after the other.
async fn lane(
    mut connection: Connection,
    request: &[u8],
    from: Instant,
    lasts: Duration,
) -> Outcome<Vec<Duration>> {
    let mut taken = Vec::new();
    while from.elapsed() < lasts {
        let asked = Instant::now();
        connection.ask(request).await?;
        taken.push(asked.elapsed());
    }
    Ok(taken)
}

/// A connection that is kept, with what came on it.
struct Connection {
    stream: TcpStream,
    came: Vec<u8>,
    /// What lies before it is read.
    at: usize,
}

impl Connection {
    async fn open(address: &str) -> Outcome<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            came: Vec::with_capacity(1 << 16),
            at: 0,
        })
    }

    /// Sends a request and reads its answer to the last byte.
    async fn ask(&mut self, request: &[u8]) -> Outcome<()> {
        self.stream.write_all(request).await?;
        let status = self.line().await?;
        let (mut length, mut chunked) = (None, false);
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse::<usize>()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        if !status.starts_with("HTTP/1.1 200") {
            return Err(status.into());
        }
        if !chunked {
            return self.skip(length.ok_or("an answer without a length")?).await;
        }
        loop {
            let line = self.line().await?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)?;
            // With the line's end behind it; behind the last chunk nothing else is sent.
            self.skip(size + 2).await?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Outcome<String> {
        loop {
            let rest = &self.came[self.at..];
            if let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.at += end + 2;
                return Ok(line);
            }
            self.more().await?;
        }
    }

    /// Passes over so many bytes.
    async fn skip(&mut self, mut length: usize) -> Outcome<()> {
        loop {
            let here = length.min(self.came.len() - self.at);
            self.at += here;
            length -= here;
            if length == 0 {
                return Ok(());
            }
            self.more().await?;
        }
    }

    /// Waits for more to come.
    async fn more(&mut self) -> Outcome<()> {
        self.came.drain(..self.at);
        self.at = 0;
        match self.stream.read_buf(&mut self.came).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}
