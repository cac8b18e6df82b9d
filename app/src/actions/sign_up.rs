use terapi_broker::operators::{SignUp, SignUpError};

use crate::answer::{ActionResult, NoPage, Outcome, SessionChange, Status};
use crate::form::{Form, FormState};
use crate::route::Route;
use crate::text::en as text;
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

/// A message about a field as a sentence. The broker speaks of fields by their names in the API, or leaves them
/// out ("is required"); people know them by their titles.
pub fn about(title: &str, name: &str, message: &str) -> String {
    let said = message.strip_prefix(name).map_or(message, str::trim_start);
    if said.starts_with(char::is_lowercase) {
        sentence(&format!("{title} {said}"))
    } else {
        sentence(message)
    }
}

/// A broker's message as a sentence of its own.
pub fn sentence(message: &str) -> String {
    let mut sentence = text::capital(message);
    // A stranger's whole sentence may stand in brackets at the end.
    if !sentence.ends_with(['.', '!', '?', '…', ':', '。', '！', '？']) && !sentence.ends_with(".)") {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::{about, sentence};

    #[test]
    fn a_field_is_named_once_and_by_its_title() {
        for message in ["is required", "token_url is required"] {
            assert_eq!(about("Token URL", "token_url", message), "Token URL is required.");
        }
        assert_eq!(
            about("Token URL", "token_url", "The provider says no."),
            "The provider says no."
        );
    }

    #[test]
    fn what_ends_as_its_script_ends_gets_no_full_stop() {
        for whole in ["拒否されました。", "Wait…", "Why?", "See the manual (page 2.)"] {
            assert_eq!(sentence(whole), whole);
        }
        assert_eq!(sentence("it said no"), "It said no.");
    }
}
