use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use terapi_model::{ApiKeyScopes, Role};
use terapi_vault::SecretString;

use super::answer::hand_out;
use crate::boot;
use crate::config::{Config, Environment};

/// What can be done without a browser.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create the first owner with an account and its environments; refused once an operator exists
    Bootstrap {
        /// The owner's e-mail address
        #[arg(long)]
        email: String,
        /// A file that holds the owner's password
        #[arg(long)]
        password_file: PathBuf,
        /// Print JSON instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Print a fresh link to set up the first account; refused once an operator exists
    SetupLink,
    /// Print a new key of an account itself, for the routes that make environments and their keys
    AccountKey {
        /// An owner or admin of the account
        #[arg(long)]
        email: String,
        /// What the key is called
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long, value_delimiter = ',', default_value = "account:*")]
        scopes: Vec<String>,
    },
    /// Print an invitation link into an operator's account
    Invite {
        /// Whom to invite
        #[arg(long)]
        email: String,
        /// What they may do: owner, admin, developer or viewer
        #[arg(long, value_parser = parse_role)]
        role: Role,
        /// An operator of the account to invite into
        #[arg(long)]
        inviter: String,
    },
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "one of owner, admin, developer, viewer".to_owned())
}

/// Runs an admin command.
pub async fn run(config: &Config, environment: &Environment, command: AdminCommand) -> anyhow::Result<()> {
    let broker = boot::start(config, environment).await?;
    match command {
        AdminCommand::Bootstrap {
            email,
            password_file,
            json,
        } => {
            let password = std::fs::read_to_string(&password_file)
                .with_context(|| format!("--password-file {}", password_file.display()))?;
            let password = SecretString::new(password.trim_end_matches(['\r', '\n']).to_owned());
            let made = broker.operators().bootstrap(&email, password).await?;
            let environments: Vec<_> = made
                .environments
                .iter()
                .map(|environment| {
                    json!({
                        "name": environment.name.as_str(),
                        "secret_key": environment.secret_key.expose(),
                        "public_key": environment.public_key,
                        "webhook_signing_key": environment.webhook_signing_key.expose(),
                    })
                })
                .collect();
            if json {
                hand_out(json!({ "account": made.account_id.as_str(), "environments": environments }))?;
            } else {
                hand_out(format_args!("account {}", made.account_id))?;
                for environment in &made.environments {
                    let key = environment.secret_key.expose();
                    hand_out(format_args!("{}: secret key {key}", environment.name))?;
                }
            }
        }
        AdminCommand::SetupLink => match broker.operators().first_setup_link().await? {
            Some(link) => hand_out(link)?,
            None => anyhow::bail!(
                "an operator exists already; sign in, or invite others with `terapi admin invite`"
            ),
        },
        AdminCommand::AccountKey { email, name, scopes } => {
            let scopes = ApiKeyScopes(scopes);
            let key = broker.operators().account_key(&email, &name, scopes).await?;
            hand_out(key.expose())?;
        }
        AdminCommand::Invite { email, role, inviter } => {
            hand_out(broker.operators().invite(&inviter, &email, role).await?)?;
        }
    }
    Ok(())
}
