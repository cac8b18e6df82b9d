use crate::answer::Outcome;
use crate::form::Form;
use crate::route::Route;
use crate::visit::Theme;

/// Remembers how the dashboard should look, and goes back to where the choice was made.
pub fn choose(form: &Form) -> Outcome {
    let back = Route::own_address(form.text("back")).unwrap_or_else(|| Route::Home.to_string());
    Outcome::Theme(back, Theme::parse(form.text("theme")))
}
