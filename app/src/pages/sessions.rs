use leptos::prelude::*;
use terapi_model::device;

use crate::answer::{NoPage, Page, PageResult};
use crate::desk;
use crate::text::en::sessions as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{Submit, Weight};
use crate::ui::card::PageHead;
use crate::ui::shell::Surroundings;
use crate::ui::table::{Column, ROW, Table};
use crate::ui::time::Time;
use crate::visit::{Site, Visit};

/// Where the operator is signed in.
pub async fn list(site: &Site, visit: &Visit) -> PageResult {
    let operator = desk::operator(site, visit.signed_in.as_ref()).await?;
    let sessions = site
        .broker
        .operators()
        .sessions(&operator.id)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    let current = visit
        .signed_in
        .as_ref()
        .map(|signed_in| signed_in.session.clone())
        .unwrap_or_default();
    let others = sessions.iter().any(|session| session.id_hash.to_hex() != current);
    let surroundings = Surroundings::outside(site, visit, &operator, vec![Crumb::here(text::TITLE)])
        .await
        .ok_or(NoPage::NotFound)?;
    let page = Page::plain(text::TITLE, move || {
        let rows = sessions
            .into_iter()
            .map(|session| {
                let id = session.id_hash.to_hex();
                let this = id == current;
                view! {
                    <tr class=ROW>
                        <th scope="row" class=format!("{} text-left font-medium", Column::Always.cell())>
                            {device(&session.user_agent).unwrap_or_else(|| text::UNKNOWN_DEVICE.to_owned())}
                            " "
                            {this.then(|| view! { <Badge tone=Tone::Good>{text::THIS}</Badge> })}
                            <span class="block text-xs font-normal text-quiet lg:hidden">
                                <span class="block">{session.address.clone()}</span>
                                <Time at=session.last_seen_at />
                            </span>
                        </th>
                        <td class=Column::Wide.cell()>{session.address}</td>
                        <td class=Column::Wide.cell()>
                            <Time at=session.created_at />
                        </td>
                        <td class=Column::Wide.cell()>
                            <Time at=session.last_seen_at />
                        </td>
                        <td class=format!("{} text-right", Column::Always.cell())>
                            {(!this)
                                .then(|| {
                                    view! {
                                        <form method="post">
                                            <Submit weight=Weight::Quiet name="session" value=id>
                                                {text::REVOKE}
                                            </Submit>
                                        </form>
                                    }
                                })}
                        </td>
                    </tr>
                }
            })
            .collect_view();
        let actions = others
            .then(|| {
                view! {
                    <form method="post">
                        <Submit weight=Weight::Quiet name="session" value="others">
                            {text::REVOKE_OTHERS}
                        </Submit>
                    </form>
                }
            })
            .into_any();
        view! {
            <PageHead title=text::TITLE hint=text::HINT actions />
            <Table
                caption=text::TITLE
                heads=vec![
                    (Column::Always, text::DEVICE),
                    (Column::Wide, text::ADDRESS),
                    (Column::Wide, text::STARTED),
                    (Column::Wide, text::SEEN),
                    (Column::Always, ""),
                ]
            >
                {rows}
            </Table>
        }
    });
    Ok(page.inside(surroundings))
}
