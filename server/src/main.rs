//! The `terapi` command.

use std::process::ExitCode;

use clap::Parser;
use terapi::commands::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match terapi::commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("terapi: {error:#}");
            ExitCode::FAILURE
        }
    }
}
