use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

const MILLIS_Z: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const MILLIS_OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+00:00");
const MINUTES: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

/// The last instant a four-digit year can write; later ones are clamped when written.
const MAX_WRITTEN: i64 = 253_402_300_799_999;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Stored as an integer, because a text time with a
/// fraction of varying length does not sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by `millis` (negative: earlier), saturating.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This instant moved by `seconds` (negative: earlier), saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    pub const fn millis_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 with milliseconds and `Z`: `2026-08-21T10:11:12.345Z`. The format of most endpoints (rest.md 1.7).
    pub fn to_rfc3339(self) -> String {
        self.write(MILLIS_Z)
    }

    /// RFC 3339 with milliseconds and a written offset: `2026-08-21T10:11:12.345+00:00`, as the connection
    /// endpoints answer (rest.md 1.7).
    pub fn to_rfc3339_offset(self) -> String {
        self.write(MILLIS_OFFSET)
    }

    /// For people: `2026-08-21 10:11 UTC`.
    pub fn to_minutes(self) -> String {
        self.write(MINUTES)
    }

    /// Reads RFC 3339 text of any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
    }

    fn write(self, format: &[BorrowedFormatItem<'_>]) -> String {
        let millis = self.0.clamp(0, MAX_WRITTEN);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
            .ok()
            .and_then(|at| at.format(format).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_written_forms_agree_on_the_instant() {
        let at = Timestamp::parse_rfc3339("2026-08-21T12:11:12.345678+02:00").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-08-21T10:11:12.345Z");
        assert_eq!(at.to_rfc3339_offset(), "2026-08-21T10:11:12.345+00:00");
        assert_eq!(at.to_minutes(), "2026-08-21 10:11 UTC");
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_written_as_its_end() {
        assert_eq!(
            Timestamp::from_millis(i64::MAX).to_rfc3339(),
            "9999-12-31T23:59:59.999Z"
        );
    }
}
