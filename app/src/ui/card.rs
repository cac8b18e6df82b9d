use leptos::prelude::*;

/// A part of a page with a heading of its own.
#[component]
pub fn Card(
    #[prop(into)] title: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] actions: Option<AnyView>,
    #[prop(optional, into)] id: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="rounded-xl border border-line bg-surface shadow-card" id=id>
            <div class="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3.5 sm:px-5">
                <div class="min-w-0">
                    <h2 class="text-[0.9375rem] leading-6 font-semibold">{title}</h2>
                    {hint
                        .filter(|hint| !hint.is_empty())
                        .map(|hint| view! { <p class="mt-0.5 max-w-[65ch] text-quiet">{hint}</p> })}
                </div>
                {actions}
            </div>
            <div class="px-4 py-4 sm:px-5 sm:py-5">{children()}</div>
        </section>
    }
    .into_any()
}

/// Heading of a page with the things to do on it.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] logo: Option<AnyView>,
    #[prop(optional)] actions: Option<AnyView>,
) -> impl IntoView {
    // How much of it is cut depends on the letters and on the window.
    let tooltip = title.clone();
    view! {
        <header class="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
            <div class="flex min-w-0 flex-1 basis-72 items-start gap-3.5">
                {logo}
                <div class="min-w-0">
                    <h1
                        class="line-clamp-3 text-[1.375rem] leading-8 font-semibold tracking-[-0.012em]"
                        tabindex="-1"
                        id="title"
                        title=tooltip
                    >
                        {title}
                    </h1>
                    {hint
                        .filter(|hint| !hint.is_empty())
                        .map(|hint| view! { <p class="mt-0.5 max-w-[68ch] text-quiet">{hint}</p> })}
                </div>
            </div>
            {actions.map(|actions| view! { <div class="flex flex-wrap gap-2">{actions}</div> })}
        </header>
    }
    .into_any()
}

/// One fact of a list of facts.
#[component]
pub fn Fact(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <div class="grid grid-cols-1 gap-x-4 gap-y-0.5 py-2.5 sm:grid-cols-[11rem_1fr]">
            <dt class="text-quiet">{label}</dt>
            <dd class="min-w-0 break-words">{children()}</dd>
        </div>
    }
    .into_any()
}

/// A list of [`Fact`]s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="divide-y divide-line [&>*:first-child]:pt-0 [&>*:last-child]:pb-0">{children()}</dl> }
        .into_any()
}
