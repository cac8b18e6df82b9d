//! Codes, access tokens and refresh tokens. All that came from one authorization is a family, revoked together.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::randomness::opaque;
use crate::script::{Rotation, Script};

/// What a user has agreed to.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    pub(crate) account: &'static Account,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    /// The S256 code challenge (RFC 7636).
    pub(crate) challenge: Option<String>,
}

/// A made-up user of Acme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) email: &'static str,
}

/// Everybody who has an account at Acme.
pub(crate) const ACCOUNTS: [Account; 2] = [
    Account {
        id: "usr_robin",
        name: "Robin Vale",
        email: "robin@acme.test",
    },
    Account {
        id: "usr_sam",
        name: "Sam Okoro",
        email: "sam@acme.test",
    },
];

/// What the token endpoint gives.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scopes: Vec<String>,
}

/// Why a code or a refresh token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Never issued, or issued to another client.
    Unknown,
    /// Too old.
    Expired,
    /// Used before; its family is now revoked.
    Reused,
    /// Its family was revoked earlier.
    Revoked,
    /// The redirect URI is not the one of the authorization request.
    RedirectMismatch,
    /// The code verifier is missing, unexpected or wrong.
    WrongVerifier,
    /// More scopes than were granted.
    ScopeTooWide,
}

impl Refusal {
    /// The `error_description` for it.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Unknown => "The grant is unknown.",
            Self::Expired => "The grant has expired.",
            Self::Reused => "The grant was used before; everything that came from it is revoked.",
            Self::Revoked => "The grant was revoked.",
            Self::RedirectMismatch => "The redirect_uri is not the one of the authorization request.",
            Self::WrongVerifier => "The code_verifier does not fit the code_challenge.",
            Self::ScopeTooWide => "The scope is wider than what was granted.",
        }
    }
}

/// A live access token.
#[derive(Debug)]
pub(crate) struct LiveToken<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) account: &'static Account,
    pub(crate) scopes: &'a [String],
    pub(crate) expires_at_ms: u64,
}

type FamilyId = usize;

#[derive(Debug)]
struct Family {
    consent: Consent,
    revoked: bool,
}

#[derive(Debug)]
struct Code {
    family: FamilyId,
    expires_at_ms: u64,
    used: bool,
}

#[derive(Debug)]
struct AccessToken {
    family: FamilyId,
    scopes: Vec<String>,
    expires_at_ms: u64,
}

#[derive(Debug)]
struct RefreshToken {
    family: FamilyId,
    used: bool,
}

/// Everything issued.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    families: Vec<Family>,
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
}

impl Grants {
    /// A new code for a consent.
    pub(crate) fn issue_code(&mut self, consent: Consent, script: &Script, now_ms: u64) -> String {
        self.families.push(Family {
            consent,
            revoked: false,
        });
        let code = opaque("acme_code_");
        let expires_at_ms = now_ms.saturating_add(script.code_life.saturating_mul(1000));
        self.codes.insert(
            code.clone(),
            Code {
                family: self.families.len() - 1,
                expires_at_ms,
                used: false,
            },
        );
        code
    }

    /// Tokens for a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
    pub(crate) fn exchange(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        script: &Script,
        now_ms: u64,
    ) -> Result<Issued, Refusal> {
        let code = self.codes.get_mut(code).ok_or(Refusal::Unknown)?;
        let family_id = code.family;
        let family = &mut self.families[family_id];
        if family.consent.client_id != client_id {
            return Err(Refusal::Unknown);
        }
        if code.used {
            family.revoked = true;
            return Err(Refusal::Reused);
        }
        if family.revoked {
            return Err(Refusal::Revoked);
        }
        if now_ms >= code.expires_at_ms {
            return Err(Refusal::Expired);
        }
        if redirect_uri != Some(family.consent.redirect_uri.as_str()) {
            return Err(Refusal::RedirectMismatch);
        }
        if !is_verified(family.consent.challenge.as_deref(), verifier) {
            return Err(Refusal::WrongVerifier);
        }
        code.used = true;
        let scopes = family.consent.scopes.clone();
        let refresh_token = script
            .issue_refresh_token
            .then(|| self.issue_refresh_token(family_id));
        Ok(self.issue_access_token(family_id, scopes, refresh_token, script, now_ms))
    }

    /// Tokens for a refresh token (RFC 6749 section 6, RFC 9700 section 4.14).
    pub(crate) fn refresh(
        &mut self,
        refresh_token: &str,
        client_id: &str,
        wanted: Option<Vec<String>>,
        script: &Script,
        now_ms: u64,
    ) -> Result<Issued, Refusal> {
        let presented = self
            .refresh_tokens
            .get_mut(refresh_token)
            .ok_or(Refusal::Unknown)?;
        let family_id = presented.family;
        let family = &mut self.families[family_id];
        if family.consent.client_id != client_id {
            return Err(Refusal::Unknown);
        }
        if presented.used {
            family.revoked = true;
            return Err(Refusal::Reused);
        }
        if family.revoked {
            return Err(Refusal::Revoked);
        }
        let granted = &family.consent.scopes;
        let scopes = wanted.unwrap_or_else(|| granted.clone());
        if !scopes.iter().all(|scope| granted.contains(scope)) {
            return Err(Refusal::ScopeTooWide);
        }
        let next = match script.rotation {
            Rotation::Rotate => {
                presented.used = true;
                Some(self.issue_refresh_token(family_id))
            }
            Rotation::Repeat => Some(refresh_token.to_owned()),
            Rotation::Omit => None,
        };
        Ok(self.issue_access_token(family_id, scopes, next, script, now_ms))
    }

    /// Ends a token (RFC 7009): a refresh token with its whole family, an access token alone. Not an error when the
    /// token is unknown or belongs to another client.
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        if let Some(refresh_token) = self.refresh_tokens.get(token) {
            let family = &mut self.families[refresh_token.family];
            family.revoked |= family.consent.client_id == client_id;
        } else if let Some(access_token) = self.access_tokens.get(token)
            && self.families[access_token.family].consent.client_id == client_id
        {
            self.access_tokens.remove(token);
        }
    }

    /// Ends everything, as when each user removes the client in the settings of their account.
    pub(crate) fn revoke_all(&mut self) {
        for family in &mut self.families {
            family.revoked = true;
        }
    }

    /// The access token, when it is neither expired nor revoked.
    pub(crate) fn live(&self, access_token: &str, now_ms: u64) -> Option<LiveToken<'_>> {
        let token = self
            .access_tokens
            .get(access_token)
            .filter(|token| now_ms < token.expires_at_ms)?;
        let family = self.families.get(token.family).filter(|family| !family.revoked)?;
        Some(LiveToken {
            client_id: &family.consent.client_id,
            account: family.consent.account,
            scopes: &token.scopes,
            expires_at_ms: token.expires_at_ms,
        })
    }

    /// The client a refresh token that still works belongs to.
    pub(crate) fn live_refresh_token(&self, refresh_token: &str) -> Option<&str> {
        let token = self
            .refresh_tokens
            .get(refresh_token)
            .filter(|token| !token.used)?;
        let family = self.families.get(token.family).filter(|family| !family.revoked)?;
        Some(&family.consent.client_id)
    }

    fn issue_refresh_token(&mut self, family: FamilyId) -> String {
        let token = opaque("acme_rt_");
        self.refresh_tokens
            .insert(token.clone(), RefreshToken { family, used: false });
        token
    }

    fn issue_access_token(
        &mut self,
        family: FamilyId,
        scopes: Vec<String>,
        refresh_token: Option<String>,
        script: &Script,
        now_ms: u64,
    ) -> Issued {
        let access_token = opaque("acme_at_");
        let expires_at_ms = now_ms.saturating_add(script.access_token_life.saturating_mul(1000));
        let entry = AccessToken {
            family,
            scopes: scopes.clone(),
            expires_at_ms,
        };
        self.access_tokens.insert(access_token.clone(), entry);
        Issued {
            access_token,
            refresh_token,
            scopes,
        }
    }
}

/// Scopes as written in a request: separated by spaces, or by commas as some providers have it.
pub(crate) fn split_scopes(scope: &str) -> Vec<String> {
    scope
        .split([' ', ','])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A verifier without a challenge is refused too: it is the sign of a downgrade (RFC 9700 section 4.8.2).
fn is_verified(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len())
                && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
        }
        _ => false,
    }
}
