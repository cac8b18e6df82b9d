use std::process::Stdio;

use crate::instance::{Instance, complaint};

#[test]
fn a_bad_value_stops_the_start_and_is_named() {
    let table = [
        ("TERAPI_LISTEN", "nowhere"),
        ("TERAPI_PUBLIC_URL", "example.com"),
        ("TERAPI_DATABASE_URL", "mysql://x"),
        ("TERAPI_DATABASE_DIRECT_URL", "postgres://localhost/terapi"),
        ("TERAPI_DATABASE_POOLER", "session"),
        ("TERAPI_DATABASE_POOLER", "transaction"),
        ("TERAPI_ENCRYPTION_KEYS", "1:short"),
        ("TERAPI_PROVIDERS_DIR", "/does/not/exist"),
        ("TERAPI_SIGNUP", "everybody"),
        ("TERAPI_EGRESS_ALLOW", "10.0.0.0/99"),
        ("TERAPI_TRUSTED_PROXIES", "proxy.local"),
        ("TERAPI_CONNECT_FRAME_ANCESTORS", "not an origin"),
        ("TERAPI_CA_FILE", "/does/not/exist.pem"),
        ("TERAPI_LOG", "=,,"),
        ("TERAPI_LOG_FORMAT", "xml"),
        ("TERAPI_RATE_LIMIT", "many"),
        ("TERAPI_SECRET_KEY_DEV", "short"),
    ];
    for (name, value) in table {
        let instance = Instance::new();
        let said = complaint(&instance.command(&["serve"]).env(name, value).output().unwrap());
        assert!(said.contains(name), "{name}={value}: {said}");
    }
}

#[test]
fn a_key_that_is_no_good_names_its_variable_once() {
    let instance = Instance::new();
    let mut serve = instance.command(&["serve"]);
    let said = complaint(&serve.env("TERAPI_SECRET_KEY_DEV", "short").output().unwrap());
    assert_eq!(said.matches("TERAPI_SECRET_KEY_").count(), 1, "{said}");
}

#[test]
fn a_reader_who_has_seen_enough_of_an_answer_is_no_error() {
    let instance = Instance::new();
    let mut openapi = instance.command(&["openapi"]);
    let mut child = openapi
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn an_unknown_variable_is_a_warning_and_under_strict_env_an_error() {
    let instance = Instance::new();
    let warned = instance
        .command(&["migrate"])
        .env("TERAPI_PUBLIC_ULR", "x")
        .output()
        .unwrap();
    assert!(warned.status.success());
    let said = String::from_utf8(warned.stderr).unwrap();
    assert!(said.contains("did you mean TERAPI_PUBLIC_URL?"), "{said}");
    let refused = instance
        .command(&["migrate", "--strict-env"])
        .env("TERAPI_PUBLIC_ULR", "x")
        .output()
        .unwrap();
    assert!(complaint(&refused).contains("did you mean TERAPI_PUBLIC_URL?"));
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_both() {
    let instance = Instance::new();
    let key = "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let path = instance.folder().join("keys");
    std::fs::write(&path, format!("{key}\n")).unwrap();
    let doctor = |both: bool| {
        let mut command = instance.command(&["doctor"]);
        command.env("TERAPI_ENCRYPTION_KEYS_FILE", &path);
        if both {
            command.env("TERAPI_ENCRYPTION_KEYS", key);
        }
        command.output().unwrap()
    };
    assert!(doctor(false).status.success());
    assert!(!instance.key_file().exists(), "configured keys make no key file");
    let output = doctor(true);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !output.status.success() && said.contains("TERAPI_ENCRYPTION_KEYS_FILE are both set"),
        "{said}"
    );
}

#[test]
fn doctor_leaves_nothing_behind() {
    let instance = Instance::new();
    let found = instance.run(&["doctor"]);
    assert!(
        found.status.success(),
        "{}",
        String::from_utf8_lossy(&found.stdout)
    );
    assert_eq!(std::fs::read_dir(instance.folder()).unwrap().count(), 0);
}

#[test]
fn a_switch_may_be_written_as_a_number() {
    let instance = Instance::new();
    let mut command = instance.command(&["migrate"]);
    let refused = command
        .env("TERAPI_STRICT_ENV", "1")
        .env("TERAPI_LISTN", "x")
        .output()
        .unwrap();
    assert!(complaint(&refused).contains("did you mean TERAPI_LISTEN?"));
}

#[test]
fn doctor_finds_nothing_wrong_with_a_new_instance_and_names_a_wrong_key() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let well = instance.run(&["doctor"]);
    assert!(well.status.success(), "{}", String::from_utf8_lossy(&well.stdout));
    let wrong = "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let ill = instance
        .command(&["doctor"])
        .env("TERAPI_ENCRYPTION_KEYS", wrong)
        .output()
        .unwrap();
    let found = String::from_utf8(ill.stdout).unwrap();
    assert!(
        !ill.status.success() && found.contains("FAIL  database and key"),
        "{found}"
    );
}

#[test]
fn what_is_wrong_with_the_log_filter_is_said_once() {
    let instance = Instance::new();
    let output = instance
        .command(&["serve"])
        .env("TERAPI_LOG", "terapi=loud")
        .output();
    let said = complaint(&output.unwrap());
    assert_eq!(said.matches("level filter").count(), 1, "{said}");
}
