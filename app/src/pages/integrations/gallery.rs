use std::collections::BTreeSet;

use leptos::prelude::*;

use super::provider_card::{Card, Cards, is_generic, popular};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
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
    let in_category = |categories: &[String]| category.is_empty() || categories.contains(&category);
    let found: Vec<Card> = chosen
        .into_iter()
        .filter(|provider| in_category(&provider.categories) && (narrowed || !is_generic(provider)))
        .map(|provider| Card::of(&desk, provider))
        .collect();
    let first: Vec<Card> = if narrowed {
        Vec::new()
    } else {
        popular(&desk)
            .into_iter()
            .take(6)
            .map(|provider| Card::of(&desk, provider))
            .collect()
    };
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
            .chain(categories.into_iter().map(|name| (name.clone(), name)))
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
                            aria-current=active.then_some("true")
                            class=format!("inline-flex min-h-8 items-center rounded-full border px-3 text-[0.8125rem] whitespace-nowrap {look}")
                        >
                            {label}
                        </a>
                    </li>
                }
            })
            .collect_view();
        let results = if found.is_empty() {
            view! {
                <div class="mb-8">
                    <Empty glyph=Glyph::Search title=text::NO_MATCH body=text::no_match_body(&search) />
                </div>
            }
            .into_any()
        } else {
            view! {
                <Group title=text::ALL note=text::found(found.len())>
                    <Cards cards=found />
                </Group>
            }
            .into_any()
        };
        view! {
            <PageHead title=text::TITLE hint=text::HINT />
            <form method="get" action=here.clone() role="search" class="mb-4 flex max-w-xl gap-2">
                <SearchBox label=text::SEARCH value=search.clone() autofocus=true />
                {(!category.is_empty()).then(|| view! { <input type="hidden" name="category" value=category.clone() /> })}
                <Submit weight=Weight::Quiet>{text::SEARCH_BUTTON}</Submit>
            </form>
            <nav aria-label=text::CATEGORIES class="mb-7">
                <ul class="flex gap-1.5 max-sm:-mx-4 max-sm:-my-1 max-sm:overflow-x-auto max-sm:px-4 max-sm:py-1 sm:flex-wrap">
                    {chips}
                </ul>
            </nav>
            {(!first.is_empty())
                .then(|| {
                    view! {
                        <Group title=text::POPULAR>
                            <Cards cards=first />
                        </Group>
                    }
                })}
            {results}
            <Group title=text::GENERIC note=text::GENERIC_BODY>
                <Cards cards=generic />
            </Group>
        }
    }))
}

#[component]
fn Group(
    title: &'static str,
    #[prop(optional, into)] note: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="mb-9">
            <div class="mb-3 flex flex-wrap items-baseline gap-x-3">
                <h2 class="font-semibold">{title}</h2>
                {note.map(|note| view! { <p class="text-quiet">{note}</p> })}
            </div>
            {children()}
        </section>
    }
    .into_any()
}
