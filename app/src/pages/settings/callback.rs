use leptos::prelude::*;

use super::{FormCard, section};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::settings as words;
use crate::text::en::settings::callback as text;
use crate::ui::badge::Tone;
use crate::ui::banner::Banner;
use crate::ui::card::Card;
use crate::ui::code::{CodeBlock, CopyLine};
use crate::ui::field::{ErrorSummary, Field, Switch};

/// Where providers send browsers back to, and how a host of the operator's own leads them on.
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let (may_write, action) = (desk.may_write(), desk.to(Room::Callback));
    let own = desk.broker.settings().callback_url();
    let environment = desk.environment.clone();
    Ok(section(&desk, &Room::Callback, query, move || {
        let custom = environment.callback_url;
        let present = custom.clone().unwrap_or_else(|| own.clone());
        let host = custom
            .clone()
            .unwrap_or_else(|| "https://app.example.com/oauth/callback".to_owned());
        let bound = environment.callback_bound;
        let placeholder = own.clone();
        view! {
            {(!bound)
                .then(|| view! { <Banner tone=Tone::Warn title=text::UNBOUND>{text::UNBOUND_BODY}</Banner> })}
            <Card title=text::PRESENT hint=text::PRESENT_HINT>
                <CopyLine what=text::TITLE value=present />
            </Card>
            <FormCard title=text::CUSTOM hint=text::WARNING action may_write button=words::SAVE>
                <ErrorSummary />
                <Field
                    name="callback_url"
                    label=text::CUSTOM
                    hint=text::CUSTOM_HINT
                    value=custom.unwrap_or_default()
                    kind="url"
                    placeholder
                    autocomplete="off"
                    mono=true
                    optional=true
                />
                <Switch name="callback_bound" label=text::BOUND hint=text::BOUND_HINT on=bound />
            </FormCard>
            <Card title=text::RECIPE hint=text::RECIPE_HINT>
                <div class="space-y-3">
                    <CodeBlock label=text::NGINX code=snippets::lead_on_with_nginx(&host, &own) />
                    <CodeBlock label=text::EXPRESS code=snippets::lead_on_with_express(&host, &own) />
                    <CodeBlock label=text::TRY code=snippets::try_leading_on(&host) />
                </div>
            </Card>
        }
    }))
}
