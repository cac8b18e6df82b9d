use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::TokenAnswerError;
use crate::hidden::{Hidden, cut};

/// Longest text of a provider that is repeated, in characters.
const LONGEST: usize = 500;

/// Longest of all of them in one line.
const LONGEST_LINE: usize = 1000;

/// What a provider said about an error, in its own words, cut and without secrets. Text of strangers: escape it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderSaid {
    /// `error`: its word for it (RFC 6749 section 4.1.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `error_description`: for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `error_reason`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `error_uri`: where more is written about it. An address of a stranger's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `status_code`, or the status that its token endpoint answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `error_message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl ProviderSaid {
    /// What a callback says about an error, by the names that providers use (rest.md 9.5).
    pub fn in_callback(params: &BTreeMap<String, String>, hidden: &Hidden) -> Self {
        let said = |name: &str| {
            let text = cut(&hidden.without(params.get(name)?), LONGEST);
            (!text.is_empty()).then_some(text)
        };
        Self {
            error: said("error"),
            description: said("error_description"),
            reason: said("error_reason"),
            uri: said("error_uri"),
            status: said("status_code"),
            message: said("error_message"),
        }
    }

    /// What a token endpoint's answer says, if it is a refusal. Its texts are without secrets already.
    pub fn in_token_answer(answer: &TokenAnswerError) -> Self {
        match answer {
            TokenAnswerError::Refused {
                status,
                error,
                description,
            } => Self {
                error: Some(cut(error.as_ref(), LONGEST)),
                description: description.as_deref().map(|text| cut(text, LONGEST)),
                status: Some(status.to_string()),
                ..Self::default()
            },
            TokenAnswerError::Status(status) => Self {
                status: Some(status.to_string()),
                ..Self::default()
            },
            TokenAnswerError::NotJson(_) | TokenAnswerError::NoAccessToken => Self::default(),
        }
    }

    /// Whether it said nothing.
    pub fn is_empty(&self) -> bool {
        self.by_parameter().next().is_none()
    }

    /// Each by the name that it has in a callback.
    pub fn by_parameter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let each = [
            ("error", &self.error),
            ("error_description", &self.description),
            ("error_reason", &self.reason),
            ("error_uri", &self.uri),
            ("status_code", &self.status),
            ("error_message", &self.message),
        ];
        each.into_iter()
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }
}

/// `access_denied (The user said no; reason: user_denied; status: 403; see https://…)`, as far as there is something.
impl fmt::Display for ProviderSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = [
            ("", &self.description),
            ("reason: ", &self.reason),
            ("message: ", &self.message),
            ("status: ", &self.status),
            ("see ", &self.uri),
        ];
        let rest: Vec<String> = rest
            .into_iter()
            .filter_map(|(label, text)| {
                Some(format!(
                    "{label}{}",
                    text.as_deref()?.trim().trim_end_matches('.')
                ))
            })
            .collect();
        let rest = rest.join("; ");
        let line = match &self.error {
            Some(error) if rest.is_empty() => error.clone(),
            Some(error) => format!("{error} ({rest})"),
            None => rest,
        };
        match line.char_indices().nth(LONGEST_LINE) {
            Some((end, _)) => write!(f, "{}…", &line[..end]),
            None => f.write_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(params: &[(&str, &str)], hidden: &Hidden) -> ProviderSaid {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ProviderSaid::in_callback(&params.collect(), hidden)
    }

    #[test]
    fn all_that_a_callback_says_about_an_error_is_in_one_line() {
        let open = Hidden::default();
        let all = [
            ("code", "c"),
            ("error", "access_denied"),
            ("error_description", "The user\u{7} denied it."),
            ("error_reason", "user_denied"),
            ("error_uri", "https://x.example/e"),
            ("status_code", "77"),
            ("error_message", "<b>emsg</b>"),
        ];
        assert_eq!(
            said(&all, &open).to_string(),
            "access_denied (The user denied it; reason: user_denied; message: <b>emsg</b>; status: 77; \
             see https://x.example/e)"
        );
        assert_eq!(said(&all[1..2], &open).to_string(), "access_denied");
        assert_eq!(said(&all[3..4], &open).to_string(), "reason: user_denied");
        assert!(said(&all[..1], &open).is_empty());
        assert_eq!(said(&[("error", "")], &open), ProviderSaid::default());
    }

    #[test]
    fn it_is_bounded_and_holds_no_secret() {
        let mut hidden = Hidden::default();
        hidden.add("PINSECRET");
        let long = format!("pin=pinsecret {}", "ö".repeat(9999));
        let all = ["error", "error_description", "error_message"].map(|name| (name, long.as_str()));
        let said = said(&all, &hidden);
        assert_eq!(said.message.as_ref().unwrap().chars().count(), LONGEST);
        assert!(said.error.as_ref().unwrap().starts_with("pin=[secret] ö"));
        assert_eq!(said.to_string().chars().count(), LONGEST_LINE + 1);
    }
}
