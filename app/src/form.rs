//! What a form sent, and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use terapi_broker::SecretString;

/// The fields of a posted form, in order. Any of them may be a secret, so none can be printed.
pub struct Form(Vec<(String, SecretString)>);

impl Form {
    /// Reads an `application/x-www-form-urlencoded` body (WHATWG URL, section 5.1); it never fails.
    pub fn parse(body: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(body)
                // No field of a browser sends NUL, and no database takes it.
                .map(|(name, value)| {
                    (
                        name.into_owned(),
                        SecretString::new(value.replace('\0', "\u{fffd}")),
                    )
                })
                .collect(),
        )
    }

    /// The first value of a field without the blanks around it; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// The same, and `None` when it is empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The first value of a field as a secret, exactly as typed: blanks may belong to a password.
    pub fn secret(&self, name: &str) -> SecretString {
        SecretString::new(self.exact(name).to_owned())
    }

    /// A secret that was pasted: without the blanks around it, and `None` when nothing is left.
    pub fn pasted_secret(&self, name: &str) -> Option<SecretString> {
        self.filled(name).map(|text| SecretString::new(text.to_owned()))
    }

    /// True when the field was sent, as a ticked checkbox is.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Every value of a field that may come many times.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.expose().trim())
    }

    /// The filled fields whose name starts with `prefix`, without it.
    pub fn group(&self, prefix: &str) -> BTreeMap<String, String> {
        self.0
            .iter()
            .filter_map(|(field, value)| {
                let value = value.expose().trim();
                let name = field.strip_prefix(prefix)?;
                (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    fn exact(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value.expose().as_str())
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A refused form on its way back to its page: what was typed, less secrets, and what is wrong.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    values: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

/// One thing that is wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's name; none when it is about the form as a whole.
    pub field: Option<String>,
    /// For people.
    pub message: String,
}

impl FormState {
    /// Keeps the values of `fields`. Name no secret here.
    pub fn keeping(form: &Form, fields: &[&str]) -> Self {
        let values = fields
            .iter()
            .map(|name| ((*name).to_owned(), form.text(name).to_owned()))
            .collect();
        Self {
            values,
            problems: Vec::new(),
        }
    }

    /// Keeps the value of one more field.
    pub fn keep(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// Notes what is wrong with `field`.
    pub fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem {
            field: Some(field.into()),
            message: message.into(),
        });
    }

    /// Notes what is wrong with the form as a whole.
    pub fn refuse_all(&mut self, message: impl Into<String>) {
        self.problems.push(Problem {
            field: None,
            message: message.into(),
        });
    }

    /// This state with one more problem of `field`.
    #[must_use]
    pub fn refused(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.refuse(field, message);
        self
    }

    /// This state with one more problem of the whole form.
    #[must_use]
    pub fn refused_all(mut self, message: impl Into<String>) -> Self {
        self.refuse_all(message);
        self
    }

    /// True when nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.problems.is_empty()
    }

    /// What was typed into a field, if the form has been sent at all.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// What is wrong with a field.
    pub fn problem(&self, name: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|problem| problem.field.as_deref() == Some(name))
            .map(|problem| problem.message.as_str())
    }

    /// The field whose problem is the only one: the page says it there and nowhere else.
    pub fn only_field(&self) -> Option<&str> {
        match self.problems.as_slice() {
            [only] => only.field.as_deref(),
            _ => None,
        }
    }

    /// Everything that is wrong, in order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// The pairs of a query string.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string without its `?`.
    pub fn parse(text: &str) -> Self {
        Self(
            url::form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of `name`, trimmed, when it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// An address: `path` with the given pairs as its query; empty values are left out.
    pub fn address(path: impl fmt::Display, pairs: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() {
            path.to_string()
        } else {
            format!("{path}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_never_printed() {
        let form = Form::parse(b"name=+GitHub+&secret=s3%26cret+&config.region=eu&config.empty=&on");
        assert_eq!(form.text("name"), "GitHub");
        assert_eq!(form.secret("secret").expose(), "s3&cret ");
        assert_eq!(
            form.group("config."),
            BTreeMap::from([("region".to_owned(), "eu".to_owned())])
        );
        assert!(form.has("on"));
        assert!(!format!("{form:?}").contains("s3"));
    }

    #[test]
    fn what_no_database_takes_is_not_in_a_form() {
        let form = Form::parse(b"name=a%00b&secret=%00");
        assert_eq!(form.text("name"), "a\u{fffd}b");
        assert_eq!(form.secret("secret").expose(), "\u{fffd}");
    }

    #[test]
    fn a_problem_stands_alone_when_it_is_the_only_one_and_a_fields() {
        let one = FormState::default().refused("name", "is needed");
        assert_eq!(one.only_field(), Some("name"));
        assert_eq!(one.refused("email", "is needed").only_field(), None);
        assert_eq!(FormState::default().refused_all("not now").only_field(), None);
        assert_eq!(FormState::default().only_field(), None);
    }

    #[test]
    fn an_address_leaves_out_what_is_empty() {
        assert_eq!(
            Query::address("/app/dev/connections", &[("q", "a b&c"), ("status", "")]),
            "/app/dev/connections?q=a+b%26c"
        );
        assert_eq!(Query::address("/app", &[]), "/app");
    }
}
