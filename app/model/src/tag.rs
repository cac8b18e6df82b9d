use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{EndUser, Issue, IssueCode, Organization};

/// Tags of a connection or session: at most ten, keys lower-case (rest.md 1.5 TagMap).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, String>);

/// More than [`Tags::MOST`] tags after merging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most 10 tags are allowed, counting the ones made from end_user and organization")]
pub struct TagError;

impl Tags {
    /// How many tags fit.
    pub const MOST: usize = 10;

    /// Checks and lower-cases a caller's map. Issues have paths relative to the map.
    ///
    /// # Errors
    /// Every rule of TagMap that was broken.
    pub fn parse<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<Issue>> {
        let mut tags = BTreeMap::new();
        let mut issues = Vec::new();
        let mut count = 0_usize;
        for (key, value) in entries {
            count += 1;
            if !is_tag_key(key) {
                issues.push(Issue::at(
                    [key],
                    IssueCode::InvalidKey,
                    "a tag key starts with a letter, then letters, digits, '_', '-', '.', '/'; at most 64",
                ));
                continue;
            }
            match value.chars().count() {
                0 => issues.push(Issue::at(
                    [key],
                    IssueCode::TooSmall,
                    "a tag value may not be empty",
                )),
                1..=255 => {}
                _ => issues.push(Issue::at(
                    [key],
                    IssueCode::TooBig,
                    "a tag value has at most 255 characters",
                )),
            }
            if value.contains('\0') {
                issues.push(Issue::at(
                    [key],
                    IssueCode::InvalidFormat,
                    "a tag value may not hold a NUL character",
                ));
            }
            let lower = key.to_ascii_lowercase();
            if lower == "end_user_email" && !is_email(value) {
                issues.push(Issue::at(
                    [key],
                    IssueCode::InvalidFormat,
                    "end_user_email must be an e-mail address",
                ));
            }
            if tags.insert(lower, value.to_owned()).is_some() {
                issues.push(Issue::at(
                    [key],
                    IssueCode::Custom,
                    "this key is given twice, ignoring case",
                ));
            }
        }
        if count > Self::MOST {
            issues.push(Issue::at(
                Vec::<String>::new(),
                IssueCode::TooBig,
                "at most 10 tags are allowed",
            ));
        }
        if issues.is_empty() {
            Ok(Self(tags))
        } else {
            Err(issues)
        }
    }

    /// Tags made from an end user and an organization (rest.md 4.1): ids, e-mail and names first, then the end
    /// user's own tags unless that would make more than ten.
    pub fn generated(end_user: Option<&EndUser>, organization: Option<&Organization>) -> Self {
        let mut tags = BTreeMap::new();
        let mut put = |key: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                tags.insert(key.to_owned(), value.chars().take(255).collect());
            }
        };
        if let Some(user) = end_user {
            put("end_user_id", Some(&user.id));
            put("end_user_email", user.email.as_deref());
            put("end_user_display_name", user.display_name.as_deref());
        }
        if let Some(organization) = organization {
            put("organization_id", Some(&organization.id));
            put("organization_display_name", organization.display_name.as_deref());
        }
        let own = end_user.and_then(|user| user.tags.as_ref());
        let mut with_own = tags.clone();
        for (key, value) in own.into_iter().flatten() {
            let key: String = key.to_ascii_lowercase().chars().take(64).collect();
            let value: String = value.chars().take(255).collect();
            if is_tag_key(&key) && !value.is_empty() {
                with_own.insert(key, value);
            }
        }
        Self(if with_own.len() <= Self::MOST {
            with_own
        } else {
            tags
        })
    }

    /// These tags with `other` laid over them.
    ///
    /// # Errors
    /// [`TagError`] when the result has more than ten.
    pub fn overlaid(mut self, other: &Tags) -> Result<Self, TagError> {
        self.0
            .extend(other.0.iter().map(|(key, value)| (key.clone(), value.clone())));
        if self.0.len() > Self::MOST {
            Err(TagError)
        } else {
            Ok(self)
        }
    }

    /// Takes tags as the database holds them.
    pub fn from_stored(entries: BTreeMap<String, String>) -> Self {
        Self(entries)
    }

    /// Key and value, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_tag_key(key: &str) -> bool {
    key.len() <= 64
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
}

/// A shape check that published clients share: an ASCII local part, a dotted domain that ends in two letters or more,
/// no two dots in a row. Only delivery proves an address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = |c: char| c.is_ascii_alphanumeric() || "_'+-.".contains(c);
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_last = |label: &str| label.len() >= 2 && label.chars().all(|c| c.is_ascii_alphabetic());
    text.len() <= 255
        && !local.is_empty()
        && local.chars().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with(['.', '\''])
        && !local.contains("..")
        && domain
            .rsplit_once('.')
            .is_some_and(|(labels, last)| labels.split('.').all(is_label) && is_last(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_the_shape_that_clients_check() {
        for good in [
            "a@b.co",
            "first.last+tag@sub-domain.example.com",
            "o'neil_1@x.museum",
            "A-@B.CO",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "@",
            "a@b",
            "@b.co",
            "a@.co",
            "a@b.",
            "a@b.c",
            "a@b.c0",
            "a@c..co",
            "a@-b.co",
            "a..b@c.co",
            ".a@b.co",
            "a.@b.co",
            "a'@b.co",
            "é@b.co",
            "a@é.co",
            "a b@c.co",
            "a@b@c.co",
            "a&b@c.co",
            "a@b_c.co",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn keys_are_lower_cased_and_must_stay_unique() {
        let tags = Tags::parse([("Plan", "Pro")]).unwrap();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("plan", "Pro")]);
        assert!(Tags::parse([("Plan", "a"), ("plan", "b")]).is_err());
        assert!(Tags::parse([("1x", "a")]).is_err());
        assert!(Tags::parse([("end_user_email", "nobody")]).is_err());
    }

    #[test]
    fn an_end_users_own_tags_are_dropped_when_they_would_not_fit() {
        let many = (0..10).map(|n| (format!("t{n}"), "v".to_owned())).collect();
        let user = EndUser {
            id: "u".into(),
            email: None,
            display_name: None,
            tags: Some(many),
        };
        let tags = Tags::generated(Some(&user), None);
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("end_user_id", "u")]);
    }
}
