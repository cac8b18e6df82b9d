use leptos::prelude::*;

use super::{FormCard, section};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::route::Room;
use crate::text::en::settings as words;
use crate::text::en::settings::origins as text;
use crate::ui::field::{ErrorSummary, TextArea};

/// Which pages may embed the Connect UI (decision D22).
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let (may_write, action) = (desk.may_write(), desk.to(Room::Origins));
    let origins = desk.environment.allowed_origins.clone();
    Ok(section(&desk, &Room::Origins, query, move || {
        let meaning = if origins.is_empty() {
            text::NONE
        } else {
            text::SOME
        };
        view! {
            <FormCard title=text::LIST hint=meaning action may_write button=words::SAVE>
                <ErrorSummary />
                <TextArea
                    name="allowed_origins"
                    label=text::LIST
                    hint=text::LIST_HINT
                    value=origins.join("\n")
                    placeholder=text::EXAMPLE
                    rows=5
                />
            </FormCard>
        }
    }))
}
