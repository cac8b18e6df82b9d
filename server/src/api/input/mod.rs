//! What came in, read strictly: every rule that was broken is collected, and named as rest.md 1.4 names it.

mod body;
mod fields;
mod path;
mod query;

pub use body::{EmptyBody, JSON_LIMIT, JsonBody, collect};
pub use fields::{Fields, Length, read_object};
pub use path::{Path, has_bad_path};
pub use query::{LenientQuery, MalformedQuery, NoQuery, Node, Query, QueryReader, any_text};

/// The boolean a word stands for (rest.md 1.5), ignoring case.
pub fn bool_word(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "y" | "enabled" => Some(true),
        "false" | "0" | "no" | "off" | "n" | "disabled" => Some(false),
        _ => None,
    }
}

/// True when a `%` is not followed by two hex digits.
fn has_bad_escape(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        let digit = |offset: usize| bytes.get(at + offset).is_some_and(u8::is_ascii_hexdigit);
        *byte == b'%' && !(digit(1) && digit(2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boolean_words_are_the_contracts() {
        for word in ["true", "TRUE", "1", "yes", "On", "y", "enabled"] {
            assert_eq!(bool_word(word), Some(true), "{word}");
        }
        for word in ["false", "0", "No", "off", "n", "disabled"] {
            assert_eq!(bool_word(word), Some(false), "{word}");
        }
        for word in ["", "2", "t", "null", " true"] {
            assert_eq!(bool_word(word), None, "{word}");
        }
    }
}
