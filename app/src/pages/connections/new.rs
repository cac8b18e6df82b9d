use leptos::prelude::*;
use terapi_broker::connect::OpenedSession;

use crate::answer::{NoPage, Page, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::connections::wait::{self, Watched, WatchedFor};
use crate::pages::integrations::unread;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::test as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, Weight};
use crate::ui::card::{Card, PageHead};
use crate::ui::code::CopyLine;
use crate::ui::empty::Empty;
use crate::ui::field::{ErrorSummary, Field, Select};
use crate::ui::icon::Glyph;
use crate::ui::logo::Logo;
use crate::ui::shell::Section;

/// Asks what to connect, and as whom.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    if !desk.may_write() {
        return Err(NoPage::Forbidden(words::secret::NOT_FOR_YOUR_ROLE.to_owned()));
    }
    let integrations = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(unread)?;
    let options: Vec<(String, String)> = integrations
        .iter()
        .filter(|integration| integration.missing_fields.is_empty())
        .map(|integration| {
            let label = format!("{} ({})", integration.shown_name(), integration.unique_key);
            (integration.unique_key.to_string(), label)
        })
        .collect();
    let wanted = query.get("integration").unwrap_or_default().to_owned();
    let email = desk.operator.email.clone();
    let gallery = desk.to(Room::Gallery);
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(text::TITLE),
    ];
    Ok(desk.page(Section::Connections, crumbs, text::TITLE, move || {
        if options.is_empty() {
            return view! {
                <PageHead title=text::TITLE />
                <Empty
                    glyph=Glyph::Integrations
                    title=words::integrations::EMPTY
                    body=words::connections::EMPTY_NO_INTEGRATION
                >
                    <ButtonLink href=gallery weight=Weight::Primary>
                        {words::integrations::NEW}
                    </ButtonLink>
                </Empty>
            }
            .into_any();
        }
        view! {
            <PageHead title=text::TITLE hint=text::HINT />
            <form
                method="post"
                class="max-w-xl space-y-5 rounded-xl border border-line bg-surface p-5 shadow-card"
            >
                <ErrorSummary />
                <Select name="integration" label=text::INTEGRATION options value=wanted />
                <Field
                    name="end_user"
                    label=text::END_USER
                    hint=text::END_USER_HINT
                    value=email.clone()
                    autocomplete="off"
                    required=true
                    maxlength=255_u32
                />
                <Field name="email" label=text::EMAIL kind="email" value=email autocomplete="off" optional=true />
                <Submit>{text::BUTTON}</Submit>
            </form>
        }
        .into_any()
    }))
}

/// The way into Connect, as the answer to a form: the link holds the session's token.
pub fn ready(desk: &Desk, title: String, picture: String, opened: &OpenedSession) -> Page {
    let wait = wait::address(desk, &opened.operation_id);
    let watched = Watched::of(desk, &opened.operation_id, None);
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(title.clone()),
    ];
    let link = opened.connect_link.clone();
    desk.page(Section::Connections, crumbs, title.clone(), move || {
        let logo = view! { <Logo src=picture class="size-11" /> }.into_any();
        view! {
            <PageHead title=title hint=text::HINT logo />
            <div class="max-w-2xl space-y-5">
                <div class="rounded-xl border border-line bg-surface p-5 shadow-card">
                    <a
                        href=link.clone()
                        target="_blank"
                        rel="noopener"
                        class=crate::ui::button::classes(Weight::Primary)
                    >
                        <crate::ui::icon::Icon glyph=Glyph::External />
                        {text::OPEN}
                    </a>
                    <div class="mt-4">
                        <WatchedFor watched />
                    </div>
                    <noscript>
                        <p class="mt-2 text-quiet">{text::WAITING_NO_SCRIPT}</p>
                    </noscript>
                    <p class="mt-4">
                        <ButtonLink href=wait>{text::DONE}</ButtonLink>
                    </p>
                </div>
                <Card title=text::SHARE hint=text::SHARE_HINT>
                    <CopyLine what=text::LINK value=link />
                </Card>
            </div>
        }
    })
}
