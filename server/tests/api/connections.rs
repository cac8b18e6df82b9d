use serde_json::{Value, json};
use terapi_broker::Clock;
use terapi_testkit::{Answer as Scripted, DEMO_API_KEY};

use crate::app::{TestApp, for_u1};

async fn connected() -> (TestApp, String) {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let id = app.connect_key(for_u1()).await;
    (app, id)
}

async fn authorized() -> (TestApp, String) {
    let app = TestApp::spawn().await;
    app.acme().await;
    let id = app.connect_oauth(for_u1()).await;
    (app, id)
}

fn at(id: &str) -> String {
    format!("/connections/{id}?provider_config_key=acme-key")
}

#[tokio::test]
async fn a_connection_is_listed_and_fetched() {
    let (app, id) = connected().await;
    let end_user = json!({
        "id": "u1", "display_name": "User One", "email": "u1@example.com", "tags": null, "organization": null,
    });
    let tags =
        json!({"end_user_id": "u1", "end_user_email": "u1@example.com", "end_user_display_name": "User One"});

    let listed = app.key().get("/connections").await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let mut item = listed.body["connections"][0].clone();
    let number = item["id"].take();
    assert!(number.is_i64());
    assert_eq!(
        item,
        json!({
            "id": null, "connection_id": id, "provider_config_key": "acme-key", "provider": "acme-api-key",
            "errors": [], "end_user": end_user, "tags": tags, "metadata": item["metadata"],
            "created": "2026-08-21T10:11:12.000+00:00",
        })
    );

    app.clock.advance_seconds(60);
    let got = app.key().get(&at(&id)).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.header("cache-control"), "no-store");
    assert_eq!(
        got.body,
        json!({
            "id": number, "connection_id": id, "provider_config_key": "acme-key", "provider": "acme-api-key",
            "errors": [], "end_user": end_user, "tags": tags, "metadata": item["metadata"],
            "connection_config": {}, "webhook_url_override": null,
            "created_at": "2026-08-21T10:11:12.000+00:00", "updated_at": got.body["updated_at"],
            "last_fetched_at": "2026-08-21T10:12:12.000+00:00",
            "credentials": {"type": "API_KEY", "apiKey": DEMO_API_KEY},
        })
    );
    let alias = app
        .key()
        .get(&format!("/connection/{id}?provider_config_key=acme-key"))
        .await;
    assert_eq!(alias.body["credentials"], got.body["credentials"]);
}

#[tokio::test]
async fn the_nodes_four_parameters_are_taken_as_words() {
    let (app, id) = connected().await;
    for word in [
        "true", "TRUE", "1", "yes", "on", "y", "enabled", "false", "0", "no", "off", "n", "disabled",
    ] {
        let path = format!(
            "{}&force_refresh={word}&refresh_token={word}&refresh_github_app_jwt_token={word}",
            at(&id)
        );
        assert_eq!(app.key().get(&path).await.status, 200, "{word}");
    }
}

#[tokio::test]
async fn failures_of_a_fetch_are_told_apart() {
    let (app, id) = connected().await;
    for (path, wanted) in [
        (format!("/connections/{id}"), (400, "invalid_query_params")),
        (format!("{}&surprise=1", at(&id)), (400, "invalid_query_params")),
        (
            format!("{}&force_refresh=maybe", at(&id)),
            (400, "invalid_query_params"),
        ),
        (
            format!("/connections/{id}?provider_config_key=a%2Fb"),
            (400, "invalid_query_params"),
        ),
        (
            format!("/connections/{id}?provider_config_key=a&provider_config_key=b"),
            (400, "invalid_query_params"),
        ),
        (
            "/connections/%00?provider_config_key=acme-key".to_owned(),
            (400, "invalid_uri_params"),
        ),
        (at(&"x".repeat(256)), (400, "invalid_uri_params")),
        (
            format!("/connections/{id}?provider_config_key=nobody"),
            (400, "unknown_provider_config"),
        ),
        (at("nobody"), (404, "not_found")),
        (at("metadata"), (404, "not_found")),
    ] {
        let got = app.key().get(&path).await;
        assert_eq!(got.failure(), wanted, "{path}: {got:?}");
    }
}

#[tokio::test]
async fn an_id_is_percent_decoded() {
    let (app, _) = connected().await;
    let got = app.key().get(&at("a%2Fb%20c")).await;
    assert_eq!(got.failure(), (404, "not_found"), "a legal id that nobody has");
}

#[tokio::test]
async fn credentials_need_their_own_scope() {
    let (app, id) = connected().await;
    let reader = app.scoped(&["environment:connections:read"]).await;
    let got = app.bearer(&reader).get(&at(&id)).await;
    assert_eq!((got.status.as_u16(), &got.body["credentials"]), (200, &json!({})));
    for flag in ["force_refresh", "refresh_token", "refresh_github_app_jwt_token"] {
        let got = app.bearer(&reader).get(&format!("{}&{flag}=true", at(&id))).await;
        assert_eq!(got.failure(), (403, "forbidden"), "{flag}");
        let got = app
            .bearer(&reader)
            .get(&format!("{}&{flag}=false", at(&id)))
            .await;
        assert_eq!(got.status, 200, "{flag}");
    }
    // Query and path are judged before the scope.
    let powerless = app.scoped(&["environment:mcp"]).await;
    assert_eq!(
        app.bearer(&powerless)
            .get(&format!("/connections/{id}"))
            .await
            .failure(),
        (400, "invalid_query_params")
    );
}

#[tokio::test]
async fn a_long_list_comes_whole_and_in_order_also_in_parts() {
    let app = TestApp::spawn().await;
    app.acme().await;
    for number in 0..205 {
        let import = json!({
            "provider_config_key": "acme", "connection_id": format!("c-{number}"),
            "credentials": {"type": "OAUTH2", "access_token": "t"}, "metadata": {"number": number},
        });
        assert_eq!(app.key().post("/connections", import).await.status, 201);
    }
    let listed = async |query: &str| -> Vec<Value> {
        let got = app.key().get(&format!("/connections{query}")).await;
        assert_eq!(got.header("content-type"), "application/json");
        got.body["connections"].as_array().unwrap().clone()
    };
    let whole = listed("").await;
    assert_eq!(whole.len(), 205);
    let mut by_pages = listed("?limit=150").await;
    by_pages.extend(listed("?limit=150&page=1").await);
    assert_eq!(whole, by_pages);
    assert_eq!(listed("?limit=203").await, whole[..203]);
    assert_eq!(listed("?limit=202&page=1").await, whole[202..]);
    assert_eq!(listed("?limit=200").await, whole[..200]);
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let (app, first) = connected().await;
    app.acme().await;
    app.clock.advance_seconds(1);
    let second = app.connect_key(json!({
        "end_user": {"id": "u2", "email": "two@example.com"}, "organization": {"id": "o2"}, "tags": {"Plan": "Pro"},
    }))
    .await;
    let ids = async |query: &str| -> Vec<String> {
        let got = app.key().get(&format!("/connections{query}")).await;
        assert_eq!(got.status, 200, "{query}: {got:?}");
        let list = got.body["connections"].as_array().unwrap().clone();
        list.iter()
            .map(|item| item["connection_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (one, two, both) = (
        vec![first.clone()],
        vec![second.clone()],
        vec![second.clone(), first.clone()],
    );
    assert_eq!(ids("").await, both, "newest first");
    for (query, wanted) in [
        (format!("?connectionId={first}"), &one),
        ("?search=USER+ONE".to_owned(), &one),
        ("?search=two%40example".to_owned(), &two),
        ("?endUserId=u2".to_owned(), &two),
        ("?endUserOrganizationId=o2".to_owned(), &two),
        ("?email=two@example.com".to_owned(), &two),
        ("?integrationId=acme,+acme-key".to_owned(), &both),
        ("?integrationIds=acme-key".to_owned(), &both),
        ("?integrationId=acme".to_owned(), &vec![]),
        ("?tags[plan]=Pro".to_owned(), &two),
        ("?tags%5BPLAN%5D=Pro&tags%5Bend_user_id%5D=u2".to_owned(), &two),
        ("?tags[plan]=Pro&tags[end_user_id]=u1".to_owned(), &vec![]),
        ("?limit=1".to_owned(), &two),
        ("?limit=1&page=1".to_owned(), &one),
        ("?limit=1&page=2".to_owned(), &vec![]),
        ("?search=%25".to_owned(), &vec![]),
    ] {
        assert_eq!(&ids(&query).await, wanted, "{query}");
    }
    let many = format!("?integrationId={}", "a,".repeat(1001));
    for (query, issue) in [
        ("?limit=0", "too_small limit"),
        ("?limit=2001", "too_big limit"),
        ("?limit=x", "invalid_type limit"),
        ("?page=-1", "too_small page"),
        ("?search=", "too_small search"),
        ("?search=a%00", "invalid_format search"),
        ("?tags[a]=%00", "invalid_format tags.a"),
        ("?connectionId[]=a&connectionId[]=b", "invalid_type connectionId"),
        ("?tags=a", "invalid_type tags"),
        ("?tags[1]=a", "invalid_type tags"),
        ("?tags[a%20b]=a", "invalid_key tags.a b"),
        ("?integrationId=,", "too_small integrationId"),
        (many.as_str(), "too_big integrationId"),
        ("?surprise=1", "unrecognized_keys "),
    ] {
        let got = app.key().get(&format!("/connections{query}")).await;
        assert_eq!(got.failure(), (400, "invalid_query_params"), "{query}");
        assert_eq!(got.issues(), [issue], "{query}");
    }
}

#[tokio::test]
async fn a_connection_is_changed() {
    let (app, id) = connected().await;
    let body = json!({"end_user": {"id": "u9"}, "tags": {"Plan": "Pro"}, "webhook_url_override": "https://hooks.example.com/x"});
    let changed = app.key().patch(&at(&id), body).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.body),
        (200, &json!({"success": true})),
        "{changed:?}"
    );
    let got = app.key().get(&at(&id)).await.body;
    assert_eq!(got["tags"], json!({"end_user_id": "u9", "plan": "Pro"}));
    assert_eq!(got["end_user"]["id"], "u9");
    assert_eq!(got["webhook_url_override"], "https://hooks.example.com/x");
    assert_eq!(
        app.key()
            .patch(&at(&id), json!({"webhook_url_override": ""}))
            .await
            .status,
        200
    );
    assert_eq!(
        app.key().get(&at(&id)).await.body["webhook_url_override"],
        Value::Null
    );
    assert_eq!(app.key().patch(&at(&id), json!({})).await.status, 200);

    for (path, body, wanted) in [
        (
            format!("/connections/{id}"),
            json!({}),
            (400, "invalid_query_params"),
        ),
        (
            format!("/connections/{id}?provider_config_key=nobody"),
            json!({}),
            (400, "unknown_provider_config"),
        ),
        (at("nobody"), json!({}), (404, "not_found")),
        (at(&id), json!({"surprise": 1}), (400, "invalid_body")),
        (at(&id), json!({"tags": {"a": 1}}), (400, "invalid_body")),
        (
            at(&id),
            json!({"webhook_url_override": "http://169.254.169.254/"}),
            (400, "invalid_body"),
        ),
    ] {
        let got = app.key().patch(&path, body).await;
        assert_eq!(got.failure(), wanted, "{path}: {got:?}");
    }
}

#[tokio::test]
async fn a_connection_is_deleted_once() {
    let (app, id) = connected().await;
    let deleted = app.key().delete(&at(&id)).await;
    assert_eq!(
        (deleted.status.as_u16(), &deleted.body),
        (200, &json!({"success": true}))
    );
    assert_eq!(
        app.key().delete(&at(&id)).await.failure(),
        (400, "unknown_connection")
    );
    assert_eq!(app.key().get(&at(&id)).await.failure(), (404, "not_found"));
    let nobody = app
        .key()
        .delete(&format!("/connections/{id}?provider_config_key=nobody"))
        .await;
    assert_eq!(nobody.failure(), (400, "unknown_connection"));
    assert_eq!(
        app.key().delete(&format!("/connections/{id}")).await.failure(),
        (400, "invalid_query_params")
    );
}

#[tokio::test]
async fn metadata_is_replaced_and_merged_for_all_or_none() {
    let (app, first) = connected().await;
    let second = app.connect_key(for_u1()).await;
    let body = |ids: Value, metadata: Value| json!({"connection_id": ids, "provider_config_key": "acme-key", "metadata": metadata});
    let read = async |id: &str| app.key().get(&at(id)).await.body["metadata"].clone();

    let both = body(json!([first, second]), json!({"a": 1, "deep": {"x": 1}}));
    let set = app.key().post("/connections/metadata", both.clone()).await;
    assert_eq!((set.status.as_u16(), &set.body), (201, &both));
    assert_eq!(read(&second).await, json!({"a": 1, "deep": {"x": 1}}));

    let one = body(json!(first), json!({"deep": {"y": 2}}));
    let merged = app.key().patch("/connection/metadata", one.clone()).await;
    assert_eq!((merged.status.as_u16(), &merged.body), (200, &one));
    assert_eq!(read(&first).await, json!({"a": 1, "deep": {"y": 2}}), "shallow");

    let half = body(json!([first, "nobody"]), json!({"b": 1}));
    assert_eq!(
        app.key().post("/connections/metadata", half).await.failure(),
        (404, "unknown_connection")
    );
    assert_eq!(
        read(&first).await,
        json!({"a": 1, "deep": {"y": 2}}),
        "nothing was changed"
    );
    assert_eq!(
        app.key()
            .post("/connections/metadata", body(json!([]), json!({})))
            .await
            .status,
        201
    );

    for (body, issue) in [
        (json!({}), "invalid_type connection_id"),
        (body(json!(7), json!({})), "invalid_union connection_id"),
        (body(json!(["ok", ""]), json!({})), "too_small connection_id.1"),
        (body(json!(first), json!([])), "invalid_type metadata"),
        (body(json!(first), Value::Null), "invalid_type metadata"),
        (body(json!(first), json!({"a": "\0"})), "invalid_format metadata"),
        (
            body(json!(first), json!({"a": "x".repeat(256 * 1024)})),
            "too_big metadata",
        ),
    ] {
        let got = app.key().post("/connections/metadata", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{issue}");
        assert_eq!(got.issues()[0], issue);
    }
}

#[tokio::test]
async fn an_id_may_be_metadata() {
    let (app, _) = connected().await;
    for path in ["/connections/metadata", "/connection/metadata"] {
        let path = format!("{path}?provider_config_key=acme-key");
        assert_eq!(app.key().get(&path).await.failure(), (404, "not_found"));
        assert_eq!(
            app.key().delete(&path).await.failure(),
            (400, "unknown_connection")
        );
    }
}

#[tokio::test]
async fn an_oauth_connection_hides_its_refresh_token_until_asked() {
    let (app, id) = authorized().await;
    let path = format!("/connections/{id}?provider_config_key=acme");
    let got = app.key().get(&path).await;
    assert_eq!(got.status, 200, "{got:?}");
    let credentials = &got.body["credentials"];
    assert_eq!(credentials["type"], "OAUTH2");
    assert!(credentials["access_token"].is_string());
    assert!(credentials["expires_at"].as_str().unwrap().ends_with('Z'));
    assert!(!credentials.to_string().contains("refresh_token"));
    let shown = app.key().get(&format!("{path}&refresh_token=true")).await.body["credentials"].clone();
    assert!(shown["refresh_token"].is_string());
    assert_eq!(shown["raw"]["refresh_token"], shown["refresh_token"]);
}

#[tokio::test]
async fn a_forced_refresh_brings_another_token() {
    let (app, id) = authorized().await;
    let path = format!("/connections/{id}?provider_config_key=acme");
    let before = app.key().get(&path).await.body;
    app.clock.advance_seconds(60);
    let after = app.key().get(&format!("{path}&force_refresh=true")).await;
    assert_eq!(after.status, 200, "{after:?}");
    assert_ne!(
        after.body["credentials"]["access_token"],
        before["credentials"]["access_token"]
    );
    assert!(
        after.body["updated_at"].as_str() > before["updated_at"].as_str(),
        "{after:?}"
    );
    assert_eq!(app.acme.counters().refreshes, 1);
}

#[tokio::test]
async fn credentials_that_cannot_be_served_name_the_connection() {
    let (app, id) = authorized().await;
    app.acme.revoke_grants();
    app.clock.advance_seconds(24 * 60 * 60);
    let path = format!("/connections/{id}?provider_config_key=acme");
    let got = app.key().get(&path).await;
    assert_eq!(got.failure(), (400, "invalid_credentials"), "{got:?}");
    let connection = &got.body["error"]["payload"]["connection"];
    assert_eq!(connection["connection_id"], id);
    assert_eq!(connection["credentials"], json!({}));
    assert_eq!(connection["errors"][0]["type"], "auth");
    assert!(
        connection["errors"][0]["log_id"]
            .as_str()
            .unwrap()
            .starts_with("opn_")
    );
    assert_eq!(got.body["error"]["log_id"], connection["errors"][0]["log_id"]);

    let again = app.key().get(&path).await;
    assert_eq!(again.failure(), (424, "invalid_credentials"), "{again:?}");
    let listed = app.key().get("/connections").await;
    assert_eq!(listed.body["connections"][0]["errors"][0]["type"], "auth");
}

#[tokio::test]
async fn a_provider_in_trouble_is_not_the_users_fault() {
    let (app, id) = authorized().await;
    app.clock.advance_seconds(24 * 60 * 60);
    app.acme.script(|script| {
        script
            .refresh_once
            .push_back(Scripted::RateLimited { retry_after: 30 })
    });
    let path = format!("/connections/{id}?provider_config_key=acme");
    let got = app.key().get(&path).await;
    assert_eq!(got.failure(), (400, "invalid_credentials"), "{got:?}");
    let soon = app.key().get(&path).await;
    assert_eq!(
        soon.failure(),
        (424, "invalid_credentials"),
        "not asked again at once: {soon:?}"
    );
    assert_eq!(soon.header("retry-after"), "30");
    app.clock.advance_seconds(60);
    assert_eq!(app.key().get(&path).await.status, 200, "and all is well later");
}

#[tokio::test]
async fn a_token_is_renewed_when_it_lives_for_less_than_is_asked() {
    let (app, id) = authorized().await;
    let path = format!("/connections/{id}?provider_config_key=acme");
    let token = async |more: &str| {
        let got = app.key().get(&format!("{path}{more}")).await;
        assert_eq!(got.status, 200, "{more}: {got:?}");
        got.body["credentials"]["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = token("").await;
    // Acme's tokens live for an hour.
    assert_eq!(token("&min_ttl=3600").await, first);
    app.clock.advance_seconds(600);
    assert_eq!(token("&min_ttl=3000").await, first);
    let second = token("&min_ttl=3001").await;
    assert_ne!(second, first);
    app.clock.advance_seconds(2700);
    assert_eq!(
        token("&min_ttl=0").await,
        second,
        "also when the usual margin would have it renewed"
    );

    for (value, issue) in [
        ("-1", "too_small min_ttl"),
        ("604801", "too_big min_ttl"),
        ("soon", "invalid_type min_ttl"),
        ("", "invalid_type min_ttl"),
        ("1.5", "invalid_type min_ttl"),
    ] {
        let got = app.key().get(&format!("{path}&min_ttl={value}")).await;
        assert_eq!(got.failure(), (400, "invalid_query_params"), "{value}");
        assert_eq!(got.issues(), [issue]);
    }
    let reader = app.scoped(&["environment:connections:read"]).await;
    let got = app.bearer(&reader).get(&format!("{path}&min_ttl=60")).await;
    assert_eq!(got.failure(), (403, "forbidden"));
}

#[tokio::test]
async fn an_imported_token_that_lives_for_less_than_is_asked_is_not_served() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let body = json!({
        "provider_config_key": "acme", "connection_id": "moved",
        "credentials": {
            "type": "OAUTH2", "access_token": "a", "refresh_token": "nobody's",
            "expires_at": app.clock.now().plus_seconds(1200).to_rfc3339(),
        },
    });
    assert_eq!(app.key().post("/connections", body).await.status, 201);
    let read = async |more: &str| {
        let path = format!("/connections/moved?provider_config_key=acme{more}");
        app.key().get(&path).await
    };
    assert_eq!(read("&min_ttl=1200").await.status, 200);
    let refused = read("&min_ttl=1201").await;
    assert_eq!(refused.failure(), (400, "invalid_credentials"), "{refused:?}");
}

#[tokio::test]
async fn scopes_that_were_not_granted_are_named_when_the_provider_says_so() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let missing = async |id: String| {
        let path = format!("/connections/{id}?provider_config_key=acme");
        let got = app.key().get(&path).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.body.get("missing_scopes").cloned()
    };
    let all = app.connect_oauth(for_u1()).await;
    assert_eq!(missing(all).await, Some(json!([])));
    app.acme
        .script(|script| script.granted_scopes = Some(vec!["profile".to_owned()]));
    let some = app.connect_oauth(for_u1()).await;
    assert_eq!(
        missing(some).await,
        Some(json!(["contacts.read", "offline_access"]))
    );
    let body = json!({"provider_config_key": "acme", "credentials": {"type": "OAUTH2", "access_token": "a"}});
    let imported = app.key().post("/connections", body).await.body;
    assert!(imported.get("missing_scopes").is_none());
    let id = imported["connection_id"].as_str().unwrap().to_owned();
    assert_eq!(missing(id).await, None, "nobody said what was granted");
}
