//! The catalogue from outside: its public interface only.
#![allow(clippy::unwrap_used)]

mod catalogue;
mod embedded;
mod files;
mod import_modes;
mod monogram;
mod template;
mod url;
mod validation;
mod wire;

use serde_json::{Map, Value};
use terapi_catalog::Catalogue;

fn catalogue() -> Catalogue {
    Catalogue::load(None).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The problems of one file, one a line.
fn problems(text: &str) -> String {
    Catalogue::from_texts([("sample", text)])
        .expect_err("the file should be refused")
        .to_string()
}
