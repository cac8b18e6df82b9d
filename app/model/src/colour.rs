use std::fmt;

/// A colour of the sRGB space, as stylesheets write it: `#rrggbb`.
///
/// ```
/// use terapi_model::Colour;
///
/// let teal = Colour::parse("#0f6b5c").expect("six digits");
/// assert!(teal.contrast(Colour::WHITE) > 6.0);
/// assert_eq!(teal.text_on(), Colour::WHITE);
/// assert_eq!(Colour::parse("#fff"), Some(Colour::WHITE));
/// assert_eq!(Colour::parse("red; background: url(x)"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// `#ffffff`
    pub const WHITE: Colour = Colour([255; 3]);
    /// `#000000`
    pub const BLACK: Colour = Colour([0; 3]);

    /// Of three bytes.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// Reads `#rgb` or `#rrggbb`, and nothing else that stylesheets know.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> = text
            .strip_prefix('#')?
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
            .collect();
        match *digits?.as_slice() {
            [r, g, b] => Some(Self([r * 17, g * 17, b * 17])),
            [r, rr, g, gg, b, bb] => Some(Self([r * 16 + rr, g * 16 + gg, b * 16 + bb])),
            _ => None,
        }
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// What text on this colour is written in: white where white can be read (4.5:1), else black, which then can.
    pub fn text_on(self) -> Self {
        if self.contrast(Self::WHITE) >= READABLE {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// This colour with `share` (0 to 1) of another in it.
    pub fn mixed(self, other: Self, share: f64) -> Self {
        let mut mixed = self.0;
        for (mine, theirs) in mixed.iter_mut().zip(other.0) {
            let value = f64::from(*mine) * (1.0 - share) + f64::from(theirs) * share;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a mean of two bytes is a byte"
            )]
            {
                *mine = value.round() as u8;
            }
        }
        Self(mixed)
    }

    /// The nearest shade of this colour that has `ratio` against `ground`: itself where it has, else darker on a
    /// light ground and lighter on a dark one.
    pub fn readable_on(self, ground: Self, ratio: f64) -> Self {
        let target = if ground.text_on() == Self::WHITE {
            Self::WHITE
        } else {
            Self::BLACK
        };
        (0..=50)
            .map(|step| self.mixed(target, f64::from(step) / 50.0))
            .find(|shade| shade.contrast(ground) >= ratio)
            .unwrap_or(target)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Contrast that text of any size needs (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// Contrast that the outline of something to press needs (WCAG 2.2, 1.4.11).
const VISIBLE: f64 = 3.0;

/// Where a colour is shown: on the Connect UI's light card or on its dark one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// `#ffffff`
    Light,
    /// `#1d1c19`
    Dark,
}

impl Ground {
    /// The card.
    pub const fn card(self) -> Colour {
        match self {
            Self::Light => Colour::rgb(0xff, 0xff, 0xff),
            Self::Dark => Colour::rgb(0x1d, 0x1c, 0x19),
        }
    }

    /// What stands out least from the ink: if something is readable here, it is on the card.
    const fn nearest(self) -> Colour {
        match self {
            Self::Light => Colour::rgb(0xf0, 0xee, 0xe8),
            Self::Dark => Colour::rgb(0x2b, 0x29, 0x24),
        }
    }
}

/// What is made of one primary colour, so that everything in it can be read and seen whatever the colour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Ground of the main button: the primary colour itself.
    pub button: Colour,
    /// Ground of the main button under the pointer.
    pub button_strong: Colour,
    /// Text on either, at least 4.5:1.
    pub on_button: Colour,
    /// The button's outline, at least 3:1 on the card.
    pub button_edge: Colour,
    /// Links and focus rings, at least 4.5:1 on everything they stand on.
    pub accent: Colour,
    /// The same, under the pointer.
    pub accent_strong: Colour,
    /// A tint behind a symbol in `accent`.
    pub accent_soft: Colour,
}

impl Palette {
    /// The palette of a primary colour on `ground`.
    pub fn of(primary: Colour, ground: Ground) -> Self {
        let on_button = primary.text_on();
        // Away from the text, so that hovering never takes contrast away.
        let away = if on_button == Colour::WHITE {
            Colour::BLACK
        } else {
            Colour::WHITE
        };
        let ink = if ground == Ground::Light {
            Colour::BLACK
        } else {
            Colour::WHITE
        };
        let accent = primary.readable_on(ground.nearest(), READABLE);
        Self {
            button: primary,
            button_strong: primary.mixed(away, 0.14),
            on_button,
            button_edge: primary.readable_on(ground.card(), VISIBLE),
            accent,
            accent_strong: accent.mixed(ink, 0.2),
            accent_soft: ground.card().mixed(primary, 0.13),
        }
    }

    /// True when links, focus rings or the button's outline needed another shade than the primary colour.
    pub fn is_adjusted(&self) -> bool {
        self.accent != self.button || self.button_edge != self.button
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_have_the_contrast_that_the_standard_says() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        assert!((Colour::WHITE.contrast(Colour::WHITE) - 1.0).abs() < 1e-9);
        // A published pair: #767676 is the lightest grey that passes on white.
        assert!(Colour::rgb(0x76, 0x76, 0x76).contrast(Colour::WHITE) >= 4.5);
        assert!(Colour::rgb(0x77, 0x77, 0x77).contrast(Colour::WHITE) < 4.5);
    }

    #[test]
    fn nothing_but_hex_is_a_colour() {
        assert_eq!(
            Colour::parse("#0F6b5C").map(|c| c.to_string()),
            Some("#0f6b5c".to_owned())
        );
        for text in [
            "",
            "#",
            "0f6b5c",
            "#12345",
            "#1234567",
            "#gggggg",
            "#fff;}",
            "rgb(0,0,0)",
            "#éé",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_primary_colour_becomes_a_palette_that_can_be_read() {
        let steps = [0_u8, 51, 102, 153, 204, 255];
        for red in steps {
            for green in steps {
                for blue in steps {
                    let primary = Colour::rgb(red, green, blue);
                    for ground in [Ground::Light, Ground::Dark] {
                        let palette = Palette::of(primary, ground);
                        let at = format!("{primary} on {ground:?}: {palette:?}");
                        assert!(palette.button.contrast(palette.on_button) >= 4.5, "{at}");
                        assert!(palette.button_strong.contrast(palette.on_button) >= 4.5, "{at}");
                        assert!(palette.button_edge.contrast(ground.card()) >= 3.0, "{at}");
                        for behind in [ground.card(), ground.nearest()] {
                            assert!(palette.accent.contrast(behind) >= 4.5, "{at}");
                            assert!(palette.accent_strong.contrast(behind) >= 4.5, "{at}");
                        }
                        assert!(palette.accent.contrast(palette.accent_soft) >= 3.0, "{at}");
                    }
                }
            }
        }
    }
}
