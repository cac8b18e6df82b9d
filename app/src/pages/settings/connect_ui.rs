use leptos::prelude::*;
use terapi_broker::environments::LARGEST_LOGO;
use terapi_model::{Colour, ConnectUiSettings, DefaultTheme, Ground};

use super::{FormCard, section};
use crate::answer::PageResult;
use crate::base_path::Local;
use crate::desk::Desk;
use crate::form::{FormState, Query};
use crate::islands::picture::Picture;
use crate::islands::preview::Preview;
use crate::pages::connect::ADDRESS;
use crate::route::Room;
use crate::text::colour;
use crate::text::en::settings as words;
use crate::text::en::settings::connect_ui as text;
use crate::ui::button::{Submit, Weight};
use crate::ui::card::Card;
use crate::ui::field::{ErrorSummary, Field, Select, Switch, TextArea};
use crate::ui::icon::Glyph;

/// The Connect UI's colours, name and logo, and what it looks like with them.
pub fn show(desk: Desk, query: &Query) -> PageResult {
    let (may_write, action) = (desk.may_write(), desk.to(Room::ConnectUi));
    let look = desk.environment.connect_ui.clone();
    Ok(section(&desk, &Room::ConnectUi, query, move || {
        let dark = look.default_theme == DefaultTheme::Dark;
        let logo = look.logo.as_ref().map(|path| Local(path).to_string());
        view! {
            <ErrorSummary />
            <div class="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
                <div class="min-w-0 space-y-5">
                    <div data-look="">
                        <FormCard title=text::LOOK action=action.clone() may_write button=words::SAVE intent="look">
                            <Look look />
                        </FormCard>
                    </div>
                    <LogoCard action may_write logo=logo.clone() />
                </div>
                <Card title=text::PREVIEW hint=text::PREVIEW_HINT>
                    <noscript>
                        <p class="text-quiet">{text::PREVIEW_NO_SCRIPT}</p>
                    </noscript>
                    <Preview
                        src=Query::address(ADDRESS, &[("preview", "1"), ("embedded", "1")])
                        title=text::PREVIEW.to_owned()
                        logo
                        themes=(text::THEME_LIGHT.to_owned(), text::THEME_DARK.to_owned())
                        dark
                        views=(text::VIEW_FORM.to_owned(), text::VIEW_LIST.to_owned(), text::VIEW_DONE.to_owned())
                    />
                </Card>
            </div>
        }
    }))
}

#[component]
fn Look(look: ConnectUiSettings) -> impl IntoView {
    let (light, dark) = (look.theme.light.primary, look.theme.dark.primary);
    let themes = [
        ("system", text::THEME_SYSTEM),
        ("light", text::THEME_LIGHT),
        ("dark", text::THEME_DARK),
    ]
    .into_iter()
    .map(|(value, label)| (value.to_owned(), label.to_owned()))
    .collect();
    let theme = match look.default_theme {
        DefaultTheme::System => "system",
        DefaultTheme::Light => "light",
        DefaultTheme::Dark => "dark",
    };
    view! {
        <Field
            name="product_name"
            label=text::PRODUCT
            hint=text::PRODUCT_HINT
            value=look.product_name.unwrap_or_default()
            autocomplete="off"
            optional=true
            maxlength=60_u32
        />
        <ColourField name="light" label=text::LIGHT value=light ground=Ground::Light />
        <ColourField name="dark" label=text::DARK value=dark ground=Ground::Dark />
        <Select name="default_theme" label=text::THEME hint=text::THEME_HINT options=themes value=theme />
        <Switch name="show_watermark" label=text::WATERMARK on=look.show_watermark />
    }
    .into_any()
}

/// A colour in words that can be pasted, and what comes of it.
#[component]
fn ColourField(name: &'static str, label: &'static str, value: String, ground: Ground) -> impl IntoView {
    let state = use_context::<FormState>().unwrap_or_default();
    let stored = Colour::parse(&value);
    let value = state.value(name).map_or(value, str::to_owned);
    let colour = Colour::parse(&value);
    let hint = colour.map(|colour| colour::hint(colour, ground));
    // What is no colour leaves the last one, as the preview does.
    let picked = colour.or(stored);
    let picked = picked.map(|colour| colour.to_string()).unwrap_or_default();
    view! {
        <div class="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-3">
            <Field
                name
                label
                hint=hint.unwrap_or_default()
                value=value.clone()
                autocomplete="off"
                mono=true
                required=true
                maxlength=7_u32
            />
            <label hidden data-picker="" class="space-y-1.5">
                <span class="block font-medium" aria-hidden="true">
                    {text::PICK}
                </span>
                <input
                    type="color"
                    data-picks=name
                    value=picked
                    aria-label=format!("{}: {label}", text::PICK)
                    class="block h-9 w-14 rounded-lg border border-edge bg-surface p-1"
                />
            </label>
        </div>
    }
    .into_any()
}

#[component]
fn LogoCard(action: String, may_write: bool, logo: Option<String>) -> impl IntoView {
    let has_logo = logo.is_some();
    let remove = action.clone();
    view! {
        <FormCard
            title=text::LOGO
            hint=text::LOGO_HINT
            action
            may_write
            button=text::LOGO_SAVE
            intent="logo"
        >
            {match logo {
                Some(src) => {
                    view! {
                        <img
                            src=src
                            alt=text::LOGO_PRESENT
                            class="size-16 rounded-lg border border-line bg-surface object-contain"
                        />
                    }
                        .into_any()
                }
                None => view! { <p class="text-quiet">{text::LOGO_NONE}</p> }.into_any(),
            }}
            {may_write
                .then(|| {
                    view! {
                        <div>
                            <Picture
                                into="field-logo".to_owned()
                                label=text::LOGO_FILE.to_owned()
                                limit=u32::try_from(LARGEST_LOGO).unwrap_or(u32::MAX)
                                refused=text::LOGO_REFUSED.to_owned()
                            />
                        </div>
                    }
                })}
            <TextArea name="logo" label=text::LOGO_DATA hint=text::LOGO_DATA_HINT rows=2 />
        </FormCard>
        {(may_write && has_logo)
            .then(|| {
                view! {
                    <form method="post" action=remove>
                        <input type="hidden" name="intent" value="remove-logo" />
                        <Submit weight=Weight::Quiet glyph=Glyph::Trash>
                            {text::LOGO_REMOVE}
                        </Submit>
                    </form>
                }
            })}
    }
    .into_any()
}
