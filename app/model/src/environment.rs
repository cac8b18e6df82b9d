use serde::{Deserialize, Serialize};

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
        }
    }
}
