//! What a command answers, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;

/// Prints a line. A reader who has seen enough and left, as `head` does, is no error.
///
/// # Errors
/// Whatever else keeps it from being written.
pub fn answer(line: impl Display) -> io::Result<()> {
    match print(line) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints what is shown this once, a key or a link. A reader who has left is an error: nobody else will ever see it.
///
/// # Errors
/// Whatever keeps it from being written.
pub fn hand_out(line: impl Display) -> anyhow::Result<()> {
    print(line).context("it is done, but what was made could not be printed, and is shown nowhere else")
}

fn print(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}
