//! `acme`: the simulated provider as a program, for the demo and for end-to-end tests.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use terapi_testkit::{Acme, DEMO_API_KEY, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_PASSWORD, DEMO_USER};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "Acme, a simulated OAuth provider and API. Loopback only.

Usage: acme [--listen ADDRESS]

  --listen ADDRESS   address and port, 127.0.0.1:4010 when left out; port 0 takes a free one
  --help             this text
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(address) = listen_address(std::env::args().skip(1))? else {
        io::stdout().write_all(USAGE.as_bytes())?;
        return Ok(());
    };
    // Before the first line is printed, so that whoever waits for it may already send a signal.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let acme = Acme::start_on(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    introduce(&acme)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The address to listen on, or `None` when only the usage is wanted.
fn listen_address(mut arguments: impl Iterator<Item = String>) -> Result<Option<SocketAddr>, String> {
    let mut address = "127.0.0.1:4010".to_owned();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--listen" => address = arguments.next().ok_or("--listen needs an address")?,
            other => match other.strip_prefix("--listen=") {
                Some(value) => address = value.to_owned(),
                None => return Err(format!("unknown argument {other}\n\n{USAGE}")),
            },
        }
    }
    let address: SocketAddr = address
        .parse()
        .map_err(|_| format!("{address} is not an address with a port"))?;
    if address.ip().is_loopback() {
        Ok(Some(address))
    } else {
        Err(format!(
            "{address} is not on loopback: Acme's secrets are public, it must not be reachable"
        ))
    }
}

fn introduce(acme: &Acme) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Acme listens on {}", acme.url())?;
    writeln!(out, "  client id      {DEMO_CLIENT_ID}")?;
    writeln!(out, "  client secret  {DEMO_CLIENT_SECRET}")?;
    writeln!(out, "  API key        {DEMO_API_KEY}")?;
    writeln!(out, "  Basic          {DEMO_USER} / {DEMO_PASSWORD}")?;
    writeln!(out, "  script         {}/_control/script", acme.url())?;
    out.flush()
}
