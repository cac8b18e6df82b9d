use leptos::prelude::*;
use terapi_broker::Signup;

use crate::answer::{NoPage, Page, PageResult};
use crate::route::Route;
use crate::text::en::sign_in as text;
use crate::ui::button::{Submit, TextLink};
use crate::ui::field::{ErrorSummary, Field};
use crate::visit::{Site, Visit};

/// The sign-in form.
pub fn show(site: &Site, visit: &Visit) -> PageResult {
    let next = visit
        .query
        .get("next")
        .and_then(Route::own_address)
        .unwrap_or_default();
    if visit.signed_in.is_some() {
        let onward = if next.is_empty() {
            Route::Home.to_string()
        } else {
            next
        };
        return Err(NoPage::SeeOther(onward));
    }
    let open = site.broker.settings().signup == Signup::Open;
    Ok(Page::plain(text::TITLE, move || {
        view! {
            <h1 class="mb-5 text-xl font-semibold tracking-[-0.01em]">{text::TITLE}</h1>
            <form method="post" class="space-y-4">
                <ErrorSummary unfocused=true />
                <input type="hidden" name="next" value=next />
                <Field
                    name="email"
                    label=text::EMAIL
                    kind="email"
                    autocomplete="username"
                    required=true
                    autofocus=true
                />
                <Field
                    name="password"
                    label=text::PASSWORD
                    kind="password"
                    autocomplete="current-password"
                    required=true
                    again=true
                />
                <Submit wide=true>{text::BUTTON}</Submit>
            </form>
            <p class="mt-5 text-quiet">
                {if open {
                    view! {
                        {text::NO_ACCOUNT}
                        " "
                        <TextLink href=Route::SignUp.to_string()>{text::SIGN_UP}</TextLink>
                    }
                        .into_any()
                } else {
                    view! { {text::SETUP_HINT} }.into_any()
                }}
            </p>
        }
    }))
}
