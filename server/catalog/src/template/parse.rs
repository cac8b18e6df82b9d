//! Text to segments.

use super::function::Function;
use super::variable::{Use, Variable};
use super::{Alternative, Expression, Hole, Segment};

/// Why a template's text is refused. The column counts characters of the text, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {kind}")]
pub struct TemplateError {
    /// Where in the text, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: TemplateErrorKind,
}

/// The causes of a [`TemplateError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateErrorKind {
    /// `${` without its `}`.
    #[error("`${{` is never closed")]
    Unclosed,
    /// `${base64(` without its `)}`.
    #[error("the call of `{0}` is never closed with `)}}`")]
    UnclosedCall(Function),
    /// A name that is in no spelling a variable.
    #[error("there is no value called `{name}`{}", suggestion.as_ref().map(|s| format!(", did you mean `{s}`?")).unwrap_or_default())]
    UnknownName {
        /// As written.
        name: String,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// A name that looks like a call, of no function.
    #[error("there is no function called `{0}`")]
    UnknownFunction(String),
    /// Too few or empty arguments.
    #[error("`{0}` takes {n} argument(s), none of them empty", n = .0.arity())]
    Arguments(Function),
    /// An argument that is the bare name of a variable.
    #[error("the argument `{0}` would be taken as text: write `${{{0}}}`")]
    BareArgument(String),
    /// An operator with nothing on one of its sides.
    #[error("`||` needs a value on both sides")]
    EmptyAlternative,
    /// An operator inside a call.
    #[error("`||` cannot stand inside a function's argument")]
    OperatorInArgument,
    /// More nested calls than anybody needs.
    #[error("calls are nested too deeply")]
    TooDeep,
    /// A name that exists but not for this use.
    #[error("`{0}` cannot be used in {usage}", usage = .1.describe())]
    OutOfScope(Variable, Use),
    /// A connection or integration config name that the provider does not declare.
    #[error("`{0}` is not declared")]
    Undeclared(Variable),
    /// A hole or character that an address cannot have at this place.
    #[error("{0}")]
    Address(String),
}

const MAX_DEPTH: usize = 8;

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    usage: Use,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, usage: Use) -> Self {
        Parser { text, at: 0, usage }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn column(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    fn fail<T>(&self, at: usize, kind: TemplateErrorKind) -> Result<T, TemplateError> {
        Err(TemplateError {
            column: self.column(at),
            kind,
        })
    }

    /// The length of a ` || ` that starts here, white space included.
    fn operator(&self) -> Option<usize> {
        let rest = self.rest();
        let before = rest.len() - rest.trim_start().len();
        let tail = rest[before..].strip_prefix("||")?;
        let after = tail.len() - tail.trim_start().len();
        (before > 0 && after > 0).then_some(before + 2 + after)
    }

    pub(super) fn template(&mut self) -> Result<Vec<Alternative>, TemplateError> {
        let mut alternatives = vec![self.segments(0)?];
        while self.at < self.text.len() {
            let Some(length) = self.operator() else { break };
            let operator = self.at;
            self.at += length;
            let next = self.segments(0)?;
            if next.is_empty() || alternatives.last().is_some_and(Vec::is_empty) {
                return self.fail(operator, TemplateErrorKind::EmptyAlternative);
            }
            alternatives.push(next);
        }
        Ok(alternatives)
    }

    /// Segments up to the end, an operator, or (inside a call) the closing `)}`.
    fn segments(&mut self, depth: usize) -> Result<Alternative, TemplateError> {
        let mut segments = Vec::new();
        let mut literal = String::new();
        while let Some(next) = self.rest().chars().next() {
            let rest = self.rest();
            if rest.starts_with("$${") {
                literal.push_str("${");
                self.at += 3;
            } else if rest.starts_with("${") {
                if !literal.is_empty() {
                    segments.push(Segment::Literal(std::mem::take(&mut literal)));
                }
                segments.push(Segment::Hole(self.hole(depth)?));
            } else if depth > 0 && rest.starts_with(")}") {
                break;
            } else if next.is_whitespace() && self.operator().is_some() {
                if depth > 0 {
                    return self.fail(self.at, TemplateErrorKind::OperatorInArgument);
                }
                break;
            } else {
                literal.push(next);
                self.at += next.len_utf8();
            }
        }
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        Ok(segments)
    }

    fn hole(&mut self, depth: usize) -> Result<Hole, TemplateError> {
        let start = self.at;
        let column = self.column(start);
        self.at += 2;
        let rest = self.rest();
        let word = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let expression = if rest[word..].starts_with('(') {
            self.call(start, word, depth)?
        } else {
            let Some(end) = rest.find('}') else {
                return self.fail(start, TemplateErrorKind::Unclosed);
            };
            let mut names = Vec::new();
            let mut from = self.at;
            for name in rest[..end].split("||") {
                names.push(self.variable(name, from)?);
                from += name.len() + 2;
            }
            self.at += end + 1;
            Expression::FirstOf(names)
        };
        Ok(Hole { expression, column })
    }

    fn variable(&self, name: &str, from: usize) -> Result<Variable, TemplateError> {
        let at = from + (name.len() - name.trim_start().len());
        let name = name.trim();
        let Some(variable) = Variable::parse(name) else {
            let suggestion = Variable::plain_names()
                .chain([
                    "connection_config.…",
                    "integration_config.…",
                    "raw.…",
                    "credentials.…",
                ])
                .map(|known| (strsim::damerau_levenshtein(head(known), head(name)), known))
                .filter(|(distance, _)| *distance <= 3)
                .min()
                .map(|(_, known)| known.to_owned());
            return self.fail(
                at,
                TemplateErrorKind::UnknownName {
                    name: name.to_owned(),
                    suggestion,
                },
            );
        };
        if !self.usage.allows(&variable) {
            return self.fail(at, TemplateErrorKind::OutOfScope(variable, self.usage));
        }
        Ok(variable)
    }

    fn call(&mut self, start: usize, word: usize, depth: usize) -> Result<Expression, TemplateError> {
        let name = &self.rest()[..word];
        let Some(function) = Function::parse(name) else {
            return self.fail(self.at, TemplateErrorKind::UnknownFunction(name.to_owned()));
        };
        if depth >= MAX_DEPTH {
            return self.fail(start, TemplateErrorKind::TooDeep);
        }
        self.at += word + 1;
        let inner = self.segments(depth + 1)?;
        if !self.rest().starts_with(")}") {
            return self.fail(start, TemplateErrorKind::UnclosedCall(function));
        }
        self.at += 2;
        let arguments = if function.arity() == 2 {
            split_at_last_comma(inner)
        } else {
            vec![inner]
        };
        if arguments.len() != function.arity() || arguments.iter().any(Vec::is_empty) {
            return self.fail(start, TemplateErrorKind::Arguments(function));
        }
        for argument in &arguments {
            if let [Segment::Literal(text)] = argument.as_slice()
                && Variable::parse(text.trim()).is_some()
            {
                return self.fail(start, TemplateErrorKind::BareArgument(text.trim().to_owned()));
            }
        }
        Ok(Expression::Call(function, arguments))
    }
}

/// The part of a name before its first dot: what a typo is measured on.
fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Messages may contain commas, keys don't: the last comma outside nested placeholders parts the two.
fn split_at_last_comma(mut segments: Alternative) -> Vec<Alternative> {
    let found = segments
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, segment)| match segment {
            Segment::Literal(text) => text.rfind(',').map(|comma| (index, comma)),
            Segment::Hole(_) => None,
        });
    let Some((index, comma)) = found else {
        return vec![segments];
    };
    let tail = segments.split_off(index + 1);
    let (mut first, mut second) = (segments, Vec::new());
    if let Some(Segment::Literal(text)) = first.pop() {
        if comma > 0 {
            first.push(Segment::Literal(text[..comma].to_owned()));
        }
        let after = text[comma + 1..].trim_start();
        if !after.is_empty() {
            second.push(Segment::Literal(after.to_owned()));
        }
    }
    second.extend(tail);
    vec![first, second]
}
