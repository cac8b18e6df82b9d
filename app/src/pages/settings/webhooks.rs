use leptos::prelude::*;

use super::{FormCard, section};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::settings as words;
use crate::text::en::settings::webhooks as text;
use crate::ui::button::{Submit, Weight};
use crate::ui::card::{Card, Fact, Facts};
use crate::ui::code::CodeBlock;
use crate::ui::field::{ErrorSummary, Field, Switch};
use crate::ui::icon::Glyph;
use crate::ui::secret::{Masked, RevealForm};

/// Where events are sent, which, and what they are signed with (rest.md 14.1).
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let may_write = desk.may_write();
    let (action, reveal) = (desk.to(Room::Webhooks), desk.to(Room::RevealSigningKey));
    let host = desk.broker.settings().host().to_owned();
    let environment = desk.environment.clone();
    Ok(section(&desk, &Room::Webhooks, query, move || {
        view! {
            <ErrorSummary />
            <FormCard
                title=text::WHERE
                hint=text::RETRIES
                action=action.clone()
                may_write
                button=words::SAVE
                intent="save"
            >
                <Field
                    name="webhook_url"
                    label=text::URL
                    hint=text::URL_HINT
                    value=environment.webhook_url.unwrap_or_default()
                    kind="url"
                    placeholder=text::EXAMPLE
                    autocomplete="off"
                    mono=true
                    optional=true
                />
                <Field
                    name="webhook_secondary_url"
                    label=text::SECOND_URL
                    hint=text::SECOND_URL_HINT
                    value=environment.webhook_secondary_url.unwrap_or_default()
                    kind="url"
                    autocomplete="off"
                    mono=true
                    optional=true
                />
                <Switch
                    name="webhook_on_creation"
                    label=text::ON_CREATION
                    hint=text::ON_CREATION_HINT
                    on=environment.webhook_on_creation
                />
                <Switch
                    name="webhook_on_refresh_error"
                    label=text::ON_REFRESH_ERROR
                    hint=text::ON_REFRESH_ERROR_HINT
                    on=environment.webhook_on_refresh_error
                />
            </FormCard>
            <Card title=text::SIGNING hint=text::SIGNING_HINT>
                <div class="space-y-5">
                    <RevealForm action=reveal allowed=may_write>
                        <Facts>
                            <Fact label=text::SIGNING>
                                <Masked />
                            </Fact>
                        </Facts>
                    </RevealForm>
                    {may_write
                        .then(|| {
                            view! {
                                <form method="post" action=action class="space-y-4 border-t border-line pt-5">
                                    <input type="hidden" name="intent" value="rotate" />
                                    <Switch name="sure" label=text::SURE />
                                    <Submit weight=Weight::Quiet glyph=Glyph::Key>
                                        {text::ROTATE}
                                    </Submit>
                                </form>
                            }
                        })}
                </div>
            </Card>
            <Card title=text::VERIFY hint=text::VERIFY_HINT>
                <div class="space-y-4">
                    <CodeBlock label=text::STANDARD code=snippets::verify_with_standard_webhooks() />
                    <CodeBlock label=text::NODE code=snippets::verify_with_node(&host) />
                </div>
            </Card>
        }
    }))
}
