//! `/images/template-logos/{provider}.svg`: a monogram that we draw from a provider's name and id, for every
//! provider of the catalogue, custom ones included. We show nobody's trademark.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::input::Path;
use crate::error::ApiError;
use crate::router::Routes;
use crate::state::AppState;

/// The routes of this room.
pub fn routes() -> Routes {
    Routes::new().get("/images/template-logos/{file}", logo)
}

async fn logo(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let provider = file
        .strip_suffix(".svg")
        .and_then(|name| state.broker.catalogue().get(name))
        .ok_or_else(|| ApiError::not_found("no provider has this logo"))?;
    let svg = monogram(provider.name.as_str(), &provider.display_name);
    let tag = format!("\"{:016x}\"", fingerprint(svg.as_bytes()));
    let current = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    let mut response = if current {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        svg.into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=86400"),
    );
    // Embedded by other sites' pages, some of which isolate themselves with COEP.
    answer.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    answer.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A rounded square in a colour that belongs to `id`, with up to two letters of `display_name`.
pub fn monogram(id: &str, display_name: &str) -> String {
    let hue = fingerprint(id.as_bytes()) % 360;
    let letters = letters(display_name, id);
    let size = if letters.chars().count() > 1 { 26 } else { 32 };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" width=\"64\" height=\"64\" role=\"img\">\
         <rect width=\"64\" height=\"64\" rx=\"14\" fill=\"hsl({hue} 52% 34%)\"/>\
         <text x=\"32\" y=\"33\" fill=\"#fff\" font-family=\"ui-sans-serif,system-ui,sans-serif\" \
         font-size=\"{size}\" font-weight=\"600\" text-anchor=\"middle\" dominant-baseline=\"central\">{letters}\
         </text></svg>"
    )
}

/// Initials of the first two words, or the first two letters of the only word. Letters and digits need no escaping.
fn letters(display_name: &str, id: &str) -> String {
    let mut words = display_name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or(id), words.next());
    let initial = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    match second {
        Some(second) => initial(first)
            .into_iter()
            .chain(initial(second))
            .flat_map(char::to_uppercase)
            .collect(),
        None => {
            let mut letters = first.chars().filter(|c| c.is_alphanumeric());
            let capital = letters.next().into_iter().flat_map(char::to_uppercase);
            capital.chain(letters.next()).collect()
        }
    }
}

/// FNV-1a: the same for ever, on every machine.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monogram_has_one_or_two_letters_and_nothing_that_needs_escaping() {
        for (id, name, wanted) in [
            ("github", "GitHub", "Gi"),
            ("google-mail", "Google Mail", "GM"),
            ("x", "<script>alert(1)</script>", "SA"),
            ("d-1", "&\"'", "D1"),
            ("ueber", "über", "Üb"),
        ] {
            assert_eq!(letters(name, id), wanted);
            let svg = monogram(id, name);
            assert!(svg.contains(&format!(">{wanted}</text>")), "{svg}");
            assert_eq!(svg.matches('<').count(), 5, "{svg}");
        }
    }
}
