use leptos::prelude::*;

use super::{FormCard, section};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::route::Room;
use crate::text::en::settings as words;
use crate::text::en::settings::public_key as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::card::Card;
use crate::ui::code::CopyLine;
use crate::ui::field::{ErrorSummary, Switch};

/// The public key, and what it may do (decision D5).
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let (may_write, action) = (desk.may_write(), desk.to(Room::PublicKey));
    let environment = desk.environment.clone();
    Ok(section(&desk, &Room::PublicKey, query, move || {
        let (state, tone) = if environment.public_key_enabled {
            (text::ON, Tone::Good)
        } else {
            (text::OFF, Tone::Plain)
        };
        view! {
            <Card title=text::KEY hint=text::KEY_HINT>
                <div class="space-y-3">
                    <CopyLine what=text::KEY value=environment.public_key />
                    <Badge tone>{state}</Badge>
                </div>
            </Card>
            <FormCard title=text::USE action may_write button=words::SAVE>
                <ErrorSummary />
                <Switch
                    name="public_key_enabled"
                    label=text::ACCEPT
                    hint=text::ACCEPT_HINT
                    on=environment.public_key_enabled
                />
                <Switch
                    name="public_key_may_overwrite"
                    label=text::OVERWRITE
                    hint=text::OVERWRITE_HINT
                    on=environment.public_key_may_overwrite
                />
            </FormCard>
        }
    }))
}
