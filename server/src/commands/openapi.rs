use super::answer::answer;

/// Prints the OpenAPI document, as committed in `server/openapi.json`.
pub fn run() -> anyhow::Result<()> {
    Ok(answer(serde_json::to_string_pretty(&crate::router::describe())?)?)
}
