// The whole page of somebody who opens the Connect UI: in a frame by the published SDK, or in a window of its own.
import Nango from "@nangohq/frontend";

const order = JSON.parse(decodeURIComponent(location.hash.slice(1) || "{}"));
const events = [];
const heard = (event) => {
    events.push(event);
    document.querySelector("output").textContent = JSON.stringify(events);
};

if (order.frame) {
    const nango = new Nango({ host: order.frame.apiURL });
    const ui = nango.openConnectUI({ ...order.frame, onEvent: heard });
    window.give = (token) => ui.setSessionToken(token);
}

document.querySelector("button").addEventListener("click", () => {
    addEventListener("message", ({ data, origin }) => {
        if (data.type === "ready" && order.window.token) {
            window.opened.postMessage({ type: "session_token", sessionToken: order.window.token }, origin);
        }
        heard({ ...data, origin });
    });
    window.opened = window.open(order.window.url, "connect", "popup,width=520,height=720");
});
