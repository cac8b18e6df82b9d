use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use terapi_model::{Issue, IssueCode, Tags};

use super::{bool_word, has_bad_escape};
use crate::error::ApiError;

/// Pairs beyond this are refused, as by the reference's parser.
const MOST_PAIRS: usize = 1000;
/// Brackets nested deeper stay part of the last name.
const DEEPEST: usize = 5;
/// A list longer than this is no list (rest.md 1.1).
const LONGEST_LIST: usize = 100;

/// A query string in bracket notation: `a=1`, `a[]=1`, `a=1&a=2`, `a[b]=1`, brackets raw or as `%5B`/`%5D`,
/// `+` for a space (rest.md 1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, Node)>);

/// A value of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// `a=text`
    Text(String),
    /// `a[]=x&a[]=y` or `a=x&a=y`
    List(Vec<Node>),
    /// `a[key]=x`
    Map(Vec<(String, Node)>),
}

/// The query string is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedQuery {
    /// `%` without two hex digits, or bytes that are not UTF-8.
    #[error("the query string has an invalid percent escape")]
    Escape,
    /// More than a thousand pairs.
    #[error("the query string has more than 1000 parameters")]
    TooMany,
}

impl Query {
    /// Reads a raw query string, without its `?`.
    ///
    /// # Errors
    /// [`MalformedQuery`].
    pub fn parse(raw: &str) -> Result<Self, MalformedQuery> {
        Self::read(raw, decode)
    }

    /// Reads a query string that a browser package may have put together without escaping anything: what cannot be
    /// decoded stays as it came (decision D7).
    ///
    /// # Errors
    /// [`MalformedQuery::TooMany`].
    pub fn parse_leniently(raw: &str) -> Result<Self, MalformedQuery> {
        Self::read(raw, |raw| {
            let spaced = raw.replace('+', " ");
            Ok(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
        })
    }

    fn read(
        raw: &str,
        decode: impl Fn(&str) -> Result<String, MalformedQuery>,
    ) -> Result<Self, MalformedQuery> {
        let mut nodes = Vec::new();
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        for (index, pair) in pairs.enumerate() {
            if index >= MOST_PAIRS {
                return Err(MalformedQuery::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            if name.is_empty() {
                continue;
            }
            insert(&mut nodes, &segments(&name), decode(value)?);
        }
        Ok(Self(nodes))
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// The value of `name` if it is one text; of a repeated name the last one.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Node::Text(text) => Some(text),
            Node::List(items) => items.iter().rev().find_map(Node::as_text),
            Node::Map(_) => None,
        }
    }

    /// The texts of `name[key]=text`; anything else under `name` is passed over.
    pub fn text_map(&self, name: &str) -> BTreeMap<String, String> {
        match self.get(name) {
            Some(Node::Map(entries)) => entries
                .iter()
                .filter_map(|(key, node)| Some((key.clone(), node.as_text()?.to_owned())))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// Every name, in order of appearance.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// True when there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Node {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            Node::List(_) | Node::Map(_) => None,
        }
    }
}

fn decode(raw: &str) -> Result<String, MalformedQuery> {
    if has_bad_escape(raw) {
        return Err(MalformedQuery::Escape);
    }
    let spaced = raw.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| MalformedQuery::Escape)
}

/// `a[b][]` is `a`, `b`, ``. A name whose brackets do not match is one segment.
fn segments(name: &str) -> Vec<&str> {
    let Some(open) = name.find('[').filter(|open| *open > 0) else {
        return vec![name];
    };
    let mut found = vec![&name[..open]];
    let mut rest = &name[open..];
    while let Some(inside) = rest.strip_prefix('[') {
        let Some(close) = inside.find(']') else {
            return vec![name];
        };
        if found.len() > DEEPEST {
            found.push(rest);
            return found;
        }
        found.push(&inside[..close]);
        rest = &inside[close + 1..];
    }
    if rest.is_empty() { found } else { vec![name] }
}

fn insert(nodes: &mut Vec<(String, Node)>, segments: &[&str], value: String) {
    let Some((first, rest)) = segments.split_first() else {
        return;
    };
    match nodes.iter_mut().find(|(name, _)| name == first) {
        Some((_, node)) => add(node, rest, value),
        None => nodes.push(((*first).to_owned(), fresh(rest, value))),
    }
}

fn fresh(segments: &[&str], value: String) -> Node {
    match segments.split_first() {
        None => Node::Text(value),
        Some((first, rest)) if is_index(first) => Node::List(vec![fresh(rest, value)]),
        Some((first, rest)) => Node::Map(vec![((*first).to_owned(), fresh(rest, value))]),
    }
}

fn add(node: &mut Node, segments: &[&str], value: String) {
    match (&mut *node, segments.split_first()) {
        (Node::List(items), None) => items.push(Node::Text(value)),
        (Node::List(items), Some((first, rest))) if is_index(first) => items.push(fresh(rest, value)),
        (Node::Map(entries), Some((_, _))) => insert(entries, segments, value),
        _ => {
            let before = std::mem::replace(node, Node::List(Vec::new()));
            let added = match segments.split_first() {
                Some((first, rest)) if is_index(first) => fresh(rest, value),
                _ => fresh(segments, value),
            };
            *node = Node::List(vec![before, added]);
        }
    }
}

fn is_index(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Query::parse(parts.uri.query().unwrap_or_default()).map_err(malformed)
    }
}

fn malformed(error: MalformedQuery) -> ApiError {
    let issue = Issue::at([""; 0], IssueCode::InvalidFormat, error.to_string());
    ApiError::bad_query(vec![issue])
}

/// The query of a route that browser packages call, read as [`Query::parse_leniently`] reads it.
#[derive(Debug, Clone)]
pub struct LenientQuery(pub Query);

impl<S: Send + Sync> FromRequestParts<S> for LenientQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = Query::parse_leniently(parts.uri.query().unwrap_or_default()).map_err(malformed)?;
        Ok(Self(query))
    }
}

/// The query of a route that takes none.
#[derive(Debug, Clone, Copy)]
pub struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await?;
        QueryReader::new(&query).finish(Some(NoQuery))
    }
}

/// Reads known parameters, collects what is wrong with them, and refuses the rest.
#[derive(Debug)]
pub struct QueryReader<'q> {
    query: &'q Query,
    known: Vec<&'static str>,
    issues: Vec<Issue>,
}

impl<'q> QueryReader<'q> {
    /// A reader of `query` that has seen nothing yet.
    pub fn new(query: &'q Query) -> Self {
        Self {
            query,
            known: Vec::new(),
            issues: Vec::new(),
        }
    }

    fn node(&mut self, name: &'static str) -> Option<&'q Node> {
        self.known.push(name);
        self.query.get(name)
    }

    /// Writes down that something is wrong with `name`.
    pub fn complain(&mut self, name: &str, code: IssueCode, message: impl Into<String>) {
        self.issues.push(Issue::at([name], code, message));
    }

    /// One text of at least one and at most `most` characters.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<&'q str> {
        let Some(text) = self.node(name)?.as_text() else {
            self.complain(name, IssueCode::InvalidType, "must be given once, as text");
            return None;
        };
        match text.chars().count() {
            0 => self.complain(name, IssueCode::TooSmall, "may not be empty"),
            count if count > most => {
                self.complain(name, IssueCode::TooBig, format!("has at most {most} characters"));
            }
            // PostgreSQL takes none, not even to look for it.
            _ if text.contains('\0') => {
                self.complain(name, IssueCode::InvalidFormat, "may not hold a NUL character");
            }
            _ => return Some(text),
        }
        None
    }

    /// A text that `parse` takes.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(text) = self.node(name)?.as_text() else {
            self.complain(name, IssueCode::InvalidType, "must be given once, as text");
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.complain(name, IssueCode::InvalidFormat, error.to_string());
                None
            }
        }
    }

    /// As [`QueryReader::parsed`], and it must be there.
    pub fn required<T, E: std::fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.query.get(name).is_none() {
            self.known.push(name);
            self.complain(name, IssueCode::InvalidType, "is required");
            return None;
        }
        self.parsed(name, parse)
    }

    /// One of the words of rest.md 1.5; false when absent.
    pub fn flag(&mut self, name: &'static str) -> bool {
        let Some(node) = self.node(name) else {
            return false;
        };
        match node.as_text().and_then(bool_word) {
            Some(value) => value,
            None => {
                self.complain(name, IssueCode::InvalidValue, "must be true or false");
                false
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub fn number(&mut self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        let node = self.node(name)?;
        let number = node.as_text().and_then(|text| text.trim().parse::<i64>().ok());
        match number.map(|number| (number, u32::try_from(number))) {
            None => self.complain(name, IssueCode::InvalidType, "must be a whole number"),
            Some((_, Ok(number))) if (least..=most).contains(&number) => return Some(number),
            Some((number, _)) if number < i64::from(least) => {
                self.complain(name, IssueCode::TooSmall, format!("must be at least {least}"));
            }
            Some(_) => self.complain(name, IssueCode::TooBig, format!("must be at most {most}")),
        }
        None
    }

    /// Texts given once, repeated, or as `name[]`.
    pub fn texts(&mut self, name: &'static str) -> Vec<&'q str> {
        let items = match self.node(name) {
            None => return Vec::new(),
            Some(Node::Text(text)) => return vec![text],
            Some(Node::List(items)) if items.len() <= LONGEST_LIST => items,
            Some(Node::List(_) | Node::Map(_)) => {
                self.complain(name, IssueCode::InvalidType, "must be a text or a list of texts");
                return Vec::new();
            }
        };
        let texts: Vec<&str> = items.iter().filter_map(Node::as_text).collect();
        if texts.len() != items.len() {
            self.complain(name, IssueCode::InvalidType, "must be a text or a list of texts");
        }
        texts
    }

    /// `tags[key]=value` by the rules of TagMap.
    pub fn tags(&mut self, name: &'static str) -> Option<Tags> {
        let Node::Map(entries) = self.node(name)? else {
            self.complain(
                name,
                IssueCode::InvalidType,
                format!("must be given as {name}[key]=value"),
            );
            return None;
        };
        let mut pairs = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            match node.as_text() {
                Some(value) => pairs.push((key.as_str(), value)),
                None => self.issues.push(Issue::at(
                    [name, key.as_str()],
                    IssueCode::InvalidType,
                    "a tag must be given once, as text",
                )),
            }
        }
        match Tags::parse(pairs) {
            Ok(tags) => Some(tags),
            Err(issues) => {
                self.issues
                    .extend(issues.into_iter().map(|issue| issue.under(name)));
                None
            }
        }
    }

    /// `value`, if every parameter was known and nothing was wrong.
    ///
    /// # Errors
    /// 400 `invalid_query_params` with everything that was wrong.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, ApiError> {
        let unknown: Vec<&str> = self
            .query
            .names()
            .filter(|name| !self.known.contains(name))
            .collect();
        if !unknown.is_empty() {
            let message = format!("this route does not know {}", quoted(&unknown));
            self.issues
                .push(Issue::at([""; 0], IssueCode::UnrecognizedKeys, message));
        }
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(ApiError::bad_query(self.issues)),
        }
    }
}

/// `"a", "b"`, each cut to a length fit for a message.
pub(super) fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names
        .iter()
        .take(20)
        .map(|name| format!("\"{}\"", name.chars().take(60).collect::<String>()))
        .collect();
    names.join(", ")
}

/// For `parsed` and `required` where any text will do.
///
/// # Errors
/// Never.
pub fn any_text(text: &str) -> Result<String, Infallible> {
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn text(value: &str) -> Node {
        Node::Text(value.to_owned())
    }

    #[test]
    fn brackets_are_read_raw_and_escaped() {
        for raw in [
            "params[a]=b+c&params[d]=%C3%A9",
            "params%5Ba%5D=b%20c&params%5bd%5d=%c3%a9",
        ] {
            let query = Query::parse(raw).unwrap();
            assert_eq!(
                query.text_map("params"),
                BTreeMap::from([
                    ("a".to_owned(), "b c".to_owned()),
                    ("d".to_owned(), "é".to_owned())
                ])
            );
        }
    }

    #[test]
    fn repeated_names_and_empty_brackets_make_lists() {
        let wanted = Node::List(vec![text("webhook"), text("credentials")]);
        for raw in [
            "include=webhook&include=credentials",
            "include[]=webhook&include[]=credentials",
            "include[0]=webhook&include[1]=credentials",
            "include=webhook&include[]=credentials",
        ] {
            assert_eq!(Query::parse(raw).unwrap().get("include"), Some(&wanted), "{raw}");
        }
    }

    #[test]
    fn odd_brackets_are_part_of_the_name() {
        let query = Query::parse("[a]=1&b[=2&c]=3&d[e]f=4&=5&&g").unwrap();
        assert_eq!(
            query.names().collect::<Vec<_>>(),
            ["[a]", "b[", "c]", "d[e]f", "g"]
        );
        assert_eq!(query.text("g"), Some(""));
        let deep = Query::parse("a[b][c][d][e][f][g][h]=1").unwrap();
        assert!(matches!(deep.get("a"), Some(Node::Map(_))));
    }

    #[test]
    fn bad_escapes_and_floods_are_refused() {
        for raw in ["a=%", "a=%2", "a=%zz", "a=%ff", "%=1"] {
            assert_eq!(Query::parse(raw), Err(MalformedQuery::Escape), "{raw}");
        }
        let flood = vec!["a=1"; 1001].join("&");
        assert_eq!(Query::parse(&flood), Err(MalformedQuery::TooMany));
    }

    #[test]
    fn what_a_browser_package_did_not_escape_is_taken_as_it_came() {
        for (raw, wanted) in [
            ("params[a]=100%&params[b]=x", "100%"),
            ("params[a]=50%+off", "50% off"),
            ("params%5Ba%5D=%zz", "%zz"),
            ("params[a]=a%2Bb", "a+b"),
            ("params[a]=%ff", "\u{fffd}"),
        ] {
            let query = Query::parse_leniently(raw).unwrap();
            assert_eq!(query.text_map("params")["a"], wanted, "{raw}");
        }
        let flood = vec!["a=1"; 1001].join("&");
        assert_eq!(Query::parse_leniently(&flood), Err(MalformedQuery::TooMany));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let query = Query::parse("limit=0&page=x&force=maybe&tags[1]=a&other=1&more=2").unwrap();
        let mut reader = QueryReader::new(&query);
        reader.number("limit", 1, 2000);
        reader.number("page", 0, 9);
        reader.flag("force");
        reader.tags("tags");
        reader.required("key", any_text);
        let error = reader.finish(Some(())).unwrap_err();
        let found: Vec<(IssueCode, Vec<&str>)> = error
            .issues()
            .iter()
            .map(|issue| (issue.code, issue.path.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            found,
            [
                (IssueCode::TooSmall, vec!["limit"]),
                (IssueCode::InvalidType, vec!["page"]),
                (IssueCode::InvalidValue, vec!["force"]),
                (IssueCode::InvalidType, vec!["tags"]),
                (IssueCode::InvalidType, vec!["key"]),
                (IssueCode::UnrecognizedKeys, vec![]),
            ]
        );
        assert!(error.issues()[5].message.contains("\"other\", \"more\""));
    }

    #[test]
    fn a_list_of_more_than_a_hundred_is_no_list() {
        let raw = vec!["include[]=webhook"; 101].join("&");
        let query = Query::parse(&raw).unwrap();
        let mut reader = QueryReader::new(&query);
        assert!(reader.texts("include").is_empty());
        assert!(reader.finish(Some(())).is_err());
    }
}
