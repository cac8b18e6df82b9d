//! Form fields. They read what was typed, and what was wrong with it, from the page's [`FormState`].

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::form::{FormState, Problem};
use crate::text::en as text;

const INPUT: &str = "w-full min-h-9 rounded-lg border bg-surface px-3 py-1.5 text-sm text-ink placeholder:text-quiet aria-invalid:border-bad";

fn state() -> FormState {
    use_context::<FormState>().unwrap_or_default()
}

/// What is wrong, an item each, with links to the fields.
pub fn problem_lines(problems: Vec<Problem>) -> impl IntoView + use<> {
    problems
        .into_iter()
        .map(|problem| match problem.field {
            Some(field) => view! {
                <li>
                    <a class="underline underline-offset-2" href=format!("#field-{field}")>
                        {problem.message}
                    </a>
                </li>
            }
            .into_any(),
            None => view! { <li>{problem.message}</li> }.into_any(),
        })
        .collect_view()
}

/// Everything that is wrong with the form, with links to the fields. It takes the focus when there is something. The
/// only problem of a single field is said at that field, which then takes the focus itself.
#[component]
pub fn ErrorSummary(
    /// For a form in which a field takes the focus when it comes back.
    #[prop(optional)]
    unfocused: bool,
) -> impl IntoView {
    let state = state();
    let problems = state.problems().to_vec();
    (!problems.is_empty() && state.only_field().is_none()).then(|| {
        let said = match problems.as_slice() {
            [only] => view! { <p class="font-medium">{only.message.clone()}</p> }.into_any(),
            _ => {
                let lines = problem_lines(problems);
                view! {
                    <p class="font-medium">{text::form::PROBLEMS}</p>
                    <ul class="mt-1 list-disc space-y-0.5 pl-4">{lines}</ul>
                }
                .into_any()
            }
        };
        view! {
            <div
                role="alert"
                tabindex="-1"
                autofocus=!unfocused
                id="problems"
                class="flex gap-3 rounded-lg border border-bad/40 bg-bad-soft px-4 py-3 text-bad focus-visible:outline-offset-0 focus-visible:outline-bad"
            >
                <Icon glyph=Glyph::Failure class="mt-0.5 size-4" />
                <div>{said}</div>
            </div>
        }
    })
}

/// What a field is called.
pub struct Label {
    text: String,
    /// A part to be typed as it is, and what follows it.
    exact: Option<(String, &'static str)>,
}

impl Label {
    /// A label around `exact`, which is set apart.
    pub fn around([before, after]: [&'static str; 2], exact: String) -> Self {
        Self {
            text: before.to_owned(),
            exact: Some((exact, after)),
        }
    }
}

impl<T: Into<String>> From<T> for Label {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            exact: None,
        }
    }
}

/// The label above a field and the texts below it.
#[component]
fn Around(
    name: String,
    #[prop(into)] label: Label,
    hint: Option<String>,
    optional: bool,
    problem: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="space-y-1.5">
            <label for=format!("field-{name}") class="flex items-baseline justify-between gap-3 font-medium">
                <span class="min-w-0 wrap-anywhere">
                    {label.text}
                    {label
                        .exact
                        .map(|(exact, after)| {
                            view! {
                                <code class="rounded border border-line bg-well px-1 py-0.5 font-mono text-[0.8125rem]">
                                    {exact}
                                </code>
                                {after}
                            }
                        })}
                </span>
                {optional.then(|| view! { <span class="text-xs font-normal text-quiet">{text::form::OPTIONAL}</span> })}
            </label>
            {children()}
            {problem
                .map(|problem| {
                    view! {
                        <p id=format!("problem-{name}") class="flex gap-1.5 text-bad">
                            <Icon glyph=Glyph::Failure class="mt-0.5 size-4" />
                            <span>{problem}</span>
                        </p>
                    }
                })}
            {hint.map(|hint| view! { <p id=format!("hint-{name}") class="text-quiet">{hint}</p> })}
        </div>
    }
    .into_any()
}

/// A text that says something.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn described(name: &str, hint: bool, problem: bool) -> Option<String> {
    let ids: Vec<String> = [(problem, "problem"), (hint, "hint")]
        .into_iter()
        .filter(|(shown, _)| *shown)
        .map(|(_, prefix)| format!("{prefix}-{name}"))
        .collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// One line of text.
#[component]
pub fn Field(
    #[prop(into)] name: String,
    #[prop(into)] label: Label,
    #[prop(optional, into)] hint: Option<String>,
    /// What it holds when nothing was typed yet.
    #[prop(optional, into)]
    value: Option<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] autocomplete: Option<String>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] required: bool,
    /// Says that it may stay empty; for forms where most fields may not.
    #[prop(optional)]
    optional: bool,
    #[prop(optional)] readonly: bool,
    #[prop(optional)] mono: bool,
    #[prop(optional)] autofocus: bool,
    /// Takes the focus when the form comes back with something that is about no field.
    #[prop(optional)]
    again: bool,
    /// Fixed text before the value, as `https://`.
    #[prop(optional, into)]
    prefix: Option<String>,
    /// Fixed text after the value, as `.zendesk.com`.
    #[prop(optional, into)]
    suffix: Option<String>,
    #[prop(optional, into)] maxlength: Option<u32>,
) -> impl IntoView {
    let (hint, prefix, suffix) = (given(hint), given(prefix), given(suffix));
    let placeholder = given(placeholder);
    let state = state();
    let problem = state.problem(&name).map(str::to_owned);
    let typed = if kind == "password" {
        None
    } else {
        state.value(&name).map(str::to_owned).or(value)
    };
    let again = again && !state.is_fine() && state.problems().iter().all(|problem| problem.field.is_none());
    let describedby = match again {
        true => Some("problems".to_owned()),
        false => described(&name, hint.is_some(), problem.is_some()),
    };
    let takes_focus = again || (autofocus && state.is_fine()) || state.only_field() == Some(&name);
    let font = if mono { " font-mono text-[0.8125rem]" } else { "" };
    let ground = if readonly { " bg-well" } else { "" };
    let input = {
        let (joined, left, right) = (
            prefix.is_some() || suffix.is_some(),
            prefix.is_some(),
            suffix.is_some(),
        );
        let edges = match (joined, left, right) {
            (true, true, true) => " rounded-none",
            (true, true, false) => " rounded-l-none",
            (true, false, true) => " rounded-r-none",
            _ => "",
        };
        view! {
            <input
                class=format!("{INPUT} border-edge{font}{ground}{edges}")
                id=format!("field-{name}")
                name=name.clone()
                type=kind
                value=typed
                autocomplete=autocomplete
                placeholder=placeholder
                required=required
                readonly=readonly
                autofocus=takes_focus
                maxlength=maxlength
                spellcheck=mono.then_some("false")
                autocapitalize=mono.then_some("none")
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=describedby
            />
        }
    };
    let affix =
        "inline-flex items-center border border-edge bg-well px-2.5 font-mono text-[0.8125rem] text-quiet";
    view! {
        <Around name label hint optional problem>
            <div class="flex">
                {prefix
                    .map(|prefix| view! { <span class=format!("{affix} rounded-l-lg border-r-0")>{prefix}</span> })}
                {input}
                {suffix
                    .map(|suffix| view! { <span class=format!("{affix} rounded-r-lg border-l-0")>{suffix}</span> })}
            </div>
        </Around>
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(default = 3)] rows: u32,
    #[prop(optional)] optional: bool,
) -> impl IntoView {
    let state = state();
    let problem = state.problem(&name).map(str::to_owned);
    let typed = state
        .value(&name)
        .map(str::to_owned)
        .or(value)
        .unwrap_or_default();
    let describedby = described(&name, hint.is_some(), problem.is_some());
    let takes_focus = state.only_field() == Some(&name);
    let id = format!("field-{name}");
    let posted = name.clone();
    view! {
        <Around name label hint optional problem=problem.clone()>
            <textarea
                class=format!("{INPUT} border-edge font-mono text-[0.8125rem]")
                id=id
                name=posted
                rows=rows
                placeholder=placeholder
                spellcheck="false"
                autocapitalize="none"
                autofocus=takes_focus
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=describedby
            >
                {typed}
            </textarea>
        </Around>
    }
    .into_any()
}

/// One of several.
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    /// Value and text of each.
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: Option<String>,
    /// Hides the label from sight; for filters, where the options speak.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let hint = given(hint);
    let state = state();
    let problem = state.problem(&name).map(str::to_owned);
    let chosen = state
        .value(&name)
        .map(str::to_owned)
        .or(value)
        .unwrap_or_default();
    let describedby = described(&name, hint.is_some(), problem.is_some());
    let takes_focus = state.only_field() == Some(&name);
    let id = format!("field-{name}");
    let options = options
        .into_iter()
        .map(|(value, text)| view! { <option value=value.clone() selected=value == chosen>{text}</option> })
        .collect_view();
    let select = view! {
        <select
            class=format!("{INPUT} border-edge text-ellipsis")
            id=id.clone()
            name=name.clone()
            autofocus=takes_focus
            aria-invalid=problem.is_some().then_some("true")
            aria-describedby=describedby
        >
            {options}
        </select>
    };
    if compact {
        view! {
            <div class="min-w-0 sm:max-w-60">
                <label class="sr-only" for=id>
                    {label}
                </label>
                {select}
            </div>
        }
        .into_any()
    } else {
        view! {
            <Around name label hint optional=false problem>
                {select}
            </Around>
        }
        .into_any()
    }
}

/// A box to tick.
#[component]
pub fn Tick(
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    view! {
        <label class="flex min-h-8 items-start gap-2.5 py-1">
            <input type="checkbox" class="mt-0.5 size-4 shrink-0 accent-accent" name=name value=value checked=checked />
            <span class="min-w-0">
                <span class="block font-mono text-[0.8125rem] wrap-anywhere">{label}</span>
                {hint.map(|hint| view! { <span class="block text-quiet">{hint}</span> })}
            </span>
        </label>
    }
    .into_any()
}

/// Something that is on or off.
#[component]
pub fn Switch(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    /// Whether it is on when nothing was sent yet.
    #[prop(optional)]
    on: bool,
) -> impl IntoView {
    let (hint, state) = (given(hint), state());
    let problem = state.problem(&name).map(str::to_owned);
    let on = state.value(&name).map_or(on, |value| !value.is_empty());
    let describedby = described(&name, hint.is_some(), problem.is_some());
    let takes_focus = state.only_field() == Some(&name);
    let id = format!("field-{name}");
    view! {
        <div class="flex items-start gap-3">
            <input
                type="checkbox"
                class="mt-0.5 size-5 shrink-0 accent-accent sm:size-4"
                id=id.clone()
                name=name.clone()
                value="on"
                checked=on
                autofocus=takes_focus
                aria-invalid=problem.is_some().then_some("true")
                aria-describedby=describedby
            />
            <div class="min-w-0 space-y-1">
                <label for=id class="block font-medium">
                    {label}
                </label>
                {problem
                    .map(|problem| {
                        view! {
                            <p id=format!("problem-{name}") class="flex gap-1.5 text-bad">
                                <Icon glyph=Glyph::Failure class="mt-0.5 size-4" />
                                <span>{problem}</span>
                            </p>
                        }
                    })}
                {hint.map(|hint| view! { <p id=format!("hint-{name}") class="max-w-[65ch] text-quiet">{hint}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// One line of a GET form; its label is beside it.
#[component]
pub fn LineBox(
    name: &'static str,
    #[prop(into)] value: String,
    placeholder: &'static str,
    /// The id of what describes it; empty: nothing.
    described: &'static str,
) -> impl IntoView {
    view! {
        <input
            class=format!("{INPUT} border-edge font-mono text-[0.8125rem] placeholder:font-sans")
            id=format!("field-{name}")
            type="text"
            name=name
            value=value
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            autocapitalize="none"
            aria-describedby=(!described.is_empty()).then_some(described)
        />
    }
    .into_any()
}

/// A search box of a list; its form is a GET, so that the address is the state.
#[component]
pub fn SearchBox(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    view! {
        <div class="relative min-w-0 flex-1">
            <label class="sr-only" for="field-search">
                {label.clone()}
            </label>
            <span class="pointer-events-none absolute inset-y-0 left-3 grid place-items-center text-quiet">
                <Icon glyph=Glyph::Search />
            </span>
            <input
                class=format!("{INPUT} border-edge pl-9 text-ellipsis")
                id="field-search"
                type="search"
                name="search"
                value=value
                placeholder=label
                autofocus=autofocus
            />
        </div>
    }
    .into_any()
}
