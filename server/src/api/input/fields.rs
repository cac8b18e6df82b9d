use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_model::{EndUser, Issue, IssueCode, KeyError, Organization, Tags, WireId};

use super::query::quoted;

/// How many characters a text may have.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

impl Length {
    /// From 1 to `most`.
    pub const fn to(most: usize) -> Self {
        Self { least: 1, most }
    }

    /// From 0 to `most`.
    pub const fn maybe_empty(most: usize) -> Self {
        Self { least: 0, most }
    }
}

/// Reads the fields of a JSON object, collects everything that is wrong, with paths from the root.
///
/// A field that is absent and a field that is `null` differ: optional means absent.
pub struct Fields<'v, 'i> {
    values: &'v Map<String, Value>,
    path: Vec<String>,
    known: Vec<&'static str>,
    issues: &'i mut Vec<Issue>,
}

/// Reads `value`, which must be an object, as `read` says. `read` returns `None` when it reported an issue.
///
/// # Errors
/// Every issue that was found.
pub fn read_object<'v, T>(
    value: &'v Value,
    read: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>,
) -> Result<T, Vec<Issue>> {
    let mut issues = Vec::new();
    let found = match value.as_object() {
        Some(values) => read(&mut Fields {
            values,
            path: Vec::new(),
            known: Vec::new(),
            issues: &mut issues,
        }),
        None => {
            issues.push(Issue::at(
                [""; 0],
                IssueCode::InvalidType,
                "the body must be a JSON object",
            ));
            None
        }
    };
    match found {
        Some(found) if issues.is_empty() => Ok(found),
        _ => Err(issues),
    }
}

/// What a JSON value is, for messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl<'v> Fields<'v, '_> {
    /// The value of `name`, whatever it is; from now on the name is known.
    pub fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.values.get(name)
    }

    /// True when the field is there, be it `null`.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Writes down an issue at `tail` below this object.
    pub fn complain(&mut self, tail: &[&str], code: IssueCode, message: impl Into<String>) {
        let path = self.path.iter().map(String::as_str).chain(tail.iter().copied());
        self.issues.push(Issue::at(path, code, message));
    }

    /// Takes over issues whose paths begin at `tail` below this object.
    pub fn complain_all(&mut self, tail: &[&str], issues: Vec<Issue>) {
        for mut issue in issues {
            let head = self
                .path
                .iter()
                .cloned()
                .chain(tail.iter().map(|part| (*part).to_owned()));
            issue.path = head.chain(issue.path).collect();
            self.issues.push(issue);
        }
    }

    fn wrong_type(&mut self, tail: &[&str], wanted: &str, value: Option<&Value>) {
        match value {
            Some(value) => {
                self.complain(
                    tail,
                    IssueCode::InvalidType,
                    format!("must be {wanted}, not {}", kind(value)),
                );
            }
            None => self.complain(
                tail,
                IssueCode::InvalidType,
                format!("is required and must be {wanted}"),
            ),
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &'static str, length: Length) -> Option<&'v str> {
        let value = self.value(name);
        self.text_of(&[name], value, length)
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, name: &'static str, length: Length) -> Option<&'v str> {
        let value = self.value(name)?;
        self.text_of(&[name], Some(value), length)
    }

    /// `value` as a text of the right length; its issues are at `tail`.
    pub fn text_of(&mut self, tail: &[&str], value: Option<&'v Value>, length: Length) -> Option<&'v str> {
        let Some(Value::String(text)) = value else {
            self.wrong_type(tail, "a string", value);
            return None;
        };
        let count = text.chars().count();
        if count < length.least {
            let message = match length.least {
                1 => "may not be empty".to_owned(),
                least => format!("has at least {least} characters"),
            };
            self.complain(tail, IssueCode::TooSmall, message);
            return None;
        }
        if count > length.most {
            self.complain(
                tail,
                IssueCode::TooBig,
                format!("has at most {} characters", length.most),
            );
            return None;
        }
        // PostgreSQL stores none, and then it is too late: an end user may have consented meanwhile.
        if text.contains('\0') {
            self.complain(tail, IssueCode::InvalidFormat, "may not hold a NUL character");
            return None;
        }
        Some(text)
    }

    /// A name (key of an integration, id of a connection, …) that must be there.
    pub fn name<T>(&mut self, name: &'static str, parse: fn(&str) -> Result<T, KeyError>) -> Option<T> {
        let value = self.value(name);
        self.name_of(&[name], value, parse)
    }

    /// As [`Fields::name`], but it may be absent.
    pub fn optional_name<T>(
        &mut self,
        name: &'static str,
        parse: fn(&str) -> Result<T, KeyError>,
    ) -> Option<T> {
        let value = self.value(name)?;
        self.name_of(&[name], Some(value), parse)
    }

    /// `value` as a name; its issues are at `tail`.
    pub fn name_of<T>(
        &mut self,
        tail: &[&str],
        value: Option<&'v Value>,
        parse: fn(&str) -> Result<T, KeyError>,
    ) -> Option<T> {
        let text = self.text_of(tail, value, Length::to(255))?;
        match parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.complain(tail, IssueCode::InvalidFormat, error.to_string());
                None
            }
        }
    }

    /// An integer id, which must be there and above zero.
    pub fn wire_id(&mut self, name: &'static str) -> Option<WireId> {
        let value = self.value(name);
        let Some(number) = value.and_then(Value::as_i64) else {
            self.wrong_type(&[name], "an integer", value);
            return None;
        };
        if number < 1 {
            self.complain(&[name], IssueCode::TooSmall, "must be above zero");
            return None;
        }
        Some(WireId(number))
    }

    /// `true` or `false`, which may be absent.
    pub fn optional_flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.value(name)?;
        if value.as_bool().is_none() {
            self.wrong_type(&[name], "a boolean", Some(value));
        }
        value.as_bool()
    }

    /// Any object, which must be there.
    pub fn object(&mut self, name: &'static str) -> Option<&'v Map<String, Value>> {
        let value = self.value(name);
        let found = value.and_then(Value::as_object);
        if found.is_none() {
            self.wrong_type(&[name], "an object", value);
        }
        found
    }

    /// An object read by `read`, which may be absent.
    pub fn optional_nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(name)?;
        self.nested_of(&[name], value, read)
    }

    /// `value` as an object read by `read`; its issues are at `tail`.
    pub fn nested_of<T>(
        &mut self,
        tail: &[&str],
        value: &'v Value,
        read: impl FnOnce(&mut Fields<'v, '_>) -> Option<T>,
    ) -> Option<T> {
        let Some(values) = value.as_object() else {
            self.wrong_type(tail, "an object", Some(value));
            return None;
        };
        let path = self
            .path
            .iter()
            .cloned()
            .chain(tail.iter().map(|part| (*part).to_owned()))
            .collect();
        read(&mut Fields {
            values,
            path,
            known: Vec::new(),
            issues: self.issues,
        })
    }

    /// The items of an array, which may be absent.
    pub fn optional_array(&mut self, name: &'static str) -> Option<&'v [Value]> {
        let value = self.value(name)?;
        if value.as_array().is_none() {
            self.wrong_type(&[name], "an array", Some(value));
        }
        value.as_array().map(Vec::as_slice)
    }

    /// The entries of an object with free keys, which may be absent.
    pub fn optional_map(&mut self, name: &'static str) -> Option<&'v Map<String, Value>> {
        let value = self.value(name)?;
        if value.as_object().is_none() {
            self.wrong_type(&[name], "an object", Some(value));
        }
        value.as_object()
    }

    /// An object of texts, which may be absent.
    pub fn optional_texts(&mut self, name: &'static str, length: Length) -> Option<BTreeMap<String, String>> {
        let entries = self.optional_map(name)?;
        let mut texts = BTreeMap::new();
        for (key, value) in entries {
            if let Some(text) = self.text_of(&[name, key.as_str()], Some(value), length) {
                texts.insert(key.clone(), text.to_owned());
            }
        }
        Some(texts)
    }

    /// TagMap (rest.md 1.5), which may be absent.
    pub fn optional_tags(&mut self, name: &'static str) -> Option<Tags> {
        let entries = self.optional_map(name)?;
        let mut pairs = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match value.as_str() {
                Some(text) => pairs.push((key.as_str(), text)),
                None => self.wrong_type(&[name, key.as_str()], "a string", Some(value)),
            }
        }
        match Tags::parse(pairs) {
            Ok(tags) => Some(tags),
            Err(issues) => {
                self.complain_all(&[name], issues);
                None
            }
        }
    }

    /// EndUser (rest.md 1.5), which may be absent.
    pub fn optional_end_user(&mut self, name: &'static str) -> Option<EndUser> {
        self.optional_nested(name, end_user)
    }

    /// EndUser, which must be there.
    pub fn end_user(&mut self, name: &'static str) -> Option<EndUser> {
        match self.value(name) {
            Some(value) => self.nested_of(&[name], value, end_user),
            None => {
                self.wrong_type(&[name], "an object", None);
                None
            }
        }
    }

    /// Organization (rest.md 1.5), which may be absent.
    pub fn optional_organization(&mut self, name: &'static str) -> Option<Organization> {
        self.optional_nested(name, |fields| {
            let id = fields.text("id", Length::maybe_empty(255));
            let display_name = fields.optional_text("display_name", Length::maybe_empty(255));
            fields.strict();
            Some(Organization {
                id: id?.to_owned(),
                display_name: display_name.map(str::to_owned),
            })
        })
    }

    /// Names every field that nothing has read, in one issue.
    pub fn strict(&mut self) {
        let unknown: Vec<&str> = self
            .values
            .keys()
            .map(String::as_str)
            .filter(|name| !self.known.contains(name))
            .collect();
        if !unknown.is_empty() {
            let message = format!("this object does not know {}", quoted(&unknown));
            self.complain(&[], IssueCode::UnrecognizedKeys, message);
        }
    }
}

fn end_user(fields: &mut Fields<'_, '_>) -> Option<EndUser> {
    let id = fields.text("id", Length::to(255));
    let email = fields.optional_text("email", Length { least: 5, most: 255 });
    if email.is_some_and(|email| !EndUser::is_email(email)) {
        fields.complain(&["email"], IssueCode::InvalidFormat, "must be an e-mail address");
    }
    let display_name = fields.optional_text("display_name", Length::maybe_empty(255));
    let tags = end_user_tags(fields);
    fields.strict();
    Some(EndUser {
        id: id?.to_owned(),
        email: email.map(str::to_owned),
        display_name: display_name.map(str::to_owned),
        tags,
    })
}

/// EndUserTags: the rules of TagMap, but values may be empty and keys keep their case.
fn end_user_tags(fields: &mut Fields<'_, '_>) -> Option<BTreeMap<String, String>> {
    let tags = fields.optional_texts("tags", Length::maybe_empty(255))?;
    let judged = tags
        .iter()
        .map(|(key, value)| (key.as_str(), if value.is_empty() { "x" } else { value.as_str() }));
    if let Err(issues) = Tags::parse(judged) {
        fields.complain_all(&["tags"], issues);
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;
    use terapi_model::IntegrationKey;

    use super::*;

    fn issues<T>(result: Result<T, Vec<Issue>>) -> Vec<(IssueCode, String)> {
        result
            .err()
            .unwrap()
            .into_iter()
            .map(|issue| (issue.code, issue.path.join(".")))
            .collect()
    }

    fn read(value: &Value) -> Result<(), Vec<Issue>> {
        read_object(value, |fields| {
            fields.text("text", Length::to(3));
            fields.optional_text("maybe", Length::maybe_empty(3));
            fields.optional_name("key", IntegrationKey::parse);
            fields.optional_flag("flag");
            fields.optional_end_user("end_user");
            fields.optional_tags("tags");
            if fields.has("id") {
                fields.wire_id("id");
            }
            for (index, item) in fields
                .optional_array("list")
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                fields.name_of(&["list", &index.to_string()], Some(item), IntegrationKey::parse);
            }
            fields.strict();
            Some(())
        })
    }

    #[test]
    fn a_sound_object_passes() {
        let value = json!({
            "text": "abc", "maybe": "", "key": "git hub", "flag": false, "list": ["a", "b"],
            "tags": {"Plan": "pro"},
            "end_user": {"id": "u", "email": "a@b.co", "display_name": "", "tags": {"A": "", "b": "x"}},
        });
        assert_eq!(read(&value), Ok(()));
    }

    #[test]
    fn every_broken_rule_is_named_with_its_path() {
        use IssueCode::{InvalidFormat, InvalidKey, InvalidType, TooBig, TooSmall, UnrecognizedKeys};
        let table = [
            (json!({}), vec![(InvalidType, "text")]),
            (json!({"text": null}), vec![(InvalidType, "text")]),
            (json!({"text": 7}), vec![(InvalidType, "text")]),
            (json!({"text": ""}), vec![(TooSmall, "text")]),
            (json!({"text": "abcd"}), vec![(TooBig, "text")]),
            (json!({"text": "a\u{0}"}), vec![(InvalidFormat, "text")]),
            (
                json!({"text": "a", "tags": {"a": "\u{0}"}}),
                vec![(InvalidFormat, "tags.a")],
            ),
            (json!({"text": "a", "maybe": null}), vec![(InvalidType, "maybe")]),
            (json!({"text": "a", "key": "a/b"}), vec![(InvalidFormat, "key")]),
            (json!({"text": "a", "flag": "true"}), vec![(InvalidType, "flag")]),
            (json!({"text": "a", "id": 0}), vec![(TooSmall, "id")]),
            (json!({"text": "a", "id": 1.5}), vec![(InvalidType, "id")]),
            (json!({"text": "a", "id": "1"}), vec![(InvalidType, "id")]),
            (json!({"text": "a", "list": {}}), vec![(InvalidType, "list")]),
            (
                json!({"text": "a", "list": ["a", 1, "?"]}),
                vec![(InvalidType, "list.1"), (InvalidFormat, "list.2")],
            ),
            (
                json!({"text": "a", "tags": {"1": "a"}}),
                vec![(InvalidKey, "tags.1")],
            ),
            (
                json!({"text": "a", "tags": {"a": 1}}),
                vec![(InvalidType, "tags.a")],
            ),
            (
                json!({"text": "a", "end_user": {}}),
                vec![(InvalidType, "end_user.id")],
            ),
            (
                json!({"text": "a", "end_user": {"id": "u", "email": "nobody"}}),
                vec![(InvalidFormat, "end_user.email")],
            ),
            (
                json!({"text": "a", "end_user": {"id": "u", "x": 1}}),
                vec![(UnrecognizedKeys, "end_user")],
            ),
            (
                json!({"x": 1, "y": 2, "flag": 0}),
                vec![
                    (InvalidType, "text"),
                    (InvalidType, "flag"),
                    (UnrecognizedKeys, ""),
                ],
            ),
            (json!([]), vec![(InvalidType, "")]),
        ];
        for (value, wanted) in table {
            let wanted: Vec<(IssueCode, String)> = wanted
                .into_iter()
                .map(|(code, path)| (code, path.to_owned()))
                .collect();
            assert_eq!(issues(read(&value)), wanted, "{value}");
        }
    }
}
