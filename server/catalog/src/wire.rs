//! A provider as `GET /providers` shows it (rest.md section 7). The file format is ours, this shape is the contract's.

use serde_json::{Map, Value, json};

use crate::language::Language;
use crate::provider::{
    AuthSpec, BodyFormat, ClientAuth, ClientCredentialsSpec, Fields, OAuth1Spec, OAuth2Spec, Params, Pkce,
    Provider, ScopeInfo, Verification,
};

/// The address of a provider's logo: `<public base>/images/template-logos/<name>.svg`.
pub fn logo_url(name: &str, public_base: &str) -> String {
    format!(
        "{}/images/template-logos/{name}.svg",
        public_base.trim_end_matches('/')
    )
}

/// One entry of `GET /providers`, its fields titled and described in English.
pub fn provider(provider: &Provider, public_base: &str) -> Value {
    provider_in(Language::English, provider, public_base)
}

/// The same in another language.
pub fn provider_in(language: Language, provider: &Provider, public_base: &str) -> Value {
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(provider.name.as_str()));
    entry.extend(body(provider));
    language.localize(&mut entry);
    entry.insert(
        "logo_url".to_owned(),
        json!(logo_url(provider.name.as_str(), public_base)),
    );
    Value::Object(entry)
}

/// The same without `name` and `logo_url`: a value of `GET /providers.json`.
pub fn body(provider: &Provider) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::Object(object) => object.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if !empty {
            entry.insert(key.to_owned(), value);
        }
    };
    put("display_name", json!(provider.display_name));
    put("auth_mode", json!(provider.auth_mode().as_wire()));
    put("description", json!(provider.description));
    put("categories", json!(provider.categories));
    put("docs", json!(provider.docs));
    put("docs_connect", json!(provider.docs_connect));
    put("setup_guide_url", json!(provider.setup_guide_url));
    for (key, value) in auth(&provider.auth) {
        put(&key, value);
    }
    put(
        "redirect_uri_metadata",
        json!(
            provider
                .keep
                .callback
                .iter()
                .map(|path| path.as_str())
                .collect::<Vec<_>>()
        ),
    );
    put(
        "token_response_metadata",
        json!(
            provider
                .keep
                .token
                .iter()
                .map(|path| path.as_str())
                .collect::<Vec<_>>()
        ),
    );
    put("connection_config", fields(&provider.connection_config));
    put("integration_config", fields(&provider.integration_config));
    put("credentials", fields(&provider.credentials));
    put("proxy", proxy(provider));
    entry
}

fn auth(auth: &AuthSpec) -> Map<String, Value> {
    match auth {
        AuthSpec::OAuth2(spec) => oauth2(spec),
        AuthSpec::OAuth1(spec) => oauth1(spec),
        AuthSpec::ClientCredentials(spec) => client_credentials(spec),
        AuthSpec::Tba(spec) => {
            let method = json!(spec.signature_method.as_str());
            Map::from_iter([("signature_method".to_owned(), method)])
        }
        AuthSpec::ApiKey | AuthSpec::Basic | AuthSpec::None => Map::new(),
    }
}

fn oauth1(spec: &OAuth1Spec) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| drop(entry.insert(key.to_owned(), value));
    put("request_url", json!(spec.request_url.template().to_wire()));
    put("request_params", params(&spec.request_params));
    if spec.request_method != "POST" {
        put("request_http_method", json!(spec.request_method));
    }
    put(
        "authorization_url",
        json!(spec.authorization_url.template().to_wire()),
    );
    put("authorization_params", params(&spec.authorization_params));
    put("token_url", json!(spec.token_url.template().to_wire()));
    if spec.token_method != "POST" {
        put("token_http_method", json!(spec.token_method));
    }
    put("signature_method", json!(spec.signature_method.as_str()));
    if spec.scope_separator != " " {
        put("scope_separator", json!(spec.scope_separator));
    }
    put("default_scopes", json!(spec.default_scopes));
    put("available_scopes", scope_names(&spec.scopes));
    entry
}

fn client_credentials(spec: &ClientCredentialsSpec) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| drop(entry.insert(key.to_owned(), value));
    put("token_url", json!(spec.token_url.template().to_wire()));
    put("token_params", params(&spec.token_params));
    if spec.scope_separator != " " {
        put("scope_separator", json!(spec.scope_separator));
    }
    put("default_scopes", json!(spec.default_scopes));
    put("available_scopes", scope_names(&spec.scopes));
    // In this mode the contract names the way of proving the client differently from the code grant.
    if matches!(
        spec.client_auth,
        ClientAuth::SecretBasic | ClientAuth::SecretBasicAndPost
    ) {
        put("token_request_auth_method", json!("basic"));
    }
    if spec.body_format == BodyFormat::Json {
        put("body_format", json!("json"));
    }
    put("token_expiration_buffer", json!(spec.token_expiration_buffer));
    entry
}

fn scope_names(scopes: &[ScopeInfo]) -> Value {
    scopes.iter().map(|scope| scope.name.as_str()).collect()
}

fn oauth2(spec: &OAuth2Spec) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| drop(entry.insert(key.to_owned(), value));
    put(
        "authorization_url",
        json!(spec.authorization_url.template().to_wire()),
    );
    put("authorization_params", params(&spec.authorization_params));
    if spec.scope_separator != " " {
        put("scope_separator", json!(spec.scope_separator));
    }
    put("default_scopes", json!(spec.default_scopes));
    put("available_scopes", scope_names(&spec.scopes));
    put("token_url", json!(spec.token_url.template().to_wire()));
    put("token_params", params(&spec.token_params));
    put(
        "refresh_params",
        spec.refresh_params.as_ref().map_or(Value::Null, params),
    );
    put(
        "refresh_url",
        json!(spec.refresh_url.as_ref().map(|url| url.template().to_wire())),
    );
    match spec.client_auth {
        ClientAuth::SecretBasic => put("authorization_method", json!("header")),
        ClientAuth::SecretBasicAndPost => put("token_request_auth_method", json!("basic")),
        ClientAuth::SecretPost | ClientAuth::None => {}
    }
    if spec.body_format == BodyFormat::Json {
        put("body_format", json!("json"));
    }
    if matches!(spec.pkce, Pkce::Off { .. }) {
        put("disable_pkce", json!(true));
    }
    if spec.code_param != "code" {
        put("authorization_code_param_in_callback", json!(spec.code_param));
    }
    put(
        "alternate_access_token_response_path",
        json!(spec.token_response.alternates.first().map(|path| path.as_str())),
    );
    put("token_expiration_buffer", json!(spec.token_expiration_buffer));
    entry
}

fn params(params: &Params) -> Value {
    Value::Object(params.to_wire())
}

fn fields(fields: &Fields) -> Value {
    let mut map = Map::new();
    for (name, field) in fields.iter() {
        let mut entry = Map::new();
        let mut put = |key: &str, value: Value| {
            if !value.is_null() {
                entry.insert(key.to_owned(), value);
            }
        };
        put("type", json!("string"));
        put("title", json!(field.title));
        put(
            "description",
            json!(field.description.as_deref().unwrap_or_default()),
        );
        put("example", json!(field.example));
        put(
            "pattern",
            json!(field.pattern.as_ref().map(|pattern| pattern.as_str())),
        );
        put("format", json!(field.format.map(|format| format.as_str())));
        if !field.allowed.is_empty() {
            put("enum", json!(field.allowed));
        }
        put("default_value", json!(field.default_value));
        put("prefix", json!(field.prefix));
        put("suffix", json!(field.suffix));
        // Whether a field has a number says where it stands: before the credentials or after them.
        put("order", json!(field.order));
        put("doc_section", json!(field.doc_section));
        put("automated", json!(field.automated));
        for (key, flag) in [
            ("optional", !field.required && !field.automated),
            ("hidden", field.hidden),
            ("secret", field.secret),
        ] {
            if flag {
                put(key, json!(true));
            }
        }
        map.insert(
            Provider::credential_wire_name(name).to_owned(),
            Value::Object(entry),
        );
    }
    Value::Object(map)
}

fn proxy(provider: &Provider) -> Value {
    let requests = &provider.requests;
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty()) {
            entry.insert(key.to_owned(), value);
        }
    };
    put(
        "base_url",
        json!(requests.base_url.as_ref().map(|url| url.template().to_wire())),
    );
    put("headers", params(&requests.headers));
    put("query", params(&requests.params));
    let retry = &requests.retry;
    let mut hints = Map::new();
    for (key, list) in [
        ("at", &retry.at),
        ("after", &retry.after),
        ("error_code", &retry.error_code),
    ] {
        if !list.is_empty() {
            hints.insert(key.to_owned(), json!(list));
        }
    }
    if let Some(remaining) = &retry.remaining {
        hints.insert("remaining".to_owned(), json!(remaining));
    }
    if let Some(body) = &retry.in_body {
        let strategy = if body.is_moment { "at" } else { "after" };
        hints.insert(
            "in_body".to_owned(),
            json!({"path": body.path.as_str(), "value": body.pattern.as_str(), "strategy": strategy}),
        );
    }
    put("retry", Value::Object(hints));
    put(
        "verification",
        provider.verification.as_ref().map_or(Value::Null, verification),
    );
    Value::Object(entry)
}

fn verification(verification: &Verification) -> Value {
    let endpoints: Vec<String> = verification
        .endpoints
        .iter()
        .map(|path| path.template().to_wire())
        .collect();
    let mut entry = Map::new();
    entry.insert("method".to_owned(), json!(verification.method));
    entry.insert("endpoints".to_owned(), json!(endpoints));
    if let Some(url) = &verification.base_url {
        entry.insert("base_url_override".to_owned(), json!(url.template().to_wire()));
    }
    if !verification.headers.is_empty() {
        entry.insert("headers".to_owned(), params(&verification.headers));
    }
    if let Some(body) = &verification.body {
        entry.insert("data".to_owned(), body.clone());
    }
    Value::Object(entry)
}
