//! Texts that must not be repeated. A provider's answer may say again whatever it was sent, and a provider's file may put
//! any setting into an address; before either is shown, what is secret in it is taken out (decision D10).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use terapi_catalog::Fields;
use terapi_vault::SecretString;
use url::form_urlencoded;

/// Stands where a secret was.
const SECRET: &str = "[secret]";

/// A shorter secret is taken out only where it stands alone: in the middle of other words it is chance, and the gap
/// would tell what it is.
const SHORT: usize = 4;

/// Secrets of one attempt, in every form in which they may come back.
#[derive(Default)]
pub struct Hidden {
    /// In lower case, longest first.
    needles: Vec<SecretString>,
    all: bool,
}

impl Hidden {
    /// Nothing may be repeated: what is secret could not be found out.
    pub fn everything() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Hides a text, also as it stands in addresses, forms and JSON.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let json = Value::from(secret).to_string();
        let forms = [
            secret.to_owned(),
            secret.trim().to_owned(),
            form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            json[1..json.len() - 1].to_owned(),
        ];
        for form in forms {
            let needle = SecretString::new(form.to_ascii_lowercase());
            if !needle.is_empty() && !self.needles.contains(&needle) {
                self.needles.push(needle);
            }
        }
        self.needles
            .sort_by_key(|needle| std::cmp::Reverse(needle.expose().len()));
    }

    /// Hides the values of the fields that are declared secret.
    pub fn add_fields(&mut self, values: &Map<String, Value>, declared: &Fields) {
        for (name, field) in declared.iter().filter(|(_, field)| field.secret) {
            match values.get(name) {
                Some(Value::String(text)) => self.add(text),
                Some(value @ Value::Number(_)) => self.add(&value.to_string()),
                _ => {}
            }
            if let Some(default) = &field.default_value {
                self.add(default);
            }
        }
    }

    /// The text without what is hidden, whatever the case of its letters.
    pub fn without(&self, text: &str) -> String {
        if self.all && !text.is_empty() {
            return SECRET.to_owned();
        }
        self.needles.iter().fold(text.to_owned(), |text, needle| {
            let needle = needle.expose();
            let lower = text.to_ascii_lowercase();
            let mut shown = String::with_capacity(text.len());
            let mut from = 0;
            for (at, _) in lower.match_indices(needle.as_str()) {
                let end = at + needle.len();
                if needle.len() < SHORT && !stands_alone(&text, at, end) {
                    continue;
                }
                shown.push_str(&text[from..at]);
                shown.push_str(SECRET);
                from = end;
            }
            shown.push_str(&text[from..]);
            shown
        })
    }
}

/// A stranger's text, of at most `most` characters and without control characters. Whoever renders it escapes it.
pub(crate) fn cut(text: &str, most: usize) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(most)
        .collect()
}

fn stands_alone(text: &str, at: usize, end: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[end..].chars().next();
    [before, after]
        .into_iter()
        .flatten()
        .all(|letter| !letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(secrets: &[&str]) -> Hidden {
        let mut hidden = Hidden::default();
        secrets.iter().for_each(|secret| hidden.add(secret));
        hidden
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form_in_which_it_comes_back() {
        let hidden = hiding(&["Pa ss/w\"ö", "Pa"]);
        for (said, shown) in [
            ("pin Pa ss/w\"ö is wrong", "pin [secret] is wrong"),
            ("host pa SS/W\"ö.example", "host [secret].example"),
            ("?pin=Pa+ss%2Fw%22%C3%B6&a=1", "?pin=[secret]&a=1"),
            ("?pin=Pa%20ss%2fw%22%c3%b6", "?pin=[secret]"),
            (r#"{"pin":"Pa ss/w\"ö"}"#, r#"{"pin":"[secret]"}"#),
            ("", ""),
        ] {
            assert_eq!(hidden.without(said), shown);
        }
    }

    #[test]
    fn a_short_secret_is_taken_out_where_it_stands_alone() {
        let hidden = hiding(&["42", ""]);
        assert_eq!(
            hidden.without("status 424: pin=42, 42 ö42"),
            "status 424: pin=[secret], [secret] ö42"
        );
    }

    #[test]
    fn nothing_is_repeated_when_nobody_knows_what_is_secret() {
        assert_eq!(Hidden::everything().without("anything"), SECRET);
        assert_eq!(Hidden::everything().without(""), "");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_stumble(text: String, one: String, other: String) {
            let hidden = hiding(&[&one, &other]);
            let shown = hidden.without(&format!("{text}{one}{text}{other}"));
            let long = one.trim().to_ascii_lowercase();
            // What stands in place of secrets may be told by secrets themselves.
            if long.len() >= SHORT && !SECRET.contains(&long) && !long.contains('[') && !long.contains(']') {
                proptest::prop_assert!(!shown.to_ascii_lowercase().contains(&long));
            }
        }
    }
}
