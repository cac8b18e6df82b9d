//! What a window for the provider shows until it is known where it goes.

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::nonce::{provide_nonce, use_nonce};
use leptos::prelude::*;

use super::setting::Setting;
use crate::answer::{Document, Policy, Status};
use crate::visit::Site;

/// A window that nobody can lead on closes itself: where the page around a frame isolates itself
/// (`Cross-Origin-Opener-Policy: same-origin`), the frame's windows open, and are cut off at once.
const ALONE: &str = "opener||close()";

/// The document of that window.
pub fn opening(site: &Site, setting: &Setting) -> Document {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new())));
    owner.with(|| {
        provide_nonce();
        let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
        let loading = setting.texts().loading();
        let html = view! {
            <html lang=setting.language.tag() dir=setting.language.direction()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="robots" content="noindex" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{loading.clone()}</title>
                    <link rel="icon" href=format!("{}/favicon.svg", site.assets) />
                    <script nonce=nonce.clone() inner_html=ALONE></script>
                    <style nonce=nonce.clone()>"body{margin:2rem;font:1rem system-ui,sans-serif;text-align:center}"</style>
                </head>
                <body>
                    <p>{loading}</p>
                </body>
            </html>
        }
        .to_html();
        Document {
            status: Status::Ok,
            html: format!("<!DOCTYPE html>{html}"),
            nonce,
            policy: Policy::Connect,
        }
    })
}
