use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terapi_store::environment_logos::{self, EnvironmentLogoRow};
use terapi_store::{StoreError, environments};

use super::{Environment, Environments};
use crate::{Caller, Forbidden};

/// Largest logo, bytes: end users wait for it.
pub const LARGEST_LOGO: usize = 32 * 1024;

/// A picture that the Connect UI shows beside the product's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a logo was not stored.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The environment is gone.
    #[error("there is no such environment")]
    NotFound,
    /// Too large.
    #[error("a logo has at most 32 kB; 128 by 128 pixels are enough")]
    TooLarge,
    /// Not one of the three kinds. SVG is not among them: it can hold scripts.
    #[error("a logo is a PNG, JPEG or WebP picture")]
    Kind,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Logo {
    /// A picture by its first bytes; what a file calls itself is not asked.
    ///
    /// # Errors
    /// [`LogoError::TooLarge`] and [`LogoError::Kind`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.len() > LARGEST_LOGO {
            return Err(LogoError::TooLarge);
        }
        let media_type = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => return Err(LogoError::Kind),
        };
        Ok(Self {
            media_type: media_type.to_owned(),
            bytes,
        })
    }

    /// A picture as a form sends it: `data:image/png;base64,…` (RFC 2397).
    ///
    /// # Errors
    /// [`LogoError::TooLarge`] and [`LogoError::Kind`].
    pub fn read_data_url(text: &str) -> Result<Self, LogoError> {
        let (_, encoded) = text
            .trim()
            .strip_prefix("data:")
            .and_then(|rest| rest.split_once(";base64,"))
            .ok_or(LogoError::Kind)?;
        if encoded.len() > LARGEST_LOGO / 3 * 4 + 8 {
            return Err(LogoError::TooLarge);
        }
        Self::read(STANDARD.decode(encoded).map_err(|_| LogoError::Kind)?)
    }
}

impl Environments<'_> {
    /// Stores the logo that the caller's environment shows in the Connect UI; `None` forgets it.
    ///
    /// # Errors
    /// [`LogoError`].
    pub async fn set_logo(&self, caller: &Caller, logo: Option<Logo>) -> Result<Environment, LogoError> {
        caller.require_writer()?;
        let id = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let mut row = environments::find_for_update(&mut tx, id)
            .await?
            .ok_or(LogoError::NotFound)?;
        let now = self.broker.now();
        match logo {
            Some(logo) => {
                environment_logos::replace(
                    &mut tx,
                    &EnvironmentLogoRow {
                        environment_id: id.clone(),
                        media_type: logo.media_type,
                        bytes: logo.bytes,
                        updated_at: now,
                    },
                )
                .await?;
                // A new picture has a new address: the old one may be kept for as long as anybody likes.
                row.connect_ui.logo = Some(format!(
                    "/images/environments/{}/logo?v={}",
                    row.uuid,
                    now.as_millis()
                ));
            }
            None => {
                environment_logos::delete(&mut tx, id).await?;
                row.connect_ui.logo = None;
            }
        }
        row.updated_at = now;
        environments::update(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    /// The logo of the environment with this UUID. It is public: end users see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn logo(&self, uuid: &str) -> Result<Option<Logo>, StoreError> {
        // Anybody may ask for anything, also for what no database takes.
        if uuid::Uuid::try_parse(uuid).is_err() {
            return Ok(None);
        }
        let row = environment_logos::find_by_uuid(&mut self.broker.store().read().await?, uuid).await?;
        Ok(row.map(|row| Logo {
            media_type: row.media_type,
            bytes: row.bytes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_known_by_its_bytes_and_nothing_else() {
        let png = b"\x89PNG\r\n\x1a\n rest".to_vec();
        assert!(Logo::read(png.clone()).is_ok_and(|logo| logo.media_type == "image/png"));
        let url = format!("data:image/svg+xml;base64,{}", STANDARD.encode(&png));
        assert!(Logo::read_data_url(&url).is_ok_and(|logo| logo.media_type == "image/png"));
        let script = STANDARD.encode("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>");
        for text in [
            format!("data:image/png;base64,{script}"),
            "data:image/png;base64,%%%".to_owned(),
            "https://elsewhere.example/logo.png".to_owned(),
            String::new(),
        ] {
            assert!(
                matches!(Logo::read_data_url(&text), Err(LogoError::Kind)),
                "{text}"
            );
        }
        let mut large = png;
        large.resize(LARGEST_LOGO + 1, 0);
        assert!(matches!(Logo::read(large), Err(LogoError::TooLarge)));
    }
}
