use leptos::prelude::*;

/// Asks every two seconds whether a Connect session has made its connection, and goes to its page; meanwhile it says
/// when a try has failed. It gives up after half an hour, when the session has expired, or when it may no longer ask,
/// and says so. Without scripts, or where this never runs, it says nothing of the future; the page has a link that asks
/// once in any case.
#[island]
pub fn Watch(
    /// The environment's name.
    environment: String,
    /// The session's operation.
    operation: String,
    /// What the page says while it watches.
    waiting: String,
    /// What it says when it has given up.
    stopped: String,
    /// What stands above the reason of a failed try.
    failed: String,
    /// Why the last try has failed so far.
    problem: Option<String>,
    /// Where the log has the operation, and what the link to it says.
    log: (String, String),
) -> impl IntoView {
    let (watching, gave_up) = (RwSignal::new(false), RwSignal::new(false));
    let problem = RwSignal::new(problem);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let (environment, operation) = (environment.clone(), operation.clone());
        watching.set(true);
        leptos::task::spawn_local(async move {
            for _ in 0..ASKS {
                pause().await;
                let (environment, operation) = (environment.clone(), operation.clone());
                match crate::functions::connections::await_connection(environment, operation).await {
                    Ok(awaited) => {
                        if let Some(address) = awaited.address {
                            let _ = window().location().assign(&address);
                            return;
                        }
                        if problem.with_untracked(|told| *told != awaited.problem) {
                            problem.set(awaited.problem);
                        }
                    }
                    Err(error) if !error.may_pass() => break,
                    Err(_) => {}
                }
            }
            watching.set(false);
            gave_up.set(true);
        });
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (environment, operation);
    view! {
        <div role="status" class="space-y-3">
            <p hidden=move || !watching.get() class="text-quiet">
                {waiting}
            </p>
            <p hidden=move || !gave_up.get() class="text-quiet">
                {stopped}
            </p>
            <div
                hidden=move || problem.with(Option::is_none)
                class="space-y-1 rounded-lg border border-bad/30 bg-bad-soft px-4 py-3 text-left"
            >
                <p class="font-medium text-bad">{failed}</p>
                <p class="wrap-anywhere">{move || problem.get()}</p>
                <a href=log.0 class="text-accent underline underline-offset-2">
                    {log.1}
                </a>
            </div>
        </div>
    }
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
