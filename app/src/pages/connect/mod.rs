//! What end users see: the page on which they connect an account. Every view is rendered here; the script in
//! `frontend/static/connect.js` only asks for views and shows them.

mod fields;
mod form;
mod list;
mod look;
mod opening;
mod outcome;
mod preview;
mod said;
mod screen;
mod setting;

use terapi_broker::connect::Session;
use terapi_broker::integrations::Integration;
use terapi_model::IntegrationKey;

pub use fields::{Questions, Way};
pub use look::Look;
pub use opening::opening;
pub use outcome::{Failure, Subject, Success, failed, of_frame, succeeded};
pub use preview::preview;
pub use said::{boot, broken, busy, expired, not_allowed, too_large, unknown};
pub use screen::Screen;
pub use setting::{ADDRESS, Setting};

use crate::answer::NoPage;
use crate::form::FormState;
use crate::ui::logo::picture;
use crate::visit::Site;

/// One request that a session has let in.
pub struct Visitor<'v> {
    /// What all requests share.
    pub site: &'v Site,
    /// How the page is wanted.
    pub setting: &'v Setting,
    /// The session.
    pub session: Session,
}

/// What a session offers.
pub struct Offer {
    /// The integrations that can be connected, and the one that is asked for even where it cannot.
    integrations: Vec<Integration>,
}

impl Offer {
    /// How the integration of a key is spoken of.
    pub fn subject(&self, visitor: &Visitor<'_>, key: &IntegrationKey) -> Option<Subject> {
        let integration = self.get(key)?;
        let questions = visitor.questions(integration);
        Some(Subject {
            name: integration.shown_name().to_owned(),
            key: key.to_string(),
            renewed: visitor.session.reconnect.is_some(),
            several: self.connectable(visitor.site).count() > 1,
            own_app: questions.is_some_and(|questions| !questions.own_app.is_empty()),
        })
    }

    /// The integration of a key.
    pub fn get(&self, key: &IntegrationKey) -> Option<&Integration> {
        self.integrations
            .iter()
            .find(|integration| integration.unique_key == *key)
    }

    fn connectable<'o>(&'o self, site: &'o Site) -> impl Iterator<Item = &'o Integration> {
        self.integrations.iter().filter(|integration| {
            let provider = site.broker.catalogue().get(integration.provider.as_str());
            integration.missing_fields.is_empty() && provider.is_some_and(|found| Way::of(found).is_some())
        })
    }
}

impl Visitor<'_> {
    /// How the page looks to this visitor.
    pub fn look(&self) -> Look {
        Look::of_session(&self.session, self.setting)
    }

    /// What the session offers.
    pub async fn offer(&self) -> Result<Offer, NoPage> {
        let allowed = self.session.allowed_integrations.as_deref();
        let mut integrations = self
            .site
            .broker
            .integrations()
            .list_allowed(&self.session.caller, allowed)
            .await
            .map_err(|error| NoPage::Failed(error.to_string()))?;
        // The app's own order; where it gives none, as people look things up.
        match allowed {
            Some(keys) => integrations
                .sort_by_key(|integration| keys.iter().position(|key| *key == integration.unique_key)),
            None => integrations.sort_by_key(|integration| integration.shown_name().to_lowercase()),
        }
        Ok(Offer { integrations })
    }

    /// The choice between integrations; where there is none to make, the form.
    pub fn begin(&self, offer: &Offer, wanted: Option<&str>) -> Screen {
        let connectable: Vec<Integration> = offer.connectable(self.site).cloned().collect();
        match (connectable.as_slice(), offer.integrations.as_slice()) {
            ([only], _) | ([], [only]) => self.form(offer, &only.unique_key, FormState::default()),
            ([], _) => said::nothing(self.setting, self.look()),
            _ => list::show(self.setting, self.look(), &connectable, wanted),
        }
    }

    /// The form of one integration, with what was typed before.
    pub fn form(&self, offer: &Offer, key: &IntegrationKey, state: FormState) -> Screen {
        let (Some(subject), Some(integration)) = (offer.subject(self, key), offer.get(key)) else {
            return self.unknown(offer);
        };
        let Some(questions) = self.questions(integration) else {
            return said::unavailable(self.setting, self.look(), &subject.name);
        };
        // Shown again with what is wrong with it, it is the same form.
        let shown_at = self.setting.shown_at.or_else(|| Some(self.site.broker.now()));
        form::show(
            self.setting,
            self.look(),
            &subject,
            picture(integration),
            questions,
            state,
            shown_at,
        )
    }

    /// That an integration is not offered, or no longer.
    pub fn unknown(&self, offer: &Offer) -> Screen {
        let others = offer.connectable(self.site).next().is_some();
        said::unknown(self.setting, self.look(), others)
    }

    /// What an integration asks; `None` where it cannot be connected.
    pub fn questions(&self, integration: &Integration) -> Option<Questions> {
        if !integration.missing_fields.is_empty() {
            return None;
        }
        let provider = self.site.broker.catalogue().get(integration.provider.as_str())?;
        Questions::of(provider, integration, &self.session, self.setting)
    }
}
