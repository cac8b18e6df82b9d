use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::text::en as text;

/// One step of the way to a page.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Its name.
    pub label: String,
    /// Its address; none for the page itself.
    pub href: Option<String>,
}

impl Crumb {
    /// A step with a link.
    pub fn to(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
        }
    }

    /// The page itself.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// The way to this page.
#[component]
pub fn Breadcrumbs(crumbs: Vec<Crumb>) -> impl IntoView {
    let last = crumbs.len().saturating_sub(1);
    let steps = crumbs
        .into_iter()
        .enumerate()
        .map(|(n, Crumb { label, href })| {
            let step = match href {
                Some(href) => view! {
                    <a
                        class="inline-flex min-h-8 min-w-0 items-center rounded px-1 text-quiet hover:text-ink hover:underline underline-offset-4"
                        href=href
                    >
                        <span class="truncate">{label}</span>
                    </a>
                }
                .into_any(),
                None => {
                    view! { <span class="truncate px-1 font-medium" aria-current="page">{label}</span> }.into_any()
                }
            };
            // A narrow page has room for the step back; its heading says where one is.
            let back = n + 1 == last;
            let look = if last == 0 || back { "flex" } else { "hidden sm:flex" };
            // A list's name is short; a thing's may be as long as it likes.
            let room = if n == 0 && last > 0 { "min-w-0 sm:shrink-0" } else { "min-w-0" };
            view! {
                <li class=format!("{look} {room} items-center gap-1")>
                    {back
                        .then(|| {
                            view! {
                                <span class="text-quiet sm:hidden">
                                    <Icon glyph=Glyph::ArrowLeft />
                                </span>
                            }
                        })}
                    {(n > 0)
                        .then(|| {
                            view! {
                                <span class="text-quiet max-sm:hidden">
                                    <Icon glyph=Glyph::ChevronRight class="size-3.5" />
                                </span>
                            }
                        })} {step}
                </li>
            }
        })
        .collect_view();
    view! {
        <nav aria-label=text::shell::BREADCRUMBS class="min-w-0">
            <ol class="flex min-w-0 items-center gap-1">{steps}</ol>
        </nav>
    }
    .into_any()
}
