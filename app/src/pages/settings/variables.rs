use leptos::prelude::*;
use terapi_broker::environments::VariableError;

use super::{FormCard, section};
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::settings::variables as text;
use crate::ui::button::{ButtonLink, Weight};
use crate::ui::card::{Card, Fact, Facts};
use crate::ui::code::CodeBlock;
use crate::ui::field::{ErrorSummary, Field};
use crate::ui::icon::Glyph;
use crate::ui::secret::{Masked, RevealForm};

/// The environment's variables by name, and a form to set one.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let names = names(&desk).await?;
    let lines: Vec<(String, String)> = names
        .into_iter()
        .map(|name| (desk.to(Room::DeleteVariable { name: name.clone() }), name))
        .collect();
    let may_write = desk.may_write();
    let (action, reveal) = (desk.to(Room::Variables), desk.to(Room::RevealVariables));
    let host = desk.broker.settings().host().to_owned();
    Ok(section(&desk, &Room::Variables, query, move || {
        let list = if lines.is_empty() {
            view! {
                <p class="rounded-xl border border-dashed border-line bg-surface px-5 py-6 text-center text-quiet">
                    {text::NONE}
                </p>
            }
            .into_any()
        } else {
            let facts = lines
                .into_iter()
                .map(|(href, name)| {
                    view! {
                        <Fact label=name.clone()>
                            <span class="flex items-center justify-between gap-3">
                                <Masked />
                                {may_write
                                    .then(|| {
                                        view! {
                                            <ButtonLink href weight=Weight::Bare glyph=Glyph::Trash>
                                                {text::DELETE}
                                                <span class="sr-only">" " {name}</span>
                                            </ButtonLink>
                                        }
                                    })}
                            </span>
                        </Fact>
                    }
                })
                .collect_view();
            view! {
                <Card title=text::TITLE>
                    <RevealForm action=reveal allowed=may_write>
                        <Facts>{facts}</Facts>
                    </RevealForm>
                </Card>
            }
            .into_any()
        };
        view! {
            {list}
            <FormCard title=text::SET hint=text::SET_HINT action may_write button=text::SET_BUTTON>
                <ErrorSummary />
                <div class="grid grid-cols-1 items-start gap-5 sm:grid-cols-2">
                    <Field
                        name="name"
                        label=text::NAME
                        autocomplete="off"
                        mono=true
                        required=true
                        maxlength=255_u32
                    />
                    <Field name="value" label=text::VALUE hint=text::VALUE_HINT kind="password" autocomplete="off" mono=true required=true />
                </div>
            </FormCard>
            <Card title=text::READ>
                <CodeBlock label="curl" code=snippets::variables_with_curl(&host) />
            </Card>
        }
    }))
}

/// The names of the variables; every role may know them.
pub async fn names(desk: &Desk) -> Result<Vec<String>, NoPage> {
    desk.broker
        .environments()
        .variable_names(&desk.caller)
        .await
        .map_err(|error| match error {
            VariableError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
            other => NoPage::Failed(other.to_string()),
        })
}
