//! What the Connect UI says, in the languages it speaks. One list of texts, one implementation a language: a text that
//! a language lacks, or a hole that it leaves out, does not compile.

use super::{de, en, es, fr, ja};

/// A language of the Connect UI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English, which everything falls back to.
    #[default]
    English,
    /// French.
    French,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// Japanese.
    Japanese,
    /// No language: English, made longer and accented, to see what does not fit and what is not translated.
    Pseudo,
    /// The same, from right to left.
    PseudoRight,
}

impl Language {
    /// Those that people speak.
    pub const SPOKEN: [Language; 5] = [
        Language::English,
        Language::French,
        Language::German,
        Language::Spanish,
        Language::Japanese,
    ];

    /// Whether nobody speaks it.
    pub const fn is_pseudo(self) -> bool {
        matches!(self, Language::Pseudo | Language::PseudoRight)
    }

    /// The tag for `<html lang>` (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::French => "fr",
            Language::German => "de",
            Language::Spanish => "es",
            Language::Japanese => "ja",
            Language::Pseudo => "en-XA",
            Language::PseudoRight => "ar-XB",
        }
    }

    /// The direction for `<html dir>`.
    pub const fn direction(self) -> &'static str {
        match self {
            Language::PseudoRight => "rtl",
            _ => "ltr",
        }
    }

    /// Its texts.
    pub fn texts(self) -> &'static dyn ConnectText {
        match self {
            Language::English => &en::connect::English,
            Language::French => &fr::French,
            Language::German => &de::German,
            Language::Spanish => &es::Spanish,
            Language::Japanese => &ja::Japanese,
            Language::Pseudo | Language::PseudoRight => &Pseudo,
        }
    }

    /// The language of a tag, whatever its region is. The two that nobody speaks have to be named exactly.
    pub fn of_tag(tag: &str) -> Option<Self> {
        for pseudo in [Language::Pseudo, Language::PseudoRight] {
            if tag.eq_ignore_ascii_case(pseudo.tag()) {
                return Some(pseudo);
            }
        }
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::SPOKEN
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The language to answer in: the one asked for, else the best of `Accept-Language` (RFC 9110 section 12.5.4), else
    /// English.
    pub fn choose(asked: Option<&str>, accepted: &str) -> Self {
        if let Some(language) = asked.and_then(Self::of_tag) {
            return language;
        }
        let mut best = (0.0, Language::English);
        for item in accepted.split(',').take(32) {
            let mut parts = item.split(';').map(str::trim);
            let language = parts.next().and_then(Self::of_tag);
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            if let Some(language) = language
                && Self::SPOKEN.contains(&language)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

macro_rules! list {
    ($($(#[$doc:meta])* $name:ident($($hole:ident),*);)*) => {
        /// Every text of the Connect UI.
        pub trait ConnectText: Sync {
            $($(#[$doc])* fn $name(&self $(, $hole: &str)*) -> String;)*
        }

        struct Pseudo;

        impl ConnectText for Pseudo {
            $(fn $name(&self $(, $hole: &str)*) -> String {
                $(let $hole = &format!("\u{1}{}\u{2}", $hole);)*
                lengthened(&en::connect::English.$name($($hole),*))
            })*
        }

        #[cfg(test)]
        const ALL: &[(&str, &[&str], fn(&dyn ConnectText) -> String)] = &[
            $((stringify!($name), &[$(stringify!($hole)),*], |text| text.$name($(stringify!($hole)),*)),)*
        ];
    };
}

list! {
    /// Title of the page before anything is known.
    title();
    /// Title of a form.
    connect_to(name);
    /// Title of the form that renews a connection.
    reconnect_to(name);
    /// Closes the page.
    close();
    /// Back to the list.
    back();
    /// While something is fetched.
    loading();
    /// Who made the page.
    watermark();
    /// Beside the label of a field that may stay empty.
    optional();
    /// Beside a link that leaves the page.
    new_tab();

    /// Heading of the list.
    choose();
    /// Heading of the list where the product has a name.
    choose_for(product);
    /// Label of the search.
    search();
    /// Empties the search.
    clear_search();
    /// How many are left, for screen readers.
    found(count);
    /// Nothing matches.
    no_match(query);
    /// There is no integration.
    nothing();
    /// What that means.
    nothing_body();

    /// Above the fields.
    intro(name);
    /// Instead of fields, when a window will open.
    intro_window(name);
    /// Instead of fields, when this page goes to the provider.
    intro_page(name);
    /// Instead of fields, when nothing is asked at all.
    intro_nothing(name);
    /// The main button.
    connect();
    /// The main button where a connection is renewed.
    reconnect();
    /// The main button where it leads to the provider.
    continue_to(name);
    /// The main button after something went wrong.
    try_again();
    /// The main button while it works.
    connecting();
    /// While the provider's window is open.
    waiting(name);
    /// Below the button.
    stored();
    /// Below the button where the product has a name.
    stored_for(product);
    /// Link to instructions for the whole form.
    help();
    /// Link to instructions for one field.
    field_help(field);
    /// Shows what was typed.
    show(field);
    /// Hides it.
    hide(field);
    /// First line of a choice that has to be made.
    choose_one();
    /// First line of a choice that need not be made.
    choose_none();
    /// Label of a field.
    api_key();
    /// Label of a field.
    user_name();
    /// Label of a field.
    password();
    /// Heading of the fields of an OAuth app of one's own.
    own_app();
    /// Why they are there.
    own_app_body();
    /// Label of a field.
    client_id();
    /// Label of a field.
    client_secret();
    /// Label of a field.
    refresh_token();

    /// Above the list of what is wrong.
    problems();
    /// A field is empty.
    missing(field);
    /// A field wants a host name.
    bad_host(field);
    /// A field wants an address.
    bad_address(field);
    /// A field wants a UUID.
    bad_uuid(field);
    /// A field wants an e-mail address.
    bad_email(field);
    /// A field wants one of several values.
    bad_choice(field, choices);
    /// A field has a form that the value has not.
    bad_form(field);
    /// The same, with an example.
    bad_form_like(field, example);
    /// The value is too long.
    too_long(field);
    /// The form is too long.
    form_too_long();

    /// The window did not open.
    blocked();
    /// What to do.
    blocked_body();
    /// Goes to the provider without another window.
    here();
    /// Goes to the provider in another tab, which no browser blocks.
    in_tab();
    /// The window was closed.
    window_closed();
    /// What to do.
    window_closed_body();
    /// The window seems to be gone.
    window_gone();
    /// What to do.
    window_gone_body();
    /// The server does not answer.
    offline();
    /// What to do.
    offline_body();

    /// Heading of a failure.
    failed(name);
    /// The provider refused the credentials.
    reason_refused(name);
    /// The provider, or the person, said no.
    reason_denied(name);
    /// The provider did not answer.
    reason_unreachable(name);
    /// The provider answered nonsense or an error.
    reason_provider(name);
    /// The operator set something up wrongly.
    reason_setup(name);
    /// The integration is gone.
    reason_removed(name);
    /// There can be no more connections.
    reason_capped();
    /// The connection exists and may not be replaced.
    reason_exists();
    /// It took too long, or came from another browser.
    reason_stale();
    /// A rule of the product refused it.
    reason_rule();
    /// Anything else.
    reason_unknown();
    /// What to do next: look at what was typed.
    next_check();
    /// What to do next: agree this time.
    next_agree(name);
    /// What to do next: wait.
    next_wait();
    /// What to do next: begin again.
    next_again();
    /// What to do next: nothing that whoever connects could do.
    next_setup();
    /// What to do next: tell.
    next_tell();
    /// What to do next: tell, where the product has a name.
    next_tell_product(product);
    /// What to do next: ask.
    next_ask();
    /// What to do next: ask, where the product has a name.
    next_ask_product(product);
    /// Opens the details.
    details();
    /// What the server says about it.
    message();
    /// What the provider said.
    provider_said(name);
    /// The code of the error.
    code();
    /// What finds the attempt in the logs.
    reference();
    /// Copies the reference.
    copy();
    /// It was copied.
    copied();

    /// It worked.
    connected(name);
    /// It worked, again.
    reconnected(name);
    /// It worked, and somebody has to agree.
    pending(name);
    /// What that means.
    pending_body(name);
    /// After success, when the page can be closed by a button.
    connected_body();
    /// After success, where the product has a name.
    connected_body_product(product);
    /// After success, in a tab of its own.
    connected_tab();
    /// Ends it.
    finish();
    /// Back to the list after success.
    another();

    /// The session is over.
    expired();
    /// What to do.
    expired_body();
    /// The button for it.
    start_again();
    /// The page was opened without a session.
    direct();
    /// What to do.
    direct_body();
    /// The page was loaded anew, and has forgotten the session.
    reloaded();
    /// What to do.
    reloaded_body();
    /// The page around this one sent no session.
    silent();
    /// What to do.
    silent_body();
    /// The page around this one may not use it.
    not_allowed();
    /// What to do.
    not_allowed_body(origin);
    /// The mode is not built, or the integration is not complete.
    unavailable(name);
    /// What to do.
    unavailable_body();
    /// Presets are wrong.
    misconfigured(name);
    /// What to do.
    misconfigured_body();
    /// No such integration in this session.
    unknown();
    /// What to do.
    unknown_body();
    /// Back to the list from there.
    choose_other();
    /// Our side failed.
    broken();
    /// What to do.
    broken_body();
    /// Title when too many are connecting at the same time.
    busy();
    /// And what to do then.
    busy_body();

    /// Heading of a popup's page: it worked.
    popup_connected();
    /// What to do.
    popup_connected_body();
    /// Heading of a popup's page: it did not work.
    popup_failed();
    /// The person said no.
    popup_denied();
    /// The provider refused, or answered nonsense.
    popup_refused();
    /// The provider did not answer.
    popup_unreachable();
    /// The session is unknown.
    popup_unknown();
    /// The attempt is over.
    popup_over();
    /// The attempt belongs to another browser.
    popup_elsewhere();
    /// The product asked for something that there is not.
    popup_setup();
    /// What to do after those that may pass.
    popup_next();
    /// What to do after those that only the application can change.
    popup_tell();
    /// Heading of a popup's page: something was changed at the provider.
    popup_changed();
    /// What to do.
    popup_changed_body();
    /// Leads to the dashboard.
    popup_dashboard();
    /// Heading of a popup's page that goes on by itself.
    popup_onward();
    /// Goes on where no script runs.
    popup_continue();

    /// Asked before what was typed is lost.
    discard();
    /// What that means.
    discard_body();
    /// Yes.
    discard_yes();
    /// No.
    discard_no();
}

/// Writes one language down: `name(hole) => "text with {hole}";`.
macro_rules! words {
    ($language:ident; $($name:ident($($hole:ident),*) => $text:literal;)*) => {
        /// The texts of this language.
        pub struct $language;

        impl $crate::text::connect::ConnectText for $language {
            $(fn $name(&self $(, $hole: &str)*) -> String {
                format!($text)
            })*
        }
    };
}
pub(crate) use words;

/// English that is 40 % longer and accented. What was put into a hole stays as it is.
fn lengthened(text: &str) -> String {
    let mut long = String::from("[");
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '\u{1}' => inside = true,
            '\u{2}' => inside = false,
            _ if inside => long.push(letter),
            _ => long.push(accented(letter)),
        }
    }
    let words = ["lorem", "ipsum", "dolor", "sit", "amet", "elit"];
    let padding = text.chars().count() * 2 / 5;
    let filler = words.iter().cycle().flat_map(|word| [" ", word]);
    let target = long.chars().count() + padding;
    for part in filler {
        if long.chars().count() >= target {
            break;
        }
        long.push_str(part);
    }
    long.push(']');
    long
}

const fn accented(letter: char) -> char {
    match letter {
        'a' => 'á',
        'e' => 'é',
        'i' => 'î',
        'o' => 'ö',
        'u' => 'ü',
        'c' => 'ç',
        'n' => 'ñ',
        'A' => 'Å',
        'C' => 'Ç',
        'E' => 'É',
        'O' => 'Ø',
        'S' => 'Š',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_everything_and_leaves_no_hole_out() {
        for language in Language::SPOKEN {
            for (name, holes, say) in ALL {
                let said = say(language.texts());
                assert!(!said.trim().is_empty(), "{language:?} {name}");
                for hole in *holes {
                    assert!(said.contains(hole), "{language:?} {name}: {said}");
                }
                assert!(!said.contains(['{', '}']), "{language:?} {name}: {said}");
            }
        }
    }

    #[test]
    fn no_text_is_left_in_english() {
        // The same word in both languages.
        let shared = [("code", "fr"), ("code", "de"), ("optional", "de")];
        for language in Language::SPOKEN.into_iter().skip(1) {
            for (name, _, say) in ALL {
                if !shared.contains(&(name, language.tag())) {
                    assert_ne!(
                        say(language.texts()),
                        say(&en::connect::English),
                        "{language:?} {name}"
                    );
                }
            }
        }
    }

    /// The texts in which two neighbouring letters are such.
    fn texts_where(language: Language, mark: impl Fn(char, char) -> bool) -> Vec<&'static str> {
        let is_parted = |said: &str| {
            said.chars()
                .zip(said.chars().skip(1))
                .any(|(one, next)| mark(one, next))
        };
        let said = ALL.iter().filter(|(_, _, say)| is_parted(&say(language.texts())));
        said.map(|(name, ..)| *name).collect()
    }

    #[test]
    fn no_line_begins_with_a_mark_or_a_particle_that_belongs_to_the_word_before() {
        let kept = |blank: char| matches!(blank, '\u{a0}' | '\u{202f}');
        // The colon of `https://` is no mark.
        let french = texts_where(Language::French, |one, next| {
            ("?!;:»".contains(next) && !kept(one) && (one, next) != ('s', ':')) || (one == '«' && !kept(next))
        });
        assert_eq!(french, [""; 0]);
        let german = texts_where(Language::German, |one, next| one == ' ' && next == '…');
        assert_eq!(german, [""; 0]);
        let japanese = texts_where(Language::Japanese, |one, next| {
            one == ' ' && ('\u{3041}'..='\u{309f}').contains(&next)
        });
        assert_eq!(japanese, [""; 0]);
    }

    #[test]
    fn the_pseudo_language_is_longer_by_two_fifths() {
        let english = say_all(&en::connect::English);
        let pseudo = say_all(&Pseudo);
        assert!(pseudo * 10 >= english * 14, "{english} {pseudo}");
    }

    fn say_all(texts: &dyn ConnectText) -> usize {
        ALL.iter().map(|(_, _, say)| say(texts).chars().count()).sum()
    }

    #[test]
    fn the_language_is_the_one_asked_for_else_the_best_accepted_else_english() {
        let choose = |asked, accepted| Language::choose(asked, accepted).tag();
        assert_eq!(choose(Some("fr"), "de"), "fr");
        assert_eq!(choose(Some("pt-BR"), "de-AT,de;q=0.9"), "de");
        assert_eq!(choose(Some("es-419"), ""), "es");
        assert_eq!(choose(None, "pt, ja;q=0.5, fr;q=0.8, *;q=0.1"), "fr");
        assert_eq!(choose(None, "de;q=0, en-GB"), "en");
        assert_eq!(choose(None, ";;;q=,"), "en");
        // Nobody's browser speaks it.
        assert_eq!(choose(None, "en-XA"), "en");
        assert_eq!(choose(Some("en-XA"), ""), "en-XA");
    }
}
