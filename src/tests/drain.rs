//! A server that stops: what was sent is answered, streams end, an import goes back among those that wait.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::get;
use futures::future::join_all;
use mailuo::importing::{Existing, Kind, jobs, worker};
use mailuo::server::http;
use mailuo::shared::Role;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::import_jobs::{many, steward};
use crate::support::TestApp;

/// What a client that never stops asks for, with a session and without.
const PATHS: [&str; 4] = ["/version", "/api/tasks/list", "/sign-in", "/tasks"];

/// A connection that is kept, as a browser or a proxy does.
struct Kept(BufReader<TcpStream>);

/// A whole answer.
struct Heard {
    status: u16,
    /// Whether it says that the connection closes.
    closes: bool,
    body: Vec<u8>,
}

impl Kept {
    async fn open(address: SocketAddr) -> Kept {
        let stream = TcpStream::connect(address).await.expect("is taken");
        stream.set_nodelay(true).expect("is set");
        Kept(BufReader::new(stream))
    }

    async fn send(&mut self, path: &str, cookie: &str) -> io::Result<()> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).await
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    async fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// The next answer to its last byte.
    async fn answer(&mut self) -> io::Result<Heard> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
        let (mut length, mut chunked, mut closes) = (0, false, false);
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            match line
                .split_once(':')
                .map(|(name, value)| (name, value.trim()))
            {
                Some(("content-length", value)) => length = value.parse().expect("a length"),
                Some(("transfer-encoding", value)) => chunked = value == "chunked",
                Some(("connection", value)) => closes = value == "close",
                Some(_) => {}
                None => break,
            }
        }
        let mut body = self.bytes(length).await?;
        while chunked {
            let size = usize::from_str_radix(&self.line().await?, 16).expect("a size");
            body.extend(self.bytes(size).await?);
            self.line().await?;
            chunked = size > 0;
        }
        Ok(Heard {
            status: status.expect("a status"),
            closes,
            body,
        })
    }

    async fn ask(&mut self, path: &str, cookie: &str) -> io::Result<Heard> {
        self.send(path, cookie).await?;
        self.answer().await
    }

    /// Whether the connection ends, without another byte and without a reset.
    async fn ends(mut self) -> bool {
        let mut rest = Vec::new();
        matches!(
            timeout(Duration::from_secs(10), self.0.read_to_end(&mut rest)).await,
            Ok(Ok(0))
        )
    }
}

/// Asks again and again until an answer says that the connection closes.
async fn busy(address: SocketAddr, cookie: String, first: usize, answers: Arc<AtomicUsize>) {
    let mut kept = Kept::open(address).await;
    for path in PATHS.iter().cycle().skip(first) {
        let heard = kept.ask(path, &cookie).await.expect("a whole answer");
        assert!(
            (200..400).contains(&heard.status),
            "{path}: {}",
            heard.status
        );
        answers.fetch_add(1, Ordering::Relaxed);
        if heard.closes {
            break;
        }
    }
    assert!(kept.ends().await, "it closes as it said");
}

async fn drill(app: &TestApp, grace: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let slow = get(|| async {
        sleep(Duration::from_millis(1500)).await;
        "slow"
    });
    let router = app.router.clone().route("/slow", slow);
    let ending = app.state.ending.clone();
    let serving = tokio::spawn(http::serve(listener, router, ending.clone(), grace));
    let cookie = app.cookie(Role::Rep).await;

    let mut probe = Kept::open(address).await;
    let ready = probe.ask("/readyz", "").await.expect("a whole answer");
    assert!(ready.status == 200 && !ready.closes);
    let mut idle = Kept::open(address).await;
    idle.ask("/livez", "").await.expect("a whole answer");
    let mut quiet = Vec::new();
    for _ in 0..4 {
        let mut kept = Kept::open(address).await;
        let heard = kept.ask("/version", "").await.expect("a whole answer");
        assert!(heard.status == 200 && !heard.closes);
        quiet.push(kept);
    }
    let answers = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|first| tokio::spawn(busy(address, cookie.clone(), first, answers.clone())))
        .collect();
    let until = Instant::now() + Duration::from_secs(60);
    while answers.load(Ordering::Relaxed) < 80 {
        assert!(Instant::now() < until, "they are answered");
        sleep(Duration::from_millis(5)).await;
    }
    let mut stream = Kept::open(address).await;
    stream.send("/live", &cookie).await.expect("is sent");
    let mut long = Kept::open(address).await;
    long.send("/slow", "").await.expect("is sent");
    sleep(Duration::from_millis(200)).await;

    ending.begin();
    let ready = probe.ask("/readyz", "").await.expect("a whole answer");
    assert!(ready.status == 503 && ready.closes);
    if !grace.is_zero() {
        let mut late = Kept::open(address).await;
        let heard = late.ask("/version", "").await.expect("a whole answer");
        assert!(heard.status == 200 && heard.closes);
    }
    // Who was silent when it began, and asks now.
    let asked = quiet
        .into_iter()
        .zip(1_u32..)
        .map(|(mut kept, n)| async move {
            sleep(n * Duration::from_millis(50)).await;
            let heard = kept.ask("/version", "").await.expect("a whole answer");
            assert!(heard.status == 200 && heard.closes);
            assert!(kept.ends().await);
        });
    join_all(asked).await;
    let heard = timeout(Duration::from_secs(1), stream.answer())
        .await
        .expect("the stream ends at once")
        .expect("with its last byte");
    assert_eq!((heard.status, heard.body.as_slice()), (200, &b""[..]));
    let heard = long.answer().await.expect("a whole answer");
    assert_eq!((heard.status, heard.body.as_slice()), (200, &b"slow"[..]));
    for kept in [probe, long, idle] {
        assert!(kept.ends().await);
    }
    for client in clients {
        client.await.expect("was answered each time");
    }
    timeout(Duration::from_secs(10), serving)
        .await
        .expect("nothing holds up the end")
        .expect("ends");
    assert!(TcpStream::connect(address).await.is_err());
}

on_both!(what_was_sent_is_answered, |app| {
    drill(&app, Duration::from_secs(1)).await;
});

on_both!(what_was_sent_is_answered_without_a_grace, |app| {
    drill(&app, Duration::ZERO).await;
});

on_both!(an_import_under_way_goes_on_with_the_next_server, |app| {
    let actor = steward(&app).await;
    let (state, rows) = (&app.state, many(5000));
    let id = jobs::upload(
        state,
        &actor,
        Kind::Hcps,
        Existing::Overwrite,
        "a.csv",
        rows.as_bytes(),
    )
    .await
    .expect("is taken");
    worker::drain(state).await.expect("checks");
    jobs::apply(state, &actor, &id, false)
        .await
        .expect("is asked for");
    let work = tokio::spawn(worker::run(state.clone()));
    loop {
        let at = jobs::progress(state, &actor, &id).await.expect("is there");
        assert!(at.unfinished(), "the server stops before its end");
        if at.status == "applying" && at.rows_done > 0 {
            break;
        }
        sleep(Duration::from_millis(1)).await;
    }
    state.ending.begin();
    timeout(Duration::from_secs(10), work)
        .await
        .expect("the worker ends soon")
        .expect("ends");
    let at = jobs::progress(state, &actor, &id).await.expect("is there");
    assert_eq!((&*at.status, at.rows_done), ("queued", 0));
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 0);
    assert_eq!(
        worker::drain(state).await.expect("looks"),
        0,
        "it takes up no more"
    );

    let next = app.beside().await;
    assert_eq!(worker::drain(&next.state).await.expect("applies"), 1);
    let job = jobs::view(&next.state, &actor, &id)
        .await
        .expect("is there");
    assert_eq!(job.row.progress.status, "done", "{:?}", job.error);
    assert_eq!(app.count("SELECT COUNT(*) FROM hcp").await, 5000);
    next.state.db.close().await;
});
