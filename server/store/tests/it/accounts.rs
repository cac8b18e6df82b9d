use terapi_model::{InvitationId, OperatorId, Role};
use terapi_store::{
    InvitationRow, MembershipRow, accounts, invitations, leases, memberships, operators, sign_in_failures,
};

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn operators_are_found_through_their_memberships() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let (first, second) = (fixture::account(&mut tx).await, fixture::account(&mut tx).await);
        let operator = fixture::operator("ada@example.com");
        operators::insert(&mut tx, &operator).await.unwrap();
        for (account, role, at) in [
            (&second, Role::Viewer, NOW),
            (&first, Role::Owner, NOW.plus_millis(1)),
        ] {
            let row = MembershipRow {
                account_id: account.id.clone(),
                operator_id: operator.id.clone(),
                role,
                created_at: at,
            };
            memberships::insert(&mut tx, &row).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut db = database.store.read().await.unwrap();
        let found = memberships::list_by_operator(&mut db, &operator.id)
            .await
            .unwrap();
        let found: Vec<_> = found.into_iter().map(|row| (row.account_id, row.role)).collect();
        assert_eq!(
            found,
            [(second.id.clone(), Role::Viewer), (first.id.clone(), Role::Owner)]
        );
        let members = memberships::list_by_account(&mut db, &first.id).await.unwrap();
        assert_eq!(members.len(), 1);
        let one = memberships::find(&mut db, &second.id, &operator.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(one.role, Role::Viewer);
        let stranger = OperatorId::mint(NOW, fixture::bits());
        assert_eq!(
            memberships::find(&mut db, &first.id, &stranger).await.unwrap(),
            None
        );
        assert_eq!(accounts::find(&mut db, &first.id).await.unwrap(), Some(first));
        assert_eq!(accounts::count(&mut db).await.unwrap(), 2);
    })
    .await;
}

fn invitation(account_id: Option<terapi_model::AccountId>, hash: &str) -> InvitationRow {
    InvitationRow {
        id: InvitationId::mint(NOW, fixture::bits()),
        token_hash: hash.to_owned(),
        account_id,
        email: Some("ada@example.com".into()),
        role: Role::Developer,
        created_at: NOW,
        expires_at: NOW.plus_seconds(60),
        consumed_at: None,
    }
}

#[tokio::test]
async fn an_invitation_works_once_and_not_after_its_end() {
    on_each(async |database| {
        let store = &database.store;
        let mut tx = store.begin().await.unwrap();
        let account = fixture::account(&mut tx).await;
        let (first, second) = (
            invitation(Some(account.id.clone()), "first"),
            invitation(Some(account.id.clone()), "second"),
        );
        invitations::insert(&mut tx, &first).await.unwrap();
        invitations::insert(&mut tx, &second).await.unwrap();
        tx.commit().await.unwrap();

        let tries: Vec<_> = (0..5)
            .map(|_| {
                let (store, id) = (store.clone(), first.id.clone());
                tokio::spawn(async move {
                    let mut tx = store.begin().await.unwrap();
                    let won = invitations::consume(&mut tx, &id, NOW.plus_seconds(1))
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                    won
                })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap());
        }
        assert_eq!(won, 1);
        let mut tx = store.begin().await.unwrap();
        assert!(
            !invitations::consume(&mut tx, &second.id, second.expires_at)
                .await
                .unwrap()
        );
        let found = invitations::find_by_hash(&mut tx, "first")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.consumed_at, Some(NOW.plus_seconds(1)));
        assert_eq!(
            invitations::find_by_hash(&mut tx, "second").await.unwrap(),
            Some(second)
        );
    })
    .await;
}

#[tokio::test]
async fn only_setup_links_nobody_used_are_removed() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let account = fixture::account(&mut tx).await;
        let used = invitation(None, "used");
        for row in [
            &used,
            &invitation(None, "unused"),
            &invitation(Some(account.id), "joining"),
        ] {
            invitations::insert(&mut tx, row).await.unwrap();
        }
        invitations::consume(&mut tx, &used.id, NOW).await.unwrap();
        assert_eq!(invitations::delete_unconsumed_setup(&mut tx).await.unwrap(), 1);
        assert!(
            invitations::find_by_hash(&mut tx, "used")
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            invitations::find_by_hash(&mut tx, "unused")
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            invitations::find_by_hash(&mut tx, "joining")
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn tries_made_at_once_do_not_slip_past_a_count_together() {
    on_each(async |database| {
        let tries = (0..8).map(|_| {
            let store = database.store.clone();
            tokio::spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let before = sign_in_failures::count_since(&mut tx, "a", NOW).await.unwrap();
                sign_in_failures::insert(&mut tx, "a", NOW).await.unwrap();
                tx.commit().await.unwrap();
                before
            })
        });
        let mut counted = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            counted.push(one.await.unwrap());
        }
        counted.sort_unstable();
        assert_eq!(counted, [0, 1, 2, 3, 4, 5, 6, 7]);
    })
    .await;
}

#[tokio::test]
async fn failed_sign_ins_are_counted_by_subject_and_time() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        for second in [0, 10, 20] {
            sign_in_failures::insert(&mut tx, "a", NOW.plus_seconds(second))
                .await
                .unwrap();
        }
        sign_in_failures::insert(&mut tx, "b", NOW).await.unwrap();
        let since = NOW.plus_seconds(10);
        assert_eq!(
            sign_in_failures::count_since(&mut tx, "a", since).await.unwrap(),
            2
        );
        assert_eq!(
            sign_in_failures::oldest_since(&mut tx, "a", since).await.unwrap(),
            Some(since)
        );
        assert_eq!(
            sign_in_failures::oldest_since(&mut tx, "c", since).await.unwrap(),
            None
        );
        assert_eq!(sign_in_failures::delete_before(&mut tx, since).await.unwrap(), 2);
        assert_eq!(sign_in_failures::count_since(&mut tx, "b", NOW).await.unwrap(), 0);
        sign_in_failures::delete_one(&mut tx, "a", since).await.unwrap();
        assert_eq!(sign_in_failures::count_since(&mut tx, "a", NOW).await.unwrap(), 1);
        sign_in_failures::delete_for(&mut tx, "a").await.unwrap();
        assert_eq!(sign_in_failures::count_since(&mut tx, "a", NOW).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_held_by_one_until_it_ends() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let until = NOW.plus_seconds(30);
        let later = until.plus_millis(1);
        assert!(leases::acquire(&mut tx, "sweep", "a", NOW, until).await.unwrap());
        assert!(
            !leases::acquire(&mut tx, "sweep", "b", until, later)
                .await
                .unwrap()
        );
        assert!(leases::acquire(&mut tx, "other", "b", NOW, until).await.unwrap());
        assert!(
            leases::acquire(&mut tx, "sweep", "a", NOW, until).await.unwrap(),
            "renewed"
        );
        assert!(
            leases::acquire(&mut tx, "sweep", "b", later, later.plus_seconds(30))
                .await
                .unwrap()
        );
        leases::release(&mut tx, "sweep", "a").await.unwrap();
        assert!(
            !leases::acquire(&mut tx, "sweep", "a", later, later)
                .await
                .unwrap()
        );
        leases::release(&mut tx, "sweep", "b").await.unwrap();
        assert!(
            leases::acquire(&mut tx, "sweep", "a", later, later)
                .await
                .unwrap()
        );
    })
    .await;
}
