use sha2::{Digest, Sha256};

/// A logo drawn from nothing but a provider's id and display name: its initials on a colour picked by the id.
///
/// The colours keep white letters readable and stand out on light and dark pages alike. Under 1 kB.
pub fn monogram_svg(name: &str, display_name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let hue = u16::from_be_bytes([digest[0], digest[1]]) % 360;
    let slope = 14 + digest[2] % 30;
    // Yellow and green look lighter than blue at the same lightness.
    let lightness = if (40..200).contains(&hue) { 30 } else { 42 };
    let initials = initials(display_name)
        .or_else(|| initials(name))
        .unwrap_or_else(|| "?".to_owned());
    let size = if initials.chars().count() > 1 { 26 } else { 32 };
    // No ids inside: a page may hold many of these inline.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" role=\"img\" aria-label=\"{label}\">\
         <rect width=\"64\" height=\"64\" rx=\"14\" fill=\"hsl({hue} 52% {lightness}%)\"/>\
         <path d=\"M64 {slope}V50a14 14 0 0 1-14 14H14A14 14 0 0 1 0 50z\" fill=\"#000\" fill-opacity=\".14\"/>\
         <text x=\"32\" y=\"33\" fill=\"#fff\" font-family=\"system-ui,sans-serif\" font-size=\"{size}\" \
         font-weight=\"600\" text-anchor=\"middle\" dominant-baseline=\"central\">{initials}</text></svg>",
        label = escape(&display_name.chars().take(60).collect::<String>()),
        initials = escape(&initials),
    )
}

/// At most two letters or digits: of the first two words, or of a capital inside the first (`GitHub`).
fn initials(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.first()?.chars().next()?;
    let second = match words.get(1) {
        Some(word) => word.chars().next(),
        None => words[0].chars().skip(1).find(|letter| letter.is_uppercase()),
    };
    Some(
        std::iter::once(first)
            .chain(second)
            .flat_map(char::to_uppercase)
            .take(3)
            .collect(),
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => {}
            // XML 1.0 knows no such characters, not even escaped.
            '\u{fffe}' | '\u{ffff}' => {}
            plain => escaped.push(plain),
        }
    }
    escaped
}
