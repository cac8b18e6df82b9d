//! The `terapi` command.

use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use terapi::commands::Cli;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match terapi::commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("terapi: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says what is wrong with the flags. A value may have come from a variable, which the flag parser does not name.
fn refuse(error: &clap::Error) -> ExitCode {
    let shown = error.print();
    if let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg)
        && let Some(variable) = terapi::commands::variable_of(flag)
    {
        eprintln!("\nThe value comes from {flag} or from the variable {variable}.");
    }
    if shown.is_ok() && !error.use_stderr() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}
