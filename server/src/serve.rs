//! Listening, and stopping without cutting anybody off.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Draining;

/// How long requests in flight may take after the signal to stop; then they are cut.
const DRAIN: Duration = Duration::from_secs(8);

/// How long after the signal to stop the process ends, whatever is still under way: before the ten seconds are over
/// after which supervisors kill.
const STOP: Duration = Duration::from_millis(9500);

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
    let service: IntoMakeServiceWithConnectInfo<Router, SocketAddr> =
        router.into_make_service_with_connect_info::<SocketAddr>();
    let tracker = TaskTracker::new();
    for listener in listeners {
        let service = service.clone();
        let stop = stop.clone();
        tracker.spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await
        });
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
        tracing::warn!("token requests were still under way; what their providers answer is lost");
    }
    Ok(())
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
    use super::*;

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
