//! What islands ask the server: Leptos server functions below `/ui`, behind the same session and the same-origin
//! guard as the pages. A function says who asks, whether they may, and puts one question to the broker; the pages
//! put the same question by the same code.

pub mod connections;
mod error;

pub use self::error::UiError;
