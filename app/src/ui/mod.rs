//! The design system. Components own their classes; colours come from the tokens in `style/tailwind.css`.
//!
//! Nothing here has an inline style or handler: the content policy forbids both.

pub mod badge;
pub mod banner;
pub mod breadcrumbs;
pub mod button;
pub mod card;
pub mod code;
pub mod confirm;
pub mod empty;
pub mod field;
pub mod filter_form;
pub mod icon;
pub mod logo;
pub mod pager;
pub mod plain;
pub mod secret;
pub mod shell;
pub mod table;
pub mod time;
