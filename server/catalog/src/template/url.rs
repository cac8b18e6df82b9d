//! Templates that become addresses. Each hole knows whether it lands in host, path or query.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::parse::{TemplateError, TemplateErrorKind};
use super::variable::{Use, Variable};
use super::{Expression, RenderError, Scope, Segment, Template, collect, first_set, value_of};
use crate::Pattern;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the provider says about a config name that stands in an address.
#[derive(Debug, Clone, Default)]
pub struct HoleRule {
    /// The value may be several labels, or the whole host.
    pub host: bool,
    /// The value may be a whole `https://host/path`.
    pub base_url: bool,
    /// `http` will do for a whole address, and any host: the operator owns it.
    pub operator: bool,
    /// What the value has to match, checked again when it is used.
    pub pattern: Option<Pattern>,
}

/// The config names a provider declares.
pub trait Declarations {
    /// The rule of a config name, `None` when it is not declared. Asked only for `connection_config` and
    /// `integration_config`.
    fn rule(&self, variable: &Variable) -> Option<HoleRule>;
}

/// A template of an address, or of a path below a base URL.
#[derive(Debug, Clone)]
pub struct UrlTemplate {
    template: Template,
    alternatives: Vec<Address>,
}

#[derive(Debug, Clone)]
struct Address {
    parts: Vec<Part>,
    /// What the rendered host has to end with: everything after the last hole of the host.
    suffix: String,
    /// A path below a base URL, without scheme and host.
    relative: bool,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    Hole(Expression, Place),
}

/// The rule of every name in a hole, in the order they are tried.
type Rules = Vec<(Variable, HoleRule)>;

#[derive(Debug, Clone)]
enum Place {
    BaseUrl(Rules),
    Host(Rules),
    Path,
    Query,
}

impl UrlTemplate {
    /// Parses the template of an absolute address.
    ///
    /// # Errors
    /// When the grammar is broken, a name is out of scope or undeclared, or a hole stands where none may.
    pub fn parse(text: &str, usage: Use, declared: &dyn Declarations) -> Result<UrlTemplate, TemplateError> {
        Self::read(text, usage, declared, false)
    }

    /// Parses the template of a path below a base URL: begins with `/`.
    ///
    /// # Errors
    /// As [`UrlTemplate::parse`].
    pub fn parse_path(
        text: &str,
        usage: Use,
        declared: &dyn Declarations,
    ) -> Result<UrlTemplate, TemplateError> {
        Self::read(text, usage, declared, true)
    }

    fn read(
        text: &str,
        usage: Use,
        declared: &dyn Declarations,
        relative: bool,
    ) -> Result<UrlTemplate, TemplateError> {
        let template = Template::parse(text, usage)?;
        for (variable, column) in template.placed_variables() {
            rule_of(variable, column, declared)?;
        }
        let alternatives = template
            .alternatives
            .iter()
            .map(|segments| {
                if relative {
                    read_path(segments)
                } else {
                    read_address(segments, declared)
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(UrlTemplate {
            template,
            alternatives,
        })
    }

    /// The template without its knowledge of places.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Whether every alternative is `https` or a whole-address hole.
    pub fn is_https(&self) -> bool {
        self.alternatives.iter().all(|address| {
            address.relative
                || match address.parts.first() {
                    Some(Part::Literal(text)) => text.starts_with("https://"),
                    _ => true,
                }
        })
    }

    /// The literal text every rendered host ends with, one for each alternative: empty when the whole host is a hole.
    pub fn host_suffixes(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().map(|address| address.suffix.as_str())
    }

    /// The absolute address.
    ///
    /// # Errors
    /// When a value is missing, or may not stand in its place. Nothing is decoded and tried again.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Url, RenderError> {
        self.checked(scope).map(|(url, _)| url)
    }

    /// The absolute address as text, checked as by [`UrlTemplate::render`] but not rewritten: no slash is added to a
    /// bare host. For values that are compared, such as an issuer.
    ///
    /// # Errors
    /// As [`UrlTemplate::render`].
    pub fn render_text(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        self.checked(scope).map(|(_, text)| text)
    }

    fn checked(&self, scope: &Scope<'_>) -> Result<(Url, String), RenderError> {
        first_set(&self.alternatives, |address| address.render(scope)).and_then(|rendered| {
            let url = Url::parse(&rendered.text).map_err(|_| RenderError::NotUrl)?;
            let sound = url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
                && rendered
                    .host
                    .as_deref()
                    .is_none_or(|host| url.host_str() == Some(host));
            if sound {
                Ok((url, rendered.text))
            } else {
                Err(RenderError::NotUrl)
            }
        })
    }

    /// The address, or path, for somebody who may not see every value: in place of a hole stands its value where all
    /// its names are open, and `closed` elsewhere. Nothing is checked. `None` when a value is missing.
    pub fn show(
        &self,
        scope: &Scope<'_>,
        closed: &str,
        is_open: impl Fn(&Variable) -> bool,
    ) -> Option<String> {
        first_set(&self.alternatives, |address| {
            address.show(scope, closed, &is_open)
        })
        .ok()
    }

    /// A path and query below a base URL, encoded. Only for templates from [`UrlTemplate::parse_path`].
    ///
    /// # Errors
    /// As [`UrlTemplate::render`].
    pub fn render_path(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        first_set(&self.alternatives, |address| address.render(scope)).map(|rendered| rendered.text)
    }
}

impl fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.template.fmt(f)
    }
}

fn refuse<T>(column: usize, message: &str) -> Result<T, TemplateError> {
    Err(TemplateError {
        column,
        kind: TemplateErrorKind::Address(message.to_owned()),
    })
}

fn column_of(segments: &[Segment]) -> usize {
    segments
        .iter()
        .find_map(|segment| {
            if let Segment::Hole(hole) = segment {
                Some(hole.column)
            } else {
                None
            }
        })
        .unwrap_or(1)
}

fn read_path(segments: &[Segment]) -> Result<Address, TemplateError> {
    let column = column_of(segments);
    match segments.first() {
        Some(Segment::Literal(text)) if text.starts_with('/') && !text.starts_with("//") => {}
        _ => return refuse(column, "a path begins with a single `/`"),
    }
    let mut parts = Vec::new();
    read_tail(segments.iter().cloned(), &mut parts)?;
    Ok(Address {
        parts,
        suffix: String::new(),
        relative: true,
    })
}

fn rule_of(
    variable: &Variable,
    column: usize,
    declared: &dyn Declarations,
) -> Result<HoleRule, TemplateError> {
    match variable {
        Variable::ConnectionConfig(_) | Variable::IntegrationConfig(_) => {
            declared.rule(variable).ok_or_else(|| TemplateError {
                column,
                kind: TemplateErrorKind::Undeclared(variable.clone()),
            })
        }
        _ => Ok(HoleRule::default()),
    }
}

/// The rules of all names in a hole; `None` when a function stands there.
fn rules_of(
    expression: &Expression,
    column: usize,
    declared: &dyn Declarations,
) -> Result<Option<Rules>, TemplateError> {
    let Expression::FirstOf(names) = expression else {
        return Ok(None);
    };
    let rules = names
        .iter()
        .map(|name| Ok((name.clone(), rule_of(name, column, declared)?)));
    rules.collect::<Result<Rules, TemplateError>>().map(Some)
}

fn all(rules: &Rules, may: impl Fn(&HoleRule) -> bool) -> bool {
    rules.iter().all(|(_, rule)| may(rule))
}

fn read_address(segments: &[Segment], declared: &dyn Declarations) -> Result<Address, TemplateError> {
    match segments.first() {
        Some(Segment::Hole(hole)) => {
            let rule = rules_of(&hole.expression, hole.column, declared)?
                .filter(|rules| all(rules, |rule| rule.base_url));
            let Some(rule) = rule else {
                return refuse(
                    hole.column,
                    "only integration_config, or a config field that the provider fills and that has a pattern, may be a whole address",
                );
            };
            if let Some(Segment::Literal(next)) = segments.get(1)
                && !next.starts_with(['/', '?'])
            {
                return refuse(hole.column, "after a whole address comes `/` or `?`, or nothing");
            }
            if matches!(segments.get(1), Some(Segment::Hole(_))) {
                return refuse(hole.column, "after a whole address comes `/` or `?`, or nothing");
            }
            let mut parts = vec![Part::Hole(hole.expression.clone(), Place::BaseUrl(rule))];
            read_tail(segments[1..].iter().cloned(), &mut parts)?;
            Ok(Address {
                parts,
                suffix: String::new(),
                relative: false,
            })
        }
        Some(Segment::Literal(first)) => {
            let scheme = ["https://", "http://"]
                .into_iter()
                .find(|scheme| first.starts_with(scheme));
            let Some(scheme) = scheme else {
                return refuse(1, "an address begins with `https://`");
            };
            read_host(segments, scheme, declared)
        }
        None => refuse(1, "an address is missing"),
    }
}

fn read_host(
    segments: &[Segment],
    scheme: &str,
    declared: &dyn Declarations,
) -> Result<Address, TemplateError> {
    let mut parts = vec![Part::Literal(scheme.to_owned())];
    let mut rest: Vec<Segment> = Vec::new();
    let mut holes: Vec<(usize, bool)> = Vec::new();
    let mut suffix = String::new();
    let mut port = false;
    for (index, segment) in segments.iter().enumerate() {
        match segment {
            Segment::Hole(hole) => {
                if port {
                    return refuse(hole.column, "a port cannot be a placeholder");
                }
                let Some(rules) = rules_of(&hole.expression, hole.column, declared)? else {
                    return refuse(hole.column, "a function cannot stand in a host");
                };
                holes.push((hole.column, all(&rules, |rule| rule.host)));
                suffix.clear();
                parts.push(Part::Hole(hole.expression.clone(), Place::Host(rules)));
            }
            Segment::Literal(text) => {
                let text = if index == 0 {
                    &text[scheme.len()..]
                } else {
                    text.as_str()
                };
                let end = text.find(['/', '?', '#']).unwrap_or(text.len());
                let authority = &text[..end];
                if authority.contains(['@', '[', '\\', '%']) || authority.contains(char::is_whitespace) {
                    return refuse(1, "the host contains a character that cannot stand there");
                }
                let (host, tail) = authority
                    .split_once(':')
                    .map_or((authority, None), |(h, p)| (h, Some(p)));
                if !port {
                    suffix.push_str(host);
                }
                if let Some(digits) = tail {
                    port = true;
                    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                        return refuse(1, "the port is not a number");
                    }
                }
                parts.push(Part::Literal(authority.to_owned()));
                if end < text.len() {
                    rest.push(Segment::Literal(text[end..].to_owned()));
                    rest.extend(segments[index + 1..].iter().cloned());
                    break;
                }
            }
        }
    }
    // What follows the last hole has to be a whole registrable domain, or the value could choose another one.
    let anchored = suffix
        .find('.')
        .is_some_and(|dot| suffix[dot + 1..].split('.').filter(|l| !l.is_empty()).count() >= 2);
    if !anchored && let Some((column, _)) = holes.iter().find(|(_, whole)| !whole) {
        return refuse(
            *column,
            "a placeholder that decides the whole host has to be integration_config, or a field with `format: hostname`",
        );
    }
    if holes.is_empty() && suffix.is_empty() {
        return refuse(1, "the host is missing");
    }
    read_tail(rest.into_iter(), &mut parts)?;
    Ok(Address {
        parts,
        suffix: suffix.to_ascii_lowercase(),
        relative: false,
    })
}

/// Path and query, from the first `/` or `?` on.
fn read_tail(segments: impl Iterator<Item = Segment>, parts: &mut Vec<Part>) -> Result<(), TemplateError> {
    let mut query = false;
    for segment in segments {
        match segment {
            Segment::Literal(text) => {
                if text.contains(['#', '\\']) || text.contains(char::is_whitespace) {
                    return refuse(1, "an address cannot contain `#`, `\\` or white space here");
                }
                query = query || text.contains('?');
                parts.push(Part::Literal(text));
            }
            Segment::Hole(hole) => {
                parts.push(Part::Hole(
                    hole.expression,
                    if query { Place::Query } else { Place::Path },
                ));
            }
        }
    }
    Ok(())
}

struct Rendered {
    text: String,
    host: Option<String>,
}

impl Address {
    fn show(
        &self,
        scope: &Scope<'_>,
        closed: &str,
        is_open: &impl Fn(&Variable) -> bool,
    ) -> Result<String, RenderError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Hole(expression, place) => {
                    let (_, value) = value_of(expression, scope)?;
                    let mut open = true;
                    name_each(expression, &mut |variable| open &= is_open(variable));
                    match place {
                        _ if !open => text.push_str(closed),
                        Place::BaseUrl(_) => text.push_str(value.trim_end_matches('/')),
                        Place::Host(_) => text.push_str(&value),
                        Place::Path => text.extend(utf8_percent_encode(&value, ENCODED)),
                        Place::Query => text.extend(url::form_urlencoded::byte_serialize(value.as_bytes())),
                    }
                }
            }
        }
        Ok(text)
    }

    fn render(&self, scope: &Scope<'_>) -> Result<Rendered, RenderError> {
        let mut text = String::new();
        let mut host_holes = false;
        let mut tail_from = None;
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Hole(expression, place) => {
                    let (variable, value) = value_of(expression, scope)?;
                    match (place, variable) {
                        (Place::BaseUrl(rules), Some(variable)) => {
                            text.push_str(&base_url(&value, of(rules, variable)?, variable)?);
                            tail_from = Some(text.len());
                        }
                        (Place::Host(rules), Some(variable)) => {
                            check_host(&value, of(rules, variable)?, variable)?;
                            host_holes = true;
                            text.push_str(&value);
                        }
                        (Place::Query, _) => {
                            text.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
                        }
                        _ => text.extend(utf8_percent_encode(&value, ENCODED)),
                    }
                }
            }
        }
        let after_scheme = text.find("://").map_or(0, |at| at + 3);
        let authority_end = if self.relative {
            0
        } else {
            text[after_scheme..]
                .find(['/', '?'])
                .map_or(text.len(), |at| after_scheme + at)
        };
        let path = &text[tail_from.unwrap_or(authority_end)..];
        let path = &path[..path.find('?').unwrap_or(path.len())];
        if path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(RenderError::DotSegment);
        }
        let host = if self.relative || !host_holes {
            None
        } else {
            let authority = &text[after_scheme..authority_end];
            let host = authority
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let labels = host.split('.').all(|label| {
                (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
            });
            if !labels || host.len() > 253 || !host.ends_with(&self.suffix) {
                return Err(RenderError::NotUrl);
            }
            Some(host)
        };
        Ok(Rendered { text, host })
    }
}

fn name_each(expression: &Expression, found: &mut impl FnMut(&Variable)) {
    match expression {
        Expression::FirstOf(names) => names.iter().for_each(found),
        Expression::Call(_, arguments) => {
            let mut found = |variable: &Variable, _| found(variable);
            arguments
                .iter()
                .for_each(|argument| collect(argument, &mut found));
        }
    }
}

fn of<'r>(rules: &'r Rules, variable: &Variable) -> Result<&'r HoleRule, RenderError> {
    rules
        .iter()
        .find(|(name, _)| name == variable)
        .map(|(_, rule)| rule)
        .ok_or(RenderError::NotUrl)
}

fn matches(rule: &HoleRule, value: &str, variable: &Variable) -> Result<(), RenderError> {
    match &rule.pattern {
        Some(pattern) if !pattern.is_match(value) => Err(RenderError::Pattern(variable.clone())),
        _ => Ok(()),
    }
}

fn check_host(value: &str, rule: &HoleRule, variable: &Variable) -> Result<(), RenderError> {
    let letters = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || (rule.host && byte == b'.'));
    // `127.1` or `0x7f.1` would be read as an address: a host of letters ends in a label that has one at its start.
    let numeric = rule.host
        && !rule.operator
        && value
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    if !letters || value.is_empty() || numeric {
        return Err(RenderError::NotHost(variable.clone()));
    }
    matches(rule, value, variable)
}

/// A whole address without userinfo, query and fragment, and without its closing slashes.
fn base_url(value: &str, rule: &HoleRule, variable: &Variable) -> Result<String, RenderError> {
    let wrong = || RenderError::NotBaseUrl(variable.clone());
    if value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(wrong());
    }
    let url = Url::parse(value).map_err(|_| wrong())?;
    let scheme = url.scheme() == "https" || (rule.operator && url.scheme() == "http");
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !value.contains('@');
    if !scheme || !bare || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    matches(rule, value, variable)?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
