use leptos::prelude::*;
use terapi_broker::integrations::Integration;
use terapi_model::AuthMode;

use super::form::{IntegrationFields, Present, Shape};
use super::load;
use crate::answer::{Page, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::integration as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, TextLink, Weight};
use crate::ui::card::{Card, Fact, Facts, PageHead};
use crate::ui::code::{CodeBlock, CopyLine, Id};
use crate::ui::field::{ErrorSummary, Field};
use crate::ui::icon::Glyph;
use crate::ui::logo::{Logo, picture};
use crate::ui::secret::{Masked, RevealForm};
use crate::ui::shell::Section;
use crate::ui::time::Time;

/// One integration: what it is, its settings, how to use it.
pub async fn show(desk: Desk, key: &str) -> PageResult {
    let integration = load(&desk, key).await?;
    let shape = desk
        .broker
        .catalogue()
        .get(integration.provider.as_str())
        .map(|provider| Shape::of(provider));
    let key = integration.unique_key.to_string();
    let base = desk.broker.settings().host().to_owned();
    let (may_write, email) = (desk.may_write(), desk.operator.email.clone());
    let test = desk.to(Room::NewConnection);
    let reveal = desk.to(Room::RevealIntegration { key: key.clone() });
    let delete = desk.to(Room::DeleteIntegration { key: key.clone() });
    let connections = Query::address(desk.to(Room::Connections), &[("integration", &key)]);
    let logs = Query::address(desk.to(Room::Logs), &[("integration", &key)]);
    let name = integration.shown_name().to_owned();
    let crumbs = vec![
        Crumb::to(words::integrations::TITLE, desk.to(Room::Integrations)),
        Crumb::here(name.clone()),
    ];
    Ok(desk.page(Section::Integrations, crumbs, name.clone(), move || {
        let logo = view! { <Logo src=picture(&integration) class="size-11" /> }.into_any();
        let missing: Vec<(String, String)> = shape
            .iter()
            .flat_map(|shape| integration.missing_fields.iter().map(|name| shape.input(name)))
            .collect();
        let usable = missing.is_empty() && shape.is_some();
        let actions = view! {
            <ButtonLink href=logs glyph=Glyph::Logs>
                {words::logs::TITLE}
            </ButtonLink>
            {(may_write && usable)
                .then(|| {
                    view! {
                        <form method="post" action=test>
                            <input type="hidden" name="integration" value=key.clone() />
                            <input type="hidden" name="end_user" value=email.clone() />
                            <input type="hidden" name="email" value=email.clone() />
                            <Submit glyph=Glyph::Connections>{text::TEST}</Submit>
                        </form>
                    }
                })}
        }
        .into_any();
        let is_oauth = integration.auth_mode == Some(AuthMode::OAuth2);
        let has_secrets = integration.has_client_secret || integration.has_webhook_secret;
        let known = shape.is_some();
        let hint = Some(integration.provider_display_name.clone()).filter(|provider| *provider != name).unwrap_or_default();
        let settings = integration.clone();
        let code = snippets::open_session(&base, &key);
        let provider_name = integration.provider_display_name.clone();
        view! {
            <PageHead title=name hint logo actions />
            <div class="space-y-5">
                {(!known)
                    .then(|| view! { <Banner tone=Tone::Bad title=text::UNKNOWN_PROVIDER /> })}
                {(!missing.is_empty())
                    .then(|| {
                        view! { <Incomplete missing may_write /> }
                    })}
                <div class="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
                    <div class="space-y-5">
                        {is_oauth
                            .then(|| {
                                view! {
                                    <Card title=text::CALLBACK hint=text::CALLBACK_HINT>
                                        <CopyLine what=text::CALLBACK value=integration.callback_url.clone() />
                                    </Card>
                                }
                            })}
                        {shape.filter(|_| may_write).map(|shape| view! { <Settings integration=settings shape /> })}
                        {has_secrets
                            .then(|| {
                                view! {
                                    <Card title=text::SECRETS hint=text::SECRETS_HINT>
                                        <RevealForm action=reveal allowed=may_write>
                                            <Facts>
                                                <Fact label=text::CLIENT_SECRET>
                                                    <Masked />
                                                </Fact>
                                            </Facts>
                                        </RevealForm>
                                    </Card>
                                }
                            })}
                        <Card title=text::CODE hint=text::CODE_HINT>
                            <CodeBlock label=words::start::BACKEND code />
                        </Card>
                    </div>
                    <div class="space-y-5">
                        <Card title=text::OVERVIEW>
                            <Facts>
                                <Overview label=text::PROVIDER>{provider_name}</Overview>
                                <Overview label=text::AUTH>
                                    <Badge>
                                        {integration
                                            .auth_mode
                                            .map_or(words::integrations::UNKNOWN_MODE, |mode| mode.label())}
                                    </Badge>
                                </Overview>
                                <Overview label=text::ID>
                                    <Id value=key />
                                </Overview>
                                <Overview label=text::CONNECTIONS>
                                    <TextLink href=connections>
                                        {words::connections_count(integration.connection_count)}
                                    </TextLink>
                                </Overview>
                                <Overview label=text::CREATED>
                                    <Time at=integration.created_at />
                                </Overview>
                            </Facts>
                        </Card>
                        {may_write
                            .then(|| {
                                view! {
                                    <Card title=text::DANGER hint=text::DANGER_HINT>
                                        <ButtonLink href=delete weight=Weight::Quiet glyph=Glyph::Trash>
                                            {text::DELETE}
                                        </ButtonLink>
                                    </Card>
                                }
                            })}
                    </div>
                </div>
            </div>
        }
    }))
}

/// Says what is still needed, title and input's id of each, and leads there.
#[component]
fn Incomplete(missing: Vec<(String, String)>, may_write: bool) -> impl IntoView {
    let needed = missing
        .into_iter()
        .map(|(title, id)| {
            let item = if may_write {
                view! { <TextLink href=format!("#{id}")>{title}</TextLink> }.into_any()
            } else {
                title.into_any()
            };
            view! { <li>{item}</li> }
        })
        .collect_view();
    view! {
        <Banner tone=Tone::Warn title=text::INCOMPLETE>
            <ul class="flex flex-wrap gap-x-4 gap-y-1">{needed}</ul>
        </Banner>
    }
    .into_any()
}

/// What can be changed. An empty secret keeps what is there.
#[component]
fn Settings(integration: Integration, shape: Shape) -> impl IntoView {
    let in_use = integration.connection_count > 0;
    let id_hint = if in_use { text::ID_IN_USE } else { text::ID_HINT };
    let warns = in_use && integration.auth_mode == Some(AuthMode::OAuth2);
    let present = Present {
        client_id: integration.client_id,
        has_client_secret: integration.has_client_secret,
        scopes: Some(integration.scopes),
        config: integration.config,
        secret_config: integration.secret_config,
    };
    view! {
        <form method="post">
            <Card title=text::SETTINGS hint=text::SETTINGS_HINT>
                <div class="space-y-5">
                    <ErrorSummary />
                    <div class="grid grid-cols-1 gap-5 sm:grid-cols-2">
                        <Field
                            name="display_name"
                            label=text::DISPLAY_NAME
                            hint=text::DISPLAY_NAME_HINT
                            value=integration.display_name.unwrap_or_default()
                            placeholder=integration.provider_display_name
                            autocomplete="off"
                            maxlength=255_u32
                        />
                        <Field
                            name="unique_key"
                            label=text::ID
                            hint=id_hint
                            value=integration.unique_key.to_string()
                            readonly=in_use
                            autocomplete="off"
                            mono=true
                            required=true
                            maxlength=255_u32
                        />
                    </div>
                    <IntegrationFields shape present />
                    {warns.then(|| view! { <p class="text-quiet">{text::CLIENT_CHANGE}</p> })}
                    <Submit>{text::SAVE}</Submit>
                </div>
            </Card>
        </form>
    }
    .into_any()
}

/// A fact in a narrow column: label above value.
#[component]
fn Overview(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="py-2.5">
            <dt class="text-xs text-quiet">{label}</dt>
            <dd class="mt-0.5 min-w-0 break-words">{children()}</dd>
        </div>
    }
    .into_any()
}

/// The secret values of an integration, as the answer to a POST.
pub fn revealed(desk: &Desk, key: &str, name: &str, values: Vec<(&'static str, String)>) -> Page {
    let back = desk.to(Room::Integration { key: key.to_owned() });
    let title = text::revealed_title(name);
    let crumbs = vec![
        Crumb::to(words::integrations::TITLE, desk.to(Room::Integrations)),
        Crumb::to(name, back.clone()),
        Crumb::here(text::SECRETS),
    ];
    desk.page(Section::Integrations, crumbs, title.clone(), move || {
        let lines = values
            .into_iter()
            .map(|(label, value)| {
                view! {
                    <div class="space-y-1.5">
                        <p class="font-medium">{label}</p>
                        <CopyLine what=label value />
                    </div>
                }
            })
            .collect_view();
        view! {
            <PageHead title=title hint=words::secret::SHOWN_NOW />
            <div class="max-w-2xl space-y-4" data-revealed="">
                {lines}
            </div>
            <div class="mt-6">
                <ButtonLink href=back glyph=Glyph::ArrowLeft>
                    {words::secret::HIDE}
                </ButtonLink>
            </div>
        }
    })
}
