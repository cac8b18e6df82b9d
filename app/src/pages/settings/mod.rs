//! What belongs to an environment as a whole, a page a section. Every form posts to its own page.

pub mod callback;
pub mod connect_ui;
pub mod created_key;
pub mod delete_key;
pub mod delete_variable;
pub mod general;
pub mod hmac;
pub mod keys;
pub mod origins;
pub mod public_key;
pub mod reveal;
pub mod variables;
pub mod webhooks;

use leptos::prelude::*;

use crate::answer::Page;
use crate::desk::Desk;
use crate::form::Query;
use crate::route::Room;
use crate::text::en::settings as text;
use crate::ui::badge::Tone;
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::Submit;
use crate::ui::card::{Card, PageHead};
use crate::ui::icon::{Glyph, Icon};
use crate::ui::shell::Section;

/// What the address of a section says after its form was saved.
const SAVED: (&str, &str) = ("saved", "1");

/// The sections in the order of their list.
fn sections() -> [(Room, &'static str, &'static str); 9] {
    [
        (Room::Settings, text::general::TITLE, text::general::HINT),
        (Room::Keys, text::keys::TITLE, text::keys::HINT),
        (Room::Callback, text::callback::TITLE, text::callback::HINT),
        (Room::Webhooks, text::webhooks::TITLE, text::webhooks::HINT),
        (Room::ConnectUi, text::connect_ui::TITLE, text::connect_ui::HINT),
        (Room::Origins, text::origins::TITLE, text::origins::HINT),
        (Room::PublicKey, text::public_key::TITLE, text::public_key::HINT),
        (Room::Hmac, text::hmac::TITLE, text::hmac::HINT),
        (Room::Variables, text::variables::TITLE, text::variables::HINT),
    ]
}

/// The address that a saved form of a section leads to.
pub fn saved(desk: &Desk, section: Room) -> String {
    Query::address(desk.to(section), &[SAVED])
}

/// A section beside the list of all of them.
fn section<V: IntoView + 'static>(
    desk: &Desk,
    here: &Room,
    query: &Query,
    view: impl FnOnce() -> V + Send + 'static,
) -> Page {
    let (mut title, mut hint) = ("", "");
    let links: Vec<(String, &'static str, bool)> = sections()
        .into_iter()
        .map(|(room, name, about)| {
            let is_here = room == *here;
            if is_here {
                (title, hint) = (name, about);
            }
            (desk.to(room), name, is_here)
        })
        .collect();
    let crumbs = vec![
        Crumb::to(text::TITLE, desk.to(Room::Settings)),
        Crumb::here(title),
    ];
    let is_saved = query.get(SAVED.0).is_some();
    desk.page(Section::Settings, crumbs, title, move || {
        let links = links
            .into_iter()
            .map(|(href, name, is_here)| {
                let look = if is_here {
                    "bg-accent-soft font-medium text-accent"
                } else {
                    "text-quiet hover:bg-well hover:text-ink"
                };
                view! {
                    <li>
                        <a
                            href=href
                            aria-current=is_here.then_some("page")
                            class=format!("flex min-h-8 items-center rounded-lg px-2.5 py-1 whitespace-nowrap lg:px-3 {look}")
                        >
                            {name}
                        </a>
                    </li>
                }
            })
            .collect_view();
        view! {
            <div class="grid grid-cols-1 items-start gap-x-8 gap-y-6 lg:grid-cols-[11.5rem_minmax(0,1fr)]">
                <nav aria-label=text::SECTIONS class="lg:sticky lg:top-20">
                    <ul class="-mx-2.5 flex flex-wrap gap-0.5 lg:mx-0 lg:flex-col">{links}</ul>
                </nav>
                <div class="min-w-0 max-w-4xl">
                    <PageHead title hint />
                    <div class="space-y-5">
                        {is_saved.then(|| view! { <Banner tone=Tone::Good title=text::SAVED /> })} {view()}
                    </div>
                </div>
            </div>
        }
    })
}

/// A card that is a form of its section. Who may not save it reads it.
#[component]
fn FormCard(
    #[prop(into)] title: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(into)] action: String,
    may_write: bool,
    #[prop(into)] button: String,
    #[prop(default = Glyph::Check)] glyph: Glyph,
    /// Which of its page's forms it is, where there are several.
    #[prop(optional)]
    intent: Option<&'static str>,
    /// What came out of it, below the button.
    #[prop(optional)]
    outcome: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <Card title hint=hint.unwrap_or_default()>
            <form method="post" action=action>
                <fieldset disabled=!may_write class="min-w-0 space-y-5">
                    {children()}
                </fieldset>
                <div class="mt-5">
                    {if may_write {
                        view! {
                            {intent.map(|intent| view! { <input type="hidden" name="intent" value=intent /> })}
                            <Submit glyph>{button}</Submit>
                        }
                            .into_any()
                    } else {
                        view! {
                            <p class="flex items-center gap-2 text-quiet">
                                <Icon glyph=Glyph::Lock />
                                {text::READ_ONLY}
                            </p>
                        }
                            .into_any()
                    }}
                </div>
            </form>
            {outcome}
        </Card>
    }
    .into_any()
}
