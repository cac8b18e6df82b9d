//! English: what comes of a colour that an operator chooses. The page says it, and the island says it again while they
//! type, so that this is the one text that the browser gets as code.

use terapi_model::{Colour, Ground, Palette};

/// How the Connect UI uses `colour` on `ground`, in words.
pub fn hint(colour: Colour, ground: Ground) -> String {
    let palette = Palette::of(colour, ground);
    let text = if palette.on_button.luminance() > 0.5 {
        "white"
    } else {
        "black"
    };
    let (whole, tenth) = tenths(palette.button.contrast(palette.on_button));
    let mut said = format!("Text on buttons is {text} ({whole}.{tenth}:1).");
    if palette.is_adjusted() {
        said.push_str(" Links and outlines use ");
        said.push_str(&palette.accent.to_string());
        said.push_str(", a shade of it that can be read on the page.");
    }
    said
}

/// A ratio of at most 21, rounded: in the browser, the formatting of fractions would be a weight of its own.
fn tenths(ratio: f64) -> (u8, u8) {
    let steps = (0..=210_u8)
        .rev()
        .find(|step| f64::from(*step) <= ratio * 10.0 + 0.5);
    let steps = steps.unwrap_or_default();
    (steps / 10, steps % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_explained_with_its_contrast() {
        assert_eq!(
            hint(Colour::rgb(0x0f, 0x6b, 0x5c), Ground::Light),
            "Text on buttons is white (6.4:1)."
        );
        let pale = hint(Colour::rgb(0xff, 0xee, 0x88), Ground::Light);
        assert!(
            pale.starts_with("Text on buttons is black (17.") && pale.contains("Links and outlines use #"),
            "{pale}"
        );
        assert_eq!(tenths(21.0), (21, 0));
        assert_eq!(tenths(4.46), (4, 5));
        assert_eq!(tenths(1.0), (1, 0));
    }
}
