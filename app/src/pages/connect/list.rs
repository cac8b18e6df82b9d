use leptos::prelude::*;
use terapi_broker::integrations::Integration;

use super::look::Look;
use super::screen::Screen;
use super::setting::{ADDRESS, Setting};
use crate::text::connect::ConnectText;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::logo::{Logo, picture, provider_picture};

/// A list this long can be searched.
const LONG: usize = 8;

/// One line of the list.
struct Line {
    name: String,
    picture: String,
    key: String,
    /// Whether another has the same name, so that the key is needed to tell them apart.
    is_namesake: bool,
    href: String,
    shown: bool,
}

impl Line {
    /// What it is found by: its name, and its key where that is shown.
    fn sought(&self) -> String {
        let mut sought = self.name.to_lowercase();
        if self.is_namesake {
            sought.push(' ');
            sought.push_str(&self.key.to_lowercase());
        }
        sought
    }
}

/// The choice between integrations; `wanted` is what a search asked for without a script.
pub fn show(setting: &Setting, look: Look, integrations: &[Integration], wanted: Option<&str>) -> Screen {
    let wanted = wanted.unwrap_or_default().trim().to_lowercase();
    // People tell names apart by neither the case of a letter nor a blank at an end.
    let names: Vec<String> = integrations
        .iter()
        .map(|integration| integration.shown_name().trim().to_lowercase())
        .collect();
    let lines: Vec<Line> = integrations
        .iter()
        .zip(&names)
        .map(|(integration, name)| {
            let mut line = Line {
                shown: true,
                picture: picture(integration),
                is_namesake: names.iter().filter(|other| *other == name).nth(1).is_some(),
                href: setting.address(&[("integration", integration.unique_key.as_str())]),
                key: integration.unique_key.to_string(),
                name: integration.shown_name().to_owned(),
            };
            line.shown = line.sought().contains(&wanted);
            line
        })
        .collect();
    of_lines(setting, look, lines, wanted)
}

/// The same choice between integrations that nobody has.
pub fn sample(setting: &Setting, look: Look) -> Screen {
    let lines = ["Acme", "Bluebird", "Fieldmaster"]
        .into_iter()
        .map(|name| Line {
            shown: true,
            picture: provider_picture(&name.to_lowercase()),
            is_namesake: false,
            href: setting.address(&[]),
            key: name.to_lowercase(),
            name: name.to_owned(),
        })
        .collect();
    of_lines(setting, look, lines, String::new())
}

fn of_lines(setting: &Setting, look: Look, lines: Vec<Line>, wanted: String) -> Screen {
    let text = setting.texts();
    let title = match look.product() {
        Some(product) => text.choose_for(product),
        None => text.choose(),
    };
    let search = (lines.len() > LONG).then(|| (setting.carried(), wanted.clone()));
    let none_left = lines.iter().all(|line| !line.shown);
    let everything = setting.address(&[]);
    Screen::new(title.clone(), "list", look, move || {
        let items = lines
            .into_iter()
            .map(|line| {
                let name = line.sought();
                let told_apart = line.is_namesake.then(|| line.key.clone());
                view! {
                    <li hidden=!line.shown data-name=name>
                        <a
                            href=line.href
                            data-view=""
                            data-choose=line.key
                            class="group flex min-h-14 items-center gap-3 rounded-xl border border-line bg-surface px-3 py-2 font-medium hover:border-accent hover:bg-well"
                        >
                            <Logo src=line.picture class="size-9" />
                            <span class="min-w-0 flex-1">
                                <span class="block wrap-anywhere" dir="auto">
                                    {line.name}
                                </span>
                                {told_apart
                                    .map(|key| {
                                        view! {
                                            <span class="block text-xs font-normal wrap-anywhere text-quiet">
                                                <bdi dir="ltr">{key}</bdi>
                                            </span>
                                        }
                                    })}
                            </span>
                            <Icon glyph=Glyph::ChevronRight class="size-4 text-quiet rtl:-scale-x-100" />
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <h1 tabindex="-1" data-focus="" class="text-lg font-semibold outline-none">
                {title}
            </h1>
            {search.map(|(carried, wanted)| search_box(text, carried, wanted))}
            <ul class="mt-4 space-y-2" data-list="" data-found=text.found("#")>
                {items}
            </ul>
            <div hidden=!none_left data-none="" class="py-6 text-center text-quiet">
                <p data-none-text=text.no_match("#")>{text.no_match(&wanted)}</p>
                <p class="mt-2">
                    <a href=everything data-all="" class="text-accent underline underline-offset-2">
                        {text.clear_search()}
                    </a>
                </p>
            </div>
        }
        .into_any()
    })
}

fn search_box(
    text: &'static dyn ConnectText,
    carried: Vec<(&'static str, String)>,
    wanted: String,
) -> impl IntoView {
    let hidden = carried
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <form method="get" action=ADDRESS.to_string() role="search" data-search="" class="relative mt-4">
            {hidden}
            <label for="search" class="sr-only">
                {text.search()}
            </label>
            <span class="pointer-events-none absolute inset-y-0 start-3 grid place-items-center text-quiet">
                <Icon glyph=Glyph::Search />
            </span>
            <input
                id="search"
                type="search"
                name="search"
                value=wanted
                placeholder=text.search()
                autocomplete="off"
                maxlength="100"
                class="connect-input ps-9"
            />
        </form>
    }
}
