//! Code that pages offer for copying. Keys are named `$TERAPI_SECRET_KEY`; only the page that has just made a key
//! shows it inside.

use crate::form::Query;

/// How code names the secret key.
const KEY_VARIABLE: &str = "$TERAPI_SECRET_KEY";

/// The address of a connection in the REST API.
fn connection_address(base: &str, integration: &str, connection: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(connection, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%5F", "_")
        .replace("%2E", ".");
    Query::address(
        format!("{base}/connections/{name}"),
        &[("provider_config_key", integration)],
    )
}

/// Fetching a connection with its credentials.
pub fn fetch_with_curl(base: &str, integration: &str, connection: &str) -> String {
    let address = connection_address(base, integration, connection);
    format!("curl \"{address}\" \\\n  -H \"Authorization: Bearer {KEY_VARIABLE}\"")
}

/// The same with the Node SDK.
pub fn fetch_with_node(base: &str, integration: &str, connection: &str) -> String {
    format!(
        "import {{ Nango }} from \"@nangohq/node\";\n\nconst terapi = new Nango({{\n  host: {},\n  secretKey: process.env.TERAPI_SECRET_KEY,\n}});\n\nconst connection = await terapi.getConnection(\n  {},\n  {},\n);\nconsole.log(connection.credentials);",
        quoted(base),
        quoted(integration),
        quoted(connection)
    )
}

/// A first call that proves a key.
pub fn list_with_curl(base: &str, key: &str) -> String {
    format!("curl \"{base}/connections\" \\\n  -H \"Authorization: Bearer {key}\"")
}

/// A backend that opens a Connect session and answers its token.
pub fn open_session(base: &str, integration: &str) -> String {
    format!(
        "import {{ Nango }} from \"@nangohq/node\";\n\nconst terapi = new Nango({{\n  host: {},\n  secretKey: process.env.TERAPI_SECRET_KEY,\n}});\n\n// With Express; req.user is whoever is signed in to your product.\napp.post(\"/api/connect-session\", async (req, res) => {{\n  const {{ data }} = await terapi.createConnectSession({{\n    end_user: {{ id: req.user.id, email: req.user.email }},\n    allowed_integrations: [{}],\n  }});\n  res.send(data.token);\n}});",
        quoted(base),
        quoted(integration)
    )
}

/// A page that connects with the session's token.
pub fn open_window(base: &str, integration: &str) -> String {
    format!(
        "import Nango from \"@nangohq/frontend\";\n\n// The address of your backend that opens the session.\nconst answer = await fetch(\"/api/connect-session\", {{ method: \"POST\" }});\nconst terapi = new Nango({{\n  host: {},\n  connectSessionToken: await answer.text(),\n}});\n\nconst result = await terapi.auth({});\nconsole.log(result.connectionId);",
        quoted(base),
        quoted(integration)
    )
}

/// What an HMAC is (decision D6).
pub fn hmac_with_node() -> String {
    "import { createHmac } from \"node:crypto\";\n\nconst text = connectionId ? `${integrationId}:${connectionId}` : integrationId;\nconst hmac = createHmac(\"sha256\", process.env.TERAPI_HMAC_KEY)\n  .update(text)\n  .digest(\"hex\");".to_owned()
}

/// Checking where an event comes from, as every Standard Webhooks library does. They take the key's bytes in Base64.
pub fn verify_with_standard_webhooks() -> String {
    "import { Webhook } from \"standardwebhooks\";\n\nconst key = Buffer.from(process.env.TERAPI_WEBHOOK_SIGNING_KEY);\nconst webhook = new Webhook(`whsec_${key.toString(\"base64\")}`);\n\napp.post(\"/webhooks/terapi\", express.text({ type: \"*/*\" }), (req, res) => {\n  let event;\n  try {\n    event = webhook.verify(req.body, req.headers);\n  } catch {\n    return res.sendStatus(401);\n  }\n  res.sendStatus(204);\n});".to_owned()
}

/// The same with the Node SDK.
pub fn verify_with_node(base: &str) -> String {
    format!(
        "import {{ Nango }} from \"@nangohq/node\";\n\nconst terapi = new Nango({{\n  host: {},\n  secretKey: process.env.TERAPI_SECRET_KEY,\n  webhookSigningKey: process.env.TERAPI_WEBHOOK_SIGNING_KEY,\n}});\n\napp.post(\"/webhooks/terapi\", express.text({{ type: \"*/*\" }}), (req, res) => {{\n  if (!terapi.verifyIncomingWebhookRequest(req.body, req.headers)) {{\n    return res.sendStatus(401);\n  }}\n  res.sendStatus(204);\n  const event = JSON.parse(req.body);\n}});",
        quoted(base)
    )
}

/// Reading the environment's variables.
pub fn variables_with_curl(base: &str) -> String {
    format!("curl \"{base}/environment-variables\" \\\n  -H \"Authorization: Bearer {KEY_VARIABLE}\"")
}

/// The path of a callback URL of the operator's own.
fn path_of(callback: &str) -> String {
    url::Url::parse(callback).map_or_else(|_| "/oauth/callback".to_owned(), |url| url.path().to_owned())
}

/// A host that leads callbacks on, as nginx says it.
pub fn lead_on_with_nginx(callback: &str, own: &str) -> String {
    let path = path_of(callback);
    format!("location = {path} {{\n    return 308 {own}$is_args$args;\n}}")
}

/// The same with Express.
pub fn lead_on_with_express(callback: &str, own: &str) -> String {
    format!(
        "app.all({}, (req, res) => {{\n  const {{ search }} = new URL(req.originalUrl, \"http://any\");\n  res.redirect(308, {} + search);\n}});",
        quoted(&path_of(callback)),
        quoted(own)
    )
}

/// Seeing that a host leads callbacks on with everything they carry.
pub fn try_leading_on(callback: &str) -> String {
    format!("curl -sI \"{callback}?code=1&state=2\" | grep -iE \"^(HTTP|location)\"")
}

/// A JavaScript string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_connection_ids_stay_inside_their_quotes() {
        let curl = fetch_with_curl("http://localhost:3003", "a b", "x\"/$(id)-1");
        assert!(curl.starts_with(
            "curl \"http://localhost:3003/connections/x%22%2F%24%28id%29-1?provider_config_key=a+b\""
        ));
        assert!(fetch_with_node("h", "i", "a\"b").contains("\"a\\\"b\""));
    }
}
