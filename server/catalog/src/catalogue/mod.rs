//! All providers of an installation.

mod search;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::Problem;
use crate::assembly::{Source, assemble};
use crate::provider::Provider;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The providers Terapi knows: those built in, and those of the operator's directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    providers: Arc<BTreeMap<String, Arc<Provider>>>,
}

/// Why a catalogue could not be loaded. Names everything that is wrong, not only the first thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The directory or a file in it could not be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The directory or file.
        path: String,
        /// The operating system's reason.
        reason: String,
    },
    /// Files that are not as they should be.
    #[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
}

impl Catalogue {
    /// The built-in providers, and those of `*.yaml` files in a directory, which add to them or replace them.
    ///
    /// # Errors
    /// When the directory cannot be read, or any file is invalid: then all problems are listed.
    pub fn load(directory: Option<&Path>) -> Result<Catalogue, CatalogueError> {
        let embedded = EMBEDDED.iter().map(|(name, text)| Source {
            file: format!("{name}.yaml"),
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            strict: false,
        });
        let mut sources: Vec<Source> = embedded.collect();
        if let Some(directory) = directory {
            sources.extend(read_directory(directory)?);
        }
        Self::from_sources(sources)
    }

    /// A catalogue of nothing but these files, given as names and texts.
    ///
    /// # Errors
    /// [`CatalogueError::Invalid`].
    pub fn from_texts<'t>(
        files: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Catalogue, CatalogueError> {
        let sources = files.into_iter().map(|(name, text)| Source {
            file: format!("{name}.yaml"),
            name: name.to_owned(),
            text: text.to_owned(),
            strict: false,
        });
        Self::from_sources(sources.collect())
    }

    fn from_sources(sources: Vec<Source>) -> Result<Catalogue, CatalogueError> {
        let providers = assemble(sources).map_err(CatalogueError::Invalid)?;
        let by_name = providers
            .into_iter()
            .map(|provider| (provider.name.as_str().to_owned(), Arc::new(provider)));
        Ok(Catalogue {
            providers: Arc::new(by_name.collect()),
        })
    }

    /// The provider of an id.
    pub fn get(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.get(name)
    }

    /// All providers, by id.
    pub fn list(&self) -> impl ExactSizeIterator<Item = &Arc<Provider>> {
        self.providers.values()
    }

    /// Providers a person may mean, best first: matches id, display name, aliases and categories, and forgives a
    /// typo. Everything, by display name, when the text is empty.
    pub fn search(&self, text: &str) -> Vec<&Arc<Provider>> {
        search::search(self.list(), text)
    }
}

fn read_directory(directory: &Path) -> Result<Vec<Source>, CatalogueError> {
    let unreadable = |path: &Path, error: std::io::Error| CatalogueError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(directory, error))?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml")
    });
    paths.sort();
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        sources.push(Source {
            file: path.display().to_string(),
            name,
            text,
            strict: false,
        });
    }
    Ok(sources)
}
