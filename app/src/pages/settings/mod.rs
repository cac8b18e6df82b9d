//! What belongs to an environment as a whole.

pub mod created_key;
pub mod delete_key;

use leptos::prelude::*;
use terapi_broker::keys::{ApiKey, ListKeysError};

use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::settings as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, Weight};
use crate::ui::card::{Card, Fact, Facts, PageHead};
use crate::ui::code::CopyLine;
use crate::ui::field::{ErrorSummary, Field, Select};
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;
use crate::ui::table::{Column, ROW, Table};
use crate::ui::time::Time;

/// Keys, callback URL and public key of an environment.
pub async fn show(desk: Desk) -> PageResult {
    let keys = desk
        .broker
        .keys()
        .list(&desk.caller)
        .await
        .map_err(|error| match error {
            ListKeysError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
            other => NoPage::Failed(other.to_string()),
        })?;
    let keys: Vec<(ApiKey, String)> = keys
        .into_iter()
        .map(|key| {
            let delete = desk.to(Room::DeleteKey {
                id: key.id.as_str().to_owned(),
            });
            (key, delete)
        })
        .collect();
    let environment = desk.environment.clone();
    let callback = environment
        .callback_url
        .clone()
        .unwrap_or_else(|| desk.broker.settings().callback_url());
    let may_write = desk.may_write();
    Ok(desk.page(Section::Settings, vec![Crumb::here(text::TITLE)], text::TITLE, move || {
        let none = keys.is_empty();
        let rows = keys.into_iter().map(|(key, delete)| view! { <Row key_=key delete may_write /> }).collect_view();
        let expiries = [("", text::EXPIRY_NEVER), ("30", text::EXPIRY_30), ("90", text::EXPIRY_90), ("365", text::EXPIRY_365)]
            .into_iter()
            .map(|(value, label)| (value.to_owned(), label.to_owned()))
            .collect();
        let (kind, tone) = if environment.is_production {
            (text::PRODUCTION, Tone::Warn)
        } else {
            (text::DEVELOPMENT, Tone::Plain)
        };
        let (public, public_tone) = if environment.public_key_enabled {
            (text::PUBLIC_KEY_ON, Tone::Good)
        } else {
            (text::PUBLIC_KEY_OFF, Tone::Plain)
        };
        view! {
            <PageHead title=text::TITLE hint=text::HINT />
            <div class="space-y-5">
                <section aria-labelledby="keys">
                    <div class="mb-3">
                        <h2 id="keys" class="text-[0.9375rem] font-semibold">
                            {text::KEYS}
                        </h2>
                        <p class="text-quiet">{text::KEYS_HINT}</p>
                    </div>
                    {if none {
                        view! {
                            <p class="rounded-xl border border-dashed border-line bg-surface px-5 py-6 text-center text-quiet">
                                {text::NO_KEYS}
                            </p>
                        }
                            .into_any()
                    } else {
                        view! {
                            <Table
                                caption=text::KEYS
                                heads=vec![
                                    (Column::Always, text::KEY_NAME),
                                    (Column::Always, text::KEY),
                                    (Column::Wider, text::ACCESS),
                                    (Column::Wider, text::CREATED),
                                    (Column::Wide, text::USED),
                                    (Column::Wide, text::EXPIRES),
                                    (Column::Always, ""),
                                ]
                            >
                                {rows}
                            </Table>
                        }
                            .into_any()
                    }}
                </section>
                {may_write
                    .then(|| {
                        view! {
                            <Card title=text::CREATE_TITLE>
                                <form method="post" class="space-y-4">
                                    <ErrorSummary />
                                    <div class="grid grid-cols-1 items-start gap-4 sm:grid-cols-[minmax(0,1fr)_12rem]">
                                        <Field
                                            name="name"
                                            label=text::KEY_NAME
                                            hint=text::KEY_NAME_HINT
                                            autocomplete="off"
                                            required=true
                                            maxlength=255_u32
                                        />
                                        <Select name="expiry" label=text::EXPIRY options=expiries />
                                    </div>
                                    <Submit glyph=Glyph::Key>{text::CREATE}</Submit>
                                </form>
                            </Card>
                        }
                    })}
                <Card title=text::CALLBACK hint=text::CALLBACK_HINT>
                    <CopyLine what=text::CALLBACK value=callback />
                </Card>
                <Card title=text::PUBLIC_KEY hint=text::PUBLIC_KEY_HINT>
                    <div class="space-y-3">
                        <CopyLine what=text::PUBLIC_KEY value=environment.public_key />
                        <Badge tone=public_tone>{public}</Badge>
                    </div>
                </Card>
                <Card title=text::ENVIRONMENT>
                    <Facts>
                        <Fact label=text::NAME>{environment.name.to_string()}</Fact>
                        <Fact label=text::KIND>
                            <Badge tone>{kind}</Badge>
                        </Fact>
                        <Fact label=text::UUID>
                            <CopyLine what=text::UUID value=environment.uuid />
                        </Fact>
                        <Fact label=text::CREATED>
                            <Time at=environment.created_at />
                        </Fact>
                    </Facts>
                </Card>
            </div>
        }
    }))
}

#[component]
fn Row(key_: ApiKey, delete: String, may_write: bool) -> impl IntoView {
    let ApiKey {
        display_name,
        last_four,
        scopes,
        managed,
        created_at,
        last_used_at,
        expires_at,
        ..
    } = key_;
    let full = scopes == terapi_model::ApiKeyScopes::full_environment();
    let access = if full {
        text::FULL.to_owned()
    } else {
        text::scopes(scopes.0.len())
    };
    view! {
        <tr class=ROW>
            <th scope="row" class=format!("{} font-medium", Column::Always.cell())>
                {display_name}
                " "
                {managed.then(|| view! { <Badge>{text::MANAGED}</Badge> })}
            </th>
            <td class=format!("{} font-mono text-[0.8125rem] whitespace-nowrap", Column::Always.cell())>
                <span aria-hidden="true">"…"</span>
                {last_four}
            </td>
            <td class=format!("{} whitespace-nowrap", Column::Wider.cell())>{access}</td>
            <td class=Column::Wider.cell()>
                <Time at=created_at />
            </td>
            <td class=Column::Wide.cell()>
                {match last_used_at {
                    Some(at) => view! { <Time at /> }.into_any(),
                    None => view! { <span class="text-quiet">{words::NEVER}</span> }.into_any(),
                }}
            </td>
            <td class=Column::Wide.cell()>
                {match expires_at {
                    Some(at) => view! { <Time at /> }.into_any(),
                    None => view! { <span class="text-quiet">{words::NEVER}</span> }.into_any(),
                }}
            </td>
            <td class=format!("{} text-right", Column::Always.cell())>
                {(may_write && !managed)
                    .then(|| {
                        view! {
                            <ButtonLink href=delete weight=Weight::Bare glyph=Glyph::Trash>
                                {text::DELETE}
                            </ButtonLink>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}
