//! The template language of provider files.
//!
//! Text with holes: `https://${connection_config.subdomain}.zendesk.com`. In a hole stands a name, several names
//! with `||` between them (the first that is set), or a call: `${base64(${username}:${password})}`. ` || ` with
//! white space around it separates whole alternatives; the first whose names are all set is used. `$${` is a
//! literal `${`. A template is parsed once, when a file is loaded, and knows what it is [`Use`]d for.

mod function;
mod parse;
mod scope;
mod url;
mod variable;

use std::collections::BTreeSet;
use std::fmt;

pub use function::Function;
pub use parse::{TemplateError, TemplateErrorKind};
pub use scope::Scope;
pub(crate) use scope::text;
pub use url::{Declarations, HoleRule, UrlTemplate};
pub use variable::{Path, Use, Variable};

type Alternative = Vec<Segment>;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Hole(Hole),
}

#[derive(Debug, Clone)]
struct Hole {
    expression: Expression,
    column: usize,
}

impl PartialEq for Hole {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Eq for Hole {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    FirstOf(Vec<Variable>),
    Call(Function, Vec<Alternative>),
}

/// Why a template could not be rendered. Never contains a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A value the template needs is absent or empty.
    #[error("`{0}` is not set")]
    Unset(Variable),
    /// A value that cannot stand in the host of an address.
    #[error("the value of `{0}` cannot be part of a host name")]
    NotHost(Variable),
    /// A value that should be a whole address and is none, or not an allowed one.
    #[error("the value of `{0}` is not an acceptable base URL")]
    NotBaseUrl(Variable),
    /// A value that breaks its field's pattern.
    #[error("the value of `{0}` does not have the declared form")]
    Pattern(Variable),
    /// A value that would step out of the path.
    #[error("a value would make `.` or `..` a segment of the path")]
    DotSegment,
    /// The rendered address is not one, or its host is not the template's.
    #[error("the rendered address is not valid")]
    NotUrl,
    /// A line break or NUL in a header.
    #[error("a header value may not contain line breaks or NUL")]
    HeaderControl,
}

impl Template {
    /// Parses a text for one use.
    ///
    /// # Errors
    /// When the text breaks the grammar, or names something this use may not see.
    pub fn parse(text: &str, usage: Use) -> Result<Template, TemplateError> {
        Ok(Template {
            alternatives: parse::Parser::new(text, usage).template()?,
        })
    }

    /// Every variable the template names, in any alternative.
    pub fn variables(&self) -> BTreeSet<&Variable> {
        let mut found = BTreeSet::new();
        self.alternatives.iter().for_each(|alternative| {
            collect(alternative, &mut |name, _| {
                found.insert(name);
            })
        });
        found
    }

    /// Every variable with the column of its placeholder.
    pub(crate) fn placed_variables(&self) -> Vec<(&Variable, usize)> {
        let mut found = Vec::new();
        self.alternatives
            .iter()
            .for_each(|alternative| collect(alternative, &mut |v, column| found.push((v, column))));
        found
    }

    /// The text with values in place of holes, nothing escaped.
    ///
    /// # Errors
    /// [`RenderError::Unset`] when no alternative has all its values.
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        first_set(&self.alternatives, |alternative| render(alternative, scope))
    }

    /// As [`Template::render`], for the value of a header.
    ///
    /// # Errors
    /// As [`Template::render`], and [`RenderError::HeaderControl`].
    pub fn render_header(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        let value = self.render(scope)?;
        if value.contains(['\r', '\n', '\0']) {
            Err(RenderError::HeaderControl)
        } else {
            Ok(value)
        }
    }

    /// The text as published clients know it: the contract's spellings.
    pub fn to_wire(&self) -> String {
        let mut text = String::new();
        print(&self.alternatives, Spelling::Wire, &mut text);
        text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        print(&self.alternatives, Spelling::Ours, &mut text);
        f.write_str(&text)
    }
}

fn collect<'t>(segments: &'t [Segment], found: &mut impl FnMut(&'t Variable, usize)) {
    // An explicit stack, since a closure that takes itself would need a trait object.
    let mut open: Vec<(&Segment, usize)> = segments.iter().rev().map(|segment| (segment, 0)).collect();
    while let Some((segment, outer)) = open.pop() {
        let Segment::Hole(hole) = segment else { continue };
        let column = if outer == 0 { hole.column } else { outer };
        match &hole.expression {
            Expression::FirstOf(names) => names.iter().for_each(|name| found(name, column)),
            Expression::Call(_, arguments) => {
                open.extend(arguments.iter().flatten().rev().map(|segment| (segment, column)));
            }
        }
    }
}

fn first_set<A, T>(
    alternatives: &[A],
    mut render: impl FnMut(&A) -> Result<T, RenderError>,
) -> Result<T, RenderError> {
    let mut missing = RenderError::NotUrl;
    for alternative in alternatives {
        match render(alternative) {
            Err(unset @ RenderError::Unset(_)) => missing = unset,
            other => return other,
        }
    }
    Err(missing)
}

fn render(segments: &[Segment], scope: &Scope<'_>) -> Result<String, RenderError> {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Hole(hole) => text.push_str(&value_of(&hole.expression, scope)?.1),
        }
    }
    Ok(text)
}

/// The value of an expression and, unless it is a call, the variable it came from.
fn value_of<'e>(
    expression: &'e Expression,
    scope: &Scope<'_>,
) -> Result<(Option<&'e Variable>, String), RenderError> {
    match expression {
        Expression::FirstOf(names) => {
            let set = names
                .iter()
                .find_map(|name| Some((Some(name), scope.get(name)?.into_owned())));
            set.ok_or_else(|| {
                names
                    .last()
                    .map_or(RenderError::NotUrl, |name| RenderError::Unset(name.clone()))
            })
        }
        Expression::Call(function, arguments) => {
            let values = arguments
                .iter()
                .map(|argument| render(argument, scope))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((None, function.apply(&values)))
        }
    }
}

#[derive(Clone, Copy)]
enum Spelling {
    Ours,
    Wire,
}

fn print(alternatives: &[Alternative], spelling: Spelling, out: &mut String) {
    for (index, alternative) in alternatives.iter().enumerate() {
        if index > 0 {
            out.push_str(" || ");
        }
        print_segments(alternative, spelling, out);
    }
}

fn print_segments(segments: &[Segment], spelling: Spelling, out: &mut String) {
    for segment in segments {
        match segment {
            Segment::Literal(text) => out.push_str(&text.replace("${", "$${")),
            Segment::Hole(hole) => {
                out.push_str("${");
                match &hole.expression {
                    Expression::FirstOf(names) => {
                        let names = names.iter().map(|name| match spelling {
                            Spelling::Ours => name.to_string(),
                            Spelling::Wire => name.wire_name(),
                        });
                        out.push_str(&names.collect::<Vec<_>>().join(" || "));
                    }
                    Expression::Call(function, arguments) => {
                        match spelling {
                            Spelling::Ours => out.push_str(&function.to_string()),
                            Spelling::Wire => out.push_str(function.wire_name()),
                        }
                        out.push('(');
                        for (index, argument) in arguments.iter().enumerate() {
                            if index > 0 {
                                out.push(',');
                            }
                            print_segments(argument, spelling, out);
                        }
                        out.push(')');
                    }
                }
                out.push('}');
            }
        }
    }
}
