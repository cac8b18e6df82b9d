use leptos::prelude::*;

use super::form::{IntegrationFields, Present, Shape};
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::guide;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::integration as text;
use crate::ui::badge::Badge;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, TextLink};
use crate::ui::card::{Card, PageHead};
use crate::ui::code::CopyLine;
use crate::ui::field::{ErrorSummary, Field};
use crate::ui::icon::Glyph;
use crate::ui::logo::{Logo, provider_picture};
use crate::ui::shell::Section;

/// The form for a new integration of one provider. What the provider has to be told comes first.
pub async fn show(desk: Desk, provider: &str) -> PageResult {
    let provider = desk
        .broker
        .catalogue()
        .get(provider)
        .ok_or(NoPage::NotFound)?
        .clone();
    if !desk.may_write() {
        return Err(NoPage::Forbidden(words::secret::NOT_FOR_YOUR_ROLE.to_owned()));
    }
    let taken = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(super::unread)?;
    let id = free_id(provider.name.as_str(), |candidate| {
        taken
            .iter()
            .any(|integration| integration.unique_key.as_str() == candidate)
    });
    let callback = desk
        .environment
        .callback_url
        .clone()
        .unwrap_or_else(|| desk.broker.settings().callback_url());
    let is_oauth = provider.auth.oauth2().is_some();
    let shape = Shape::of(&provider);
    let asks = !shape.is_empty();
    let title = text::new_title(&provider.display_name);
    let crumbs = vec![
        Crumb::to(words::integrations::TITLE, desk.to(Room::Integrations)),
        Crumb::to(words::gallery::TITLE, desk.to(Room::Gallery)),
        Crumb::here(provider.display_name.clone()),
    ];
    let back = desk.to(Room::Gallery);
    Ok(desk.page(Section::Integrations, crumbs, title.clone(), move || {
        let name = provider.name.as_str().to_owned();
        let logo = view! { <Logo src=provider_picture(&name) class="size-11" /> }.into_any();
        let categories: Vec<String> = provider
            .categories
            .iter()
            .map(|name| words::gallery::category(name))
            .collect();
        let mode = provider.auth_mode().label();
        let badges = view! {
            <Badge>{mode}</Badge>
            {categories.into_iter().map(|category| view! { <Badge>{category}</Badge> }).collect_view()}
        }
        .into_any();
        let guide = provider.guide.as_deref().map(guide::to_html);
        let docs = provider.setup_guide_url.clone().or(provider.docs.clone());
        let has_aside = guide.is_some() || docs.is_some();
        let columns = if has_aside {
            "grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]"
        } else {
            "max-w-3xl"
        };
        view! {
            <PageHead
                title=title
                hint=provider.description.clone().unwrap_or_default()
                logo
                actions=badges
            />
            <div class=columns>
                <form method="post" class="space-y-5">
                    <ErrorSummary />
                    {is_oauth
                        .then(|| {
                            view! {
                                <Card title=text::CALLBACK_FIRST hint=text::CALLBACK_HINT>
                                    <CopyLine what=text::CALLBACK value=callback />
                                </Card>
                            }
                        })}
                    <Card title=if is_oauth { text::CREDENTIALS_STEP } else { text::FORM_STEP }>
                        <div class="space-y-5">
                            <div class="grid grid-cols-1 gap-5 sm:grid-cols-2">
                                <Field
                                    name="display_name"
                                    label=text::DISPLAY_NAME
                                    hint=text::DISPLAY_NAME_HINT
                                    value=provider.display_name.clone()
                                    autocomplete="off"
                                    maxlength=255_u32
                                />
                                <Field
                                    name="unique_key"
                                    label=text::ID
                                    hint=text::ID_HINT
                                    value=id
                                    autocomplete="off"
                                    mono=true
                                    required=true
                                    maxlength=255_u32
                                />
                            </div>
                            {shape.is_empty().then(|| view! { <p class="text-quiet">{text::NOTHING}</p> })}
                            <IntegrationFields shape present=Present::default() />
                        </div>
                    </Card>
                    <div class="flex flex-wrap gap-2">
                        <Submit>{text::CREATE}</Submit>
                        <ButtonLink href=back>{words::CANCEL}</ButtonLink>
                    </div>
                    {asks.then(|| view! { <p class="text-quiet">{text::LATER}</p> })}
                </form>
                {has_aside
                    .then(|| {
                        view! {
                            <Card title=text::GUIDE>
                                {guide.map(|html| view! { <div class="guide" inner_html=html></div> })}
                                {docs
                                    .map(|href| {
                                        view! {
                                            <p class="mt-4 flex items-center gap-1.5">
                                                <crate::ui::icon::Icon glyph=Glyph::External />
                                                <TextLink href new_tab=true>
                                                    {text::DOCS}
                                                </TextLink>
                                            </p>
                                        }
                                    })}
                            </Card>
                        }
                    })}
            </div>
        }
    }))
}

/// `github`, or `github-2` when that exists.
fn free_id(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (2_u32..)
        .map(|n| format!("{wanted}-{n}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_default()
}
