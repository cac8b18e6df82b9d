//! From texts of files to providers: parses, resolves `extends`, reads.

use std::collections::BTreeMap;

use terapi_model::ProviderName;

use crate::Problem;
use crate::document::{Node, Place, Report, nearest};
use crate::provider::Provider;

/// One provider file.
pub(crate) struct Source {
    /// The file's name for error messages.
    pub(crate) file: String,
    /// The provider's id.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Whether the rules for embedded files hold.
    pub(crate) strict: bool,
}

/// Chains of `extends` longer than this are a loop.
const MAX_PARENTS: usize = 8;

/// Reads all sources; a later one of the same name replaces an earlier one.
pub(crate) fn assemble(sources: Vec<Source>) -> Result<Vec<Provider>, Vec<Problem>> {
    let report = Report::default();
    let mut trees: BTreeMap<String, (Node, bool)> = BTreeMap::new();
    let mut broken = Vec::new();
    for source in sources {
        match Node::parse(&source.file, &source.text) {
            Ok(node) => drop(trees.insert(source.name, (node, source.strict))),
            Err(problem) => broken.push(problem),
        }
    }
    let mut providers = Vec::with_capacity(trees.len());
    for (name, (node, strict)) in &trees {
        let Ok(id) = ProviderName::parse(name) else {
            report.add(
                &node.place,
                "",
                format!("`{name}` cannot be the id of a provider"),
            );
            continue;
        };
        if let Some(merged) = resolve(node, &trees, &report, 0) {
            providers.extend(Provider::read(&id, &merged, *strict, &report));
        }
    }
    if broken.is_empty() && report.is_empty() {
        return Ok(providers);
    }
    broken.extend(report.into_problems());
    Err(broken)
}

fn resolve(
    node: &Node,
    trees: &BTreeMap<String, (Node, bool)>,
    report: &Report,
    depth: usize,
) -> Option<Node> {
    let Some(parent) = node.get("extends") else {
        return Some(node.clone());
    };
    let complain = |place: &Place, message: String| {
        report.add(place, "extends", message);
        None
    };
    let Some(parent_name) = parent.as_text() else {
        return complain(&parent.place, "expected text".to_owned());
    };
    if depth >= MAX_PARENTS {
        return complain(&parent.place, "this chain of `extends` is a loop".to_owned());
    }
    let Some((parent_tree, _)) = trees.get(parent_name) else {
        let hint = nearest(parent_name, trees.keys().map(String::as_str))
            .map(|known| format!(", did you mean `{known}`?"))
            .unwrap_or_default();
        return complain(
            &parent.place,
            format!("there is no provider `{parent_name}`{hint}"),
        );
    };
    let mut base = resolve(parent_tree, trees, report, depth + 1)?;
    // Keys of one auth mode mean nothing in another: a child that changes the mode starts afresh.
    let mode = |tree: &Node| {
        tree.get("auth")
            .and_then(|auth| auth.get("auth_mode")?.as_text().map(str::to_owned))
    };
    if let Some(own) = mode(node)
        && mode(&base).is_some_and(|inherited| inherited != own)
    {
        base.remove("auth");
        base.remove("credentials");
    }
    Some(base.merge(node.clone()))
}
