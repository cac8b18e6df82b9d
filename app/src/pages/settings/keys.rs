use leptos::prelude::*;
use terapi_broker::keys::{ApiKey, ListKeysError};

use super::section;
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::settings::keys as text;
use crate::ui::badge::Badge;
use crate::ui::button::{ButtonLink, Submit, Weight};
use crate::ui::card::Card;
use crate::ui::field::{ErrorSummary, Field, Select};
use crate::ui::icon::Glyph;
use crate::ui::table::{Column, ROW, Table};
use crate::ui::time::Time;

/// The environment's API keys, and a form for one more.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
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
    let may_write = desk.may_write();
    let here = desk.to(Room::Keys);
    Ok(section(&desk, &Room::Keys, query, move || {
        let none = keys.is_empty();
        let rows = keys
            .into_iter()
            .map(|(key, delete)| view! { <Row key_=key delete may_write /> })
            .collect_view();
        let expiries = [
            ("", text::EXPIRY_NEVER),
            ("30", text::EXPIRY_30),
            ("90", text::EXPIRY_90),
            ("365", text::EXPIRY_365),
        ]
        .into_iter()
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .collect();
        view! {
            {if none {
                view! {
                    <p class="rounded-xl border border-dashed border-line bg-surface px-5 py-6 text-center text-quiet">
                        {text::NONE}
                    </p>
                }
                    .into_any()
            } else {
                view! {
                    <Table
                        caption=text::TITLE
                        heads=vec![
                            (Column::Always, text::NAME),
                            (Column::Always, text::KEY),
                            (Column::Widest, text::ACCESS),
                            (Column::Widest, text::CREATED),
                            (Column::Wider, text::USED),
                            (Column::Wider, text::EXPIRES),
                            (Column::Always, ""),
                        ]
                    >
                        {rows}
                    </Table>
                }
                    .into_any()
            }}
            {may_write
                .then(|| {
                    view! {
                        <Card title=text::CREATE_TITLE>
                            <form method="post" action=here class="space-y-4">
                                <ErrorSummary />
                                <div class="grid grid-cols-1 items-start gap-4 sm:grid-cols-[minmax(0,1fr)_12rem]">
                                    <Field
                                        name="name"
                                        label=text::NAME
                                        hint=text::NAME_HINT
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
        }
    }))
}

/// The classes of a line under a key's name.
const UNDER: &str = "block text-xs font-normal text-quiet";

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
                <span class=format!("{UNDER} min-[90rem]:hidden")>{access.clone()}</span>
                <span class=format!("{UNDER} xl:hidden")>
                    {match expires_at {
                        Some(at) => view! { {text::EXPIRES} " " <Time at /> }.into_any(),
                        None => text::NEVER_EXPIRES.into_any(),
                    }}
                </span>
                <span class=format!("{UNDER} xl:hidden")>
                    {match last_used_at {
                        Some(at) => view! { {text::USED} " " <Time at /> }.into_any(),
                        None => text::NEVER_USED.into_any(),
                    }}
                </span>
            </th>
            <td class=format!("{} font-mono text-[0.8125rem] whitespace-nowrap", Column::Always.cell())>
                <span aria-hidden="true">"…"</span>
                {last_four}
            </td>
            <td class=format!("{} whitespace-nowrap", Column::Widest.cell())>{access}</td>
            <td class=Column::Widest.cell()>
                <Time at=created_at />
            </td>
            <td class=Column::Wider.cell()>
                {match last_used_at {
                    Some(at) => view! { <Time at /> }.into_any(),
                    None => view! { <span class="text-quiet">{words::NEVER}</span> }.into_any(),
                }}
            </td>
            <td class=Column::Wider.cell()>
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
