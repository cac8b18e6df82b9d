use serde_json::{Map, Value};

use super::Pattern;
use crate::document::{Data, Section};

/// What a value has to look like, beside its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A DNS name of one or more labels.
    Hostname,
    /// An absolute http or https address.
    Uri,
    /// A UUID in its usual spelling.
    Uuid,
    /// An e-mail address, roughly.
    Email,
}

impl Format {
    const NAMES: [(&'static str, Format); 4] = [
        ("hostname", Format::Hostname),
        ("uri", Format::Uri),
        ("uuid", Format::Uuid),
        ("email", Format::Email),
    ];

    /// The name in provider files and on the wire.
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|entry| entry.1 == self)
            .map_or("", |entry| entry.0)
    }
}

/// One input of a form: of the person who connects, or of the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Label. The name, made readable, when the file gives none.
    pub title: String,
    /// Help text below the input.
    pub description: Option<String>,
    /// Placeholder of the input.
    pub example: Option<String>,
    /// What the value has to match.
    pub pattern: Option<Pattern>,
    /// What the value has to be.
    pub format: Option<Format>,
    /// The only values allowed, when there are any.
    pub allowed: Vec<String>,
    /// Initial value; with `hidden`, the only one.
    pub default_value: Option<String>,
    /// Not shown.
    pub hidden: bool,
    /// Text shown before the input, no part of the value.
    pub prefix: Option<String>,
    /// Text shown after the input, no part of the value.
    pub suffix: Option<String>,
    /// Place in the form; fields with a number come first.
    pub order: Option<u64>,
    /// Has to be given. On the wire this is the absence of `optional`.
    pub required: bool,
    /// Masked in forms, sealed in the database, never listed.
    pub secret: bool,
    /// Filled by the provider's answers or by the customer's backend, never by a person.
    pub automated: bool,
    /// Anchor in the provider's `docs_connect` page.
    pub doc_section: Option<String>,
}

/// The inputs of one form, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    entries: Vec<(String, Field)>,
    additional: bool,
}

impl Fields {
    /// The field of a name.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.entries
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, field)| field)
    }

    /// Names and fields in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.entries.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// Names and fields a person sees, those with an `order` first.
    pub fn visible(&self) -> Vec<(&str, &Field)> {
        let mut shown: Vec<_> = self
            .iter()
            .filter(|(_, field)| !field.hidden && !field.automated)
            .collect();
        shown.sort_by_key(|(_, field)| field.order.unwrap_or(u64::MAX));
        shown
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether names that are not declared are accepted too.
    pub fn additional(&self) -> bool {
        self.additional
    }

    /// The values given, with the default of every field that was left out or empty.
    pub fn with_defaults(&self, given: &Map<String, Value>) -> Map<String, Value> {
        let mut values = given.clone();
        for (name, field) in self.iter() {
            let empty = values
                .get(name)
                .is_none_or(|value| value.is_null() || value.as_str() == Some(""));
            if let (true, Some(default)) = (empty, &field.default_value) {
                values.insert(name.to_owned(), Value::String(default.clone()));
            }
        }
        values
    }

    pub(super) fn read(section: &Section<'_>, secret_by_default: bool, strict: bool) -> Fields {
        let mut fields = Fields::default();
        for entry in section.entries() {
            let path = section.path_of(&entry.key);
            if entry.key == "additional"
                && let Data::Scalar(Value::Bool(flag)) = entry.node.data
            {
                fields.additional = flag;
                continue;
            }
            let named = !entry.key.is_empty()
                && entry.key.len() <= 100
                && entry
                    .key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
            if !named {
                section.report().add(
                    &entry.place,
                    &path,
                    "a field's name has letters, digits, `_`, `-` and `.`",
                );
            }
            let Some(field) = Section::of(&entry.node, &path, section.report()) else {
                continue;
            };
            fields.entries.push((
                entry.key.clone(),
                Field::read(field, &entry.key, secret_by_default, strict),
            ));
        }
        fields
    }

    pub(super) fn ensure(&mut self, name: &str, field: Field) {
        if self.get(name).is_none() {
            self.entries.push((name.to_owned(), field));
        }
    }
}

impl Field {
    fn read(section: Section<'_>, name: &str, secret_by_default: bool, strict: bool) -> Field {
        let automated = section.flag("automated").unwrap_or(false);
        let hidden = section.flag("hidden").unwrap_or(false);
        let secret = section.flag("secret");
        if strict && secret.is_none() {
            section.complain("secret", "say `secret: true` or `secret: false`");
        }
        let pattern = section
            .text("pattern")
            .and_then(|source| match Pattern::parse(&source) {
                Ok(pattern) => Some(pattern),
                Err(reason) => {
                    section.complain("pattern", reason);
                    None
                }
            });
        let field = Field {
            title: section.text("title").unwrap_or_else(|| readable(name)),
            description: section.text("description"),
            example: section.text("example"),
            pattern,
            format: section.choice("format", &Format::NAMES),
            allowed: section.texts("enum"),
            default_value: section.raw_text("default_value"),
            hidden,
            prefix: section.text("prefix"),
            suffix: section.text("suffix"),
            order: section.number("order"),
            required: section.flag("required").unwrap_or(!automated && !hidden),
            secret: secret.unwrap_or(secret_by_default),
            automated,
            doc_section: section.text("doc_section"),
        };
        if let Some(default) = field
            .default_value
            .as_deref()
            .filter(|default| !default.is_empty())
            && let Err(reason) = field.check(default)
        {
            section.complain("default_value", reason);
        }
        section.finish();
        field
    }

    /// A field with nothing but a label.
    pub fn plain(title: &str, secret: bool, required: bool) -> Field {
        Field {
            title: title.to_owned(),
            description: None,
            example: None,
            pattern: None,
            format: None,
            allowed: Vec::new(),
            default_value: None,
            hidden: false,
            prefix: None,
            suffix: None,
            order: None,
            required,
            secret,
            automated: false,
            doc_section: None,
        }
    }

    /// Whether a value that is there has the declared form. The reason, for people, never repeats the value.
    ///
    /// # Errors
    /// The reason.
    pub fn check(&self, value: &str) -> Result<(), String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == value) {
            return Err(format!("must be one of {}", self.allowed.join(", ")));
        }
        if let Some(format) = self.format
            && !format.accepts(value)
        {
            return Err(match format {
                Format::Hostname => "must be a host name, such as app.example.com".to_owned(),
                Format::Uri => "must be an address that begins with https://".to_owned(),
                Format::Uuid => "must be a UUID".to_owned(),
                Format::Email => "must be an e-mail address".to_owned(),
            });
        }
        if self.missed_pattern(value).is_some() {
            return Err(match &self.example {
                Some(example) => format!("does not look right; it should look like {example}"),
                None => "does not look right".to_owned(),
            });
        }
        Ok(())
    }

    /// The pattern, where a value misses it.
    pub fn missed_pattern(&self, value: &str) -> Option<&str> {
        let pattern = self.pattern.as_ref().filter(|pattern| !pattern.is_match(value))?;
        Some(pattern.as_str())
    }
}

impl Format {
    fn accepts(self, value: &str) -> bool {
        match self {
            Format::Hostname => {
                value.len() <= 253
                    && value.split('.').all(|label| {
                        (1..=63).contains(&label.len())
                            && label
                                .bytes()
                                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                            && !label.starts_with('-')
                            && !label.ends_with('-')
                    })
            }
            Format::Uri => {
                !value.contains(|c: char| c.is_whitespace() || c.is_control())
                    && url::Url::parse(value).is_ok_and(|url| {
                        matches!(url.scheme(), "https" | "http")
                            && url.host_str().is_some_and(|host| !host.is_empty())
                    })
            }
            Format::Uuid => {
                value.len() == 36
                    && value.bytes().enumerate().all(|(index, byte)| match index {
                        8 | 13 | 18 | 23 => byte == b'-',
                        _ => byte.is_ascii_hexdigit(),
                    })
            }
            Format::Email => value.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty()
                    && host.contains('.')
                    && !host.contains('@')
                    && !value.contains(|c: char| c.is_whitespace() || c.is_control())
            }),
        }
    }
}

fn readable(name: &str) -> String {
    let mut text = name.replace(['_', '-', '.'], " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
