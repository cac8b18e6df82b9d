//! How model types lie in columns: four kinds of cell on both databases.

use std::collections::BTreeMap;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row, ValueRef};
use terapi_model::{
    AccountId, ApiKeyId, ApiKeyScopes, AuthMode, ConnectSessionId, ConnectUiSettings, ConnectionId,
    ConnectionKey, EndUser, EndUserId, EnvironmentId, EnvironmentName, IntegrationId, IntegrationKey,
    InvitationId, LogLevel, MessageContext, MessageType, OAuthAttemptId, OperationAction, OperationId,
    OperationMessageId, OperationState, OperationType, OperatorId, Organization, ProviderName, Role, Tags,
    Timestamp, WebhookDeliveryId, WebhookId, WireId,
};
use terapi_vault::Sealed;

/// Arguments of a statement, on either database.
pub(crate) trait Sink {
    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError>;
    fn integer(&mut self, value: Option<i64>) -> Result<(), BoxDynError>;
    fn boolean(&mut self, value: Option<bool>) -> Result<(), BoxDynError>;
    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError>;
}

macro_rules! sinks {
    ($($arguments:ty),*) => {$(
        impl Sink for $arguments {
            fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError> {
                Arguments::add(self, value)
            }
            fn integer(&mut self, value: Option<i64>) -> Result<(), BoxDynError> {
                Arguments::add(self, value)
            }
            fn boolean(&mut self, value: Option<bool>) -> Result<(), BoxDynError> {
                Arguments::add(self, value)
            }
            fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError> {
                Arguments::add(self, value)
            }
        }
    )*};
}
sinks!(SqliteArguments, PgArguments);

/// A value that can be an argument of a statement.
pub(crate) trait Bind {
    fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError>;
    /// PostgreSQL wants to know the type even of a null.
    fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError>
    where
        Self: Sized;
}

/// Arguments, in the order of `$1`, `$2`, ….
pub(crate) type Binds<'a> = &'a [&'a (dyn Bind + Sync)];

impl<T: Bind> Bind for Option<T> {
    fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        match self {
            Some(value) => value.put(sink),
            None => T::put_null(sink),
        }
    }
    fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        T::put_null(sink)
    }
}

impl<T: Bind> Bind for &T {
    fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        (*self).put(sink)
    }
    fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        T::put_null(sink)
    }
}

/// A row of an answer, read cell by cell from the left.
pub(crate) struct Cells<'r> {
    row: AnyRow<'r>,
    at: usize,
}

enum AnyRow<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
}

impl<'r> From<&'r SqliteRow> for Cells<'r> {
    fn from(row: &'r SqliteRow) -> Self {
        Cells {
            row: AnyRow::Sqlite(row),
            at: 0,
        }
    }
}

impl<'r> From<&'r PgRow> for Cells<'r> {
    fn from(row: &'r PgRow) -> Self {
        Cells {
            row: AnyRow::Postgres(row),
            at: 0,
        }
    }
}

macro_rules! cells {
    ($($kind:ident: $type:ty = $why:literal;)*) => {$(
        pub(crate) fn $kind(&mut self) -> Result<Option<$type>, Unreadable> {
            let at = self.at;
            self.at += 1;
            match self.row {
                AnyRow::Sqlite(row) => row.try_get(at),
                AnyRow::Postgres(row) => row.try_get(at),
            }
            .map_err(|_| Unreadable($why))
        }
    )*};
}

impl Cells<'_> {
    cells! {
        text: String = "not text";
        integer: i64 = "not an integer";
        boolean: bool = "not a boolean";
        bytes: Vec<u8> = "not bytes";
    }

    /// True when the next cell is null.
    pub(crate) fn is_null(&self) -> bool {
        match self.row {
            AnyRow::Sqlite(row) => row.try_get_raw(self.at).is_ok_and(|value| value.is_null()),
            AnyRow::Postgres(row) => row.try_get_raw(self.at).is_ok_and(|value| value.is_null()),
        }
    }

    /// Passes over `count` cells.
    pub(crate) fn skip(&mut self, count: usize) {
        self.at += count;
    }
}

/// Why a cell could not be read; never its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// A type that a cell can be read as.
pub(crate) trait Column: Sized {
    /// `None` for a null.
    fn get(cells: &mut Cells<'_>) -> Result<Option<Self>, Unreadable>;
}

impl<T: Column> Column for Option<T> {
    fn get(cells: &mut Cells<'_>) -> Result<Option<Self>, Unreadable> {
        T::get(cells).map(Some)
    }
}

macro_rules! column {
    ($kind:ident: $($type:ty, $put:expr, $get:expr;)*) => {$(
        impl Bind for $type {
            fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError> {
                let put = $put;
                sink.$kind(Some(put(self)))
            }
            fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError> {
                sink.$kind(None)
            }
        }

        impl Column for $type {
            fn get(cells: &mut Cells<'_>) -> Result<Option<Self>, Unreadable> {
                let get = $get;
                cells.$kind()?.map(get).transpose()
            }
        }
    )*};
}

macro_rules! text_columns {
    ($($type:ty),*) => {
        column! { text: $($type, <$type>::as_str, |text| Ok(<$type>::from_stored(text));)* }
    };
}

text_columns!(
    AccountId,
    ApiKeyId,
    ConnectSessionId,
    ConnectionId,
    ConnectionKey,
    EndUserId,
    EnvironmentId,
    EnvironmentName,
    IntegrationId,
    IntegrationKey,
    InvitationId,
    OAuthAttemptId,
    OperationId,
    OperationMessageId,
    OperatorId,
    ProviderName,
    WebhookDeliveryId,
    WebhookId
);

column! { text:
    String, String::as_str, Ok;
    AuthMode, |mode: &AuthMode| mode.as_wire(),
        |text: String| AuthMode::from_wire(&text).ok_or(Unreadable("not an auth mode"));
    LogLevel, |level: &LogLevel| level.as_str(),
        |text: String| LogLevel::parse(&text).ok_or(Unreadable("not a level"));
    MessageContext, |context: &MessageContext| context.as_str(),
        |text: String| MessageContext::parse(&text).ok_or(Unreadable("not a context"));
    MessageType, |kind: &MessageType| kind.as_str(),
        |text: String| MessageType::parse(&text).ok_or(Unreadable("not a type of message"));
    OperationAction, |action: &OperationAction| action.as_str(),
        |text: String| OperationAction::parse(&text).ok_or(Unreadable("not an action"));
    OperationState, |state: &OperationState| state.as_str(),
        |text: String| OperationState::parse(&text).ok_or(Unreadable("not a state"));
    OperationType, |kind: &OperationType| kind.as_str(),
        |text: String| OperationType::parse(&text).ok_or(Unreadable("not a type of operation"));
    Role, |role: &Role| role.as_str(), |text: String| Role::parse(&text).ok_or(Unreadable("not a role"));
}

impl Bind for &str {
    fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        sink.text(Some(self))
    }
    fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError> {
        sink.text(None)
    }
}

column! { integer:
    i64, |value: &i64| *value, Ok;
    u32, |value: &u32| i64::from(*value), |value| u32::try_from(value).map_err(|_| Unreadable("not a small count"));
    Timestamp, |at: &Timestamp| at.as_millis(), |millis| Ok(Timestamp::from_millis(millis));
    WireId, |id: &WireId| id.0, |value| Ok(WireId(value));
}

column! { boolean:
    bool, |value: &bool| *value, Ok;
}

column! { bytes:
    Vec<u8>, Vec::as_slice, Ok;
    Sealed, Sealed::as_bytes, |bytes| Sealed::from_bytes(bytes).map_err(|_| Unreadable("not a sealed value"));
}

/// JSON is text that only we write, the same on both databases.
macro_rules! json_columns {
    ($($type:ty),*) => {$(
        impl Bind for $type {
            fn put(&self, sink: &mut dyn Sink) -> Result<(), BoxDynError> {
                sink.text(Some(&serde_json::to_string(self)?))
            }
            fn put_null(sink: &mut dyn Sink) -> Result<(), BoxDynError> {
                sink.text(None)
            }
        }

        impl Column for $type {
            fn get(cells: &mut Cells<'_>) -> Result<Option<Self>, Unreadable> {
                let text = cells.text()?;
                text.map(|text| serde_json::from_str(&text).map_err(|_| Unreadable("not the JSON it should be")))
                    .transpose()
            }
        }
    )*};
}

json_columns!(
    serde_json::Value,
    ApiKeyScopes,
    BTreeMap<String, String>,
    ConnectUiSettings,
    EndUser,
    Organization,
    Tags,
    Vec<String>,
    Vec<IntegrationKey>
);

pub(crate) use column;
