//! What a command answers, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints a line. A reader who has seen enough and left, as `head` does, is no error.
///
/// # Errors
/// Whatever else keeps it from being written.
pub fn answer(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
