//! Two instances on one database: whoever waits at one hears what became of an authorization that the other finished.

use std::time::{Duration, Instant};

use terapi_broker::connect::{BrowserInput, ResultFrame, ResultHolder};

use crate::database::on_each;
use crate::flow::Flow;
use crate::house::Plan;

/// Authorizations that run at once.
const MANY: usize = 100;

#[tokio::test]
async fn every_result_reaches_the_other_instance_within_two_seconds() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let other = flow
            .house
            .restarted(Plan {
                on,
                ..Plan::default()
            })
            .await
            .broker;
        let auth = flow.session().await;
        let mut waiting = Vec::new();
        for number in 0..MANY {
            let here = other.connect().listen();
            let input = BrowserInput {
                ws_client_id: Some(here.ws_client_id().to_owned()),
                ..BrowserInput::default()
            };
            let begun = flow.begin(&auth, input).await.unwrap();
            let back = flow.consent(&begun).await;
            let late = other.connect().wait_for(&begun.attempt_id);
            let told = tokio::spawn(async move {
                let frame = here.result().await;
                let at = Instant::now();
                (frame, late.result().await, at)
            });
            waiting.push((number, begun.attempt_id, back, told));
        }
        let mut delays = Vec::new();
        for (number, attempt, back, told) in waiting {
            flow.complete(back).await.outcome.unwrap();
            let finished = Instant::now();
            let delay = async move {
                let (frame, by_attempt, at) = told.await.unwrap();
                assert!(
                    matches!(frame, ResultFrame::Success { .. }),
                    "{number}: {frame:?}"
                );
                assert_eq!(frame, by_attempt);
                at.saturating_duration_since(finished)
            };
            delays.push((attempt, tokio::spawn(delay)));
        }
        let mut sorted = Vec::new();
        for (attempt, delay) in delays {
            sorted.push(
                tokio::time::timeout(Duration::from_secs(5), delay)
                    .await
                    .unwrap()
                    .unwrap(),
            );
            let holder = ResultHolder::Session(auth.session().unwrap());
            let view = other.connect().attempt(holder, &attempt).await.unwrap().unwrap();
            assert!(view.result.is_some(), "and it is there for whoever comes late");
        }
        sorted.sort();
        println!(
            "{on:?}: {MANY} of {MANY} results, median {:?}, 90 % {:?}, slowest {:?}",
            sorted[MANY / 2],
            sorted[MANY * 9 / 10],
            sorted[MANY - 1]
        );
        assert!(sorted[MANY - 1] < Duration::from_secs(2), "{sorted:?}");
    })
    .await;
}
