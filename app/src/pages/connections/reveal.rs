use leptos::prelude::*;
use terapi_broker::connections::Connection;
use terapi_broker::credentials::Credentials;

use super::shown_name;
use crate::answer::Page;
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::connection as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::ButtonLink;
use crate::ui::card::{Fact, Facts, PageHead};
use crate::ui::code::{CodeBlock, CopyLine};
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// A connection's credentials, as the answer to a POST.
pub fn revealed(desk: &Desk, connection: &Connection, credentials: &Credentials) -> Page {
    let back = desk.to(Room::Connection {
        id: connection.id.as_str().to_owned(),
    });
    let name = shown_name(connection);
    let title = text::revealed_title(name);
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::to(name, back.clone()),
        Crumb::here(text::CREDENTIALS),
    ];
    let fields: Vec<(&'static str, String)> = match credentials {
        Credentials::OAuth2(tokens) => {
            let refresh = tokens
                .refresh_token
                .as_ref()
                .map(|token| (text::REFRESH_TOKEN, token.expose().clone()));
            std::iter::once((text::ACCESS_TOKEN, tokens.access_token.expose().clone()))
                .chain(refresh)
                .collect()
        }
        Credentials::ApiKey { api_key } => vec![(text::API_KEY, api_key.expose().clone())],
        Credentials::Basic { username, password } => vec![
            (text::USERNAME, username.expose().clone()),
            (text::PASSWORD, password.expose().clone()),
        ],
        Credentials::ClientCredentials(held) => vec![
            (text::ACCESS_TOKEN, held.token.expose().clone()),
            (text::CLIENT_SECRET, held.client_secret.expose().clone()),
        ],
        Credentials::OAuth1(held) => vec![
            (text::TOKEN, held.oauth_token.expose().clone()),
            (text::TOKEN_SECRET, held.oauth_token_secret.expose().clone()),
        ],
        Credentials::Tba(held) => vec![
            (text::TOKEN, held.token_id.expose().clone()),
            (text::TOKEN_SECRET, held.token_secret.expose().clone()),
        ],
        Credentials::None => Vec::new(),
    };
    let wire = credentials.to_wire(true);
    let wire: serde_json::Value = serde_json::from_str(wire.get()).unwrap_or_default();
    let json = serde_json::to_string_pretty(&wire).unwrap_or_default();
    desk.page(Section::Connections, crumbs, title.clone(), move || {
        let lines = fields
            .into_iter()
            .map(|(label, value)| {
                view! {
                    <Fact label>
                        <CopyLine what=label value />
                    </Fact>
                }
            })
            .collect_view();
        view! {
            <PageHead title=title hint=words::secret::SHOWN_NOW />
            <div class="max-w-3xl space-y-4" data-revealed="">
                <Facts>{lines}</Facts>
                <CodeBlock label=text::RESPONSE code=json />
            </div>
            <div class="mt-6">
                <ButtonLink href=back glyph=Glyph::ArrowLeft>
                    {text::BACK}
                </ButtonLink>
            </div>
        }
    })
}
