//! The commands of the binary, one file each.

mod admin;
mod answer;
mod doctor;
mod migrate;
mod openapi;
mod serve;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, Environment};

/// A self-hosted broker for your users' API authorizations.
#[derive(Debug, Parser)]
#[command(name = "terapi", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API, the dashboard and the Connect UI
    Serve,
    /// Bring the database up to date and stop
    Migrate,
    /// Accounts and operators, without a browser
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Check database, key, clock, write access and public URL
    Doctor,
    /// Print the OpenAPI document of the REST API
    Openapi,
}

/// The variable that a flag may be given by; `flag` as the flag parser shows it.
pub fn variable_of(flag: &str) -> Option<String> {
    let mut command = Cli::command();
    command.build();
    let argument = command
        .get_arguments()
        .find(|argument| argument.to_string() == flag)?;
    Some(argument.get_env()?.to_string_lossy().into_owned())
}

/// Runs the command.
///
/// # Errors
/// Whatever stopped it, with a message that names the setting to look at.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    if let Command::Openapi = cli.command {
        return openapi::run();
    }
    let environment = Environment::read();
    let unknown = cli.config.check(&environment)?;
    crate::telemetry::start(&cli.config.log, cli.config.log_format)?;
    for warning in unknown {
        tracing::warn!("{warning}");
    }
    terapi_broker::egress::install_crypto();
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(&cli.config, &environment).await,
            Command::Migrate => migrate::run(&cli.config, &environment).await,
            Command::Admin(command) => admin::run(&cli.config, &environment, command).await,
            Command::Doctor => doctor::run(&cli.config, &environment).await,
            Command::Openapi => openapi::run(),
        }
    });
    // A provider that never answers must not hold the process after the answer to the signal was given.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    outcome
}
