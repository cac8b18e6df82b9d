use serde::Serialize;

/// The kind of a validation issue: the vocabulary of rest.md 1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueCode {
    /// Wrong JSON type, or a missing field.
    InvalidType,
    /// Keys a strict object does not know.
    UnrecognizedKeys,
    /// Pattern, e-mail, uuid or URL mismatch.
    InvalidFormat,
    /// Below a bound.
    TooSmall,
    /// Above a bound.
    TooBig,
    /// Not one of the allowed values.
    InvalidValue,
    /// No branch of a union matched.
    InvalidUnion,
    /// A bad key in a map.
    InvalidKey,
    /// A rule of its own.
    Custom,
}

/// One thing that is wrong with an input, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The kind.
    pub code: IssueCode,
    /// For people; never repeats a secret.
    pub message: String,
    /// From the root to the field; array indexes as text.
    pub path: Vec<String>,
    /// The pattern that a value misses. For programs: the message says in words what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

impl Issue {
    /// An issue at `path`.
    pub fn at<P: Into<String>>(
        path: impl IntoIterator<Item = P>,
        code: IssueCode,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            path: path.into_iter().map(Into::into).collect(),
            pattern: None,
        }
    }

    /// The same issue, of a value that misses this pattern.
    #[must_use]
    pub fn with_pattern(mut self, pattern: Option<&str>) -> Self {
        self.pattern = pattern.map(str::to_owned);
        self
    }

    /// The same issue, found inside the field `parent`.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.path.insert(0, parent.to_owned());
        self
    }
}
