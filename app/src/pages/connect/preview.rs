use terapi_model::ConnectUiSettings;

use super::fields::{Asked, Questions, Way};
use super::form;
use super::list;
use super::look::Look;
use super::outcome::{self, Subject, Success};
use super::screen::Screen;
use super::setting::Setting;
use crate::base_path::base_path;
use crate::form::FormState;
use crate::ui::logo::provider_picture;

/// How the page would look with these settings: a form that nobody can send, a list that leads nowhere, or the end. It
/// shows nothing of any environment, and nothing that an address says but which of the three is wanted: only the page's
/// script brings settings, and it listens to our own pages alone.
pub fn preview(setting: &Setting, settings: Option<&str>, view: Option<&str>) -> Screen {
    let settings = settings.filter(|_| setting.partial);
    let given: Option<ConnectUiSettings> = settings.and_then(|json| serde_json::from_str(json).ok());
    let mut settings = given
        .and_then(|settings| settings.checked().ok())
        .unwrap_or_default();
    let base = base_path();
    let logo = settings.logo.as_deref().and_then(|path| base.strip(path));
    settings.logo = logo.filter(|path| is_logo(path)).map(str::to_owned);
    let text = setting.texts();
    let subject = Subject {
        name: "Acme".to_owned(),
        key: "acme".to_owned(),
        renewed: false,
        several: true,
        own_app: false,
    };
    let look = Look::of(settings, setting);
    match view {
        Some("list") => return list::sample(setting, look),
        Some("done") => {
            let success = Success {
                connection: None,
                pending: false,
            };
            return outcome::succeeded(setting, look, &subject, success);
        }
        _ => {}
    }
    let mut subdomain = Asked::sample("params.subdomain", &setting.catalogue().say("Subdomain"));
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
    form::show(
        setting,
        look,
        &subject,
        provider_picture("acme"),
        questions,
        FormState::default(),
        None,
    )
}

/// Whether a path is that of an environment's logo, and no way round to anything else.
fn is_logo(path: &str) -> bool {
    let inner = path
        .strip_prefix("/images/environments/")
        .and_then(|rest| rest.split_once("/logo"));
    inner.is_some_and(|(uuid, version)| {
        uuid.len() == 36
            && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
            && version
                .strip_prefix("?v=")
                .is_none_or(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            && (version.is_empty() || version.starts_with("?v="))
    })
}

#[cfg(test)]
mod tests {
    use super::is_logo;

    #[test]
    fn a_logo_is_an_environments_and_nothing_else() {
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        for (path, logo) in [
            (format!("/images/environments/{uuid}/logo?v=1700000000000"), true),
            (format!("/images/environments/{uuid}/logo"), true),
            (format!("/images/environments/{uuid}/logo/../../x"), false),
            (format!("/images/environments/{uuid}/logo?v=1/../x"), false),
            (
                "/images/environments/../../oauth/connect/x/logo".to_owned(),
                false,
            ),
            ("//elsewhere.example/logo".to_owned(), false),
        ] {
            assert_eq!(is_logo(&path), logo, "{path}");
        }
    }
}
