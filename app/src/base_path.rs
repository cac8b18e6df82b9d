//! Addresses of this instance, as its pages write them.
//!
//! Inside, every address begins at the root: routes, requests, what is stored. Where an address goes out to a browser it
//! begins with the base path of the public URL, and [`Local`] is the one place that puts it there; the typed addresses
//! of [`crate::route`] write themselves through it. The base path belongs to the request: the server's outermost layer
//! takes it off the request's path and sets it for whatever answers ([`beneath`]), so that no page, action or function is
//! handed it, or could forget to hand it on, and servers with different public URLs live in one process, as tests want.

use std::fmt;

use terapi_model::BasePath;

tokio::task_local! {
    static BASE: BasePath;
}

/// Runs `answer` where every [`Local`] address begins with `base`.
pub async fn beneath<F: Future>(base: BasePath, answer: F) -> F::Output {
    BASE.scope(base, answer).await
}

/// The base path of the request that is being answered; the root outside of one.
pub fn base_path() -> BasePath {
    BASE.try_with(BasePath::clone).unwrap_or_default()
}

/// An address of this instance, which begins with `/`: written with the base path before it.
#[derive(Debug, Clone, Copy)]
pub struct Local<T>(pub T);

impl<T: fmt::Display> fmt::Display for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", base_path(), self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn an_address_begins_with_the_base_path_of_its_own_request() {
        assert_eq!(Local("/app").to_string(), "/app");
        let base = BasePath::parse("/terapi").unwrap();
        let (within, beside) = tokio::join!(beneath(base, async { Local("/app").to_string() }), async {
            Local("/app").to_string()
        });
        assert_eq!((within.as_str(), beside.as_str()), ("/terapi/app", "/app"));
    }
}
