//! YAML as a tree that remembers where everything stood.
//!
//! Provider files are read from this tree by hand instead of by derive: which keys `auth` may have depends on its
//! mode, files extend one another, and every complaint names file, line and the nearest known key.

mod section;

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

pub(crate) use section::{Report, Section, nearest};

/// Something wrong in a provider file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the file.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Dotted path of the key, empty when the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) data: Data,
    pub(crate) place: Place,
}

/// Where a value stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Null, boolean, number or text.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Node {
    /// Reads one YAML document whose root is a mapping.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Node, Problem> {
        let file: Arc<str> = Arc::from(file);
        let raw: Spanned<Raw> = serde_saphyr::from_str(text).map_err(|error| {
            let location = error.location();
            Problem {
                file: file.to_string(),
                line: location.map_or(0, |at| at.line() as usize),
                column: location.map_or(0, |at| at.column() as usize),
                key: String::new(),
                message: UserMessageFormatter
                    .format_message(error.without_snippet())
                    .into_owned(),
            }
        })?;
        Ok(raw_to_node(raw, &file))
    }

    /// Merges `over` onto this: mappings key by key, everything else replaced, null removes what was inherited.
    pub(crate) fn merge(self, over: Node) -> Node {
        match (self.data, over.data) {
            (Data::Map(mut base), Data::Map(entries)) => {
                for entry in entries {
                    let removed = matches!(entry.node.data, Data::Scalar(Value::Null));
                    let at = base.iter().position(|known| known.key == entry.key);
                    match at {
                        Some(at) if removed => drop(base.remove(at)),
                        Some(at) => {
                            let before = std::mem::replace(&mut base[at].node, entry.node.clone());
                            base[at].node = before.merge(entry.node);
                            base[at].place = entry.place;
                        }
                        None if removed => {}
                        None => base.push(entry),
                    }
                }
                Node {
                    data: Data::Map(base),
                    place: over.place,
                }
            }
            (_, data) => Node {
                data,
                place: over.place,
            },
        }
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.node),
            _ => None,
        }
    }

    /// Takes a key out of a mapping.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Data::Map(entries) = &mut self.data {
            entries.retain(|entry| entry.key != key);
        }
    }

    /// The text, when this is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The same data as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }
}

enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn place<T>(spanned: &Spanned<T>, file: &Arc<str>) -> Place {
    Place {
        file: Arc::clone(file),
        line: spanned.referenced.line() as usize,
        column: spanned.referenced.column() as usize,
    }
}

fn raw_to_node(raw: Spanned<Raw>, file: &Arc<str>) -> Node {
    let place_of_node = place(&raw, file);
    let data = match raw.value {
        Raw::Scalar(value) => Data::Scalar(value),
        Raw::List(items) => Data::List(items.into_iter().map(|item| raw_to_node(item, file)).collect()),
        Raw::Map(entries) => Data::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    place: place(&key, file),
                    key: key.value,
                    node: raw_to_node(value, file),
                })
                .collect(),
        ),
    };
    Node {
        data,
        place: place_of_node,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;

        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::Bool(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::Number(value.into())))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::Number(value.into())))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
                Ok(Raw::Scalar(
                    Number::from_f64(value).map_or(Value::Null, Value::Number),
                ))
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::String(value.to_owned())))
            }

            fn visit_string<E>(self, value: String) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::String(value)))
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Scalar(Value::Null))
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
                Raw::deserialize(deserializer)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Raw::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Raw::Map(map))
            }
        }

        deserializer.deserialize_any(RawVisitor)
    }
}
