use serde_json::Value;

use crate::instance::{Instance, complaint};

#[test]
fn bootstrap_prints_the_account_with_the_keys_of_both_environments() {
    let instance = Instance::new();
    let output = instance.bootstrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(printed["account"].as_str().unwrap().starts_with("acc_"));
    let environments = printed["environments"].as_array().unwrap();
    let names: Vec<_> = environments
        .iter()
        .map(|environment| environment["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dev", "prod"]);
    for (environment, name) in environments.iter().zip(names) {
        assert!(
            environment["secret_key"]
                .as_str()
                .unwrap()
                .starts_with(&format!("terapi_sk_{name}_"))
        );
        assert_eq!(environment["public_key"].as_str().unwrap().len(), 36);
        assert_eq!(environment["webhook_signing_key"].as_str().unwrap().len(), 36);
    }
}

#[test]
fn keys_that_nobody_could_read_are_an_error_and_a_document_that_nobody_reads_is_none() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let unread = |line: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments: Vec<_> = line.split(' ').collect();
        instance.command(&arguments).stdout(writer).output().unwrap()
    };
    for once in [
        "admin account-key --email owner@example.com --name ci",
        "admin invite --email bob@example.com --role viewer --inviter owner@example.com",
    ] {
        let said = complaint(&unread(once));
        assert!(said.contains("is shown nowhere else"), "{once}: {said}");
    }
    let output = unread("openapi");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_second_bootstrap_is_refused_and_says_why() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let said = complaint(&instance.bootstrap());
    assert!(said.contains("operator"), "{said}");
}

#[test]
fn no_secret_of_an_instance_lies_readable_in_its_folder() {
    let instance = Instance::new();
    let printed: Value = serde_json::from_slice(&instance.bootstrap().stdout).unwrap();
    std::fs::remove_file(instance.folder().join("password")).unwrap();
    let mut secrets = vec!["correct horse battery staple".to_owned()];
    for environment in printed["environments"].as_array().unwrap() {
        secrets.push(environment["secret_key"].as_str().unwrap().to_owned());
        secrets.push(environment["webhook_signing_key"].as_str().unwrap().to_owned());
    }
    let mut files = 0;
    for entry in std::fs::read_dir(instance.folder().join("data")).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        for secret in &secrets {
            assert!(
                !content
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret}"
            );
        }
    }
    assert!(files >= 2, "the database and the key file are there");
}

#[test]
fn an_account_key_is_printed_for_who_looks_after_the_account() {
    let instance = Instance::new();
    assert!(instance.bootstrap().status.success());
    let key = |email| instance.run(&["admin", "account-key", "--email", email, "--name", "terraform"]);
    let output = key("owner@example.com");
    assert!(output.status.success(), "{}", complaint(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("terapi_sk_account_"), "{printed}");
    assert_eq!(printed.lines().count(), 1);
    assert!(complaint(&key("owner@example.com")).contains("name"));
    assert!(complaint(&key("eve@example.com")).contains("no operator"));
}
