use terapi_broker::operators::{SignUp, SignUpError};

use crate::answer::{ActionResult, NoPage, Outcome, SessionChange, Status};
use crate::form::{Form, FormState};
use crate::route::Route;
use crate::text::en::{self as text, sentence};
use crate::visit::{Site, Visit};

/// Makes an operator: the first owner, somebody who was invited, or anybody where sign-up is open.
pub async fn sign_up(site: &Site, visit: &Visit, form: &Form, invitation: Option<String>) -> ActionResult {
    let state = FormState::keeping(form, &["name", "account", "email"]);
    let wanted = SignUp {
        email: form.text("email").to_owned(),
        password: form.secret("password"),
        display_name: form.text("name").to_owned(),
        account_name: form.filled("account").map(str::to_owned),
        invitation,
        address: visit.address,
    };
    let error = match site.broker.operators().sign_up(wanted).await {
        Ok(operator) => {
            return Ok(Outcome::Session(
                Route::Home.to_string(),
                SessionChange::SignIn(operator.id),
            ));
        }
        Err(error) => error,
    };
    let message = error.to_string();
    Ok(Outcome::Invalid(match error {
        SignUpError::EmailTaken | SignUpError::EmailInvalid | SignUpError::InvitationForAnother => {
            state.refused("email", sentence(&message))
        }
        SignUpError::PasswordTooShort | SignUpError::PasswordTooLong => {
            state.refused("password", sentence(&message))
        }
        SignUpError::NameInvalid => state.refused("name", sentence(&message)),
        SignUpError::Closed | SignUpError::InvitationInvalid => state.refused_all(sentence(&message)),
        SignUpError::Throttled { retry_after_s } => {
            let retry_after = u64::try_from(retry_after_s).unwrap_or_default();
            return Ok(Outcome::NotNow(
                state.refused_all(text::sign_up::throttled(retry_after)),
                Status::TooMany { retry_after },
            ));
        }
        SignUpError::Overloaded(_) => {
            return Ok(Outcome::NotNow(state.refused_all(text::form::BUSY), Status::Busy));
        }
        SignUpError::Sealing(_) | SignUpError::Demo(_) | SignUpError::Store(_) => {
            return Err(NoPage::Failed(message));
        }
    }))
}
