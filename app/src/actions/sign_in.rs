use terapi_broker::operators::SignInError;

use crate::answer::{ActionResult, NoPage, Outcome, SessionChange, Status};
use crate::form::{Form, FormState};
use crate::route::Route;
use crate::text::en as text;
use crate::visit::{Site, Visit};

/// Signs somebody in with e-mail and password.
pub async fn sign_in(site: &Site, visit: &Visit, form: &Form) -> ActionResult {
    let state = FormState::keeping(form, &["email"]);
    let (email, password) = (form.text("email"), form.secret("password"));
    match site
        .broker
        .operators()
        .sign_in(email, &password, visit.address)
        .await
    {
        Ok(operator) => {
            let next = Route::own_address(form.text("next"));
            let onward = next.unwrap_or_else(|| Route::Home.to_string());
            Ok(Outcome::Session(onward, SessionChange::SignIn(operator.id)))
        }
        Err(SignInError::WrongCredentials) => Ok(Outcome::Invalid(state.refused_all(text::sign_in::WRONG))),
        Err(SignInError::Throttled { retry_after_s }) => {
            let retry_after = u64::try_from(retry_after_s).unwrap_or_default();
            Ok(Outcome::NotNow(
                state.refused_all(text::sign_in::throttled(retry_after)),
                Status::TooMany { retry_after },
            ))
        }
        Err(SignInError::Overloaded(_)) => {
            Ok(Outcome::NotNow(state.refused_all(text::form::BUSY), Status::Busy))
        }
        Err(error @ SignInError::Store(_)) => Err(NoPage::Failed(error.to_string())),
    }
}
