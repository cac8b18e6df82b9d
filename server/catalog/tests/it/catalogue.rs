use terapi_catalog::{Catalogue, CatalogueError};

use crate::catalogue;

fn found(text: &str) -> Vec<String> {
    catalogue()
        .search(text)
        .into_iter()
        .map(|provider| provider.name.as_str().to_owned())
        .collect()
}

#[test]
fn search_finds_by_name_alias_category_and_in_spite_of_a_typo() {
    assert_eq!(found("slack")[0], "slack");
    assert_eq!(
        found("Google")[..3],
        ["google", "google-calendar", "google-drive"]
    );
    assert_eq!(found("gdrive"), ["google-drive"]);
    assert_eq!(found("crm"), ["hubspot", "salesforce"]);
    assert_eq!(found("salesfroce"), ["salesforce"]);
    assert_eq!(found("zendsk"), ["zendesk"]);
    assert_eq!(found("google cal"), ["google-calendar"]);
    assert!(found("nothing like it").is_empty());
    assert_eq!(found("  ").len(), catalogue().list().len());
}

#[test]
fn a_directory_adds_and_replaces() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "in-house.yaml",
        "display_name: In-house\nauth: {auth_mode: BASIC}\n",
    );
    write("google.yaml", "extends: github\ndisplay_name: Not Google\n");
    write("notes.txt", "no provider");
    let loaded = Catalogue::load(Some(directory.path())).unwrap();
    assert_eq!(loaded.get("in-house").unwrap().display_name, "In-house");
    assert_eq!(loaded.get("google").unwrap().display_name, "Not Google");
    assert_eq!(loaded.list().len(), catalogue().list().len() + 1);
    let child = loaded
        .get("google-drive")
        .unwrap()
        .auth
        .oauth2()
        .unwrap()
        .token_url
        .to_string();
    assert_eq!(
        child, "https://github.com/login/oauth/access_token",
        "children follow a replaced parent"
    );
}

#[test]
fn a_bad_directory_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(
        Catalogue::load(Some(&directory.path().join("absent"))),
        Err(CatalogueError::Unreadable { .. })
    ));
    std::fs::write(directory.path().join("one.yaml"), "display_name: One\n").unwrap();
    std::fs::write(directory.path().join("two.yaml"), "auth: {auth_mode: NONE}\n").unwrap();
    let Err(CatalogueError::Invalid(problems)) = Catalogue::load(Some(directory.path())) else {
        panic!("both files are incomplete")
    };
    assert_eq!(problems.len(), 2);
    assert!(problems[0].file.ends_with("one.yaml") && problems[1].file.ends_with("two.yaml"));
}
