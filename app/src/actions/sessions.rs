use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk;
use crate::form::Form;
use crate::route::Route;
use crate::visit::{Site, Visit};

/// Ends one of the operator's sessions, or all but the one that asks.
pub async fn revoke(site: &Site, visit: &Visit, form: &Form) -> ActionResult {
    let operator = desk::operator(site, visit.signed_in.as_ref()).await?;
    let operators = site.broker.operators();
    let failed = |error: &dyn std::fmt::Display| NoPage::Failed(error.to_string());
    let sessions = operators
        .sessions(&operator.id)
        .await
        .map_err(|error| failed(&error))?;
    let current = visit
        .signed_in
        .as_ref()
        .map(|signed_in| signed_in.session.as_str())
        .unwrap_or_default();
    let named = form.text("session");
    if named == "others" {
        let keep = sessions
            .iter()
            .find(|session| session.id_hash.to_hex() == current)
            .map(|session| &session.id_hash);
        operators
            .revoke_other_sessions(&operator.id, keep)
            .await
            .map_err(|error| failed(&error))?;
    } else if let Some(session) = sessions.iter().find(|session| session.id_hash.to_hex() == named) {
        operators
            .revoke_session(&operator.id, &session.id_hash)
            .await
            .map_err(|error| failed(&error))?;
    }
    Ok(Outcome::SeeOther(Route::Sessions.to_string()))
}
