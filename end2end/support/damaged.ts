// An instance whose database was damaged while it was off: what nobody wants to see has to look right as well.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { environmentOf, owner } from "./account.ts";
import type { Acme } from "./acme.ts";
import { Rest } from "./rest.ts";
import { signIn, type SessionCookie } from "./sign-in.ts";
import { Terapi } from "./terapi.ts";

const METADATA = '{"damaged":true}';

export interface Damaged {
    terapi: Terapi;
    /** Somebody is signed in; a connection cannot be read, so that the list of them is a 500. */
    session: SessionCookie;
    /** A session that cannot be read: every page is a 503. */
    lostSession: SessionCookie;
    /** Of a session to renew the connection that cannot be read. */
    connectLink: string;
}

export async function damage(acme: Acme): Promise<Damaged> {
    const terapi = await Terapi.prepare();
    const account = terapi.bootstrap(owner);
    await terapi.start();
    const lostSession = await signIn(terapi.url, owner);
    const rest = new Rest(terapi.url, environmentOf(account, "dev").secret_key);
    const integration = await rest.createAcme(acme, "acme-api-key");
    const connection = await rest.connectWithKey(integration);
    await rest.must("POST", "/connections/metadata", {
        connection_id: connection,
        provider_config_key: integration,
        metadata: JSON.parse(METADATA),
    });
    const { data } = await rest.must("POST", "/connect/sessions/reconnect", {
        connection_id: connection,
        integration_id: integration,
    });
    const file = join(terapi.folder, "data", "terapi.db");
    await terapi.running.stop();
    const sound = readFileSync(file, "latin1");
    if (!sound.includes(METADATA)) throw new Error("there is nothing to be damaged");
    writeFileSync(file, sound.replaceAll(METADATA, '{"damaged":tru?}').replaceAll('"user_agent":"', '"user_agent":?'), "latin1");
    await terapi.start();
    return { terapi, lostSession, session: await signIn(terapi.url, owner), connectLink: data.connect_link };
}
