//! The OpenAPI document as a page, for people.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::example;
use crate::oauth::page::Escaped;
use crate::ui::assets;

/// Methods in the order in which a path shows them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Stands in the page where the address of the instance belongs.
pub(super) const BASE: &str = "{base}";

/// The page.
pub(super) fn page(document: &Value) -> String {
    let mut page = Page {
        document,
        html: String::new(),
    };
    page.head();
    page.contents();
    page.push("<main id=\"main\">");
    page.start();
    for tag in page.tags() {
        page.tag(&tag);
    }
    page.schemas();
    page.push("</main>");
    page.foot();
    page.html
}

struct Page<'d> {
    document: &'d Value,
    html: String,
}

/// One operation with where it stands.
struct Operation<'d> {
    method: &'static str,
    path: &'d str,
    what: &'d Value,
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        format!("{}{}", self.method, self.path)
            .replace(['/', '{', '}', '_', '.'], "-")
            .trim_matches('-')
            .replace("--", "-")
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn map<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value[name].as_object().into_iter().flat_map(Map::iter)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// Text with `` `code` `` in it, as HTML.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        let _ = match at % 2 {
            0 => write!(html, "{}", Escaped(part)),
            _ => write!(html, "<code>{}</code>", Escaped(part)),
        };
    }
    html
}

impl<'d> Page<'d> {
    fn push(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn head(&mut self) {
        let info = &self.document["info"];
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>API reference · Terapi</title>\
             <link rel=\"icon\" type=\"image/svg+xml\" href=\"..{}/favicon.svg\">\
             <link rel=\"stylesheet\" href=\"reference.css\"><script defer src=\"reference.js\"></script></head><body>\
             <a class=\"skip\" href=\"#main\">Skip to the operations</a>\
             <header><h1>API reference</h1><p>{}</p>\
             <p class=\"quiet\">Version {} · <a href=\"../openapi.json\">OpenAPI document</a> · <a href=\"../app\">Dashboard</a></p></header>",
            assets::site_path(),
            prose(text(info, "description")),
            Escaped(text(info, "version")),
        );
        self.push(&html);
    }

    /// What every example takes for granted.
    fn start(&mut self) {
        let _ = write!(
            self.html,
            "<section aria-labelledby=\"start\"><h2 id=\"start\">Before the first call</h2>\
             <p>This instance is at <code>{BASE}</code>. A call carries a secret key of one environment in \
             <code>Authorization: Bearer …</code>; make one in the <a href=\"../app\">dashboard</a> under Environment \
             settings, API keys. The examples take both from the shell:</p>\
             <pre tabindex=\"0\">export TERAPI_URL=\"{BASE}\"\nexport TERAPI_SECRET_KEY=\"…\"</pre></section>"
        );
    }

    fn foot(&mut self) {
        self.push("<footer><p>Made from this instance's own OpenAPI document.</p></footer></body></html>");
    }

    /// Tags, in the document's order.
    fn tags(&self) -> Vec<String> {
        list(self.document, "tags")
            .map(|tag| text(tag, "name").to_owned())
            .collect()
    }

    fn operations(&self, tag: &str) -> Vec<Operation<'d>> {
        let document = self.document;
        map(document, "paths")
            .flat_map(|(path, item)| {
                METHODS
                    .into_iter()
                    .filter_map(move |method| item.get(method).map(|what| Operation { method, path, what }))
            })
            .filter(|operation| list(operation.what, "tags").any(|found| found == tag))
            .collect()
    }

    fn contents(&mut self) {
        self.push("<nav aria-label=\"Contents\"><h2>Contents</h2>");
        for tag in self.tags() {
            let _ = write!(self.html, "<h3><a href=\"#{0}\">{0}</a></h3><ul>", Escaped(&tag));
            for operation in self.operations(&tag) {
                let _ = write!(
                    self.html,
                    "<li><a href=\"#{}\"><span class=\"method {m}\">{}</span><span class=\"path\">{}</span></a></li>",
                    Escaped(&operation.anchor()),
                    operation.method.to_uppercase(),
                    Escaped(operation.path),
                    m = operation.method,
                );
            }
            self.push("</ul>");
        }
        self.push("<h3><a href=\"#Schemas\">Schemas</a></h3></nav>");
    }

    fn tag(&mut self, tag: &str) {
        let described = list(self.document, "tags").find(|found| found["name"] == tag);
        let description = described.map(|tag| text(tag, "description")).unwrap_or_default();
        let _ = write!(
            self.html,
            "<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{0}</h2><p>{1}</p>",
            Escaped(tag),
            prose(description)
        );
        for operation in self.operations(tag) {
            self.operation(&operation);
        }
        self.push("</section>");
    }

    fn operation(&mut self, operation: &Operation<'_>) {
        let what = operation.what;
        let anchor = operation.anchor();
        let _ = write!(
            self.html,
            "<section aria-labelledby=\"{anchor}\"><h3 id=\"{anchor}\"><span class=\"method {}\">{}</span>\
             <span class=\"path\">{}</span></h3>",
            operation.method,
            operation.method.to_uppercase(),
            Escaped(operation.path),
            anchor = Escaped(&anchor),
        );
        for part in ["summary", "description"] {
            if !text(what, part).is_empty() {
                let _ = write!(self.html, "<p>{}</p>", prose(text(what, part)));
            }
        }
        self.security(what);
        self.call(operation);
        self.parameters(what);
        self.request(what);
        self.responses(what);
        self.push("</section>");
    }

    fn security(&mut self, what: &Value) {
        let ways: Vec<String> = list(what, "security")
            .filter_map(Value::as_object)
            .flat_map(Map::iter)
            .map(|(scheme, scopes)| {
                let who = match scheme.as_str() {
                    "account_key" => "an account key",
                    "connect_session" => "a connect session token",
                    "public_key" => "the public key",
                    "session_token" => "a connect session token in the query",
                    _ => "a secret key",
                };
                let scopes: Vec<&str> = scopes
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                match scopes.first() {
                    Some(scope) => format!("{who} with <code>{}</code>", Escaped(scope)),
                    None => who.to_owned(),
                }
            })
            .collect();
        let ways = match ways.len() {
            0 => "nothing: it is open to anybody".to_owned(),
            _ => ways.join(", or "),
        };
        let _ = write!(self.html, "<h4>Needs</h4><p>{ways}</p>");
    }

    /// A call that can be copied, and what it answers. What answers nothing good, or a page, has none.
    fn call(&mut self, operation: &Operation<'_>) {
        let what = operation.what;
        let Some((_, answer)) = map(what, "responses").find(|(status, _)| status.starts_with('2')) else {
            return;
        };
        let _ = write!(
            self.html,
            "<h4>Example</h4><pre tabindex=\"0\">{}</pre>",
            Escaped(&self.curl(operation))
        );
        let Some(schema) = answer.pointer("/content/application~1json/schema") else {
            return;
        };
        let value = example::value(self.document, schema, true);
        let _ = write!(
            self.html,
            "<details><summary>Its answer</summary><pre tabindex=\"0\">{}</pre></details>",
            Escaped(&serde_json::to_string_pretty(&value).unwrap_or_default())
        );
    }

    fn curl(&self, operation: &Operation<'_>) -> String {
        let what = operation.what;
        let mut path = operation.path.to_owned();
        let mut query = Vec::new();
        for parameter in list(what, "parameters").filter(|parameter| parameter["required"] == true) {
            let (name, value) = (
                text(parameter, "name"),
                example::parameter(self.document, parameter),
            );
            match text(parameter, "in") {
                "path" => path = path.replace(&format!("{{{name}}}"), &value),
                "query" => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        let scheme = list(what, "security")
            .filter_map(Value::as_object)
            .find_map(|ways| ways.keys().next());
        let bearer = match scheme.map(String::as_str) {
            Some("secret_key") => Some("TERAPI_SECRET_KEY"),
            Some("account_key") => Some("TERAPI_ACCOUNT_KEY"),
            Some("connect_session") => Some("SESSION_TOKEN"),
            _ => None,
        };
        match scheme.map(String::as_str) {
            Some("session_token") => query.push("connect_session_token=$SESSION_TOKEN".to_owned()),
            Some("public_key") => query.push("public_key=$PUBLIC_KEY".to_owned()),
            _ => {}
        }
        let method = match operation.method {
            "get" => String::new(),
            other => format!("-X {} ", other.to_uppercase()),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let mut curl = format!("curl {method}\"$TERAPI_URL{path}{mark}{}\"", query.join("&"));
        if let Some(variable) = bearer {
            let _ = write!(curl, " \\\n  -H \"Authorization: Bearer ${variable}\"");
        }
        if let Some(schema) = what.pointer("/requestBody/content/application~1json/schema") {
            let body = example::value(self.document, schema, false);
            let body = serde_json::to_string_pretty(&body).unwrap_or_default();
            let _ = write!(
                curl,
                " \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"
            );
        }
        curl
    }

    fn parameters(&mut self, what: &Value) {
        let mut parameters = list(what, "parameters").peekable();
        if parameters.peek().is_none() {
            return;
        }
        self.push("<h4>Parameters</h4><dl>");
        for parameter in parameters {
            let needed = parameter["required"] == true;
            let place = format!("in the {}", text(parameter, "in"));
            self.term(text(parameter, "name"), &parameter["schema"], needed, &place);
            let _ = write!(self.html, "<dd>{}</dd>", prose(text(parameter, "description")));
        }
        self.push("</dl>");
    }

    fn term(&mut self, name: &str, schema: &Value, needed: bool, place: &str) {
        let _ = write!(
            self.html,
            "<dt><code>{}</code> <span class=\"quiet\">{}{}{}</span>{}</dt>",
            Escaped(name),
            kind(schema),
            if place.is_empty() { "" } else { ", " },
            place,
            if needed {
                " <span class=\"needed\">required</span>"
            } else {
                ""
            },
        );
    }

    fn request(&mut self, what: &Value) {
        let content = what.pointer("/requestBody/content").and_then(Value::as_object);
        for (media, content) in content.into_iter().flat_map(Map::iter) {
            let schema = &content["schema"];
            let _ = write!(
                self.html,
                "<h4>Body</h4><p><code>{}</code>: {}</p>",
                Escaped(media),
                kind(schema)
            );
            self.properties(schema);
        }
    }

    /// What an operation answers. Errors are many and much the same everywhere, so they are folded.
    fn responses(&mut self, what: &Value) {
        let (errors, answers): (Vec<_>, Vec<_>) =
            map(what, "responses").partition(|(status, _)| status.starts_with(['4', '5']));
        self.push("<h4>Answers</h4>");
        self.answers(&answers);
        if errors.is_empty() {
            return;
        }
        let statuses: Vec<&str> = errors.iter().map(|(status, _)| status.as_str()).collect();
        let _ = write!(
            self.html,
            "<details><summary>Errors: <span class=\"quiet\">{}</span></summary>",
            Escaped(&statuses.join(", "))
        );
        self.answers(&errors);
        self.push("</details>");
    }

    fn answers(&mut self, answers: &[(&String, &Value)]) {
        self.push("<dl>");
        for (status, response) in answers {
            let content = response["content"].as_object();
            let schema = content.and_then(|content| content.values().next());
            let shape = schema.map(|content| kind(&content["schema"])).unwrap_or_default();
            let _ = write!(
                self.html,
                "<dt><code>{}</code> <span class=\"quiet\">{shape}</span></dt><dd>{}</dd>",
                Escaped(status),
                prose(text(response, "description")),
            );
        }
        self.push("</dl>");
    }

    /// The fields of an object that stands where it is used.
    fn properties(&mut self, schema: &Value) {
        if let Some(items) = schema.get("items") {
            self.properties(items);
        }
        for branch in ["allOf", "anyOf", "oneOf"] {
            for part in list(schema, branch) {
                self.properties(part);
            }
        }
        let mut properties = map(schema, "properties").peekable();
        if properties.peek().is_none() {
            return;
        }
        self.push("<dl>");
        for (name, property) in properties {
            let needed = list(schema, "required").any(|found| found == name);
            self.term(name, property, needed, "");
            let description = prose(text(property, "description"));
            let rules = rules(property);
            let _ = write!(
                self.html,
                "<dd>{description}{}{rules}",
                if description.is_empty() || rules.is_empty() {
                    ""
                } else {
                    " "
                }
            );
            self.properties(property);
            self.push("</dd>");
        }
        self.push("</dl>");
    }

    fn schemas(&mut self) {
        self.push("<section aria-labelledby=\"Schemas\"><h2 id=\"Schemas\">Schemas</h2>");
        let schemas = self
            .document
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flat_map(Map::iter) {
            let _ = write!(
                self.html,
                "<div class=\"schema\"><h3 id=\"schema-{0}\">{0}</h3><p>{1}</p><p class=\"quiet\">{2}</p>",
                Escaped(name),
                prose(text(schema, "description")),
                kind(schema),
            );
            self.properties(schema);
            self.push("</div>");
        }
        self.push("</section>");
    }
}

/// What a value is, in words, with links to schemas that have a name.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("<a href=\"#schema-{0}\">{0}</a>", Escaped(name));
    }
    for branch in ["oneOf", "anyOf"] {
        if schema[branch].is_array() {
            let parts: Vec<String> = list(schema, branch).map(kind).collect();
            return parts.join(" or ");
        }
    }
    if schema["allOf"].is_array() {
        let parts: Vec<String> = list(schema, "allOf").map(kind).collect();
        return parts.join(" with ");
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    let words: Vec<String> = names
        .into_iter()
        .map(|name| match name {
            "array" => format!("list of {}", kind(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("object of {}", kind(&schema["additionalProperties"]))
            }
            name => Escaped(name).to_string(),
        })
        .collect();
    words.join(" or ")
}

/// What a value must keep to, in words.
fn rules(schema: &Value) -> String {
    let mut rules = Vec::new();
    for (name, words) in [
        ("minLength", "characters at least:"),
        ("maxLength", "characters at most:"),
        ("minimum", "at least:"),
        ("maximum", "at most:"),
        ("minItems", "items at least:"),
        ("maxItems", "items at most:"),
        ("pattern", "pattern:"),
        ("format", "format:"),
        ("default", "when absent:"),
    ] {
        match &schema[name] {
            Value::Null => {}
            Value::String(text) => rules.push(format!("{words} <code>{}</code>", Escaped(text))),
            other => rules.push(format!("{words} <code>{}</code>", Escaped(&other.to_string()))),
        }
    }
    let choices: Vec<String> = list(schema, "enum")
        .filter_map(Value::as_str)
        .map(|choice| format!("<code>{}</code>", Escaped(choice)))
        .collect();
    if !choices.is_empty() {
        rules.push(format!("one of {}", choices.join(", ")));
    }
    match rules.is_empty() {
        true => String::new(),
        false => format!("({})", rules.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_a_page_in_which_nothing_is_markup_by_accident() {
        let document = json!({
            "info": {"version": "1", "description": "All `of it` <here>."},
            "tags": [{"name": "Things", "description": "Things."}],
            "paths": {"/things/{id}": {"get": {
                "tags": ["Things"], "summary": "A <b>thing</b>",
                "security": [{"secret_key": ["environment:things:read"]}, {"connect_session": []}],
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {
                    "200": {"description": "It", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "404": {"description": "`<none>`"},
                },
            }}},
            "components": {"schemas": {"Thing": {
                "type": "object", "required": ["name"],
                "properties": {"name": {"type": ["string", "null"], "minLength": 1}, "parts": {"type": "array", "items": {"type": "integer"}}},
            }}},
        });
        let html = page(&document);
        for wanted in [
            "All <code>of it</code> &lt;here&gt;.",
            "A &lt;b&gt;thing&lt;/b&gt;",
            "a secret key with <code>environment:things:read</code>, or a connect session token",
            "<a href=\"#schema-Thing\">Thing</a>",
            "<h3 id=\"schema-Thing\">",
            "string or null",
            "list of integer",
            "characters at least: <code>1</code>",
            "id=\"get-things-id\"",
            "href=\"#get-things-id\"",
            "<details><summary>Errors: <span class=\"quiet\">404</span></summary>",
            "<dd><code>&lt;none&gt;</code></dd></dl></details>",
            "curl &quot;$TERAPI_URL/things/user-1&quot; \\\n  -H &quot;Authorization: Bearer $TERAPI_SECRET_KEY&quot;</pre>",
            "<summary>Its answer</summary><pre tabindex=\"0\">{\n  &quot;name&quot;: &quot;dev&quot;,",
        ] {
            assert!(html.contains(wanted), "{wanted}\n{html}");
        }
    }
}
