//! The OpenAPI document: collected from the handlers, served at `/openapi.json`, printed by `terapi openapi`, and
//! committed as `server/openapi.json`, which a test compares.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Deprecated, Info, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::route::Schemas;

/// What every failure answers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct ErrorBody {
    /// The failure.
    error: ErrorDetail,
    /// The code once more, where old browser packages look for it.
    #[schema(nullable = false)]
    r#type: Option<String>,
}

/// What went wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct ErrorDetail {
    /// Stable; branch on it.
    code: String,
    /// For people; may change.
    message: String,
    /// What was wrong with the input, for `invalid_*` codes.
    #[schema(nullable = false)]
    errors: Option<Vec<InputIssue>>,
    /// More about this code, if there is more.
    #[schema(nullable = false, value_type = Option<Object>)]
    payload: Option<Value>,
    /// The operation that finds it on the dashboard's Logs page. In every refusal of a browser that came with a good
    /// session token or public key, of a session that has ended and is still known, of credentials that were tried at the
    /// provider, and of credentials that cannot be served; in no other.
    #[schema(nullable = false)]
    log_id: Option<String>,
    /// The method of a call too many.
    #[schema(nullable = false)]
    method: Option<String>,
    /// The path of a call too many.
    #[schema(nullable = false)]
    path: Option<String>,
}

/// One broken rule of an input.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct InputIssue {
    /// `invalid_type`, `unrecognized_keys`, `invalid_format`, `too_small`, `too_big`, `invalid_value`,
    /// `invalid_union`, `invalid_key` or `custom`.
    code: String,
    /// For people.
    message: String,
    /// From the root to the field.
    path: Vec<String>,
    /// The pattern that the value misses, where there is one.
    #[schema(nullable = false)]
    pattern: Option<String>,
}

/// That it was done.
#[derive(Serialize, ToSchema)]
pub struct Success {
    /// Always true.
    success: bool,
}

impl Success {
    /// The answer.
    pub const YES: Self = Self { success: true };
}

/// Tags in the order in which the reference shows them.
const TAGS: [(&str, &str); 9] = [
    (
        "Connect",
        "Sessions that let an end user connect an account, opened by your backend.",
    ),
    (
        "Connections",
        "Accounts that are connected, and their credentials.",
    ),
    ("Integrations", "Providers as you configured them."),
    ("Providers", "The catalogue of providers."),
    ("Environment", "The environment that a secret key belongs to."),
    (
        "Account",
        "Environments and their keys, managed with a key of the account itself.",
    ),
    (
        "Browser",
        "What a page calls while somebody connects an account, with a session token or the public key.",
    ),
    ("Instance", "Whether this instance is up."),
    (
        "Deprecated",
        "Older forms of the same, kept for published packages.",
    ),
];

/// The document of these paths and schemas.
pub fn document(mut paths: Paths, schemas: Schemas) -> OpenApi {
    let mut referenced = Vec::new();
    ErrorBody::schemas(&mut referenced);
    let elsewhere: Paths =
        serde_json::from_str(include_str!("described.json")).expect("a test reads the descriptions");
    paths.paths.extend(elsewhere.paths);
    for (alias, path) in ALIASES {
        if let Some(item) = paths.paths.get(path) {
            let mut item = item.clone();
            // The older path has an import of its own.
            if let Some(own) = paths.paths.get(alias) {
                item.post.clone_from(&own.post);
            }
            for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete]
                .into_iter()
                .flatten()
            {
                operation.tags = Some(vec!["Deprecated".to_owned()]);
            }
            paths.paths.insert(alias.to_owned(), item);
        }
    }
    for item in paths.paths.values_mut() {
        let all = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in all.into_iter().flatten() {
            if operation
                .tags
                .as_ref()
                .is_some_and(|tags| tags.iter().any(|tag| tag == "Deprecated"))
            {
                operation.deprecated = Some(Deprecated::True);
            }
        }
    }
    let said = said_by_callers(&paths, &schemas);
    for (path, item) in &mut paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            complete(operation);
            let parameters = operation.parameters.iter_mut().flatten();
            for parameter in parameters {
                if let RefOr::T(parameter) = parameter
                    && let Some(schema) = &mut parameter.schema
                {
                    keep_to_alphabet(&parameter.name, schema);
                }
            }
        }
    }
    let mut schemas = schemas;
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| said.contains(name)) {
        if let Ok(strict) =
            serde_json::to_value(&*schema).and_then(|value| serde_json::from_value(without_null(value)))
        {
            *schema = strict;
        }
    }
    for (_, schema) in &mut schemas {
        if let RefOr::T(Schema::Object(object)) = schema {
            for (name, property) in &mut object.properties {
                keep_to_alphabet(name, property);
            }
        }
    }
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schemas_from_iter(referenced)
        .schema(ErrorBody::name(), ErrorBody::schema())
        .security_scheme("secret_key", bearer("A secret key of an environment."))
        .security_scheme(
            "account_key",
            bearer("A key of the account, which acts on no environment."),
        )
        .security_scheme("connect_session", bearer("The token of a connect session."))
        .security_scheme(
            "session_token",
            in_query("connect_session_token", "The token of a connect session."),
        )
        .security_scheme(
            "public_key",
            in_query("public_key", "The environment's public key."),
        )
        .build();
    let mut info = Info::new("Terapi", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Everything a backend does with Terapi. A secret key selects its environment. Failures answer \
         `{error: {code, message, errors?, payload?, log_id?}}`; branch on the code, and look for the `log_id` on the \
         Logs page."
            .to_owned(),
    );
    let tags = TAGS.map(|(name, description)| {
        TagBuilder::new()
            .name(name)
            .description(Some(description))
            .build()
    });
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

/// Names of the schemas that bodies of requests are made of, but for those of old clients, who are lenient.
fn said_by_callers(paths: &Paths, schemas: &Schemas) -> BTreeSet<String> {
    let paths = serde_json::to_value(paths).unwrap_or_default();
    let operations = paths.as_object().into_iter().flat_map(Map::values);
    let operations = operations.filter_map(Value::as_object).flat_map(Map::values);
    let mut queue: Vec<String> = operations
        .filter(|operation| operation["tags"][0] != "Deprecated")
        .flat_map(|operation| references(&operation["requestBody"]))
        .collect();
    let mut said = BTreeSet::new();
    while let Some(name) = queue.pop() {
        let schema = schemas.iter().find(|(found, _)| *found == name);
        let value = schema.and_then(|(_, schema)| serde_json::to_value(schema).ok());
        if said.insert(name) {
            queue.extend(value.iter().flat_map(references));
        }
    }
    said
}

/// Names of the schemas that something refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(reference) => vec![reference.rsplit('/').next().unwrap_or_default().to_owned()],
            None => object.values().flat_map(references).collect(),
        },
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// A schema in which optional means absent: what a caller says is read so, whatever its Rust type.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(mut object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(branches)) = object.get_mut("oneOf") {
                branches.retain(|branch| branch["type"] != "null");
                if let [only] = branches.as_slice() {
                    return without_null(only.clone());
                }
            }
            object
                .into_iter()
                .map(|(name, value)| (name, without_null(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        other => other,
    }
}

/// Older paths, and the paths they stand for.
const ALIASES: [(&str, &str); 3] = [
    ("/connection", "/connections"),
    ("/connection/{connection_id}", "/connections/{connection_id}"),
    ("/connection/metadata", "/connections/metadata"),
];

/// Names that keep to an alphabet of their own (rest.md 1.5), wherever they stand.
fn keep_to_alphabet(name: &str, schema: &mut RefOr<Schema>) {
    let pattern = match name {
        "unique_key" | "provider_config_key" | "integration_id" | "integration" => "^[A-Za-z0-9~:.@ _-]+$",
        "connection_id" => r#"^[A-Za-z0-9,.;:=+~\[\]|@${}"'\\/_ -]+$"#,
        "provider" => "^[A-Za-z0-9_-]+$",
        _ => return,
    };
    if let RefOr::T(Schema::Object(object)) = schema {
        object.pattern = Some(pattern.to_owned());
        object.min_length = Some(1);
        object.max_length = Some(255);
    }
}

/// `get_connections_connection_id` of GET `/connections/{connection_id}`: handlers of different rooms have the same
/// names.
fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// Adds the failures that every operation of its kind has, where it does not describe them itself.
fn complete(operation: &mut Operation) {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let schemes: Vec<String> = security
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|requirement| requirement.keys().cloned())
        .collect();
    let needs = |name: &str| schemes.iter().any(|scheme| scheme == name);
    let has_key = needs("secret_key") || needs("account_key");
    let has_body = operation.request_body.is_some();
    let common = [
        (
            !schemes.is_empty(),
            "400",
            "`invalid_query_params`, `invalid_uri_params`, `invalid_json`, `invalid_body`",
        ),
        (
            !schemes.is_empty(),
            "401",
            "Who is asking cannot be told, or is not known",
        ),
        (
            has_key,
            "403",
            "`forbidden`: the key lacks the scope, or has no environment",
        ),
        (has_body, "408", "`invalid_body`: the body did not arrive in time"),
        (has_body, "413", "`request_too_large`"),
        (
            !schemes.is_empty(),
            "415",
            "`invalid_content_type`: the body must be JSON",
        ),
        (
            !schemes.is_empty(),
            "429",
            "`too_many_request`: the account calls too often",
        ),
        (
            true,
            "500",
            "`server_error`; `payload.request_id` finds it in the server's log",
        ),
        (
            true,
            "503",
            "`unavailable`: the database cannot be reached for the moment",
        ),
    ];
    let responses = &mut operation.responses.responses;
    for (_, status, description) in common.into_iter().filter(|(is_common, ..)| *is_common) {
        let failure = || {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ErrorBody::name())))
                .build();
            let mut response = ResponseBuilder::new()
                .description(description)
                .content("application/json", content);
            if status == "429" {
                for (name, meaning) in RATE_HEADERS {
                    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Integer).build());
                    header.description = Some(meaning.to_owned());
                    response = response.header(name, header);
                }
            }
            RefOr::T(response.build())
        };
        responses.entry(status.to_owned()).or_insert_with(failure);
    }
}

/// Headers of a call too many.
const RATE_HEADERS: [(&str, &str); 4] = [
    ("Retry-After", "Seconds to wait"),
    ("X-RateLimit-Limit", "Calls in a window of 60 seconds"),
    ("X-RateLimit-Remaining", "Calls that are left in this window"),
    ("X-RateLimit-Reset", "When the window ends, seconds since 1970"),
];

fn bearer(description: &str) -> SecurityScheme {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some(description.to_owned());
    SecurityScheme::Http(scheme)
}

fn in_query(name: &str, description: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description(name, description)))
}
