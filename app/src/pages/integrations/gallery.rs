use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use terapi_catalog::Provider;

use super::provider_card::{Card, Cards, is_generic, popular, sought};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::islands::narrowed::Narrowed;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::gallery as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{Submit, Weight};
use crate::ui::card::PageHead;
use crate::ui::empty::Empty;
use crate::ui::field::SearchBox;
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// The catalogue: searched and narrowed by its address.
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let catalogue = desk.broker.catalogue();
    let search = query.get("search").unwrap_or_default().to_owned();
    let category = query.get("category").unwrap_or_default().to_owned();
    let narrowed = !search.is_empty() || !category.is_empty();
    let categories: BTreeSet<String> = catalogue
        .list()
        .flat_map(|provider| provider.categories.iter().cloned())
        .collect();
    let chosen: Vec<_> = if search.is_empty() {
        catalogue.list().collect::<Vec<_>>()
    } else {
        catalogue.search(&search)
    };
    let in_category =
        |provider: &Arc<Provider>| category.is_empty() || provider.categories.contains(&category);
    let card = |provider: &Arc<Provider>, found: bool| {
        let mut card = Card::of(&desk, provider);
        card.sought = Some(sought(provider));
        card.shown = found && (narrowed || !is_generic(provider));
        card.only_searched = category.is_empty() && is_generic(provider);
        card
    };
    // All of them are there, so that who goes on typing finds those too that were not asked for.
    let chosen_names: BTreeSet<&str> = chosen.iter().map(|provider| provider.name.as_str()).collect();
    let others = catalogue
        .list()
        .filter(|provider| !chosen_names.contains(provider.name.as_str()));
    let listed: Vec<Card> = chosen
        .iter()
        .map(|provider| (*provider, true))
        .chain(others.map(|provider| (provider, false)))
        .filter(|(provider, _)| in_category(provider))
        .map(|(provider, found)| card(provider, found))
        .collect();
    let found = listed.iter().filter(|card| card.shown).count();
    let first: Vec<Card> = popular(&desk)
        .into_iter()
        .take(6)
        .map(|provider| Card::of(&desk, provider))
        .collect();
    let generic: Vec<Card> = catalogue
        .list()
        .filter(|provider| is_generic(provider))
        .map(|provider| Card::of(&desk, provider))
        .collect();

    let here = desk.to(Room::Gallery);
    let crumbs = vec![
        Crumb::to(words::integrations::TITLE, desk.to(Room::Integrations)),
        Crumb::here(text::TITLE),
    ];
    Ok(desk.page(Section::Integrations, crumbs, text::TITLE, move || {
        let chips = std::iter::once((String::new(), text::EVERY_CATEGORY.to_owned()))
            .chain(categories.into_iter().map(|name| (name.clone(), text::category(&name))))
            .map(|(value, label)| {
                let active = value == category;
                let look = if active {
                    "border-accent bg-accent-soft text-accent"
                } else {
                    "border-line bg-surface text-quiet hover:border-edge hover:text-ink"
                };
                view! {
                    <li>
                        <a
                            href=Query::address(&here, &[("search", &search), ("category", &value)])
                            data-unsearched-href=Query::address(&here, &[("category", &value)])
                            aria-current=active.then_some("true")
                            class=format!("inline-flex min-h-8 items-center rounded-full border px-3 text-[0.8125rem] whitespace-nowrap {look}")
                        >
                            {label}
                        </a>
                    </li>
                }
            })
            .collect_view();
        let counted = view! {
            <p
                role="status"
                data-found=text::found_many("#")
                data-one-found=text::found(1)
                data-none-found=text::NO_MATCH
                class="text-quiet"
            >
                {text::found(found)}
            </p>
        };
        view! {
            <PageHead title=text::TITLE hint=text::HINT />
            <form method="get" action=here.clone() role="search" data-searches="" class="mb-4 flex max-w-xl gap-2">
                <SearchBox label=text::SEARCH value=search.clone() autofocus=true />
                {(!category.is_empty()).then(|| view! { <input type="hidden" name="category" value=category.clone() /> })}
                <Submit weight=Weight::Quiet>{text::SEARCH_BUTTON}</Submit>
            </form>
            <nav aria-label=text::CATEGORIES class="mb-7">
                <ul class="flex gap-1.5 max-sm:-mx-4 max-sm:-my-1 max-sm:overflow-x-auto max-sm:px-4 max-sm:py-1 sm:flex-wrap">
                    {chips}
                </ul>
            </nav>
            {category
                .is_empty()
                .then(|| {
                    view! {
                        <div hidden=narrowed data-unsearched="">
                            <Group title=text::POPULAR>
                                <Cards cards=first />
                            </Group>
                        </div>
                    }
                })}
            <Group title=text::ALL note=counted.into_any()>
                <Cards cards=listed />
                <div hidden=found != 0 data-none="">
                    {(found == 0)
                        .then(|| {
                            view! {
                                <div data-as-sent="">
                                    <Empty glyph=Glyph::Search title=text::NO_MATCH body=text::NO_MATCH_BODY />
                                </div>
                            }
                        })}
                    <div hidden=found == 0 data-as-typed="">
                        <Empty glyph=Glyph::Search title=text::NO_MATCH body=text::NO_MATCH_YET_BODY />
                    </div>
                </div>
                <Narrowed />
            </Group>
            <Group title=text::GENERIC note=view! { <p class="text-quiet">{text::GENERIC_BODY}</p> }.into_any()>
                <Cards cards=generic />
            </Group>
        }
    }))
}

#[component]
fn Group(title: &'static str, #[prop(optional)] note: Option<AnyView>, children: Children) -> impl IntoView {
    view! {
        <section class="mb-9">
            <div class="mb-3 flex flex-wrap items-baseline gap-x-3">
                <h2 class="font-semibold">{title}</h2>
                {note}
            </div>
            {children()}
        </section>
    }
    .into_any()
}
