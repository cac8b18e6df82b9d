//! Where log lines go.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// The log filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("TERAPI_LOG: {0}")]
pub struct FilterError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging to standard error; called once, before anything else can log.
///
/// # Errors
/// [`FilterError`] when `filter` is not a level or a filter expression.
pub fn start(filter: &str, format: LogFormat) -> Result<(), FilterError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // A second start happens only in tests that start the server inside one process; the first one stays.
    drop(started);
    Ok(())
}
