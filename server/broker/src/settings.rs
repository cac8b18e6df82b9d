use terapi_model::BasePath;
use url::Url;

/// Who may make an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signup {
    /// The setup link makes the first owner; later operators are invited.
    #[default]
    First,
    /// Anybody.
    Open,
}

/// What the operator of this instance configured, as far as the broker's rooms need it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where browsers and providers reach this instance: scheme and host, maybe a port and a path.
    /// Every link and cookie attribute comes from here, never from a request's `Host`.
    pub public_url: Url,
    /// Who may make an account.
    pub signup: Signup,
    /// Where the demo provider is: every `dev` environment gets integrations for it.
    pub demo: Option<Url>,
}

impl Settings {
    /// The shared redirect URI: `<public url>/oauth/callback`.
    pub fn callback_url(&self) -> String {
        self.at("oauth/callback")
    }

    /// The redirect URI of one integration alone, for providers where mix-up must be impossible (RFC 9700 4.4).
    pub fn own_callback_url(&self, integration_uuid: &str) -> String {
        self.at(&format!("oauth/callback/{integration_uuid}"))
    }

    /// Where a provider's logo is served.
    pub fn logo_url(&self, provider: &str) -> String {
        self.at(&format!("images/template-logos/{provider}.svg"))
    }

    /// The link that opens the Connect UI for a session.
    pub fn connect_link(&self, token: &str) -> String {
        self.at(&format!("connect/ui/?session_token={token}"))
    }

    /// Where a browser goes to begin an attempt that was prepared for it.
    pub fn start_url(&self) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&format!("{}/connect/ui/go", self.base_path()));
        url
    }

    /// The page on which the holder of a setup or invitation token signs up.
    pub fn setup_link(&self, token: &str) -> String {
        self.at(&format!("app/~/setup/{token}"))
    }

    /// The path beneath which everything is served. One that cannot be is refused where the public URL is configured.
    pub fn base_path(&self) -> BasePath {
        BasePath::parse(self.public_url.path()).unwrap_or_default()
    }

    /// The public URL without a slash at its end, as packages and scripts take it for their host.
    pub fn host(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// An absolute URL for `path`, which has no leading slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.host())
    }
}
