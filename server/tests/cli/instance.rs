//! An installation in a folder of its own, and the processes that run on it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

/// A folder to run the binary in, with nothing of this process's environment.
pub struct Instance {
    folder: Arc<TempDir>,
    port: u16,
    settings: Vec<(&'static str, String)>,
}

impl Instance {
    pub fn new() -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().unwrap()),
            port: free_port(),
            settings: Vec::new(),
        }
    }

    /// With a variable set.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Another one with the same data and settings, on a port of its own.
    pub fn beside(&self) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            port: free_port(),
            settings: self.settings.clone(),
        }
    }

    /// Where its server is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn key_file(&self) -> std::path::PathBuf {
        self.folder().join("data/encryption.key")
    }

    /// A call of the binary, not yet made.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_terapi"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("TERAPI_LISTEN", format!("127.0.0.1:{}", self.port))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Creates the first owner and answers what was printed.
    pub fn bootstrap(&self) -> Output {
        std::fs::write(self.folder().join("password"), "correct horse battery staple\n").unwrap();
        self.run(&[
            "admin",
            "bootstrap",
            "--email",
            "owner@example.com",
            "--password-file",
            "password",
            "--json",
        ])
    }

    /// Starts a server and waits until it listens.
    pub fn serve(&self) -> Server {
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next();
        if first.is_none() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the server did not start: {said}");
        }
        let mut printed = vec![first.unwrap().unwrap()];
        let server = Server {
            child,
            port: self.port,
        };
        // Listening comes before greeting, so whoever has read the greeting can connect.
        if printed[0].starts_with("Terapi is at") {
            server.get("/ready");
            printed.clear();
        }
        server
    }
}

/// The port is free again when the listener is dropped; nothing else here asks the system for one it names.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// The whole answer to a GET.
    pub fn get(&self, path: &str) -> String {
        let mut socket = self.connect();
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks the process to stop, as an orchestrator does.
    pub fn terminate(&self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success());
    }

    /// Waits for the end: exit code, and what it said on standard error.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a finished call said on standard error.
pub fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it should have failed");
    String::from_utf8(output.stderr.clone()).unwrap()
}
