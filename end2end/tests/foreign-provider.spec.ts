// Both sides of the wire written by others: the browser SDK here, oidc-provider from npm there.
import { Nango } from "@nangohq/node";

import { dev, url } from "../support/instance.ts";
import { uniqueKey } from "../support/rest.ts";
import { CLIENT, SCOPES, SomebodyElsesProvider } from "../support/somebody-elses-provider.ts";
import { expect, test } from "../support/test.ts";

test("somebody else's authorization server is connected by somebody else's SDK, and its tokens are kept fresh", async ({
    customer,
    rest,
}) => {
    const provider = await SomebodyElsesProvider.start(`${url}/oauth/callback`);
    try {
        const integration = uniqueKey("generic-oauth2");
        await rest.must("POST", "/integrations", {
            provider: "generic-oauth2",
            unique_key: integration,
            credentials: { type: "OAUTH2", client_id: CLIENT.id, client_secret: CLIENT.secret, scopes: SCOPES },
            integration_config: {
                authorization_url: `${provider.issuer}/auth`,
                token_url: `${provider.issuer}/token`,
                base_url: provider.issuer,
            },
        });
        const { token } = await rest.openSession(integration);

        // This server hands out refresh tokens only when it was told to ask.
        const settings = { host: url, connectSessionToken: token };
        const options = { authorization_params: { prompt: "consent" } };
        const popup = await customer.pressForPopup(settings, integration, options);
        await popup.getByRole("button", { name: "Yes" }).click();
        const { result, error } = await customer.outcome();
        expect(error).toBeUndefined();

        const nango = new Nango({ host: url, secretKey: dev.secret_key });
        const connection = result!.connectionId;
        const first = await nango.getToken(integration, connection);
        expect(await nango.getToken(integration, connection)).toBe(first);
        await proves(provider, first as string);

        const second = await nango.getToken(integration, connection, true);
        expect(second).not.toBe(first);
        await proves(provider, second as string);

        // A token of one second has to be replaced from half its life on, with nobody asking for it.
        provider.accessTokenLife = 1;
        const brief = await nango.getToken(integration, connection, true);
        provider.accessTokenLife = 3600;
        await expect.poll(() => nango.getToken(integration, connection)).not.toBe(brief);
        await proves(provider, (await nango.getToken(integration, connection)) as string);
    } finally {
        await provider.stop();
    }
});

async function proves(provider: SomebodyElsesProvider, token: string): Promise<void> {
    const response = await fetch(`${provider.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toEqual({ sub: "ada" });
}
