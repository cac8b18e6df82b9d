use terapi_broker::{Clock, SystemClock};
use terapi_model::Timestamp;

use super::answer::answer;
use crate::config::{Config, Environment};
use crate::{boot, serve};

/// What one check found.
enum Finding {
    Fine(String),
    Odd(String),
    Broken(String),
}

/// The beginning of 2025, when there was no Terapi: a clock that says less is wrong.
const EARLIEST: Timestamp = Timestamp::from_millis(1_735_689_600_000);

/// Checks database, key, clock, write access and public URL; fails when one of them is broken.
pub async fn run(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    let findings = [
        ("clock", check_clock()),
        ("public URL", check_public_url(config)),
        ("data folder", check_write_access(config)),
        ("database and key", check_database(config, environment).await),
        ("addresses", check_addresses(config).await),
    ];
    let mut broken = 0;
    for (name, finding) in findings {
        let (mark, text) = match finding {
            Finding::Fine(text) => ("ok  ", text),
            Finding::Odd(text) => ("warn", text),
            Finding::Broken(text) => {
                broken += 1;
                ("FAIL", text)
            }
        };
        answer(format_args!("{mark}  {name}: {text}"))?;
    }
    if broken > 0 {
        anyhow::bail!("{broken} of the checks failed");
    }
    Ok(())
}

fn check_clock() -> Finding {
    let now = SystemClock.now();
    if now < EARLIEST {
        return Finding::Broken(format!(
            "says {}, which is in the past; tokens would never expire",
            now.to_rfc3339()
        ));
    }
    Finding::Fine(now.to_rfc3339())
}

fn check_public_url(config: &Config) -> Finding {
    let url = config.public_url();
    let at_root = url.path() == "/";
    match (url.scheme(), url.host_str()) {
        ("https", _) if at_root => Finding::Fine(url.to_string()),
        ("https", _) => Finding::Fine(format!(
            "{url} (everything is served beneath {}; the proxy may pass that on or take it off)",
            url.path()
        )),
        (_, Some("localhost" | "127.0.0.1" | "[::1]")) => Finding::Fine(format!(
            "{url} (this machine only; set TERAPI_PUBLIC_URL before others use it)"
        )),
        _ => Finding::Odd(format!(
            "{url} is not https: cookies and tokens would travel in the clear"
        )),
    }
}

/// Leaves nothing behind: a folder made here could belong to somebody else than the server's user.
fn check_write_access(config: &Config) -> Finding {
    let folder = &config.data_dir;
    let exists = folder.exists();
    let probe = match folder.parent().filter(|_| !exists) {
        Some(parent) => parent.join(".terapi-doctor"),
        None => folder.join(".terapi-doctor"),
    };
    let tried = std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) if exists => Finding::Fine(folder.display().to_string()),
        Ok(()) => Finding::Fine(format!("the first start creates {}", folder.display())),
        Err(error) if exists => Finding::Broken(format!("{}: {error}", folder.display())),
        Err(_) => Finding::Odd(format!(
            "{} does not exist; the first start tries to create it",
            folder.display()
        )),
    }
}

async fn check_database(config: &Config, environment: &Environment) -> Finding {
    match boot::inspect(config, environment).await {
        Ok(found) => Finding::Fine(found),
        Err(error) => Finding::Broken(format!("{error:#}")),
    }
}

async fn check_addresses(config: &Config) -> Finding {
    match serve::bind(&config.listen).await {
        Ok(listeners) => Finding::Fine(format!("{} can be listened on", listeners.len())),
        Err(error) => Finding::Odd(format!("{error:#} (expected while a server is running)")),
    }
}
