use std::os::unix::fs::PermissionsExt;

use crate::instance::{Instance, complaint};

#[test]
fn the_first_start_makes_a_key_file_that_only_its_owner_reads() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let mode = std::fs::metadata(instance.key_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_start_without_the_key_is_refused_until_the_key_file_is_back() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let aside = instance.folder().join("aside.key");
    std::fs::rename(instance.key_file(), &aside).unwrap();

    let said = complaint(&instance.run(&["serve"]));
    assert_eq!(
        said.trim(),
        "terapi: the database holds data sealed with an encryption key, but data/encryption.key does not exist and \
         TERAPI_ENCRYPTION_KEYS is not set. Restore the key file from your backup, or set TERAPI_ENCRYPTION_KEYS to \
         the key that this database was used with. Nothing was changed"
    );
    assert!(!instance.key_file().exists(), "no new key was made");

    std::fs::rename(&aside, instance.key_file()).unwrap();
    let server = instance.serve();
    assert!(server.get("/ready").starts_with("HTTP/1.1 200"));
}

#[test]
fn another_key_is_refused_by_the_canary() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let other = "1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let refused = instance
        .command(&["serve"])
        .env("TERAPI_ENCRYPTION_KEYS", other)
        .output()
        .unwrap();
    let said = complaint(&refused);
    assert!(
        said.contains("is not the one that this database was used with"),
        "{said}"
    );
}
