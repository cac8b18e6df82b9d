use terapi_broker::operators::SessionRecord;
use terapi_vault::hash::token_hash;

use crate::house::House;

#[tokio::test]
async fn a_sweep_removes_ended_sessions_and_old_failures_and_leaves_the_rest() {
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let rooms = house.broker.operators();
    for (id, days) in [("short", 1), ("long", 14)] {
        let session = SessionRecord {
            id_hash: token_hash(id),
            operator_id: Some(operator.id.clone()),
            record: "{}".into(),
            user_agent: "test".into(),
            address: None,
            expires_at: house.broker.now().plus_seconds(days * 86_400),
        };
        assert!(rooms.save_session(session, true).await.unwrap());
    }
    rooms
        .sign_in("ada@example.com", &"wrong".into(), "192.0.2.1".parse().unwrap())
        .await
        .unwrap_err();

    assert_eq!(house.broker.sweep().await.unwrap(), Some(Default::default()));
    house.clock.advance_seconds(2 * 86_400);
    let swept = house.broker.sweep().await.unwrap().unwrap();
    // Two for the sign-in, one for the sign-up.
    assert_eq!((swept.operator_sessions, swept.sign_in_failures), (1, 3));
}
