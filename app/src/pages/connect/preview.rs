use terapi_model::ConnectUiSettings;

use super::fields::{Asked, Questions, Way};
use super::form;
use super::look::Look;
use super::outcome::Subject;
use super::screen::Screen;
use super::setting::Setting;
use crate::form::FormState;

/// How the page would look with these settings: a form that nobody can send. It shows nothing of any environment.
pub fn preview(setting: &Setting, settings: Option<&str>) -> Screen {
    let given: Option<ConnectUiSettings> = settings.and_then(|json| serde_json::from_str(json).ok());
    let mut settings = given
        .and_then(|settings| settings.checked().ok())
        .unwrap_or_default();
    settings.logo = settings
        .logo
        .filter(|path| path.starts_with("/images/environments/"));
    let text = setting.texts();
    let subject = Subject {
        name: "Acme".to_owned(),
        key: "acme".to_owned(),
        renewed: false,
        several: true,
    };
    let mut subdomain = Asked::sample("params.subdomain", "Subdomain");
    subdomain.field.prefix = Some("https://".to_owned());
    subdomain.field.suffix = Some(".example.com".to_owned());
    subdomain.initial = Some("analytical".to_owned());
    let mut secret = Asked::sample("credentials.api_key", &text.api_key());
    secret.field.secret = true;
    secret.field.example = Some("acme_live_…".to_owned());
    let questions = Questions {
        way: Way::Submit,
        fields: vec![subdomain, secret],
        own_app: Vec::new(),
        docs: None,
        misconfigured: false,
    };
    let look = Look::of(settings, setting);
    form::show(setting, look, &subject, "acme", questions, FormState::default())
}
