use serde_json::Value;

use super::reading::Declared;
use crate::document::{Data, Node, Section};
use crate::template::{RenderError, Scope, Template, Use, Variable};

/// What happens to an entry whose value is not set. Fixed by the kind of entry, never sent as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// The whole request fails: authorization and token parameters.
    Fail,
    /// The entry is left out: headers and query parameters of API requests.
    Omit,
}

/// Names with template values: parameters of a request, or headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    entries: Vec<Entry>,
    usage: Use,
    unset: Unset,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    /// Set when the name itself has holes: a header that the operator names.
    name_template: Option<Template>,
    param: Param,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    /// A number or boolean: keeps its type in a JSON body.
    Constant(Value),
    /// Text.
    Text(Template),
}

impl Params {
    pub(super) fn empty(usage: Use, unset: Unset) -> Params {
        Params {
            entries: Vec::new(),
            usage,
            unset,
        }
    }

    pub(super) fn read(
        section: Option<Section<'_>>,
        usage: Use,
        unset: Unset,
        declared: &Declared<'_>,
    ) -> Params {
        let mut params = Params::empty(usage, unset);
        let Some(section) = section else { return params };
        for entry in section.entries() {
            let path = section.path_of(&entry.key);
            let name_template = if entry.key.contains("${") {
                declared.template_at(&entry.place, &path, &entry.key, usage)
            } else {
                None
            };
            let plain = name_template.is_none();
            let name = if plain && usage == Use::Header {
                entry.key.to_ascii_lowercase()
            } else {
                entry.key.clone()
            };
            if plain && usage == Use::Header && !is_header_name(&name) {
                section.report().add(&entry.place, &path, "not a header name");
            }
            let param = match &entry.node.data {
                Data::Scalar(Value::String(text)) => declared
                    .template(&entry.node, &path, text, usage)
                    .map(Param::Text),
                Data::Scalar(scalar @ (Value::Number(_) | Value::Bool(_))) => {
                    Some(Param::Constant(scalar.clone()))
                }
                _ => {
                    section
                        .report()
                        .add(&entry.node.place, &path, "expected text, a number, true or false");
                    None
                }
            };
            if let Some(param) = param {
                params.entries.push(Entry {
                    name,
                    name_template,
                    param,
                });
            }
        }
        params
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names and values as parsed. A name may have holes: [`Params::render`] fills them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.entries
            .iter()
            .map(|entry| (entry.name.as_str(), &entry.param))
    }

    /// Whether there is an entry of this name. Header names are lower case.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Names and values for a form, a query or headers.
    ///
    /// # Errors
    /// A value that is not set, where [`Unset::Fail`] holds; a header name or value with forbidden characters.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Vec<(String, String)>, RenderError> {
        let rendered = self
            .entries
            .iter()
            .filter_map(|entry| match self.render_entry(entry, scope) {
                Err(RenderError::Unset(_)) if self.unset == Unset::Omit => None,
                other => Some(other),
            });
        rendered.collect()
    }

    fn render_entry(&self, entry: &Entry, scope: &Scope<'_>) -> Result<(String, String), RenderError> {
        let name = match &entry.name_template {
            None => entry.name.clone(),
            Some(template) if self.usage == Use::Header => {
                template.render_header(scope)?.to_ascii_lowercase()
            }
            Some(template) => template.render(scope)?,
        };
        if self.usage == Use::Header && !is_header_name(&name) {
            return Err(RenderError::HeaderControl);
        }
        let value = match &entry.param {
            Param::Constant(value) => value.to_string(),
            Param::Text(template) if self.usage == Use::Header => template.render_header(scope)?,
            Param::Text(template) => template.render(scope)?,
        };
        Ok((name, value))
    }

    /// Names and values as published clients know them.
    pub fn to_wire(&self) -> serde_json::Map<String, Value> {
        let entries = self.entries.iter().map(|entry| {
            let name = entry
                .name_template
                .as_ref()
                .map_or_else(|| entry.name.clone(), Template::to_wire);
            (name, entry.param.to_wire())
        });
        entries.collect()
    }

    /// Whether an entry that names a credential gets a value: then nothing has to be placed by default.
    pub(super) fn places_credentials(&self, scope: &Scope<'_>) -> bool {
        self.entries.iter().any(|entry| match &entry.param {
            Param::Text(template) => {
                template.variables().into_iter().any(Variable::is_credential)
                    && self.render_entry(entry, scope).is_ok()
            }
            Param::Constant(_) => false,
        })
    }

    /// The same as a JSON object, numbers and booleans keeping their type.
    ///
    /// # Errors
    /// As [`Params::render`].
    pub fn render_json(&self, scope: &Scope<'_>) -> Result<serde_json::Map<String, Value>, RenderError> {
        let mut object = serde_json::Map::new();
        for entry in &self.entries {
            match self.render_entry(entry, scope) {
                Ok((name, text)) => {
                    let value = match &entry.param {
                        Param::Constant(value) => value.clone(),
                        Param::Text(_) => Value::String(text),
                    };
                    object.insert(name, value);
                }
                Err(RenderError::Unset(_)) if self.unset == Unset::Omit => {}
                Err(error) => return Err(error),
            }
        }
        Ok(object)
    }
}

impl Param {
    /// The value as published clients know it.
    fn to_wire(&self) -> Value {
        match self {
            Param::Constant(value) => value.clone(),
            Param::Text(template) => Value::String(template.to_wire()),
        }
    }
}

/// RFC 9110 section 5.6.2: a token.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Text of a scalar node, for places that take a template.
pub(super) fn text_of<'n>(node: &'n Node, path: &str, section: &Section<'_>) -> Option<&'n str> {
    let text = node.as_text();
    if text.is_none() {
        section.report().add(&node.place, path, "expected text");
    }
    text
}
