// The tabs: each has an address of its own, and those beside Ask are filled by the server when they are shown.
(() => {
  const NAMES = { ask: "Ask", brief: "Brief", library: "Library", contribute: "Contribute", health: "Health" };
  const find = (selector) => document.querySelector(selector);
  const narrow = matchMedia("(max-width: 899px)");
  let current = "", came = false;  // whether one came to what is shown from a list of the library

  const tabOf = (address) => (Object.hasOwn(NAMES, address.searchParams.get("tab") ?? "") ? address.searchParams.get("tab") : "ask");

  document.body.dataset.tab = tabOf(new URL(location));  // before there is anything to see

  // Shows a tab; `address` is what its part is asked for with.
  function show(name, address) {
    document.body.dataset.tab = name;
    document.querySelectorAll("#ask, .pane").forEach((pane) => { pane.hidden = pane.id !== name; });
    mark(name);
    document.title = name === "ask" ? "lessons" : `${NAMES[name]} · lessons`;
    if (name !== "ask" && address) fill(name, address);
    else if (name === "ask" && !address) {
      const kept = find("#now [data-conversation]")?.dataset.conversation;
      keep(kept ? { c: kept } : {});
    }
    current = name;
  }

  function mark(name) {
    document.querySelectorAll("nav [data-tab]").forEach((link) => {
      if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }

  async function fill(name, address) {
    const pane = document.getElementById(name);
    if (!pane) return;
    if (name === "brief" && pane.childElementCount) {  // a plan stays as it was left
      const made = pane.querySelector("[data-token]");
      if (made) keep({ tab: name, brief: made.dataset.token });
      return;
    }
    const asked = new URLSearchParams(address.search);
    asked.delete("tab");
    pane.setAttribute("aria-busy", "true");
    try {
      await htmx.ajax("GET", `${pane.dataset.part}?${asked}`, { target: pane, swap: "innerHTML" });
    } finally {
      pane.removeAttribute("aria-busy");
    }
    if (narrow.matches) pane.querySelectorAll(".facets details").forEach((one) => { one.open = false; });
    pane.scrollTop = 0;
    find("gradio-app").scrollTop = 0;
  }

  // The address of what is shown, without a visit of its own.
  function keep(values) {
    const address = new URL("/", location);
    Object.entries(values).forEach(([name, value]) => address.searchParams.set(name, value));
    history.replaceState(null, "", address);
  }

  function go(address) {
    const name = tabOf(address);
    show(name, address);
    if (name === "ask") {
      lessons.open(address.searchParams.get("c") ?? "");
      find("#question")?.focus({ preventScroll: true });
    }
  }

  function visit(href, from) {
    lessons.closeSource?.();
    if (from?.matches("[data-back]") && came) { history.back(); return; }
    came = document.body.dataset.tab === "library";
    const address = new URL(href, location);
    history.pushState(null, "", address);
    if (from?.closest("nav") && tabOf(address) === "ask") show("ask");  // back to the conversation, as it is
    else go(address);
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("[data-fresh]")) {
      event.preventDefault();
      visit("/?tab=ask");
      return;
    }
    const link = event.target.closest("a[href^='/?']");
    if (!link || link.target) return;
    event.preventDefault();
    visit(link.getAttribute("href"), link);
  });

  // A form that is asked with by its address: filters of the library, say.
  const ofForm = (form) => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    return `/?${asked}`;
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-visit]")) return;
    event.preventDefault();
    visit(ofForm(event.target));
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-visit]");
    if (form && event.target.matches("select")) visit(ofForm(form));
  });

  // The conversation that is shown was deleted.
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, successful } }) => {
    const kept = find("#now [data-conversation]")?.dataset.conversation;
    const gone = successful && requestConfig.verb === "delete" && requestConfig.path.startsWith("/conversations");
    if (gone && kept && ["/conversations", `/conversations/${kept}`].includes(requestConfig.path)) visit("/?tab=ask");
  });

  // How far an upload is.
  document.addEventListener("htmx:xhr:progress", ({ detail: { elt, loaded, total } }) => {
    const job = elt.matches("form[hx-encoding]") && find("#job");
    if (!job || !total) return;
    const done = Object.assign(document.createElement("progress"), { max: total, value: loaded });
    done.setAttribute("aria-label", "Upload");
    job.replaceChildren(done, loaded < total ? "Uploading…" : "Checking the files…");
  });

  // What could not be done is said in plain words, where it was asked for.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (xhr.status < 400) return;
    let said = { reason: "This could not be loaded.", remedy: "Try again." };
    try { said = JSON.parse(xhr.responseText); } catch { /* not of our making */ }
    if (xhr.status === 401) { location.reload(); return; }
    tell(target, said);
  });
  document.addEventListener("htmx:sendError", (event) => {
    tell(event.detail.target, { reason: "The server does not answer.", remedy: "Is it still running? Try again." });
  });
  function tell(target, { reason, remedy }) {
    const box = problem(reason, remedy);
    if (target.matches(".pane, [data-tells]")) target.replaceChildren(box);
    else { target.parentElement?.querySelector(":scope > .problem")?.remove(); target.before(box); }
  }

  function problem(reason, remedy) {
    const box = Object.assign(document.createElement("div"), { className: "problem" });
    box.setAttribute("role", "alert");
    for (const text of [reason, remedy]) box.append(Object.assign(document.createElement("p"), { textContent: text }));
    return box;
  }

  document.addEventListener("reached", (event) => {
    if (event.detail === "rail") mark(document.body.dataset.tab);
    if (event.detail !== "panes") return;
    const address = new URL(location);
    const name = tabOf(address);
    show(name, address);
  });
  window.addEventListener("popstate", () => go(new URL(location)));
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest(".recents"), rail = find(".rail");
    const open = toggle ? !rail.classList.contains("open") : rail?.classList.contains("open") && Boolean(event.target.closest("details"));
    rail?.classList.toggle("open", open);
    find(".recents")?.setAttribute("aria-expanded", String(Boolean(open)));
  });
  // A menu closes when one does something else.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.more[open]").forEach((one) => { if (!one.contains(event.target)) one.open = false; });
  });

  window.lessons = { ...window.lessons, show: (name) => { if (current !== name) show(name); }, address: keep, visit, problem };
})();
