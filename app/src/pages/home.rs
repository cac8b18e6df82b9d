use crate::answer::{NoPage, PageResult};
use crate::desk;
use crate::route::{Room, Route};
use crate::visit::{Site, Visit};

/// `/app` is no page: it leads to the first environment of whoever is signed in.
pub async fn lead_on(site: &Site, visit: &Visit) -> PageResult {
    let operator = desk::operator(site, visit.signed_in.as_ref()).await?;
    let account = operator.memberships.first().ok_or(NoPage::NotFound)?;
    let environments = site
        .broker
        .environments()
        .list(&account.account_id)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    let first = environments
        .iter()
        .find(|environment| !environment.is_production)
        .or(environments.first());
    let env = first.ok_or(NoPage::NotFound)?.name.as_str().to_owned();
    Err(NoPage::SeeOther(
        Route::In {
            env,
            room: Room::Start,
        }
        .to_string(),
    ))
}
