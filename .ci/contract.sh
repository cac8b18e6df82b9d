# shellcheck shell=bash
# ./dev contract: server/openapi.json held against a running server by Schemathesis, which others
# wrote: at least 100 calls of every operation, sound and unsound, from a fixed seed. No answer may
# be a 5xx that the document does not promise, nor have a status, a type or a shape of its own.

CONTRACT_LISTEN=127.0.0.1:4014

contract() {
    need_rust
    need_schemathesis
    cargo build --package terapi --bin terapi
    local folder server
    folder=$(mktemp -d)
    TO_REMOVE+=("$folder")
    start_contract_server "$PWD/target/debug/terapi" "$folder"
    furnish_contract_server "$folder"
    say "calling every operation (report in target/contract)"
    schemathesis --config-file .ci/contract.toml run "http://$CONTRACT_LISTEN/openapi.json" \
        --report junit,html --report-dir target/contract "$@"
}

start_contract_server() {
    local terapi=$1 folder=$2
    ! port_answers "${CONTRACT_LISTEN##*:}" || die "something else listens on $CONTRACT_LISTEN"
    export TERAPI_LISTEN=$CONTRACT_LISTEN TERAPI_DATA_DIR=$folder/data TERAPI_LOG=warn
    unset TERAPI_DATABASE_URL TERAPI_RATE_LIMIT
    printf 'correct horse battery staple\n' > "$folder/password"
    "$terapi" admin bootstrap --email contract@example.com --password-file "$folder/password" --json > "$folder/account.json"
    CONTRACT_ACCOUNT_KEY=$("$terapi" admin account-key --email contract@example.com --name contract)
    # Of production and from outside: neither the environment nor the key can be deleted by a call.
    CONTRACT_KEY=$(< /proc/sys/kernel/random/uuid)
    CONTRACT_PUBLIC_KEY=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["environments"][1]["public_key"])' "$folder/account.json")
    export CONTRACT_ACCOUNT_KEY CONTRACT_KEY CONTRACT_PUBLIC_KEY TERAPI_SECRET_KEY_PROD=$CONTRACT_KEY
    "$terapi" serve > "$folder/log" 2>&1 &
    TO_STOP+=("$!")
    wait_for_port "${CONTRACT_LISTEN##*:}" || die "the server does not answer: $(tail -n 5 "$folder/log")"
}

contract_post() {
    curl -fsS -X POST "http://$CONTRACT_LISTEN$1" -H "Authorization: Bearer $CONTRACT_KEY" -H 'Content-Type: application/json' -d "$2"
}

# Something of each kind, so that calls have something to find.
furnish_contract_server() {
    local client='{"type": "OAUTH2", "client_id": "client", "client_secret": "secret", "scopes": "read"}'
    contract_post /integrations "{\"provider\": \"github\", \"unique_key\": \"github\", \"credentials\": $client}" >/dev/null
    contract_post /integrations "{\"provider\": \"zendesk\", \"unique_key\": \"zendesk\", \"credentials\": $client}" >/dev/null
    contract_post /integrations '{"provider": "generic-api-key", "unique_key": "key", "integration_config": {"base_url": "https://api.example.com"}}' >/dev/null
    contract_post /integrations '{"provider": "generic-basic", "unique_key": "basic", "integration_config": {"base_url": "https://api.example.com"}}' >/dev/null
    contract_post /connections '{"provider_config_key": "github", "connection_id": "c1", "credentials": {"type": "OAUTH2", "access_token": "token"}}' >/dev/null
    contract_post /connections '{"provider_config_key": "key", "connection_id": "c2", "credentials": {"type": "API_KEY", "apiKey": "key"}}' >/dev/null
    contract_post /connections '{"provider_config_key": "basic", "connection_id": "c3", "credentials": {"type": "BASIC", "username": "u", "password": "p"}}' >/dev/null
    CONTRACT_SESSION=$(contract_session)
    CONTRACT_SPENT_SESSION=$(contract_session)
    export CONTRACT_SESSION CONTRACT_SPENT_SESSION
}

contract_session() {
    contract_post /connect/sessions '{"end_user": {"id": "contract"}}' |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["token"])'
}
