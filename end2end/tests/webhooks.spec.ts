// Webhooks as customers check them: with the published package, and as Standard Webhooks libraries do.
import { Nango } from "@nangohq/node";
import { createServer } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

import { Receiver, type Delivery } from "../matrix/receiver.ts";
import { environmentOf, owner } from "../support/account.ts";
import type { Acme } from "../support/acme.ts";
import { dev, url } from "../support/instance.ts";
import { freePort } from "../support/program.ts";
import { Rest, uniqueKey } from "../support/rest.ts";
import { Terapi } from "../support/terapi.ts";
import { expect, test as base } from "../support/test.ts";

const test = base.extend<{ receiver: Receiver }>({
    receiver: async ({}, use) => {
        const receiver = await Receiver.open();
        await use(receiver);
        await receiver.close();
    },
});

/** Connects an API key in a session whose webhooks go to the receiver. */
async function connect(rest: Rest, acme: Acme, receiver: Receiver): Promise<{ connection: string; delivery: Delivery }> {
    const integration = await rest.createAcme(acme, "acme-api-key");
    const path = `/${uniqueKey("hook")}`;
    const connection = await rest.connectWithKey(integration, {
        end_user: { id: "user-é", email: "ada@example.com", tags: { plan: "gold" } },
        organization: { id: "navy" },
        webhook_url_override: `${receiver.origin}${path}`,
    });
    return { connection, delivery: await receiver.deliveryTo(path) };
}

/** The check that docs/WEBHOOKS.md prefers. */
function passesStandard(key: string, { headers, body }: Delivery): boolean {
    const webhook = new Webhook(`whsec_${Buffer.from(key).toString("base64")}`);
    try {
        webhook.verify(body, headers as Record<string, string>);
        return true;
    } catch (error) {
        if (error instanceof WebhookVerificationError) return false;
        throw error;
    }
}

const verifier = (host: string, webhookSigningKey: string, secretKey: string) =>
    new Nango({ host, secretKey, webhookSigningKey });

test("a new connection is told to its webhook in a form that every check accepts", async ({ acme, rest, receiver }) => {
    const { connection, delivery } = await connect(rest, acme, receiver);
    const { headers, body } = delivery;
    const nango = verifier(url, dev.webhook_signing_key, dev.secret_key);

    const read = JSON.parse(body) as Record<string, unknown>;
    expect(read).toMatchObject({
        from: "nango",
        type: "auth",
        operation: "creation",
        success: true,
        connectionId: connection,
        provider: "acme-api-key",
        authMode: "API_KEY",
        environment: "dev",
        endUser: { endUserId: "user-é", endUserEmail: "ada@example.com", organizationId: "navy", tags: { plan: "gold" } },
    });
    expect(body).toBe(JSON.stringify(read));
    expect(Object.keys(read)).toEqual(Object.keys(read).sort());

    expect(headers["content-type"]).toBe("application/json");
    expect(nango.verifyIncomingWebhookRequest(body, headers)).toBe(true);
    expect(nango.verifyIncomingWebhookRequest(`${body} `, headers)).toBe(false);
    const signature = headers["x-nango-signature"] as string;
    expect(nango.verifyWebhookSignature(signature, read)).toBe(true);
    expect(nango.verifyWebhookSignature(signature, { ...read, success: false })).toBe(false);

    expect(passesStandard(dev.webhook_signing_key, delivery)).toBe(true);
    expect(passesStandard(dev.webhook_signing_key, { ...delivery, body: `${body} ` })).toBe(false);
    expect(headers["webhook-id"]).toMatch(/^msg_[a-z0-9]{26}$/);
    expect(Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"]))).toBeLessThan(60);
});

test("a rotated signing key signs from then on, and the old one no more", async ({ acme, receiver }) => {
    const terapi = await Terapi.start();
    try {
        const environment = environmentOf(terapi.bootstrap(owner), "dev");
        const rest = new Rest(terapi.url, environment.secret_key);
        const { data } = await rest.must("POST", "/environment/webhook-signing-key/rotate");
        expect(data.webhook_signing_key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

        const { delivery } = await connect(rest, acme, receiver);
        const { headers, body } = delivery;
        const passes = (key: string) =>
            verifier(terapi.url, key, environment.secret_key).verifyIncomingWebhookRequest(body, headers);
        expect(passes(data.webhook_signing_key)).toBe(true);
        expect(passes(environment.webhook_signing_key)).toBe(false);
        expect(passesStandard(data.webhook_signing_key, delivery)).toBe(true);
        expect(passesStandard(environment.webhook_signing_key, delivery)).toBe(false);
    } finally {
        await terapi.end();
    }
});

test("an event that its address did not take is sent again after a power cut", async ({ acme }) => {
    const terapi = await Terapi.start();
    const port = await freePort();
    const bodies: string[] = [];
    const late = createServer((request, response) => {
        request.on("data", (chunk: Buffer) => bodies.push(chunk.toString()));
        request.on("end", () => response.end());
    });
    try {
        const rest = new Rest(terapi.url, environmentOf(terapi.bootstrap(owner), "dev").secret_key);
        const integration = await rest.createAcme(acme, "acme-api-key");
        const connection = await rest.connectWithKey(integration, { webhook_url_override: `http://127.0.0.1:${port}/late` });
        await expect.poll(() => terapi.running.output).toContain("webhook not delivered");
        await terapi.crash();

        await new Promise<void>((done) => late.listen(port, "127.0.0.1", done));
        await expect.poll(() => bodies.length, { timeout: 15_000 }).toBe(1);
        expect(JSON.parse(bodies[0]!)).toMatchObject({ connectionId: connection, operation: "creation" });
    } finally {
        late.close();
        await terapi.end();
    }
});
