use serde_json::{Map, Value};

use super::auth::path_in;
use crate::document::Section;
use crate::template::{Path, text};

/// What of the provider's answers is copied into the connection's config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep {
    /// Paths in the token response. A nested one is stored under its dotted name.
    pub token: Vec<Path>,
    /// Names in the callback's query.
    pub callback: Vec<Path>,
}

impl Keep {
    pub(super) fn read(section: Option<Section<'_>>) -> Keep {
        let Some(section) = section else {
            return Keep::default();
        };
        let paths = |key| {
            section
                .texts(key)
                .iter()
                .filter_map(|text| path_in(&section, key, text))
                .collect()
        };
        let keep = Keep {
            token: paths("token"),
            callback: paths("callback"),
        };
        section.finish();
        keep
    }

    /// Whether a config name is filled from an answer.
    pub fn contains(&self, name: &str) -> bool {
        self.token
            .iter()
            .chain(&self.callback)
            .any(|path| path.as_str() == name)
    }

    /// What to keep of a token response: text, numbers and booleans only.
    pub fn pick_from_token(&self, answer: &Map<String, Value>) -> Map<String, Value> {
        let found = self.token.iter().filter_map(|path| {
            let value = path.find(answer)?;
            text(value)?;
            Some((path.as_str().to_owned(), value.clone()))
        });
        found.collect()
    }

    /// What to keep of a callback's query, given as decoded pairs.
    pub fn pick_from_callback<'q>(
        &self,
        query: impl IntoIterator<Item = (&'q str, &'q str)>,
    ) -> Map<String, Value> {
        let wanted = |name: &str| self.callback.iter().any(|path| path.as_str() == name);
        query
            .into_iter()
            .filter(|(name, value)| wanted(name) && !value.is_empty())
            .map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())))
            .collect()
    }
}
