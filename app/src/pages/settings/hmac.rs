use leptos::prelude::*;
use terapi_broker::environments::Environment;

use super::{FormCard, section};
use crate::answer::{Page, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::settings as words;
use crate::text::en::settings::hmac as text;
use crate::ui::badge::Tone;
use crate::ui::banner::Banner;
use crate::ui::button::{Submit, Weight};
use crate::ui::card::{Card, Fact, Facts};
use crate::ui::code::{CodeBlock, CopyLine, Id};
use crate::ui::field::{ErrorSummary, Field, Switch};
use crate::ui::icon::Glyph;
use crate::ui::secret::{Masked, RevealForm};

/// In the address after HMAC, and with it the public key, was switched on.
pub const TURNED_ON: (&str, &str) = ("turned", "on");

/// In the address after a key was made because HMAC was switched on without one.
pub const MADE: (&str, &str) = ("made", "key");

/// What the digest checker was asked, and what came out.
#[derive(Default)]
pub struct Checked {
    /// As typed.
    pub integration: String,
    /// As typed; empty: none.
    pub connection: String,
    /// What the operator's backend made of it, if they say.
    pub received: Option<String>,
    /// What it must be.
    pub digest: String,
}

/// The HMAC key, its switch, and the digest checker (decision D6).
pub fn show(desk: Desk, query: &Query) -> PageResult {
    Ok(page(&desk, query, None))
}

/// The same with an answer of the checker.
pub fn checked(desk: &Desk, checked: Checked) -> Page {
    page(desk, &Query::default(), Some(checked))
}

fn page(desk: &Desk, query: &Query, checked: Option<Checked>) -> Page {
    let may_write = desk.may_write();
    let (action, reveal) = (desk.to(Room::Hmac), desk.to(Room::RevealHmac));
    let environment = desk.environment.clone();
    let (turned_on, made) = (query.get(TURNED_ON.0).is_some(), query.get(MADE.0).is_some());
    section(desk, &Room::Hmac, query, move || {
        let has_key = environment.has_hmac_key;
        let key_hint = if has_key {
            text::KEY_NEW_HINT
        } else {
            text::KEY_NEW_HINT_NONE
        };
        view! {
            {turned_on
                .then(|| {
                    view! { <Banner tone=Tone::Good title=text::TURNED_ON>{text::TURNED_ON_BODY}</Banner> }
                })}
            {made
                .then(|| view! { <Banner tone=Tone::Good title=text::MADE>{text::MADE_BODY}</Banner> })}
            <ErrorSummary />
            <FormCard title=text::SETTINGS action=action.clone() may_write button=words::SAVE intent="save">
                <Switch
                    name="hmac_enabled"
                    label=text::REQUIRE
                    hint=if has_key { text::REQUIRE_HINT } else { text::REQUIRE_HINT_NO_KEY }
                    on=environment.hmac_enabled
                />
                <Field name="hmac_key" label=text::KEY_NEW hint=key_hint autocomplete="off" mono=true optional=true />
            </FormCard>
            <Key environment action=action.clone() reveal may_write />
            {(may_write && has_key).then(|| view! { <Checker action checked /> })}
            <Card title=text::CODE>
                <CodeBlock label=text::NODE code=snippets::hmac_with_node() />
            </Card>
        }
    })
}

#[component]
fn Key(environment: Environment, action: String, reveal: String, may_write: bool) -> impl IntoView {
    let has_key = environment.has_hmac_key;
    view! {
        <Card title=text::KEY hint=text::KEY_HINT>
            <div class="space-y-5">
                {if has_key {
                    view! {
                        <RevealForm action=reveal allowed=may_write>
                            <Facts>
                                <Fact label=text::KEY>
                                    <Masked />
                                </Fact>
                            </Facts>
                        </RevealForm>
                    }
                        .into_any()
                } else {
                    view! { <p class="text-quiet">{text::NO_KEY}</p> }.into_any()
                }}
                {may_write
                    .then(|| {
                        view! {
                            <form method="post" action=action class="space-y-3 border-t border-line pt-5">
                                <input type="hidden" name="intent" value="replace" />
                                {has_key.then(|| view! { <Switch name="sure" label=text::SURE /> })}
                                <Submit weight=Weight::Quiet glyph=Glyph::Key>
                                    {if has_key { text::REPLACE } else { text::GENERATE }}
                                </Submit>
                            </form>
                        }
                    })}
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn Checker(action: String, checked: Option<Checked>) -> impl IntoView {
    let (integration, connection, received) = checked
        .as_ref()
        .map(|checked| {
            (
                checked.integration.clone(),
                checked.connection.clone(),
                checked.received.clone().unwrap_or_default(),
            )
        })
        .unwrap_or_default();
    view! {
        <div id="checker" class="scroll-mt-20">
            <FormCard
                title=text::CHECK
                hint=text::CHECK_HINT
                action=format!("{action}#checker")
                may_write=true
                button=text::CHECK_BUTTON
                intent="check"
                outcome=checked.map(|checked| view! { <Verdict checked /> }).into_any()
            >
                <div class="grid grid-cols-1 items-start gap-5 sm:grid-cols-2">
                    <Field
                        name="integration"
                        label=text::INTEGRATION
                        value=integration
                        autocomplete="off"
                        mono=true
                        required=true
                    />
                    <Field
                        name="connection"
                        label=text::CONNECTION
                        hint=text::CONNECTION_HINT
                        value=connection
                        autocomplete="off"
                        mono=true
                        optional=true
                    />
                </div>
                <Field
                    name="received"
                    label=text::RECEIVED
                    hint=text::RECEIVED_HINT
                    value=received
                    autocomplete="off"
                    mono=true
                    optional=true
                />
            </FormCard>
        </div>
    }
    .into_any()
}

/// What the checker answers.
#[component]
fn Verdict(checked: Checked) -> impl IntoView {
    let Checked {
        integration,
        connection,
        received,
        digest,
    } = checked;
    let message = if connection.is_empty() {
        integration
    } else {
        format!("{integration}:{connection}")
    };
    let verdict = received.map(|received| {
        if received == digest {
            view! { <Banner tone=Tone::Good title=text::SAME /> }.into_any()
        } else {
            view! { <Banner tone=Tone::Bad title=text::DIFFERENT>{text::DIFFERENT_BODY}</Banner> }.into_any()
        }
    });
    view! {
        <div class="mt-5 space-y-4 border-t border-line pt-5" role="status">
            {verdict} <Facts>
                <Fact label=text::MESSAGE>
                    <Id value=message />
                </Fact>
                <Fact label=text::DIGEST>
                    <CopyLine what=text::DIGEST value=digest />
                </Fact>
            </Facts>
        </div>
    }
    .into_any()
}
