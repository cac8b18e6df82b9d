use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Crockford's base32 in lower case: sorts as its bytes do.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// UUIDv7 layout (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits; written as 26 base32 letters.
fn write_id(prefix: &str, now: Timestamp, random: [u8; 10]) -> String {
    let mut bytes = [0_u8; 16];
    let millis = now.as_millis().max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6..].copy_from_slice(&random);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut number = u128::from_be_bytes(bytes);
    let mut letters = [0_u8; 26];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(number & 31) as usize];
        number >>= 5;
    }
    let mut id = String::with_capacity(prefix.len() + 26);
    id.push_str(prefix);
    id.extend(letters.iter().map(|letter| char::from(*letter)));
    id
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id that sorts by `now`. The caller draws the 80 random bits.
            pub fn mint(now: Timestamp, random: [u8; 10]) -> Self {
                Self(write_id($prefix, now, random))
            }

            /// Takes text that claims to be such an id: right prefix, then letters and digits, at most 64 bytes.
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix($prefix)?;
                let sound = !rest.is_empty()
                    && text.len() <= 64
                    && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
                sound.then(|| Self(text.to_owned()))
            }

            /// Takes text that the database holds as such an id.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A tenant: operators share it, environments belong to it.
    AccountId = "acc_";
    /// A person who signs in to the dashboard.
    OperatorId = "opr_";
    /// One of an account's environments (`dev`, `prod`, …).
    EnvironmentId = "env_";
    /// An API key of an environment or of an account.
    ApiKeyId = "key_";
    /// An integration: a provider configured by an operator.
    IntegrationId = "int_";
    /// A connection, by our own id. The id that callers choose is [`crate::ConnectionKey`].
    ConnectionId = "con_";
    /// A connect session: what a backend opens for one end user.
    ConnectSessionId = "cse_";
    /// One run of an OAuth flow, from the redirect to its result.
    OAuthAttemptId = "att_";
    /// The record of an end user of one connection.
    EndUserId = "eur_";
    /// A setup or invitation link.
    InvitationId = "inv_";
    /// One event on its way to one address.
    WebhookDeliveryId = "whd_";
    /// An event that is sent to webhooks; `webhook-id` on the wire.
    WebhookId = "msg_";
    /// An operation of the log; `log_id` on the wire.
    OperationId = "opn_";
    /// A line of an operation.
    OperationMessageId = "opm_";
}

/// The integer `id` of the REST contract (decision D27): unique, counted in the database, below 2^53, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WireId(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = ConnectionId::mint(Timestamp::from_millis(1_700_000_000_000), [255; 10]);
        let late = ConnectionId::mint(Timestamp::from_millis(1_700_000_000_001), [0; 10]);
        assert!(early < late);
        assert!(early.as_str().starts_with("con_"));
        assert_eq!(early.as_str().len(), 30);
    }

    #[test]
    fn an_id_parses_only_with_its_own_prefix_and_alphabet() {
        let id = EnvironmentId::mint(Timestamp::from_millis(0), [7; 10]);
        assert_eq!(EnvironmentId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(ConnectionId::parse(id.as_str()), None);
        assert_eq!(EnvironmentId::parse("env_../x"), None);
        assert_eq!(EnvironmentId::parse("env_"), None);
    }
}
