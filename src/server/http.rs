//! The accept loop: TCP_NODELAY (Leptos streams in chunks), a time limit on headers, and draining at the end.
//!
//! A client learns that its connection closes from the answer before that (`Connection: close`, GOAWAY). If it were
//! closed as soon as the end begins, a request on its way would be answered by a reset.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::ending::Ending;

/// How long kept connections stay open once no new ones are taken, for requests that were sent before their clients
/// could know.
const LINGER: Duration = Duration::from_secs(1);
/// How long requests under way may take after that.
const DRAIN: Duration = Duration::from_secs(20);

/// Serves until the end begins and `grace` has passed, then lets requests under way finish.
pub async fn serve(listener: TcpListener, app: Router, ending: Ending, grace: Duration) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(15));
    builder.http2().timer(TokioTimer::new());
    let graceful = GracefulShutdown::new();
    let open = |stream: TcpStream, peer: SocketAddr| {
        let _ = stream.set_nodelay(true);
        let (app, ending) = (app.clone(), ending.clone());
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            // The second version of HTTP has another way to say that a connection closes.
            let kept = request.version() < Version::HTTP_2;
            let answer = app.clone().oneshot(Request::from(request.map(Body::new)));
            let ending = ending.clone();
            async move {
                let mut response = answer.await?;
                if kept && ending.begun() {
                    response
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "connection ended");
            }
        });
    };
    let stop = async {
        ending.wait().await;
        tokio::time::sleep(grace).await;
    };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => open(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            () = &mut stop => break,
        }
    }
    // Connections that the system has taken for us would be reset with the listener.
    if let Ok(listener) = listener.into_std() {
        while let Ok((stream, peer)) = listener.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                open(stream, peer);
            }
        }
    }
    let until = tokio::time::Instant::now() + LINGER;
    while graceful.count() > 0 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
}

/// The address of the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);
