//! What end users see.

use leptos::prelude::*;
use terapi_broker::connect::Session;
use terapi_broker::integrations::Integration;
use terapi_catalog::{AuthSpec, Field as Declared, Provider};
use terapi_model::IntegrationKey;

use super::integrations::form::DeclaredField;
use crate::answer::{Frame, NoPage, Page, PageResult, Status};
use crate::form::Query;
use crate::text::en::connect as text;
use crate::ui::button::{Submit, TextLink};
use crate::ui::field::ErrorSummary;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::logo::ProviderLogo;
use crate::visit::Site;

/// Where the page is served.
pub const ADDRESS: &str = "/connect/ui/";
/// Where its forms post to.
const START: &str = "/connect/ui/start";

/// The choice of integrations, or the form of one.
pub async fn show(
    site: &Site,
    session: &Session,
    token: &str,
    chosen: Option<&IntegrationKey>,
) -> PageResult {
    let mut integrations = site
        .broker
        .integrations()
        .list_allowed(&session.caller, session.allowed_integrations.as_deref())
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    integrations
        .retain(|integration| integration.missing_fields.is_empty() && integration.auth_mode.is_some());
    let several = integrations.len() > 1;
    match chosen {
        Some(key) => match integrations
            .into_iter()
            .find(|integration| integration.unique_key == *key)
        {
            Some(integration) => form(site, session, token, &integration, several),
            None => Err(NoPage::NotFound),
        },
        None => match integrations.as_slice() {
            [only] => form(site, session, token, only, false),
            _ => Ok(choice(token, integrations)),
        },
    }
}

fn page<V: IntoView + 'static>(title: String, view: impl FnOnce() -> V + Send + 'static) -> Page {
    let mut page = Page::plain(title, view);
    page.frame = Frame::Connect;
    page
}

fn choice(token: &str, integrations: Vec<Integration>) -> Page {
    let token = token.to_owned();
    page(text::TITLE.to_owned(), move || {
        if integrations.is_empty() {
            return view! { <Said title=text::TITLE body=text::NOTHING glyph=Glyph::Info /> }.into_any();
        }
        let items = integrations
            .into_iter()
            .map(|integration| {
                let href = Query::address(
                    ADDRESS,
                    &[("session_token", &token), ("integration", integration.unique_key.as_str())],
                );
                view! {
                    <li>
                        <a
                            href=href
                            class="flex min-h-12 items-center gap-3 rounded-lg border border-line px-3 py-2 font-medium hover:border-accent"
                        >
                            <ProviderLogo provider=integration.provider.as_str() />
                            <span class="min-w-0 flex-1">{integration.shown_name().to_owned()}</span>
                            <Icon glyph=Glyph::ChevronRight class="size-4 text-quiet" />
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <h1 class="text-lg font-semibold">{text::CHOOSE}</h1>
            <ul class="mt-4 space-y-2">{items}</ul>
        }
        .into_any()
    })
}

/// The fields that a person has to fill for `provider`: connection config, then credentials. Names are those of the
/// form.
pub fn fields(provider: &Provider, session: &Session, key: &IntegrationKey) -> Vec<(String, Declared)> {
    let preset = session
        .defaults
        .get(key)
        .and_then(|defaults| defaults.connection_config.as_ref());
    let config = provider
        .connection_config
        .visible()
        .into_iter()
        .filter(|(name, _)| preset.is_none_or(|preset| !preset.contains_key(*name)))
        .map(|(name, field)| (format!("params.{name}"), field.clone()));
    let credentials = provider
        .credentials
        .visible()
        .into_iter()
        .map(|(name, field)| (format!("credentials.{name}"), field.clone()));
    config.chain(credentials).collect()
}

fn form(site: &Site, session: &Session, token: &str, integration: &Integration, several: bool) -> PageResult {
    let provider = site
        .broker
        .catalogue()
        .get(integration.provider.as_str())
        .ok_or(NoPage::NotFound)?;
    let fields = fields(provider, session, &integration.unique_key);
    let leaves = matches!(provider.auth, AuthSpec::OAuth2(_));
    let help = session
        .overrides
        .get(&integration.unique_key)
        .and_then(|overrides| overrides.docs_connect.clone())
        .or_else(|| provider.docs_connect.clone());
    let name = integration.shown_name().to_owned();
    let (logo, key) = (
        integration.provider.as_str().to_owned(),
        integration.unique_key.to_string(),
    );
    let (token, back) = (
        token.to_owned(),
        Query::address(ADDRESS, &[("session_token", token)]),
    );
    Ok(page(text::to(&name), move || {
        let inputs = fields
            .into_iter()
            .map(|(name, field)| view! { <DeclaredField name field /> })
            .collect_view();
        view! {
            <div class="flex items-center gap-3">
                <ProviderLogo provider=logo class="size-10" />
                <h1 class="text-lg font-semibold">{text::to(&name)}</h1>
            </div>
            <form method="post" action=START class="mt-5 space-y-4">
                <ErrorSummary />
                <input type="hidden" name="session_token" value=token />
                <input type="hidden" name="integration" value=key />
                {inputs}
                {help
                    .map(|href| {
                        view! {
                            <p>
                                <TextLink href new_tab=true>
                                    {text::HELP}
                                </TextLink>
                            </p>
                        }
                    })}
                <Submit wide=true>{if leaves { text::CONTINUE } else { text::CONNECT }}</Submit>
                <p class="text-xs text-quiet">{if leaves { text::LEAVING } else { text::STAYS }}</p>
            </form>
            {several
                .then(|| {
                    view! {
                        <p class="mt-4">
                            <TextLink href=back>{text::OTHER}</TextLink>
                        </p>
                    }
                })}
        }
    }))
}

/// It worked.
pub fn done(name: &str) -> Page {
    let title = text::done(name);
    page(
        text::DONE.to_owned(),
        move || view! { <Said title=title body=text::DONE_BODY glyph=Glyph::Success /> },
    )
}

/// The token is not, or no longer, good.
pub fn expired() -> Page {
    page(text::EXPIRED.to_owned(), || {
        view! { <Said title=text::EXPIRED body=text::EXPIRED_BODY glyph=Glyph::Clock /> }
    })
    .with_status(Status::Forbidden)
}

/// The session does not allow this integration, or there is no such.
pub fn unknown() -> Page {
    page(
        text::FAILED.to_owned(),
        || view! { <Said title=text::FAILED body=text::UNKNOWN glyph=Glyph::Warning /> },
    )
    .with_status(Status::NotFound)
}

#[component]
fn Said(#[prop(into)] title: String, body: &'static str, glyph: Glyph) -> impl IntoView {
    view! {
        <div class="text-center">
            <span class="mx-auto mb-3 grid size-11 place-items-center rounded-full bg-accent-soft text-accent">
                <Icon glyph class="size-5" />
            </span>
            <h1 class="text-lg font-semibold">{title}</h1>
            <p class="mt-1 text-quiet">{body}</p>
        </div>
    }
    .into_any()
}
