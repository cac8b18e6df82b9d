use leptos::prelude::*;
use terapi_model::{ErrorCode, Timestamp};

use super::fields::{Asked, Questions, Way};
use super::look::Look;
use super::outcome::Subject;
use super::said::{Said, Tone};
use super::screen::Screen;
use super::setting::{SHOWN_AT, Setting};
use crate::form::FormState;
use crate::text::connect::ConnectText;
use crate::ui::field::problem_lines;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::logo::Logo;

/// The form of one integration, first shown at `shown_at`.
pub fn show(
    setting: &Setting,
    look: Look,
    subject: &Subject,
    picture: String,
    questions: Questions,
    state: FormState,
    shown_at: Option<Timestamp>,
) -> Screen {
    let text = setting.texts();
    let title = match subject.renewed {
        true => text.reconnect_to(&subject.name),
        false => text.connect_to(&subject.name),
    };
    let back = subject.several.then(|| setting.address(&[]));
    if questions.misconfigured {
        return misconfigured(setting, look, subject, back);
    }
    let intro = match (questions.way, questions.is_empty()) {
        (Way::Submit, true) => text.intro_nothing(&subject.name),
        (Way::Submit, false) => text.intro(&subject.name),
        (Way::Provider, _) => text.intro_page(&subject.name),
    };
    let in_window = (questions.way == Way::Provider).then(|| text.intro_window(&subject.name));
    let button = match (questions.way, subject.renewed) {
        (Way::Provider, _) => text.continue_to(&subject.name),
        (Way::Submit, true) => text.reconnect(),
        (Way::Submit, false) => text.connect(),
    };
    let stored = match look.product() {
        Some(product) => text.stored_for(product),
        None => text.stored(),
    };
    let waiting = text.waiting(&subject.name);
    let way = match questions.way {
        Way::Provider => "window",
        Way::Submit => "submit",
    };
    let secret = questions.all().any(|asked| asked.field.secret);
    let (mut carried, start) = (setting.carried(), setting.start(&subject.key));
    carried.extend(shown_at.map(|time| (SHOWN_AT, time.as_millis().to_string())));
    let (key, inert) = (subject.key.clone(), setting.preview);
    let around = match questions.is_empty() {
        true => "my-auto flex flex-col items-center gap-3 py-4 text-center",
        false => "flex flex-col items-center gap-3 pb-1 text-center",
    };
    let body = match questions.is_empty() {
        true => "flex flex-col gap-4",
        false => "mt-5 flex flex-1 flex-col gap-4",
    };
    let shown = title.clone();
    let mut screen = Screen::new(title, "form", look, move || {
        let hidden = carried
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view();
        let Questions {
            fields, own_app, docs, ..
        } = questions;
        let focus = state.is_fine();
        let fields = fields
            .into_iter()
            .map(|asked| input(asked, &state, text))
            .collect_view();
        let own_app = (!own_app.is_empty()).then(|| {
            let inputs = own_app
                .into_iter()
                .map(|asked| input(asked, &state, text))
                .collect_view();
            view! {
                <fieldset class="rounded-xl border border-line px-4 pt-1 pb-4">
                    <legend class="px-1 font-medium">{text.own_app()}</legend>
                    <div class="space-y-4">
                        <p class="text-quiet">{text.own_app_body()}</p>
                        {inputs}
                    </div>
                </fieldset>
            }
        });
        view! {
            <div class=around>
                <Logo src=picture class="size-14 rounded-xl" />
                <h1
                    tabindex="-1"
                    data-focus=focus.then_some("")
                    class="text-lg font-semibold wrap-anywhere outline-none"
                >
                    {shown}
                </h1>
                <p class="max-w-sm text-quiet" data-in-page="">
                    {intro}
                </p>
                {in_window
                    .map(|intro| {
                        view! {
                            <p class="max-w-sm text-quiet" data-in-window="" hidden>
                                {intro}
                            </p>
                        }
                    })}
            </div>
            <form
                method="post"
                action=start
                data-form=""
                data-way=way
                data-waiting=waiting
                novalidate
                inert=inert
                class=body
            >
                {problems(&state, text)} {hidden} <input type="hidden" name="integration" value=key /> {fields}
                {own_app}
                {docs
                    .map(|href| {
                        view! {
                            <p>
                                <a
                                    href=href
                                    target="_blank"
                                    rel="noopener noreferrer"
                                    data-doc=""
                                    class="connect-link inline-flex min-h-8 items-center gap-1.5"
                                >
                                    {text.help()}
                                    <Icon glyph=Glyph::External class="size-3.5" />
                                    <span class="sr-only">{format!("({})", text.new_tab())}</span>
                                </a>
                            </p>
                        }
                    })}
                <div class="mt-auto space-y-3 pt-2">
                    <div data-notes=""></div>
                    <button type="submit" data-submit="" class="connect-button">
                        <span data-spinner="" hidden class="connect-spinner"></span>
                        <span data-label="">{button}</span>
                    </button>
                    <p data-waiting-note="" hidden role="status" class="text-center text-quiet"></p>
                    {secret
                        .then(|| {
                            view! {
                                <p class="text-center text-xs text-quiet">
                                    <Icon glyph=Glyph::Lock class="me-1.5 inline-block size-3.5 align-[-0.15em]" />
                                    {stored}
                                </p>
                            }
                        })}
                </div>
            </form>
        }
        .into_any()
    })
    .with("key", subject.key.clone());
    screen.back = back;
    screen
}

/// Presets are wrong, and nobody here can mend them.
fn misconfigured(setting: &Setting, look: Look, subject: &Subject, back: Option<String>) -> Screen {
    let text = setting.texts();
    let title = text.misconfigured(&subject.name);
    let shown = title.clone();
    let mut screen = Screen::new(title, "misconfigured", look, move || {
        view! { <Said tone=Tone::Warning title=shown body=text.misconfigured_body() /> }.into_any()
    });
    screen.back = back;
    screen.refusing(
        ErrorCode::ProviderConfigErr,
        "a value that the app filled in is missing or wrong",
    )
}

/// Everything that is wrong, with links to the fields. It takes the focus.
fn problems(state: &FormState, text: &'static dyn ConnectText) -> Option<AnyView> {
    if state.is_fine() {
        return None;
    }
    let lines = problem_lines(state.problems().to_vec());
    let summary = view! {
        <div
            role="alert"
            tabindex="-1"
            autofocus
            data-focus=""
            class="flex gap-3 rounded-lg border border-bad/40 bg-bad-soft px-4 py-3 text-bad outline-offset-0"
        >
            <Icon glyph=Glyph::Failure class="mt-0.5 size-4" />
            <div class="min-w-0">
                <p class="font-medium">{text.problems()}</p>
                <ul class="mt-1 list-disc space-y-0.5 ps-4">{lines}</ul>
            </div>
        </div>
    };
    Some(summary.into_any())
}

/// Part of an address, which may go on in the next line before a dot.
fn breakable(text: &str) -> impl IntoView + use<> {
    text.split_inclusive('.')
        .map(|part| {
            let dot = part.ends_with('.').then(|| view! { <wbr /> "." });
            view! {
                {part.trim_end_matches('.').to_owned()}
                {dot}
            }
        })
        .collect_view()
}

/// Label, input and the texts around them.
fn input(asked: Asked, state: &FormState, text: &'static dyn ConnectText) -> AnyView {
    let problem = state.problem(&asked.name).map(str::to_owned);
    let missing = asked.field.required.then(|| text.missing(&asked.label));
    let complaint = asked.complaint("\u{0}", text);
    let autocomplete = asked.autocomplete();
    let Asked {
        name,
        label,
        field,
        initial,
        docs,
    } = asked;
    let value = (!field.secret)
        .then(|| state.value(&name).map(str::to_owned).or(initial))
        .flatten();
    let id = format!("field-{name}");
    let described = match field.description.is_some() {
        true => format!("hint-{name} problem-{name}"),
        false => format!("problem-{name}"),
    };
    let help = docs.map(|href| {
        view! {
            <a
                href=href
                target="_blank"
                rel="noopener noreferrer"
                data-doc-section=""
                class="-my-1.5 grid size-8 place-items-center rounded-lg text-quiet hover:text-ink"
            >
                <Icon glyph=Glyph::Info />
                <span class="sr-only">{format!("{} ({})", text.field_help(&label), text.new_tab())}</span>
            </a>
        }
    });
    let control = if field.allowed.is_empty() {
        let pattern = field.pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
        let affixed = field.prefix.is_some() || field.suffix.is_some();
        let technical = affixed || field.secret || field.format.is_some();
        let end = if field.secret { " pe-11" } else { "" };
        let kind = if field.secret { "password" } else { "text" };
        let (show, hide) = (text.show(&label), text.hide(&label));
        let shown = show.clone();
        let input = view! {
            <input
                class=format!("connect-input min-w-0 flex-1{end}")
                id=id.clone()
                name=name.clone()
                type=kind
                value=value
                placeholder=field.example.clone()
                autocomplete=autocomplete
                spellcheck="false"
                autocapitalize="none"
                dir=if technical { "ltr" } else { "auto" }
                aria-required=field.required.then_some("true")
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=described
                data-missing=missing
                data-bad=complaint
                data-pattern=pattern
                data-prefix=field.prefix.clone()
                data-suffix=field.suffix.clone()
            />
        };
        view! {
            <div class=if affixed { "connect-affixed" } else { "flex" } dir=(affixed || field.secret).then_some("ltr")>
                {field
                    .prefix
                    .map(|prefix| view! { <span class="connect-affix"><span>{breakable(&prefix)}</span></span> })}
                <div class=if affixed { "connect-affixed-input" } else { "relative flex min-w-0 flex-1" }>
                    {input}
                    {field
                        .secret
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    data-reveal=id.clone()
                                    data-show=shown
                                    data-hide=hide
                                    aria-controls=id.clone()
                                    hidden
                                    class="connect-reveal"
                                >
                                    <Icon glyph=Glyph::Eye />
                                    <span class="sr-only">{show}</span>
                                </button>
                            }
                        })}
                </div>
                {field
                    .suffix
                    .map(|suffix| view! { <span class="connect-affix"><span>{breakable(&suffix)}</span></span> })}
            </div>
        }
        .into_any()
    } else {
        let blank = if field.required {
            text.choose_one()
        } else {
            text.choose_none()
        };
        let chosen = value.unwrap_or_default();
        let with_blank = !field.required || !field.allowed.contains(&chosen);
        let options = field
            .allowed
            .iter()
            .map(|option| {
                view! {
                    <option value=option.clone() selected=*option == chosen>
                        {option.clone()}
                    </option>
                }
            })
            .collect_view();
        view! {
            <select
                class="connect-input"
                id=id.clone()
                name=name.clone()
                aria-required=field.required.then_some("true")
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=described
                data-missing=missing
            >
                {with_blank.then(|| view! { <option value="">{blank}</option> })}
                {options}
            </select>
        }
        .into_any()
    };
    let fine = problem.is_none();
    view! {
        <div class="space-y-1.5" data-field="">
            <div class="flex items-center justify-between gap-3">
                <label for=id class="min-w-0 font-medium">
                    <bdi>{label}</bdi>
                </label>
                <span class="flex shrink-0 items-center gap-1">
                    {(!field.required).then(|| view! { <span class="text-xs text-quiet">{text.optional()}</span> })}
                    {help}
                </span>
            </div>
            {control}
            <p id=format!("problem-{name}") data-problem="" hidden=fine class="flex gap-1.5 text-bad">
                <Icon glyph=Glyph::Failure class="mt-0.5 size-4" />
                <span>{problem}</span>
            </p>
            {field
                .description
                .map(|hint| {
                    view! {
                        <p id=format!("hint-{name}") class="text-quiet">
                            <bdi>{hint}</bdi>
                        </p>
                    }
                })}
        </div>
    }
    .into_any()
}
