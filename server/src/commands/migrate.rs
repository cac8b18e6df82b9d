use anyhow::Context;

use crate::boot;
use crate::config::{Config, Environment};

/// Brings the database up to date and stops.
pub async fn run(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    let store = boot::open_store(config, environment).await?;
    store.migrate().await.context("the database cannot be migrated")?;
    tracing::info!("the database is up to date");
    Ok(())
}
