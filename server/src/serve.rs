//! Listening, and stopping without cutting anybody off.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long requests in flight may take after the signal to stop; then they are cut.
const DRAIN: Duration = Duration::from_secs(8);

/// How long after the signal to stop the process ends, whatever is still under way: before the ten seconds are over
/// after which supervisors kill.
const STOP: Duration = Duration::from_millis(9500);

/// Says whether shutdown has begun; cloned into whoever must know.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on `/ready` answers 503, so that a load balancer looks elsewhere.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// True once shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How long after connecting the head of the first request may take. A socket is a file, and files are few: those who
/// never ask must not keep others, and the database, from theirs.
const FIRST_HEAD: Duration = Duration::from_secs(30);

/// How long the head of a later request may take, counted from the answer before it: clients keep connections open to
/// use them again.
const NEXT_HEAD: Duration = Duration::from_secs(75);

/// How long accepting pauses when there are too many open files.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Who is at the other end of the socket.
pub type Peer = ConnectInfo<SocketAddr>;

/// Binds every address. `localhost` is often two addresses and a machine may lack one of them, so an address
/// family that the machine does not have is passed over as long as another address works.
///
/// # Errors
/// When an address is taken, or none could be bound.
pub async fn bind(addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error)
                if addresses.len() > 1
                    && matches!(
                        error.kind(),
                        std::io::ErrorKind::AddrNotAvailable | std::io::ErrorKind::Unsupported
                    ) =>
            {
                tracing::warn!(%address, %error, "this address does not exist here; listening on the others");
            }
            Err(error) => return Err(error).with_context(|| format!("TERAPI_LISTEN: {address}")),
        }
    }
    if listeners.is_empty() {
        bail!("TERAPI_LISTEN: none of the addresses exists on this machine");
    }
    Ok(listeners)
}

/// Serves `router` on every listener until `stop` is cancelled, then lets requests in flight end, and then the work
/// that outlives its requests: `settle` ends with it.
///
/// # Errors
/// When a listener breaks.
pub async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    draining: Draining,
    stop: CancellationToken,
    settle: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let tracker = TaskTracker::new();
    for listener in listeners {
        tracker.spawn(accept(listener, router.clone(), stop.clone(), tracker.clone()));
    }
    tracker.close();
    tokio::select! {
        // Asked to stop with nothing in flight, both are ready at once: the wish to stop is looked at first.
        biased;
        () = stop.cancelled() => {}
        () = tracker.wait() => bail!("every listener stopped"),
    }
    draining.begin();
    let asked = Instant::now();
    if timeout_at(asked + DRAIN, tracker.wait()).await.is_err() {
        tracing::warn!(
            seconds = DRAIN.as_secs(),
            "requests were still in flight and are cut"
        );
    }
    if timeout_at(asked + STOP, settle).await.is_err() {
        tracing::warn!(
            "token requests or webhooks were still under way; what providers answer is lost, webhooks are sent again"
        );
    }
    Ok(())
}

/// Takes connections until `stop` is cancelled.
async fn accept(listener: TcpListener, router: Router, stop: CancellationToken, connections: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                connections.spawn(attend(socket, peer, router.clone(), stop.clone()));
            }
            Err(error) if is_of_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(EXHAUSTED) => {}
                }
            }
        }
    }
}

/// The connection broke before it was accepted; the listener is well.
fn is_of_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// Serves one connection, HTTP/1 or 2, until it ends, asks for nothing, or `stop` is cancelled and its requests are
/// answered.
async fn attend(socket: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    let asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let asked = Arc::clone(&asked);
        move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(NEXT_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(NEXT_HEAD);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    let mut patience = pin!(sleep(FIRST_HEAD));
    let (mut judged, mut stopping) = (false, false);
    loop {
        tokio::select! {
            // What breaks a connection is its peer's doing, and requests are logged one by one.
            _ = connection.as_mut() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = patience.as_mut(), if !judged => {
                judged = true;
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    }
}

/// Ends when the process is asked to stop: SIGTERM or Ctrl-C.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A server with one route, and a connection to it.
    async fn connected() -> TcpStream {
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let router = Router::new().route("/", get(async |ConnectInfo(peer): Peer| peer.to_string()));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listeners, router, Draining::default(), stop, async {}));
        TcpStream::connect(address).await.unwrap()
    }

    // The clock stands still while there is something to do, and jumps to the next timer when there is not.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_finish_its_head_is_let_go() {
        for head in ["", "G", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx: "] {
            let mut socket = connected().await;
            socket.write_all(head.as_bytes()).await.unwrap();
            let begun = Instant::now();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.unwrap();
            assert!(answer.is_empty(), "{head}");
            assert!((FIRST_HEAD..NEXT_HEAD).contains(&begun.elapsed()), "{head}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_kept_for_the_next_request_but_not_for_ever() {
        let mut socket = connected().await;
        for pause in [Duration::ZERO, FIRST_HEAD + FIRST_HEAD] {
            sleep(pause).await;
            socket
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                .await
                .unwrap();
            let mut answer = vec![0; 1000];
            let length = socket.read(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer[..length]);
            let own = socket.local_addr().unwrap().to_string();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.ends_with(&own),
                "{answer}"
            );
        }
        let begun = Instant::now();
        assert_eq!(socket.read(&mut [0]).await.unwrap(), 0);
        assert!((NEXT_HEAD..NEXT_HEAD * 2).contains(&begun.elapsed()));
    }

    #[tokio::test]
    async fn work_that_outlives_its_requests_is_waited_for() {
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let (draining, stop) = (Draining::default(), CancellationToken::new());
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        let settle = async { finished.await.unwrap() };
        let serving = tokio::spawn(serve(
            listeners,
            Router::new(),
            draining.clone(),
            stop.clone(),
            settle,
        ));
        stop.cancel();
        while !draining.has_begun() {
            tokio::task::yield_now().await;
        }
        assert!(!serving.is_finished());
        finish.send(()).unwrap();
        serving.await.unwrap().unwrap();
    }
}
