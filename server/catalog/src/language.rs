//! Languages in which fields of providers are titled and described.
//!
//! Provider files are written in English. `translations/<tag>.json` has, for each other language, every title and
//! description of their fields by its English text; a text that is not there, as of an operator's own provider file,
//! stays as it is.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// A language of the catalogue's texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// As provider files are written.
    #[default]
    English,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// German.
    German,
    /// Japanese.
    Japanese,
}

type Texts = HashMap<String, String>;

static SPANISH: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../translations/es.json")));
static FRENCH: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../translations/fr.json")));
static GERMAN: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../translations/de.json")));
static JAPANESE: LazyLock<Texts> = LazyLock::new(|| read(include_str!("../translations/ja.json")));

fn read(text: &str) -> Texts {
    serde_json::from_str(text).expect("a test reads every translation")
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 5] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Japanese,
    ];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Japanese => "ja",
        }
    }

    /// The one that an `Accept-Language` header asks for most (RFC 9110 section 12.5.4); English when it asks for
    /// none of them.
    pub fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0.0);
        for range in header.split(',') {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let quality = match parameters.trim().to_ascii_lowercase().strip_prefix("q=") {
                Some(text) => text.trim().parse().unwrap_or(0.0),
                None => 1.0,
            };
            let primary = tag
                .trim()
                .split('-')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let found = Self::ALL.into_iter().find(|language| language.tag() == primary);
            let found = found.or((primary == "*").then_some(Self::English));
            if let Some(language) = found
                && quality > best.1
                && quality <= 1.0
            {
                best = (language, quality);
            }
        }
        best.0
    }

    /// A title or a description of a provider's field in this language; as it is when no translation knows it.
    pub fn say(self, english: &str) -> String {
        let translated = self.texts().and_then(|texts| texts.get(english));
        translated.map_or_else(|| english.to_owned(), Clone::clone)
    }

    fn texts(self) -> Option<&'static Texts> {
        match self {
            Self::English => None,
            Self::Spanish => Some(&SPANISH),
            Self::French => Some(&FRENCH),
            Self::German => Some(&GERMAN),
            Self::Japanese => Some(&JAPANESE),
        }
    }

    /// Titles and descriptions of the fields in an entry of the wire, in this language.
    pub(crate) fn localize(self, entry: &mut Map<String, Value>) {
        let Some(texts) = self.texts() else { return };
        for section in ["connection_config", "integration_config", "credentials"] {
            let fields = entry.get_mut(section).and_then(Value::as_object_mut);
            for field in fields.into_iter().flat_map(Map::values_mut) {
                for name in ["title", "description"] {
                    let Some(Value::String(text)) = field.get_mut(name) else {
                        continue;
                    };
                    if let Some(translated) = texts.get(text) {
                        text.clone_from(translated);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;
    use crate::{Catalogue, wire};

    #[test]
    fn the_language_that_is_wanted_most_is_chosen() {
        use Language::{English, French, German, Japanese, Spanish};
        let table = [
            ("", English),
            ("de", German),
            ("DE-ch", German),
            ("fr-CA, en;q=0.8", French),
            ("it, es;q=0.5, de;q=0.4", Spanish),
            ("en;q=0.3, fr;q=0.9", French),
            ("de;q=0", English),
            ("*", English),
            ("it, *;q=0.1", English),
            ("ja-JP, en;q=0.9", Japanese),
            ("de, fr", German),
            ("fr;q=nonsense, de;q=0.1", German),
            ("de;q=7", English),
            (";;;,,q=1", English),
        ];
        for (header, wanted) in table {
            assert_eq!(Language::accepted(header), wanted, "{header}");
        }
    }

    #[test]
    fn every_text_of_a_field_is_translated_and_nothing_else_is() {
        let catalogue = Catalogue::load(None).unwrap();
        let mut used = BTreeSet::new();
        for provider in catalogue.list() {
            let entry = wire::body(provider);
            for section in ["connection_config", "integration_config", "credentials"] {
                let fields = entry.get(section).and_then(Value::as_object);
                for field in fields.into_iter().flat_map(Map::values) {
                    used.extend(
                        ["title", "description"].map(|name| field[name].as_str().unwrap().to_owned()),
                    );
                }
            }
        }
        used.remove("");
        let translations = Language::ALL.into_iter().skip(1);
        for language in translations {
            let translated: BTreeSet<String> = language.texts().unwrap().keys().cloned().collect();
            let missing: Vec<_> = used.difference(&translated).collect();
            let unknown: Vec<_> = translated.difference(&used).collect();
            let tag = language.tag();
            assert!(missing.is_empty(), "translations/{tag}.json lacks {missing:#?}");
            assert!(
                unknown.is_empty(),
                "translations/{tag}.json knows what no provider has: {unknown:#?}"
            );
            assert!(
                language
                    .texts()
                    .unwrap()
                    .values()
                    .all(|text| !text.trim().is_empty())
            );
        }
    }
}
