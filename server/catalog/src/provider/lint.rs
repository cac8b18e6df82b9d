//! What files shipped with Terapi have to have, beyond being readable.

use super::{AuthSpec, Provider};
use crate::document::{Node, Report};
use crate::template::UrlTemplate;

pub(super) fn check(provider: &Provider, node: &Node, report: &Report) {
    let complain = |key: &str, message: &str| {
        let place = node.get(key).map_or(&node.place, |found| &found.place);
        report.add(place, key, message);
    };
    for (key, present) in [
        ("docs", provider.docs.is_some()),
        ("description", provider.description.is_some()),
        ("guide", provider.guide.is_some()),
        ("categories", !provider.categories.is_empty()),
    ] {
        if !present {
            complain(key, "embedded files need it");
        }
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !provider.name.as_str().bytes().all(plain) {
        complain("", "a file is named by lower-case letters, digits and `-`");
    }
    for scope in provider.auth.default_scopes() {
        if !provider.auth.scopes().iter().any(|known| known.name == *scope) {
            complain(
                "auth",
                &format!("the default scope `{scope}` is not described in `scopes`"),
            );
        }
    }
    let mut addresses: Vec<(&str, &UrlTemplate)> = Vec::new();
    addresses.extend(provider.auth.addresses().into_iter().map(|url| ("auth", url)));
    addresses.extend(provider.requests.base_url.iter().map(|url| ("requests", url)));
    addresses.extend(
        provider
            .verification
            .iter()
            .filter_map(|v| Some(("verification", v.base_url.as_ref()?))),
    );
    if !provider.demo {
        for (key, url) in addresses {
            if !url.is_https() {
                complain(key, &format!("`{url}` is not https"));
            }
        }
    }
    if provider.requests.base_url.is_none() && !matches!(provider.auth, AuthSpec::None) {
        complain("requests", "embedded files need a `base_url`");
    }
}
