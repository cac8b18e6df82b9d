use std::sync::Arc;

use crate::provider::Provider;

/// Every word of the text has to match something; the worst-matching word decides the rank.
pub(super) fn search<'p>(
    providers: impl Iterator<Item = &'p Arc<Provider>>,
    text: &str,
) -> Vec<&'p Arc<Provider>> {
    let text = text.trim().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut ranked: Vec<(u8, String, &Arc<Provider>)> = providers
        .filter_map(|provider| {
            let rank = words
                .iter()
                .map(|word| rank(provider, word))
                .try_fold(0, |worst, rank| Some(worst.max(rank?)));
            let exact = provider.name.as_str() == text || provider.display_name.to_lowercase() == text;
            Some((
                if exact { 0 } else { rank? + 1 },
                provider.display_name.to_lowercase(),
                provider,
            ))
        })
        .collect();
    ranked.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    ranked.into_iter().map(|(_, _, provider)| provider).collect()
}

/// 0 a name begins with the word, 1 a word of a name does, 2 it is inside a name, 3 an alias, 4 a category, 5 a typo.
fn rank(provider: &Provider, word: &str) -> Option<u8> {
    let display = provider.display_name.to_lowercase();
    let id = provider.name.as_str();
    let words = || {
        display
            .split(|c: char| !c.is_alphanumeric())
            .chain(id.split(['-', '_']))
            .filter(|w| !w.is_empty())
    };
    let aliases = || provider.aliases.iter().map(|alias| alias.to_lowercase());
    if display.starts_with(word) || id.starts_with(word) {
        Some(0)
    } else if words().any(|known| known.starts_with(word)) {
        Some(1)
    } else if display.contains(word) || id.contains(word) {
        Some(2)
    } else if aliases().any(|alias| alias.contains(word)) {
        Some(3)
    } else if provider
        .categories
        .iter()
        .any(|category| category.to_lowercase().starts_with(word))
    {
        Some(4)
    } else {
        let forgiven = match word.chars().count() {
            0..=3 => return None,
            4..=7 => 1,
            _ => 2,
        };
        let near = |known: &str| strsim::damerau_levenshtein(known, word) <= forgiven;
        (words().any(near) || near(id) || aliases().any(|alias| near(&alias))).then_some(5)
    }
}
