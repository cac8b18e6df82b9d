// The Connect UI's script. Views come from the server as HTML; this asks for them, shows them, opens the provider's
// window and talks to the page that opened this one. Without it, the same links and forms work by themselves.
"use strict";
(() => {
    const root = document.documentElement;
    const query = new URLSearchParams(location.search);
    // The path beneath which this instance is.
    const base = location.pathname.replace(/\/connect\/ui(\/(start)?)?$/, "");
    const framed = window.parent !== window;
    // The page that opened this one: the only one that is listened to, and told anything.
    const host = framed ? window.parent : window.opener;
    const preview = root.hasAttribute("data-preview");
    const detectsClosing = query.get("detectClosedAuthWindow") === "true";
    const byId = (id) => document.getElementById(id);
    const room = () => byId("connect");
    const find = (selector) => room().querySelector(selector);
    const findAll = (selector) => [...room().querySelectorAll(selector)];
    const words = (name) => byId("t-texts").content.querySelector(`[data-text=${name}]`).textContent;

    // A form that was sent before this ran has led to an address that says less: the view itself says the rest.
    const carried = [...document.querySelectorAll("#connect form [type=hidden]")].map(({ name, value }) => [name, value]);
    const led = document.querySelector("#connect a[data-view]");
    if (led) carried.push(...new URL(led.href).searchParams);
    for (const [name, value] of carried) if (!query.has(name)) query.set(name, value);

    // Kept in memory: an address is seen, copied and remembered.
    let token = query.get("session_token");
    const shown = new URL(location.href);
    shown.searchParams.delete("session_token");
    // Nobody comes back to an answered form.
    shown.pathname = shown.pathname.replace(/\/start$/, "/");
    history.replaceState(null, "", shown);
    let origin = null;
    let busy = false;
    let touched = false;
    let run = null;
    let chosen = null;
    let searched = "";
    let last = null;
    let asking = 0;
    let sheet = null;
    let typed = null;

    // --- the page around this one -------------------------------------------------------------

    // Who a token came from hears of everything, by its exact origin. Who embedded a link is known by its address.
    function audience() {
        if (origin !== null) return origin;
        if (!host) return null;
        const around = framed && location.ancestorOrigins?.[0];
        if (around) return around === "null" ? null : around;
        try {
            return new URL(document.referrer).origin;
        } catch {
            return null;
        }
    }

    function tell(type, payload) {
        const to = audience();
        if (preview || !host || to === null) return;
        try {
            host.postMessage(payload === undefined ? { type } : { type, payload }, to);
        } catch {
            // An origin that nothing can be addressed to.
        }
    }

    function hear(event) {
        const message = event.data;
        if (message === null || typeof message !== "object") return;
        if (message.type === "session_token") hearToken(event, message.sessionToken);
        else if (message.type === "settings_changed") hearSettings(event, message.payload);
        else if (/^nango_oauth_callback_(success|error)$/.test(message.type)) hearCallback(event);
    }

    function hearToken(event, given) {
        if (preview || !host || event.source !== host || typeof given !== "string" || given === "") return;
        // Once somebody has been listened to, nobody else is.
        if (origin !== null && event.origin !== origin) return;
        if (event.origin === "null") return;
        origin = event.origin;
        if (given === token) return;
        token = given;
        report("open");
        load(address({}), { entering: true });
    }

    function hearSettings(event, payload) {
        if (!preview || event.source !== host || event.origin !== location.origin) return;
        load(address({ settings: JSON.stringify(payload) }), { quiet: true });
    }

    // Only a hint: what became of the attempt is asked of the server.
    function hearCallback(event) {
        if (event.origin !== location.origin || run === null) return;
        event.source?.postMessage({ type: "nango_oauth_callback_ack" }, event.origin);
        look(run);
    }

    function report(event, integration) {
        if (preview || !token) return;
        const body = { token, event, timestamp: new Date().toISOString() };
        if (integration) body.dimensions = { integration };
        const blob = new Blob([JSON.stringify(body)], { type: "application/json" });
        navigator.sendBeacon(`${base}/connect/telemetry`, blob);
    }

    // --- asking for views ---------------------------------------------------------------------

    function address(more) {
        const url = new URL(`${base}/connect/ui/`, location.origin);
        for (const name of ["lang", "theme", "return_url", "detectClosedAuthWindow", "pseudo", "preview", "embedded", "view"]) {
            if (query.has(name)) url.searchParams.set(name, query.get(name));
        }
        for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
        return url.href;
    }

    function ask(url, options = {}) {
        const headers = { "Terapi-View": "1", ...options.headers };
        if (token) headers.Authorization = `Bearer ${token}`;
        // Who frames this page and cannot be named is nobody whom an environment allows.
        const to = audience() ?? (framed ? "null" : null);
        if (to !== null && !preview) headers["Terapi-Origin"] = to;
        const bare = new URL(url, location.origin);
        bare.searchParams.delete("session_token");
        return fetch(bare, { ...options, headers, credentials: "omit", cache: "no-store" });
    }

    async function load(url, how = {}) {
        const mine = ++asking;
        last = () => load(url, how);
        const slow = setTimeout(() => room().setAttribute("data-busy", ""), 200);
        try {
            const answer = await ask(url);
            const html = await answer.text();
            if (mine !== asking) return;
            if (!answer.headers.has("Terapi-View")) throw new Error("not a view");
            if (how.push && !framed) {
                const to = new URL(how.push);
                to.searchParams.delete("session_token");
                history.pushState(null, "", to);
            }
            show(html, how);
        } catch {
            if (mine === asking) say("t-offline", "offline");
        } finally {
            clearTimeout(slow);
            room().removeAttribute("data-busy");
        }
    }

    function show(html, how = {}) {
        const holder = document.createElement("template");
        holder.innerHTML = html;
        const next = holder.content.getElementById("connect");
        if (next === null) throw new Error("not a view");
        room().replaceWith(next);
        dress(how);
    }

    // A view that needs no server.
    function say(template, state) {
        find(".connect-body").replaceChildren(byId(template).content.cloneNode(true));
        room().dataset.state = state;
        dress();
    }

    // There is no token: the page forgot it when it was loaded anew or come back to, or never had one.
    function sayWhy() {
        const how = performance.getEntriesByType("navigation")[0]?.type;
        if (how === "reload" || how === "back_forward") say("t-reloaded", "reloaded");
        else say("t-direct", "direct");
    }

    // --- showing them -------------------------------------------------------------------------

    function dress(how = {}) {
        const { state, title, look: theme, style, key } = room().dataset;
        busy = false;
        // Whoever goes back while the window is open is told all the same.
        if (state !== "form" && state !== "list") run = null;
        if (title) document.title = title;
        if (theme && !root.hasAttribute("data-theme-asked")) root.dataset.theme = theme;
        if (style) {
            if (sheet === null) {
                sheet = new CSSStyleSheet();
                document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
            }
            sheet.replaceSync(style);
        }
        const opened = Boolean(host) && !preview;
        const inWindow = !leavesPage();
        for (const element of findAll("[data-close], [data-opened]")) element.hidden = !opened;
        if (preview) find("[data-close]").hidden = false;
        for (const element of findAll("[data-alone]")) element.hidden = opened;
        for (const element of findAll("[data-in-window]")) element.hidden = !inWindow;
        for (const element of findAll("[data-in-page]")) {
            if (find("[data-in-window]")) element.hidden = inWindow;
        }
        for (const element of findAll("[data-reveal], [data-copy]")) element.hidden = false;
        if (framed && !preview) asDialog();
        if (state === "list") restoreSearch();
        if (state === "form") restoreTyped(key);
        if (!how.quiet && !preview) focus(state, how);
        follow(state, key);
    }

    function asDialog() {
        const heading = find("h1");
        const card = find("[data-card]");
        card.setAttribute("role", "dialog");
        card.setAttribute("aria-modal", "true");
        if (heading) {
            heading.id ||= "heading";
            card.setAttribute("aria-labelledby", heading.id);
        }
    }

    function focus(state, how) {
        const back = state === "list" && chosen !== null && find(`[data-choose="${CSS.escape(chosen)}"]`);
        // Who tries again has to type what is secret once more.
        const target = back || (how.again && find("[data-field] input[type=password]")) || find("[data-focus]");
        // A document of its own begins where its reader is.
        if (how.first && !framed && state !== "form") return;
        (target || find("[data-card]")).focus({ preventScroll: how.first });
    }

    // What a view means to whoever counts, and to the page around.
    function follow(state, key) {
        const { connection, pending, errorType, errorMessage } = room().dataset;
        if (state === "list") report("view:list");
        else if (state === "form") report("view:integration", key);
        else if (state === "success") {
            touched = false;
            typed = null;
            report("view:success", key);
            if (connection) {
                const payload = { providerConfigKey: key, connectionId: connection };
                if (pending) payload.isPending = true;
                tell("connect", payload);
            }
        } else if (errorType) {
            const refused = errorType === "connection_test_failed";
            report(refused ? "view:credentials_error" : "view:unknown_error", key);
            tell("error", { errorType, errorMessage });
            // Who may not use the session does not keep it.
            if (state === "not-allowed") token = null;
        }
    }

    function announce(text) {
        byId("live").textContent = text;
    }

    // --- search -------------------------------------------------------------------------------

    function filter(wanted) {
        searched = wanted;
        const needle = wanted.trim().toLowerCase();
        let count = 0;
        for (const line of findAll("[data-name]")) {
            line.hidden = !line.dataset.name.includes(needle);
            if (!line.hidden) count += 1;
        }
        const none = find("[data-none]");
        const said = find("[data-none-text]");
        none.hidden = count > 0;
        said.textContent = said.dataset.noneText.replace("#", () => wanted.trim());
        announce(count > 0 ? find("[data-list]").dataset.found.replace("#", count) : said.textContent);
    }

    function restoreSearch() {
        const box = byId("search");
        if (box === null || searched === "") return;
        box.value = searched;
        filter(searched);
    }

    // --- the form -----------------------------------------------------------------------------

    function complain(control, text) {
        const problem = byId(`problem-${control.name}`);
        problem.querySelector("span").textContent = text ?? "";
        problem.hidden = text === null;
        if (text === null) control.removeAttribute("aria-invalid");
        else control.setAttribute("aria-invalid", "true");
    }

    // What is wrong with a value, as far as this side can tell; the server looks again.
    function wrong(control) {
        const { missing, bad, pattern } = control.dataset;
        const value = control.name === "credentials.password" ? control.value : control.value.trim();
        if (value === "") return missing ?? null;
        if (pattern !== undefined) {
            try {
                if (!new RegExp(pattern).test(value)) return bad;
            } catch {
                // A dialect that this browser does not know.
            }
        }
        return null;
    }

    // Who pastes a whole address where a part of one is asked, meant that part.
    function trim(control) {
        const { prefix, suffix } = control.dataset;
        let value = control.value.trim();
        if (prefix && value.toLowerCase().startsWith(prefix.toLowerCase())) value = value.slice(prefix.length);
        const at = suffix ? value.toLowerCase().indexOf(suffix.toLowerCase()) : -1;
        if (at >= 0) value = value.slice(0, at);
        if ((prefix || suffix) && value !== control.value) control.value = value;
    }

    const controls = (form) => [...form.querySelectorAll("[data-field] input, [data-field] select")];

    function check(form) {
        let first = null;
        for (const control of controls(form)) {
            trim(control);
            const problem = wrong(control);
            complain(control, problem);
            if (problem !== null) first ??= control;
        }
        first?.focus();
        return first === null;
    }

    // What was typed that is no secret outlives the view, for who tries again.
    function remember(form, key) {
        const plain = controls(form).filter((control) => find(`[data-reveal="${CSS.escape(control.id)}"]`) === null);
        typed = { key, values: plain.map(({ name, value }) => [name, value]) };
    }

    function restoreTyped(key) {
        if (typed?.key !== key || find("[aria-invalid]")) return;
        for (const [name, value] of typed.values) {
            const control = find(`[name="${CSS.escape(name)}"]`);
            if (control) control.value = value;
        }
    }

    function note(form, template, to) {
        const notes = form.querySelector("[data-notes]");
        notes.replaceChildren(...(template === null ? [] : [byId(template).content.cloneNode(true)]));
        // A window of its own can itself go to the provider.
        const here = notes.querySelector("[data-here]");
        if (here) here.hidden = Boolean(host);
        // A link that is clicked opens a tab where a script may open no window.
        const tab = notes.querySelector("[data-tab]");
        if (tab && to) [tab.href, tab.hidden] = [to, false];
        if (template !== null) notes.scrollIntoView({ block: "nearest" });
    }

    function setWaiting(form, waiting) {
        const said = form.querySelector("[data-waiting-note]");
        said.hidden = !waiting;
        said.textContent = waiting ? form.dataset.waiting : "";
    }

    function setBusy(form, on, waiting) {
        busy = on;
        const button = form.querySelector("[data-submit]");
        const label = button.querySelector("[data-label]");
        label.dataset.first ??= label.textContent;
        button.toggleAttribute("data-busy", on);
        button.setAttribute("aria-disabled", String(on));
        button.querySelector("[data-spinner]").hidden = !on;
        label.textContent = on ? words("connecting") : label.dataset.first;
        setWaiting(form, waiting);
        for (const control of controls(form)) {
            if (control.tagName === "INPUT") control.readOnly = on;
        }
    }

    function retry(form, template, to) {
        setBusy(form, false, false);
        note(form, template, to);
        form.querySelector("[data-label]").textContent = words("again");
    }

    // Whoever comes back from there finds the page as it was.
    function leave(to) {
        const here = new URL(location.href);
        if (token !== null) here.searchParams.set("session_token", token);
        history.replaceState(null, "", here);
        location.assign(to);
    }

    // In a tab of its own that has somewhere to go in the end, the authorization runs in the tab.
    function leavesPage() {
        return !host && query.has("return_url");
    }

    // The link is good once: its tab has it by now.
    function tabOpened() {
        const form = find("[data-form]");
        if (!run?.offered || !form) return;
        run.offered = false;
        note(form, null);
        setWaiting(form, true);
        find("[data-submit]").focus();
        // It may be too old by now.
        if (run.unheard) listen(run);
    }

    async function submit(form, here = false) {
        if (busy || preview || !check(form)) return;
        const key = room().dataset.key;
        const windowed = form.dataset.way === "window" && !leavesPage() && !here;
        run?.popup?.close();
        run = null;
        note(form, null);
        report("click:connect", key);
        let popup = null;
        const blocked = () => {
            popup = null;
            report("popup:blocked_by_browser", key);
            tell("error", { errorType: "blocked_by_browser", errorMessage: "the browser blocked the window" });
        };
        if (windowed) {
            // In the click, or the browser blocks it; where it goes is not known yet.
            popup = openWindow();
            if (popup === null) {
                blocked();
                if (!host) return retry(form, "t-blocked");
            }
        }
        setBusy(form, true, false);
        remember(form, key);
        const mine = ++asking;
        const body = new URLSearchParams(new FormData(form));
        body.delete("session_token");
        const headers = windowed ? { "Terapi-Window": "1" } : {};
        try {
            const answer = await ask(form.action, { method: "POST", body, headers });
            const json = answer.headers.get("Content-Type")?.startsWith("application/json");
            if (json && answer.ok) {
                const { authorize_url: to, attempt } = await answer.json();
                if (!windowed) return leave(to);
                if (popup && sharesOrigin() && (await isCutOff(popup))) blocked();
                popup?.location.replace(to);
                run = { attempt, key, form, popup, offered: popup === null, settled: false };
                listen(run);
                if (popup === null) return retry(form, "t-blocked", to);
                setBusy(form, true, true);
                return watch(run);
            }
            const html = await answer.text();
            popup?.close();
            if (mine !== asking) return;
            if (!answer.headers.has("Terapi-View")) throw new Error("not a view");
            show(html);
        } catch {
            popup?.close();
            if (mine === asking) retry(form, "t-trouble");
        }
    }

    // --- the provider's window ----------------------------------------------------------------

    function openWindow() {
        const [width, height] = [520, 720];
        const left = Math.max(0, Math.round(screenX + (outerWidth - width) / 2));
        const top = Math.max(0, Math.round(screenY + (outerHeight - height) / 2));
        const features = `popup,width=${width},height=${height},left=${left},top=${top}`;
        // Not an empty window: one that opens but is cut off from here closes itself.
        const popup = window.open(address({ window: 1 }), "_blank", features);
        return !popup || popup.closed ? null : popup;
    }

    function sharesOrigin() {
        try {
            return framed && top.location.origin === location.origin;
        } catch {
            return false;
        }
    }

    // An isolated page around cuts off what is opened from here: at once, or, where it is of this same origin, only
    // when the window has its page: whether, is known when it has closed or shows that.
    async function isCutOff(popup) {
        for (let tries = 0; tries < 40 && !popup.closed; tries += 1) {
            try {
                if (popup.location.href !== "about:blank") return false;
            } catch {
                // On its way out of reach, it is not closed yet.
            }
            await new Promise((wake) => setTimeout(wake, 50));
        }
        return popup.closed;
    }

    async function fetchResult(attempt, stream) {
        const url = `${base}/connect/ui/result?attempt=${encodeURIComponent(attempt)}`;
        const accept = stream ? "text/event-stream" : "application/json";
        const headers = { Authorization: `Bearer ${token}`, Accept: accept };
        return fetch(url, { headers, credentials: "omit", cache: "no-store" });
    }

    // Hears of the result as it is stored; where streams do not get through, by asking again.
    async function listen(mine) {
        for (let tries = 0; run === mine && !mine.settled; tries += 1) {
            try {
                const answer = await fetchResult(mine.attempt, tries < 3);
                if (!answer.ok) return settle(mine);
                if (answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
                    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
                    let text = "";
                    for (;;) {
                        const { done, value } = await reader.read();
                        if (done || run !== mine) break;
                        text = (text + value).slice(-65536);
                        const status = /"status":\s*"(connected|failed)"/.exec(text)?.[1];
                        if (status) return settle(mine, status);
                    }
                } else {
                    const { status } = await answer.json();
                    if (status !== "pending") return settle(mine, status);
                }
            } catch {
                // Asked again.
            }
            await new Promise((wake) => setTimeout(wake, Math.min(500 * 2 ** tries, 3000)));
        }
    }

    async function look(mine) {
        try {
            const answer = await fetchResult(mine.attempt, false);
            const status = answer.ok ? (await answer.json()).status : null;
            if (status !== "pending") settle(mine, status);
        } catch {
            // Whoever listens hears of it.
        }
    }

    function settle(mine, status) {
        if (run !== mine || mine.settled) return;
        // Nobody has taken the link, and what it led to is over.
        if (mine.offered && status !== "connected") {
            mine.unheard = true;
            return;
        }
        mine.settled = true;
        // The window closes itself. Closed from here while it comes back from the provider, it would stay for ever.
        setTimeout(() => mine.popup?.close(), 1500);
        load(address({ integration: mine.key, attempt: mine.attempt }));
    }

    function watch(mine) {
        let gone = 0;
        const timer = setInterval(async () => {
            if (run !== mine || mine.settled) return clearInterval(timer);
            if (!mine.popup.closed) return;
            gone += 1;
            // A window that is done closes itself, and its result is on the way.
            if (gone === 2) look(mine);
            if (gone < 6) return;
            clearInterval(timer);
            if (!detectsClosing) return retry(mine.form, "t-gone");
            report("popup:closed_early", mine.key);
            tell("error", { errorType: "window_closed", errorMessage: "the window was closed" });
            retry(mine.form, "t-closed");
        }, 300);
    }

    // --- leaving ------------------------------------------------------------------------------

    async function close(how) {
        if (preview || !host) return;
        if (how) report(how);
        if (touched && room().dataset.state !== "success") {
            const dialog = byId("discard");
            if (dialog.open) return;
            dialog.returnValue = "stay";
            dialog.showModal();
            await new Promise((ended) => dialog.addEventListener("close", ended, { once: true }));
            if (dialog.returnValue !== "leave") return;
        }
        run?.popup?.close();
        run = null;
        tell("close");
        if (!framed) window.close();
    }

    // --- what people do -----------------------------------------------------------------------

    document.addEventListener("click", (event) => {
        const at = (selector) => event.target.closest?.(selector);
        const link = at("a[data-view]");
        if (link && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)) {
            event.preventDefault();
            if (preview || busy) return;
            if (link.dataset.choose) {
                chosen = link.dataset.choose;
                report("click:integration", chosen);
            }
            load(link.href, { push: link.href, again: "retry" in link.dataset });
        } else if (at("[data-all]")) {
            event.preventDefault();
            byId("search").value = "";
            filter("");
            byId("search").focus();
        } else if (at("[data-close]")) close("click:close");
        else if (at("[data-here]")) submit(find("[data-form]"), true);
        else if (at("[data-tab]")) setTimeout(tabOpened);
        else if (at("[data-do]")) {
            const what = at("[data-do]").dataset.do;
            if (what === "again") last?.();
            else close(what === "finish" ? "click:finish" : "click:close");
        } else if (at("[data-reveal]")) reveal(at("[data-reveal]"));
        else if (at("[data-copy]")) copy(at("[data-copy]"));
        else if (at("[data-doc]")) report("click:doc");
        else if (at("[data-doc-section]")) report("click:doc_section");
        else if (framed && event.target === room()) close("click:outside");
    });

    document.addEventListener("auxclick", (event) => {
        if (event.button === 1 && event.target.closest?.("[data-tab]")) setTimeout(tabOpened);
    });

    function reveal(button) {
        const input = byId(button.dataset.reveal);
        const shown = input.type === "text";
        input.type = shown ? "password" : "text";
        button.querySelector("span").textContent = shown ? button.dataset.show : button.dataset.hide;
        button.toggleAttribute("data-on", !shown);
    }

    async function copy(button) {
        try {
            await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
            button.textContent = words("copied");
            announce(words("copied"));
        } catch {
            getSelection().selectAllChildren(byId(button.dataset.copy));
        }
    }

    document.addEventListener("submit", (event) => {
        if (event.target.matches("[data-form]")) {
            event.preventDefault();
            submit(event.target);
        } else if (event.target.matches("[data-search]")) {
            event.preventDefault();
            const left = findAll("[data-name]").filter((line) => !line.hidden);
            if (left.length === 1) left[0].querySelector("a").click();
        }
    });

    document.addEventListener("input", (event) => {
        if (event.target.id === "search") return filter(event.target.value);
        if (!event.target.closest("[data-form]")) return;
        touched = true;
        // A link leads on with what was sent, not with what is typed now.
        if (run?.offered) {
            run = null;
            note(event.target.closest("[data-form]"), null);
        }
        if (event.target.hasAttribute("aria-invalid")) complain(event.target, null);
    });

    document.addEventListener("focusout", (event) => {
        const control = event.target;
        if (!control.matches("[data-field] input") || control.value === "") return;
        trim(control);
        complain(control, wrong(control));
    });

    document.addEventListener("keydown", (event) => {
        // What an input method is told, the page is not.
        if (event.isComposing || byId("discard").open) return;
        if (event.key === "Escape" && !event.defaultPrevented) {
            if (event.target.id === "search" && event.target.value !== "") {
                event.target.value = "";
                return filter("");
            }
            // Or the same key closes the question that it opens.
            event.preventDefault();
            close("click:close");
        } else if (event.key === "Tab" && framed && !preview) keepFocus(event);
        else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event);
    });

    // From the search to what it found, and along it.
    function step(event) {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        const lines = findAll("[data-name]").filter((line) => !line.hidden);
        const stops = [byId("search"), ...lines.map((line) => line.querySelector("a"))];
        const next = stops.includes(event.target) && stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
        if (!next) return;
        event.preventDefault();
        next.focus();
    }

    // The page behind the frame is covered: the Tab key stays in the card.
    function keepFocus(event) {
        const stops = findAll("a[href], button, input, select, summary").filter(
            (element) => !element.disabled && element.type !== "hidden" && element.checkVisibility?.() !== false,
        );
        const active = document.activeElement;
        const way = event.shiftKey ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
        const goesOn = (stop) => stop !== active && active.compareDocumentPosition(stop) & way;
        if (find("[data-card]").contains(active) && stops.some(goesOn)) return;
        event.preventDefault();
        (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
    }

    addEventListener("popstate", () => (token === null ? sayWhy() : load(location.href)));
    addEventListener("pageshow", (event) => {
        if (event.persisted && room().dataset.state === "form") setBusy(find("[data-form]"), false, false);
    });

    // --- begin --------------------------------------------------------------------------------

    root.dataset.mode = preview || query.get("embedded") ? "embedded" : framed ? "framed" : "page";
    const early = window.terapiEarly ?? [];
    window.terapiEarly = null;
    addEventListener("message", hear);
    try {
        new BroadcastChannel("nango-oauth-callback").addEventListener("message", () => run && look(run));
    } catch {
        // Not there in every frame, and only a hint.
    }
    if (room().dataset.state !== "boot") {
        if (token) report("open");
        dress({ first: true });
    } else if (!host) sayWhy();
    else {
        find("[data-skeleton]").hidden = false;
        dress({ first: true });
        // Its link was framed, and whoever frames it has to be allowed to.
        if (token) {
            report("open");
            load(location.href);
        }
        setTimeout(() => room().dataset.state === "boot" && !token && say("t-silent", "silent"), 10_000);
    }
    for (const event of early) hear(event);
})();
