use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::answer::answer;
use crate::config::{Config, Environment};
use crate::serve::Draining;
use crate::state::AppState;
use crate::{boot, router, serve};

/// How often rows that have run out are swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How long the database's connections may take to come back at the end.
const CLOSING: Duration = Duration::from_secs(3);

/// Serves until it is asked to stop.
pub async fn run(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    let stop_signal = serve::stop_signal();
    let listeners = serve::bind(&config.listen).await?;
    let broker = boot::start(config, environment).await?;
    boot::import(&broker, config, environment).await?;
    greet(&broker).await?;
    let draining = Draining::default();
    let state = AppState::new(broker.clone(), config, draining.clone());
    let stop = CancellationToken::new();
    let sweeping = tokio::spawn(sweep(broker.clone(), stop.clone()));
    let delivering = tokio::spawn(deliver(broker.clone(), stop.clone()));
    tokio::spawn({
        let stop = stop.clone();
        async move {
            if let Err(error) = stop_signal.await {
                tracing::error!(%error, "signals cannot be received; stopping");
            }
            stop.cancel();
        }
    });
    let settle = async {
        broker.settle().await;
        if let Err(error) = delivering.await {
            tracing::error!(%error, "the webhook worker broke; what it was sending is sent by the next one");
        }
    };
    let served = serve::serve(listeners, router::all(state), draining, stop, settle).await;
    sweeping.abort();
    // Closed by its last user, a SQLite database is one file that can be copied.
    if tokio::time::timeout(CLOSING, broker.store().close())
        .await
        .is_err()
    {
        tracing::warn!("the database was still in use");
    }
    tracing::info!("stopped");
    served
}

/// Says where the dashboard is and, on an empty instance, hands out the setup link: to whoever started the server, not to
/// the log.
async fn greet(broker: &terapi_broker::Broker) -> anyhow::Result<()> {
    answer(format_args!("Terapi is at {}", broker.settings().public_url))?;
    if let Some(link) = broker.operators().first_setup_link().await? {
        answer(format_args!(
            "Create the first account with this one-time link:\n\n    {link}\n"
        ))?;
    }
    Ok(())
}

async fn deliver(broker: terapi_broker::Broker, stop: CancellationToken) {
    broker.webhooks().run(stop).await;
}

async fn sweep(broker: terapi_broker::Broker, stop: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = broker.sweep().await {
            tracing::warn!(%error, "what has run out could not be swept; trying again in a minute");
        }
    }
}
