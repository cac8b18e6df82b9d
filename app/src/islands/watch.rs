use leptos::prelude::*;

/// Asks `address` every two seconds and follows it as soon as it leads elsewhere. Without scripts the page has a
/// link to the same address.
#[island]
pub fn Watch(
    /// An address that redirects once there is something to see.
    address: String,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let address = address.clone();
        let busy = StoredValue::new(false);
        let _ = set_interval_with_handle(
            move || {
                if busy.get_value() {
                    return;
                }
                busy.set_value(true);
                let address = address.clone();
                leptos::task::spawn_local(async move {
                    if let Some(target) = super::fetch::redirection(&address).await {
                        let _ = window().location().assign(&target);
                    }
                    busy.set_value(false);
                });
            },
            std::time::Duration::from_secs(2),
        );
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = address;
}
