use leptos::prelude::*;
use terapi_broker::Signup;

use crate::answer::{NoPage, Page, PageResult, Status};
use crate::route::Route;
use crate::text::en::sign_up as text;
use crate::ui::button::{Submit, TextLink};
use crate::ui::field::{ErrorSummary, Field};
use crate::visit::{Site, Visit};

struct Offer {
    title: String,
    body: Option<String>,
    email: Option<String>,
    asks_account: bool,
    button: &'static str,
}

/// Sign-up for anybody, where the instance is open.
pub fn open(site: &Site, visit: &Visit) -> PageResult {
    if visit.signed_in.is_some() {
        return Err(NoPage::SeeOther(Route::Home.to_string()));
    }
    if site.broker.settings().signup != Signup::Open {
        return Ok(refusal(text::CLOSED_TITLE, text::CLOSED_BODY, Status::Forbidden));
    }
    Ok(form(Offer {
        title: text::TITLE.to_owned(),
        body: None,
        email: None,
        asks_account: true,
        button: text::BUTTON,
    }))
}

/// Sign-up through the setup link or an invitation.
pub async fn invited(site: &Site, visit: &Visit, token: &str) -> PageResult {
    let invitation = site
        .broker
        .operators()
        .setup_invitation(token)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    let Some(invitation) = invitation else {
        if visit.signed_in.is_some() {
            return Err(NoPage::SeeOther(Route::Home.to_string()));
        }
        return Ok(refusal(text::EXPIRED_TITLE, text::EXPIRED_BODY, Status::NotFound));
    };
    Ok(form(if invitation.first {
        Offer {
            title: text::FIRST_TITLE.to_owned(),
            body: Some(text::FIRST_BODY.to_owned()),
            email: invitation.email,
            asks_account: true,
            button: text::FIRST_BUTTON,
        }
    } else {
        Offer {
            title: text::invited_title(invitation.account_name.as_deref().unwrap_or_default()),
            body: Some(text::invited_body(invitation.role.as_str())),
            email: invitation.email,
            asks_account: false,
            button: text::BUTTON,
        }
    }))
}

fn refusal(title: &'static str, body: &'static str, status: Status) -> Page {
    Page::plain(title, move || {
        view! {
            <h1 class="text-xl font-semibold tracking-[-0.01em]">{title}</h1>
            <p class="mt-2 text-quiet">{body}</p>
            <p class="mt-5">
                {text::HAVE_ACCOUNT} " " <TextLink href=Route::SignIn.to_string()>{text::SIGN_IN}</TextLink>
            </p>
        }
    })
    .with_status(status)
}

fn form(offer: Offer) -> Page {
    let Offer {
        title,
        body,
        email,
        asks_account,
        button,
    } = offer;
    Page::plain(title.clone(), move || {
        let locked = email.is_some();
        view! {
            <h1 class="text-xl font-semibold tracking-[-0.01em]">{title}</h1>
            {body.map(|body| view! { <p class="mt-2 text-quiet">{body}</p> })}
            <form method="post" class="mt-5 space-y-4">
                <ErrorSummary />
                <Field name="name" label=text::NAME autocomplete="name" required=true autofocus=true maxlength=255_u32 />
                {asks_account
                    .then(|| {
                        view! {
                            <Field
                                name="account"
                                label=text::ACCOUNT
                                hint=text::ACCOUNT_HINT
                                autocomplete="organization"
                                optional=true
                                maxlength=255_u32
                            />
                        }
                    })}
                <Field
                    name="email"
                    label=text::EMAIL
                    kind="email"
                    autocomplete="username"
                    required=true
                    value=email.unwrap_or_default()
                    readonly=locked
                    hint=if locked { text::EMAIL_LOCKED } else { "" }
                />
                <Field
                    name="password"
                    label=text::PASSWORD
                    hint=text::PASSWORD_HINT
                    kind="password"
                    autocomplete="new-password"
                    required=true
                />
                <Submit wide=true>{button}</Submit>
            </form>
            <p class="mt-5 text-quiet">
                {text::HAVE_ACCOUNT} " " <TextLink href=Route::SignIn.to_string()>{text::SIGN_IN}</TextLink>
            </p>
        }
    })
}
