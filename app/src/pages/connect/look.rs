//! What an operator makes of the page: colours, logo, names.

use std::fmt::Write;

use terapi_broker::connect::Session;
use terapi_model::{Colour, ConnectUiSettings, DefaultTheme, Ground, Palette};

use super::setting::Setting;
use crate::visit::Theme;

/// How the page looks.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// The environment's settings.
    pub settings: ConnectUiSettings,
    /// The theme to show.
    pub theme: Theme,
}

impl Look {
    /// Of an environment, as far as the address leaves it to it.
    pub fn of(settings: ConnectUiSettings, setting: &Setting) -> Self {
        let own = match settings.default_theme {
            DefaultTheme::System => Theme::System,
            DefaultTheme::Light => Theme::Light,
            DefaultTheme::Dark => Theme::Dark,
        };
        Self {
            settings,
            theme: setting.theme.unwrap_or(own),
        }
    }

    /// Of a session's environment.
    pub fn of_session(session: &Session, setting: &Setting) -> Self {
        Self::of(session.environment.connect_ui.clone(), setting)
    }

    /// Before anything is known. Whose page it will be may not want our mark.
    pub fn plain(setting: &Setting) -> Self {
        let settings = ConnectUiSettings {
            show_watermark: false,
            ..ConnectUiSettings::default()
        };
        Self::of(settings, setting)
    }

    /// What the product is called.
    pub fn product(&self) -> Option<&str> {
        self.settings.product_name.as_deref()
    }

    /// The colours as a stylesheet. It holds nothing but hexadecimal numbers, whatever was stored.
    pub fn style(&self) -> String {
        let palette = |primary: &str, ground| {
            let own = match ground {
                Ground::Light => Colour::rgb(0x0f, 0x6b, 0x5c),
                Ground::Dark => Colour::rgb(0x5f, 0xd3, 0xbc),
            };
            Palette::of(Colour::parse(primary).unwrap_or(own), ground)
        };
        let light = palette(&self.settings.theme.light.primary, Ground::Light);
        let dark = palette(&self.settings.theme.dark.primary, Ground::Dark);
        let mut css = String::from(":root{");
        for (name, light, dark) in [
            ("brand", light.button, dark.button),
            ("brand-strong", light.button_strong, dark.button_strong),
            ("brand-edge", light.button_edge, dark.button_edge),
            ("on-brand", light.on_button, dark.on_button),
            ("accent", light.accent, dark.accent),
            ("accent-strong", light.accent_strong, dark.accent_strong),
            ("accent-soft", light.accent_soft, dark.accent_soft),
        ] {
            // The two switches of the stylesheet's own tokens.
            let _ = write!(css, "--{name}:var(--if-light,{light}) var(--if-dark,{dark});");
        }
        css.push('}');
        css
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_that_is_none_does_not_get_into_the_stylesheet() {
        let mut look = Look::default();
        look.settings.theme.light.primary = "red}body{background:url(//elsewhere)".to_owned();
        look.settings.theme.dark.primary = "#ABCDEF".to_owned();
        let style = look.style();
        assert!(!style.contains("elsewhere"));
        assert!(style.contains("--brand:var(--if-light,#0f6b5c) var(--if-dark,#abcdef);"));
    }
}
