use leptos::prelude::*;

/// Asks every two seconds whether a Connect session has made its connection, and goes to its page. It gives up after
/// half an hour, when the session has expired. Without scripts the page has a link that asks once.
#[island]
pub fn Watch(
    /// The environment's name.
    environment: String,
    /// The session's operation.
    operation: String,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let (environment, operation) = (environment.clone(), operation.clone());
        leptos::task::spawn_local(async move {
            for _ in 0..ASKS {
                pause().await;
                let (environment, operation) = (environment.clone(), operation.clone());
                match crate::functions::connections::await_connection(environment, operation).await {
                    Ok(Some(address)) => {
                        let _ = window().location().assign(&address);
                        return;
                    }
                    Err(error) if !error.may_pass() => return,
                    Ok(None) | Err(_) => {}
                }
            }
        });
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (environment, operation);
}

#[cfg(feature = "hydrate")]
const ASKS: u32 = 900;

#[cfg(feature = "hydrate")]
async fn pause() {
    let over = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 2000);
    });
    let _ = wasm_bindgen_futures::JsFuture::from(over).await;
}
