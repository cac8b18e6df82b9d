use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use terapi_testkit::{DEMO_API_KEY, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};

#[test]
fn the_program_introduces_itself_and_ends_on_sigterm() {
    let mut acme = Command::new(env!("CARGO_BIN_EXE_acme"))
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(acme.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert!(first.starts_with("Acme listens on http://127.0.0.1:"), "{first}");
    let killed = Command::new("kill")
        .args(["-TERM", &acme.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(acme.wait().unwrap().success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    for part in [DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_API_KEY, "demo / demo"] {
        assert!(rest.contains(part), "{part} in {rest}");
    }
}

#[test]
fn the_program_refuses_what_it_does_not_understand() {
    for arguments in [
        &["--listen"][..],
        &["--listen", "4010"],
        &["--listen", "0.0.0.0:4010"],
        &["--port"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_acme"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
