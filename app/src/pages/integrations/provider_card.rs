use std::sync::Arc;

use leptos::prelude::*;
use terapi_catalog::Provider;

use crate::desk::Desk;
use crate::route::Room;
use crate::ui::badge::Badge;
use crate::ui::logo::{Logo, provider_picture};

/// What most people look for first; those the catalogue has are shown in this order.
const POPULAR: [&str; 13] = [
    "acme",
    "github",
    "google",
    "slack",
    "hubspot",
    "salesforce",
    "notion",
    "linear",
    "zendesk",
    "stripe",
    "openai",
    "twilio",
    "google-drive",
];

/// A provider as the gallery shows it.
#[derive(Debug, Clone)]
pub struct Card {
    /// Whether it is there at once; what is not is for who searches while typing.
    pub shown: bool,
    /// Whether it is shown to who searches, and to nobody else.
    pub only_searched: bool,
    /// What it is found by while somebody types, where the list can be searched.
    pub sought: Option<String>,
    picture: String,
    name: String,
    description: String,
    auth: &'static str,
    href: String,
}

impl Card {
    /// The card of `provider` at a desk.
    pub fn of(desk: &Desk, provider: &Provider) -> Self {
        Self {
            shown: true,
            only_searched: false,
            sought: None,
            picture: provider_picture(provider.name.as_str()),
            name: provider.display_name.clone(),
            description: provider.description.clone().unwrap_or_default(),
            auth: provider.auth_mode().label(),
            href: desk.to(Room::NewIntegration {
                provider: provider.name.as_str().to_owned(),
            }),
        }
    }
}

/// All words that a provider is found by, in small letters.
pub fn sought(provider: &Provider) -> String {
    let names = [provider.display_name.as_str(), provider.name.as_str()];
    let others = provider.aliases.iter().chain(&provider.categories);
    let words: Vec<&str> = names.into_iter().chain(others.map(String::as_str)).collect();
    words.join(" ").to_lowercase()
}

/// True for the entries that take an operator's own addresses.
pub fn is_generic(provider: &Provider) -> bool {
    provider.name.as_str().starts_with("generic-")
}

/// The popular providers of the catalogue, at most twelve.
pub fn popular(desk: &Desk) -> Vec<&Arc<Provider>> {
    POPULAR
        .iter()
        .filter_map(|name| desk.broker.catalogue().get(name))
        .take(12)
        .collect()
}

/// A grid of providers, each a link to its form.
#[component]
pub fn Cards(cards: Vec<Card>) -> impl IntoView {
    let items = cards
        .into_iter()
        .map(|card| {
            view! {
                <li hidden=!card.shown data-name=card.sought data-only-searched=card.only_searched.then_some("")>
                    <a
                        href=card.href
                        class="flex h-full items-start gap-3 rounded-xl border border-line bg-surface p-3.5 shadow-card hover:border-accent"
                    >
                        <Logo src=card.picture class="size-9" />
                        <span class="min-w-0 flex-1">
                            <span class="flex items-start justify-between gap-2">
                                <span class="font-medium">{card.name}</span>
                                <Badge>{card.auth}</Badge>
                            </span>
                            <span class="mt-0.5 line-clamp-2 text-[0.8125rem] text-quiet">{card.description}</span>
                        </span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-3">{items}</ul> }.into_any()
}
