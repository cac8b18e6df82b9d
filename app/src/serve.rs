//! The one table from addresses to pages and actions.

use crate::actions;
use crate::answer::{Answer, NoPage, Outcome, PageResult, Policy, SessionChange, Status};
use crate::document;
use crate::form::{Form, FormState, Query};
use crate::pages;
use crate::route::{Room, Route};
use crate::ui::shell::Surroundings;
use crate::visit::{Site, Visit};
use crate::{answer::Frame, desk::Desk};

/// Answers a GET.
pub async fn get(site: &Site, visit: Visit) -> Answer {
    let result = match Route::parse(&visit.path) {
        Some(route) => page(site, &visit, route).await,
        None => Err(NoPage::NotFound),
    };
    render(site, &visit, result, FormState::default()).await
}

/// Answers a POST of a form. The same-origin guard has passed before this is called (decision D20).
pub async fn post(site: &Site, visit: Visit, form: Form) -> Answer {
    let Some(route) = Route::parse(&visit.path) else {
        return render(site, &visit, Err(NoPage::NotFound), FormState::default()).await;
    };
    match action(site, &visit, route.clone(), &form).await {
        Ok(Outcome::SeeOther(location)) => see_other(location),
        Ok(Outcome::Session(location, session)) => Answer::SeeOther {
            location,
            session,
            theme: None,
        },
        Ok(Outcome::Theme(location, theme)) => Answer::SeeOther {
            location,
            session: SessionChange::Keep,
            theme: Some(theme),
        },
        Ok(Outcome::Page(page)) => render(site, &visit, Ok(page), FormState::default()).await,
        Ok(Outcome::Invalid(state)) => again(site, &visit, route, state, Status::Invalid).await,
        Ok(Outcome::NotNow(state, status)) => again(site, &visit, route, state, status).await,
        Err(reason) => render(site, &visit, Err(reason), FormState::default()).await,
    }
}

/// The form's own page once more, with what was typed and what is wrong.
async fn again(site: &Site, visit: &Visit, route: Route, state: FormState, status: Status) -> Answer {
    let result = page(site, visit, route)
        .await
        .map(|page| page.with_status(status));
    render(site, visit, result, state).await
}

async fn page(site: &Site, visit: &Visit, route: Route) -> PageResult {
    let (env, room) = match route {
        Route::Home => return pages::home::lead_on(site, visit).await,
        Route::SignIn => return pages::sign_in::show(site, visit),
        Route::SignUp => return pages::sign_up::open(site, visit),
        Route::Setup { token } | Route::Invite { token } => {
            return pages::sign_up::invited(site, visit, &token).await;
        }
        Route::Sessions => return pages::sessions::list(site, visit).await,
        Route::SignOut | Route::Theme => return Err(NoPage::SeeOther(Route::Home.to_string())),
        Route::In { env, room } => (env, room),
    };
    let desk = Desk::at(site, visit, &env).await?;
    match room {
        Room::Start => pages::start::show(desk).await,
        Room::Integrations => pages::integrations::list::show(desk, &visit.query).await,
        Room::Gallery => pages::integrations::gallery::show(desk, &visit.query),
        Room::NewIntegration { provider } => pages::integrations::new::show(desk, &provider).await,
        Room::Integration { key } => pages::integrations::details::show(desk, &key).await,
        Room::RevealIntegration { key } => Err(NoPage::SeeOther(desk.to(Room::Integration { key }))),
        Room::DeleteIntegration { key } => pages::integrations::delete::ask(desk, &key).await,
        Room::Connections => pages::connections::list::show(desk, &visit.query).await,
        Room::NewConnection => pages::connections::new::show(desk, &visit.query).await,
        Room::AwaitConnection => pages::connections::wait::show(desk, &visit.query).await,
        Room::Connection { id } => pages::connections::details::show(desk, &id).await,
        Room::RevealConnection { id } => Err(NoPage::SeeOther(desk.to(Room::Connection { id }))),
        Room::DeleteConnection { id } => pages::connections::delete::ask(desk, &id).await,
        Room::Reconnect { id } => Err(NoPage::SeeOther(desk.to(Room::Connection { id }))),
        Room::Logs => pages::logs::list::show(desk, &visit.query).await,
        Room::Operation { id } => pages::logs::details::show(desk, &id).await,
        Room::Settings => pages::settings::general::show(desk, &visit.query).await,
        Room::Keys => pages::settings::keys::show(desk, &visit.query).await,
        Room::DeleteKey { id } => pages::settings::delete_key::ask(desk, &id).await,
        Room::PublicKey => pages::settings::public_key::show(desk, &visit.query),
        Room::Hmac => pages::settings::hmac::show(desk, &visit.query),
        Room::RevealHmac => Err(NoPage::SeeOther(desk.to(Room::Hmac))),
        Room::Callback => pages::settings::callback::show(desk, &visit.query),
        Room::Origins => pages::settings::origins::show(desk, &visit.query),
        Room::ConnectUi => pages::settings::connect_ui::show(desk, &visit.query),
        Room::Webhooks => pages::settings::webhooks::show(desk, &visit.query),
        Room::RevealSigningKey => Err(NoPage::SeeOther(desk.to(Room::Webhooks))),
        Room::Variables => pages::settings::variables::show(desk, &visit.query).await,
        Room::RevealVariables => Err(NoPage::SeeOther(desk.to(Room::Variables))),
        Room::DeleteVariable { name } => pages::settings::delete_variable::ask(desk, &name).await,
    }
}

async fn action(site: &Site, visit: &Visit, route: Route, form: &Form) -> Result<Outcome, NoPage> {
    let (env, room) = match route {
        Route::SignIn => return actions::sign_in::sign_in(site, visit, form).await,
        Route::SignOut => {
            return Ok(Outcome::Session(
                Route::SignIn.to_string(),
                SessionChange::SignOut,
            ));
        }
        Route::SignUp => return actions::sign_up::sign_up(site, visit, form, None).await,
        Route::Setup { token } | Route::Invite { token } => {
            return actions::sign_up::sign_up(site, visit, form, Some(token)).await;
        }
        Route::Theme => return Ok(actions::theme::choose(form)),
        Route::Sessions => return actions::sessions::revoke(site, visit, form).await,
        Route::Home => return Err(NoPage::SeeOther(Route::Home.to_string())),
        Route::In { env, room } => (env, room),
    };
    let desk = Desk::at(site, visit, &env).await?;
    match room {
        Room::NewIntegration { provider } => actions::integrations::create(desk, &provider, form).await,
        Room::Integration { key } => actions::integrations::update(desk, &key, form).await,
        Room::RevealIntegration { key } => actions::integrations::reveal(desk, &key).await,
        Room::DeleteIntegration { key } => actions::integrations::delete(desk, &key, form).await,
        Room::NewConnection => actions::connections::open_test(desk, form).await,
        Room::RevealConnection { id } => actions::connections::reveal(desk, &id).await,
        Room::DeleteConnection { id } => actions::connections::delete(desk, &id, form).await,
        Room::Reconnect { id } => actions::connections::reconnect(desk, &id).await,
        Room::Keys => actions::keys::create(desk, form).await,
        Room::DeleteKey { id } => actions::keys::delete(desk, &id, form).await,
        Room::PublicKey => actions::settings::public_key(desk, form).await,
        Room::Hmac => actions::settings::hmac(desk, form).await,
        Room::RevealHmac => actions::settings::reveal_hmac(desk).await,
        Room::Callback => actions::settings::callback(desk, form).await,
        Room::Origins => actions::settings::origins(desk, form).await,
        Room::ConnectUi => actions::settings::connect_ui(desk, form).await,
        Room::Webhooks => actions::settings::webhooks(desk, form).await,
        Room::RevealSigningKey => actions::settings::reveal_signing_key(desk).await,
        Room::Variables => actions::settings::set_variable(desk, form).await,
        Room::RevealVariables => actions::settings::reveal_variables(desk).await,
        Room::DeleteVariable { name } => actions::settings::delete_variable(desk, &name, form).await,
        Room::Start
        | Room::Integrations
        | Room::Gallery
        | Room::Connections
        | Room::AwaitConnection
        | Room::Connection { .. }
        | Room::Logs
        | Room::Operation { .. }
        | Room::Settings => Ok(Outcome::Page(pages::error::method_not_allowed())),
    }
}

fn see_other(location: String) -> Answer {
    Answer::SeeOther {
        location,
        session: SessionChange::Keep,
        theme: None,
    }
}

/// A page, or what stands in for it, as an answer.
async fn render(site: &Site, visit: &Visit, result: PageResult, state: FormState) -> Answer {
    let mut page = match result {
        Ok(page) => page,
        Err(NoPage::SeeOther(location)) => return see_other(location),
        Err(NoPage::SignInFirst) => {
            let back = if visit.path == "/app" {
                ""
            } else {
                visit.path.as_str()
            };
            return see_other(Query::address(Route::SignIn, &[("next", back)]));
        }
        Err(NoPage::NotFound) => pages::error::not_found(),
        Err(NoPage::Forbidden(message)) => pages::error::forbidden(message),
        Err(NoPage::Failed(cause)) => {
            tracing::error!(request_id = %visit.request_id, cause, "a page failed");
            pages::error::failed(&visit.request_id)
        }
    };
    // An error page of somebody who is signed in keeps the way back to everything else.
    if matches!(page.frame, Frame::Plain)
        && page.status != Status::Ok
        && let Some(surroundings) = Surroundings::of_failure(site, visit).await
    {
        page = page.inside(surroundings);
    }
    Answer::Document(document::render(
        site,
        visit.theme,
        page,
        state,
        Policy::Dashboard,
    ))
}
