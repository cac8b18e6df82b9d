//! Where log lines go.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;

use crate::config::LogFormat;

/// The log filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("TERAPI_LOG: {0}")]
pub struct FilterError(String);

/// Starts logging to standard error; called once, before anything else can log.
///
/// # Errors
/// [`FilterError`] when `filter` is not a level or a filter expression.
pub fn start(filter: &str, format: LogFormat) -> Result<(), FilterError> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| FilterError(error.to_string()))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => builder.with_target(false).fmt_fields(text_fields()).try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
    };
    // A second start happens only in tests that start the server inside one process; the first one stays.
    drop(started);
    Ok(())
}

/// Fields as `name=value`. A line stays a line and a terminal's commands stay text, whatever strangers sent: errors
/// are logged as they are shown, and many repeat what was wrong with a request.
fn text_fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    debug_fn(|writer, field, value| {
        if field.name() != "message" {
            write!(writer, "{}=", field.name())?;
        }
        write!(OneLine(writer), "{value:?}")
    })
    .delimited(" ")
}

/// Writes control characters as their escapes.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let mut letters = part.chars();
            match letters.next_back().filter(|last| last.is_control()) {
                Some(control) => {
                    self.0.write_str(letters.as_str())?;
                    write!(self.0, "{}", control.escape_default())?;
                }
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_can_write_lines_of_their_own_into_the_log() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .fmt_fields(text_fields())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", id = %"a\nb");
            let error = "`x\nINFO forged\u{1b}[31m` is unknown";
            span.in_scope(|| tracing::warn!(%error, count = 2, name = "é", "refused"));
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            " WARN request{id=a\\nb}: refused error=`x\\nINFO forged\\u{1b}[31m` is unknown count=2 name=\"é\"\n"
        );
    }
}
