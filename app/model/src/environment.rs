use serde::{Deserialize, Serialize};

use crate::Colour;

/// Which theme the Connect UI starts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultTheme {
    /// As the end user's system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Colours of one theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThemeColours {
    /// Buttons and accents, `#rrggbb`.
    pub primary: String,
}

/// How an environment's Connect UI looks; the wire shape of rest.md 4.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectUiSettings {
    /// Shows a line naming Terapi.
    pub show_watermark: bool,
    /// Theme to start in.
    pub default_theme: DefaultTheme,
    /// Colours by theme.
    pub theme: ConnectUiTheme,
    /// What the product is called whose users see the page; not in the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_name: Option<String>,
    /// Where this instance serves the product's logo, a path; set when a logo is stored and by nothing else. Not in
    /// the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// Why settings of the Connect UI are not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectUiError {
    /// The light theme's primary colour is none.
    LightPrimary,
    /// The dark theme's primary colour is none.
    DarkPrimary,
    /// The product's name is too long or holds characters that do not print.
    ProductName,
}

impl std::fmt::Display for ConnectUiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LightPrimary | Self::DarkPrimary => {
                "a colour is written as # and six hexadecimal digits, such as #0f6b5c"
            }
            Self::ProductName => "a product name has at most 60 characters, all of which print",
        })
    }
}

impl std::error::Error for ConnectUiError {}

impl ConnectUiSettings {
    /// Longest product name, characters.
    pub const LONGEST_PRODUCT_NAME: usize = 60;

    /// These settings as they are stored: colours as `#rrggbb`, no empty name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn checked(mut self) -> Result<Self, ConnectUiError> {
        let colour = |text: &str| Colour::parse(text.trim()).map(|colour| colour.to_string());
        self.theme.light.primary = colour(&self.theme.light.primary).ok_or(ConnectUiError::LightPrimary)?;
        self.theme.dark.primary = colour(&self.theme.dark.primary).ok_or(ConnectUiError::DarkPrimary)?;
        let name = self.product_name.map(|name| name.trim().to_owned());
        self.product_name = name.filter(|name| !name.is_empty());
        if self.product_name.as_ref().is_some_and(|name| {
            name.chars().count() > Self::LONGEST_PRODUCT_NAME || name.chars().any(char::is_control)
        }) {
            return Err(ConnectUiError::ProductName);
        }
        Ok(self)
    }
}

/// Colours of both themes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectUiTheme {
    /// Light theme.
    pub light: ThemeColours,
    /// Dark theme.
    pub dark: ThemeColours,
}

impl Default for ConnectUiSettings {
    fn default() -> Self {
        Self {
            show_watermark: true,
            default_theme: DefaultTheme::System,
            theme: ConnectUiTheme {
                light: ThemeColours {
                    primary: "#0f6b5c".into(),
                },
                dark: ThemeColours {
                    primary: "#5fd3bc".into(),
                },
            },
            product_name: None,
            logo: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stored_before_there_were_names_and_logos_are_read() {
        let stored = r##"{"showWatermark":false,"defaultTheme":"dark","theme":{"light":{"primary":"#000000"},"dark":{"primary":"#ffffff"}}}"##;
        let settings: ConnectUiSettings = serde_json::from_str(stored).expect("the older shape");
        assert_eq!(settings.product_name, None);
        assert_eq!(serde_json::to_string(&settings).expect("plain data"), stored);
    }

    #[test]
    fn settings_are_checked_before_they_are_stored() {
        let settings = |light: &str, name: &str| {
            let mut settings = ConnectUiSettings::default();
            settings.theme.light.primary = light.to_owned();
            settings.product_name = Some(name.to_owned());
            settings.checked()
        };
        let good = settings(" #ABC ", "  ").expect("short hex is hex");
        assert_eq!(
            (good.theme.light.primary.as_str(), good.product_name),
            ("#aabbcc", None)
        );
        assert_eq!(settings("teal", "Acme"), Err(ConnectUiError::LightPrimary));
        assert_eq!(
            settings("#000000", &"a".repeat(61)),
            Err(ConnectUiError::ProductName)
        );
        assert_eq!(settings("#000000", "a\u{7}"), Err(ConnectUiError::ProductName));
    }
}
