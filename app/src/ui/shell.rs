//! What is around every page of the dashboard: the way to its other pages.

use leptos::prelude::*;
use terapi_broker::operators::Operator;

use super::breadcrumbs::{Breadcrumbs, Crumb};
use super::icon::{Glyph, Icon};
use super::logo::Mark;
use crate::base_path::Local;
use crate::desk;
use crate::islands::local_times::LocalTimes;
use crate::islands::menus::Menus;
use crate::route::{Room, Route};
use crate::text::en as text;
use crate::visit::{Site, Theme, Visit};

/// The entries of the sidebar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The checklist.
    Start,
    /// Integrations.
    Integrations,
    /// Connections.
    Connections,
    /// Logs.
    Logs,
    /// Environment settings.
    Settings,
}

impl Section {
    const ALL: [Section; 5] = [
        Section::Start,
        Section::Integrations,
        Section::Connections,
        Section::Logs,
        Section::Settings,
    ];

    fn entry(self) -> (Glyph, &'static str, Room) {
        match self {
            Section::Start => (Glyph::GettingStarted, text::start::TITLE, Room::Start),
            Section::Integrations => (Glyph::Integrations, text::integrations::TITLE, Room::Integrations),
            Section::Connections => (Glyph::Connections, text::connections::TITLE, Room::Connections),
            Section::Logs => (Glyph::Logs, text::logs::TITLE, Room::Logs),
            Section::Settings => (Glyph::Settings, text::settings::TITLE, Room::Settings),
        }
    }
}

/// What the shell shows besides the page.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Who is signed in.
    pub operator_name: String,
    /// Their e-mail.
    pub operator_email: String,
    /// The environment the sidebar leads into: its name, and whether it is production.
    pub environment: Option<(String, bool)>,
    /// All of the account's environments.
    pub environments: Vec<(String, bool)>,
    /// The entry that is open; none on pages outside an environment.
    pub section: Option<Section>,
    /// The way to the page.
    pub crumbs: Vec<Crumb>,
    /// The page's own address, to come back to.
    pub address: String,
}

impl Surroundings {
    /// Around a page outside any environment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outside(
        site: &Site,
        visit: &Visit,
        operator: &Operator,
        crumbs: Vec<Crumb>,
    ) -> Option<Self> {
        let account = operator.memberships.first()?;
        let environments: Vec<(String, bool)> = site
            .broker
            .environments()
            .list(&account.account_id)
            .await
            .ok()?
            .iter()
            .map(|environment| (environment.name.as_str().to_owned(), environment.is_production))
            .collect();
        Some(Self {
            operator_name: operator.display_name.clone(),
            operator_email: operator.email.clone(),
            environment: environments.first().cloned(),
            environments,
            section: None,
            crumbs,
            address: visit.path.clone(),
        })
    }

    /// Around an error page, when somebody is signed in and the database answers.
    pub async fn of_failure(site: &Site, visit: &Visit) -> Option<Self> {
        let operator = desk::operator(site, visit.signed_in.as_ref()).await.ok()?;
        let mut surroundings = Self::outside(site, visit, &operator, Vec::new()).await?;
        let named = visit.path.split('/').nth(2).unwrap_or_default();
        if let Some(environment) = surroundings.environments.iter().find(|(name, _)| name == named) {
            surroundings.environment = Some(environment.clone());
        }
        Some(surroundings)
    }
}

/// Sidebar, top bar, and the page.
#[component]
pub fn Shell(surroundings: Surroundings, children: Children) -> impl IntoView {
    let Surroundings {
        operator_name,
        operator_email,
        environment,
        environments,
        section,
        crumbs,
        address,
    } = surroundings;
    let production = environment
        .as_ref()
        .filter(|(_, production)| *production)
        .map(|(name, _)| name.clone());
    let navigation = {
        let environment = environment.clone();
        let environments = environments.clone();
        let (name, email) = (operator_name.clone(), operator_email.clone());
        move || {
            view! {
                <Navigation
                    environment=environment.clone()
                    environments=environments.clone()
                    section
                    name=name.clone()
                    email=email.clone()
                />
            }
        }
    };
    view! {
        <a
            href="#main"
            class="sr-only z-50 rounded-lg bg-accent px-4 py-2 font-medium text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
        >
            {text::shell::SKIP}
        </a>
        <div class="md:grid md:grid-cols-[15.5rem_minmax(0,1fr)]">
            <aside class="sticky top-0 hidden h-dvh flex-col border-r border-line bg-rail md:flex">{navigation()}</aside>
            <div class="min-w-0">
                <header class="sticky top-0 z-20 border-b border-line bg-canvas">
                    {production
                        .map(|name| {
                            view! {
                                <section
                                    aria-label=text::shell::PRODUCTION
                                    class="border-b border-warn/30 bg-warn-soft px-4 py-1 text-center text-xs font-medium text-warn"
                                >
                                    {text::shell::production_bar(&name)}
                                </section>
                            }
                        })}
                    <div class="flex min-h-14 items-center gap-2 px-3 sm:px-6">
                        <details class="md:hidden" data-menu="">
                            <summary class="grid size-10 place-items-center rounded-lg hover:bg-well">
                                <Icon glyph=Glyph::Menu class="size-5" />
                                <span class="sr-only">{text::shell::MENU}</span>
                            </summary>
                            <div class="absolute inset-x-0 top-full z-30 flex h-[calc(100dvh-100%)] flex-col overflow-y-auto border-t border-line bg-rail">
                                {navigation()}
                            </div>
                        </details>
                        <div class="min-w-0 flex-1">
                            {(!crumbs.is_empty()).then(|| view! { <Breadcrumbs crumbs /> })}
                        </div>
                        <ThemeSwitch address />
                    </div>
                </header>
                <main id="main" tabindex="-1" class="mx-auto w-full max-w-[76rem] px-4 py-7 outline-none sm:px-8 sm:py-9">
                    {children()}
                </main>
            </div>
        </div>
        <LocalTimes />
        <Menus />
    }
    .into_any()
}

#[component]
fn Navigation(
    environment: Option<(String, bool)>,
    environments: Vec<(String, bool)>,
    section: Option<Section>,
    name: String,
    email: String,
) -> impl IntoView {
    let entries = environment.as_ref().map(|(env, _)| {
        let entries = Section::ALL
            .into_iter()
            .map(|entry| {
                let (glyph, label, room) = entry.entry();
                let active = section == Some(entry);
                let look = if active {
                    "bg-surface font-medium text-ink shadow-card"
                } else {
                    "text-quiet hover:bg-well hover:text-ink"
                };
                let bar = if active { "bg-accent" } else { "bg-transparent" };
                view! {
                    <li>
                        <a
                            href=Route::In { env: env.clone(), room }.to_string()
                            aria-current=active.then_some("page")
                            class=format!("relative flex min-h-10 items-center gap-3 rounded-lg px-3 md:min-h-9 {look}")
                        >
                            <span class=format!("absolute inset-y-2 left-0 w-0.5 rounded-full {bar}")></span>
                            <Icon glyph />
                            {label}
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <nav aria-label=text::shell::MAIN class="flex-1 px-3 py-2">
                <ul class="space-y-0.5">{entries}</ul>
            </nav>
        }
    });
    view! {
        <a
            href=Route::Home.to_string()
            class="mx-3 mt-3 hidden min-h-10 items-center gap-2.5 rounded-lg px-2 text-base font-semibold tracking-[-0.01em] md:flex"
        >
            <Mark class="size-6" />
            {text::PRODUCT}
        </a>
        <EnvironmentSwitch environment environments section />
        {entries}
        <Profile name email />
    }
    .into_any()
}

#[component]
fn EnvironmentSwitch(
    environment: Option<(String, bool)>,
    environments: Vec<(String, bool)>,
    section: Option<Section>,
) -> impl IntoView {
    environment.map(|(current, production)| {
        let room = section.map_or(Room::Start, |section| section.entry().2);
        let options = environments
            .into_iter()
            .map(|(env, production)| {
                let here = env == current;
                let href = Route::In { env: env.clone(), room: room.clone() }.to_string();
                view! {
                    <li>
                        <a
                            href=href
                            aria-current=here.then_some("true")
                            class="flex min-h-9 items-center gap-2 rounded-md px-2.5 hover:bg-well"
                        >
                            <Dot production />
                            <span class="min-w-0 flex-1 truncate">{env}</span>
                            {here.then(|| view! { <Icon glyph=Glyph::Check class="size-4 text-accent" /> })}
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <details class="relative mx-3 my-2" data-menu="">
                <summary class="flex min-h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3 shadow-card hover:border-edge">
                    <Dot production />
                    <span class="sr-only">{text::shell::ENVIRONMENT}</span>
                    <span class="min-w-0 flex-1 truncate font-medium">{current.clone()}</span>
                    {production
                        .then(|| {
                            view! {
                                <span class="rounded-full bg-warn-soft px-1.5 text-[0.6875rem] font-medium text-warn">
                                    {text::shell::PRODUCTION}
                                </span>
                            }
                        })}
                    <Icon glyph=Glyph::Switcher class="size-4 text-quiet" />
                </summary>
                <ul class="absolute inset-x-0 top-full z-30 mt-1 rounded-lg border border-line bg-raised p-1 shadow-pop">
                    {options}
                </ul>
            </details>
        }
    })
}

#[component]
fn Dot(production: bool) -> impl IntoView {
    let colour = if production { "bg-warn" } else { "bg-accent" };
    view! { <span class=format!("size-2 shrink-0 rounded-full {colour}") aria-hidden="true"></span> }
        .into_any()
}

#[component]
fn Profile(name: String, email: String) -> impl IntoView {
    let entry = "flex min-h-9 w-full items-center gap-2.5 rounded-md px-2.5 text-left hover:bg-well";
    let initial: String = name.chars().next().unwrap_or('?').to_uppercase().collect();
    view! {
        <details class="relative mx-3 mt-auto mb-3" data-menu="">
            <summary class="flex min-h-11 items-center gap-2.5 rounded-lg px-2 hover:bg-well">
                <span
                    class="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
                    aria-hidden="true"
                >
                    {initial}
                </span>
                <span class="min-w-0 flex-1">
                    <span class="block truncate font-medium">{name}</span>
                    <span class="block truncate text-xs text-quiet">{email}</span>
                </span>
                <Icon glyph=Glyph::Switcher class="size-4 text-quiet" />
            </summary>
            <div class="absolute inset-x-0 bottom-full z-30 mb-1 rounded-lg border border-line bg-raised p-1 shadow-pop">
                <a href=Route::Sessions.to_string() class=entry>
                    <Icon glyph=Glyph::Shield />
                    {text::sessions::TITLE}
                </a>
                <a href=Local("/docs/api").to_string() target="_blank" class=entry>
                    <Icon glyph=Glyph::External />
                    {text::shell::API}
                </a>
                <form method="post" action=Route::SignOut.to_string()>
                    <button type="submit" class=entry>
                        <Icon glyph=Glyph::SignOut />
                        {text::shell::SIGN_OUT}
                    </button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

/// Three buttons; the choice is kept in a cookie, so that the first paint is already right.
#[component]
fn ThemeSwitch(address: String) -> impl IntoView {
    let chosen = use_context::<Theme>().unwrap_or_default();
    let buttons = [
        (Theme::System, Glyph::Monitor, text::shell::THEME_SYSTEM),
        (Theme::Light, Glyph::Sun, text::shell::THEME_LIGHT),
        (Theme::Dark, Glyph::Moon, text::shell::THEME_DARK),
    ]
    .into_iter()
    .map(|(theme, glyph, label)| {
        let active = theme == chosen;
        let look = if active {
            "bg-surface text-ink shadow-card"
        } else {
            "text-quiet hover:text-ink"
        };
        view! {
            <button
                type="submit"
                name="theme"
                value=theme.as_str()
                aria-pressed=if active { "true" } else { "false" }
                title=label
                class=format!("grid size-8 place-items-center rounded-md {look}")
            >
                <Icon glyph />
                <span class="sr-only">{label}</span>
            </button>
        }
    })
    .collect_view();
    view! {
        <form method="post" action=Route::Theme.to_string()>
            <input type="hidden" name="back" value=address />
            <fieldset class="flex rounded-lg border border-line bg-well p-px">
                <legend class="sr-only">{text::shell::THEME}</legend>
                {buttons}
            </fieldset>
        </form>
    }
    .into_any()
}
