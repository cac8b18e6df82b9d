//! From a page to a whole HTML document.

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::config::LeptosOptions;
use leptos::hydration::HydrationScripts;
use leptos::nonce::{provide_nonce, use_nonce};
use leptos::prelude::*;

use crate::answer::{Document, Frame, Page, Policy};
use crate::base_path::base_path;
use crate::form::FormState;
use crate::text::en as text;
use crate::ui::plain::PlainFrame;
use crate::ui::shell::Shell;
use crate::visit::{Site, Theme};

/// Renders `page` around what a form sent, if one did. Pages are plain HTML: only those in the dashboard's
/// shell load the islands' script.
pub(crate) fn render(site: &Site, theme: Theme, page: Page, state: FormState, policy: Policy) -> Document {
    // Islands with children ask the owner of the page whether they are being hydrated.
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    owner.with(|| {
        provide_nonce();
        let refused = !state.is_fine();
        provide_context(state);
        provide_context(theme);
        let nonce = use_nonce().unwrap_or_default();
        let base = base_path();
        // Where islands ask: the browser's entry reads it.
        let base = (!base.is_root()).then(|| base.to_string());
        let Page {
            title,
            status,
            frame,
            view,
        } = page;
        let title = text::document_title(&title, refused);
        let view = view();
        let (scripts, body) = match frame {
            Frame::Shell(surroundings) => (
                Some(scripts(site)),
                view! { <Shell surroundings=*surroundings>{view}</Shell> }.into_any(),
            ),
            Frame::Plain => (None, view! { <PlainFrame>{view}</PlainFrame> }.into_any()),
        };
        let html = view! {
            <html lang="en" data-theme=theme.as_str() data-base=base>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content=scheme(theme) />
                    <meta name="robots" content="noindex" />
                    <title>{title}</title>
                    <link rel="icon" type="image/svg+xml" href=format!("{}/favicon.svg", site.assets) />
                    <link rel="stylesheet" href=format!("{}/pkg/terapi.css", site.assets) />
                    {scripts}
                </head>
                <body class="min-h-dvh bg-canvas text-ink antialiased">{body}</body>
            </html>
        }
        .to_html();
        Document {
            status,
            html: format!("<!DOCTYPE html>{html}"),
            nonce: nonce.to_string(),
            policy,
        }
    })
}

const fn scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn scripts(site: &Site) -> impl IntoView + use<> {
    let options = LeptosOptions::builder()
        .output_name("terapi")
        .site_pkg_dir("pkg")
        .build();
    view! { <HydrationScripts options islands=true root=site.assets.to_string() /> }
}
