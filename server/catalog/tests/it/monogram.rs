use proptest::prelude::*;
use terapi_catalog::monogram_svg;

use crate::catalogue;

#[test]
fn initials_are_taken_from_words_and_capitals() {
    for (name, display, initials) in [
        ("google-drive", "Google Drive", "GD"),
        ("github", "GitHub", "GH"),
        ("slack", "Slack", "S"),
        ("x", "7 & more", "7M"),
        ("fallback", "—", "F"),
        ("e", "école élémentaire", "ÉÉ"),
    ] {
        let drawn = monogram_svg(name, display);
        assert!(drawn.contains(&format!(">{initials}</text>")), "{drawn}");
    }
}

#[test]
fn the_same_id_has_the_same_colour_and_others_differ() {
    assert_eq!(monogram_svg("a", "A"), monogram_svg("a", "A"));
    assert_ne!(monogram_svg("a", "A"), monogram_svg("b", "A"));
}

#[test]
fn every_built_in_logo_is_small() {
    for provider in catalogue().list() {
        assert!(monogram_svg(provider.name.as_str(), &provider.display_name).len() < 1000);
    }
}

proptest! {
    #[test]
    fn no_text_breaks_out_of_the_drawing(name in "\\PC{0,30}", display in "[<>&\"'a-zA-Z \u{0}-\u{1f}]{0,80}|\\PC{0,300}") {
        let drawn = monogram_svg(&name, &display);
        prop_assert!(drawn.len() < 1024, "{}", drawn.len());
        prop_assert_eq!(drawn.matches('<').count(), 6);
        prop_assert!(!drawn.contains(char::is_control));
    }
}
