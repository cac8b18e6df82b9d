use terapi_broker::environments::{
    EnvironmentPatch, Logo, LogoError, ReadSecretError, RotateSigningKeyError, UpdateEnvironmentError,
    VariableError,
};
use terapi_model::{ConnectUiError, ConnectUiSettings, ConnectUiTheme, DefaultTheme, ThemeColours};

use super::confirmed;
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk::Desk;
use crate::form::{Form, FormState, Query};
use crate::pages::settings::{self, hmac, reveal};
use crate::route::Room;
use crate::text::en::sentence;
use crate::text::en::settings as text;

/// Saves `patch` and leads back to its section.
async fn save(desk: Desk, section: Room, patch: EnvironmentPatch, state: FormState) -> ActionResult {
    match desk.broker.environments().update(&desk.caller, patch).await {
        Ok(_) => Ok(Outcome::SeeOther(settings::saved(&desk, section))),
        Err(error) => refused(error, state),
    }
}

/// What an operator is told of a change that was not made.
fn refused(error: UpdateEnvironmentError, state: FormState) -> ActionResult {
    let message = sentence(&error.to_string());
    let field = match error {
        UpdateEnvironmentError::Forbidden(reason) => return Err(NoPage::Forbidden(reason.to_string())),
        UpdateEnvironmentError::NotFound => return Err(NoPage::NotFound),
        UpdateEnvironmentError::HmacKeyMissing | UpdateEnvironmentError::HmacKeyInvalid => "hmac_key",
        UpdateEnvironmentError::CallbackUrl(_) => "callback_url",
        UpdateEnvironmentError::AllowedOrigins(_) | UpdateEnvironmentError::TooManyOrigins => {
            "allowed_origins"
        }
        UpdateEnvironmentError::ConnectUi(error) => match error {
            ConnectUiError::LightPrimary => "light",
            ConnectUiError::DarkPrimary => "dark",
            ConnectUiError::ProductName => "product_name",
        },
        UpdateEnvironmentError::WebhookUrl(_) => "webhook_url",
        UpdateEnvironmentError::WebhookSecondaryUrl(_) => "webhook_secondary_url",
        other => return Err(NoPage::Failed(other.to_string())),
    };
    Ok(Outcome::Invalid(state.refused(field, message)))
}

/// Saves the switches of the public key.
pub async fn public_key(desk: Desk, form: &Form) -> ActionResult {
    let patch = EnvironmentPatch {
        public_key_enabled: Some(form.has("public_key_enabled")),
        public_key_may_overwrite: Some(form.has("public_key_may_overwrite")),
        ..EnvironmentPatch::default()
    };
    save(desk, Room::PublicKey, patch, FormState::default()).await
}

/// Saves the HMAC switch and key, makes a key, or answers the digest checker.
pub async fn hmac(desk: Desk, form: &Form) -> ActionResult {
    match form.text("intent") {
        "replace" => replace_hmac_key(desk, form).await,
        "check" => check_digest(desk, form).await,
        _ => save_hmac(desk, form).await,
    }
}

async fn save_hmac(desk: Desk, form: &Form) -> ActionResult {
    let enabled = form.has("hmac_enabled");
    let patch = EnvironmentPatch {
        hmac_enabled: Some(enabled),
        hmac_key: form.pasted_secret("hmac_key"),
        make_hmac_key: enabled,
        ..EnvironmentPatch::default()
    };
    let state = FormState::keeping(form, &["hmac_enabled"]);
    let turned_on = enabled && !desk.environment.public_key_enabled;
    let makes_key = enabled && !desk.environment.has_hmac_key && patch.hmac_key.is_none();
    let told: Vec<(&str, &str)> = [(turned_on, hmac::TURNED_ON), (makes_key, hmac::MADE)]
        .into_iter()
        .filter_map(|(happened, pair)| happened.then_some(pair))
        .collect();
    match desk.broker.environments().update(&desk.caller, patch).await {
        Ok(_) if told.is_empty() => Ok(Outcome::SeeOther(settings::saved(&desk, Room::Hmac))),
        Ok(_) => Ok(Outcome::SeeOther(Query::address(desk.to(Room::Hmac), &told))),
        Err(error) => refused(error, state),
    }
}

async fn replace_hmac_key(desk: Desk, form: &Form) -> ActionResult {
    if desk.environment.has_hmac_key && !form.has("sure") {
        let state = FormState::default().refused("sure", text::hmac::NOT_SURE);
        return Ok(Outcome::Invalid(state));
    }
    match desk.broker.environments().replace_hmac_key(&desk.caller).await {
        Ok(_) => Ok(Outcome::SeeOther(settings::saved(&desk, Room::Hmac))),
        Err(error) => refused(error, FormState::default()),
    }
}

async fn check_digest(desk: Desk, form: &Form) -> ActionResult {
    // As received, before any trimming (decision D6).
    let exact = |name: &str| form.secret(name).expose().clone();
    let (integration, connection) = (exact("integration"), exact("connection"));
    let named = Some(connection.as_str()).filter(|connection| !connection.is_empty());
    let digest = desk
        .broker
        .environments()
        .hmac_digest(&desk.caller, &integration, named)
        .await
        .map_err(unread)?;
    let Some(digest) = digest else {
        let state = FormState::keeping(form, &["integration", "connection"]).refused_all(text::hmac::NO_KEY);
        return Ok(Outcome::Invalid(state));
    };
    let received = form.filled("received").map(str::to_owned);
    Ok(Outcome::Page(hmac::checked(
        &desk,
        hmac::Checked {
            integration,
            connection,
            received,
            digest,
        },
    )))
}

/// Shows the HMAC key.
pub async fn reveal_hmac(desk: Desk) -> ActionResult {
    let key = desk.broker.environments().hmac_key(&desk.caller).await;
    let key = key.map_err(unread)?.ok_or(NoPage::NotFound)?;
    let values = vec![(text::hmac::KEY.to_owned(), key.expose().clone())];
    Ok(Outcome::Page(reveal::revealed(
        &desk,
        Room::Hmac,
        text::hmac::TITLE,
        values,
    )))
}

/// Saves where callbacks land, and whether they are bound to the browser that started.
pub async fn callback(desk: Desk, form: &Form) -> ActionResult {
    let patch = EnvironmentPatch {
        callback_url: Some(form.text("callback_url").to_owned()),
        callback_bound: Some(form.has("callback_bound")),
        ..EnvironmentPatch::default()
    };
    let state = FormState::keeping(form, &["callback_url", "callback_bound"]);
    save(desk, Room::Callback, patch, state).await
}

/// Saves who may embed the Connect UI.
pub async fn origins(desk: Desk, form: &Form) -> ActionResult {
    let typed = form.text("allowed_origins");
    let patch = EnvironmentPatch {
        allowed_origins: Some(split_origins(typed).map(str::to_owned).collect()),
        ..EnvironmentPatch::default()
    };
    let state = FormState::keeping(form, &["allowed_origins"]);
    match desk.broker.environments().update(&desk.caller, patch).await {
        Ok(_) => Ok(Outcome::SeeOther(settings::saved(&desk, Room::Origins))),
        Err(UpdateEnvironmentError::AllowedOrigins(wrong)) => {
            let lines = typed.lines().zip(1_usize..);
            let found: Vec<(usize, &str)> = lines
                .flat_map(|(line, number)| split_origins(line).map(move |origin| (number, origin)))
                .filter(|(_, origin)| wrong.iter().any(|one| one == origin))
                .collect();
            Ok(Outcome::Invalid(
                state.refused("allowed_origins", text::origins::wrong(&found)),
            ))
        }
        Err(error) => refused(error, state),
    }
}

/// Origins as people separate them.
fn split_origins(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|origin| !origin.is_empty())
}

/// Saves how the Connect UI looks, or its logo.
pub async fn connect_ui(desk: Desk, form: &Form) -> ActionResult {
    match form.text("intent") {
        "logo" => return set_logo(desk, form).await,
        "remove-logo" => return keep_logo(&desk, None).await,
        _ => {}
    }
    let default_theme = match form.text("default_theme") {
        "light" => DefaultTheme::Light,
        "dark" => DefaultTheme::Dark,
        _ => DefaultTheme::System,
    };
    let colours = |name: &str| ThemeColours {
        primary: form.text(name).to_owned(),
    };
    let look = ConnectUiSettings {
        show_watermark: form.has("show_watermark"),
        default_theme,
        theme: ConnectUiTheme {
            light: colours("light"),
            dark: colours("dark"),
        },
        product_name: form.filled("product_name").map(str::to_owned),
        logo: None,
    };
    let patch = EnvironmentPatch {
        connect_ui: Some(look),
        ..EnvironmentPatch::default()
    };
    let kept = ["product_name", "light", "dark", "default_theme", "show_watermark"];
    save(desk, Room::ConnectUi, patch, FormState::keeping(form, &kept)).await
}

async fn set_logo(desk: Desk, form: &Form) -> ActionResult {
    let state = FormState::default();
    let logo = match Logo::read_data_url(form.text("logo")) {
        Ok(logo) => logo,
        Err(error) => {
            return Ok(Outcome::Invalid(
                state.refused("logo", sentence(&error.to_string())),
            ));
        }
    };
    keep_logo(&desk, Some(logo)).await
}

async fn keep_logo(desk: &Desk, logo: Option<Logo>) -> ActionResult {
    match desk.broker.environments().set_logo(&desk.caller, logo).await {
        Ok(_) => Ok(Outcome::SeeOther(settings::saved(desk, Room::ConnectUi))),
        Err(LogoError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(LogoError::NotFound) => Err(NoPage::NotFound),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}

/// Saves where events are sent, or makes a new signing key.
pub async fn webhooks(desk: Desk, form: &Form) -> ActionResult {
    if form.text("intent") == "rotate" {
        return rotate_signing_key(desk, form).await;
    }
    let patch = EnvironmentPatch {
        webhook_url: Some(form.text("webhook_url").to_owned()),
        webhook_secondary_url: Some(form.text("webhook_secondary_url").to_owned()),
        webhook_on_creation: Some(form.has("webhook_on_creation")),
        webhook_on_refresh_error: Some(form.has("webhook_on_refresh_error")),
        ..EnvironmentPatch::default()
    };
    let kept = [
        "webhook_url",
        "webhook_secondary_url",
        "webhook_on_creation",
        "webhook_on_refresh_error",
    ];
    save(desk, Room::Webhooks, patch, FormState::keeping(form, &kept)).await
}

async fn rotate_signing_key(desk: Desk, form: &Form) -> ActionResult {
    if !form.has("sure") {
        let state = FormState::default().refused("sure", text::webhooks::NOT_SURE);
        return Ok(Outcome::Invalid(state));
    }
    let environments = desk.broker.environments();
    match environments.rotate_webhook_signing_key(&desk.caller).await {
        Ok(key) => Ok(Outcome::Page(signing_key(&desk, &key))),
        Err(RotateSigningKeyError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(RotateSigningKeyError::NotFound) => Err(NoPage::NotFound),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}

/// Shows the signing key.
pub async fn reveal_signing_key(desk: Desk) -> ActionResult {
    let key = desk.broker.environments().webhook_signing_key(&desk.caller).await;
    let key = key.map_err(unread)?.ok_or(NoPage::NotFound)?;
    Ok(Outcome::Page(signing_key(&desk, &key)))
}

fn signing_key(desk: &Desk, key: &terapi_broker::SecretString) -> crate::answer::Page {
    let values = vec![(text::webhooks::SIGNING.to_owned(), key.expose().clone())];
    reveal::revealed(desk, Room::Webhooks, text::webhooks::TITLE, values)
}

/// Sets a variable.
pub async fn set_variable(desk: Desk, form: &Form) -> ActionResult {
    let state = FormState::keeping(form, &["name"]);
    let set = desk
        .broker
        .environments()
        .put_variable(&desk.caller, form.text("name"), form.secret("value"))
        .await;
    let Err(error) = set else {
        return Ok(Outcome::SeeOther(settings::saved(&desk, Room::Variables)));
    };
    let message = sentence(&error.to_string());
    Ok(Outcome::Invalid(match error {
        VariableError::NameInvalid => state.refused("name", message),
        VariableError::ValueInvalid => state.refused("value", message),
        VariableError::TooMany => state.refused_all(message),
        other => return Err(unset(other)),
    }))
}

/// Deletes a variable whose name was typed.
pub async fn delete_variable(desk: Desk, name: &str, form: &Form) -> ActionResult {
    if let Err(state) = confirmed(form, name) {
        return Ok(Outcome::Invalid(state));
    }
    match desk
        .broker
        .environments()
        .delete_variable(&desk.caller, name)
        .await
    {
        Ok(true) => Ok(Outcome::SeeOther(desk.to(Room::Variables))),
        Ok(false) => Err(NoPage::NotFound),
        Err(error) => Err(unset(error)),
    }
}

fn unset(error: VariableError) -> NoPage {
    match error {
        VariableError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
        VariableError::NoSuchEnvironment => NoPage::NotFound,
        other => NoPage::Failed(other.to_string()),
    }
}

/// Shows the values of the variables.
pub async fn reveal_variables(desk: Desk) -> ActionResult {
    let variables = desk.broker.environments().variables(&desk.caller).await;
    let values = variables
        .map_err(unread)?
        .into_iter()
        .map(|(name, value)| (name, value.expose().clone()))
        .collect();
    Ok(Outcome::Page(reveal::revealed(
        &desk,
        Room::Variables,
        text::variables::TITLE,
        values,
    )))
}

fn unread(error: ReadSecretError) -> NoPage {
    match error {
        ReadSecretError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
        other => NoPage::Failed(other.to_string()),
    }
}
