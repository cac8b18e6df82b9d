// Marks in the contents what is being read. Without it, they are contents all the same.
"use strict";
(() => {
    const nav = document.querySelector("nav");
    const links = new Map([...nav.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
    const sections = [...document.querySelectorAll("main section")].filter((one) => links.has(name(one)));
    const read = new Set();
    let current = null;

    function name(section) {
        return section.getAttribute("aria-labelledby");
    }

    function mark(link) {
        if (link === current) return;
        current?.removeAttribute("aria-current");
        link?.setAttribute("aria-current", "location");
        current = link;
        // Beside the text, the contents scroll by themselves; above it, they stay where they are.
        if (!link || nav.scrollHeight <= nav.clientHeight) return;
        const [here, around] = [link.getBoundingClientRect(), nav.getBoundingClientRect()];
        if (here.top < around.top || here.bottom > around.bottom) {
            nav.scrollTop += here.top - around.top - around.height / 2;
        }
    }

    // What crosses a line in the upper part of the window is read; of those, the innermost.
    const observer = new IntersectionObserver(
        (entries) => {
            for (const { target, isIntersecting } of entries) read[isIntersecting ? "add" : "delete"](target);
            const innermost = sections.findLast((section) => read.has(section));
            mark(innermost ? links.get(name(innermost)) : null);
        },
        { rootMargin: "-20% 0px -80% 0px" },
    );
    for (const section of sections) observer.observe(section);
})();
