//! Reading a mapping key by key, and complaining about what is left over.

use std::cell::RefCell;

use serde_json::Value;

use super::{Data, Entry, Node, Place, Problem};

/// Everything found wrong so far.
#[derive(Default)]
pub(crate) struct Report(RefCell<Vec<Problem>>);

impl Report {
    pub(crate) fn add(&self, place: &Place, key: &str, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// A mapping being read. Ask for keys, then [`Section::finish`]: what nobody asked for is a mistake.
pub(crate) struct Section<'a> {
    entries: &'a [Entry],
    place: &'a Place,
    path: String,
    asked: RefCell<Vec<&'static str>>,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// `None`, and a complaint, when the node is no mapping.
    pub(crate) fn of(node: &'a Node, path: &str, report: &'a Report) -> Option<Section<'a>> {
        match &node.data {
            Data::Map(entries) => Some(Section {
                entries,
                place: &node.place,
                path: path.to_owned(),
                asked: RefCell::default(),
                report,
            }),
            _ => {
                report.add(&node.place, path, "expected a mapping of keys to values");
                None
            }
        }
    }

    pub(crate) fn report(&self) -> &'a Report {
        self.report
    }

    /// All entries, for mappings whose keys are free.
    pub(crate) fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// The dotted path of a key of this section.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(crate) fn complain(&self, key: &str, message: impl Into<String>) {
        let place = self
            .entries
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.place, |entry| &entry.node.place);
        self.report.add(place, &self.path_of(key), message);
    }

    /// The value of a key; null counts as absent.
    pub(crate) fn take(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.node.data, Data::Scalar(Value::Null))).then_some(&entry.node)
    }

    pub(crate) fn require(&self, key: &'static str) -> Option<&'a Node> {
        let found = self.take(key);
        if found.is_none() {
            self.report
                .add(self.place, &self.path, format!("`{key}` is missing"));
        }
        found
    }

    /// Non-empty text; numbers are taken as they print.
    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        let node = self.take(key)?;
        match &node.data {
            Data::Scalar(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Data::Scalar(Value::Number(number)) => Some(number.to_string()),
            _ => {
                self.complain(key, "expected text");
                None
            }
        }
    }

    /// Text as it is, also empty.
    pub(crate) fn raw_text(&self, key: &'static str) -> Option<String> {
        let node = self.take(key)?;
        match &node.data {
            Data::Scalar(Value::String(text)) => Some(text.clone()),
            Data::Scalar(scalar @ (Value::Number(_) | Value::Bool(_))) => Some(scalar.to_string()),
            _ => {
                self.complain(key, "expected text");
                None
            }
        }
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let node = self.take(key)?;
        if let Data::Scalar(Value::Bool(flag)) = &node.data {
            return Some(*flag);
        }
        self.complain(key, "expected true or false");
        None
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<u64> {
        let node = self.take(key)?;
        if let Data::Scalar(Value::Number(number)) = &node.data
            && let Some(number) = number.as_u64()
        {
            return Some(number);
        }
        self.complain(key, "expected a whole number");
        None
    }

    /// A list of texts; empty when the key is absent.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let Data::List(items) = &node.data else {
            self.complain(key, "expected a list");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| match &item.data {
                Data::Scalar(Value::String(text)) if !text.is_empty() => Some(text.clone()),
                Data::Scalar(Value::Number(number)) => Some(number.to_string()),
                _ => {
                    self.report.add(&item.place, &self.path_of(key), "expected text");
                    None
                }
            })
            .collect()
    }

    /// A mapping below this one.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        Section::of(self.take(key)?, &self.path_of(key), self.report)
    }

    /// One word of a closed set.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let found = choices
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, value)| *value);
        if found.is_none() {
            let known = choices
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ");
            self.complain(key, format!("`{word}` is not one of {known}"));
        }
        found
    }

    /// Marks keys of a later version: named, refused, and not called unknown.
    pub(crate) fn not_yet(&self, keys: &[&'static str]) {
        for key in keys {
            if self.take(key).is_some() {
                self.complain(key, "this version does not support this key yet");
            }
        }
    }

    /// Complains about every key nobody asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for entry in self
            .entries
            .iter()
            .filter(|entry| !asked.contains(&entry.key.as_str()))
        {
            let nearest = nearest(&entry.key, asked.iter().copied());
            let hint = nearest
                .map(|key| format!(", did you mean `{key}`?"))
                .unwrap_or_default();
            let message = format!("there is no key `{}` here{hint}", entry.key);
            self.report.add(&entry.place, &self.path, message);
        }
    }
}

/// The known word a typo was most likely meant to be.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(candidate, word), candidate))
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 3))
        .min()
        .map(|(_, candidate)| candidate)
}
