use leptos::prelude::*;

use crate::answer::{Frame, Page, Status};
use crate::route::Route;
use crate::text::en as text;
use crate::ui::button::ButtonLink;
use crate::ui::code::Id;
use crate::ui::shell::Surroundings;

impl Page {
    /// This page inside the dashboard's shell.
    pub fn inside(mut self, surroundings: Surroundings) -> Self {
        self.frame = Frame::Shell(Box::new(surroundings));
        self
    }
}

#[component]
fn Message(
    #[prop(into)] title: String,
    #[prop(into)] body: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <h1 class="text-[1.375rem] leading-8 font-semibold tracking-[-0.012em]" tabindex="-1" id="title">
            {title}
        </h1>
        <p class="mt-2 max-w-[62ch] text-quiet">{body}</p>
        {children.map(|children| children())}
        <div class="mt-6">
            <ButtonLink href=Route::Home.to_string()>{text::error::HOME}</ButtonLink>
        </div>
    }
    .into_any()
}

/// 404.
pub fn not_found() -> Page {
    Page::plain(text::error::NOT_FOUND, || {
        view! { <Message title=text::error::NOT_FOUND body=text::error::NOT_FOUND_BODY /> }
    })
    .with_status(Status::NotFound)
}

/// 403, with the reason.
pub fn forbidden(message: String) -> Page {
    Page::plain(
        text::error::FORBIDDEN,
        || view! { <Message title=text::error::FORBIDDEN body=message /> },
    )
    .with_status(Status::Forbidden)
}

/// 405.
pub fn method_not_allowed() -> Page {
    Page::plain(text::error::METHOD, || {
        view! { <Message title=text::error::METHOD body=text::error::METHOD_BODY /> }
    })
    .with_status(Status::MethodNotAllowed)
}

/// 500, with the id that leads to the log.
pub fn failed(request_id: &str) -> Page {
    let request_id = request_id.to_owned();
    Page::plain(text::error::FAILED, move || {
        view! {
            <Message title=text::error::FAILED body=text::error::FAILED_BODY>
                <p class="mt-3">
                    <Id value=request_id />
                </p>
            </Message>
        }
    })
    .with_status(Status::Failed)
}
