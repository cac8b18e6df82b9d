//! The words of the operation log (browser-and-modes.md part 5).

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$word_doc])* #[serde(rename = $text)] $word,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [$name] = &[$($name::$word,)*];

            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$word => $text,)* }
            }

            /// The one with this word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

words! {
    /// What an operation is about.
    OperationType {
        /// An authorization, or the keeping of one.
        Auth = "auth",
        /// A webhook to the customer.
        Webhook = "webhook",
    }

    /// What an operation does.
    OperationAction {
        /// Connecting or connecting again.
        CreateConnection = "create_connection",
        /// Renewing credentials.
        RefreshToken = "refresh_token",
        /// Trying stored credentials.
        ConnectionTest = "connection_test",
        /// Telling of a new connection.
        ConnectionCreate = "connection_create",
        /// Telling of a renewed or lost connection.
        ConnectionRefresh = "connection_refresh",
    }

    /// Where an operation stands.
    OperationState {
        /// Not at its end.
        Running = "running",
        /// It did what it should.
        Success = "success",
        /// It did not; `error` says why.
        Failed = "failed",
        /// Nobody brought it to its end: an end user who went away.
        Cancelled = "cancelled",
        /// It took too long.
        Timeout = "timeout",
    }

    /// How loud a line is. Sorts by loudness.
    LogLevel {
        /// For those who look closely.
        Debug = "debug",
        /// As it should be.
        Info = "info",
        /// Not as it should be, and no harm done.
        Warn = "warn",
        /// A failure.
        Error = "error",
    }

    /// What a line tells of.
    MessageType {
        /// Something that happened.
        Log = "log",
        /// A request to somebody else's server, with its answer.
        Http = "http",
    }

    /// Where a line comes from.
    MessageContext {
        /// An authorization or a refresh.
        Auth = "auth",
        /// A webhook.
        Webhook = "webhook",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_as_it_is_written() {
        for state in OperationState::ALL {
            assert_eq!(OperationState::parse(state.as_str()), Some(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(OperationState::parse("done"), None);
        assert!(LogLevel::Debug < LogLevel::Error);
    }
}
