// The whole page of somebody who embeds the published SDK: a button, and a place for what came of it.
import Nango, { AuthError } from "@nangohq/frontend";

const output = document.querySelector("output");

document.querySelector("button").addEventListener("click", async () => {
    const { settings, args } = JSON.parse(document.querySelector("textarea").value);
    try {
        const result = await new Nango(settings).auth(...args);
        output.textContent = JSON.stringify({ result });
    } catch (error) {
        const { type, message } = error;
        output.textContent = JSON.stringify({ error: { isAuthError: error instanceof AuthError, type, message } });
    }
});
