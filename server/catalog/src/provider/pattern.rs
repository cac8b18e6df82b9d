use std::fmt;
use std::sync::Arc;

use fancy_regex::{Regex, RegexBuilder};

/// Steps of backtracking before a match is given up.
const MAX_STEPS: usize = 20_000;

/// A regular expression of a field, in the JavaScript dialect forms use. It may look ahead; it may not run long.
#[derive(Clone)]
pub struct Pattern {
    source: Arc<str>,
    regex: Arc<Regex>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The reason, for people.
    pub fn parse(source: &str) -> Result<Pattern, String> {
        let regex = RegexBuilder::new(source)
            .backtrack_limit(MAX_STEPS)
            .delegate_size_limit(1 << 20)
            .build()
            .map_err(|error| format!("not a regular expression: {error}"))?;
        Ok(Pattern {
            source: Arc::from(source),
            regex: Arc::new(regex),
        })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the text matches somewhere, as JavaScript's `test` has it. A match that takes too many steps is none.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text).unwrap_or(false)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}
