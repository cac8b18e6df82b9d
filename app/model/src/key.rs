use serde::{Deserialize, Serialize};

/// Why a name chosen by a caller was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Empty, or longer than 255 characters.
    #[error("must have between 1 and 255 characters")]
    Length,
    /// A character outside the allowed alphabet.
    #[error("has a character that is not allowed here")]
    Alphabet,
    /// `.` or `..`, which a URL would resolve away.
    #[error("may not be '.' or '..'")]
    DotSegment,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident, $allowed:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks length (1 to 255 characters) and alphabet (rest.md 1.5).
            ///
            /// # Errors
            /// [`KeyError`], naming the rule that was broken.
            pub fn parse(text: &str) -> Result<Self, KeyError> {
                if text.is_empty() || text.chars().count() > 255 {
                    return Err(KeyError::Length);
                }
                if text == "." || text == ".." {
                    return Err(KeyError::DotSegment);
                }
                let allowed: fn(char) -> bool = $allowed;
                if !text.chars().all(allowed) {
                    return Err(KeyError::Alphabet);
                }
                Ok(Self(text.to_owned()))
            }

            /// Takes text that the database holds as such a name.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;
            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

keys! {
    /// `unique_key` / `provider_config_key` / `integration_id`: what callers name an integration by.
    IntegrationKey, |c| c.is_ascii_alphanumeric() || "~:.@ _-".contains(c);
    /// `connection_id`: what callers name a connection by.
    ConnectionKey, |c| c.is_ascii_alphanumeric() || ",.;:=+~[]|@${}\"'\\/_ -".contains(c);
    /// The name of a provider in the catalogue.
    ProviderName, |c| c.is_ascii_alphanumeric() || "_-".contains(c);
    /// The name of an environment.
    EnvironmentName, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_their_alphabets() {
        assert!(IntegrationKey::parse("github-prod:eu").is_ok());
        assert_eq!(IntegrationKey::parse("a/b"), Err(KeyError::Alphabet));
        assert_eq!(IntegrationKey::parse(""), Err(KeyError::Length));
        assert_eq!(IntegrationKey::parse(".."), Err(KeyError::DotSegment));
        assert!(ConnectionKey::parse("a/b {c}").is_ok());
        assert_eq!(ConnectionKey::parse("a\0b"), Err(KeyError::Alphabet));
        assert_eq!(ConnectionKey::parse(&"x".repeat(256)), Err(KeyError::Length));
        assert_eq!(EnvironmentName::parse("Dev"), Err(KeyError::Alphabet));
    }
}
