//! What is known while a file is being read: its fields, and where complaints go.

use super::{Fields, Keep};
use crate::document::{Node, Place, Report};
use crate::template::{
    Declarations, HoleRule, Template, TemplateError, TemplateErrorKind, UrlTemplate, Use, Variable,
};

pub(super) struct Declared<'a> {
    pub(super) connection_config: &'a Fields,
    pub(super) integration_config: &'a Fields,
    pub(super) keep: &'a Keep,
    pub(super) report: &'a Report,
}

impl Declarations for Declared<'_> {
    fn rule(&self, variable: &Variable) -> Option<HoleRule> {
        match variable {
            Variable::ConnectionConfig(path) => match self.connection_config.get(path.as_str()) {
                Some(field) => Some(HoleRule {
                    host: field.format == Some(super::Format::Hostname),
                    base_url: field.automated && field.pattern.is_some(),
                    operator: false,
                    pattern: field.pattern.clone(),
                }),
                None => (self.keep.contains(path.as_str()) || self.connection_config.additional())
                    .then(HoleRule::default),
            },
            Variable::IntegrationConfig(path) => {
                self.integration_config.get(path.as_str()).map(|field| HoleRule {
                    host: true,
                    base_url: true,
                    operator: true,
                    pattern: field.pattern.clone(),
                })
            }
            _ => Some(HoleRule::default()),
        }
    }
}

impl Declared<'_> {
    fn complain(&self, place: &Place, path: &str, error: &TemplateError) {
        self.report.add(place, path, error.to_string());
    }

    pub(super) fn template(&self, node: &Node, path: &str, text: &str, usage: Use) -> Option<Template> {
        self.template_at(&node.place, path, text, usage)
    }

    pub(super) fn template_at(&self, place: &Place, path: &str, text: &str, usage: Use) -> Option<Template> {
        match Template::parse(text, usage) {
            Ok(template) => {
                for (variable, column) in template.placed_variables() {
                    if self.rule(variable).is_none() {
                        let kind = TemplateErrorKind::Undeclared(variable.clone());
                        self.complain(place, path, &TemplateError { column, kind });
                    }
                }
                Some(template)
            }
            Err(error) => {
                self.complain(place, path, &error);
                None
            }
        }
    }

    pub(super) fn url(&self, node: &Node, path: &str, usage: Use) -> Option<UrlTemplate> {
        self.address(node, path, |text| UrlTemplate::parse(text, usage, self))
    }

    pub(super) fn endpoint(&self, node: &Node, path: &str) -> Option<UrlTemplate> {
        self.address(node, path, |text| {
            UrlTemplate::parse_path(text, Use::BaseUrl, self)
        })
    }

    fn address(
        &self,
        node: &Node,
        path: &str,
        parse: impl FnOnce(&str) -> Result<UrlTemplate, TemplateError>,
    ) -> Option<UrlTemplate> {
        let Some(text) = node.as_text() else {
            self.report.add(&node.place, path, "expected text");
            return None;
        };
        parse(text)
            .map_err(|error| self.complain(&node.place, path, &error))
            .ok()
    }
}
