/// Prints the OpenAPI document, as committed in `server/openapi.json`.
#[expect(clippy::print_stdout, reason = "the document is this command's answer")]
pub fn run() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&crate::router::describe())?);
    Ok(())
}
