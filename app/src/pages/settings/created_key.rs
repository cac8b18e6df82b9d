use leptos::prelude::*;
use terapi_broker::SecretString;

use crate::answer::Page;
use crate::desk::Desk;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::settings::keys as text;
use crate::ui::badge::Tone;
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Weight};
use crate::ui::card::{Card, PageHead};
use crate::ui::code::{CodeBlock, CopyLine};
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// A new key, this once, as the answer to the form that made it.
pub fn show(desk: &Desk, secret: &SecretString) -> Page {
    let back = desk.to(Room::Keys);
    let crumbs = vec![
        Crumb::to(text::TITLE, back.clone()),
        Crumb::here(text::CREATED_TITLE),
    ];
    let base = desk.broker.settings().host().to_owned();
    let secret = secret.expose().clone();
    desk.page(Section::Settings, crumbs, text::CREATED_TITLE, move || {
        let curl = snippets::list_with_curl(&base, &secret);
        view! {
            <PageHead title=text::CREATED_TITLE />
            <div class="max-w-3xl space-y-5">
                <Banner tone=Tone::Warn title=text::CREATED_BODY />
                <Card title=text::SECRET_KEY>
                    <CopyLine what=text::SECRET_KEY value=secret />
                </Card>
                <Card title=text::TRY>
                    <CodeBlock label="curl" code=curl />
                </Card>
                <ButtonLink href=back weight=Weight::Primary glyph=Glyph::Check>
                    {text::CREATED_BACK}
                </ButtonLink>
            </div>
        }
    })
}
