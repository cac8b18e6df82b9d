//! A signed-in operator at work in one environment: what every page inside an environment starts from.

use leptos::prelude::use_context;
use terapi_broker::environments::Environment;
use terapi_broker::operators::Operator;
use terapi_broker::{Broker, Caller};

use crate::answer::{Frame, NoPage, Page};
use crate::route::{Room, Route};
use crate::ui::breadcrumbs::Crumb;
use crate::ui::shell::{Section, Surroundings};
use crate::visit::{SignedIn, Site, Visit};

pub(crate) struct Desk {
    pub broker: Broker,
    pub operator: Operator,
    pub caller: Caller,
    pub environment: Environment,
    pub environments: Vec<Environment>,
    address: String,
}

impl Desk {
    /// The desk in environment `name`, if somebody is signed in and it is theirs.
    pub async fn at(site: &Site, visit: &Visit, name: &str) -> Result<Self, NoPage> {
        Self::open(site, visit.signed_in.as_ref(), visit.path.clone(), name).await
    }

    /// The desk behind a call of a server function, whose contexts say who asks.
    pub async fn of_call(name: &str) -> Result<Self, NoPage> {
        let site = use_context::<Site>().ok_or_else(|| NoPage::Failed("no site in context".to_owned()))?;
        let signed_in = use_context::<Option<SignedIn>>().flatten();
        Self::open(&site, signed_in.as_ref(), String::new(), name).await
    }

    async fn open(
        site: &Site,
        signed_in: Option<&SignedIn>,
        address: String,
        name: &str,
    ) -> Result<Self, NoPage> {
        let operator = operator(site, signed_in).await?;
        let found = site
            .broker
            .operators()
            .caller(&operator.id, name)
            .await
            .map_err(|error| NoPage::Failed(error.to_string()))?;
        let (caller, environment) = found.ok_or(NoPage::NotFound)?;
        let environments = site
            .broker
            .environments()
            .list(&caller.account_id)
            .await
            .map_err(|error| NoPage::Failed(error.to_string()))?;
        Ok(Self {
            broker: site.broker.clone(),
            operator,
            caller,
            environment,
            environments,
            address,
        })
    }

    /// The address of a page in this environment.
    pub fn to(&self, room: Room) -> String {
        Route::In {
            env: self.environment.name.as_str().to_owned(),
            room,
        }
        .to_string()
    }

    /// True when the operator may change things and see secrets.
    pub fn may_write(&self) -> bool {
        self.caller.may(terapi_model::Scope::CONNECTIONS_UPDATE)
    }

    /// A page at this desk.
    pub fn page<V: leptos::prelude::IntoView + 'static>(
        &self,
        section: Section,
        crumbs: Vec<Crumb>,
        title: impl Into<String>,
        view: impl FnOnce() -> V + Send + 'static,
    ) -> Page {
        let mut page = Page::plain(title, view);
        page.frame = Frame::Shell(Box::new(Surroundings {
            operator_name: self.operator.display_name.clone(),
            operator_email: self.operator.email.clone(),
            environment: Some((
                self.environment.name.as_str().to_owned(),
                self.environment.is_production,
            )),
            environments: self
                .environments
                .iter()
                .map(|environment| (environment.name.as_str().to_owned(), environment.is_production))
                .collect(),
            section: Some(section),
            crumbs,
            address: self.address.clone(),
        }));
        page
    }
}

/// Whoever is signed in.
pub(crate) async fn operator(site: &Site, signed_in: Option<&SignedIn>) -> Result<Operator, NoPage> {
    let signed_in = signed_in.ok_or(NoPage::SignInFirst)?;
    site.broker
        .operators()
        .find(&signed_in.operator)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?
        .ok_or(NoPage::SignInFirst)
}
